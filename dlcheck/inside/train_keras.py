"""Keras 3's side of the smoke training: real layers and losses, its own train_on_batch with its own SGD, on any backend."""

import sys
import time

import keras
import numpy as np
from keras import layers, ops

HEADS = 2
BACKEND = keras.backend.backend()


def start(options):
    """Keras has nothing to set before its first use; its backend was chosen by KERAS_BACKEND."""
    if BACKEND == "tensorflow":
        import tensorflow as tf

        tf.config.set_soft_device_placement(False)
    if BACKEND == "torch":
        import torch

        torch.set_num_threads(int(options.get("threads", 1)))


def version():
    """Version of Keras."""
    return keras.__version__


def accelerated():
    """Asked only where a framework forks."""
    return True


def forks():
    """Keras leaves this to nobody: its backends differ."""
    return False


def devices():
    """The devices that Keras lists for its backend."""
    kinds = {"gpu": "cuda"}
    found = [{"device": "cpu", "kind": "cpu", "name": None}]
    for kind in ("gpu", "tpu"):
        try:
            listed = keras.distribution.list_devices(kind) if BACKEND != "torch" else []
        except (RuntimeError, ValueError):
            listed = []
        for at in range(len(listed)):
            found.append({"device": "%s:%d" % (kinds.get(kind, kind), at), "kind": kind, "name": None})
    if BACKEND == "torch":
        import torch

        for at in range(torch.cuda.device_count()):
            found.append({"device": "cuda:%d" % at, "kind": "cuda", "name": torch.cuda.get_device_name(at)})
        if torch.backends.mps.is_available():
            found.append({"device": "mps", "kind": "mps", "name": None})
    return found


def memory(_):
    """Most bytes held by this process."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


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


class Last(layers.Layer):
    """The last of a sequence."""

    def call(self, x):
        """One row a sequence."""
        return x[:, -1]


class Build:
    """Turns a program into a functional model, layer by layer; ``owners`` tells whose weights are whose."""

    def __init__(self, task):
        self.task = task
        self.owners = []
        self.values = {}
        self.inputs = {}
        self.shared = {}

    def weight(self, name):
        """An initial weight as NumPy has it."""
        one = self.task["weights"][name]
        return np.array(one["values"], "float64").reshape(one["shape"])

    def own(self, layer, *names):
        """Remember which weights of the task are those of a layer."""
        self.owners.append((layer, names))
        return layer

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
        layer = layers.Dense(self.task["weights"][w]["shape"][1], use_bias=b is not None)
        return self.own(layer, *([w, b] if b else [w]))(self.get(x))

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
        layer = layers.Conv2D(channels, (rows, columns), data_format="channels_last")
        return self.own(layer, w, b)(self.get(x))

    def max_pool(self, x):
        """MaxPooling2D."""
        return layers.MaxPooling2D(2, data_format="channels_last")(self.get(x))

    def embedding(self, x, table):
        """Embedding; two uses of one table are one layer."""
        if table not in self.shared:
            self.shared[table] = self.own(layers.Embedding(*self.task["weights"][table]["shape"]), table)
        return self.shared[table](self.get(x))

    def rnn(self, x, wx, wh, b):
        """SimpleRNN."""
        layer = layers.SimpleRNN(self.task["weights"][wh]["shape"][0], return_sequences=True)
        return self.own(layer, wx, wh, b)(self.get(x))

    def lstm(self, x, wx, wh, b):
        """LSTM."""
        layer = layers.LSTM(self.task["weights"][wh]["shape"][0], return_sequences=True)
        return self.own(layer, wx, wh, b)(self.get(x))

    def bidirectional_lstm(self, x, *names):
        """Bidirectional."""
        layer = layers.Bidirectional(layers.LSTM(self.task["weights"][names[1]]["shape"][0]))
        return self.own(layer, *names)(self.get(x))

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


class Trainer:
    """One device."""

    def __init__(self, device, options):
        self.device = device
        self.place = device.replace("cuda", "gpu") if ":" in device else device + ":0"
        self.fault = options.get("fault")

    def open(self):
        """Touch the device for the first time."""
        with keras.device(self.place):
            ops.convert_to_numpy(ops.ones((1,)))

    def modes(self, task, dtype):
        """Keras' own loop."""
        return ["train_on_batch"]

    def highest(self):
        """Ask the backend for full float32 products."""
        if BACKEND == "tensorflow":
            import tensorflow as tf

            tf.config.experimental.enable_tensor_float_32_execution(False)
        elif BACKEND == "torch":
            import torch

            torch.set_float32_matmul_precision("highest")
            torch.backends.cudnn.allow_tf32 = False
        else:
            import jax

            jax.config.update("jax_default_matmul_precision", "highest")

    def train(self, task, dtype, mode, steps):
        """Keras' SGD; losses before each step and after the last. The first gradient is what the first step moved."""
        with keras.device(self.place):
            keras.utils.clear_session(free_memory=False)
            keras.config.set_dtype_policy(dtype)
            return self.fit(task, dtype, steps)

    def fit(self, task, dtype, steps):
        """Build, set the weights, train."""
        build = Build(task)
        model = build.model()
        for layer, names in build.owners:
            layer.set_weights([build.weight(name) for name in names])
        loss_name, _, target = task["program"][-1][1:]
        rate = task["learning_rate"]
        model.compile(
            keras.optimizers.SGD(rate), LOSSES[loss_name](), jit_compile=BACKEND == "jax", run_eagerly=BACKEND != "jax"
        )
        data = [self.array(task, name, dtype) for name in build.inputs]
        target = self.array(task, target, dtype)
        result = {"start": raw(build), "watched": {}, "losses": [], "gradients": {}, "moved_by": rate}
        for name in task["watched"]:
            seen = keras.Model(list(build.inputs.values()), build.values[name])(data)
            result["watched"][name] = ops.convert_to_numpy(seen).astype("float32").tobytes()
        began = time.monotonic()
        for step in range(max(steps, 1)):
            result["losses"].append(float(model.train_on_batch(data, target)))
            if step == 0:
                result["gradients"] = moved(build, rate)
                result["places"] = [place_of(one) for layer, _ in build.owners for one in layer.weights]
                result["first_step"] = time.monotonic() - began
        if steps:
            result["losses"].append(float(model.test_on_batch(data, target)))
        result["trained"] = raw(build) if steps else {}
        return result

    def array(self, task, name, dtype):
        """An input as NumPy has it; Keras puts it where it belongs."""
        one = task["inputs"][name]
        kind = "int32" if one["kind"] == "index" else ("float64" if dtype == "float64" else "float32")
        return np.array(one["values"]).astype(kind).reshape(one["shape"])


def current(build):
    """The weights now, by the names of the task, as float64."""
    found = {}
    for layer, names in build.owners:
        for name, one in zip(names, layer.weights):
            found[name] = np.asarray(ops.convert_to_numpy(ops.cast(one, "float64" if BACKEND != "jax" else "float32")))
    return found


def raw(build):
    """The bytes of the weights as float32."""
    return {name: one.astype("float32").tobytes() for name, one in current(build).items()}


def moved(build, rate):
    """What the first step moved, divided by the learning rate: the first gradient, as exact as the weights are."""
    now = current(build)
    return {name: ((build.weight(name) - one) / rate).astype("float32").tobytes() for name, one in now.items()}


def place_of(weight):
    """Where a weight lies, in dlcheck's words."""
    value = weight.value
    if BACKEND == "tensorflow":
        text = value.device.rpartition("device:")[2].lower().replace("gpu", "cuda")
    elif BACKEND == "torch":
        text = str(value.device)
    else:
        one = next(iter(value.devices()))
        text = "%s:%d" % (one.platform.replace("gpu", "cuda"), one.id)
    return "cpu" if text == "cpu:0" else text
