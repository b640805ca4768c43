"""What a network learnt in the plane: its decision on a grid, from the weights that a worker reported."""

from __future__ import annotations

from dlcheck.checks.forward import outputs_of
from dlcheck.model.smoke import Array, Plane, SmokeRun, SmokeTask

SIDE = 40
"""Cells along each side of the grid."""


def plane_of(framework: str, task: SmokeTask, run: SmokeRun) -> Plane:
    """The decision of the second class against the first; of several outputs of a perceptron, the first one (AND)."""
    flat = task.inputs["x"].values
    points = [(flat[at], flat[at + 1]) for at in range(0, len(flat), 2)]
    low = (min(x for x, _ in points) - 0.5, min(y for _, y in points) - 0.5)
    high = (max(x for x, _ in points) + 0.5, max(y for _, y in points) + 0.5)
    weights = {
        name: Array(kind="float", shape=one.shape, values=run.trained[name]) for name, one in task.weights.items()
    }
    rows = [
        (low[0] + (high[0] - low[0]) * (column + 0.5) / SIDE, low[1] + (high[1] - low[1]) * (row + 0.5) / SIDE)
        for row in range(SIDE)
        for column in range(SIDE)
    ]
    single = task.inputs["y"].kind == "float"
    decided = [one[0] if single else one[1] - one[0] for one in outputs_of(task, weights, rows)]
    wanted = task.inputs["y"].values
    outputs = len(wanted) // len(points)
    return Plane(
        framework=framework,
        device=run.device,
        task=task.name,
        low=low,
        high=high,
        values=tuple(tuple(decided[at : at + SIDE]) for at in range(0, len(decided), SIDE)),
        points=tuple((x, y, wanted[at * outputs] > 0.5) for at, (x, y) in enumerate(points)),
    )
