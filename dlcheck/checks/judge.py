"""Facts and a profile in, verdicts out. Pure: the same judge serves doctor, diagnose, diff, fleet and every test."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from dlcheck.model.cause import Cause
from dlcheck.model.fact import CannotJudge, NotApplicable
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Finding, Rule, Status, Verdict
from dlcheck.model.profile import Ignore, Profile, Severity


def judge(facts: Facts, profile: Profile, rules: Sequence[Rule], today: str) -> tuple[Verdict, ...]:
    """One verdict a rule, or one a subject where the findings of a rule concern several.

    ``today`` is an ISO date, against which the expiry of the profile's ignores is held.
    """
    verdicts: list[Verdict] = []
    for rule in rules:
        for verdict in _apply(rule, facts, profile):
            verdicts.extend(_parted(verdict, profile.ignores, today))
    return tuple(verdicts)


def _apply(rule: Rule, facts: Facts, profile: Profile) -> Iterable[Verdict]:
    start = time.perf_counter()
    findings: tuple[Finding, ...] = ()
    why = None
    try:
        findings = tuple(rule.judge(facts, profile))
        status = Status.FAILED if findings else Status.PASSED
    except NotApplicable as reason:
        status, why = Status.SKIPPED, str(reason)
    except CannotJudge as reason:
        status, why = Status.UNKNOWN, str(reason)
    except Exception as error:  # noqa: BLE001 - one rule's defect must not take the others' verdicts with it
        status, why = Status.CRASHED, f"{type(error).__name__}: {error}"
    seconds = time.perf_counter() - start
    blank = Verdict(
        code=rule.code,
        title=rule.title,
        group=rule.group,
        subject="",
        status=status,
        severity=rule.severity,
        why=why,
        seconds=seconds,
    )
    if not findings:
        return [blank]
    subjects = list(dict.fromkeys(one.subject for one in findings))
    return [
        replace(
            blank,
            subject=subject,
            findings=tuple(_weighed(one, rule, profile) for one in findings if one.subject == subject),
        )
        for subject in subjects
    ]


def _weighed(finding: Finding, rule: Rule, profile: Profile) -> Finding:
    """The finding with its severity settled: the profile's word, else its own, else the rule's."""
    asked = profile.severities.get(finding.cause) or profile.severities.get(rule.code)
    return replace(finding, severity=asked or finding.severity or rule.severity)


def _parted(verdict: Verdict, ignores: Sequence[Ignore], today: str) -> tuple[Verdict, ...]:
    """The verdict, suppressed where the profile ignores all that it found; where it ignores a part, that part beside the rest."""
    targets = {one.target: one.reason for one in ignores if not one.until or one.until >= today}
    ignored = tuple(one for one in verdict.findings if verdict.code in targets or one.cause in targets)
    if not ignored:
        # That a rule could not judge is no news either where it is ignored.
        hidden = verdict.code in targets and verdict.status in (Status.UNKNOWN, Status.CRASHED)
        return (replace(verdict, suppressed=True, why=targets[verdict.code]) if hidden else verdict,)
    why = targets.get(verdict.code) or targets[ignored[0].cause]
    rest = tuple(one for one in verdict.findings if one not in ignored)
    suppressed = replace(verdict, findings=ignored, suppressed=True, why=why)
    return (replace(verdict, findings=rest), suppressed) if rest else (suppressed,)


def fold(verdicts: Sequence[Verdict], cause_of: Callable[[str], Cause | None]) -> tuple[Verdict, ...]:
    """The verdicts with ``because_of`` filled: a finding whose cause another found cause explains is a consequence.

    A lesser finding never explains a worse one: an error that only a note would explain stands for itself.
    """
    worst = _worst(verdicts)
    explained: dict[str, tuple[str, ...]] = {}
    for slug in sorted(worst):
        cause = cause_of(slug)
        for consequence in cause.explains if cause else ():
            if consequence in worst and worst[slug].rank >= worst[consequence].rank and consequence != slug:
                explained[consequence] = (*explained.get(consequence, ()), slug)
    return tuple(
        replace(
            verdict,
            findings=tuple(
                replace(one, because_of=one.because_of or explained.get(one.cause, ())) for one in verdict.findings
            ),
        )
        for verdict in verdicts
    )


def _worst(verdicts: Sequence[Verdict]) -> dict[str, Severity]:
    """Each found cause with the worst severity that it was found with."""
    worst: dict[str, Severity] = {}
    for verdict in verdicts:
        for one in () if verdict.suppressed else verdict.findings:
            severity = one.severity or verdict.severity
            if one.cause not in worst or severity.rank > worst[one.cause].rank:
                worst[one.cause] = severity
    return worst


def primary(verdicts: Sequence[Verdict]) -> tuple[str, ...]:
    """The causes that stand for themselves, worst first: errors and warnings that no other finding explains."""
    worst = _worst(verdicts)
    explained = {
        one.cause
        for verdict in verdicts
        if not verdict.suppressed
        for one in verdict.findings
        if set(one.because_of) - {one.cause}  # a summary may point to the finding of the same cause
    }
    return tuple(
        sorted(
            (slug for slug in worst if slug not in explained and worst[slug] is not Severity.NOTE),
            key=lambda slug: -worst[slug].rank,
        )
    )
