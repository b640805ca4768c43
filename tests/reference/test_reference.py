"""The reference is right (finite differences), and the shipped files are what it writes."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest

from dlcheck.checks.forward import loss_of
from dlcheck.data.smoke_tasks import TASKS as NAMES
from dlcheck.data.smoke_tasks import smoke_task
from tests.reference.tasks import TASKS, exact
from tests.reference.training import forward, gradients, train
from tests.reference.write import FOLDER, document

MADE = {task.name: task for task in (make() for make in TASKS)}


def loss(task, weights):
    return float(forward(task.program, {**task.inputs, **weights})[0]["loss"])


@pytest.mark.parametrize("name", MADE)
def test_gradients_are_those_of_finite_differences(name):
    task = MADE[name]
    weights, stream = dict(task.weights), np.random.RandomState(0)
    if task.exact:
        # Integers lie on the kink of relu, where no difference is a derivative.
        weights = {one: values + 0.01 * stream.standard_normal(values.shape) for one, values in weights.items()}
    _, record = forward(task.program, {**task.inputs, **weights})
    for weight, of in gradients(record, weights).items():
        for _ in range(4):
            way = stream.standard_normal(of.shape)
            ahead = loss(task, {**weights, weight: weights[weight] + 1e-6 * way})
            astern = loss(task, {**weights, weight: weights[weight] - 1e-6 * way})
            steepness = float((of * way).sum())
            assert (ahead - astern) / 2e-6 == pytest.approx(steepness, rel=2e-6, abs=2e-8 * max(1, abs(ahead)))


@pytest.mark.parametrize("name", MADE)
def test_the_shipped_file_is_what_the_reference_writes(name):
    # Compared as numbers: the last digit of a sum may differ with the BLAS that NumPy was built with.
    shipped = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    written = json.loads(document(MADE[name]))
    assert shipped.keys() == written.keys()
    for key in ("name", "title", "exact", "steps", "learning_rate", "program", "notes", "inputs", "weights"):
        assert shipped[key] == written[key], key
    assert shipped["losses"] == pytest.approx(written["losses"], rel=1e-14)
    for key in ("watched", "gradients", "trained"):
        assert shipped[key].keys() == written[key].keys()
        for one in written[key]:
            assert shipped[key][one]["shape"] == written[key][one]["shape"]
            assert shipped[key][one]["values"] == pytest.approx(written[key][one]["values"], rel=1e-10, abs=1e-13)


def test_every_file_belongs_to_a_task_and_every_task_is_listed():
    assert {path.stem for path in FOLDER.glob("*.json")} == set(MADE) == set(NAMES)


@pytest.mark.parametrize("name", MADE)
def test_what_goes_in_is_exact_in_bfloat16(name):
    task = MADE[name]
    for arrays in (task.inputs, task.weights):
        for one in arrays.values():
            if one.dtype.kind == "f":
                assert np.array_equal(exact(one), one)


@pytest.mark.parametrize("name", [name for name, task in MADE.items() if task.steps])
def test_the_loss_falls_in_every_step(name):
    # A curve that rises lies beyond the edge of stability, where rounding grows into large differences.
    task = MADE[name]
    losses, *_ = train(task.program, task.inputs, task.weights, task.learning_rate, task.steps)
    assert all(later < earlier for earlier, later in pairwise(losses))


def test_the_perceptrons_learn_their_gates():
    task = MADE["perceptron-gates"]
    *_, weights, _ = train(task.program, task.inputs, task.weights, task.learning_rate, task.steps)
    said = (task.inputs["x"] @ weights["w"] + weights["b"]) > 0
    assert np.array_equal(said, task.inputs["y"] > 0.5)


def test_the_integers_stay_small_enough_for_bfloat16_factors_and_too_large_for_bfloat16_sums():
    task = MADE["exact-integers"]
    values, record = forward(task.program, {**task.inputs, **task.weights})
    factors = [values[name] for name in ("x", "h1", "h2", "w1", "w2", "w3")]
    assert max(np.abs(one).max() for one in factors) <= 256
    sums = [values["z"], *gradients(record, task.weights).values()]
    assert any((np.abs(one) > 256).any() and not np.array_equal(exact(one), one) for one in sums)


@pytest.mark.parametrize("name", NAMES)
def test_the_forward_pass_in_plain_python_agrees(name):
    task = smoke_task(name)
    assert loss_of(task, task.weights) == pytest.approx(task.losses[0], rel=1e-12)
    assert loss_of(task, task.trained or task.weights) == pytest.approx(task.losses[-1], rel=1e-9)
