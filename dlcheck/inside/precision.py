"""Finds out whether a device rounds float32 more coarsely than it should, and what lets it."""

import array
import os

FORCING = (
    ("NVIDIA_TF32_OVERRIDE", ("", "0")),
    ("ONEDNN_DEFAULT_FPMATH_MODE", ("", "STRICT", "strict")),
    ("DNNL_DEFAULT_FPMATH_MODE", ("", "STRICT", "strict")),
)
"""Variables that libraries below the frameworks obey, whatever a program asks for, and their values that change nothing."""

SIDE = 16

LAYERED = ("conv2d", "rnn", "lstm", "bidirectional_lstm")
"""Operations that a GPU library computes with the settings of convolutions (cuDNN)."""


def reduces(adapter, trainer, name, tasks, lines):
    """Whether float32 may be rounded more coarsely: it was seen, or settings allow it on an accelerator.

    What is seen in a small product need not hold for the shapes of the tasks, since libraries choose kernels by shape.
    """
    forced = [one + "=" + os.environ[one] for one, harmless in FORCING if os.environ.get(one, "") not in harmless]
    allowed = adapter["settings"](trainer) if "settings" in adapter else []
    lines.write("settings", device=name, fault=trainer.fault, allowed=allowed, forced=forced)
    seen = probe(trainer, name, tasks, lines)
    return seen or (bool(allowed or forced) and not name.startswith("cpu"))


def probe(trainer, name, tasks, lines):
    """See to how many bits the device rounds what it multiplies; True where it is not float32.

    1 + 2^-9 survives TF32 (10 bits) and not bfloat16 (7 bits); 1 + 2^-12 survives float32 only.
    """
    reduced, used = False, {line[1] for task in tasks for line in task["program"]}
    for operation, of_x, of_w in (
        ("linear", [SIDE, SIDE], [SIDE, SIDE]),
        ("conv2d", [1, 2, SIDE // 2, SIDE], [1, 1, SIDE, SIDE]),
    ):
        if operation == "conv2d" and not used.intersection(LAYERED):
            continue
        half = SIDE * SIDE // 2
        task = {
            "name": "probe " + operation,
            "program": [["z", operation, "x", "w", "b"], ["loss", "weighted_sum", "z", "y"]],
            "inputs": {
                "x": floats(of_x, [1.0 + 2.0**-9] * half + [1.0 + 2.0**-12] * half),
                "y": floats(of_x, [1.0] * 2 * half),
            },
            "weights": {
                "w": floats(of_w, [float(row == column) for row in range(SIDE) for column in range(SIDE)]),
                "b": floats([SIDE], [0.0] * SIDE),
            },
            "learning_rate": 1.0,
            "steps": 0,
            "exact": True,
            "watched": {"z": None},
        }
        try:
            raw = trainer.train(task, "float32", "eager", 0)["watched"]["z"]
        except Exception as error:
            lines.write(
                "probe",
                device=name,
                operation=operation,
                fault=trainer.fault,
                error_type=type(error).__name__,
                error=str(error)[:4000],
            )
            continue
        seen = array.array("f", raw)
        rest = [min(seen[:half]) - 1.0, min(seen[half:]) - 1.0]
        lines.write("probe", device=name, operation=operation, fault=trainer.fault, seen=rest)
        reduced = reduced or rest[1] != 2.0**-12
    return reduced


def floats(shape, values):
    """An array as the task files write it."""
    return {"kind": "float", "shape": shape, "values": values}
