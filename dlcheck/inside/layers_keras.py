"""The tiny networks in Keras' own layers and losses: a program of data/tasks becomes a functional model."""

import keras
import numpy as np
from keras import layers, ops

HEADS = 2
BACKEND = keras.backend.backend()
ZEROS = {"kernel_initializer": "zeros", "recurrent_initializer": "zeros"}
"""Weights are set before a training; drawing them first would compile a generator a shape, in JAX half a second each."""


class Place(layers.Layer):
    """Adds a constant to what passes: the places of words in a sentence."""

    def __init__(self, values):
        super().__init__()
        self.values = np.array(values, "float64")

    def call(self, x):
        """The sum."""
        return x + ops.cast(self.values, x.dtype)


class Attention(layers.Layer):
    """Scaled dot-product attention of two heads, by keras.ops."""

    def call(self, q, k, v):
        """The heads, side by side."""
        _, steps, width = q.shape
        q, k, v = (ops.reshape(one, (-1, steps, HEADS, width // HEADS)) for one in (q, k, v))
        return ops.reshape(ops.dot_product_attention(q, k, v), (-1, steps, width))


class Broken(layers.Layer):
    """A fault of the power test before or after a product (faults.py); its weights say which faults are on."""

    def __init__(self, change):
        super().__init__()
        self.change = change
        self.switched = {}
        self.kit = load("faults_" + BACKEND)["KIT"]  # noqa: F821 - given by start.py
        shape = (len(load("faults")["ARITHMETIC"]),)  # noqa: F821 - given by start.py
        self.flags = self.add_weight(shape=shape, initializer="zeros", trainable=False)

    def switch(self, found):
        """Turn faults on or off; where a step is compiled, as weights, since it is compiled once for all of them."""
        self.switched = found
        if BACKEND == "jax":
            self.flags.assign([float(on) for on in found.values()])

    def call(self, x):
        """The changed number."""
        switched = self.switched
        if BACKEND == "jax":
            switched = {name: self.flags[at] > 0 for at, name in enumerate(switched)}
        return self.change(x, self.kit, switched)

    def compute_output_spec(self, x):
        """No fault changes a shape."""
        return keras.KerasTensor(x.shape, x.dtype)


class Last(layers.Layer):
    """The last of a sequence."""

    def call(self, x):
        """One row a sequence."""
        return x[:, -1]


class Build:
    """Turns a program into a functional model, layer by layer; ``owners`` tells whose weights are whose."""

    def __init__(self, task, faults=None):
        self.task = task
        self.faults = faults
        self.broken = []
        self.owners = []
        self.values = {}
        self.inputs = {}
        self.shared = {}

    def own(self, layer, *names):
        """Remember which weights of the task are those of a layer."""
        self.owners.append((layer, names))
        return layer

    def product(self, layer, x, *names):
        """What a layer that multiplies makes of x; between two faults where the power test asks for them."""
        if self.faults is None:
            return self.own(layer, *names)(x)
        products = [line for line in self.task["program"] if line[1] in self.faults["PRODUCTS"]]
        last, after = len(self.broken) == 2 * len(products) - 2, self.faults["after"]
        ends = Broken(self.faults["before"]), Broken(lambda y, kit, switched: after(y, kit, switched, last))
        self.broken += ends
        return ends[1](self.own(layer, *names)(ends[0](x)))

    def model(self):
        """The model, and the names of its inputs; the last line of a program is its loss."""
        for output, operation, *names in self.task["program"][:-1]:
            self.values[output] = getattr(self, operation)(*names)
        return keras.Model(list(self.inputs.values()), self.values[self.task["program"][-1][2]])

    def get(self, name):
        """A value, or a new input of the model."""
        if name not in self.values:
            one = self.task["inputs"][name]
            kind = "int32" if one["kind"] == "index" else None
            self.values[name] = self.inputs[name] = keras.Input(tuple(one["shape"][1:]), dtype=kind, name=name)
        return self.values[name]

    def linear(self, x, w, b=None):
        """Dense."""
        layer = layers.Dense(self.task["weights"][w]["shape"][1], use_bias=b is not None, kernel_initializer="zeros")
        return self.product(layer, self.get(x), *([w, b] if b else [w]))

    def relu(self, x):
        """ReLU."""
        return layers.ReLU()(self.get(x))

    def tanh(self, x):
        """Tanh."""
        return layers.Activation("tanh")(self.get(x))

    def add(self, x, y):
        """Add, or the sum with a constant of the task."""
        if y in self.task["inputs"]:
            one = self.task["inputs"][y]
            return Place(np.array(one["values"]).reshape(one["shape"]))(self.get(x))
        return layers.Add()([self.get(x), self.get(y)])

    def flatten(self, x):
        """Flatten."""
        return layers.Flatten()(self.get(x))

    def conv2d(self, x, w, b):
        """Conv2D."""
        rows, columns, _, channels = self.task["weights"][w]["shape"]
        layer = layers.Conv2D(channels, (rows, columns), data_format="channels_last", kernel_initializer="zeros")
        return self.product(layer, self.get(x), w, b)

    def max_pool(self, x):
        """MaxPooling2D."""
        return layers.MaxPooling2D(2, data_format="channels_last")(self.get(x))

    def embedding(self, x, table):
        """Embedding; two uses of one table are one layer."""
        if table not in self.shared:
            layer = layers.Embedding(*self.task["weights"][table]["shape"], embeddings_initializer="zeros")
            self.shared[table] = self.own(layer, table)
        return self.shared[table](self.get(x))

    def rnn(self, x, wx, wh, b):
        """SimpleRNN."""
        layer = layers.SimpleRNN(self.task["weights"][wh]["shape"][0], return_sequences=True, **ZEROS)
        return self.product(layer, self.get(x), wx, wh, b)

    def lstm(self, x, wx, wh, b):
        """LSTM."""
        layer = layers.LSTM(self.task["weights"][wh]["shape"][0], return_sequences=True, **ZEROS)
        return self.product(layer, self.get(x), wx, wh, b)

    def bidirectional_lstm(self, x, *names):
        """Bidirectional."""
        layer = layers.Bidirectional(layers.LSTM(self.task["weights"][names[1]]["shape"][0], **ZEROS))
        return self.product(layer, self.get(x), *names)

    def last(self, x):
        """The last of a sequence."""
        return Last()(self.get(x))

    def mean_time(self, x):
        """GlobalAveragePooling1D."""
        return layers.GlobalAveragePooling1D(data_format="channels_last")(self.get(x))

    def repeat_like(self, x, y):
        """RepeatVector."""
        return layers.RepeatVector(self.get(y).shape[1])(self.get(x))

    def concat(self, x, y):
        """Concatenate."""
        return layers.Concatenate()([self.get(x), self.get(y)])

    def layer_norm(self, x, gain, bias):
        """LayerNormalization."""
        return self.own(layers.LayerNormalization(epsilon=2.0**-10), gain, bias)(self.get(x))

    def attention(self, q, k, v):
        """Attention."""
        return Attention()(self.get(q), self.get(k), self.get(v))


def weighted_sum(y, z):
    """The loss of the integer pass."""
    return ops.sum(y * z)


LOSSES = {
    "cross_entropy": lambda: keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    "mean_square": keras.losses.MeanSquaredError,
    "binary_cross_entropy": lambda: keras.losses.BinaryCrossentropy(from_logits=True),
    "weighted_sum": lambda: weighted_sum,
}
