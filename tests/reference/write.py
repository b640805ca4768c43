"""Writes dlcheck/data/tasks/*.json from the reference: ``python -m tests.reference.write``."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from tests.reference.tasks import TASKS
from tests.reference.training import train

FOLDER = Path(__file__).parents[2] / "dlcheck" / "data" / "tasks"


def _number(value: float, digits: int) -> str:
    text = f"{value:.{digits}g}" if digits < 17 else repr(float(value))
    return text.removesuffix(".0")


def _array(values, digits=17) -> str:
    values = np.asarray(values)
    kind = "index" if values.dtype.kind == "i" else "float"
    numbers = ",".join(_number(value, digits) for value in values.reshape(-1))
    return f'{{"kind": "{kind}", "shape": {json.dumps(list(values.shape))}, "values": [{numbers}]}}'


def _table(arrays, digits=17) -> str:
    rows = ",\n".join(f"  {json.dumps(name)}: {_array(values, digits)}" for name, values in arrays.items())
    return "{\n" + rows + "\n }" if rows else "{}"


def document(task) -> str:
    """The JSON text of a task's file: references are rounded to 12 digits, what goes in is exact."""
    losses, gradients, weights, start = train(task.program, task.inputs, task.weights, task.learning_rate, task.steps)
    program = ",\n".join("  " + json.dumps(list(line)) for line in task.program)
    fields = {
        "name": json.dumps(task.name),
        "title": json.dumps(task.title),
        "exact": json.dumps(task.exact),
        "steps": json.dumps(task.steps),
        "learning_rate": json.dumps(task.learning_rate),
        "program": f"[\n{program}\n ]",
        "notes": json.dumps(task.notes),
        "inputs": _table(task.inputs),
        "weights": _table(task.weights),
        "losses": "[" + ",".join(_number(loss, 17) for loss in losses) + "]",
        "watched": _table({name: start[name] for name in task.watch}),
        "gradients": _table(gradients, 12),
        "trained": _table(weights if task.steps else {}, 12),
    }
    return "{\n" + ",\n".join(f" {json.dumps(name)}: {text}" for name, text in fields.items()) + "\n}\n"


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for make in TASKS:
        task = make()
        (FOLDER / f"{task.name}.json").write_text(document(task), "utf-8")


if __name__ == "__main__":
    main()
