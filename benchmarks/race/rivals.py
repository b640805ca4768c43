"""The rivals: what is installed, what is typed, which faults each says it names, and how its alarms look in its output."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.faults.planting import Case

IMPORT = frozenset({
    "numpy-abi-mismatch", "numpy-removed-alias", "protobuf-too-new", "typing-extensions-too-old", "libstdcxx-too-old",
    "glibc-too-old", "libgomp-static-tls", "torch-companion-mismatch", "cuda-libs-missing", "tf-keras-missing",
    "no-disk-space", "import-killed-for-memory", "dependency-pins-conflict", "duplicate-openmp-runtime",
    "import-crashes", "cpu-lacks-avx", "import-hangs", "broken-partial-install", "extension-framework-mismatch",
})  # fmt: skip
"""Causes for which importing PyTorch fails, in the cases of the family "imports"."""
DRIVER = frozenset({
    "driver-library-mismatch", "nvidia-device-permission", "gpu-fallen-off-bus", "driver-defect", "driver-too-old",
})  # fmt: skip
"""Causes for which nvidia-smi, or the driver behind it, does not do its work."""


@dataclass(frozen=True)
class Rival:
    """A tool, and its own words on what it is for."""

    name: str
    distribution: str
    commands: tuple[tuple[str, ...], ...]
    stated: str
    """What its README says it finds, in our words."""
    causes: frozenset[str] = frozenset()
    """Causes that it says it finds, in any case but those of "imports"."""
    imports: frozenset[str] = frozenset()
    """Causes that it says it finds when an import fails."""
    alarm: str = r"(?!)"
    """A line of its output that says that something is wrong."""
    true_here: str = r"(?!)"
    """An alarm that is true of the machine of the race: no GPU, driver or CUDA, no internet, a framework left out."""
    limit: float = 100.0

    def claims(self, case: Case) -> bool:
        """Does it say that it finds this?"""
        return case.cause in (self.imports if case.family == "imports" else self.causes)

    def is_alarm(self, line: str) -> bool:
        return re.search(self.alarm, line) is not None


GPU = r"(?i)gpu|cuda|nvidia|nvcc|LD_LIBRARY_PATH|driver"
RIVALS = (
    Rival(
        "env-doctor", "env-doctor", (("env-doctor", "check"),),
        "driver, CUDA toolkit, cuDNN and the wheels of PyTorch, TensorFlow and JAX that disagree; Python releases that the"
        " libraries do not support; a GPU too new for a build",
        causes=frozenset({
            "driver-too-old", "cpu-only-build", "driver-library-mismatch", "driver-defect", "framework-missing",
            "python-too-old", "ld-library-path-shadows-wheel-libs",
        }),
        imports=frozenset({"cuda-libs-missing"}),
        alarm=r"⚠️|❌|CRITICAL|ERROR", true_here=GPU + r"|(tensorflow|jax) is NOT installed",
    ),
    Rival(
        "cuda-doctor", "cuda-doctor", (("cuda-doctor", "diagnose", "--verbose"),),
        "why CUDA is not usable from PyTorch: driver, toolkit, build, an import of PyTorch that fails, a mask by"
        " CUDA_VISIBLE_DEVICES, CUDA libraries on LD_LIBRARY_PATH",
        causes=DRIVER | {
            "cpu-only-build", "framework-missing", "cuda-visible-devices-hides-gpu", "scheduler-gave-no-gpu",
        },
        imports=IMPORT,
        alarm=r"^\s*(✗|⚠|\[X\]|\[!\])\s+(?!Devices|CUDA\s)\S", true_here=r"GPU00|TORCH00[23]|D003|CUDA00|DRV00",
    ),
    Rival(
        "mlenvdoctor", "mlenvdoctor", (("mlenvdoctor", "doctor", "--full"),),
        "Python too old, driver not visible, PyTorch, TensorFlow, Keras and JAX that cannot be imported or compute nothing,"
        " too little memory or disk; no way to the model hub, which is not judged: the machine of the race has no internet",
        causes=DRIVER | {
            "cpu-only-build", "framework-missing", "cuda-visible-devices-hides-gpu", "python-too-old", "no-disk-space",
            "keras-tf-version-mismatch", "jax-jaxlib-mismatch",
        },
        imports=IMPORT,
        alarm=r"FAIL|WARN|\[X\]|^\d+\. Problem|Traceback",
        # It asks for 50 GB of free disk, and the machine had 49 when the last healthy ones ran.
        true_here=r"(?i)gpu|cuda|nvidia|accelerator|docker|connectivity|hub|disk space is too low"
        r"|^\[X\] Critical Issues|^\[!\]  (Warnings|Please)",
    ),
    Rival(
        "torch.utils.collect_env", "torch", (("python", "-m", "torch.utils.collect_env"),),
        "prints facts for a bug report and names no causes",
    ),
    Rival(
        "transformers env", "transformers", (("transformers", "env"),),
        "prints facts for a bug report and names no causes",
    ),
    Rival(
        "accelerate env", "accelerate", (("accelerate", "env"),), "prints facts for a bug report and names no causes"
    ),
    Rival(
        "accelerate test", "accelerate", (("accelerate", "test"),),
        "trains a little model and ends in PyTorch's own traceback where that fails; names no causes",
        limit=300.0,
    ),
)  # fmt: skip
BESIDE = ("peft", "trl", "datasets", "flax", "pip")
"""What mlenvdoctor asks for in a healthy environment, and collect_env for its list of packages."""
OWN = "dlcheck"


def chosen(case: Case, tools: list[str], *, everything: bool = False) -> list[str]:
    """The tools that run on a case; another Python has only dlcheck, since its compiled rivals are not at hand."""
    if case.release or case.family == "interpreters":
        return [tool for tool in tools if tool == OWN]
    return [
        tool
        for tool in tools
        if tool == OWN or not case.cause or everything or any(one.name == tool and one.claims(case) for one in RIVALS)
    ]
