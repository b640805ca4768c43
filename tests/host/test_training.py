"""The follower of a training worker, on workers that stand in for frameworks: small scripts that write the same lines."""

from __future__ import annotations

import json
import os
import sys
import time

import pytest

from dlcheck.checks.report_of_worker import Account
from dlcheck.data.smoke_tasks import smoke_task, task_path
from dlcheck.host.training import Training

TASK = "mlp-regression"
FAKE = """
# A framework that computes nothing: it says what the variable FAKE_SAYS tells it to.
import ctypes, os, time
SAYS = os.environ.get("FAKE_SAYS", "")
if SAYS == "crash at import":
    ctypes.string_at(0)
if SAYS == "hang at import":
    time.sleep(60)
if SAYS == "missing dependency":
    import no_such_module_at_all
"""


@pytest.fixture
def environment(tmp_path):
    (tmp_path / "torch.py").write_text(FAKE)

    def start(says, timeout=20.0):
        env = {**os.environ, "PYTHONPATH": str(tmp_path), "FAKE_SAYS": says}
        options = {"tasks": [task_path(TASK)], "dtypes": ["float32"], "devices": []}
        return Training(sys.executable, "torch", options, timeout=timeout, env=env)

    return start


def follow(training, asked=True):
    account = Account("torch", [smoke_task(TASK)], ("float32",), (), asked=asked)
    deadline = time.monotonic() + 40
    while not training.over:
        assert time.monotonic() < deadline
        for event in training.events():
            account.note(event)
        time.sleep(0.02)
    return account.results()


def test_a_crash_at_import_is_a_result_that_names_the_signal(environment):
    (result,) = follow(environment("crash at import"))
    assert (result.status.value, result.cause) == ("crashed", "training-crashes")
    assert "importing it" in result.why
    assert "SIGSEGV" in result.why


def test_a_hang_at_import_ends_at_the_limit(environment):
    began = time.monotonic()
    (result,) = follow(environment("hang at import", timeout=2.0))
    assert (result.status.value, result.cause) == ("timeout", "smoke-timeout")
    assert time.monotonic() - began < 15


def test_a_module_that_the_framework_lacks_is_its_failure_and_not_its_absence(environment):
    (result,) = follow(environment("missing dependency"))
    assert (result.status.value, result.cause) == ("failed", "training-raises")
    assert "no_such_module_at_all" in result.why


def test_a_framework_that_is_not_installed_is_silent_unless_it_was_asked_for(tmp_path):
    def start():
        options = {"tasks": [task_path(TASK)], "dtypes": ["float32"], "devices": []}
        env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        return Training(sys.executable, "pytensor", options, timeout=20.0, env=env)

    account = Account("pytensor", [smoke_task(TASK)], ("float32",), (), asked=False)
    training = start()
    while not training.over:
        for event in training.events():
            account.note(event)
        time.sleep(0.02)
    assert account.results() == []
    account.asked = True
    (result,) = account.results()
    assert (result.status.value, result.cause) == ("skipped", "framework-missing")


def test_an_interpreter_that_cannot_be_started_is_a_result(tmp_path):
    training = Training(
        str(tmp_path / "python"), "torch", {"tasks": [], "dtypes": []}, timeout=5.0, env=dict(os.environ)
    )
    (result,) = follow(training)
    assert result.status.value == "crashed"
    assert "could not be started" in result.why


@pytest.mark.parametrize(
    "line",
    [
        {"event": "result", "device": "cpu", "task": TASK, "dtype": "float32", "mode": "eager", "math": "default"},
        {"event": "result", "task": "no such task", "math": "default"},
        {
            "event": "result",
            "task": TASK,
            "dtype": "float32",
            "math": "default",
            "losses": ["x"],
            "start": {"w1": "%%%"},
        },
        {
            "event": "result",
            "task": TASK,
            "dtype": "float32",
            "math": "default",
            "losses": 3,
            "seconds": {"train": None},
        },
    ],
)
def test_a_report_that_makes_no_sense_is_never_a_pass(line):
    account = Account("torch", [smoke_task(TASK)], ("float32",), (), asked=True)
    account.note({"event": "framework", "version": "1"})
    account.note(json.loads(json.dumps(line)))
    account.note({"event": "end", "device": "cpu", "memory": "much"})
    (result,) = account.results()
    assert result.status.value == "failed"
    assert result.cause == "smoke-report-inconsistent"
