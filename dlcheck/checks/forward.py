"""The forward pass of the smoke tasks in plain Python floats: what loss do these weights really have.

A worker that is broken, or lies, may report a loss that its own weights do not have. This asks nobody but the
interpreter that dlcheck itself runs in, and needs no framework and no NumPy.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dlcheck.model.smoke import Array, SmokeTask

HEADS = 2
EPSILON = 2.0**-10
Nested = Any
"""A number, or a list of Nested: an array of any rank."""


def loss_of(task: SmokeTask, weights: Mapping[str, Array]) -> float:
    """The loss of the task with these weights."""
    values = {name: nested(one) for name, one in {**task.inputs, **weights}.items()}
    for output, operation, *arguments in task.program:
        values[output] = _OPERATIONS[operation](*[values[name] for name in arguments])
    return float(values["loss"])


def outputs_of(task: SmokeTask, weights: Mapping[str, Array], rows: Sequence[Sequence[float]]) -> list[list[float]]:
    """What the network makes of other rows of its input ``x``: the value that its loss is computed from."""
    values = {name: nested(one) for name, one in {**task.inputs, **weights}.items()}
    values["x"] = [list(row) for row in rows]
    for output, operation, *arguments in task.program[:-1]:
        values[output] = _OPERATIONS[operation](*[values[name] for name in arguments])
    found: list[list[float]] = values[task.program[-1][2]]
    return found


def nested(one: Array) -> Nested:
    """The array as lists of lists."""
    values: list[Nested] = [int(value) for value in one.values] if one.kind == "index" else list(one.values)
    for size in reversed(one.shape[1:]):
        values = [values[at : at + size] for at in range(0, len(values), size)]
    return values


def _each_row(operation: Callable[[list[float]], Nested], x: Nested) -> Nested:
    """The operation on every last axis."""
    if x and isinstance(x[0], list):
        return [_each_row(operation, one) for one in x]
    return operation(x)


def _each(operation: Callable[[float], float], x: Nested) -> Nested:
    return [_each(operation, one) for one in x] if isinstance(x, list) else operation(x)


def _product(row: Sequence[float], matrix: Nested) -> list[float]:
    return [math.fsum(a * b for a, b in zip(row, column, strict=True)) for column in zip(*matrix, strict=True)]


def _linear(x: Nested, w: Nested, b: Nested = None) -> Nested:
    bias = b or [0.0] * len(w[0])
    return _each_row(lambda row: [a + c for a, c in zip(_product(row, w), bias, strict=True)], x)


def _add(x: Nested, y: Nested) -> Nested:
    if not isinstance(x, list):
        return x + y
    if _rank(x) > _rank(y):
        return [_add(one, y) for one in x]
    return [_add(a, b) for a, b in zip(x, y, strict=True)]


def _rank(x: Nested) -> int:
    return 1 + _rank(x[0]) if isinstance(x, list) else 0


def _flat(x: Nested) -> list[float]:
    return [value for one in x for value in _flat(one)] if isinstance(x, list) else [x]


def _conv2d(x: Nested, w: Nested, b: Nested) -> Nested:
    high, wide = len(w), len(w[0])
    kernel = [w[i][j][channel] for i in range(high) for j in range(wide) for channel in range(len(w[0][0]))]

    def patch(image: Nested, row: int, column: int) -> list[float]:
        return _flat([image[row + i][column : column + wide] for i in range(high)])

    return [
        [
            _linear([patch(image, i, j) for j in range(len(image[0]) - wide + 1)], kernel, b)
            for i in range(len(image) - high + 1)
        ]
        for image in x
    ]


def _max_pool(x: Nested) -> Nested:
    def pool(image: Nested, i: int, j: int) -> list[float]:
        four = (image[i][j], image[i][j + 1], image[i + 1][j], image[i + 1][j + 1])
        return [max(values) for values in zip(*four, strict=True)]

    return [
        [[pool(image, i, j) for j in range(0, len(image[0]) - 1, 2)] for i in range(0, len(image) - 1, 2)]
        for image in x
    ]


def _rnn(x: Nested, wx: Nested, wh: Nested, b: Nested) -> Nested:
    found = []
    for sequence in x:
        state, states = [0.0] * len(wh), []
        for row in sequence:
            state = _each(math.tanh, _add(_add(_product(row, wx), _product(state, wh)), b))
            states.append(state)
        found.append(states)
    return found


def _lstm(x: Nested, wx: Nested, wh: Nested, b: Nested) -> Nested:
    width, found = len(wh), []
    for sequence in x:
        hidden, cell, states = [0.0] * width, [0.0] * width, []
        for row in sequence:
            gates = _add(_add(_product(row, wx), _product(hidden, wh)), b)
            enter, forget, out = (_each(_sigmoid, gates[at * width : (at + 1) * width]) for at in (0, 1, 3))
            new = _each(math.tanh, gates[2 * width : 3 * width])
            cell = [f * c + i * n for f, c, i, n in zip(forget, cell, enter, new, strict=True)]
            hidden = [o * math.tanh(c) for o, c in zip(out, cell, strict=True)]
            states.append(hidden)
        found.append(states)
    return found


def _sigmoid(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x)) if x >= 0 else math.exp(x) / (1.0 + math.exp(x))


def _bidirectional_lstm(x: Nested, *weights: Nested) -> Nested:
    ahead = _lstm(x, *weights[:3])
    astern = _lstm([one[::-1] for one in x], *weights[3:])
    return [one[-1] + two[-1] for one, two in zip(ahead, astern, strict=True)]


def _layer_norm(x: Nested, gain: Nested, bias: Nested) -> Nested:
    def norm(row: list[float]) -> list[float]:
        mean = math.fsum(row) / len(row)
        scale = (math.fsum((value - mean) ** 2 for value in row) / len(row) + EPSILON) ** -0.5
        return [(value - mean) * scale * g + s for value, g, s in zip(row, gain, bias, strict=True)]

    return _each_row(norm, x)


def _softmax(row: Sequence[float]) -> list[float]:
    top = max(row)
    parts = [math.exp(value - top) for value in row]
    return [part / math.fsum(parts) for part in parts]


def _attention(q: Nested, k: Nested, v: Nested) -> Nested:
    width = len(q[0][0]) // HEADS
    found = []
    for queries, keys, values in zip(q, k, v, strict=True):
        rows: list[list[float]] = [[] for _ in queries]
        for head in range(HEADS):
            part = slice(head * width, (head + 1) * width)
            columns = [[key[at] for key in keys] for at in range(head * width, (head + 1) * width)]
            for at, query in enumerate(queries):
                scores = [score * width**-0.5 for score in _product(query[part], columns)]
                rows[at] += _product(_softmax(scores), [value[part] for value in values])
        found.append(rows)
    return found


def _cross_entropy(logits: Nested, labels: Nested) -> float:
    if isinstance(labels[0], list):
        logits, labels = [row for one in logits for row in one], [label for one in labels for label in one]
    losses = []
    for row, label in zip(logits, labels, strict=True):
        top = max(row)
        losses.append(math.log(math.fsum(math.exp(value - top) for value in row)) + top - row[label])
    return math.fsum(losses) / len(losses)


def _mean_square(x: Nested, y: Nested) -> float:
    pairs = list(zip(_flat(x), _flat(y), strict=True))
    return math.fsum((a - b) ** 2 for a, b in pairs) / len(pairs)


def _binary_cross_entropy(logits: Nested, y: Nested) -> float:
    pairs = list(zip(_flat(logits), _flat(y), strict=True))
    return math.fsum(max(a, 0.0) - a * b + math.log1p(math.exp(-abs(a))) for a, b in pairs) / len(pairs)


_OPERATIONS: dict[str, Callable[..., Nested]] = {
    "linear": _linear,
    "relu": lambda x: _each(lambda value: max(value, 0.0), x),
    "tanh": lambda x: _each(math.tanh, x),
    "add": _add,
    "flatten": lambda x: [_flat(one) for one in x],
    "conv2d": _conv2d,
    "max_pool": _max_pool,
    "embedding": lambda indices, table: _each(lambda at: table[at], indices),
    "rnn": _rnn,
    "lstm": _lstm,
    "bidirectional_lstm": _bidirectional_lstm,
    "last": lambda x: [one[-1] for one in x],
    "mean_time": lambda x: [[math.fsum(column) / len(one) for column in zip(*one, strict=True)] for one in x],
    "repeat_like": lambda x, y: [[row] * len(one) for row, one in zip(x, y, strict=True)],
    "concat": lambda x, y: [[a + b for a, b in zip(one, two, strict=True)] for one, two in zip(x, y, strict=True)],
    "layer_norm": _layer_norm,
    "attention": _attention,
    "cross_entropy": _cross_entropy,
    "mean_square": _mean_square,
    "binary_cross_entropy": _binary_cross_entropy,
    "weighted_sum": lambda x, y: math.fsum(a * b for a, b in zip(_flat(x), _flat(y), strict=True)),
}
