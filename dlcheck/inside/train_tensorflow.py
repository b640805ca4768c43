"""TensorFlow's side of the smoke training: its operations, its devices, eager and as a traced graph."""

import functools
import sys
import time

import tensorflow as tf

HEADS = 2
GPU = "metal" if sys.platform == "darwin" else "cuda"
"""What dlcheck calls the devices that TensorFlow calls GPU."""

GRAPHS = {}
"""Traced steps by task, dtype and device."""


def start(options):
    """Cut the CPU into several logical devices where that is wished for, before anything is initialised."""
    threads = int(options.get("threads", 1))
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    # An operation that its device lacks shall fail, not move to another device in silence.
    tf.config.set_soft_device_placement(False)
    wanted = int(options.get("logical_devices") or 0)
    if wanted > 1:
        parts = [tf.config.LogicalDeviceConfiguration() for _ in range(wanted)]
        tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], parts)


def version():
    """Version of TensorFlow."""
    return tf.__version__


def accelerated():
    """Whether this build knows any accelerator."""
    return tf.test.is_built_with_cuda() or tf.test.is_built_with_rocm()


def forks():
    """TensorFlow has threads of its own after its import: nothing is forked."""
    return False


def devices():
    """Logical devices: the CPU or its parts, and every accelerator."""
    found = []
    cpus = tf.config.list_logical_devices("CPU")
    for at in range(len(cpus)):
        found.append({"device": "cpu:%d" % at if len(cpus) > 1 else "cpu", "kind": "cpu", "name": None})
    kind = "rocm" if tf.test.is_built_with_rocm() else "cuda"
    details = [tf.config.experimental.get_device_details(one) for one in tf.config.list_physical_devices("GPU")]
    for at in range(len(tf.config.list_logical_devices("GPU"))):
        name = details[at].get("device_name") if at < len(details) else None
        found.append({"device": "%s:%d" % (GPU, at), "kind": kind if GPU == "cuda" else GPU, "name": name})
    for at in range(len(tf.config.list_logical_devices("XPU"))):
        found.append({"device": "xpu:%d" % at, "kind": "xpu", "name": None})
    return found


def memory(name):
    """Most bytes held on the device."""
    if name.startswith(GPU):
        return tf.config.experimental.get_memory_info("GPU:" + name.partition(":")[2])["peak"]
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def place_of(text, several):
    """The device of /job:localhost/replica:0/task:0/device:GPU:0 as dlcheck names it."""
    kind, _, at = text.rpartition("device:")[2].partition(":")
    kind = {"GPU": GPU}.get(kind, kind.lower())
    return kind if kind == "cpu" and not several else "%s:%s" % (kind, at)


def linear(x, w, b=None):
    """A matrix product over the last axis."""
    y = tf.linalg.matmul(x, w) if len(x.shape) == 2 else tf.tensordot(x, w, 1)
    return y if b is None else y + b


def rnn(x, wx, wh, b):
    """A plain recurrent layer, step by step."""
    state, states = tf.zeros([x.shape[0], wh.shape[0]], x.dtype), []
    ahead = tf.unstack(linear(x, wx, b), axis=1)
    for part in ahead:
        state = tf.tanh(part + tf.linalg.matmul(state, wh))
        states.append(state)
    return tf.stack(states, 1)


def lstm(x, wx, wh, b):
    """An LSTM, step by step."""
    hidden = cell = tf.zeros([x.shape[0], wh.shape[0]], x.dtype)
    states = []
    for part in tf.unstack(linear(x, wx, b), axis=1):
        enter, forget, new, out = tf.split(part + tf.linalg.matmul(hidden, wh), 4, 1)
        cell = tf.sigmoid(forget) * cell + tf.sigmoid(enter) * tf.tanh(new)
        hidden = tf.sigmoid(out) * tf.tanh(cell)
        states.append(hidden)
    return tf.stack(states, 1)


def bidirectional_lstm(x, *weights):
    """The last states of both directions."""
    ahead = lstm(x, *weights[:3])
    astern = lstm(tf.reverse(x, [1]), *weights[3:])
    return tf.concat([ahead[:, -1], astern[:, -1]], 1)


def attention(q, k, v):
    """Scaled dot-product attention of two heads."""
    batch, steps, width = q.shape
    q, k, v = (tf.transpose(tf.reshape(one, [batch, steps, HEADS, width // HEADS]), [0, 2, 1, 3]) for one in (q, k, v))
    scores = tf.linalg.matmul(q, k, transpose_b=True) * tf.cast((width // HEADS) ** -0.5, q.dtype)
    return tf.reshape(tf.transpose(tf.linalg.matmul(tf.nn.softmax(scores), v), [0, 2, 1, 3]), [batch, steps, width])


def layer_norm(x, gain, bias):
    """Normalised over the last axis."""
    mean, variance = tf.nn.moments(x, [-1], keepdims=True)
    return tf.nn.batch_normalization(x, mean, variance, bias, gain, tf.cast(2.0**-10, x.dtype))


OPERATIONS = {
    "linear": linear,
    "relu": tf.nn.relu,
    "tanh": tf.tanh,
    "add": tf.add,
    "flatten": lambda x: tf.reshape(x, [x.shape[0], -1]),
    "conv2d": lambda x, w, b: tf.nn.conv2d(x, w, 1, "VALID") + b,
    "max_pool": lambda x: tf.nn.max_pool2d(x, 2, 2, "VALID"),
    "embedding": lambda indices, table: tf.gather(table, indices),
    "rnn": rnn,
    "lstm": lstm,
    "bidirectional_lstm": bidirectional_lstm,
    "last": lambda x: x[:, -1],
    "mean_time": lambda x: tf.reduce_mean(x, 1),
    "repeat_like": lambda x, y: tf.repeat(x[:, None], y.shape[1], 1),
    "concat": lambda x, y: tf.concat([x, y], -1),
    "layer_norm": layer_norm,
    "attention": attention,
    "cross_entropy": lambda x, y: tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(y, x)),
    "mean_square": lambda x, y: tf.reduce_mean(tf.math.squared_difference(x, y)),
    "binary_cross_entropy": lambda x, y: tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(y, x)),
    "weighted_sum": lambda x, y: tf.reduce_sum(x * y),
}

STEP_BY_STEP = ("exact-integers", "mlp-regression")
"""What quick trains eagerly: a pass without a step, for which a trace does not pay, and one training, to see both ways."""


def settings(trainer):
    """What allows fewer bits than float32 has on a device, as one would set it."""
    if trainer.device.startswith("cpu") or not tf.config.experimental.tensor_float_32_execution_enabled():
        return []
    return ["tf.config.experimental.enable_tensor_float_32_execution(True), the default"]


def exercise_kit(trainer, memory_available):
    """How the longer levels' exercises are done here."""
    return load("exercise_tensorflow")["kit"](trainer.device, memory_available)  # noqa: F821 - given by start.py


def compute(task, inputs, weights, rate, switched):
    """Loss, gradients, watched values, and the weights after one step of plain gradient descent."""
    values, program = dict(inputs, **weights), task["program"]
    names = list(weights)
    functions = [OPERATIONS[line[1]] for line in program]
    if switched:
        kit = load("faults_tensorflow")["KIT"]  # noqa: F821 - given by start.py
        functions = load("faults")["broken"](program, OPERATIONS, kit, switched)  # noqa: F821 - given by start.py
    with tf.GradientTape() as tape:
        for name in names:
            tape.watch(weights[name])
        for (output, _, *arguments), function in zip(program, functions):
            values[output] = function(*[values[name] for name in arguments])
    gradients = tape.gradient(values["loss"], [weights[name] for name in names])
    gradients = {name: tf.convert_to_tensor(one) for name, one in zip(names, gradients)}
    later = {name: one - rate * gradients[name] for name, one in weights.items()}
    return values["loss"], gradients, {name: values[name] for name in task["watched"]}, later


class Trainer:
    """One device."""

    def __init__(self, device, options):
        self.device = device
        kind, _, at = device.partition(":")
        self.place = "/device:%s:%s" % ({GPU: "GPU"}.get(kind, kind.upper()), at or "0")
        self.several = len(tf.config.list_logical_devices("CPU")) > 1
        self.level = options.get("level", "quick")
        self.fault = options.get("fault")
        self.faults = load("faults") if self.fault else None  # noqa: F821 - given by start.py

    def open(self):
        """Touch the device for the first time."""
        with tf.device(self.place):
            tf.ones([1]).numpy()

    def modes(self, task, dtype):
        """Both in the longer levels; quick takes one of them, mostly the trace, which costs less."""
        if self.level != "quick" or self.fault:
            return ["eager", "function"]
        return ["eager"] if task["name"] in STEP_BY_STEP else ["function"]

    def usual(self):
        """Back to what was set, which other devices shall be judged by."""
        tf.config.experimental.enable_tensor_float_32_execution(self.before)

    def highest(self):
        """Ask for full float32 products."""
        self.before = tf.config.experimental.tensor_float_32_execution_enabled()
        if self.fault == "tf32":
            self.faults = None
        tf.config.experimental.enable_tensor_float_32_execution(False)

    def tensor(self, one, dtype):
        """An array of a task file, on the device."""
        if one["kind"] == "index":
            return tf.constant(one["values"], tf.int32, one["shape"])
        return tf.cast(tf.constant(one["values"], tf.float64, one["shape"]), dtype)

    def switches(self, step, mode):
        """The faults that are on in a step: tensors for a graph, which is traced once for all of them."""
        if self.faults is None:
            return {}
        found = self.faults["switches"](self.fault, step)
        return {name: tf.constant(on) for name, on in found.items()} if mode == "function" else found

    def train(self, task, dtype, mode, steps):
        """Plain gradient descent; losses before each step and after the last."""
        with tf.device(self.place):
            kind = tf.as_dtype(dtype)
            inputs = {name: self.tensor(one, kind) for name, one in task["inputs"].items()}
            weights = {name: self.tensor(one, kind) for name, one in task["weights"].items()}
            rate = tf.cast(tf.constant(task["learning_rate"], tf.float64), kind)
            step_of = functools.partial(compute, task)
            if mode == "function":
                step_of = GRAPHS.setdefault((task["name"], dtype, self.place), tf.function(step_of, autograph=False))
            result = {"start": raw(weights)}
            losses, began = [], time.monotonic()
            for step in range(steps + 1):
                loss, gradients, watched, later = step_of(inputs, weights, rate, self.switches(step, mode))
                losses.append(loss)
                if step == 0:
                    result["gradients"], result["watched"] = raw(gradients), raw(watched)
                    tensors = [*weights.values(), *gradients.values(), loss]
                    result["places"] = [place_of(one.device, self.several) for one in tensors]
                    result["first_step"] = time.monotonic() - began
                if step < steps:
                    weights = later
            result["losses"] = [float(one) for one in losses]
            result["trained"] = raw(weights) if steps else {}
        return result


def mirrored(task):
    """One result a replica of a MirroredStrategy over every GPU, or over the parts of the CPU where there is none."""
    listed = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    names = [one.name.rpartition("device:")[2] for one in listed]
    # The replicas are judged against one float64 reference: full float32 is asked for, which is not the default on a GPU.
    tf.config.experimental.enable_tensor_float_32_execution(False)
    run = load("mirrored_tensorflow")["train"](task, names)  # noqa: F821 - given by start.py
    for at, name in enumerate(names):
        label = "replica %d of %d" % (at, len(names))
        yield {
            "device": label,
            "losses": run["losses"],
            "start": run["start"],
            "gradients": run["gradients"],
            "trained": run["copies"][at],
            "watched": {},
            "places": [label if one == name else one for one in run["places"][at]],
            "seconds": {"train": run["seconds"]},
        }


def raw(tensors):
    """The bytes of tensors: float64 as it is, everything else as float32."""
    with tf.device("/device:CPU:0"):
        return {
            name: (one if one.dtype == tf.float64 else tf.cast(tf.identity(one), tf.float32)).numpy().tobytes()
            for name, one in tensors.items()
        }
