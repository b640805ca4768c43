"""Judges a data-parallel training: every rank must end where a single process would; one that falls behind is named."""

from __future__ import annotations

import signal
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dlcheck.checks import training
from dlcheck.checks.report_of_worker import DIED, HUNG, run_of
from dlcheck.checks.training import judge_training
from dlcheck.model.smoke import SmokeResult, SmokeStatus, SmokeTask

STAGES = ("start", "import", "join", "all-reduce", "reduced", "train", "result", "done")
"""How far a rank came."""
SLOW = 3.0
SLOW_SECONDS = 0.05
"""A rank is slow that alone takes so many times as long as the middle one, and longer by so much: ours, not measured."""


def judge_ranks(
    task: SmokeTask,
    world: int,
    events: Sequence[dict[str, Any]],
    exit_codes: Mapping[int, int],
    *,
    backend: str,
    last_words: str = "",
    nodes: Mapping[int, str] | None = None,
) -> list[SmokeResult]:
    """One result a rank. A rank that waited for another one is skipped, and says for whom it waited.

    ``nodes``: the node of each rank, where there are several; ranks of nodes that said nothing are missing there, and get no
    result.
    """
    names = [f"rank {rank} on {nodes[rank]}" if nodes and rank in nodes else f"rank {rank}" for rank in range(world)]
    reached = {
        rank: max((_stage(one) for one in events if one.get("rank") == rank), default=0) for rank in range(world)
    }
    alone = {rank: said for rank in range(world) if (said := _alone(task, rank, events)) is not None}
    culprits = [names[rank] for rank, said in alone.items() if said.status is SmokeStatus.FAILED]
    slow = slow_ranks(events)
    found = []
    for rank in range(world) if nodes is None else sorted(nodes):
        own = [one for one in events if one.get("rank") == rank]
        report = next((one for one in own if one["event"] == "result"), None)
        if any(one["event"] == "reduced" and one.get("whole") is not True for one in own):
            why = f"an all-reduce of {world} ranks ({backend}) gave a wrong sum"
            said = training.Judgement(SmokeStatus.FAILED, training.DEVICE_COMPUTES_WRONG, why)
        elif report is not None:
            said = judge_training(task, run_of(report), None, "float32")
            if culprits and said.status is SmokeStatus.FAILED:
                said = _spoilt(alone.get(rank), culprits)
        else:
            said = _fell(rank, names, reached, exit_codes, last_words)
        found.append(_result(task, said, report, f"rank {rank} of {world}, {backend}", slow.get(rank)))
    version = next((str(one["version"]) for one in events if one.get("version")), None)
    return [replace(one, version=version) for one in found]


def _result(
    task: SmokeTask, said: training.Judgement, report: dict[str, Any] | None, device: str, slow: float | None
) -> SmokeResult:
    losses = run_of(report).losses if report else ()
    why = said.why
    if slow is not None and said.status is SmokeStatus.PASSED:
        why = f"slow: its products alone take {slow:.1f} times as long as those of the middle rank"
    return SmokeResult(
        framework="torch",
        version=None,
        device=device,
        task=task.name,
        dtype="float32",
        mode="data-parallel",
        status=said.status,
        cause=said.cause,
        why=why,
        steps=task.steps,
        loss_first=losses[0] if losses else None,
        loss_last=losses[-1] if losses else None,
        deviation=said.deviation,
        limit=said.limit,
        precision=said.precision,
        losses=losses,
        measured={} if slow is None else {"slowness": round(slow, 2)},
    )


def slow_ranks(events: Sequence[dict[str, Any]]) -> dict[int, float]:
    """Ranks that are alone far slower than the middle one, and how many times; a collective makes all others wait for them."""
    paces = {one["rank"]: float(one["seconds"]) for one in events if one["event"] == "pace"}
    if len(paces) < 2:
        return {}
    middle = statistics.median_low(paces.values())
    return {
        rank: pace / middle for rank, pace in paces.items() if pace > SLOW * middle and pace - middle > SLOW_SECONDS
    }


def _alone(task: SmokeTask, rank: int, events: Sequence[dict[str, Any]]) -> training.Judgement | None:
    report = next((one for one in events if one["event"] == "alone" and one.get("rank") == rank), None)
    return None if report is None else judge_training(task, run_of(report), None, "float32")


def _spoilt(alone: training.Judgement | None, culprits: Sequence[str]) -> training.Judgement:
    """Whose fault a wrong end is: that of the rank that computes wrong also where it is alone."""
    if alone is None or alone.status is not SmokeStatus.FAILED:
        why = f"right alone; was given wrong numbers by {', '.join(culprits)}"
        return training.Judgement(SmokeStatus.SKIPPED, None, why)
    return training.Judgement(
        alone.status,
        alone.cause,
        f"wrong also where it trains alone, so it spoils every sum: {alone.why}",
        deviation=alone.deviation,
        limit=alone.limit,
        precision=alone.precision,
    )


def _stage(event: Mapping[str, Any]) -> int:
    name = str(event.get("stage") or event.get("event"))
    return STAGES.index(name) if name in STAGES else 0


def _fell(
    rank: int,
    names: Sequence[str],
    reached: Mapping[int, int],
    exit_codes: Mapping[int, int],
    last_words: str,
) -> training.Judgement:
    behind = {one for one, stage in reached.items() if stage == min(reached.values())}
    # The launcher ends the others of a rank that died with SIGTERM, perhaps before they came any further than it.
    behind = {one for one in behind if exit_codes.get(one, 0) < 0 and exit_codes[one] != -signal.SIGTERM} or behind
    at = f'after "{STAGES[reached[rank]]}"'
    code = exit_codes.get(rank)
    alone = len(behind) < len(reached)
    # A rank that others waited for in vain is ended with SIGTERM too, once they have given up: it hung.
    waited_for = alone and code == -signal.SIGTERM
    if code is not None and code < 0 and (rank in behind or len(exit_codes) == 1) and not waited_for:
        return training.Judgement(SmokeStatus.CRASHED, DIED, f"{names[rank]} was ended by {_signal(-code)} {at}")
    if alone and rank in behind:
        why = f"{names[rank]} fell behind: nothing was heard of it {at}, while others had gone on"
        return training.Judgement(SmokeStatus.TIMEOUT, HUNG, why)
    if alone:
        others = ", ".join(names[one] for one in sorted(behind))
        return training.Judgement(SmokeStatus.SKIPPED, None, f"waited for {others}, {at}")
    words = f"; last words: {last_words}" if last_words else ""
    return training.Judgement(SmokeStatus.FAILED, training.TRAINING_RAISED, f"no rank came further than {at}{words}")


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
