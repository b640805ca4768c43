"""What a picture of a smoke run shows, whoever draws it: loss curves over those of float64, and decisions in the plane."""

from __future__ import annotations

import math
from dataclasses import dataclass

from dlcheck.data.smoke_tasks import TASKS, smoke_task
from dlcheck.model.smoke import Plane, SmokeReport, SmokeResult

COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#6b4c9a", "#444444")
"""Okabe and Ito's palette: told apart by people who do not see red and green apart."""


@dataclass(frozen=True, slots=True)
class Line:
    """The losses of one training."""

    color: str
    losses: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Panel:
    """The curves of one task."""

    title: str
    reference: tuple[float, ...]
    low: float
    high: float
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """All of it. ``series`` are names and colours, ``planes`` keep their order."""

    head: str
    series: tuple[tuple[str, str], ...]
    panels: tuple[Panel, ...]
    planes: tuple[Plane, ...]


def picture(report: SmokeReport) -> Picture:
    """The picture of a run."""
    curves = [one for one in report.results if len(one.losses) > 1 and one.task in TASKS]
    names = dict.fromkeys(map(_series, curves))
    colors = {name: COLORS[at % len(COLORS)] for at, name in enumerate(names)}
    return Picture(
        head=f"dlcheck smoke, {report.level.value}: losses over 20 steps (grey: the float64 reference)",
        series=tuple(colors.items()),
        panels=tuple(
            _panel(task, [one for one in curves if one.task == task], colors)
            for task in TASKS
            if any(one.task == task for one in curves)
        ),
        planes=report.planes,
    )


def _panel(task: str, results: list[SmokeResult], colors: dict[str, str]) -> Panel:
    wanted = smoke_task(task).losses
    seen = [loss for one in results for loss in one.losses if math.isfinite(loss)]
    span = max(wanted) - min(wanted)
    # A curve that leaves the picture by far would press all others into a line.
    return Panel(
        task,
        wanted,
        max(min((*wanted, *seen)), min(wanted) - 2 * span),
        min(max((*wanted, *seen)), max(wanted) + 2 * span),
        tuple(Line(colors[_series(one)], one.losses) for one in results),
    )


def _series(one: SmokeResult) -> str:
    return f"{one.framework} {one.device} {one.dtype}"
