"""The maintainer's script that holds the table against the wheels: what it reads, and that it widens nothing unread."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from index_server import Index, wheel

ROOT = Path(__file__).parent.parent.parent
VERSION = b"__version__ = '2.15.0+cu130'\ncuda: Optional[str] = '13.0'\nhip: Optional[str] = None\n"
KNOWN = b"sm_75 sm_80 sm_86 sm_90 sm_100 sm_120"
BUILD_INFO = (
    b"build_info = collections.OrderedDict([('cuda_version', '12.5.1'), "
    b"('cuda_compute_capabilities', ['sm_60', 'sm_70', 'sm_80', 'sm_89', 'compute_90'])])\n"
)


def torch(index: Index, listed: bytes) -> int:
    """A wheel with a compiled library of megabytes; its size."""
    noise = os.urandom(1_500_000)
    library = noise + b"\0" + listed + b"\0" + b"sm_\0" + os.urandom(3_000_000)
    files = {
        "torch/version.py": VERSION,
        "torch/lib/libtorch_python.so": library,
        "torch/lib/libtorch_cuda.so": os.urandom(6_000_000),
    }
    _, data = wheel("torch", "2.15.0", files=files, packed=True)
    index.wheels["torch-2.15.0-cp311-cp311-manylinux_2_28_x86_64.whl"] = data
    return len(data)


def refreshed(index: Index, framework: str, home: dict[str, str]) -> tuple[int, str]:
    argv = [sys.executable, str(ROOT / "tools/refresh_builds.py"), "--index", index.url, "--framework", framework]
    env = {**home, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([*argv, "--newest", "1"], env=env, capture_output=True, text=True, check=False)
    assert not done.stderr
    return done.returncode, done.stdout


def test_the_architectures_of_torch_are_read_out_of_its_library_and_no_further(index: Index, home: dict[str, str]):
    size = torch(index, KNOWN)
    code, said = refreshed(index, "torch", home)
    assert code == 0
    assert "torch 2.15.0 CUDA 13.0: sm_75 sm_80 sm_86 sm_90 sm_100 sm_120, as the table says" in said
    assert "CUDA 13.0, the table says" in said
    assert index.total < size / 2


@pytest.mark.parametrize(
    ("listed", "words"),
    [
        (KNOWN + b" sm_130 compute_130", "the wheel has compute_130 sm_130, which the table lacks   <-- look"),
        (KNOWN.replace(b"sm_75 ", b""), "the table claims sm_75, which the wheel has not   <-- take it out"),
        (KNOWN.replace(b"sm_90", b"sm_90a"), "the table claims sm_90, which the wheel has not"),
    ],
)
def test_what_differs_is_named(index: Index, home: dict[str, str], listed: bytes, words: str):
    torch(index, listed)
    code, said = refreshed(index, "torch", home)
    assert code == 0
    assert words in said


@pytest.mark.parametrize("vice", ["no list", "no ranges", "no library"])
def test_a_claim_that_could_not_be_read_is_not_widened(index: Index, home: dict[str, str], vice: str):
    torch(index, b"sm_75" if vice == "no list" else KNOWN + b" sm_130")
    index.ranges = vice != "no ranges"
    if vice == "no library":
        _, data = wheel("torch", "2.15.0", files={"torch/version.py": VERSION}, packed=True)
        index.wheels["torch-2.15.0-cp311-cp311-manylinux_2_28_x86_64.whl"] = data
    code, said = refreshed(index, "torch", home)
    assert code == 1
    assert "could not be read" in said
    assert "its claims stay as they are, and no wider" in said
    assert "the wheel has" not in said
    assert "1 could not be read" in said


def test_tensorflow_says_them_in_its_build_info(index: Index, home: dict[str, str]):
    _, data = wheel("tensorflow", "2.21.0", files={"tensorflow/python/platform/build_info.py": BUILD_INFO})
    index.wheels["tensorflow-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl"] = data
    code, said = refreshed(index, "tensorflow", home)
    assert code == 0
    assert "tensorflow 2.21.0 CUDA 12.5.1: compute_90 sm_60 sm_70 sm_80 sm_89, as the table says" in said
