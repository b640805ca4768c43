"""The picture for a person: how many are well, then what is wrong and where, then what differs."""

from __future__ import annotations

import textwrap

from dlcheck.model.fleet import FleetNode, FleetReport, NodeState, Outlier
from dlcheck.model.hostlist import shortened
from dlcheck.model.shell import quote
from dlcheck.model.style import Style

SIGNS = {
    NodeState.OK: ("passed", "green"),
    NodeState.WARNING: ("warning", "yellow"),
    NodeState.STALE: ("unknown", "yellow"),
    NodeState.UNREADABLE: ("unknown", "red"),
    NodeState.MISSING: ("unknown", "red"),
    NodeState.FAILED: ("failed", "red"),
}
MOST_LINES = 20
"""Lines of one kind; the rest is counted. JSON has all."""


def render(report: FleetReport, style: Style) -> str:
    """The lines; with verbosity -1 only what is wrong."""
    if style.verbosity < 0 and report.exit_code == 0 and not report.causes:
        return ""
    parts = [_head(report, style), _states(report, style), _causes(report, style), _reasons(report, style)]
    if style.verbosity >= 0:
        parts += [_drift(report, style), _outliers(report, style)]
    if style.verbosity > 0:
        parts.append([_node_line(one, style) for one in report.nodes])
    parts += [_notes(report), _steps(report, style), [_verdict(report)]]
    return style.plain("\n\n".join("\n".join(part) for part in parts if part)) + "\n"


def _head(report: FleetReport, style: Style) -> list[str]:
    counts = report.counts
    engine = f" through {report.engine}" if report.engine else ""
    return [
        style.paint(
            f"dlcheck {report.version} · fleet{engine} · {counts.received} of {_nodes(counts.expected)} reported",
            "bold",
        )
    ]


def _states(report: FleetReport, style: Style) -> list[str]:
    lines = []
    for state in NodeState:
        names = [one.name for one in report.nodes if one.state is state]
        if names and (style.verbosity >= 0 or state is not NodeState.OK):
            sign, color = SIGNS[state]
            listed = _list(names, style, 1 if state is NodeState.OK else 3)
            lines.append(f"{style.paint(style.sign(sign), color)} {state.value:<11} {len(names):>6}   {listed}")
    if report.duplicates:
        many = report.counts.duplicate
        lines.append(
            f"{style.sign('note')} {'duplicate':<11} {many:>6}   {_list(report.duplicates, style)}, the newest counts"
        )
    return lines


def _causes(report: FleetReport, style: Style) -> list[str]:
    lines: list[str] = []
    for one in report.causes[:MOST_LINES]:
        if one.severity != "error" and style.verbosity < 0:
            continue
        color = "red" if one.severity == "error" else "yellow"
        word = "CAUSE" if one.severity == "error" else "WARN "
        lines.append(
            f"  {style.paint(word, color, 'bold')}  {one.cause} on {_nodes(len(one.nodes))}: {_list(one.nodes, style)}"
        )
        wrapped = textwrap.wrap(one.message, max(30, style.width - 9), max_lines=3, placeholder=" …")
        lines += [f"         {line}" for line in wrapped]
        lines.append(style.paint(f"         dlcheck explain {one.cause}", "dim"))
    if len(report.causes) > MOST_LINES:
        lines.append(f"  and {len(report.causes) - MOST_LINES} more causes")
    return lines


def _reasons(report: FleetReport, style: Style) -> list[str]:
    """Nodes without a good report, folded by the reason."""
    nodes: dict[tuple[NodeState, str], list[str]] = {}
    for one in report.nodes:
        nameless = one.state is NodeState.FAILED and not one.causes
        if nameless or one.state in (NodeState.MISSING, NodeState.STALE, NodeState.UNREADABLE):
            nodes.setdefault((one.state, one.why or ""), []).append(one.name)
    ordered = sorted(nodes.items(), key=lambda item: (-item[0][0].rank, -len(item[1])))
    lines: list[str] = []
    for (state, why), names in ordered[:MOST_LINES]:
        listed, said = _list(names, style), _cut(why, style.width)
        if len(listed) + len(said) <= style.width - 16:
            lines.append(f"  {state.value.upper():<10}  {listed}: {said}")
        else:  # a long list would hide the reason
            lines += [f"  {state.value.upper():<10}  {_nodes(len(names))}: {said}", f"              {listed}"]
    lines += [
        f"  UNREADABLE  {_cut(one.source, 60)}: {_cut(one.why, style.width)}" for one in report.unreadable[:MOST_LINES]
    ]
    hidden = max(0, len(ordered) - MOST_LINES) + max(0, len(report.unreadable) - MOST_LINES)
    if hidden:
        lines.append(f"  and {hidden} more reasons")
    return lines


def _drift(report: FleetReport, style: Style) -> list[str]:
    lines = []
    for one in report.drift[:MOST_LINES]:
        lines.append(f"  DRIFT  {one.fact}: {one.majority} on {_nodes(one.count)}")
        lines += [
            f"         {'not there:' if other.value is None else f'{other.value} on'} {_list(other.nodes, style)}"
            for other in one.minorities[:5]
        ]
        if len(one.minorities) > 5:
            lines.append(f"         and {len(one.minorities) - 5} more values")
    if len(report.drift) > MOST_LINES:
        lines.append(f"  and {len(report.drift) - MOST_LINES} more facts that differ")
    return lines


def _outliers(report: FleetReport, style: Style) -> list[str]:
    lines = [
        f"  OUTLIER  {one.node} {one.subject}: {one.measure} {figure(one)}, median {figure(one, one.median)}"
        f" of {_cut(one.model, max(20, style.width - 60))}"
        for one in report.outliers[:MOST_LINES]
    ]
    if len(report.outliers) > MOST_LINES:
        lines.append(f"  and {len(report.outliers) - MOST_LINES} more outliers")
    return lines


def figure(outlier: Outlier, value: float | None = None) -> str:
    """The outlier's value (or another on its scale) with its unit."""
    number = outlier.value if value is None else value
    if outlier.measure == "temperature":
        return f"{number:.0f} °C"
    if outlier.measure == "power":
        return f"{number:.0f} W"
    if outlier.measure == "throughput":
        return f"{number:.3g} steps/s"
    if outlier.measure == "bandwidth":
        return f"{number / 1e9:.3g} GB/s"
    return f"{number:.1e}"


def _node_line(node: FleetNode, style: Style) -> str:
    sign, color = SIGNS[node.state]
    return f"{style.paint(style.sign(sign), color)} {node.name:<12} {', '.join(node.causes) or node.why or ''}"


def _notes(report: FleetReport) -> list[str]:
    hidden = len(report.notes) - MOST_LINES
    return [f"  {note}" for note in report.notes[:MOST_LINES]] + [f"  and {hidden} more notes"] * (hidden > 0)


def _steps(report: FleetReport, style: Style) -> list[str]:
    return [
        line for one in report.steps for line in (f"  {one.purpose}:", style.paint(f"      {quote(one.argv)}", "dim"))
    ]


def _verdict(report: FleetReport) -> str:
    counts = report.counts
    words = [
        f"{number} {name}"
        for number, name in (
            (counts.failed, "failed"),
            (counts.missing, "missing"),
            (counts.unreadable, "unreadable"),
            (counts.stale, "stale"),
            (counts.warning, "with warnings"),
        )
        if number
    ]
    took = f" Read in {report.seconds:.1f} s." if report.engine is None else f" Took {report.seconds:.1f} s."
    if not words:
        return f"All {_nodes(counts.ok)} are well.{took}" if counts.ok != 1 else f"The node is well.{took}"
    return f"{', '.join(words)}; {counts.ok} of {_nodes(counts.expected)} well.{took}"


def _nodes(number: int) -> str:
    return f"{number} node" if number == 1 else f"{number} nodes"


def _list(names: list[str] | tuple[str, ...], style: Style, lines: int = 3) -> str:
    """The folded names, cut between two of them where they take more lines."""
    return shortened(names, 2000 if style.verbosity > 0 else lines * style.width - 24)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
