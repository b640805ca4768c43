"""Frameworks whose import fails for the reasons that real ones fail for: the words are theirs, the processes are real."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.faults.planting import Planted, assert_named

pytestmark = pytest.mark.skipif(os.name != "posix", reason="libraries of POSIX")
ONLY = ("--offline", "--select", "DL503", "--timeout", "30")


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


@pytest.mark.parametrize(("what", "error", "cause"), RAISED, ids=[row[0] for row in RAISED])
def test_an_import_that_fails_for(what, error, cause, tmp_path: Path):
    planted = Planted(tmp_path)
    (planted.site / "torch" / "__init__.py").write_text(f"raise {error}\n")
    assert_named(planted.examine(*ONLY), cause, "error")


def test_a_second_openmp_that_aborts(tmp_path: Path):
    planted = Planted(tmp_path)
    words = "OMP: Error #15: Initializing libiomp5.so, but found libomp.so already initialized.\\n"
    (planted.site / "torch" / "__init__.py").write_text(f"import os\nos.write(2, b'{words}')\nos.abort()\n")
    assert_named(planted.examine(*ONLY), "duplicate-openmp-runtime", "error")


LINKED = [
    ("a CUDA library that is not there", "extern int needed(void); int used(void) { return needed(); }", "libcudart.so.12", "cuda-libs-missing"),
    ("another library that is not there", "extern int needed(void); int used(void) { return needed(); }", "libodd.so.3", "broken-partial-install"),
    ("a symbol that nobody has", "extern int _ZN2at4nobodyEv(void); int used(void) { return _ZN2at4nobodyEv(); }", "", "two-copies-installed"),
]  # fmt: skip


@pytest.mark.real
@pytest.mark.skipif(shutil.which("cc") is None and not os.environ.get("CI"), reason="no C compiler")
@pytest.mark.parametrize(("what", "source", "library", "cause"), LINKED, ids=[row[0] for row in LINKED])
def test_a_compiled_part_that_needs(what, source, library, cause, tmp_path: Path):
    """The loader's own words: a real shared library, linked against one that is taken away again."""
    planted = Planted(tmp_path)
    place = planted.site / "torch" / "_C.so"
    (tmp_path / "part.c").write_text(source)
    flags = ["-shared", "-fPIC", "-o", str(place), str(tmp_path / "part.c")]
    if library:
        (tmp_path / "needed.c").write_text("int needed(void) { return 1; }")
        needed = tmp_path / library
        subprocess.run(
            ["cc", "-shared", "-fPIC", f"-Wl,-soname,{library}", "-o", str(needed), str(tmp_path / "needed.c")],
            check=True,
        )
        flags.append(str(needed))
    subprocess.run(["cc", *flags], check=True)
    (tmp_path / library).unlink() if library else None
    (planted.site / "torch" / "__init__.py").write_text(
        f"import ctypes, os\nctypes.CDLL({str(place)!r}, os.RTLD_NOW)\n"
    )
    assert_named(planted.examine(*ONLY), cause, "error")
