"""Names the cause of an import that failed, by the words of its exception, its signal and its output."""

from __future__ import annotations

import re

from dlcheck.model.python_facts import ImportFacts

# The first row whose words occur counts: the more special ones stand first.
_WORDS: tuple[tuple[str, str], ...] = (
    (
        r"compiled using NumPy 1\.x|_ARRAY_API not found|numpy\.dtype size changed|numpy\.core\.multiarray failed",
        "numpy-abi-mismatch",
    ),
    (r"module 'numpy' has no attribute '(?:object|bool|int|float|complex|str|typeDict)'", "numpy-removed-alias"),
    (
        r"Descriptors cannot (?:not )?be created directly|google\.protobuf|GetPrototype|runtime_version",
        "protobuf-too-new",
    ),
    (r"cannot import name '\w+' from 'typing_extensions'", "typing-extensions-too-old"),
    (r"version `?(?:GLIBCXX|CXXABI)_[\d.]+'? not found", "libstdcxx-too-old"),
    (r"version `?GLIBC_[\d.]+'? not found", "glibc-too-old"),
    (r"cannot allocate memory in static TLS block", "libgomp-static-tls"),
    (r"compiled to use (?:AVX|SSE|FMA)|built using \w+ instructions, which your CPU", "cpu-lacks-avx"),
    (
        r"operator torchvision::nms does not exist|partially initialized module 'torchvision'",
        "torch-companion-mismatch",
    ),
    (r"Unable to import backend|No module named '(?:tensorflow|torch|jax)'.*keras", "keras-backend-not-installed"),
    (r"No module named 'tf_keras'|tf_keras.*(?:pip install|not installed)", "tf-keras-missing"),
    (r"jaxlib (?:version|is version).*(?:incompatible|but)|requires a jaxlib", "jax-jaxlib-mismatch"),
    (
        r"libcud(?:art|nn)\S*\.so|libcublas\S*\.so|libnvrtc\S*\.so|libnccl\S*\.so|libcusparse\S*\.so",
        "cuda-libs-missing",
    ),
    (r"No module named 'distutils'|No module named 'imp'|No module named 'pkg_resources'", "stdlib-module-removed"),
    (r"OMP: Error #15|libiomp5md|already initialized", "duplicate-openmp-runtime"),
    (r"DLL load failed|WinError 126|c10\.dll|_pywrap_tensorflow_internal", "vc-runtime-missing-or-old"),
    (
        r"circular import|partially initialized module '(?:torch|tensorflow|keras|jax|numpy)'",
        "local-file-shadows-package",
    ),
    (r"undefined symbol", "extension-framework-mismatch"),
    (
        r"has no attribute '__version__'|cannot open shared object file|No such file or directory.*site-packages",
        "broken-partial-install",
    ),
    (r"No module named '(?:torch|torchgen|tensorflow|jax|jaxlib|keras)[.'\w]", "broken-partial-install"),
    (r"No space left on device", "no-disk-space"),
)
_RESULTS = {
    "timeout": "import-hangs",
    "silent": "import-silent",
    "crashed": "import-crashes",
    "raised": "import-raises",
}


def name_cause(run: ImportFacts) -> str:
    """The slug of the cause."""
    if run.result == "crashed":
        if run.signal in ("SIGILL", "ILLEGAL_INSTRUCTION"):
            return "cpu-lacks-avx"
        if run.signal == "SIGKILL" or run.exit_code == 137:
            return "import-killed-for-memory"
    if run.error_type == "MemoryError":
        return "import-killed-for-memory"
    text = "\n".join((run.error or "", *(run.output[-20:] if run.result != "raised" else ())))
    missing = re.search(r"No module named '([\w.]+)'", run.error or "")
    for pattern, slug in _WORDS:
        if re.search(pattern, text):
            return slug
    if missing and run.error_type == "ModuleNotFoundError":
        return "dependency-pins-conflict"
    return _RESULTS.get(run.result, "import-raises")


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
