"""PyTensor's side of the smoke training (and Aesara's): the living forms of Theano, a graph compiled for the CPU."""

import math
import sys
import time

try:
    import numpy as np
except ImportError:
    # Whoever imports the library then says what is missing: the library itself, or what it needs.
    np = None

HEADS = 2
LIBRARY = {}
STEPS = {}
"""Compiled steps by task, dtype, and whether faults are built in."""


def start(options):
    """Import the library that is meant; both have Theano's interface."""
    if options["framework"] == "aesara":
        import aesara as library
        from aesara import tensor
    else:
        import pytensor as library
        from pytensor import tensor
    LIBRARY.update(library=library, tensor=tensor)


def version():
    """Version of the library."""
    return LIBRARY["library"].__version__


def accelerated():
    """Neither has a GPU back end today."""
    return False


def forks():
    """There is one device: nothing is forked."""
    return False


def devices():
    """The CPU."""
    return [{"device": "cpu", "kind": "cpu", "name": None}]


def memory(_):
    """Most bytes held by this process."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def linear(x, w, b=None):
    """A matrix product over the last axis."""
    tensor = LIBRARY["tensor"]
    y = tensor.dot(x, w)
    return y if b is None else y + b


def tanh(x):
    """Hyperbolic tangent."""
    return LIBRARY["tensor"].tanh(x)


def conv2d(x, w, b):
    """A convolution without padding, as a sum of nine products: PyTensor keeps no kernel of its own for it."""
    high, wide = w.type.shape[:2]
    rows, columns = x.type.shape[1] - high + 1, x.type.shape[2] - wide + 1
    tensor = LIBRARY["tensor"]
    parts = [tensor.dot(x[:, i : i + rows, j : j + columns], w[i, j]) for i in range(high) for j in range(wide)]
    return sum(parts[1:], parts[0]) + b


def max_pool(x):
    """Pairs of rows and columns."""
    tensor = LIBRARY["tensor"]
    one, two = tensor.maximum(x[:, ::2, ::2], x[:, ::2, 1::2]), tensor.maximum(x[:, 1::2, ::2], x[:, 1::2, 1::2])
    return tensor.maximum(one, two)


def rnn(x, wx, wh, b):
    """A plain recurrent layer, step by step."""
    tensor = LIBRARY["tensor"]
    ahead, state, states = linear(x, wx, b), None, []
    for at in range(x.type.shape[1]):
        state = tensor.tanh(ahead[:, at] if state is None else ahead[:, at] + tensor.dot(state, wh))
        states.append(state)
    return tensor.stack(states, 1)


def lstm(x, wx, wh, b):
    """An LSTM, step by step."""
    tensor = LIBRARY["tensor"]
    width = wh.type.shape[0]
    ahead, hidden, cell, states = linear(x, wx, b), None, None, []
    for at in range(x.type.shape[1]):
        gates = ahead[:, at] if hidden is None else ahead[:, at] + tensor.dot(hidden, wh)
        enter, forget, new, out = (gates[:, part * width : (part + 1) * width] for part in range(4))
        fresh = tensor.sigmoid(enter) * tensor.tanh(new)
        cell = fresh if cell is None else tensor.sigmoid(forget) * cell + fresh
        hidden = tensor.sigmoid(out) * tensor.tanh(cell)
        states.append(hidden)
    return tensor.stack(states, 1)


def bidirectional_lstm(x, *weights):
    """The last states of both directions."""
    ahead, astern = lstm(x, *weights[:3]), lstm(x[:, ::-1], *weights[3:])
    return LIBRARY["tensor"].concatenate([ahead[:, -1], astern[:, -1]], 1)


def attention(q, k, v):
    """Scaled dot-product attention of two heads."""
    tensor = LIBRARY["tensor"]
    width = q.type.shape[2] // HEADS
    parts = []
    for head in range(HEADS):
        one, two, three = (x[:, :, head * width : (head + 1) * width] for x in (q, k, v))
        scores = tensor.sum(one[:, :, None, :] * two[:, None, :, :], -1) * width**-0.5
        parts.append(tensor.sum(softmax(scores)[:, :, :, None] * three[:, None, :, :], 2))
    return tensor.concatenate(parts, 2)


def softmax(x):
    """Over the last axis."""
    e = LIBRARY["tensor"].exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def layer_norm(x, gain, bias):
    """Normalised over the last axis."""
    centred = x - x.mean(-1, keepdims=True)
    return centred / LIBRARY["tensor"].sqrt((centred * centred).mean(-1, keepdims=True) + 2.0**-10) * gain + bias


def cross_entropy(logits, labels):
    """Mean over everything but the classes."""
    tensor = LIBRARY["tensor"]
    flat, wanted = logits.reshape((-1, logits.type.shape[-1])), labels.flatten()
    shifted = flat - flat.max(-1, keepdims=True)
    rows = tensor.arange(wanted.shape[0])
    return (tensor.log(tensor.exp(shifted).sum(-1)) - shifted[rows, wanted]).mean()


def binary_cross_entropy(x, y):
    """Of logits."""
    tensor = LIBRARY["tensor"]
    return (tensor.maximum(x, 0) - x * y + tensor.log1p(tensor.exp(-abs(x)))).mean()


OPERATIONS = {
    "linear": linear,
    # maximum(x, 0) shares the gradient where both are equal; a rectifier gives none at zero.
    "relu": lambda x: LIBRARY["tensor"].switch(x > 0, x, 0),
    "tanh": tanh,
    "add": lambda x, y: x + y,
    "flatten": lambda x: x.reshape((x.type.shape[0], math.prod(x.type.shape[1:]))),
    "conv2d": conv2d,
    "max_pool": max_pool,
    "embedding": lambda indices, table: table[indices],
    "rnn": rnn,
    "lstm": lstm,
    "bidirectional_lstm": bidirectional_lstm,
    "last": lambda x: x[:, -1],
    "mean_time": lambda x: x.mean(1),
    "repeat_like": lambda x, y: LIBRARY["tensor"].repeat(x[:, None], y.type.shape[1], 1),
    "concat": lambda x, y: LIBRARY["tensor"].concatenate([x, y], -1),
    "layer_norm": layer_norm,
    "attention": attention,
    "cross_entropy": cross_entropy,
    "mean_square": lambda x, y: ((x - y) ** 2).mean(),
    "binary_cross_entropy": binary_cross_entropy,
    "weighted_sum": lambda x, y: (x * y).sum(),
}


class Trainer:
    """The CPU."""

    def __init__(self, device, options):
        self.fault = options.get("fault")
        self.faults = load("faults") if self.fault else None  # noqa: F821 - given by start.py

    def open(self):
        """Nothing is initialised."""

    def modes(self, task, dtype):
        """PyTensor compiles a graph."""
        if dtype not in ("float32", "float64"):
            raise NotImplementedError("%s is not supported by this library" % dtype)
        return ["function"]

    def usual(self):
        """Nothing was changed."""

    def highest(self):
        """There is no lesser precision but the one that the power test injects."""
        if self.fault == "tf32":
            self.faults = None

    def array(self, one, dtype):
        """An array of a task file."""
        kind = "int64" if one["kind"] == "index" else dtype
        return np.array(one["values"], "float64").astype(kind).reshape(one["shape"])

    def step_of(self, task, dtype):
        """The compiled step of a task: loss, watched values, gradients."""
        key = task["name"], dtype, self.faults is None
        if key in STEPS:
            return STEPS[key]
        library, tensor = LIBRARY["library"], LIBRARY["tensor"]
        values = {}
        for name, one in {**task["inputs"], **task["weights"]}.items():
            kind = "int64" if one["kind"] == "index" else dtype
            values[name] = tensor.TensorType(kind, shape=tuple(one["shape"]))(name)
        symbols, program = dict(values), task["program"]
        functions, switched = [OPERATIONS[line[1]] for line in program], {}
        if self.faults:
            switched = {name: tensor.scalar(name, dtype=dtype) for name in self.faults["ARITHMETIC"]}
            kit = load("faults_pytensor")["kit"](library, tensor)  # noqa: F821 - given by start.py
            functions = self.faults["broken"](program, OPERATIONS, kit, switched)
        for (output, _, *arguments), function in zip(program, functions):
            values[output] = function(*[values[name] for name in arguments])
        gradients = library.grad(values["loss"], [symbols[name] for name in task["weights"]])
        outputs = [values["loss"], *[values[name] for name in task["watched"]], *gradients]
        # FAST_COMPILE leaves out the rewriting that takes seconds a graph; the arithmetic is NumPy's and BLAS' own.
        given = [*symbols.values(), *switched.values()]
        STEPS[key] = library.function(given, outputs, mode="FAST_COMPILE", on_unused_input="ignore")
        return STEPS[key]

    def train(self, task, dtype, mode, steps):
        """Plain gradient descent; losses before each step and after the last."""
        inputs = {name: self.array(one, dtype) for name, one in task["inputs"].items()}
        weights = {name: self.array(one, dtype) for name, one in task["weights"].items()}
        rate = np.dtype(dtype).type(task["learning_rate"])
        began = time.monotonic()
        compute = self.step_of(task, dtype)
        result = {"start": raw(weights), "losses": [], "places": ["cpu"]}
        for step in range(steps + 1):
            switched = self.faults["switches"](self.fault, step) if self.faults else {}
            loss, *rest = compute(*inputs.values(), *weights.values(), *map(rate.dtype.type, switched.values()))
            watched = dict(zip(task["watched"], rest))
            gradients = dict(zip(weights, rest[len(watched) :]))
            result["losses"].append(float(loss))
            if step == 0:
                result["gradients"], result["watched"] = raw(gradients), raw(watched)
                result["first_step"] = time.monotonic() - began
            if step < steps:
                weights = {name: one - rate * gradients[name].astype(dtype) for name, one in weights.items()}
        result["trained"] = raw(weights) if steps else {}
        return result


def raw(arrays):
    """The bytes of arrays: float64 as it is, everything else as float32."""
    return {
        name: np.ascontiguousarray(one, "float64" if one.dtype == "float64" else "float32").tobytes()
        for name, one in arrays.items()
    }
