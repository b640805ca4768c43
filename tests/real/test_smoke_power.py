"""The power of the smoke training: faults that are injected on purpose are found, each with the right cause."""

from __future__ import annotations

import os

import pytest

from dlcheck.checks import training
from tests.real.test_smoke import smoke

pytestmark = pytest.mark.real

WRONG = training.DEVICE_COMPUTES_WRONG
CAUSES = {
    "column": WRONG,
    "dropped": WRONG,
    "zeroed": WRONG,
    "bit": WRONG,
    "bf16": WRONG,
    "tf32": training.REDUCED_PRECISION,
    "nan": training.DEVICE_GIVES_NAN,
    "seed": training.DEVICE_COPY_DIFFERS,
    "liar": training.REPORT_INCONSISTENT,
    "place": training.SILENT_CPU_FALLBACK,
}
HARMLESS_TO_INTEGERS = {"tf32", "liar"}
"""Small integers are exact in TF32, and the lie about a pass without a step is the truth."""


UNOPTIMISED = {"XLA_FLAGS": "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"}
"""What the faults do to the numbers is the same, and XLA compiles in a fraction of the time."""


def check(framework, faults, *arguments):
    env = UNOPTIMISED if "jax" in framework else None
    code, document = smoke("--framework", framework, "--inject", ",".join(faults), *arguments, env=env)
    seen = {}
    for one in document["results"]:
        mode, _, fault = one["mode"].partition(" with ")
        seen.setdefault(fault, []).append(one["task"])
        spared = one["task"] == "exact-integers" and fault in HARMLESS_TO_INTEGERS
        assert one["cause"] == (None if spared else CAUSES[fault]), (fault, mode, one["task"], one["why"])
        assert (one["status"] == "passed") == (spared or fault == "tf32"), (fault, mode, one["task"])
    assert seen.keys() == set(faults)
    assert code == 1
    return seen


FEW = "exact-integers,mlp-regression"
SOME = "exact-integers,perceptron-gates,mlp-classification,cnn-images,rnn-sequences"
WHOLE = os.environ.get("DLCHECK_POWER") == "all"
"""Every fault in every task of every framework takes ten minutes; without it, all but PyTorch try some tasks only."""


@pytest.mark.parametrize(
    ("framework", "tasks", "modes"),
    [
        ("torch", "", 1),
        # TensorFlow trains each task twice: step by step, and as a traced graph.
        ("tensorflow", SOME, 2),
        ("jax", FEW, 1),
        ("keras-torch", FEW, 1),
        ("keras-tensorflow", FEW, 1),
        ("keras-jax", FEW, 1),
    ],
)
def test_every_fault_is_found(framework, tasks, modes):
    some = tasks and not WHOLE
    seen = check(framework, CAUSES, *(("--task", tasks) if some else ("--timeout", "1400")))
    trainings = modes * (len(tasks.split(",")) if some else 11)
    assert {fault: len(tasks) for fault, tasks in seen.items()} == dict.fromkeys(CAUSES, trainings)


@pytest.mark.parametrize(
    "variables",
    [
        {"OMP_NUM_THREADS": "2", "TF_ENABLE_ONEDNN_OPTS": "0", "ATEN_CPU_CAPABILITY": "default"},
        {"OMP_NUM_THREADS": "1"},
    ],
)
@pytest.mark.parametrize("framework", ["torch", "tensorflow"])
def test_healthy_runs_raise_no_alarm(framework, variables):
    code, document = smoke("--framework", framework, env=variables)
    assert code == 0
    assert [one["why"] for one in document["results"] if one["cause"]] == []


@pytest.mark.parametrize(
    ("framework", "fault", "limit", "status", "cause", "word"),
    [
        ("tensorflow", "segfault", "120", "crashed", "training-crashes", "SIGSEGV"),
        ("torch", "segfault", "120", "crashed", "training-crashes", "SIGSEGV"),
        ("torch", "hang", "30", "timeout", "smoke-timeout", "within 30 s"),
    ],
)
def test_a_device_that_falls_takes_no_other_with_it(framework, fault, limit, status, cause, word):
    arguments = ("--framework", framework, "--task", "mlp-regression", "--timeout", limit)
    code, document = smoke(*arguments, "--logical-devices", "3", "--inject", f"{fault}@cpu:1")
    assert code == 1
    assert [(one["device"], one["status"]) for one in document["results"]] == [
        ("cpu:0", "passed"),
        ("cpu:1", status),
        ("cpu:2", "passed"),
    ]
    fallen = document["results"][1]
    assert (fallen["cause"], fallen["task"]) == (cause, "mlp-regression")
    assert word in fallen["why"]


def test_an_exception_is_the_result_of_its_device():
    code, document = smoke("--framework", "torch", "--task", "mlp-regression", "--inject", "raise")
    (result,) = document["results"]
    assert (code, result["status"], result["cause"]) == (1, "failed", "training-raises")
    assert "raised on purpose" in result["why"]


@pytest.mark.parametrize(
    ("fault", "statuses"),
    [
        (None, ["passed", "passed"]),
        ("die@1", ["skipped", "crashed"]),
        ("lag@1", ["skipped", "timeout"]),
        ("scale@1", ["skipped", "failed"]),
    ],
)
def test_ranks_are_judged_against_one_process(fault, statuses):
    inject = ("--inject", fault) if fault else ()
    _, document = smoke("--framework", "torch", "--task", "mlp-regression", "--distributed", *inject)
    ranks = [one for one in document["results"] if one["mode"] == "data-parallel"]
    assert [one["status"] for one in ranks] == statuses


def test_replicas_of_tensorflow_end_where_one_process_would():
    arguments = ("--framework", "tensorflow", "--task", "mlp-regression", "--distributed", "--logical-devices", "3")
    code, document = smoke(*arguments)
    replicas = [one for one in document["results"] if one["mode"] == "mirrored"]
    assert [one["device"] for one in replicas] == [f"replica {at} of 3" for at in range(3)]
    assert {one["status"] for one in replicas} == {"passed"}
    assert code == 0
