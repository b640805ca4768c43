"""Every operation of the smoke tasks in float64 NumPy, with its derivative written out by hand.

An operation takes arrays and gives ``(output, backward)``; ``backward(gradient)`` gives one gradient for each argument,
None where an argument has none. Images are (batch, row, column, channel), sequences (batch, time, feature).
"""

from __future__ import annotations

import numpy as np


def linear(x, w, b=None):
    def backward(g):
        flat_x, flat_g = x.reshape(-1, x.shape[-1]), g.reshape(-1, g.shape[-1])
        gradients = [g @ w.T, flat_x.T @ flat_g]
        return gradients if b is None else [*gradients, flat_g.sum(0)]

    return x @ w + (0.0 if b is None else b), backward


def relu(x):
    return np.maximum(x, 0.0), lambda g: [g * (x > 0)]


def tanh(x):
    y = np.tanh(x)
    return y, lambda g: [g * (1.0 - y * y)]


def add(x, y):
    def backward(g):
        extra = tuple(range(g.ndim - y.ndim))
        return [g, g.sum(extra) if extra else g]

    return x + y, backward


def flatten(x):
    return x.reshape(len(x), -1), lambda g: [g.reshape(x.shape)]


def conv2d(x, w, b):
    rows, columns = x.shape[1] - w.shape[0] + 1, x.shape[2] - w.shape[1] + 1
    places = [(i, j) for i in range(w.shape[0]) for j in range(w.shape[1])]
    y = sum(x[:, i : i + rows, j : j + columns] @ w[i, j] for i, j in places) + b

    def backward(g):
        of_x, of_w = np.zeros_like(x), np.zeros_like(w)
        for i, j in places:
            of_x[:, i : i + rows, j : j + columns] += g @ w[i, j].T
            of_w[i, j] = np.einsum("nhwi,nhwo->io", x[:, i : i + rows, j : j + columns], g)
        return [of_x, of_w, g.sum((0, 1, 2))]

    return y, backward


def max_pool(x):
    n, rows, columns, channels = x.shape
    cells = x.reshape(n, rows // 2, 2, columns // 2, 2, channels).transpose(0, 1, 3, 5, 2, 4)
    cells = cells.reshape(*cells.shape[:4], 4)
    first = cells.argmax(-1)

    def backward(g):
        spread = np.zeros_like(cells)
        np.put_along_axis(spread, first[..., None], g[..., None], -1)
        spread = spread.reshape(*spread.shape[:4], 2, 2).transpose(0, 1, 4, 2, 5, 3)
        return [spread.reshape(x.shape)]

    return cells.max(-1), backward


def embedding(indices, table):
    def backward(g):
        of_table = np.zeros_like(table)
        np.add.at(of_table, indices, g)
        return [None, of_table]

    return table[indices], backward


def rnn(x, wx, wh, b):
    batch, steps, _ = x.shape
    states = [np.zeros((batch, wh.shape[0]))]
    for t in range(steps):
        states.append(np.tanh(x[:, t] @ wx + states[-1] @ wh + b))

    def backward(g):
        of_x, of_wx, of_wh, of_b = np.zeros_like(x), np.zeros_like(wx), np.zeros_like(wh), np.zeros_like(b)
        later = np.zeros_like(states[0])
        for t in reversed(range(steps)):
            inner = (g[:, t] + later) * (1.0 - states[t + 1] ** 2)
            of_x[:, t], later = inner @ wx.T, inner @ wh.T
            of_wx += x[:, t].T @ inner
            of_wh += states[t].T @ inner
            of_b += inner.sum(0)
        return [of_x, of_wx, of_wh, of_b]

    return np.stack(states[1:], 1), backward


def _sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def lstm(x, wx, wh, b):
    """Gates in the order input, forget, cell, output, as in PyTorch and Keras; states begin at zero."""
    batch, steps, _ = x.shape
    hidden, cell = np.zeros((batch, wh.shape[0])), np.zeros((batch, wh.shape[0]))
    past, outputs = [], []
    for t in range(steps):
        i, f, c, o = np.split(x[:, t] @ wx + hidden @ wh + b, 4, 1)
        i, f, c, o = _sigmoid(i), _sigmoid(f), np.tanh(c), _sigmoid(o)
        new = f * cell + i * c
        past.append((i, f, c, o, hidden, cell, np.tanh(new)))
        hidden, cell = o * np.tanh(new), new
        outputs.append(hidden)

    def backward(g):
        of_x, of_wx, of_wh, of_b = np.zeros_like(x), np.zeros_like(wx), np.zeros_like(wh), np.zeros_like(b)
        of_hidden, of_cell = np.zeros_like(hidden), np.zeros_like(cell)
        for t in reversed(range(steps)):
            i, f, c, o, before, cell_before, squashed = past[t]
            h = g[:, t] + of_hidden
            of_cell = of_cell + h * o * (1.0 - squashed**2)
            gates = [
                of_cell * c * i * (1.0 - i),
                of_cell * cell_before * f * (1.0 - f),
                of_cell * i * (1.0 - c**2),
                h * squashed * o * (1.0 - o),
            ]
            inner = np.concatenate(gates, 1)
            of_x[:, t], of_hidden, of_cell = inner @ wx.T, inner @ wh.T, of_cell * f
            of_wx += x[:, t].T @ inner
            of_wh += before.T @ inner
            of_b += inner.sum(0)
        return [of_x, of_wx, of_wh, of_b]

    return np.stack(outputs, 1), backward


def bidirectional_lstm(x, wx, wh, b, reverse_wx, reverse_wh, reverse_b):
    """Last state of a forward and of a backward reading, side by side."""
    ahead, ahead_backward = lstm(x, wx, wh, b)
    astern, astern_backward = lstm(x[:, ::-1], reverse_wx, reverse_wh, reverse_b)
    width = wh.shape[0]

    def backward(g):
        of_ahead, of_astern = np.zeros_like(ahead), np.zeros_like(astern)
        of_ahead[:, -1], of_astern[:, -1] = g[:, :width], g[:, width:]
        one, two = ahead_backward(of_ahead), astern_backward(of_astern)
        return [one[0] + two[0][:, ::-1], *one[1:], *two[1:]]

    return np.concatenate([ahead[:, -1], astern[:, -1]], 1), backward


def last(x):
    def backward(g):
        of_x = np.zeros_like(x)
        of_x[:, -1] = g
        return [of_x]

    return x[:, -1], backward


def mean_time(x):
    return x.mean(1), lambda g: [np.repeat(g[:, None] / x.shape[1], x.shape[1], 1)]


def repeat_like(x, y):
    """The vector x at every time of the sequence y."""
    return np.repeat(x[:, None], y.shape[1], 1), lambda g: [g.sum(1), None]


def concat(x, y):
    return np.concatenate([x, y], -1), lambda g: np.split(g, [x.shape[-1]], -1)


NORM_EPSILON = 2.0**-10


def layer_norm(x, gain, bias):
    centred = x - x.mean(-1, keepdims=True)
    scale = 1.0 / np.sqrt((centred**2).mean(-1, keepdims=True) + NORM_EPSILON)
    normal = centred * scale

    def backward(g):
        over = tuple(range(g.ndim - 1))
        inner = g * gain
        of_x = scale * (inner - inner.mean(-1, keepdims=True) - normal * (inner * normal).mean(-1, keepdims=True))
        return [of_x, (g * normal).sum(over), g.sum(over)]

    return normal * gain + bias, backward


HEADS = 2


def _softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def attention(q, k, v):
    """Scaled dot-product attention of two heads, without a mask."""
    batch, steps, width = q.shape

    def split(x):
        return x.reshape(batch, steps, HEADS, width // HEADS).transpose(0, 2, 1, 3)

    def join(x):
        return x.transpose(0, 2, 1, 3).reshape(batch, steps, width)

    scale = (width // HEADS) ** -0.5
    sq, sk, sv = split(q), split(k), split(v)
    weights = _softmax(sq @ sk.transpose(0, 1, 3, 2) * scale)

    def backward(g):
        sg = split(g)
        of_weights = sg @ sv.transpose(0, 1, 3, 2)
        of_scores = weights * (of_weights - (of_weights * weights).sum(-1, keepdims=True)) * scale
        return [
            join(of_scores @ sk),
            join(of_scores.transpose(0, 1, 3, 2) @ sq),
            join(weights.transpose(0, 1, 3, 2) @ sg),
        ]

    return join(weights @ sv), backward


def cross_entropy(logits, labels):
    flat, wanted = logits.reshape(-1, logits.shape[-1]), labels.reshape(-1)
    rows = np.arange(len(flat))
    shifted = flat - flat.max(-1, keepdims=True)
    loss = (np.log(np.exp(shifted).sum(-1)) - shifted[rows, wanted]).mean()

    def backward(g):
        of = _softmax(flat)
        of[rows, wanted] -= 1.0
        return [g * of.reshape(logits.shape) / len(flat), None]

    return loss, backward


def mean_square(x, y):
    return ((x - y) ** 2).mean(), lambda g: [g * 2.0 * (x - y) / x.size, None]


def binary_cross_entropy(logits, y):
    loss = (np.maximum(logits, 0.0) - logits * y + np.log1p(np.exp(-np.abs(logits)))).mean()
    return loss, lambda g: [g * (_sigmoid(logits) - y) / logits.size, None]


def weighted_sum(x, y):
    return (x * y).sum(), lambda g: [g * y, None]


OPERATIONS = {
    one.__name__: one
    for one in (
        linear,
        relu,
        tanh,
        add,
        flatten,
        conv2d,
        max_pool,
        embedding,
        rnn,
        lstm,
        bidirectional_lstm,
        last,
        mean_time,
        repeat_like,
        concat,
        layer_norm,
        attention,
        cross_entropy,
        mean_square,
        binary_cross_entropy,
        weighted_sum,
    )
}
