"""Names the cause of an import that failed, as far as more is known than its words: what is installed, and how it ended.

What its words say is read by data/signatures, which doctor asks where this file says no more than how the import ended.
"""

from __future__ import annotations

import re

from dlcheck.model.python_facts import ImportFacts

_OWN = {
    "torch": ("torch", "torchgen", "functorch"),
    "tensorflow": ("tensorflow", "tensorflow_core"),
    "keras": ("keras",),
    "jax": ("jax", "jaxlib"),
}
"""Modules that a framework brings itself: installed and not found means that files are missing."""
_BACKENDS = ("tensorflow", "torch", "jax")
# The words mean another thing in the import of an installed framework than in any program: there, an extension may
# ask for the CUDA library, and the missing file may be anybody's.
_WORDS: tuple[tuple[str, str], ...] = (
    (
        r"\blibcu(?:dart|dnn|blas|sparse|rand|fft|solver)\S*\.so\S*: cannot open|\blibn(?:vrtc|ccl)\S*: cannot open",
        "cuda-libs-missing",
    ),
    (
        r"has no attribute '__version__'|\.so\S*: cannot open shared object file|file too short",
        "broken-partial-install",
    ),
    (r"Unknown (?:command line )?flags? in XLA_FLAGS", "jax-variable-wrong"),
)
_RESULTS = {
    "timeout": "import-hangs",
    "silent": "import-silent",
    "crashed": "import-crashes",
    "raised": "import-raises",
}
UNNAMED = ("import-raises", "import-crashes", "import-silent", "dependency-pins-conflict")
"""Causes that say only how it ended, or that something is missing; its words may say why."""


def name_cause(name: str, run: ImportFacts) -> str:
    """The slug of the cause that the import of the framework ``name`` failed for."""
    if run.result == "crashed" and run.signal in ("SIGILL", "ILLEGAL_INSTRUCTION"):
        return "cpu-lacks-avx"
    killed = run.result == "crashed" and (run.signal == "SIGKILL" or run.exit_code == 137)
    if killed or run.error_type == "MemoryError":
        return "import-killed-for-memory"
    missing = re.search(r"No module named '(\w+)([.\w]*)'", run.error or "")
    if missing and run.error_type == "ModuleNotFoundError":
        return _cause_of_missing(name, missing[1], missing[2])
    text = "\n".join((run.error or "", *(run.output[-20:] if run.result != "raised" else ())))
    for pattern, slug in _WORDS:
        if re.search(pattern, text):
            return slug
    return _RESULTS.get(run.result, "import-raises")


def _cause_of_missing(name: str, module: str, below: str) -> str:
    """The cause where a module is not found; ``below`` is the rest of its dotted name."""
    if module == "jaxlib" and below:
        return (
            "jax-jaxlib-mismatch"  # jaxlib is there, and of another age than jax: modules come and go between releases
        )
    if module in _OWN.get(name, ()):
        return "broken-partial-install"
    if name == "keras" and module in _BACKENDS:
        return "keras-backend-not-installed"
    return "dependency-pins-conflict"


def describe(run: ImportFacts) -> str:
    """What happened, in words."""
    place = {
        "import": "while it was imported",
        "eager": "in its first computation",
        "tensor": "in its first computation",
        "devices": "while it listed the devices",
        "keras": "while Keras was imported",
    }.get(run.stage or "", "at its start")
    if run.result == "raised":
        first = (run.error or "").strip().splitlines()
        return f"{run.error_type}: {first[0][:300] if first else ''} ({place})"
    if run.result == "crashed":
        return (
            f"it was ended by {run.signal} {place}"
            if run.signal
            else f"it ended with exit code {run.exit_code} {place}"
        )
    if run.result == "timeout":
        return f"it did not come to an end in {run.seconds or 0:.0f} s {place}"
    return f"it ended without an answer {place}"
