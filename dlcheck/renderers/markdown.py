"""Markdown that fits a GitHub issue: the verdict and its causes to read, everything else folded, no longer than allowed."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from dlcheck.model.codec import encode
from dlcheck.model.report import Report
from dlcheck.model.style import Style
from dlcheck.model.units import counted
from dlcheck.renderers.overview import overview
from dlcheck.renderers.problems import SAFETY, Problem, command_lines, headline, problems, verdict_rows

LIMIT = 65_000
"""GitHub takes 65 536 characters; counted here in bytes of UTF-8, which are never fewer."""
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|~])")
_OPENING = re.compile(r"^(\d{1,9}(?=[.)](?:\s|$))|(?=[#+=-]))(.)")
_REFERENCE = re.compile(r"([@#])(?=\w)")


def render(report: Report, style: Style) -> str:  # noqa: ARG001 - the same for every reader
    """The report as GitHub-flavoured Markdown, at most LIMIT bytes long."""
    head = [f"### dlcheck {_escaped(report.command)}: {headline(report)}", _provenance(report)]
    blocks = ["\n\n".join(head)]
    blocks += [_problem(report, number, problem) for number, problem in enumerate(problems(report), 1)]
    blocks.append(_folded("Machine and environment", _table(("", ""), overview(report))))
    blocks.append(
        _folded(
            f"All {counted(len(report.verdicts), 'check')}",
            _table(("outcome", "code", "check", ""), verdict_rows(report)),
        )
    )
    blocks.append(
        _folded(
            "Facts (save them in a file: dlcheck doctor --facts FILE replays them)", _fenced(_facts(report), "json")
        )
    )
    return _fitting(blocks)


def _fitting(blocks: list[str]) -> str:
    """The blocks that fit, in their order; a block too long for the room that is left is named instead."""
    made: list[str] = []
    left = LIMIT - 300
    left_out = 0
    for block in blocks:
        size = len(block.encode("utf-8", "replace")) + 2
        if size <= left:
            made.append(block)
            left -= size
        else:
            left_out += 1
    if left_out:
        made.append(
            f"{counted(left_out, 'section')} left out: longer than an issue may be. `dlcheck doctor --format json` has all."
        )
    return "\n\n".join(made) + "\n"


def _provenance(report: Report) -> str:
    python = f"Python {report.target.version or 'unknown'} (chosen by {report.target.chosen_by})"
    parts = (f"dlcheck {report.version}", f"profile {report.profile}", python, report.created)
    return " · ".join(_escaped(part) for part in parts)


def _problem(report: Report, number: int, problem: Problem) -> str:
    lines = [f"#### {number}. {_escaped(problem.title)} ({problem.severity.value}, {_code(problem.slug)})"]
    lines += [_escaped(message) for message in problem.messages]
    if problem.meaning:
        lines.append(_escaped(problem.meaning))
    for fix in problem.fixes:
        lines.append(f"**Fix** ({SAFETY[fix.safety]}): {_escaped(fix.text)}")
        commands = command_lines(fix, report.facts)
        if commands:
            lines.append(_fenced("\n".join(commands), "sh"))
    if problem.verify:
        lines.append("**Check**: " + ", ".join(_code(line) for line in problem.verify))
    if problem.evidence:
        rows = tuple((fact.fact, fact.value) for fact in problem.evidence)
        lines.append(_folded(f"Evidence ({len(rows)})", _table(("fact", "value"), rows)))
    if problem.consequences:
        folded = "\n".join(
            f"- {_escaped(one.verdict.code)} {_escaped(one.finding.message)} ({_code(one.finding.cause)})"
            for one in problem.consequences
        )
        lines.append(_folded(f"{counted(len(problem.consequences), 'more finding')} with this cause", folded))
    return "\n\n".join(lines)


def _facts(report: Report) -> str:
    """The facts without those that have their default, a line a subject."""
    subjects = encode(report.facts, sparse=True).items()
    return (
        "{"
        + ",\n ".join(f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}" for name, value in subjects)
        + "}"
    )


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head)]
    lines += [tuple(_escaped(cell) for cell in row) for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _folded(summary: str, body: str) -> str:
    # GitHub parses Markdown inside HTML only after an empty line.
    return f"<details><summary>{_escaped(summary)}</summary>\n\n{body}\n\n</details>"


def _fenced(text: str, language: str) -> str:
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", text)), 0)
    return f"{fence}{language}\n{text}\n{fence}"


def _code(text: str) -> str:
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text.replace(chr(10), ' ')}{pad}{fence}"


def _escaped(text: str) -> str:
    """Text that stays text: no markup, no tags, and nobody is notified by an @ or linked by a # (zero-width space)."""
    lines = (_REFERENCE.sub("\\1\u200b", _SPECIAL.sub(r"\\\1", line)) for line in text.strip().splitlines())
    return "<br>".join(_OPENING.sub(r"\1\\\2", line.strip()) for line in lines)
