"""Diagnoses as Markdown, for an issue or a chat: names of people and machines are masked before."""

from __future__ import annotations

import re

from dlcheck.model.diagnosis import Diagnosis, DiagnosisReport, SpokenLine
from dlcheck.model.shell import Shell, quote
from dlcheck.model.style import Style

MOST_LINES = 3


def render(report: DiagnosisReport, style: Style) -> str:  # noqa: ARG001 - the interface of every format
    """The Markdown text."""
    if not report.diagnoses and not report.harmless:
        return "**No known cause in this text.**\n"
    shell: Shell = "powershell" if report.system == "windows" else "posix"
    parts = [_cause(report.diagnoses[0], shell)] if report.diagnoses else []
    if len(report.diagnoses) > 1:
        parts.append("Less likely:\n\n" + "\n".join(_line(one) for one in report.diagnoses[1:]))
    if report.harmless:
        parts.append("Harmless:\n\n" + "\n".join(_line(one) for one in report.harmless))
    return "\n\n".join(parts) + f"\n\n<sub>dlcheck {report.version}</sub>\n"


def _cause(one: Diagnosis, shell: Shell) -> str:
    lines = [
        f"### {_escape(one.title)}",
        "",
        f"`{one.cause}`, confidence {one.confidence:.2f}",
        "",
        _fenced(one.evidence),
    ]
    if one.fixes:
        lines += ["", "**Fix**", ""]
        for fix in one.fixes:
            lines.append(f"- {_escape(fix.text)}")
            if fix.commands:
                lines += ["", *_block([quote(command, shell) for command in fix.commands], "  "), ""]
    if one.verify:
        lines += ["", "**Check**", "", *_block(list(one.verify), "")]
    return "\n".join(lines)


def _fenced(evidence: tuple[SpokenLine, ...]) -> str:
    return "\n".join(_block([spoken.text for spoken in evidence[:MOST_LINES]], ""))


def _block(lines: list[str], indent: str) -> list[str]:
    """A fence longer than any run of back quotes inside it."""
    longest = max((len(run) for line in lines for run in re.findall(r"`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return [indent + line for line in (fence, *lines, fence)]


def _line(one: Diagnosis) -> str:
    return f"- {_escape(one.title)} (`{one.cause}`, {one.confidence:.2f})"


def _escape(text: str) -> str:
    return re.sub(r"([\\`*_\[\]<>#|])", r"\\\1", text)
