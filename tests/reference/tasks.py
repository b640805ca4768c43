"""The smoke tasks: data, initial weights and program of each. All numbers are exact in bfloat16.

The stream of numpy.random.RandomState is frozen by NumPy's policy, so that anybody regenerates the same files.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

STEPS = 20


@dataclass(frozen=True, kw_only=True)
class Task:
    """One tiny training job."""

    name: str
    title: str
    program: tuple[tuple[str, ...], ...]
    inputs: dict[str, np.ndarray]
    weights: dict[str, np.ndarray]
    learning_rate: float
    steps: int = STEPS
    exact: bool = False
    watch: tuple[str, ...] = ()
    notes: dict[str, object] = field(default_factory=dict)


def exact(values):
    """The nearest numbers with eight significant bits: the same in float64, float32, TF32, float16 and bfloat16."""
    mantissa, exponent = np.frexp(np.asarray(values, dtype=np.float64))
    return np.ldexp(np.round(mantissa * 256) / 256, exponent)


def _draw(seed):
    stream = np.random.RandomState(seed)

    def weight(*shape, scale=None):
        spread = scale if scale is not None else (1.0 / np.prod(shape[:-1])) ** 0.5
        return exact(np.clip(stream.standard_normal(shape), -2, 2) * spread)

    return stream, weight


def exact_integers():
    stream, _ = _draw(1)

    def whole(*shape, low=-2, high=2):
        return stream.randint(low, high + 1, shape).astype(np.float64)

    return Task(
        name="exact-integers",
        title="Integer forward and backward pass, equal to the last bit",
        program=(
            ("a1", "linear", "x", "w1", "b1"),
            ("h1", "relu", "a1"),
            ("a2", "linear", "h1", "w2", "b2"),
            ("h2", "relu", "a2"),
            ("z", "linear", "h2", "w3", "b3"),
            ("loss", "weighted_sum", "z", "y"),
        ),
        inputs={"x": whole(16, 4, low=-3, high=3), "y": whole(16, 1, low=-1, high=2)},
        weights={
            "w1": whole(4, 16),
            "b1": whole(16, low=-1, high=1),
            "w2": whole(16, 16),
            "b2": whole(16, low=-1, high=1),
            "w3": whole(16, 1, low=-9, high=9),
            "b3": whole(1),
        },
        learning_rate=1.0,
        steps=0,
        exact=True,
        watch=("a1", "a2", "z"),
    )


def perceptron_gates():
    _, weight = _draw(2)
    rows = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=np.float64)
    wanted = np.stack([rows[:, 0] * rows[:, 1], np.maximum(rows[:, 0], rows[:, 1]), 1 - rows[:, 0]], 1)
    return Task(
        name="perceptron-gates",
        title="Three perceptrons learn the gates AND, OR and NOT",
        program=(("z", "linear", "x", "w", "b"), ("loss", "binary_cross_entropy", "z", "y")),
        inputs={"x": rows, "y": wanted},
        weights={"w": weight(2, 3, scale=0.25), "b": weight(3, scale=0.25)},
        learning_rate=4.0,
        notes={"outputs": ["AND", "OR", "NOT (of the first input)"], "plane": ["x1", "x2"]},
    )


def mlp_classification():
    stream, weight = _draw(3)
    angle = stream.uniform(0, np.pi, 16)
    upper = np.stack([np.cos(angle), np.sin(angle)], 1)
    lower = np.stack([1 - np.cos(angle), 0.5 - np.sin(angle)], 1)
    points = np.concatenate([upper, lower]) + 0.06 * stream.standard_normal((32, 2)) - [0.5, 0.25]
    return Task(
        name="mlp-classification",
        title="ANN classification: two interleaved half moons",
        program=(
            ("h", "linear", "x", "w1", "b1"),
            ("h", "tanh", "h"),
            ("z", "linear", "h", "w2", "b2"),
            ("loss", "cross_entropy", "z", "y"),
        ),
        inputs={"x": exact(points), "y": np.repeat([0, 1], 16)},
        weights={
            "w1": weight(2, 16, scale=1.0),
            "b1": weight(16, scale=0.5),
            "w2": weight(16, 2),
            "b2": weight(2, scale=0.125),
        },
        learning_rate=0.5,
        notes={"plane": ["x1", "x2"]},
    )


def mlp_regression():
    stream, weight = _draw(4)
    rows = stream.uniform(-1, 1, (32, 4))
    price = rows[:, :1] - 0.5 * rows[:, 1:2] + rows[:, 2:3] * rows[:, 3:4]
    return Task(
        name="mlp-regression",
        title="ANN regression on a table of four columns",
        program=(
            ("h", "linear", "x", "w1", "b1"),
            ("h", "relu", "h"),
            ("z", "linear", "h", "w2", "b2"),
            ("loss", "mean_square", "z", "y"),
        ),
        inputs={"x": exact(rows), "y": exact(price)},
        weights={
            "w1": weight(4, 16),
            "b1": weight(16, scale=0.125),
            "w2": weight(16, 1),
            "b2": weight(1, scale=0.125),
        },
        learning_rate=0.125,
    )


def cnn_images():
    stream, weight = _draw(5)
    images = np.zeros((12, 8, 8, 1))
    for at in range(12):
        kind, place = at % 3, at // 3
        for line in (place, place + 4):
            if kind == 0:
                images[at, line, :, 0] = 1
            elif kind == 1:
                images[at, :, line, 0] = 1
            else:
                images[at, np.arange(8), (np.arange(8) + line) % 8, 0] = 1
    images += 0.125 * stream.standard_normal(images.shape)
    return Task(
        name="cnn-images",
        title="CNN: horizontal, vertical and diagonal stripes in 8 x 8 images",
        program=(
            ("h", "conv2d", "x", "w1", "b1"),
            ("h", "relu", "h"),
            ("h", "max_pool", "h"),
            ("h", "flatten", "h"),
            ("z", "linear", "h", "w2", "b2"),
            ("loss", "cross_entropy", "z", "y"),
        ),
        inputs={"x": exact(images), "y": np.arange(12) % 3},
        weights={
            "w1": weight(3, 3, 1, 4),
            "b1": weight(4, scale=0.125),
            "w2": weight(36, 3),
            "b2": weight(3, scale=0.125),
        },
        learning_rate=0.125,
    )


def _sequences(stream):
    steps = stream.uniform(-1, 1, (16, 6, 2))
    return exact(steps), (steps[:, :, 0].sum(1) > 0).astype(np.int64)


def rnn_sequences():
    stream, weight = _draw(6)
    x, y = _sequences(stream)
    return Task(
        name="rnn-sequences",
        title="RNN: is the sum of a sequence positive",
        program=(
            ("h", "rnn", "x", "wx", "wh", "b"),
            ("h", "last", "h"),
            ("z", "linear", "h", "w", "c"),
            ("loss", "cross_entropy", "z", "y"),
        ),
        inputs={"x": x, "y": y},
        weights={
            "wx": weight(2, 8),
            "wh": weight(8, 8),
            "b": weight(8, scale=0.125),
            "w": weight(8, 2),
            "c": weight(2, scale=0.125),
        },
        learning_rate=0.25,
    )


def lstm_sequences():
    stream, weight = _draw(7)
    x, y = _sequences(stream)
    return Task(
        name="lstm-sequences",
        title="LSTM: is the sum of a sequence positive",
        program=(
            ("h", "lstm", "x", "wx", "wh", "b"),
            ("h", "last", "h"),
            ("z", "linear", "h", "w", "c"),
            ("loss", "cross_entropy", "z", "y"),
        ),
        inputs={"x": x, "y": y},
        weights={
            "wx": weight(2, 32),
            "wh": weight(8, 32),
            "b": weight(32, scale=0.125),
            "w": weight(8, 2),
            "c": weight(2, scale=0.125),
        },
        learning_rate=0.5,
    )


def bidirectional_lstm():
    stream, weight = _draw(8)
    x, y = _sequences(stream)
    return Task(
        name="bidirectional-lstm",
        title="Bidirectional LSTM: is the sum of a sequence positive",
        program=(
            ("h", "bidirectional_lstm", "x", "wx", "wh", "b", "rx", "rh", "rb"),
            ("z", "linear", "h", "w", "c"),
            ("loss", "cross_entropy", "z", "y"),
        ),
        inputs={"x": x, "y": y},
        weights={
            "wx": weight(2, 24),
            "wh": weight(6, 24),
            "b": weight(24, scale=0.125),
            "rx": weight(2, 24),
            "rh": weight(6, 24),
            "rb": weight(24, scale=0.125),
            "w": weight(12, 2),
            "c": weight(2, scale=0.125),
        },
        learning_rate=0.5,
    )


def encoder_decoder():
    stream, weight = _draw(9)
    source = stream.randint(1, 6, (12, 4))
    target = source[:, ::-1].copy()
    shifted = np.concatenate([np.zeros((12, 1), dtype=np.int64), target[:, :-1]], 1)
    return Task(
        name="encoder-decoder",
        title="Encoder-decoder: write a sequence of letters backwards",
        program=(
            ("e", "embedding", "source", "table"),
            ("e", "lstm", "e", "ex", "eh", "eb"),
            ("context", "last", "e"),
            ("d", "embedding", "shifted", "table"),
            ("r", "repeat_like", "context", "d"),
            ("d", "concat", "d", "r"),
            ("d", "lstm", "d", "dx", "dh", "db"),
            ("z", "linear", "d", "w", "c"),
            ("loss", "cross_entropy", "z", "y"),
        ),
        inputs={"source": source, "shifted": shifted, "y": target},
        weights={
            "table": weight(6, 4, scale=0.5),
            "ex": weight(4, 32),
            "eh": weight(8, 32),
            "eb": weight(32, scale=0.125),
            "dx": weight(12, 32),
            "dh": weight(8, 32),
            "db": weight(32, scale=0.125),
            "w": weight(8, 6),
            "c": weight(6, scale=0.125),
        },
        learning_rate=0.5,
    )


def transformer():
    stream, weight = _draw(10)
    words = stream.randint(0, 6, (12, 6))
    return Task(
        name="transformer",
        title="Small transformer: does a sequence hold more high than low symbols",
        program=(
            ("e", "embedding", "words", "table"),
            ("e", "add", "e", "places"),
            ("q", "linear", "e", "wq", "bq"),
            ("k", "linear", "e", "wk"),
            ("v", "linear", "e", "wv", "bv"),
            ("a", "attention", "q", "k", "v"),
            ("a", "linear", "a", "wo", "bo"),
            ("a", "add", "e", "a"),
            ("n", "layer_norm", "a", "g1", "s1"),
            ("f", "linear", "n", "w1", "b1"),
            ("f", "relu", "f"),
            ("f", "linear", "f", "w2", "b2"),
            ("f", "add", "n", "f"),
            ("f", "layer_norm", "f", "g2", "s2"),
            ("m", "mean_time", "f"),
            ("z", "linear", "m", "w3", "b3"),
            ("loss", "cross_entropy", "z", "y"),
        ),
        inputs={
            "words": words,
            "places": weight(6, 8, scale=0.25),
            "y": ((words >= 3).sum(1) > 3).astype(np.int64),
        },
        weights={
            "table": weight(6, 8, scale=0.5),
            "wq": weight(8, 8),
            "bq": weight(8, scale=0.125),
            "wk": weight(8, 8),
            "wv": weight(8, 8),
            "bv": weight(8, scale=0.125),
            "wo": weight(8, 8),
            "bo": weight(8, scale=0.125),
            "g1": np.ones(8),
            "s1": np.zeros(8),
            "w1": weight(8, 16),
            "b1": weight(16, scale=0.125),
            "w2": weight(16, 8),
            "b2": weight(8, scale=0.125),
            "g2": np.ones(8),
            "s2": np.zeros(8),
            "w3": weight(8, 2),
            "b3": weight(2, scale=0.125),
        },
        learning_rate=0.0625,
    )


WORDS = [
    "the",
    "film",
    "plot",
    "acting",
    "was",
    "is",
    "good",
    "great",
    "lovely",
    "fine",
    "bad",
    "dull",
    "awful",
    "weak",
    "very",
    "not",
]
REVIEWS = (
    ("the film was very good", 1),
    ("the plot is very dull", 0),
    ("the acting was great good", 1),
    ("the film is awful bad", 0),
    ("the plot was lovely fine", 1),
    ("the acting is very weak", 0),
    ("the film is good fine", 1),
    ("the plot was bad weak", 0),
)


def word_embedding():
    _, weight = _draw(11)
    return Task(
        name="word-embedding",
        title="Word embedding: tell good reviews from bad ones",
        program=(
            ("e", "embedding", "words", "table"),
            ("m", "mean_time", "e"),
            ("h", "linear", "m", "w1", "b1"),
            ("h", "tanh", "h"),
            ("z", "linear", "h", "w2", "b2"),
            ("loss", "cross_entropy", "z", "y"),
        ),
        inputs={
            "words": np.array([[WORDS.index(word) for word in text.split()] for text, _ in REVIEWS]),
            "y": np.array([label for _, label in REVIEWS]),
        },
        weights={
            "table": weight(16, 8, scale=1.0),
            "w1": weight(8, 8),
            "b1": weight(8, scale=0.125),
            "w2": weight(8, 2),
            "b2": weight(2, scale=0.125),
        },
        learning_rate=0.5,
        notes={"vocabulary": WORDS, "texts": [text for text, _ in REVIEWS]},
    )


TASKS = (
    exact_integers,
    perceptron_gates,
    mlp_classification,
    mlp_regression,
    cnn_images,
    rnn_sequences,
    lstm_sequences,
    bidirectional_lstm,
    encoder_decoder,
    transformer,
    word_embedding,
)
