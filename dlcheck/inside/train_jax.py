"""JAX's side of the smoke training: its operations, its devices, each step compiled once a task."""

import sys
import time

import jax
import jax.numpy as jnp
import numpy as np

HEADS = 2
KNOWN = {}
STEPS = {}
"""Compiled steps by task, dtype and whether it is the CPU's swift one: a GPU of the same process shall not be given that.
JAX itself compiles anew for another device or precision."""


def start(options):
    """float64 exists in JAX only where it is asked for."""
    if "float64" in options.get("dtypes", ()):
        jax.config.update("jax_enable_x64", True)


def version():
    """Version of JAX."""
    return jax.__version__


def accelerated():
    """Whether any platform but the CPU was found; asking initialises it."""
    return jax.default_backend() != "cpu"


def forks():
    """JAX has threads of its own: nothing is forked."""
    return False


def devices():
    """Every device of every platform that JAX found: the CPU is there beside an accelerator."""
    every = list(jax.devices())
    if jax.default_backend() != "cpu":
        every = cpus() + every
    several = len(cpus()) > 1
    return [
        {
            "device": name_of(one, several),
            "kind": one.platform,
            "name": None if one.platform == "cpu" else one.device_kind,
        }
        for one in every
    ]


def cpus():
    """The CPU or its parts; none where JAX_PLATFORMS leaves the CPU out."""
    try:
        return list(jax.devices("cpu"))
    except RuntimeError:
        return []


def name_of(device, several):
    """The device as dlcheck names it."""
    kind = {"gpu": "cuda"}.get(device.platform, device.platform.lower())
    return "cpu" if kind == "cpu" and not several else "%s:%d" % (kind, device.id)


def memory(name):
    """Most bytes held on the device, or by this process."""
    for one in jax.devices():
        if name_of(one, True) == name and one.memory_stats():
            return one.memory_stats().get("peak_bytes_in_use", 0)
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def linear(x, w, b=None):
    """A matrix product over the last axis."""
    y = x @ w
    return y if b is None else y + b


def conv2d(x, w, b):
    """A convolution without padding."""
    return jax.lax.conv_general_dilated(x, w, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC")) + b


def max_pool(x):
    """Pairs of rows and columns."""
    return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")


def rnn(x, wx, wh, b):
    """A plain recurrent layer."""

    def step(state, part):
        state = jnp.tanh(part + state @ wh)
        return state, state

    begin = jnp.zeros((x.shape[0], wh.shape[0]), x.dtype)
    return jax.lax.scan(step, begin, jnp.swapaxes(x @ wx + b, 0, 1))[1].swapaxes(0, 1)


def lstm(x, wx, wh, b):
    """An LSTM."""

    def step(state, part):
        hidden, cell = state
        enter, forget, new, out = jnp.split(part + hidden @ wh, 4, 1)
        cell = jax.nn.sigmoid(forget) * cell + jax.nn.sigmoid(enter) * jnp.tanh(new)
        hidden = jax.nn.sigmoid(out) * jnp.tanh(cell)
        return (hidden, cell), hidden

    begin = jnp.zeros((x.shape[0], wh.shape[0]), x.dtype)
    return jax.lax.scan(step, (begin, begin), jnp.swapaxes(x @ wx + b, 0, 1))[1].swapaxes(0, 1)


def bidirectional_lstm(x, *weights):
    """The last states of both directions."""
    ahead, astern = lstm(x, *weights[:3]), lstm(x[:, ::-1], *weights[3:])
    return jnp.concatenate([ahead[:, -1], astern[:, -1]], 1)


def attention(q, k, v):
    """Scaled dot-product attention of two heads."""
    batch, steps, width = q.shape
    q, k, v = (one.reshape(batch, steps, HEADS, width // HEADS).swapaxes(1, 2) for one in (q, k, v))
    weights = jax.nn.softmax(q @ k.swapaxes(2, 3) * (width // HEADS) ** -0.5)
    return (weights @ v).swapaxes(1, 2).reshape(batch, steps, width)


def layer_norm(x, gain, bias):
    """Normalised over the last axis."""
    centred = x - x.mean(-1, keepdims=True)
    return centred * jax.lax.rsqrt((centred * centred).mean(-1, keepdims=True) + 2.0**-10) * gain + bias


def cross_entropy(logits, labels):
    """Mean over everything but the classes; the right class is chosen by comparing, since XLA makes six loops of an index."""
    right = labels[..., None] == jnp.arange(logits.shape[-1])
    return (jax.nn.logsumexp(logits, -1) - jnp.where(right, logits, 0).sum(-1)).mean()


OPERATIONS = {
    "linear": linear,
    "relu": jax.nn.relu,
    "tanh": jnp.tanh,
    "add": jnp.add,
    "flatten": lambda x: x.reshape(len(x), -1),
    "conv2d": conv2d,
    "max_pool": max_pool,
    "embedding": lambda indices, table: table[indices],
    "rnn": rnn,
    "lstm": lstm,
    "bidirectional_lstm": bidirectional_lstm,
    "last": lambda x: x[:, -1],
    "mean_time": lambda x: x.mean(1),
    "repeat_like": lambda x, y: jnp.repeat(x[:, None], y.shape[1], 1),
    "concat": lambda x, y: jnp.concatenate([x, y], -1),
    "layer_norm": layer_norm,
    "attention": attention,
    "cross_entropy": cross_entropy,
    "mean_square": lambda x, y: ((x - y) ** 2).mean(),
    "binary_cross_entropy": lambda x, y: (jnp.maximum(x, 0) - x * y + jnp.log1p(jnp.exp(-jnp.abs(x)))).mean(),
    "weighted_sum": lambda x, y: (x * y).sum(),
}


def settings(trainer):
    """What allows fewer bits than float32 has on a device, as one would set it."""
    asked = jax.config.jax_default_matmul_precision
    if asked in ("float32", "highest") or (asked is None and trainer.device.platform == "cpu"):
        return []
    return ["jax_default_matmul_precision = %s" % (asked or "None, which leaves it to the device")]


def exercise_kit(trainer, memory_available):
    """How the longer levels' exercises are done here."""
    return load("exercise_jax")["kit"](trainer.device, memory_available)  # noqa: F821 - given by start.py


def step_of(task, dtype, swift=False):
    """The compiled step of a task: loss, gradients, watched values and the next weights."""
    key = task["name"], dtype, swift
    if key in STEPS:
        return STEPS[key]
    program = task["program"]

    def loss_of(weights, inputs, switched):
        values = dict(inputs, **weights)
        functions = [OPERATIONS[line[1]] for line in program]
        if switched:
            kit = load("faults_jax")["KIT"]  # noqa: F821 - given by start.py
            functions = load("faults")["broken"](program, OPERATIONS, kit, switched)  # noqa: F821 - given by start.py
        for (output, _, *arguments), function in zip(program, functions):
            values[output] = function(*[values[name] for name in arguments])
        return values["loss"], {name: values[name] for name in task["watched"]}

    def step(weights, inputs, rate, switched):
        if task["name"].startswith("probe"):
            # Only what comes out is looked at, and compiling gradients costs more than all that is computed.
            loss, watched = loss_of(weights, inputs, switched)
            return loss, {}, watched, weights
        (loss, watched), gradients = jax.value_and_grad(loss_of, has_aux=True)(weights, inputs, switched)
        if not task["steps"]:
            return loss, gradients, watched, weights
        return loss, gradients, watched, {name: one - rate * gradients[name] for name, one in weights.items()}

    STEPS[key] = jax.jit(step, **compiling(task, swift))
    return STEPS[key]


OPTIMISED = ("exact-integers", "mlp-classification")
"""What quick lets LLVM optimise: whole numbers through products, sums and choices, and a training with tanh, exp and log."""


def compiling(task, swift):
    """Options of jax.jit; swift: with which XLA compiles for a CPU in a fraction of the time.

    The products come from the same libraries; the loops around them from XLA's older emitter, which makes fewer of them, and
    for most tasks as they are written. Nothing where this JAX or its XLA does not know the options.
    """
    if not swift:
        return {}
    wish = {"xla_cpu_use_fusion_emitters": False, "xla_cpu_parallel_codegen_split_count": 1}
    if "swift" not in KNOWN:
        try:
            # What it is for: the default device may be a GPU, whose answer says nothing of the CPU's compiler.
            with jax.default_device(cpus()[0]):
                jax.jit(lambda: 0, compiler_options=wish)()
            KNOWN["swift"] = True
        except Exception:
            KNOWN["swift"] = False
    if task["name"] not in OPTIMISED:
        wish["xla_backend_optimization_level"] = 0
    return {"compiler_options": wish} if KNOWN["swift"] else {}


class Trainer:
    """One device."""

    def __init__(self, device, options):
        every = {name_of(one, several): one for one in (*cpus(), *jax.devices()) for several in (True, False)}
        self.several = len(cpus()) > 1
        self.device = every[device]
        self.fault = options.get("fault")
        self.faults = load("faults") if self.fault else None  # noqa: F821 - given by start.py
        self.swift = options.get("level", "quick") == "quick" and self.device.platform == "cpu"

    def open(self):
        """Touch the device for the first time."""
        jax.device_put(np.ones(1, "float32"), self.device).block_until_ready()

    def modes(self, task, dtype):
        """JAX compiles."""
        return ["jit"]

    def usual(self):
        """Back to what was set, which other devices shall be judged by."""
        jax.config.update("jax_default_matmul_precision", self.before)

    def highest(self):
        """Ask for full float32 products."""
        self.before = jax.config.jax_default_matmul_precision
        if self.fault == "tf32":
            self.faults = None
        jax.config.update("jax_default_matmul_precision", "highest")

    def tensor(self, one, dtype):
        """An array of a task file, on the device."""
        kind = "int32" if one["kind"] == "index" else jnp.dtype(dtype)
        return jax.device_put(np.array(one["values"], "float64").astype(kind).reshape(one["shape"]), self.device)

    def train(self, task, dtype, mode, steps):
        """Plain gradient descent; losses before each step and after the last."""
        inputs = {name: self.tensor(one, dtype) for name, one in task["inputs"].items()}
        weights = {name: self.tensor(one, dtype) for name, one in task["weights"].items()}
        rate = self.tensor({"kind": "float", "values": [task["learning_rate"]], "shape": []}, dtype)
        compute = step_of(task, dtype, self.swift)
        result = {"start": raw(weights)}
        losses, began = [], time.monotonic()
        for step in range(steps + 1):
            # As arguments of the compiled step, so that one compilation serves for every fault.
            switched = self.faults["switches"](self.fault, step) if self.faults else {}
            loss, gradients, watched, later = compute(weights, inputs, rate, switched)
            losses.append(loss)
            if step == 0:
                result["gradients"], result["watched"] = raw(gradients), raw(watched)
                places = [one for array in (*weights.values(), *gradients.values(), loss) for one in array.devices()]
                result["places"] = [name_of(one, self.several) for one in places]
                result["first_step"] = time.monotonic() - began
            if step < steps:
                weights = later
        result["losses"] = [float(one) for one in losses]
        result["trained"] = raw(weights) if steps else {}
        return result


def raw(arrays):
    """The bytes of arrays: float64 as it is, everything else as float32."""
    return {
        name: np.asarray(one).astype("float64" if one.dtype == "float64" else "float32").tobytes()
        for name, one in arrays.items()
    }
