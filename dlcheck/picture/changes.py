"""Two runs to what changed between them, the likeliest explanation of a new failure first. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dlcheck.model.change import Change, Difference, Outcome, Run
from dlcheck.model.fact import Unknown
from dlcheck.picture.change_of_facts import compare_facts

SLOWER = 1.5
"""Times: a training that takes longer by this factor is slower, not noise. A judgement."""
FURTHER = 10.0
"""Times: a deviation that grew by this factor is another arithmetic, not another order of sums. A judgement."""
MENTIONED = 30
"""Added to the weight of a change that a new failure's evidence, subject or words name."""


def difference(before: Run, after: Run) -> Difference:
    """What ``after`` has, lacks and does that ``before`` did not."""
    worse = tuple(
        (key, one) for key, one in after.outcomes.items() if _bad(one) and not _as_bad(before.outcomes.get(key), one)
    )
    better = tuple((key, one) for key, one in before.outcomes.items() if _bad(one) and _well(after.outcomes.get(key)))
    found = [*compare_facts(before.facts, after.facts), *_smoke(before, after)]
    if before.version != after.version:
        found.append(Change(kind="dlcheck", what="dlcheck", before=before.version, after=after.version, weight=5))
    weighed = [
        replace(one, weight=min(100, one.weight + MENTIONED)) if _mentioned(one, worse) else one for one in found
    ]
    weighed.sort(key=lambda one: (-one.weight, one.kind, one.what))
    return Difference(
        before=before,
        after=after,
        worse=worse,
        better=better,
        changes=tuple(weighed),
        notes=tuple(_notes(before, after)),
    )


def _bad(outcome: Outcome) -> bool:
    return outcome.status == "crashed" or (outcome.status == "failed" and outcome.severity in ("error", "warning"))


def _as_bad(earlier: Outcome | None, now: Outcome) -> bool:
    """Whether the earlier run already had every cause of it."""
    return earlier is not None and earlier.status == now.status and set(now.causes) <= set(earlier.causes)


def _well(outcome: Outcome | None) -> bool:
    return outcome is not None and outcome.status == "passed"


def _mentioned(change: Change, worse: tuple[tuple[str, Outcome], ...]) -> bool:
    """Whether a new failure speaks of what changed."""
    name = change.what.split(" ")[-1].lower()
    if len(name) < 3:
        return False
    for key, outcome in worse:
        words = f"{key} {outcome.message} {' '.join(outcome.causes)} {' '.join(outcome.evidence)}".lower()
        if name in words or (change.kind in ("driver", "device") and f"devices.{name}" in words):
            return True
        if change.kind == "driver" and "driver" in words:
            return True
    return False


def _smoke(before: Run, after: Run) -> Iterator[Change]:
    for key, now in after.trained.items():
        then = before.trained.get(key)
        if then is None:
            continue
        if then.status != now.status:
            cause = f" ({now.cause})" if now.cause else ""
            yield Change(kind="smoke", what=key, before=then.status, after=now.status + cause, weight=50)
        elif now.status == "passed":
            if (
                then.deviation is not None
                and now.deviation is not None
                and now.deviation > max(then.deviation * FURTHER, 1e-6)
            ):
                yield Change(
                    kind="smoke",
                    what=f"deviation of {key}",
                    before=f"{then.deviation:.1e}",
                    after=f"{now.deviation:.1e}",
                    weight=40,
                    why="other arithmetic: reduced precision, another kernel, or a device that computes wrong",
                )
            if (
                then.seconds
                and now.seconds
                and now.seconds > then.seconds * SLOWER
                and now.seconds - then.seconds > 0.5
            ):
                yield Change(
                    kind="smoke",
                    what=f"time of {key}",
                    before=f"{then.seconds:.1f} s",
                    after=f"{now.seconds:.1f} s",
                    weight=30,
                    why="slower: throttling, a busy device, or work that fell back to the CPU",
                )


def _notes(before: Run, after: Run) -> Iterator[str]:
    if before.node != after.node:
        yield f"two machines: {before.node} and {after.node}"
    if before.command != after.command:
        yield f"a run of {before.command} and one of {after.command}: only what both gathered is compared"
    if before.profile != after.profile and before.profile and after.profile:
        yield f"judged against two profiles: {before.profile} and {after.profile}"
    if before.python != after.python and before.python and after.python:
        yield f"two interpreters: {before.python} and {after.python}"
    missing = [
        name
        for name in ("devices", "distributions", "frameworks", "variables", "system")
        if isinstance(getattr(before.facts, name), Unknown) != isinstance(getattr(after.facts, name), Unknown)
    ]
    if missing:
        yield f"gathered in one run only, and so not compared: {', '.join(missing)}"
