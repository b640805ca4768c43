"""Real trainings in the interpreter with frameworks, through the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import dlcheck
from dlcheck.checks.training import DTYPE_NOT_SUPPORTED, judge_raised
from dlcheck.model.smoke import SmokeRun

pytestmark = pytest.mark.real

PYTHON = os.environ.get("DLCHECK_REAL_PYTHON")


def require_python():
    if PYTHON is None:
        words = "DLCHECK_REAL_PYTHON names no interpreter with frameworks"
        pytest.fail(words) if os.environ.get("CI") else pytest.skip(words)


def within(script, code, **env):
    """What a few lines print that run beside a script of inside/, its names in ``inside``."""
    require_python()
    start = str(Path(dlcheck.__file__).parent / "inside" / "start.py")
    lines = f"import runpy; inside = runpy.run_path({start!r})['load']({script!r})\n{textwrap.dedent(code)}"
    done = subprocess.run([PYTHON, "-c", lines], capture_output=True, text=True, timeout=280, env={**os.environ, **env})
    assert done.returncode == 0, done.stderr
    return done.stdout


def smoke(*arguments, env=None):
    require_python()
    argv = [
        sys.executable,
        "-m",
        "dlcheck",
        "smoke",
        "--python",
        PYTHON,
        "--format",
        "json",
        "--no-history",
        *arguments,
    ]
    done = subprocess.run(
        argv,
        capture_output=True,
        text=True,
        timeout=1500 if os.environ.get("DLCHECK_POWER") else 280,
        env={**os.environ, **(env or {})},
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


@pytest.mark.parametrize("framework", ["torch", "tensorflow", "jax"])
def test_every_task_comes_out_as_float64_says(framework):
    code, document = smoke("--framework", framework)
    results = document["results"]
    assert [one["why"] for one in results if one["status"] != "passed" or one["cause"]] == []
    assert code == document["exit_code"] == 0
    assert document["target"]["version"].startswith("3.")
    assert len({one["task"] for one in results}) == 11
    assert {one["device"] for one in results} == {"cpu"}
    for one in results:
        assert one["deviation"]["loss"] <= one["limit"]["loss"]
        assert one["repeats"] is True
        assert one["precision"] == "float32"
        assert one["task"] == "exact-integers" or one["loss_last"] < one["loss_first"]


@pytest.mark.parametrize("backend", ["tensorflow", "torch", "jax"])
def test_keras_trains_its_own_layers_on_each_backend(backend):
    code, document = smoke("--framework", f"keras-{backend}", "--task", "exact-integers,mlp-regression,transformer")
    assert [one["why"] for one in document["results"] if one["status"] != "passed"] == []
    assert len(document["results"]) == 3
    assert code == 0


@pytest.mark.parametrize(
    ("framework", "modes"), [("torch", {"eager", "autocast"}), ("keras-torch", {"mixed precision"})]
)
def test_short_numbers_are_trained_with_float32_weights_too(framework, modes):
    tasks = "mlp-regression,lstm-sequences,transformer"
    _, document = smoke("--framework", framework, "--dtype", "bfloat16,float16", "--task", tasks)
    results = document["results"]
    assert {one["mode"] for one in results} == modes
    # oneDNN has no LSTM for PyTorch's autocast on some CPUs.
    assert [one["why"] for one in results if one["cause"] not in (None, "dtype-not-supported")] == []
    assert {one["task"] for one in results if one["status"] == "passed"} >= {"mlp-regression", "transformer"}
    strict = {one["mode"]: one["limit"]["weights"] for one in results if one["limit"] and one["dtype"] == "float16"}
    assert all(limit == (0.05 if mode == "eager" else 0.01) for mode, limit in strict.items())


def test_autocast_that_only_warns_is_a_dtype_that_is_not_supported():
    """float64 stands for a short dtype that a device lacks: PyTorch warns, and leaves float32 as it is."""
    said = within(
        "train_torch",
        """
        import torch
        for one in (torch.bfloat16, torch.float64):
            try:
                print(inside["require_autocast"](torch.device("cpu"), one))
            except RuntimeError as error:
                print(error)
        """,
    )
    on, off = said.splitlines()
    assert on == "None"
    run = SmokeRun(device="cpu", task="mlp-regression", dtype="float16", error_type="RuntimeError", error=off)
    assert judge_raised(run).cause == DTYPE_NOT_SUPPORTED


def test_jax_does_not_give_the_swift_step_of_the_cpu_to_another_device():
    said = within(
        "train_jax",
        """
        import jax
        first, second = jax.devices()
        jax.config.update("jax_default_device", second)
        plain, asked, wishes = jax.jit, [], []

        def jit(function, compiler_options=None):
            wishes.append(bool(compiler_options))
            compiled = plain(function, compiler_options=compiler_options)

            def call(*arguments):
                result = compiled(*arguments)
                asked.extend(result.devices())
                return result

            return call

        jax.jit = jit
        task = {"name": "mlp-regression", "program": [], "watched": [], "steps": 20}
        steps = [inside["step_of"](task, "float32", swift) for swift in (True, False, True, False)]
        print(asked == [first], wishes, steps[0] is steps[2], steps[1] is steps[3], steps[0] is steps[1])
        """,
        XLA_FLAGS="--xla_force_host_platform_device_count=2",
    )
    # One question to the first device whether the options are known, then one step of each kind.
    assert said == "True [True, True, False] True True False\n"


def test_logical_devices_are_devices():
    arguments = ("--framework", "tensorflow,jax", "--logical-devices", "3", "--task", "mlp-classification")
    code, document = smoke(*arguments)
    assert code == 0
    for framework in ("tensorflow", "jax"):
        devices = [one["device"] for one in document["results"] if one["framework"] == framework]
        assert devices == ["cpu:0", "cpu:1", "cpu:2"]


def test_a_device_that_is_not_there_is_skipped_and_not_silent():
    code, document = smoke("--framework", "torch", "--device", "cuda:7", "--task", "mlp-regression")
    (result,) = document["results"]
    assert (result["device"], result["status"]) == ("cuda:7", "skipped")
    assert code == 1


def test_amd_s_gpus_have_the_name_that_the_frameworks_give_them():
    _, document = smoke("--framework", "torch", "--device", "rocm:7", "--task", "mlp-regression")
    assert [one["device"] for one in document["results"]] == ["cuda:7"]
