"""What changed between two runs, as text: what is new, then what most likely explains it."""

from __future__ import annotations

from dlcheck.model.change import Change, Difference, Outcome, Run
from dlcheck.model.redact import mask_report
from dlcheck.model.style import Style

LIKELY = 40
"""Weight from which a change is shown; the rest is counted (-v shows it)."""
MOST = 15


def render(difference: Difference, style: Style) -> str:
    """The two runs, the checks that turned, and the changes with the likeliest explanation first."""
    difference = mask_report(difference)
    lines = [_run("before", difference.before), _run("after ", difference.after)]
    lines += [style.paint(f"        {note}", "dim") for note in difference.notes]
    for title, sign, colour, turned in (
        ("Fails now, and did not:", "failed", "red", difference.worse),
        ("Passes now, and did not:", "passed", "green", difference.better),
    ):
        if turned:
            lines += ["", title]
            lines += [f"  {style.paint(style.sign(sign), colour)} {_turned(key, one)}" for key, one in turned]
    lines += ["", *_changes(difference, style)]
    return style.plain("\n".join(lines)) + "\n"


def _run(word: str, run: Run) -> str:
    when = run.created.replace("T", " ").replace("Z", " UTC") or "undated"
    outcome = {0: "well", 1: "with findings", 3: "could not finish"}.get(run.exit_code, f"exit code {run.exit_code}")
    return f"{word}  {when}  {run.node or 'unknown node'}  {run.command}, {outcome}  ({run.source})"


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
    lines += [_change(one, kinds, names, style) for one in shown]
    rest = len(difference.changes) - len(shown)
    if rest:
        lines.append(f"  and {rest} more that seldom matter{'s' if rest == 1 else ''}; -v shows them.")
    return lines


def _change(change: Change, kinds: int, names: int, style: Style) -> str:
    line = f"  {change.kind:{kinds}}  {change.what:{names}}  {change.before or 'not there'} → {change.after or 'not there'}"
    return line + (style.paint(f"   {change.why}", "dim") if change.why else "")
