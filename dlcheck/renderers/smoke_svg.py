"""The smoke result as a picture: the loss curve of every training over that of float64, and what was learnt in the plane."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from dlcheck.model.smoke import Plane, SmokeReport
from dlcheck.model.style import Style
from dlcheck.renderers.smoke_panels import COLORS, Panel, Picture, picture

WIDTH, HEIGHT, GAP = 250, 150, 44
COLUMNS = 4
STYLE = (
    "text{font:11px system-ui,sans-serif;fill:#333}.title{font-weight:600;font-size:12px}.head{font-size:16px;font-weight:600}"
    ".axis{stroke:#bbb;fill:none}.reference{stroke:#999;stroke-width:6;stroke-opacity:.45;fill:none;stroke-linecap:round}"
)


def render(report: SmokeReport, style: Style) -> str:  # noqa: ARG001 - every renderer is called alike
    """An SVG document that stands alone: no script, no font and nothing fetched."""
    shown = picture(report)
    parts = [_legend(shown)]
    top = 64 + 18 * math.ceil(len(shown.series) / COLUMNS)
    parts += [_curves(panel, *_corner(at, top)) for at, panel in enumerate(shown.panels)]
    top += math.ceil(len(shown.panels) / COLUMNS) * (HEIGHT + GAP)
    parts += [_plane(plane, *_corner(at, top)) for at, plane in enumerate(shown.planes)]
    height = top + math.ceil(len(shown.planes) / COLUMNS) * (HEIGHT + GAP) + 8
    width = COLUMNS * (WIDTH + 24) + 24
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="Loss curves of the smoke training"><style>{STYLE}</style>'
        f'<rect width="100%" height="100%" fill="#fff"/>{"".join(parts)}</svg>\n'
    )


def _corner(at: int, top: int) -> tuple[int, int]:
    return 24 + at % COLUMNS * (WIDTH + 24), top + at // COLUMNS * (HEIGHT + GAP)


def _legend(shown: Picture) -> str:
    parts = [_text(24, 28, shown.head, "head")]
    for at, (name, color) in enumerate(shown.series):
        x, y = 24 + at % COLUMNS * (WIDTH + 24), 52 + at // COLUMNS * 18
        parts.append(f'<line x1="{x}" x2="{x + 22}" y1="{y - 4}" y2="{y - 4}" stroke="{color}" stroke-width="2"/>')
        parts.append(_text(x + 28, y, name))
    return "".join(parts)


def _curves(panel: Panel, x: int, y: int) -> str:
    def line(losses: Sequence[float]) -> str:
        span = panel.high - panel.low
        places = [
            f"{x + WIDTH * step / (len(losses) - 1):.1f},{y + HEIGHT * (1 - _between((loss - panel.low) / span)):.1f}"
            for step, loss in enumerate(losses)
            if math.isfinite(loss)
        ]
        return " ".join(places)

    parts = [
        _text(x, y - 8, panel.title, "title"),
        f'<path class="axis" d="M{x} {y}V{y + HEIGHT}H{x + WIDTH}"/>',
        f'<polyline class="reference" points="{line(panel.reference)}"/>',
        _text(x + 4, y + 10, f"{panel.high:.3g}"),
        _text(x + 4, y + HEIGHT - 4, f"{panel.low:.3g}"),
    ]
    parts += [
        f'<polyline fill="none" stroke="{one.color}" stroke-width="1.6" points="{line(one.losses)}"/>'
        for one in panel.lines
    ]
    return "".join(parts)


def _plane(plane: Plane, x: int, y: int) -> str:
    side = len(plane.values)
    cell_x, cell_y = WIDTH / side, HEIGHT / side
    parts = [_text(x, y - 8, f"{plane.task}: {plane.framework} {plane.device}", "title")]
    for row, values in enumerate(plane.values):
        top = y + HEIGHT - (row + 1) * cell_y
        parts += _strip(values, x, top, cell_x, cell_y)
    for one, two, second in plane.points:
        px = x + WIDTH * (one - plane.low[0]) / (plane.high[0] - plane.low[0])
        py = y + HEIGHT * (1 - (two - plane.low[1]) / (plane.high[1] - plane.low[1]))
        color = COLORS[1] if second else COLORS[0]
        parts.append(f'<circle cx="{px:.1f}" cy="{py:.1f}" r="3.4" fill="{color}" stroke="#fff"/>')
    return "".join(parts)


def _strip(values: Sequence[float], x: float, y: float, wide: float, high: float) -> list[str]:
    """One row of the grid; neighbouring cells of one shade are one rectangle."""
    shades = [round(8 * math.tanh(value)) if math.isfinite(value) else 0 for value in values]
    parts, begin = [], 0
    for at in range(1, len(shades) + 1):
        if at == len(shades) or shades[at] != shades[begin]:
            color = COLORS[1] if shades[begin] > 0 else COLORS[0]
            opacity = 0.06 + 0.055 * abs(shades[begin])
            parts.append(
                f'<rect x="{x + begin * wide:.1f}" y="{y:.2f}" width="{(at - begin) * wide:.1f}" height="{high + 0.1:.2f}" '
                f'fill="{color}" fill-opacity="{opacity:.2f}"/>'
            )
            begin = at
    return parts


def _between(part: float) -> float:
    return min(1.0, max(0.0, part))


def _text(x: float, y: float, text: str, kind: str = "") -> str:
    attribute = f' class="{kind}"' if kind else ""
    return f'<text x="{x}" y="{y}"{attribute}>{escape(text)}</text>'
