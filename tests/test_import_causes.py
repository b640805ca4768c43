"""What a failed import is named by doctor: by what is installed and how it ended, else by its words, read as a paste is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dlcheck.checks import RULES
from dlcheck.doctor import make_report
from dlcheck.model.python_facts import FrameworkFacts, ImportFacts
from dlcheck.model.report import Target
from tests.well import LEARN, WELL

IMPORTS = [rule for rule in RULES if rule.code == "DL503"]
TORCH_LOADS = (
    'File "/h/.venv/lib/python3.11/site-packages/torch/__init__.py", line 246, in _load_global_deps',
    "    raise err",
    'File "/usr/lib/python3.11/ctypes/__init__.py", line 376, in __init__',
)


def cause_of(name: str, run: ImportFacts) -> str:
    facts = replace(WELL, frameworks={name: FrameworkFacts(name=name, version="1.0", run=run)})
    (verdict,) = make_report(facts, LEARN, IMPORTS, target=Target(python="python", chosen_by="--python")).verdicts
    (finding,) = verdict.findings
    return finding.cause


WORDS = [
    ("torch", "ImportError", "numpy.core.multiarray failed to import", "numpy-abi-mismatch"),
    ("tensorflow", "AttributeError", "module 'numpy' has no attribute 'object'.", "numpy-removed-alias"),
    ("tensorflow", "TypeError", "Descriptors cannot be created directly.", "protobuf-too-new"),
    ("torch", "ImportError", "cannot import name 'TypeIs' from 'typing_extensions' (/x)", "typing-extensions-too-old"),
    ("torch", "ImportError", "/lib/libstdc++.so.6: version `GLIBCXX_3.4.29' not found (required by /x.so)", "libstdcxx-too-old"),
    ("torch", "ImportError", "/lib64/libm.so.6: version `GLIBC_2.29' not found (required by /x)", "glibc-too-old"),
    ("torch", "ImportError", "/lib/libgomp.so.1: cannot allocate memory in static TLS block", "libgomp-static-tls"),
    ("jax", "RuntimeError", "jaxlib version 0.4.1 is newer than and incompatible with jax version 0.4.0.", "jax-jaxlib-mismatch"),
    ("keras", "ModuleNotFoundError", "No module named 'tf_keras'", "tf-keras-missing"),
    ("tensorflow", "ModuleNotFoundError", "No module named 'distutils'", "stdlib-module-removed"),
    ("torch", "OSError", "[Errno 28] No space left on device", "no-disk-space"),
    ("torch", "ImportError", "/x/libtorch_cuda.so: undefined symbol: ncclCommRegister", "ld-library-path-shadows-wheel-libs"),
    ("torch", "ImportError", "/x/libtorch_cpu.so: undefined symbol: iJIT_NotifyEvent", "mkl-too-new"),
    ("tensorflow", "AttributeError", "module 'keras' has no attribute 'src'", "keras-tf-version-mismatch"),
    # What is installed says more than the words do.
    ("torch", "OSError", "libcudart.so.12: cannot open shared object file: No such file or directory", "cuda-libs-missing"),
    ("torch", "ImportError", "libtorch_cpu.so: cannot open shared object file: No such file or directory", "broken-partial-install"),
    ("torch", "ModuleNotFoundError", "No module named 'torchgen.model'", "broken-partial-install"),
    ("torch", "ModuleNotFoundError", "No module named 'torch._C'", "broken-partial-install"),
    ("jax", "ModuleNotFoundError", "No module named 'jaxlib'", "broken-partial-install"),
    ("jax", "ModuleNotFoundError", "No module named 'jaxlib.xla_client'", "jax-jaxlib-mismatch"),
    ("keras", "ModuleNotFoundError", "No module named 'tensorflow'", "keras-backend-not-installed"),
    ("torch", "ModuleNotFoundError", "No module named 'sympy'", "dependency-pins-conflict"),
    ("torch", "RuntimeError", "something nobody has seen", "import-raises"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "kind", "words", "cause"), WORDS, ids=[row[2][:40] for row in WORDS])
def test_an_exception_is_named_by_its_words(name: str, kind: str, words: str, cause: str):
    for traceback in ((), (*TORCH_LOADS, f"{kind}: {words}") if name == "torch" else ()):
        assert cause_of(name, ImportFacts(result="raised", error_type=kind, error=words, traceback=traceback)) == cause


ENDS = [
    ("SIGILL", "", "cpu-lacks-avx"),
    ("SIGKILL", "", "import-killed-for-memory"),
    ("SIGSEGV", "", "import-crashes"),
    ("SIGABRT", "OMP: Error #15: Initializing libiomp5.so, but found libiomp5.so already initialized.", "duplicate-openmp-runtime"),
    ("SIGABRT", "F1122 14:18:30.46 16606 parse_flags_from_env.cc:234] Unknown flag in XLA_FLAGS: --xla_no=1", "jax-variable-wrong"),
]  # fmt: skip


@pytest.mark.parametrize(("signal", "output", "cause"), ENDS)
def test_a_death_is_named_by_its_signal_else_by_its_last_words(signal: str, output: str, cause: str):
    assert cause_of("jax", ImportFacts(result="crashed", signal=signal, output=(output,))) == cause
