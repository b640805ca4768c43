"""Every fault of the zoo is named, alone and in time; every healthy environment is left in peace."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.faults.needs import require
from tests.faults.planting import Case, alarms, assert_named
from tests.faults.zoo import FAULTS, HEALTHY
from tests.survival import dlcheck

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the zoo is planted with what POSIX has")


def rows(cases: Iterable[Case]) -> list[Any]:
    """Cases that need parts of the machine are among the real tests."""
    return [pytest.param(case, id=str(case), marks=[pytest.mark.real] if case.needs else []) for case in cases]


def examine(case: Case, folder: Path) -> dict[str, Any]:
    """The doctor's document on what was planted, within the limit of the case."""
    require(*case.needs)
    with case.planted(folder) as (planted, ground):
        begun = time.monotonic()
        document = planted.examine(
            *case.arguments, online=case.online, cwd=ground.cwd, before=ground.before, **ground.variables
        )
        assert time.monotonic() - begun < case.limit
    if case.release:
        assert document["facts"]["python"]["version"].startswith(case.release)
    return document


@pytest.mark.parametrize("case", rows(FAULTS))
def test_a_fault(case: Case, tmp_path: Path):
    assert_named(examine(case, tmp_path), case)


@pytest.mark.parametrize("case", rows(HEALTHY))
def test_no_alarm(case: Case, tmp_path: Path):
    document = examine(case, tmp_path)
    assert alarms(document) == {}
    assert document["exit_code"] == 0


@pytest.mark.real
def test_no_alarm_in_real_frameworks():
    """TensorFlow, Keras, PyTorch and JAX as installed from the index, imported and asked for a product each."""
    python = os.environ.get("DLCHECK_REAL_PYTHON")
    if not python:
        if os.environ.get("CI"):
            pytest.fail("DLCHECK_REAL_PYTHON names no interpreter with frameworks")
        pytest.skip("DLCHECK_REAL_PYTHON is not set")
    done = dlcheck(
        "doctor", "--offline", "--format", "json", "--python", python, "--ignore", "no-disk-space", timeout=300
    )
    document = json.loads(done.stdout)
    assert alarms(document) == {}
    assert document["exit_code"] == 0
