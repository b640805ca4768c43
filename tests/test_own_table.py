"""What wheels say of themselves against what they were chosen for: texts in the forms that torch and TensorFlow write."""

from __future__ import annotations

import pytest

from dlcheck.installation.builds import table
from dlcheck.installation.own_table import OwnTable, objection, read
from dlcheck.model.plan import Build, Machine, NvidiaGpu

TORCH = """from typing import Optional

__all__ = ['__version__', 'debug', 'cuda', 'git_version', 'hip', 'rocm', 'xpu']
__version__ = '2.99.0+cu130'
debug = False
cuda: Optional[str] = {cuda}
git_version = '0123'
hip: Optional[str] = {hip}
rocm: Optional[str] = None
xpu: Optional[str] = {xpu}
"""
TENSORFLOW = """import collections
build_info = collections.OrderedDict([('cpu_compiler', 'clang'), ('cuda_version', '12.5.1'), ('is_cuda_build', True),
    ('is_rocm_build', False)])
"""
MACHINE = Machine(
    system="linux", architecture="x86_64", python="3.12.3", driver="580.65.06",
    nvidia=(NvidiaGpu(name="a GPU", capability=(9, 0)),),
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "own"),
    [
        (TORCH.format(cuda="'13.0'", hip="None", xpu="None"), OwnTable(cuda="13.0")),
        (TORCH.format(cuda="None", hip="'7.2.1'", xpu="None"), OwnTable(rocm="7.2.1")),
        (TORCH.format(cuda="None", hip="None", xpu="'20250302'"), OwnTable(xpu="20250302")),
        ("cuda = '12.6'\nhip = None\n", OwnTable(cuda="12.6")),
        (TENSORFLOW, OwnTable(cuda="12.5.1")),
        ("build_info = {}", OwnTable()),
        ("somebody else's file", None),
    ],
)
def test_reads(text: str, own: OwnTable | None):
    assert read(text) == own


@pytest.mark.parametrize(
    ("variant", "major", "own", "others", "words"),
    [
        ("cu130", 13, OwnTable(cuda="13.1"), (), None),
        ("cu130", 13, OwnTable(), (), "built without"),
        ("cu126", 12, OwnTable(cuda="13.0"), (), None),
        ("cu126", 12, OwnTable(cuda="13.0"), (12,), "two environments"),
        ("cu130", 13, OwnTable(cuda="14.0"), (), "knows no driver"),
        ("cpu", None, OwnTable(), (), None),
        ("cpu", None, OwnTable(cuda="13.0"), (), "for the processor alone"),
        ("rocm7.2", None, OwnTable(), (), "built without"),
        ("rocm7.2", None, OwnTable(rocm="7.2.1"), (), None),
        ("xpu", None, OwnTable(), (), "built without"),
    ],
)
def test_the_wheel_wins(variant: str, major: int | None, own: OwnTable, others: tuple[int, ...], words: str | None):
    build = Build(framework="torch", variant=variant, requirements=(), version="2.99.0", cuda_major=major)
    why = objection(build, own, MACHINE, table(), frozenset(others))
    assert (why is None) if words is None else (why and words in why)


def test_a_driver_that_is_too_old_for_what_the_wheel_says():
    build = Build(framework="torch", variant="cu126", requirements=(), version="2.99.0", cuda_major=12)
    old = Machine(system="linux", architecture="x86_64", python="3.12.3", driver="550.54")
    assert "needs driver 580" in objection(build, OwnTable(cuda="13.0"), old, table(), frozenset())


def test_tensorflow_with_cuda_code_serves_the_processor():
    build = Build(framework="tensorflow", variant="cpu", requirements=(), version="2.21.0")
    assert objection(build, OwnTable(cuda="12.5.1"), MACHINE, table(), frozenset()) is None
