"""What changed between two runs, as text: what is new, then what most likely explains it."""

from __future__ import annotations

import textwrap

from dlcheck.model.change import Change, Difference, Outcome, Run
from dlcheck.model.redact import mask_report
from dlcheck.model.style import Style

LIKELY = 40
"""Weight from which a change is shown; the rest is counted (-v shows it)."""
MOST = 15


def render(difference: Difference, style: Style) -> str:
    """The two runs, the checks that turned, and the changes with the likeliest explanation first."""
    difference = mask_report(difference)
    lines = [*_run("before", difference.before, style), *_run("after ", difference.after, style)]
    lines += [style.paint(line, "dim") for note in difference.notes for line in _folded(f"        {note}", 8, style)]
    for title, sign, colour, turned in (
        ("Fails now, and did not:", "failed", "red", difference.worse),
        ("Passes now, and did not:", "passed", "green", difference.better),
    ):
        if turned:
            lines += ["", title]
            for key, one in turned:
                first, *rest = _folded(f"    {_turned(key, one)}", 4 + len(key) + 2, style)
                lines += [f"  {style.paint(style.sign(sign), colour)}{first[3:]}", *rest]
    lines += ["", *_changes(difference, style)]
    return style.plain("\n".join(lines)) + "\n"


def _folded(text: str, indent: int, style: Style) -> list[str]:
    """The text in lines of the width; a single long word stays whole. Its own first blanks stay."""
    return textwrap.wrap(
        text, style.width, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False
    ) or [text]


def _run(word: str, run: Run, style: Style) -> list[str]:
    when = run.created.replace("T", " ").replace("Z", " UTC") or "undated"
    outcome = {0: "well", 1: "with findings", 3: "could not finish"}.get(run.exit_code, f"exit code {run.exit_code}")
    text = f"{word}  {when}  {run.node or 'unknown node'}  {run.command}, {outcome}  ({run.source})"
    return _folded(text, 8, style)


def _turned(key: str, outcome: Outcome) -> str:
    causes = f" ({', '.join(outcome.causes)})" if outcome.causes else ""
    return f"{key}  {outcome.message or outcome.title}{causes}"


def _changes(difference: Difference, style: Style) -> list[str]:
    if not difference.changes:
        return ["Nothing that dlcheck looks at changed."]
    shown = difference.changes
    if style.verbosity < 1:
        shown = tuple(one for one in shown if one.weight >= LIKELY)[:MOST] or shown[:5]
    likely = difference.worse and shown[0].weight >= LIKELY
    lines = ["What changed, the likeliest explanation first:" if likely else "What changed:"]
    kinds = max(len(one.kind) for one in shown)
    names = min(40, max(len(one.what) for one in shown))
    lines += [line for one in shown for line in _change(one, kinds, names, style)]
    rest = len(difference.changes) - len(shown)
    if rest:
        lines.append(f"  and {rest} more that seldom matter{'s' if rest == 1 else ''}; -v shows them.")
    return lines


def _change(change: Change, kinds: int, names: int, style: Style) -> list[str]:
    line = f"  {change.kind:{kinds}}  {change.what:{names}}  {change.before or 'not there'} → {change.after or 'not there'}"
    lines = _folded(line, kinds + 6, style)
    if not change.why:
        return lines
    if len(lines) == 1 and len(line) + 3 + len(change.why) <= style.width:
        return [line + style.paint(f"   {change.why}", "dim")]
    why = _folded(f"{'':{kinds + 6}}{change.why}", kinds + 6, style)
    return [*lines, *(style.paint(one, "dim") for one in why)]
