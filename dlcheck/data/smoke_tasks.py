"""Reads the smoke tasks that the float64 reference in tests/reference wrote to data/tasks."""

from __future__ import annotations

import functools
import json

from dlcheck.data import FOLDER
from dlcheck.model.codec import decode
from dlcheck.model.smoke import SmokeTask

TASKS = (
    "exact-integers",
    "perceptron-gates",
    "mlp-classification",
    "mlp-regression",
    "cnn-images",
    "rnn-sequences",
    "lstm-sequences",
    "bidirectional-lstm",
    "encoder-decoder",
    "transformer",
    "word-embedding",
)
"""Every task, in the order in which they are trained."""


def task_path(name: str) -> str:
    """The file of a task, for a worker to read."""
    return str(FOLDER / "tasks" / f"{name}.json")


@functools.cache
def smoke_task(name: str) -> SmokeTask:
    """A task with its reference."""
    with open(task_path(name), encoding="utf-8") as stream:
        fields = json.load(stream)
    fields["plane"] = fields.pop("notes").get("plane")
    return decode(SmokeTask, fields)
