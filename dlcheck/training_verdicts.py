"""A smoke run as verdicts of the doctor, so that both stand in one report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dlcheck import data
from dlcheck.checks.judge import fold, primary
from dlcheck.doctor import exit_code
from dlcheck.model.fact import NotApplicable
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Evidence, Finding, Rule, Status, Verdict
from dlcheck.model.profile import Profile, Severity
from dlcheck.model.report import Report
from dlcheck.model.smoke import SmokeReport, SmokeResult, SmokeStatus
from dlcheck.remedies import remedied

CODE = "DL590"
TITLE = "Each framework trains right on each device"
CAUSES = (
    "training-raises", "training-crashes", "smoke-timeout", "device-computes-wrong", "device-gives-nan",
    "device-copy-differs", "silent-cpu-fallback", "reduced-precision", "results-not-repeatable",
    "smoke-report-inconsistent", "dtype-not-supported", "gpu-out-of-memory", "framework-missing",
)  # fmt: skip
_SEVERITIES = {
    SmokeStatus.FAILED: Severity.ERROR,
    SmokeStatus.CRASHED: Severity.ERROR,
    SmokeStatus.TIMEOUT: Severity.ERROR,
    SmokeStatus.PASSED: Severity.NOTE,
    SmokeStatus.SKIPPED: Severity.NOTE,
}


def rule() -> Rule:
    """What stands behind DL590, for ``explain``: it is judged by training, never from facts."""

    def judge(facts: Facts, profile: Profile) -> tuple[Finding, ...]:  # noqa: ARG001 - every rule is called alike
        raise NotApplicable("nothing was trained")

    words = (
        "Trains tiny networks with every framework on every device and holds the numbers against float64."
        " dlcheck doctor --smoke and dlcheck smoke do it; a plain doctor does not."
    )
    return Rule(CODE, TITLE, "Frameworks", (), Severity.ERROR, CAUSES, words, judge)


def with_training(report: Report, smoke: SmokeReport, fail_on: str) -> Report:
    """The report with a verdict for each framework that was trained, its causes and its exit code settled anew."""
    names = dict.fromkeys(one.framework for one in smoke.results)
    made = tuple(
        remedied(_verdict(name, [one for one in smoke.results if one.framework == name]), report.facts, report.target)
        for name in names
    )
    verdicts = fold((*report.verdicts, *made), data.cause)
    joined = replace(report, verdicts=verdicts, smoke=smoke, primary_causes=primary(verdicts))
    return replace(joined, exit_code=exit_code(joined, fail_on))


def _verdict(framework: str, results: Sequence[SmokeResult]) -> Verdict:
    """One finding a cause and device, however many tasks show it."""
    groups: dict[tuple[str, str], list[SmokeResult]] = {}
    for one in results:
        if one.cause is not None:
            groups.setdefault((one.cause, one.device), []).append(one)
    subject = framework.partition("-")[0]
    findings = tuple(
        Finding(
            cause=cause,
            subject=subject,
            message=f"{framework} on {device}: {rows[0].why or rows[0].status.value}"
            + (f" ({len(rows)} of {len(results)} trainings)" if len(rows) > 1 else ""),
            severity=max((_SEVERITIES[one.status] for one in rows), key=lambda severity: severity.rank),
            evidence=tuple(
                Evidence(f"smoke.{framework}.{device}", f"{one.task} {one.dtype}: {one.why}") for one in rows[:4]
            ),
        )
        for (cause, device), rows in groups.items()
    )
    trained = [one for one in results if one.status is not SmokeStatus.SKIPPED]
    return Verdict(
        code=CODE,
        title=TITLE,
        group="Frameworks",
        subject=subject,
        status=Status.FAILED if findings else Status.PASSED if trained else Status.SKIPPED,
        severity=Severity.ERROR,
        findings=findings,
        why=None if trained else "nothing was trained",
        seconds=sum(sum(one.seconds.values()) for one in results),
    )
