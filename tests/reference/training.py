"""Runs a task's program forwards and backwards and trains it by plain gradient descent, in float64."""

from __future__ import annotations

import numpy as np

from tests.reference.operations import OPERATIONS


def forward(program, values):
    """All named values after the program, and the record that ``gradients`` goes back along."""
    values, record = dict(values), []
    for output, operation, *arguments in program:
        result, backward = OPERATIONS[operation](*[values[name] for name in arguments])
        # A name may be written twice ("h" before and after relu): the record keeps which writing was read.
        record.append((output, arguments, backward))
        values[output] = result
    return values, record


def gradients(record, names):
    """Gradient of the loss with respect to each of ``names``."""
    flowing = {"loss": np.float64(1.0)}
    for output, arguments, backward in reversed(record):
        for name, part in zip(arguments, backward(flowing.pop(output)), strict=True):
            if part is not None:
                flowing[name] = flowing.get(name, 0.0) + part
    return {name: flowing[name] for name in names}


def train(program, inputs, weights, learning_rate, steps):
    """Losses before each step and after the last, first gradients, final weights, and the values of the first pass."""
    weights = dict(weights)
    losses, first, start = [], {}, {}
    for step in range(steps + 1):
        values, record = forward(program, {**inputs, **weights})
        losses.append(float(values["loss"]))
        if step == 0:
            start = values
        if step == 0 or step < steps:
            of = gradients(record, weights)
            first = first or of
        if step < steps:
            weights = {name: value - learning_rate * of[name] for name, value in weights.items()}
    return losses, first, weights, start
