"""Diagnoses for a person: the cause, the lines that spoke, what to type, how to see that it worked."""

from __future__ import annotations

import re
import textwrap

from dlcheck.model.diagnosis import Diagnosis, DiagnosisReport, SpokenLine
from dlcheck.model.placeholder import PLACEHOLDERS
from dlcheck.model.shell import Shell, quote
from dlcheck.model.style import Style

INDENT = 9
MOST_LINES = 3
MOST_FIXES = 3
MOST_CHECKS = 2
SURE, LIKELY = 0.8, 0.6


def render(report: DiagnosisReport, style: Style) -> str:
    """The lines; verbosity -1 names the first cause only, 1 shows every line that spoke, for every cause."""
    if not report.diagnoses:
        return style.plain("\n".join(_nothing(report, style))) + "\n"
    first, *others = report.diagnoses
    shell: Shell = "powershell" if report.system == "windows" else "posix"
    lines = _cause(first, style, shell)
    if style.verbosity < 0:
        return style.plain("\n".join(lines)) + "\n"
    if others:
        lines += ["", "Less likely:"]
        for one in others:
            lines.append(f"  {one.title} ({one.cause}, {_sureness(one.confidence)})")
            if style.verbosity > 0:
                lines += [f"    {_spoken(spoken, style)}" for spoken in one.evidence]
    if report.harmless:
        lines += ["", *_harmless(report.harmless, style)]
    if report.left_out:
        lines += ["", f"The text is very long: {report.left_out} lines in its middle were not read."]
    if style.verbosity <= 0:
        lines += ["", style.paint("-v shows which line spoke for which cause.", "dim")]
    return style.plain("\n".join(lines)) + "\n"


def _cause(one: Diagnosis, style: Style, shell: Shell) -> list[str]:
    evidence = one.evidence if style.verbosity > 0 else one.evidence[:MOST_LINES]
    lines = [
        _labelled("CAUSE", f"{one.title} ({one.cause}, {_sureness(one.confidence)})", style, "red"),
        *(" " * INDENT + _spoken(spoken, style) for spoken in evidence),
    ]
    fixes = one.fixes if style.verbosity > 0 else one.fixes[:MOST_FIXES]
    for at, fix in enumerate(fixes):
        lines.append(_labelled("FIX" if at == 0 else "", fix.text, style, "green"))
        lines += [f"{'':{INDENT}}  {quote(command, shell)}" for command in fix.commands]
    checks = one.verify if style.verbosity > 0 else one.verify[:MOST_CHECKS]
    shown = " ".join((*lines, *checks))
    for name in one.blanks:
        if re.search(rf"\b{name.upper()}\b", shown):
            lines.append(_labelled("", f"{name.upper()} is {PLACEHOLDERS[name]}.", style, "dim"))
    for at, check in enumerate(checks):
        lines.append(_labelled("CHECK" if at == 0 else "", check, style, "cyan", wrap=False))
    lines.append(_labelled("MORE", f"dlcheck explain {one.cause}", style, "dim", wrap=False))
    return lines


def _labelled(label: str, text: str, style: Style, color: str, *, wrap: bool = True) -> str:
    """The text behind its label, its further lines under its first."""
    width = max(24, style.width - INDENT)
    parts = textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False) if wrap else [text]
    head = "  " + style.paint(label, color, "bold") + " " * (INDENT - 2 - len(label))
    return "\n".join([head + parts[0], *(" " * INDENT + part for part in parts[1:])] if parts else [head.rstrip()])


def _spoken(spoken: SpokenLine, style: Style) -> str:
    """The line with its number, cut to the width; with -v, the clue that heard it and its weight."""
    place = f"{spoken.file}:{spoken.line}" if spoken.file else f"line {spoken.line}"
    heard = f"  [{spoken.clue}, {spoken.weight:.2f}]" if style.verbosity > 0 else ""
    room = max(20, style.width - INDENT - len(place) - 2 - len(heard))
    text = spoken.text if len(spoken.text) <= room else spoken.text[: room - 3] + "..."
    return style.paint(f"{place}: ", "dim") + text + style.paint(heard, "dim")


def _nothing(report: DiagnosisReport, style: Style) -> list[str]:
    if not report.harmless:
        lines = ["No known cause in this text." if style.verbosity < 0 else _NOTHING]
        return lines + ([f"{report.left_out} lines in the middle were not read."] if report.left_out else [])
    return [f"{style.paint(style.sign('passed'), 'green')} Nothing is wrong.", *_harmless(report.harmless, style)]


def _harmless(found: tuple[Diagnosis, ...], style: Style) -> list[str]:
    lines = []
    for one in found:
        lines.append(f"{style.sign('note')} {one.title} ({one.cause})")
        evidence = one.evidence if style.verbosity > 0 else one.evidence[:1]
        lines += [" " * INDENT + _spoken(spoken, style) for spoken in evidence]
    return lines


def _sureness(confidence: float) -> str:
    """Words for a confidence, with the figure."""
    word = "sure" if confidence >= SURE else "likely" if confidence >= LIKELY else "possible"
    return f"{word}, {confidence:.2f}"


_NOTHING = (
    "No known cause in this text.\n"
    "Paste more of it: the whole error with the lines before it, and the output of\n"
    "  python -m torch.utils.collect_env     or     nvidia-smi\n"
    "On the machine itself, dlcheck doctor looks for the cause."
)
