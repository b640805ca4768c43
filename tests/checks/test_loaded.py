"""What is mapped after an import: two OpenMP libraries of one kind, and CUDA libraries from outside of the environment."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dlcheck.checks import loaded
from dlcheck.model.facts import Facts
from dlcheck.model.python_facts import Distribution, FrameworkFacts, ImportFacts
from tests.well import LEARN, SITE, WELL


def with_files(*paths: str, wheels: tuple[str, ...] = ("nvidia-cudnn-cu12", "nvidia-cuda-runtime")) -> Facts:
    run = ImportFacts(result="found", libraries=paths)
    return replace(
        WELL,
        frameworks={"torch": FrameworkFacts(name="torch", run=run)},
        distributions=tuple(Distribution(name=name, version="9") for name in wheels),
    )


@pytest.mark.parametrize(
    ("paths", "found"),
    [
        (("/env/lib/libiomp5.so", "/other/lib/libomp.so"), True),
        (("/env/sklearn.libs/libomp-a1b2.so.5", "/env/lib/libiomp5.so"), True),
        (("/env/lib/libiomp5.so",), False),
        (("/env/torch/lib/libgomp.so.1", "/env/sklearn.libs/libgomp-a.so.1"), False),
        (("/env/lib/libomptarget.so", "/env/lib/libomp.so"), False),
    ],
)
def test_two_openmp_libraries_of_one_kind(paths: tuple[str, ...], found: bool):
    assert bool(list(loaded.one_openmp.judge(with_files(*paths), LEARN))) is found


OUTSIDE = "/usr/local/cuda-12.4/lib64/libcudnn.so.9.1.0"


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        (with_files(OUTSIDE), True),
        (with_files("/opt/cudnn/libcudnn_ops.so.9"), True),
        (with_files("/usr/lib/x86_64-linux-gnu/libcudart.so.13"), True),
        (with_files(f"{SITE}/nvidia/cudnn/lib/libcudnn.so.9"), False),
        (with_files(OUTSIDE, wheels=()), False),  # conda, an image of NVIDIA's, a distribution
        (with_files("/usr/local/cuda/lib64/libcufft.so.11.2"), False),  # no wheel brings it here
        (with_files("/home/someone/course/.venv/lib/libcudnn.so.9"), False),
    ],
)
def test_a_library_from_outside_of_the_environment(facts: Facts, found: bool):
    findings = list(loaded.own_libraries.judge(facts, LEARN))
    assert [one.cause for one in findings] == (["ld-library-path-shadows-wheel-libs"] if found else [])
