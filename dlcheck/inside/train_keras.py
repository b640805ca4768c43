"""Keras 3's side of the smoke training: real layers and losses, its own train_on_batch with its own SGD, on any backend."""

import sys
import time

import keras
import numpy as np
from keras import ops

BACKEND = keras.backend.backend()


def start(options):
    """Keras has nothing to set before its first use; its backend was chosen by KERAS_BACKEND."""
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
        if getattr(torch, "xpu", None) is not None and torch.xpu.is_available():
            for at in range(torch.xpu.device_count()):
                found.append({"device": "xpu:%d" % at, "kind": "xpu", "name": torch.xpu.get_device_name(at)})
        if torch.backends.mps.is_available():
            found.append({"device": "mps", "kind": "mps", "name": None})
    return found


def memory(_):
    """Most bytes held by this process."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def settings(trainer):
    """What allows fewer bits than float32 has on a device, as one would set it in the backend."""
    if trainer.device.startswith("cpu"):
        return []
    if BACKEND == "tensorflow":
        import tensorflow as tf

        asked = tf.config.experimental.tensor_float_32_execution_enabled()
        return ["tf.config.experimental.enable_tensor_float_32_execution(True), the default"] if asked else []
    if BACKEND == "torch":
        import torch

        found = {"cuda.matmul": torch.backends.cuda.matmul.allow_tf32, "cudnn": torch.backends.cudnn.allow_tf32}
        return ["torch.backends.%s.allow_tf32 = True" % name for name, on in found.items() if on]
    import jax

    asked = jax.config.jax_default_matmul_precision
    full = asked in ("float32", "highest")
    return [] if full else ["jax_default_matmul_precision = %s" % (asked or "None, which leaves it to the device")]


def exercise_kit(trainer, memory_available):
    """How the longer levels' exercises are done by the backend."""
    device = trainer.device
    if BACKEND == "jax":
        import jax

        kind, _, at = device.partition(":")
        device = jax.devices({"cuda": "gpu"}.get(kind, kind))[int(at or 0)]
    return load("exercise_" + BACKEND)["kit"](device, memory_available)  # noqa: F821 - given by start.py


MODELS = {}
"""Compiled models and how they were built, by task, dtype, mode, device, and whether faults are built in."""


def compiled(task, faults):
    """A model, ready to train, and its Build."""
    pieces = load("layers_keras")  # noqa: F821 - given by start.py
    build = pieces["Build"](task, faults)
    model = build.model()
    model.compile(
        keras.optimizers.SGD(task["learning_rate"]),
        pieces["LOSSES"][task["program"][-1][1]](),
        jit_compile=BACKEND == "jax",
        run_eagerly=BACKEND != "jax",
        # Scaling a loss leaves out the steps in which it overflows; the reference leaves out none.
        auto_scale_loss=False,
    )
    return model, build


def shape_of(task, name):
    """Shape of a weight."""
    return task["weights"][name]["shape"]


class Trainer:
    """One device."""

    def __init__(self, device, options):
        self.device = device
        self.place = device
        if BACKEND != "torch":
            self.place = device.replace("cuda", "gpu") if ":" in device else device + ":0"
        self.level = options.get("level")
        self.fault = options.get("fault")
        self.faults = load("faults") if self.fault else None  # noqa: F821 - given by start.py

    def open(self):
        """Touch the device for the first time."""
        with keras.device(self.place):
            ops.convert_to_numpy(ops.ones((1,)))

    def modes(self, task, dtype):
        """Keras' own loop; short numbers as people use them, the weights staying float32, and at last also short weights."""
        if dtype not in ("bfloat16", "float16"):
            return ["train_on_batch"]
        return ["mixed precision", "train_on_batch"] if self.level == "long" else ["mixed precision"]

    def usual(self):
        """Back to what was set, which other devices shall be judged by."""
        MODELS.clear()
        if BACKEND == "tensorflow":
            import tensorflow as tf

            tf.config.experimental.enable_tensor_float_32_execution(self.before)
        elif BACKEND == "jax":
            import jax

            jax.config.update("jax_default_matmul_precision", self.before)
        else:
            import torch

            torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = self.before

    def highest(self):
        """Ask the backend for full float32 products."""
        if self.fault == "tf32":
            self.faults = None
        MODELS.clear()
        if BACKEND == "tensorflow":
            import tensorflow as tf

            self.before = tf.config.experimental.tensor_float_32_execution_enabled()
            tf.config.experimental.enable_tensor_float_32_execution(False)
        elif BACKEND == "torch":
            import torch

            self.before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
            torch.set_float32_matmul_precision("highest")
            torch.backends.cudnn.allow_tf32 = False
        else:
            import jax

            self.before = jax.config.jax_default_matmul_precision
            jax.config.update("jax_default_matmul_precision", "highest")

    def train(self, task, dtype, mode, steps):
        """Keras' SGD; losses before each step and after the last. The first gradient is what the first step moved."""
        with keras.device(self.place):
            key = task["name"], dtype, mode, self.place, self.faults is None
            if key not in MODELS:
                keras.config.set_dtype_policy("mixed_" + dtype if mode == "mixed precision" else dtype)
                MODELS[key] = compiled(task, self.faults)
            return self.fit(task, dtype, steps, *MODELS[key])

    def fit(self, task, dtype, steps, model, build):
        """Set the weights, train. One step more than is judged gives the last loss, without a second graph."""
        for layer, names in build.owners:
            layer.set_weights([np.array(task["weights"][one]["values"]).reshape(shape_of(task, one)) for one in names])
        model.reset_metrics()
        model.optimizer.learning_rate = task["learning_rate"]
        data = [self.array(task, name, dtype) for name in build.inputs]
        target, rate = self.array(task, task["program"][-1][3], dtype), task["learning_rate"]
        start = current(build)
        result = {"start": raw(start), "watched": {}, "losses": [], "trained": {}, "moved_by": rate}
        self.switch(build, 0)
        for name in task["watched"]:
            seen = keras.Model(list(build.inputs.values()), build.values[name])(data)
            result["watched"][name] = ops.convert_to_numpy(seen).astype("float32").tobytes()
        if task["name"].startswith("probe"):
            return result
        began = time.monotonic()
        for step in range(steps + 1):
            self.switch(build, step)
            if steps and step == steps:
                result["trained"] = raw(current(build))
            result["losses"].append(float(model.train_on_batch(data, target)))
            if step == 0:
                now = current(build)
                result["gradients"] = raw({name: (start[name] - now[name]) / rate for name in now})
                result["places"] = [place_of(one) for layer, _ in build.owners for one in layer.weights]
                result["first_step"] = time.monotonic() - began
        return result

    def switch(self, build, step):
        """Turn on the faults of a step."""
        if self.faults is not None:
            for one in build.broken:
                one.switch(self.faults["switches"](self.fault, step))

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


def raw(arrays):
    """The bytes of arrays as float32."""
    return {name: one.astype("float32").tobytes() for name, one in arrays.items()}


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
