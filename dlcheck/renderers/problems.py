"""What a reader needs of a report, in the order of reading: one problem a cause, with its consequences folded under it.

No format of its own: what the formats beside it share.
"""

from __future__ import annotations

from dataclasses import dataclass

from dlcheck.data import cause
from dlcheck.model.fact import Unknown
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Evidence, Finding, Fix, Safety, Verdict
from dlcheck.model.profile import Severity
from dlcheck.model.report import Report
from dlcheck.model.shell import quote
from dlcheck.model.units import counted

PLURALS = {Severity.ERROR: "errors", Severity.WARNING: "warnings", Severity.NOTE: "notes"}

SAFETY = {
    Safety.SAFE: "changes nothing that exists",
    Safety.ENVIRONMENT: "changes this Python environment",
    Safety.ROOT: "needs an administrator",
    Safety.REBOOT: "needs a restart of the machine",
    Safety.MANUAL: "by hand",
}
"""What a fix may touch, in words."""


@dataclass(frozen=True, slots=True)
class Found:
    """A finding and the verdict it stands in."""

    verdict: Verdict
    finding: Finding

    @property
    def severity(self) -> Severity:
        """The finding's own severity, else its rule's."""
        return self.finding.severity or self.verdict.severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One cause: every finding that names it, and those that are its mere consequences."""

    slug: str
    title: str
    meaning: str
    severity: Severity
    found: tuple[Found, ...]
    consequences: tuple[Found, ...]
    fixes: tuple[Fix, ...]
    verify: tuple[str, ...]

    @property
    def messages(self) -> tuple[str, ...]:
        """What the findings say, each sentence once."""
        return tuple(dict.fromkeys(one.finding.message for one in self.found))

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The facts that the findings rest on, each once."""
        return tuple(dict.fromkeys(fact for one in self.found for fact in one.finding.evidence))


def found_in(report: Report) -> tuple[Found, ...]:
    """Every finding that counts, with its verdict."""
    return tuple(
        Found(verdict, one) for verdict in report.verdicts if not verdict.suppressed for one in verdict.findings
    )


def problems(report: Report) -> tuple[Problem, ...]:
    """The causes that stand for themselves: the report's primary ones first, then the rest by severity."""
    everything = found_in(report)
    slugs = {one.finding.cause for one in everything}
    roots = [one for one in everything if not set(one.finding.because_of) & slugs - {one.finding.cause}]
    roots = roots or list(everything)
    order = dict.fromkeys(slug for slug in report.primary_causes if any(one.finding.cause == slug for one in roots))
    order.update(dict.fromkeys(one.finding.cause for one in sorted(roots, key=lambda one: -one.severity.rank)))
    return tuple(_problem(slug, [one for one in roots if one.finding.cause == slug], everything) for slug in order)


def _problem(slug: str, found: list[Found], everything: tuple[Found, ...]) -> Problem:
    entry = cause(slug)
    return Problem(
        slug=slug,
        title=entry.title if entry else slug.replace("-", " "),
        meaning=entry.meaning if entry else "",
        severity=max((one.severity for one in found), key=lambda severity: severity.rank),
        found=tuple(found),
        consequences=tuple(one for one in everything if slug in one.finding.because_of and one not in found),
        fixes=next((one.finding.fixes for one in found if one.finding.fixes), ()),
        verify=next((one.finding.verify for one in found if one.finding.verify), ()),
    )


def command_lines(fix: Fix, facts: Facts) -> tuple[str, ...]:
    """The fix's commands as lines for the shell of the machine that was checked."""
    windows = not isinstance(facts.system, Unknown) and facts.system.name == "windows"
    return tuple(shell_line(argv, windows) for argv in fix.commands)


def shell_line(argv: tuple[str, ...], windows: bool = False) -> str:
    """One line to paste; a leading ``~/``, which stands for a masked home, stays outside the quotes so that it works."""
    if windows:
        return quote(argv, "powershell")
    words = ["~/" + quote((word[2:],)) if word.startswith("~/") and len(word) > 2 else quote((word,)) for word in argv]
    return " ".join(words)


def headline(report: Report) -> str:
    """The verdict in one line."""
    summary = report.summary
    counts = {Severity.ERROR: summary.errors, Severity.WARNING: summary.warnings}
    said = [f"{count} {PLURALS[kind] if count > 1 else kind.value}" for kind, count in counts.items() if count]
    if summary.crashed:
        said.append(f"{summary.crashed} check{'s' if summary.crashed > 1 else ''} crashed")
    if not said:
        return "No issues found." if not summary.notes else f"No issues found, {counted(summary.notes, 'note')}."
    causes = len([one for one in problems(report) if one.severity is not Severity.NOTE])
    tail = " with one cause" if causes == 1 and summary.errors + summary.warnings > 1 else ""
    return ", ".join(said) + tail + "."


def outcome(verdict: Verdict) -> str:
    """One word for how a check ended: passed, error, warning, note, skipped, unknown, crashed or ignored."""
    if verdict.suppressed:
        return "ignored"
    if verdict.findings:
        return max((Found(verdict, one).severity for one in verdict.findings), key=lambda severity: severity.rank).value
    return verdict.status.value


def verdict_rows(report: Report) -> list[tuple[str, str, str, str]]:
    """Of every check: how it ended, its code, its title with its subject, and what it found or why it could not."""
    return [
        (
            outcome(one),
            one.code,
            one.title + (f" [{one.subject}]" if one.subject else ""),
            "; ".join(finding.message for finding in one.findings) or one.why or "",
        )
        for one in report.verdicts
    ]
