"""What became of a fleet between two runs, for a person: equal changes share a line."""

from __future__ import annotations

from collections.abc import Sequence

from dlcheck.model.fleet import FleetChange, FleetDiff
from dlcheck.model.hostlist import shortened
from dlcheck.model.style import Style

MOST_CHANGES = 20
MOST_SIGNS = 300


def render(diff: FleetDiff, style: Style) -> str:
    """The changes to the worse first."""
    lines = [style.paint(f"dlcheck {diff.version} · fleet, {diff.before} → {diff.after}", "bold"), ""]
    for title, color, found in (
        ("WORSE", "red", diff.worse),
        ("BETTER", "green", diff.better),
        ("OTHER", "yellow", diff.other),
    ):
        lines += _changes(title, color, found, style)
    counts = [f"{len(found)} {word}" for word, found in (("worse", diff.worse), ("better", diff.better)) if found]
    lines.append(f"{', '.join(counts) or 'No node is better or worse'}; {diff.same} as before.")
    return style.plain("\n".join(lines)) + "\n"


def _changes(title: str, color: str, found: Sequence[FleetChange], style: Style) -> list[str]:
    alike: dict[tuple[object, ...], list[FleetChange]] = {}
    for one in found:
        alike.setdefault((one.before, one.after, one.appeared, one.gone, one.changed), []).append(one)
    ordered = sorted(alike.values(), key=len, reverse=True)
    lines: list[str] = []
    for several in ordered[:MOST_CHANGES]:
        one = several[0]
        before = one.before.value if one.before else "not there"
        after = one.after.value if one.after else "not there"
        states = f"still {after}" if before == after else f"{before} → {after}"
        lines.append(
            f"  {style.paint(f'{title:6}', color, 'bold')}  {shortened((each.node for each in several), MOST_SIGNS)}  {states}"
        )
        if one.appeared:
            lines.append(f"          now: {', '.join(one.appeared)}")
        if one.gone:
            lines.append(f"          no longer: {', '.join(one.gone)}")
        lines += [
            f"          changed there: {name} {old or 'none'} → {new or 'none'}" for name, old, new in one.changed[:10]
        ]
        if len(one.changed) > 10:
            lines.append(f"          and {len(one.changed) - 10} more facts")
    if len(ordered) > MOST_CHANGES:
        lines.append(f"  and {len(ordered) - MOST_CHANGES} more kinds of change")
    return [*lines, ""] if lines else []
