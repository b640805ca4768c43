"""The report as a person reads it in a terminal: one line a group, then each cause once, with what to type."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from dlcheck import data
from dlcheck.model import units
from dlcheck.model.fact import Unknown
from dlcheck.model.finding import Finding, Fix, Safety, Status, Verdict
from dlcheck.model.profile import Severity
from dlcheck.model.report import Report
from dlcheck.model.shell import Shell, quote
from dlcheck.model.smoke import SmokeStatus
from dlcheck.model.style import Style
from dlcheck.renderers.group_lines import GroupLine, group_lines

_COLORS = {
    "passed": "green",
    "failed": "red",
    "crashed": "red",
    "warning": "yellow",
    "note": "dim",
    "unknown": "yellow",
}
_SAFETY = {
    Safety.ROOT: "needs an administrator",
    Safety.REBOOT: "needs a restart",
    Safety.ENVIRONMENT: "changes the environment",
}
_CHOSEN = {
    ".venv": "chosen because it lies here",
    "VIRTUAL_ENV": "the active environment",
    "CONDA_PREFIX": "the active conda environment",
    "dlcheck's own": "dlcheck's own, since no environment is active",
}
_MOST_FIXES = 2
INDENT = 9
"""Columns that the labels of a cause take: two blanks, six letters, a blank."""


def render(report: Report, style: Style) -> str:
    """The report as text, ASCII where the terminal shows nothing else."""
    return style.plain("\n".join(_lines(report, style)))


def _lines(report: Report, style: Style) -> Iterator[str]:
    groups = group_lines(report)
    causes = list(_causes(report))
    if style.verbosity < 0 and not causes:
        return
    if style.verbosity >= 0:
        yield from textwrap.wrap(_header(report), style.width, subsequent_indent="  ", break_long_words=False)
        yield ""
        for group in groups:
            yield from _group(group, report, style)
            if style.verbosity > 0:
                yield from _checks(group, style)
        yield ""
    for slug, findings in causes:
        yield from _cause(slug, findings, report, style)
        yield ""
    if style.verbosity >= 0:
        yield from _end(report, groups, style)


def _header(report: Report) -> str:
    target = report.target
    place = ".venv" if target.chosen_by == ".venv" else target.python
    version = f"Python {target.version}" if target.version else "Python of unknown version"
    why = _CHOSEN.get(target.chosen_by, f"chosen by {target.chosen_by}")
    return f"dlcheck {report.version} · profile {report.profile} · {place} ({version}, {why})"


def _group(group: GroupLine, report: Report, style: Style) -> Iterator[str]:
    words = group.words
    # A note of a cause that stands below in full would only say the same before it.
    notes = [
        one
        for one in _findings(group.verdicts)
        if one[1].severity is Severity.NOTE and not one[1].because_of and one[1].cause not in report.primary_causes
    ]
    if not words:
        first = next((one for _, one in _findings(group.verdicts)), None)
        words = first.message if first else next((one.why or "" for one in group.verdicts if one.why), "")
        notes = []
    sign = style.paint(style.sign(group.sign), _COLORS.get(group.sign, "dim"))
    lines = textwrap.wrap(words, max(20, style.width - 16), break_long_words=False, break_on_hyphens=False) or [""]
    yield f"{sign} {style.paint(f'{group.name:<12}', 'bold')} {lines[0]}".rstrip()
    for line in lines[1:]:
        yield " " * 15 + line
    for _, note in notes:
        for line in _wrapped(f"{note.message} ({note.cause})", style, 17):
            yield style.paint(line, "dim")


def _checks(group: GroupLine, style: Style) -> Iterator[str]:
    """Every check of the group with its outcome and its evidence, for -v."""
    for verdict in sorted(group.verdicts, key=lambda one: one.code):
        why = f": {verdict.why}" if verdict.why else ""
        state = " (ignored)" if verdict.suppressed else ""
        first, *rest = _wrapped(f"{verdict.code} {verdict.title}{state}{why}", style, 6, 12)
        yield f"    {style.sign(_sign(verdict))} {first.strip()}"
        yield from rest
        for one in verdict.findings:
            yield from _wrapped(f"{one.message} ({one.cause})", style, 12)
            for fact in one.evidence:
                yield style.paint(f"{'':14}{fact.fact} = {fact.value}", "dim")


def _sign(verdict: Verdict) -> str:
    """The name of the sign of one verdict: of a failed one, how bad it is."""
    if verdict.status is not Status.FAILED:
        return str(verdict.status.value)
    severities = {one.severity or verdict.severity for one in verdict.findings}
    if Severity.ERROR in severities:
        return "failed"
    return "warning" if Severity.WARNING in severities else "note"


def _findings(verdicts: tuple[Verdict, ...]) -> Iterator[tuple[Verdict, Finding]]:
    for verdict in verdicts:
        for one in () if verdict.suppressed else verdict.findings:
            yield verdict, one


def _causes(report: Report) -> Iterator[tuple[str, list[tuple[Verdict, Finding]]]]:
    """The causes that stand for themselves, worst first, each with all its findings."""
    for slug in report.primary_causes:
        yield slug, [pair for pair in _findings(report.verdicts) if pair[1].cause == slug]


def _cause(slug: str, findings: list[tuple[Verdict, Finding]], report: Report, style: Style) -> Iterator[str]:
    cause = data.cause(slug)
    _, first = max(findings, key=lambda pair: (pair[1].severity or pair[0].severity).rank)
    worst = first.severity or findings[0][0].severity
    sign = style.paint(
        style.sign("failed" if worst is Severity.ERROR else "warning"), "red" if worst is Severity.ERROR else "yellow"
    )
    title = cause.title if cause else slug
    yield from _labelled(f"{sign} CAUSE ", style.paint(f"{title} ({slug})", "bold"), style)
    # A summary that points to this very cause says nothing that the others do not say.
    own = [one for _, one in findings if slug not in one.because_of] or [first]
    shown = list(dict.fromkeys(one.message for one in own))
    names = {word for one in own for word in (one.subject, one.about.get("package", ""))}
    for message in shown[:3]:
        yield from _wrapped(f"{_begun(message, names).removesuffix('.')}.", style, INDENT)
    if len(shown) > 3:
        yield f"{'':{INDENT}}and {len(shown) - 3} more of the same cause; -v shows them"
    shell = _shell(report)
    for number, fix in enumerate(_fixes(own)):
        yield from _fix(fix, "  FIX   " if not number else " " * 8, shell, style)
    if first.verify:
        # As a command is never broken into lines.
        yield f"  CHECK  {first.verify[0]}"
    yield f"  MORE   dlcheck explain {slug}"
    folded = [pair for pair in _findings(report.verdicts) if slug in pair[1].because_of]
    if folded:
        codes = ", ".join(dict.fromkeys(f"{verdict.code} {one.cause}" for verdict, one in folded))
        yield ""
        count = units.counted(len(folded), "more finding")
        verb = "comes" if len(folded) == 1 else "come"
        yield from _wrapped(
            f"{count} {verb} from this cause ({codes}); -v shows {'it' if len(folded) == 1 else 'them'}.", style, 2
        )


def _begun(message: str, names: set[str]) -> str:
    """The message as a sentence begins; an address, a path or the name of a package keeps its letters."""
    word = message.split(maxsplit=1)[0].rstrip(",:;") if message.strip() else ""
    return message[:1].upper() + message[1:] if word.isalpha() and word not in names else message


def _fixes(findings: list[Finding]) -> tuple[Fix, ...]:
    """The first fix of each finding (TensorFlow and PyTorch are mended apart), then second choices while there is room."""
    firsts = dict.fromkeys(fix for one in findings for fix in one.fixes[:1])
    others = dict.fromkeys(fix for one in findings for fix in one.fixes[1:])
    return tuple(dict.fromkeys((*firsts, *others)))[: max(_MOST_FIXES, len(firsts))]


def _fix(fix: Fix, label: str, shell: Shell, style: Style) -> Iterator[str]:
    note = f"  [{_SAFETY[fix.safety]}]" if fix.safety in _SAFETY else ""
    yield from _labelled(label, fix.text + note, style)
    for command in fix.commands:
        # A command is never broken into lines: it is there to be copied.
        yield f"{'':{INDENT + 2}}{style.paint(quote(command, shell), 'cyan')}"


def _labelled(label: str, words: str, style: Style) -> Iterator[str]:
    lines = textwrap.wrap(words, max(24, style.width - INDENT), break_long_words=False, break_on_hyphens=False) or [""]
    yield f"{label} {lines[0]}"
    for line in lines[1:]:
        yield " " * INDENT + line


def _wrapped(words: str, style: Style, indent: int, hanging: int | None = None) -> list[str]:
    """The words in lines, each after ``indent`` blanks; after ``hanging`` blanks all but the first where it is given."""
    return textwrap.wrap(
        words,
        max(indent + 20, style.width),
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent if hanging is None else hanging),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _shell(report: Report) -> Shell:
    system = report.facts.system
    return "powershell" if not isinstance(system, Unknown) and system.name == "windows" else "posix"


def _end(report: Report, groups: tuple[GroupLine, ...], style: Style) -> Iterator[str]:
    summary = report.summary
    judged = summary.passed + sum(1 for one in report.verdicts if one.status is Status.FAILED)
    took = f" in {units.duration(report.timings['total'])}" if "total" in report.timings else ""
    rest = []
    if summary.unknown:
        rest.append(f"{summary.unknown} could not be judged")
    if summary.crashed:
        rest.append(f"{units.counted(summary.crashed, 'check')} crashed, which is a defect of dlcheck")
    if summary.suppressed:
        rest.append(f"{summary.suppressed} ignored")
    tail = f" ({'; '.join(rest)})." if rest else "."
    if not summary.errors and not summary.warnings:
        yield from _ending("No issues found.", f"{units.counted(judged, 'check')}{took}{tail}", style)
        if report.smoke is not None and report.smoke.results:
            trained = sum(one.status is SmokeStatus.PASSED for one in report.smoke.results)
            names = ", ".join(dict.fromkeys(one.framework for one in report.smoke.results))
            yield f"{units.counted(trained, 'training')} right: {names}."
        elif report.facts.frameworks and not isinstance(report.facts.frameworks, Unknown):
            yield f"Train something now: {report.target.aimed('dlcheck smoke')}"
        return
    bad = sum(1 for one in groups if one.sign in ("failed", "warning"))
    counts = [
        words
        for number, words in (
            (summary.errors, units.counted(summary.errors, "error")),
            (summary.warnings, units.counted(summary.warnings, "warning")),
        )
        if number
    ]
    total = units.counted(judged, "check")
    found = f"{' and '.join(counts)} in {bad} of {units.counted(len(groups), 'group')}."
    yield from _ending(found, f"{total}{took}{tail}", style)


def _ending(found: str, checks: str, style: Style) -> Iterator[str]:
    """The last line, in two where the terminal is too narrow for one."""
    if len(found) + len(checks) < style.width:
        yield f"{style.paint(found, 'bold')} {checks}"
    else:
        yield style.paint(found, "bold")
        yield from textwrap.wrap(checks, style.width, break_long_words=False)
