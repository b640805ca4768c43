"""The result of a doctor run."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from dlcheck.model.dataclass import dataclass
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Finding, Status, Verdict
from dlcheck.model.profile import Severity

if TYPE_CHECKING:
    from dlcheck.model.smoke import SmokeReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The interpreter that is checked, and why this one."""

    python: str
    chosen_by: str
    """--python, --venv, VIRTUAL_ENV, CONDA_PREFIX, .venv, dlcheck's own, or --facts."""
    version: str | None = None
    environment: str | None = None
    """The environment's folder, where it is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Counts of verdicts; errors, warnings and notes count findings."""

    passed: int = 0
    errors: int = 0
    warnings: int = 0
    notes: int = 0
    skipped: int = 0
    unknown: int = 0
    crashed: int = 0
    suppressed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One machine judged against one profile."""

    version: str
    command: str
    created: str
    """UTC, ISO 8601, to the second."""
    node: str
    profile: str
    target: Target
    verdicts: tuple[Verdict, ...]
    facts: Facts
    data_date: str
    primary_causes: tuple[str, ...] = ()
    exit_code: int = 0
    smoke: SmokeReport | None = None
    """What trained right and what did not, where it was asked for (doctor --smoke)."""
    timings: dict[str, float] = field(default_factory=dict)
    """What took how long: children and gatherers by name, "total" for all."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings that count, in the order of the verdicts."""
        return tuple(one for verdict in self.verdicts if not verdict.suppressed for one in verdict.findings)

    @property
    def summary(self) -> Summary:
        """How the verdicts ended."""
        counts = dict.fromkeys(Status, 0)
        suppressed = 0
        severities = dict.fromkeys(Severity, 0)
        for verdict in self.verdicts:
            if verdict.suppressed:
                suppressed += 1
                continue
            counts[verdict.status] += 1
            for one in verdict.findings:
                severities[one.severity or verdict.severity] += 1
        return Summary(
            passed=counts[Status.PASSED],
            errors=severities[Severity.ERROR],
            warnings=severities[Severity.WARNING],
            notes=severities[Severity.NOTE],
            skipped=counts[Status.SKIPPED],
            unknown=counts[Status.UNKNOWN],
            crashed=counts[Status.CRASHED],
            suppressed=suppressed,
        )
