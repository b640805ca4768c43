"""Frameworks whose import fails for the reasons that real ones fail for: the words are theirs, the processes are real."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.faults.planting import Case, Ground, Plant, Planted

ONLY = ("--select", "DL503", "--timeout", "30")
SOON = ("--select", "DL503", "--timeout", "8")


RAISED = [
    ("numpy's ABI", "ImportError('numpy.core.multiarray failed to import')", "numpy-abi-mismatch"),
    ("numpy's dtype", "ValueError('numpy.dtype size changed, may indicate binary incompatibility. Expected 96 from C header, got 88 from PyObject')", "numpy-abi-mismatch"),
    ("numpy without bool", "AttributeError(\"module 'numpy' has no attribute 'bool'.\")", "numpy-removed-alias"),
    ("protobuf's descriptors", "TypeError('Descriptors cannot be created directly.')", "protobuf-too-new"),
    ("protobuf's runtime", "ImportError(\"cannot import name 'runtime_version' from 'google.protobuf'\")", "protobuf-too-new"),
    ("typing_extensions", "ImportError(\"cannot import name 'TypeIs' from 'typing_extensions'\")", "typing-extensions-too-old"),
    ("libstdc++", "ImportError(\"/lib/libstdc++.so.6: version `GLIBCXX_3.4.30' not found\")", "libstdcxx-too-old"),
    ("glibc", "ImportError(\"/lib/libc.so.6: version `GLIBC_2.34' not found\")", "glibc-too-old"),
    ("static TLS", "ImportError('libgomp.so.1: cannot allocate memory in static TLS block')", "libgomp-static-tls"),
    ("torchvision's operators", "RuntimeError('operator torchvision::nms does not exist')", "torch-companion-mismatch"),
    ("cuDNN", "ImportError('libcudnn.so.9: cannot open shared object file: No such file or directory')", "cuda-libs-missing"),
    ("tf_keras", "ModuleNotFoundError(\"No module named 'tf_keras'\")", "tf-keras-missing"),
    ("a full disk", "OSError(28, 'No space left on device')", "no-disk-space"),
    ("memory", "MemoryError()", "import-killed-for-memory"),
    ("an unknown dependency", "ModuleNotFoundError(\"No module named 'sympy'\", name='sympy')", "dependency-pins-conflict"),
]  # fmt: skip


def importing(source: str) -> Plant:
    """A torch whose import runs ``source``."""

    def plant(planted: Planted, folder: Path) -> Ground:
        (planted.site / "torch" / "__init__.py").write_text(source)
        return Ground()

    return plant


OPENMP = "OMP: Error #15: Initializing libiomp5.so, but found libomp.so already initialized.\\n"
ENDED = [
    ("a second OpenMP that aborts", f"import os\nos.write(2, b'{OPENMP}')\nos.abort()\n", "duplicate-openmp-runtime"),
    ("a segmentation fault", "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n", "import-crashes"),
    ("an instruction that this processor lacks", "import os, signal\nos.kill(os.getpid(), signal.SIGILL)\n", "cpu-lacks-avx"),
    ("an import that never ends", "import time\ntime.sleep(600)\n", "import-hangs"),
    ("an import that talks without end", "while True:\n    print('loading' * 200, flush=True)\n", "import-hangs"),
    ("an import that ends the program", "import os\nos._exit(0)\n", "import-silent"),
    ("flags for XLA that nobody knows", "import os\nos.write(2, b'Unknown flag in XLA_FLAGS: --xla_odd\\n')\nos.abort()\n", "jax-variable-wrong"),
]  # fmt: skip


LINKED = [
    ("a CUDA library that is not there", "extern int needed(void); int used(void) { return needed(); }", "libcudart.so.12", "cuda-libs-missing"),
    ("another library that is not there", "extern int needed(void); int used(void) { return needed(); }", "libodd.so.3", "broken-partial-install"),
    ("a symbol that nobody has", "extern int _ZN2at4nobodyEv(void); int used(void) { return _ZN2at4nobodyEv(); }", "", "two-copies-installed"),
]  # fmt: skip


def linked(source: str, library: str) -> Plant:
    """The loader's own words: a real shared library, linked against one that is taken away again."""

    def plant(planted: Planted, folder: Path) -> Ground:
        place = planted.site / "torch" / "_C.so"
        (folder / "part.c").write_text(source)
        flags = ["-shared", "-fPIC", "-o", str(place), str(folder / "part.c")]
        needed = folder / library
        if library:
            (folder / "needed.c").write_text("int needed(void) { return 1; }")
            subprocess.run(
                ["cc", "-shared", "-fPIC", f"-Wl,-soname,{library}", "-o", str(needed), str(folder / "needed.c")],
                check=True,
            )
            flags.append(str(needed))
        subprocess.run(["cc", *flags], check=True)
        if library:
            needed.unlink()
        (planted.site / "torch" / "__init__.py").write_text(
            f"import ctypes, os\nctypes.CDLL({str(place)!r}, os.RTLD_NOW)\n"
        )
        return Ground()

    return plant


FAULTS = (
    *(Case("imports", what, importing(f"raise {error}\n"), cause, arguments=ONLY) for what, error, cause in RAISED),
    *(Case("imports", what, importing(source), cause, arguments=SOON) for what, source, cause in ENDED),
    *(
        Case("imports", what, linked(source, library), cause, arguments=ONLY, needs=("cc",))
        for what, source, library, cause in LINKED
    ),
)
