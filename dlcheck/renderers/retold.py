"""Smoke runs and fleet pictures retold as a Report, so that every format shows them as it shows doctor. No format itself."""

from __future__ import annotations

from dlcheck.data import DATA_DATE, cause
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Evidence, Finding, Fix, Status, Verdict
from dlcheck.model.fleet import FleetNode, FleetReport, NodeState
from dlcheck.model.placeholder import fill, filled
from dlcheck.model.profile import Severity
from dlcheck.model.report import Report, Target
from dlcheck.model.smoke import SmokeReport, SmokeResult, SmokeStatus

_FAULTS = {
    SmokeStatus.FAILED: ("smoke-failed", "did not compute what float64 says it should"),
    SmokeStatus.CRASHED: ("smoke-crashed", "died"),
    SmokeStatus.TIMEOUT: ("smoke-timeout", "did not end in its time"),
}


def of_smoke(smoke: SmokeReport) -> Report:
    """A verdict a training. A training that passed with something that one should know brings a note."""
    verdicts = tuple(_training(one, smoke.target.python) for one in smoke.results)
    causes = dict.fromkeys(
        finding.cause for one in verdicts for finding in one.findings if finding.severity is not Severity.NOTE
    )
    return Report(
        version=smoke.version,
        command="smoke",
        created=smoke.created,
        node=smoke.node,
        profile=smoke.level.value,
        target=smoke.target,
        verdicts=verdicts,
        facts=Facts(),
        data_date=DATA_DATE,
        primary_causes=tuple(causes),
        exit_code=smoke.exit_code,
        timings={"total": smoke.seconds},
    )


def _training(one: SmokeResult, python: str) -> Verdict:
    words = " ".join(word for word in (one.task, one.dtype, one.mode) if word)
    subject = f"{one.framework} {one.device}"
    status = {SmokeStatus.PASSED: Status.PASSED, SmokeStatus.SKIPPED: Status.SKIPPED}.get(one.status, Status.FAILED)
    findings: tuple[Finding, ...] = ()
    if one.status in _FAULTS or (one.cause and one.status is SmokeStatus.PASSED):
        slug, said = _FAULTS.get(one.status, ("smoke-note", "passed, with something to know"))
        slug = one.cause or slug
        fixes, verify = _remedies(slug, python)
        name = f"{one.framework} on {one.device_name or one.device}" + (f", {words}" if words else "")
        findings = (
            Finding(
                cause=slug,
                subject=subject,
                message=f"{name}: {one.why or said}",
                severity=Severity.NOTE if one.status is SmokeStatus.PASSED else Severity.ERROR,
                evidence=tuple(_evidence(one)),
                fixes=fixes,
                verify=verify,
            ),
        )
    return Verdict(
        code="smoke",
        title=f"{one.framework} trains {words or 'at all'}",
        group=" ".join(word for word in (one.framework, one.version) if word),
        subject=subject,
        status=Status.FAILED if findings and status is Status.PASSED else status,
        severity=Severity.ERROR,
        findings=findings,
        why=None if findings else one.why,
        seconds=sum(one.seconds.values()),
    )


def _evidence(one: SmokeResult) -> list[Evidence]:
    found = []
    if one.loss_first is not None and one.loss_last is not None:
        found.append(Evidence("loss", f"{one.loss_first:.6g} to {one.loss_last:.6g} in {one.steps} steps"))
    if one.deviation is not None and one.limit is not None:
        for name in ("loss", "gradient", "weights"):
            value, limit = getattr(one.deviation, name), getattr(one.limit, name)
            found.append(Evidence(f"deviation of {name}", f"{value:.1e}, limit {limit:.1e}"))
    if one.precision:
        found.append(Evidence("precision", one.precision))
    return found


def of_fleet(fleet: FleetReport) -> Report:
    """A verdict a node, with a finding for each of its causes."""
    severities = {(one.cause, node): one for one in fleet.causes for node in one.nodes}

    def judged(node: FleetNode) -> Verdict:
        findings = [
            Finding(
                cause=slug,
                subject=node.name,
                message=f"{node.name}: {folded.message}"
                if (folded := severities.get((slug, node.name)))
                else node.name,
                severity=Severity(folded.severity) if folded and folded.severity in list(Severity) else None,
            )
            for slug in node.causes
        ]
        absent = node.state in (NodeState.MISSING, NodeState.STALE, NodeState.UNREADABLE)
        if absent:
            findings.append(
                Finding(cause=f"node-{node.state.value}", subject=node.name, message=f"{node.name}: {node.why or ''}")
            )
        failed = Status.FAILED if findings else Status.PASSED
        return Verdict(
            code="node",
            title=node.name,
            group="Nodes",
            subject=node.name,
            status=failed,
            severity=Severity.WARNING if node.state is NodeState.WARNING else Severity.ERROR,
            findings=tuple(findings),
            why=node.why,
        )

    return Report(
        version=fleet.version,
        command=fleet.command,
        created=fleet.created,
        node=fleet.node,
        profile=fleet.engine or "fleet",
        target=Target(python="", chosen_by="each node"),
        verdicts=tuple(judged(node) for node in fleet.nodes),
        facts=Facts(),
        data_date=DATA_DATE,
        primary_causes=tuple(dict.fromkeys(one.cause for one in fleet.causes if one.severity != "note")),
        exit_code=fleet.exit_code,
        timings={"total": fleet.seconds},
    )


def _remedies(slug: str, python: str) -> tuple[tuple[Fix, ...], tuple[str, ...]]:
    entry = cause(slug)
    if entry is None:
        return (), ()
    values = {"python": python}
    return tuple(filled(one.fix, values) for one in entry.fixes), tuple(fill(line, values) for line in entry.verify)
