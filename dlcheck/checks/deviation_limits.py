"""How far a training may lie from float64: measured over PyTorch, TensorFlow, Keras and JAX on CPUs, times a margin.

The margin is five to ten in float32, which never left 3e-7 in the loss, and about two to eight in short numbers. What that
leaves to be found: in float32 the power test's faults in products (column, dropped, zeroed, bit, bf16; in PyTorch) lie at
least nine times above; in bfloat16, reckoned from the reference, a training that makes seven of ten updates lies above in every
task (in the nearest by a factor of 1.15), and one that makes eight of ten may pass.
"""

from __future__ import annotations

from dlcheck.model.smoke import Deviation, SmokeRun

EXACT = Deviation(loss=0.0, gradient=0.0, weights=0.0)

LIMITS = {
    "float64": Deviation(loss=1e-12, gradient=1e-10, weights=1e-10),
    "float32": Deviation(loss=2e-6, gradient=1e-5, weights=5e-6),
    "tf32": Deviation(loss=5e-3, gradient=2e-2, weights=2e-2),
    "float16": Deviation(loss=5e-3, gradient=5e-2, weights=5e-2),
    "bfloat16": Deviation(loss=5e-2, gradient=2.5e-1, weights=2.5e-1),
}
"""For 20 steps of plain gradient descent; gradient and weights relative to the largest of their array. Worst seen of short
numbers, over PyTorch, TensorFlow and JAX: 1.6e-3, 3.6e-3, 6.5e-3 in float16; 2.2e-2, 1e-1, 5.9e-2 in bfloat16."""

_KERAS_LIMITS = {**LIMITS, "bfloat16": Deviation(loss=1e-1, gradient=2.5e-1, weights=5e-1)}
"""Where Keras' own loop holds the weights in short numbers. Worst seen in bfloat16: 4.8e-2, 7.5e-3, 2.4e-1, all in the
transformer on TensorFlow; a training that makes no update lies above by 1.9 at least. In float16 2.9e-2 in the weights."""

_MIXED_LIMITS = {
    "float16": Deviation(loss=5e-3, gradient=1e-2, weights=1e-2),
    "bfloat16": Deviation(loss=5e-2, gradient=2.5e-1, weights=6e-2),
}
"""Where the weights stay float32 (torch.autocast, Keras' mixed precision). Worst seen, over PyTorch and Keras on three
backends: 7e-4, 3e-3, 2e-3 in float16; 1.1e-2, 1e-1, 1.2e-2 in bfloat16, where Keras rounds the loss as well."""

_MIXED_MODES = ("autocast", "mixed precision")

_SPACING = {"float64": 2.0**-23, "float32": 2.0**-23, "float16": 2.0**-9, "bfloat16": 2.0**-6}
"""Relative distance of neighbouring numbers as a worker writes them down (float64 as float32); of short ones twice that, since
not only the moved weight but also what moves it is rounded."""


def limits_of(run: SmokeRun) -> dict[str, Deviation]:
    """By dtype, for the way it was trained; the worker alone says which that was."""
    if run.mode in _MIXED_MODES and run.dtype in _MIXED_LIMITS:
        return _MIXED_LIMITS
    return _KERAS_LIMITS if run.mode == "train_on_batch" else LIMITS


def spacing_of(run: SmokeRun) -> float:
    """Relative distance of neighbouring numbers of the kind in which the weights were held."""
    return _SPACING["float32" if run.mode in _MIXED_MODES else run.dtype]
