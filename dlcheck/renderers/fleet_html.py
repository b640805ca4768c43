"""The picture as one page that stands alone: causes, a heat map of nodes by areas, what differs, what stands out.

Nodes that look the same share a row of the heat map, so that ten thousand nodes stay a page. A cell has its word beside its
colour: nobody must tell red from green.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from dlcheck.model.fleet import FleetNode, FleetReport, NodeState, Step
from dlcheck.model.hostlist import fold, shortened
from dlcheck.model.shell import quote
from dlcheck.model.style import Style
from dlcheck.renderers.fleet_text import figure
from dlcheck.renderers.page import page

MOST_ROWS = 300
MOST_SIGNS = 200
"""A longer list of nodes is folded away."""
_CELLS = {
    "passed": ("good", "ok"),
    "note": ("note", "note"),
    "warning": ("warning", "warning"),
    "failed": ("error", "failed"),
    "crashed": ("error", "crashed"),
    "unknown": ("", "unknown"),
    "skipped": ("", "-"),
}
_WEIGHT = {"warning": 1, "crashed": 2, "failed": 2}
_STATES = {NodeState.OK: "good", NodeState.WARNING: "warning", NodeState.STALE: "warning"}
_HEAT = (
    "<style>.dlcheck .heat td,.dlcheck .heat thead th{text-align:center;padding:.3rem .5rem;white-space:nowrap}"
    ".dlcheck .heat thead th:first-child{text-align:left;padding-left:0}.dlcheck .heat tbody th{max-width:22rem;font-weight:400}"
    ".dlcheck .heat details{border:0;margin:0}.dlcheck .heat summary{padding:0;white-space:nowrap}"
    ".dlcheck .heat td{color:var(--edge,var(--soft));background:var(--card);border-left:2px solid var(--page)}"
    ".dlcheck .heat td.error,.dlcheck .heat td.warning{background:var(--code);font-weight:650;box-shadow:inset .3rem 0 var(--edge)}"
    "</style>"
)


def render(report: FleetReport, style: Style) -> str:  # noqa: ARG001 - the interface of every format
    """The whole document."""
    counts = report.counts
    title = f"dlcheck fleet: {counts.ok} of {counts.expected} nodes well"
    kind = "error" if report.exit_code else "warning" if counts.warning else "good"
    sign = {"error": "✗", "warning": "!", "good": "✓"}[kind]
    about = [f"dlcheck {report.version}", report.created, f"{counts.received} reported"]
    about += [f"through {report.engine}"] if report.engine else []
    body = [
        _HEAT,
        f'<h1><span class="sign {kind}" aria-hidden="true">{sign}</span>{escape(title)}</h1>',
        '<p class="about">' + "".join(f"<span>{escape(one)}</span>" for one in about) + "</p>",
        _section("States", _table(("State", "Count", "Nodes"), _states(report))),
        _section("Causes", _causes(report)),
        _section("Not reported well", _table(("Nodes", "State", "Why"), _reasons(report))),
        _section("Nodes by areas", _heat_map(report)),
        _section("What differs", _table(("Fact", "Most nodes", "Others"), _drift(report))),
        _section("What stands out", _table(("Device", "Measure", "Value", "Median", "Of"), _outliers(report))),
        _section("Notes", "".join(f"<p>{escape(note)}</p>" for note in report.notes)),
        _section("Next", "".join(_step(one) for one in report.steps)),
    ]
    return page(title, "\n".join(part for part in body if part))


def _step(step: Step) -> str:
    return f"<p>{escape(step.purpose)}:</p><pre>{escape(quote(step.argv))}</pre>"


def _section(title: str, content: str) -> str:
    return f"<h2>{escape(title)}</h2>\n{content}" if content else ""


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    top = "".join(f'<th scope="col">{escape(word)}</th>' for word in head)
    lines = [
        f'<tr><th scope="row">{escape(row[0])}</th>'
        + "".join(
            f'<td data-label="{escape(word)}">{escape(cell)}</td>' for word, cell in zip(head[1:], row[1:], strict=True)
        )
        + "</tr>"
        for row in rows[:MOST_ROWS]
    ]
    more = f"<p>and {len(rows) - MOST_ROWS} more rows; --format json has all</p>" if len(rows) > MOST_ROWS else ""
    table = f'<table class="stack"><thead><tr>{top}</tr></thead><tbody>{"".join(lines)}</tbody></table>'
    return f'<div class="card scroll">{table}</div>{more}'


def _states(report: FleetReport) -> list[tuple[str, str, str]]:
    """The worst first. A long list is cut here: the heat map has it whole."""
    rows = []
    for state in sorted(NodeState, key=lambda one: -one.rank):
        names = [one.name for one in report.nodes if one.state is state]
        if names:
            rows.append((state.value, str(len(names)), shortened(names, MOST_SIGNS)))
    return rows


def _causes(report: FleetReport) -> str:
    return "\n".join(
        f'<div class="card {"error" if one.severity == "error" else "warning"}"><div class="top">'
        f'<span class="badge">{escape(one.severity)}</span><h3>{escape(one.message or one.cause)}</h3>'
        f'<span class="slug">{escape(one.cause)}</span></div>'
        f"<p>{len(one.nodes)} of {report.counts.expected} nodes: <code>{escape(fold(one.nodes))}</code></p>"
        f"<p>More: <code>dlcheck explain {escape(one.cause)}</code></p></div>"
        for one in report.causes
    )


def _reasons(report: FleetReport) -> list[tuple[str, str, str]]:
    folded: dict[tuple[str, str], list[str]] = {}
    for one in report.nodes:
        nameless = one.state is NodeState.FAILED and not one.causes
        if nameless or one.state in (NodeState.MISSING, NodeState.STALE, NodeState.UNREADABLE):
            folded.setdefault((one.state.value, one.why or ""), []).append(one.name)
    rows = [(fold(names), state, why) for (state, why), names in folded.items()]
    return rows + [(one.source, "unreadable", one.why) for one in report.unreadable]


def _heat_map(report: FleetReport) -> str:
    worst: dict[str, int] = {}
    for node in report.nodes:
        for area, outcome in node.areas.items():
            worst[area] = max(worst.get(area, 0), _WEIGHT.get(outcome, 0))
    # A phone shows the first columns: what is wrong comes first there, the others keep their order.
    areas = sorted(worst, key=lambda area: -worst[area])
    if not areas:
        return ""
    alike: dict[tuple[object, ...], list[FleetNode]] = {}
    for node in report.nodes:
        alike.setdefault((node.state, *(node.areas.get(area) for area in areas)), []).append(node)
    rows = sorted(alike.values(), key=lambda nodes: (-nodes[0].state.rank, -len(nodes)))
    head = "".join(f'<th scope="col">{escape(area)}</th>' for area in ("Nodes", "State", *areas))
    lines = "\n".join(_heat_row(nodes, areas) for nodes in rows[:MOST_ROWS])
    more = f"<p>and {len(rows) - MOST_ROWS} more rows; --format json has all</p>" if len(rows) > MOST_ROWS else ""
    return f'<div class="card scroll"><table class="heat"><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div>{more}'


def _heat_row(nodes: Sequence[FleetNode], areas: Sequence[str]) -> str:
    state = nodes[0].state
    cells = [f'<td class="{_STATES.get(state, "error")}">{state.value}</td>']
    for area in areas:
        kind, word = _CELLS.get(nodes[0].areas.get(area, ""), ("", ""))
        cells.append(f'<td class="{kind}">{word}</td>')
    names = f"<code>{escape(fold(one.name for one in nodes))}</code>"
    if len(names) > MOST_SIGNS / 2:
        names = f"<details><summary>{len(nodes)} nodes</summary>{names}</details>"
    return f'<tr><th scope="row">{names}</th>{"".join(cells)}</tr>'


def _drift(report: FleetReport) -> list[tuple[str, str, str]]:
    return [
        (
            one.fact,
            f"{one.majority} ({one.count})",
            "; ".join(f"{other.value or 'not there'}: {fold(other.nodes)}" for other in one.minorities),
        )
        for one in report.drift
    ]


def _outliers(report: FleetReport) -> list[tuple[str, ...]]:
    return [
        (f"{one.node} {one.subject}", one.measure, figure(one), figure(one, one.median), one.model)
        for one in report.outliers
    ]
