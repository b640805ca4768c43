"""Real trainings in the interpreter with frameworks, through the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.real

PYTHON = os.environ.get("DLCHECK_REAL_PYTHON")


def smoke(*arguments, env=None):
    if PYTHON is None:
        words = "DLCHECK_REAL_PYTHON names no interpreter with frameworks"
        pytest.fail(words) if os.environ.get("CI") else pytest.skip(words)
    argv = [sys.executable, "-m", "dlcheck", "smoke", "--python", PYTHON, "--format", "json", *arguments]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=280, env={**os.environ, **(env or {})})
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


@pytest.mark.parametrize("framework", ["torch"])
def test_every_task_comes_out_as_float64_says(framework):
    code, document = smoke("--framework", framework)
    results = document["results"]
    assert [one["why"] for one in results if one["status"] != "passed" or one["cause"]] == []
    assert code == document["exit_code"] == 0
    assert len({one["task"] for one in results}) == 11
    assert {one["device"] for one in results} == {"cpu"}
    for one in results:
        assert one["deviation"]["loss"] <= one["limit"]["loss"]
        assert one["repeats"] is True
        assert one["precision"] == "float32"
        assert one["task"] == "exact-integers" or one["loss_last"] < one["loss_first"]


def test_a_device_that_is_not_there_is_skipped_and_not_silent():
    code, document = smoke("--framework", "torch", "--device", "cuda:7", "--task", "mlp-regression")
    (result,) = document["results"]
    assert (result["device"], result["status"]) == ("cuda:7", "skipped")
    assert code == 1
