"""The picture as Markdown for a ticket or a summary page of CI."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dlcheck.model.fleet import FleetReport, NodeState
from dlcheck.model.hostlist import fold
from dlcheck.model.shell import quote
from dlcheck.model.style import Style
from dlcheck.renderers.fleet_text import figure

MOST_ROWS = 50
MOST_SIGNS = 1_500
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|~#@!&])")


def render(report: FleetReport, style: Style) -> str:  # noqa: ARG001 - the interface of every format
    """A heading, then one table for each kind of thing that is wrong or differs."""
    counts = report.counts
    through = f" through {report.engine}" if report.engine else ""
    parts = [
        f"### dlcheck fleet{through}: {counts.ok} of {counts.expected} nodes well",
        f"{counts.received} reported · dlcheck {_escaped(report.version)} · {_escaped(report.created)}",
        _table(("State", "Nodes", ""), [_state(report, state) for state in NodeState if _named(report, state)]),
        _table(
            ("Cause", "Severity", "Nodes", "", "What it says"),
            [
                (f"`{one.cause}`", one.severity, str(len(one.nodes)), _nodes(one.nodes), _escaped(one.message))
                for one in report.causes
            ],
        ),
        _table(("Not reported well", "State", "Why"), _reasons(report)),
        _table(
            ("Differs", "Most nodes", "Others"),
            [
                (
                    _escaped(one.fact),
                    f"{_escaped(one.majority)} ({one.count})",
                    "; ".join(
                        f"{_escaped(other.value or 'not there')}: {_nodes(other.nodes)}"
                        for other in one.minorities[:10]
                    ),
                )
                for one in report.drift
            ],
        ),
        _table(
            ("Outlier", "Measure", "Value", "Median", "Of"),
            [
                (
                    f"`{one.node}` {_escaped(one.subject)}",
                    one.measure,
                    figure(one),
                    figure(one, one.median),
                    _escaped(one.model),
                )
                for one in report.outliers
            ],
        ),
        "\n".join(f"- {_escaped(note)}" for note in report.notes),
        *(f"{_escaped(one.purpose)}:\n\n    {quote(one.argv)}" for one in report.steps),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _named(report: FleetReport, state: NodeState) -> list[str]:
    return [one.name for one in report.nodes if one.state is state]


def _state(report: FleetReport, state: NodeState) -> tuple[str, str, str]:
    names = _named(report, state)
    return state.value, str(len(names)), _nodes(names)


def _reasons(report: FleetReport) -> list[tuple[str, str, str]]:
    folded: dict[tuple[str, str], list[str]] = {}
    for one in report.nodes:
        nameless = one.state is NodeState.FAILED and not one.causes
        if nameless or one.state in (NodeState.MISSING, NodeState.STALE, NodeState.UNREADABLE):
            folded.setdefault((one.state.value, one.why or ""), []).append(one.name)
    rows = [(_nodes(names), state, _escaped(why)) for (state, why), names in folded.items()]
    return rows + [(_escaped(one.source), "unreadable", _escaped(one.why)) for one in report.unreadable]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    lines += [f"| {' | '.join(row)} |" for row in rows[:MOST_ROWS]]
    if len(rows) > MOST_ROWS:
        lines.append(f"\nand {len(rows) - MOST_ROWS} more; `--format json` has all")
    return "\n".join(lines)


def _nodes(names: Sequence[str]) -> str:
    folded = fold(names)
    return f"`{folded if len(folded) <= MOST_SIGNS else folded[:MOST_SIGNS] + '…'}`"


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
