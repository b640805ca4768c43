"""What follows from a worker's lines: a recorded training that passed, and the same lines cut off where a worker can end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dlcheck.checks.report_of_worker import Account
from dlcheck.data.smoke_tasks import smoke_task

RECORDED: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "hostile" / "seeds" / "events.json").read_text("utf-8")
)
TASKS = ("exact-integers", "perceptron-gates", "mlp-classification")
FIRST_TASK = next(at for at, one in enumerate(RECORDED) if one["event"] == "task")
FIRST_RESULT = FIRST_TASK + 1


def account(*events: dict[str, Any], devices: tuple[str, ...] = ()) -> Account:
    made = Account("torch", [smoke_task(name) for name in TASKS], ("float32",), devices, asked=True)
    for one in events:
        made.note(one)
    return made


def test_a_recorded_training_passes_with_its_figures():
    made = account(*RECORDED)
    results = made.results()
    assert [(one.task, one.status.value, one.cause) for one in results] == [(name, "passed", None) for name in TASKS]
    assert {one.device for one in results} == {"cpu"}
    assert all(one.seconds["import"] > 0 and one.peak_memory_bytes > 0 for one in results)
    assert [one.task for one in made.planes()] == ["perceptron-gates", "mlp-classification"]


@pytest.mark.parametrize(
    ("event", "status", "cause", "words"),
    [
        ({"event": "died", "signal": "SIGKILL"}, "crashed", "training-crashes", "in exact-integers: the process ended with SIGKILL"),
        ({"event": "died", "code": 3, "output": "a\nlast line\n"}, "crashed", "training-crashes", "exit code 3; its last words: last line"),
        ({"event": "died", "timeout": 7.5}, "timeout", "smoke-timeout", "in exact-integers: no answer within 7.5 s"),
        ({"event": "died", "failure": "no such file"}, "crashed", "training-crashes", "could not be started: no such file"),
        ({"event": "trouble", "error_type": "RuntimeError", "error": "CUDA out of memory"}, "failed", "gpu-out-of-memory", "in exact-integers"),
    ],
)  # fmt: skip
def test_a_worker_that_falls_tells_in_which_task(event: dict[str, Any], status: str, cause: str, words: str):
    (result,) = account(*RECORDED[:FIRST_RESULT], {**event, "device": "cpu"}).results()
    assert (result.status.value, result.cause, result.task) == (status, cause, "exact-integers")
    assert words in str(result.why)


def test_what_fell_before_any_task_was_opening_the_device():
    (result,) = account(*RECORDED[:FIRST_TASK], {"event": "died", "signal": "SIGSEGV", "device": "cpu"}).results()
    assert str(result.why).startswith("opening the device")
    assert result.task is None


def test_a_framework_that_nobody_asked_for_and_is_not_there_is_not_told():
    made = Account("torch", [smoke_task(name) for name in TASKS], ("float32",), (), asked=False)
    made.note({"event": "raised", "error_type": "ModuleNotFoundError", "error": "No module named 'torch'"})
    assert made.results() == []


def test_only_a_training_over_all_devices_may_be_one_that_was_not_asked_for():
    together = smoke_task("mlp-classification")
    for mode, status in (("mirrored", "passed"), ("eager", "failed")):
        made = Account("torch", [smoke_task("exact-integers")], ("float32",), (), asked=True)
        made.together = together
        for one in RECORDED:
            if one["event"] != "result" or one["task"] == together.name:
                made.note({**one, "mode": mode} if one["event"] == "result" else one)
        assert [one.status.value for one in made.results()] == [status], mode


@pytest.mark.parametrize(
    ("error", "status", "cause"),
    [
        ("No module named 'torch'", "skipped", "framework-missing"),
        ("No module named 'sympy'", "failed", "training-raises"),
    ],
)
def test_a_framework_that_is_not_there_is_no_failure_but_one_that_lacks_a_module_is(
    error: str, status: str, cause: str
):
    (result,) = account({"event": "raised", "error_type": "ModuleNotFoundError", "error": error}).results()
    assert (result.status.value, result.cause) == (status, cause)


def test_devices_that_were_asked_for_and_are_not_listed_are_told():
    results = account(*RECORDED, devices=("cuda",)).results({"mps:0"})
    unseen = {one.device: one.why for one in results if one.status.value == "skipped"}
    assert unseen == {"cuda": "torch sees no cuda here", "mps:0": "torch sees no mps:0 here"}


def test_numbers_that_are_none_in_a_report_pass_nothing():
    spoilt = [
        {**one, "losses": [], "trained": {}, "memory": "much", "seconds": None}
        if one["event"] in ("result", "end")
        else one
        for one in RECORDED
    ]
    results = account(*spoilt).results()
    assert {one.cause for one in results} == {"smoke-report-inconsistent"}
    assert {one.peak_memory_bytes for one in results} == {0}
