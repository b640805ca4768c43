"""Losses of a smoke run as SVG, one picture a framework and device. No format of its own."""

from __future__ import annotations

from html import escape

from dlcheck.model.smoke import SmokeReport, SmokeResult, SmokeStatus

WIDTH, HEIGHT, EDGE = 640, 220, 26
_STROKES = ("none", "7 3", "2 3", "9 3 2 3")


def figures(smoke: SmokeReport) -> tuple[tuple[str, str], ...]:
    """Caption and SVG for each framework and device that left losses. Each curve is drawn from its first loss (1) on."""
    drawn: dict[tuple[str, str], list[SmokeResult]] = {}
    for one in smoke.results:
        if len(one.losses) > 1 and one.losses[0] > 0:
            drawn.setdefault((one.framework, one.device_name or one.device), []).append(one)
    return tuple(
        (
            f"{framework} on {device}: loss of each task, as a share of the first, over {len(ones[0].losses) - 1} steps",
            _picture(ones),
        )
        for (framework, device), ones in drawn.items()
    )


def _picture(ones: list[SmokeResult]) -> str:
    top = max(1.0, *(min(loss / one.losses[0], 2.0) for one in ones for loss in one.losses))
    words = "; ".join(f"{one.task}: {one.losses[0]:.3g} to {one.losses[-1]:.3g}" for one in ones)
    frame = f'<path d="M{EDGE} 8V{HEIGHT - EDGE}H{WIDTH - 8}" opacity=".45"/>'
    label = escape(words, quote=True)
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}" fill="none" stroke="currentColor">{frame}'
    ]
    for at, one in enumerate(ones):
        shares = [loss / one.losses[0] for loss in one.losses]
        right, up = (WIDTH - EDGE - 8) / (len(shares) - 1), (HEIGHT - EDGE - 8) / top
        places = [(EDGE + right * step, HEIGHT - EDGE - up * min(share, top)) for step, share in enumerate(shares)]
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places if y == y)  # noqa: PLR0124 - NaN has no place in a picture
        bad = one.status is not SmokeStatus.PASSED
        stroke = ' stroke="var(--error,#a4161a)" stroke-width="3"' if bad else ' stroke-width="1.4" opacity=".8"'
        parts.append(
            f'<polyline points="{points}" stroke-dasharray="{_STROKES[at % len(_STROKES)]}"{stroke}>'
            f"<title>{escape(one.task or '')}</title></polyline>"
        )
    text = 'fill="currentColor" stroke="none" font-size="12"'
    parts.append(f'<text x="2" y="14" {text}>{top:.1g}</text><text x="8" y="{HEIGHT - EDGE}" {text}>0</text>')
    parts.append(f'<text x="{EDGE}" y="{HEIGHT - 6}" {text}>first step</text>')
    parts.append(f'<text x="{WIDTH - 8}" y="{HEIGHT - 6}" text-anchor="end" {text}>last step</text></svg>')
    return "".join(parts)
