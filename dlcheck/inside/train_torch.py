"""PyTorch's side of the smoke training: its operations, its devices, and plain gradient descent written out.

torch.optim is left alone: it imports torch._dynamo, which costs more than torch itself.
"""

import contextlib
import ctypes
import os
import sys
import time

import torch
from torch.nn import functional

HEADS = 2


def start(options):
    """One thread: the tasks are tiny, and threads would only be started to wait."""
    torch.set_num_threads(int(options.get("threads", 1)))


def version():
    """Version of PyTorch."""
    return torch.__version__


def accelerated():
    """Whether this build knows any accelerator."""
    return bool(torch.version.cuda or getattr(torch.version, "hip", None) or getattr(torch.version, "xpu", None))


def forks():
    """Whether a child may be forked: nothing was initialised yet, and Metal does not live through a fork."""
    return hasattr(os, "fork") and sys.platform != "darwin"


def devices(parts=0):
    """The CPU, or as many processes on it as are wished for, and every accelerator that this build sees."""
    found = [{"device": "cpu", "kind": "cpu", "name": None}]
    if parts > 1:
        found = [{"device": "cpu:%d" % at, "kind": "cpu", "name": None, "really": "cpu"} for at in range(parts)]
    kind = "rocm" if getattr(torch.version, "hip", None) else "cuda"
    if torch.backends.cuda.is_built() or kind == "rocm":
        for at in range(torch.cuda.device_count()):
            found.append({"device": "cuda:%d" % at, "kind": kind, "name": torch.cuda.get_device_name(at)})
    if getattr(torch, "xpu", None) is not None and torch.xpu.is_available():
        for at in range(torch.xpu.device_count()):
            found.append({"device": "xpu:%d" % at, "kind": "xpu", "name": torch.xpu.get_device_name(at)})
    if getattr(torch.backends, "mps", None) is not None and torch.backends.mps.is_available():
        found.append({"device": "mps", "kind": "mps", "name": None})
    return found


def memory(name):
    """Most bytes that tensors held on the device."""
    if name.startswith("cuda"):
        return torch.cuda.max_memory_allocated(name)
    if name.startswith("xpu"):
        return torch.xpu.max_memory_allocated(name)
    if name == "cpu":
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return 0


def conv2d(x, w, b):
    """Images are (batch, row, column, channel) in the task files."""
    return functional.conv2d(x.permute(0, 3, 1, 2), w.permute(3, 2, 0, 1), b).permute(0, 2, 3, 1)


def max_pool(x):
    """Pairs of rows and columns."""
    return functional.max_pool2d(x.permute(0, 3, 1, 2), 2).permute(0, 2, 3, 1)


def lstm_weights(wx, wh, b):
    """PyTorch keeps its matrices transposed and has a second bias."""
    return [wx.t().contiguous(), wh.t().contiguous(), b, torch.zeros_like(b)]


def rnn(x, wx, wh, b):
    """The recurrent kernel behind torch.nn.RNN."""
    begin = x.new_zeros(1, x.shape[0], wh.shape[0])
    return torch.rnn_tanh(x, begin, lstm_weights(wx, wh, b), True, 1, 0.0, True, False, True)[0]


def lstm(x, wx, wh, b):
    """The kernel behind torch.nn.LSTM."""
    begin = x.new_zeros(1, x.shape[0], wh.shape[0])
    return torch.lstm(x, [begin, begin], lstm_weights(wx, wh, b), True, 1, 0.0, True, False, True)[0]


def bidirectional_lstm(x, *weights):
    """The last states of both directions."""
    begin = x.new_zeros(2, x.shape[0], weights[1].shape[0])
    weights = lstm_weights(*weights[:3]) + lstm_weights(*weights[3:])
    _, last, _ = torch.lstm(x, [begin, begin], weights, True, 1, 0.0, True, True, True)
    return torch.cat([last[0], last[1]], 1)


def attention(q, k, v):
    """Scaled dot-product attention of two heads."""
    batch, steps, width = q.shape
    q, k, v = (one.view(batch, steps, HEADS, width // HEADS).transpose(1, 2) for one in (q, k, v))
    return functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(batch, steps, width)


def cross_entropy(logits, labels):
    """Mean over everything but the classes."""
    return functional.cross_entropy(logits.reshape(-1, logits.shape[-1]), labels.reshape(-1))


OPERATIONS = {
    "linear": lambda x, w, b=None: functional.linear(x, w.t(), b),
    "relu": functional.relu,
    "tanh": torch.tanh,
    "add": torch.add,
    "flatten": lambda x: x.reshape(len(x), -1),
    "conv2d": conv2d,
    "max_pool": max_pool,
    "embedding": functional.embedding,
    "rnn": rnn,
    "lstm": lstm,
    "bidirectional_lstm": bidirectional_lstm,
    "last": lambda x: x[:, -1],
    "mean_time": lambda x: x.mean(1),
    "repeat_like": lambda x, y: x.unsqueeze(1).expand(-1, y.shape[1], -1),
    "concat": lambda x, y: torch.cat([x, y], -1),
    "layer_norm": lambda x, gain, bias: functional.layer_norm(x, x.shape[-1:], gain, bias, 2.0**-10),
    "attention": attention,
    "cross_entropy": cross_entropy,
    "mean_square": functional.mse_loss,
    "binary_cross_entropy": functional.binary_cross_entropy_with_logits,
    "weighted_sum": lambda x, y: (x * y).sum(),
}


def settings(trainer):
    """What allows fewer bits than float32 has on a device, as one would set it."""
    found = []
    if trainer.device.type == "cuda":
        found.append(("torch.backends.cuda.matmul.allow_tf32", lambda: torch.backends.cuda.matmul.allow_tf32))
        found.append(("torch.backends.cudnn.allow_tf32", lambda: torch.backends.cudnn.allow_tf32))
    elif trainer.device.type in ("cpu", "xpu"):
        read = getattr(torch, "get_float32_matmul_precision", lambda: "highest")
        found.append(("torch.get_float32_matmul_precision()", read))
        for part in ("matmul", "conv", "rnn"):
            name = "torch.backends.mkldnn.%s.fp32_precision" % part
            found.append((name, lambda part=part: getattr(torch.backends.mkldnn, part).fp32_precision))
    return [text for text in (setting(*one) for one in found) if text]


def setting(name, read):
    """A setting in words, None where it asks for full precision or cannot be read (older versions; two ways mixed)."""
    try:
        value = read()
    except (AttributeError, RuntimeError):
        return None
    return None if value in (False, "highest", "none", "ieee") else "%s = %s" % (name, value)


def exercise_kit(trainer, memory_available):
    """How the longer levels' exercises are done here."""
    return load("exercise_torch")["kit"](trainer.device, memory_available)  # noqa: F821 - given by start.py


class Trainer:
    """One device."""

    def __init__(self, device, options):
        self.device = torch.device(device)
        self.fault = options.get("fault")
        self.label = options.get("label") or {}
        self.faults = (load("faults"), load("faults_torch")["KIT"]) if self.fault else None  # noqa: F821 - given by start.py

    def open(self):
        """Touch the device for the first time."""
        torch.ones(1, device=self.device).cpu()
        return {"name": torch.cuda.get_device_name(self.device) if self.device.type == "cuda" else None}

    def modes(self, task, dtype):
        """All numbers of the asked kind; short ones also where torch.autocast puts them, the weights staying float32."""
        return ["eager", "autocast"] if dtype in ("bfloat16", "float16") else ["eager"]

    def usual(self):
        """Back to what is set; a forked child a device needs none of it, and Metal knows no TF32."""

    def highest(self):
        """Ask for full float32 products."""
        if self.fault == "tf32":
            self.faults = None
        torch.set_float32_matmul_precision("highest")
        torch.backends.cuda.matmul.allow_tf32 = False
        torch.backends.cudnn.allow_tf32 = False
        if hasattr(torch.backends, "mkldnn") and hasattr(torch.backends.mkldnn, "conv"):
            for part in ("matmul", "conv", "rnn"):
                getattr(torch.backends.mkldnn, part).fp32_precision = "ieee"

    def functions(self, program, step):
        """The function of each line of a program, in a step."""
        if self.faults is None:
            return [OPERATIONS[line[1]] for line in program]
        faults, kit = self.faults
        return faults["broken"](program, OPERATIONS, kit, faults["switches"](self.fault, step))

    def tensor(self, one, dtype):
        """An array of a task file, on the device."""
        kind = torch.int64 if one["kind"] == "index" else dtype
        return torch.tensor(one["values"], dtype=kind).reshape(one["shape"]).to(self.device)

    def train(self, task, dtype, mode, steps):
        """Plain gradient descent; losses before each step and after the last."""
        short = getattr(torch, dtype)
        dtype = torch.float32 if mode == "autocast" else short
        if mode == "autocast":
            require_autocast(self.device, short)
        values = {name: self.tensor(one, dtype) for name, one in task["inputs"].items()}
        weights = {name: self.tensor(one, dtype).requires_grad_() for name, one in task["weights"].items()}
        values.update(weights)
        names, parameters = list(weights), list(weights.values())
        result = {
            "start": {name: raw(one) for name, one in weights.items()},
            "gradients": {},
            "watched": {},
            "losses": [],
        }
        losses, rate, began = [], task["learning_rate"], time.monotonic()
        for step in range(steps + 1):
            functions = self.functions(task["program"], step)
            # Autocast casts a weight once inside its block: the next step has other weights, and a block of its own.
            with torch.autocast(self.device.type, short) if mode == "autocast" else contextlib.nullcontext():
                for (output, _, *arguments), function in zip(task["program"], functions):
                    values[output] = function(*[values[name] for name in arguments])
            losses.append(values["loss"].detach())
            if step == 0 or step < steps:
                gradients = torch.autograd.grad(values["loss"], parameters)
            if step == 0:
                result["gradients"] = {name: raw(one) for name, one in zip(names, gradients)}
                result["watched"] = {name: raw(values[name]) for name in task["watched"]}
                places = [str(one.device) for one in (*parameters, *gradients, values["loss"])]
                result["places"] = [self.label.get(one, one) for one in places]
                result["first_step"] = time.monotonic() - began
            if step < steps:
                with torch.no_grad():
                    for parameter, gradient in zip(parameters, gradients):
                        parameter.sub_(gradient, alpha=rate)
        result["losses"] = [one.item() for one in losses]
        result["trained"] = {name: raw(one) for name, one in weights.items()} if steps else {}
        return result


def require_autocast(device, short):
    """Raise where autocast only warns and leaves float32 as it is; that would pass as a training in short numbers.

    Looks at a product, since what tells whether autocast is on differs between the versions of PyTorch.
    """
    one = torch.ones(1, 1, device=device)
    with torch.autocast(device.type, short):
        got = torch.mm(one, one).dtype
    if got != short:
        raise RuntimeError("unsupported autocast: products of float32 stay %s on %s, not %s" % (got, device, short))


def raw(tensor):
    """The bytes of a tensor: float64 as it is, everything else as float32."""
    kind = torch.float64 if tensor.dtype == torch.float64 else torch.float32
    tensor = tensor.detach().to("cpu", kind).contiguous()
    return ctypes.string_at(tensor.data_ptr(), tensor.numel() * tensor.element_size())
