"""The result of a doctor run."""

from __future__ import annotations

import re
from dataclasses import field
from typing import TYPE_CHECKING

from dlcheck.model.dataclass import dataclass
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Finding, Status, Verdict
from dlcheck.model.profile import Severity
from dlcheck.model.shell import quote

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

    def aimed(self, line: str) -> str:
        """A line that is typed, with the option that chose this target where a person gave one: without it the same
        command would look at another Python. What is no command of dlcheck for a Python, or names one, stays.
        """
        found = _OF_A_PYTHON.match(line)
        return (
            f"{found[0]} {quote(self._option(found[1]))}{line[found.end() :]}" if found and self._option("") else line
        )

    def aimed_words(self, command: tuple[str, ...]) -> tuple[str, ...]:
        """The same for an argument list."""
        if not _OF_A_PYTHON.match(" ".join(command)):
            return command
        return (*command[:2], *self._option(command[1]), *command[2:])

    def _option(self, command: str) -> tuple[str, ...]:
        if self.chosen_by not in ("--python", "--venv"):
            return ()
        if self.environment and (self.chosen_by == "--venv" or command == "install"):
            return ("--venv", self.environment)
        return ("--python", self.python)


_OF_A_PYTHON = re.compile(r"dlcheck (doctor|smoke|install)\b(?!.* --(?:python|venv|facts)\b)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Counts of verdicts; errors, warnings, notes and what is suppressed count findings."""

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
                suppressed += len(verdict.findings) or 1
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
