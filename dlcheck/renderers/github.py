"""GitHub's workflow commands: one annotation a problem, and the rest of the report as a folded group of the log."""

from __future__ import annotations

from dlcheck.model.finding import Status
from dlcheck.model.profile import Severity
from dlcheck.model.report import Report
from dlcheck.model.style import Style
from dlcheck.model.units import counted
from dlcheck.renderers.problems import Problem, command_lines, headline, outcome, problems

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
# GitHub shows ten annotations of a kind a step and drops the rest; the group below holds them all.
_SHOWN = 10


def render(report: Report, style: Style) -> str:  # noqa: ARG001 - a log takes no colour from us
    """The report as lines that a step of a GitHub workflow prints."""
    lines = []
    left_out = 0
    shown = dict.fromkeys(Severity, 0)
    for problem in problems(report):
        shown[problem.severity] += 1
        if shown[problem.severity] > _SHOWN:
            left_out += 1
            continue
        lines.append(_annotation(report, problem))
    lines.extend(
        f"::error title={_property(verdict.code)} crashed::{_data(verdict.why or verdict.title)}"
        for verdict in report.verdicts
        if verdict.status is Status.CRASHED and not verdict.suppressed
    )
    lines.append(f"::group::{_data(f'dlcheck {report.version}, profile {report.profile}: {headline(report)}')}")
    for verdict in report.verdicts:
        said = "; ".join(one.message for one in verdict.findings) or verdict.why or ""
        subject = f" [{verdict.subject}]" if verdict.subject else ""
        lines.append(
            _plain(f"{outcome(verdict):8} {verdict.code} {verdict.title}{subject}" + (f": {said}" if said else ""))
        )
    lines.append("::endgroup::")
    if left_out:
        lines.append(
            f"{counted(left_out, 'more problem')} in the group above: GitHub shows {_SHOWN} annotations of a kind."
        )
    return "\n".join(lines) + "\n"


def _annotation(report: Report, problem: Problem) -> str:
    words = list(problem.messages)
    if problem.consequences:
        words.append(f"{counted(len(problem.consequences), 'more finding')} with the same cause.")
    for fix in problem.fixes[:2]:
        words.append(f"Fix: {fix.text}")
        words.extend(f"  {line}" for line in command_lines(fix, report.facts))
    words.append(f"More: dlcheck explain {problem.slug}")
    title = f"{problem.title} ({problem.slug})"
    return f"::{_COMMANDS[problem.severity]} title={_property(title)}::{_data(chr(10).join(words))}"


def _data(text: str) -> str:
    """Text after the two colons: per cent, carriage return and line feed are escaped, nothing else."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """The value of a property: colons and commas too, which would end it."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _plain(text: str) -> str:
    """A line of the log that cannot be read as a command, whatever the machine's words are.

    A command is a line that begins with ``::`` once blanks are stripped, or holds the old ``##[`` anywhere.
    """
    line = text.replace("\r", " ").replace("\n", " ")
    return line.replace("##[", "# #[").replace("::", ": :")
