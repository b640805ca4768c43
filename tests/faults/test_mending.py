"""What `doctor --fix` mends is planted, mended from an index on this machine, and looked at again by the same run.

The causes in ``fix.FIXABLE`` that are not here need a GPU to be there at all (a build for another device), or never are in an
environment (a download that was cut short), or bring a whole framework (framework-missing, which tests/real/test_install.py
installs); their plans are tables in tests/test_fix.py.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from dlcheck.installation.fix import FIXABLE, REBUILD
from tests.faults.needs import require
from tests.faults.planting import Case, Ground, Planted, alarms, packages
from tests.faults.zoo import FAULTS
from tests.installers.index_server import Index, serve
from tests.survival import dlcheck

pytestmark = [pytest.mark.real, pytest.mark.skipif(os.name != "posix", reason="the zoo is planted with what POSIX has")]


def torn(planted: Planted, folder: Path) -> Ground:
    """A small package of which a file is gone."""
    planted.list("attrs==24.1.0", "colorama==0.4.6")
    (planted.site / "colorama" / "__init__.py").unlink()
    return Ground()


def left_over(planted: Planted, folder: Path) -> Ground:
    """What pip moves aside, and an interrupted pip leaves."""
    planted.list("attrs==24.1.0")
    (planted.site / "~olorama").mkdir()
    return Ground()


def twice(planted: Planted, folder: Path) -> Ground:
    """Two releases of a small package in one folder, both whole."""
    planted.list("attrs==24.1.0", "colorama==0.4.6")
    shutil.copytree(planted.site / "colorama-0.4.6.dist-info", planted.site / "colorama-0.4.5.dist-info")
    for name in ("METADATA", "RECORD"):
        place = planted.site / "colorama-0.4.5.dist-info" / name
        place.write_text(place.read_text().replace("0.4.6", "0.4.5"))
    return Ground()


MAJORS = packages(
    "nvidia-cublas-cu11==11.11.3.6", "nvidia-cublas-cu12==12.8.4.1", "mine==1.0", mine="nvidia-cublas-cu12==12.8.4.1"
)
OWN = [
    Case("mending", "a file is gone", torn, "broken-partial-install"),
    Case("mending", "a leftover", left_over, "broken-partial-install", "warning"),
    Case("mending", "two releases", twice, "two-copies-installed", "warning"),
    Case("mending", "CUDA wheels of two majors", MAJORS,
         "two-cuda-wheel-families", "warning"),
]  # fmt: skip
BY_NAME = {str(case): case for case in (*FAULTS, *OWN)}
TINY = [
    ("mending: a file is gone", "colorama==0.4.6"),
    ("mending: a leftover", "attrs==24.1.0"),
    ("mending: two releases", "colorama==0.4.6"),
    ("mending: CUDA wheels of two majors", "nvidia-cublas-cu12==12.8.4.1"),
    ("packages: keras 2 under tensorflow 2.21", "keras==3.15.1"),
    ("packages: protobuf too new for tensorflow", "protobuf==4.25.8"),
    ("packages: typing_extensions too old", "typing-extensions==4.16.0"),
    ("packages: jaxlib of another jax", "jaxlib==0.10.2"),
    ("packages: a CUDA plugin of another jax", "jax-cuda12-pjrt==0.6.0"),
    ("packages: numpy 2 under an old torch", "numpy==1.26.4"),
    ("packages: a requirement that is not installed", "tokenizers==0.23.3"),
    ("variables: TF_USE_LEGACY_KERAS without tf-keras", "tf-keras==2.21.0"),
    ("variables: Jupyter without ipykernel", "ipykernel==7.0.0"),
]
"""A case, and the wheels of one file each that the index has for it."""
CLEAN = dict.fromkeys(("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_EXTRA_INDEX_URL"), "UNSET")


TRAINED = [
    ("packages: tensorflow beside tensorflow-cpu", "tensorflow-cpu==2.21.0"),
    ("packages: torchvision of another torch", "torch==2.13.0+cpu torchvision==0.28.0+cpu"),
]


def mend(planted: Planted, ground: Ground, index: Index, folder: Path) -> subprocess.CompletedProcess[str]:
    """`doctor --fix --yes` with nothing but that index, and caches of its own."""
    variables = {
        **planted.variables(),
        **CLEAN,
        **ground.variables,
        "PIP_INDEX_URL": index.url,
        "PIP_CONFIG_FILE": "/dev/null",
        "UV_CACHE_DIR": str(folder / "uv"),
        "DLCHECK_CACHE_DIR": str(folder / "cache"),
    }
    options = ("--quick", "--fix", "--yes", "--format", "json")
    return dlcheck("doctor", *planted.target, *options, cwd=ground.cwd, timeout=120, **variables)


@contextmanager
def planted_beside_an_index(case: Case, wheels: str, folder: Path) -> Iterator[tuple[Planted, Ground, Index]]:
    """The case, and an index that has these wheels of one file each."""
    require(*case.needs, "uv")
    index = Index()
    for one in wheels.split():
        index.add(*one.split("=="))
    with serve(index), case.planted(folder) as (planted, ground):
        yield planted, ground, index


def every_cause(document: dict[str, Any]) -> set[str]:
    return {one["cause"] for verdict in document["verdicts"] for one in verdict["findings"]}


@pytest.mark.parametrize(("name", "wheels"), TINY, ids=[row[0] for row in TINY])
def test_mended(name: str, wheels: str, tmp_path: Path):
    case = BY_NAME[name]
    with planted_beside_an_index(case, wheels, tmp_path) as (planted, ground, index):
        assert case.cause in every_cause(planted.examine("--quick", cwd=ground.cwd, **ground.variables))
        done = mend(planted, ground, index, tmp_path)
    after = json.loads(done.stdout)
    assert alarms(after) == {}, done.stderr
    assert case.cause not in every_cause(after)
    assert index.sent, "nothing was fetched"


@pytest.mark.parametrize(("name", "wheels"), TRAINED, ids=[row[0] for row in TRAINED])
def test_mended_and_not_believed_before_it_has_trained(name: str, wheels: str, tmp_path: Path):
    """What is a framework has to train after it was installed, which a stand-in cannot: said, and yet the cause is gone."""
    case = BY_NAME[name]
    with planted_beside_an_index(case, wheels, tmp_path) as (planted, ground, index):
        done = mend(planted, ground, index, tmp_path)
        assert done.returncode == 1
        assert re.search("trained on no device|does not train", done.stderr)
        assert case.cause not in every_cause(planted.examine("--quick"))


def test_every_cause_that_can_be_planted_without_a_gpu_is_mended_here():
    beside = {"corrupted-download", "framework-missing"}
    mended = {BY_NAME[name].cause for name, _ in (*TINY, *TRAINED)}
    assert mended == FIXABLE - REBUILD - beside
