"""The judgement of smoke trainings, on reports made from the reference itself."""

from __future__ import annotations

import struct
from dataclasses import replace

import pytest

from dlcheck.checks import training
from dlcheck.checks.deviation_limits import LIMITS
from dlcheck.checks.training import judge_training, rounding_of
from dlcheck.data.smoke_tasks import TASKS, smoke_task
from dlcheck.model.smoke import Settings, SmokeRun, SmokeStatus

LEARNT = [name for name in TASKS if name != "exact-integers"]


def single(value: float) -> float:
    return struct.unpack("f", struct.pack("f", value))[0]


def numbers(arrays, factor=1.0):
    return {name: tuple(single(value * factor) for value in one.values) for name, one in arrays.items()}


def healthy(name: str, **changes) -> SmokeRun:
    task = smoke_task(name)
    run = SmokeRun(
        device="cpu",
        task=name,
        dtype="float32",
        losses=tuple(map(single, task.losses)),
        start=numbers(task.weights),
        watched=numbers(task.watched),
        gradients=numbers(task.gradients),
        trained=numbers(task.trained),
        places=("cpu",),
        repeats=True,
    )
    return replace(run, **changes)


def judged(
    run: SmokeRun,
    highest: SmokeRun | None = None,
    rounding: str | None = "float32",
    settings: Settings = training.NO_SETTINGS,
):
    return judge_training(smoke_task(run.task), run, highest, rounding, settings)


@pytest.mark.parametrize("name", TASKS)
def test_the_reference_rounded_to_float32_passes(name):
    said = judged(healthy(name))
    assert (said.status, said.cause) == (SmokeStatus.PASSED, None)
    assert said.deviation.loss < 1e-7


def altered(name: str, part: str, at: int, factor: float) -> SmokeRun:
    run = healthy(name)
    arrays = dict(getattr(run, part))
    first = next(iter(arrays))
    values = list(arrays[first])
    at = max(range(len(values)), key=lambda one: abs(values[one])) if at < 0 else at
    values[at] *= factor
    return replace(run, **{part: {**arrays, first: tuple(values)}})


@pytest.mark.parametrize("name", LEARNT)
@pytest.mark.parametrize("part", ["gradients", "trained"])
def test_one_number_off_by_a_ten_thousandth_is_found(name, part):
    said = judged(altered(name, part, -1, 1 + 1e-4))
    assert said.status is SmokeStatus.FAILED
    assert said.cause in (training.DEVICE_COMPUTES_WRONG, training.REPORT_INCONSISTENT)
    assert "off by 1.0e-04" in said.why or "reported weights" in said.why


def exactly(name: str) -> SmokeRun:
    """The reference in all its digits."""
    task = smoke_task(name)
    parts = {"start": task.weights, "gradients": task.gradients, "trained": task.trained, "watched": task.watched}
    values = {part: {one: array.values for one, array in arrays.items()} for part, arrays in parts.items()}
    return healthy(name, losses=task.losses, **values)


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
def test_a_gradient_has_the_room_of_its_kind_of_number_and_no_more(dtype):
    run = replace(exactly("mlp-regression"), dtype=dtype)
    name, values = next(iter(run.gradients.items()))
    largest, limit = max(map(abs, values)), LIMITS[dtype].gradient
    for share, cause in ((0.9, None), (1.2, training.DEVICE_COMPUTES_WRONG)):
        moved = tuple(value + share * limit * largest if abs(value) == largest else value for value in values)
        assert judged(replace(run, gradients={**run.gradients, name: moved})).cause == cause, share


@pytest.mark.parametrize(("moved_by", "cause"), [(1e-6, None), (1e6, training.DEVICE_COMPUTES_WRONG)])
def test_gradients_that_are_differences_of_weights_are_known_to_their_rounding_only(moved_by, cause):
    run = altered("mlp-regression", "gradients", 0, 1.0001)
    assert judged(replace(run, moved_by=moved_by)).cause == cause


@pytest.mark.parametrize("name", LEARNT)
def test_a_loss_off_by_a_hundred_thousandth_is_found(name):
    run = healthy(name)
    said = judged(replace(run, losses=(*run.losses[:7], run.losses[7] * (1 + 1e-5), *run.losses[8:])))
    assert said.cause == training.DEVICE_COMPUTES_WRONG
    assert "from step 7" in said.why


@pytest.mark.parametrize("name", TASKS)
@pytest.mark.parametrize("part", ["losses", "gradients", "trained"])
def test_a_nan_is_named_as_such(name, part):
    run = healthy(name)
    if part == "losses":
        run = replace(run, losses=(float("nan"), *run.losses[1:]))
    elif getattr(run, part):
        run = altered(name, part, 0, float("nan"))
    else:
        return
    assert judged(run).cause == training.DEVICE_GIVES_NAN


def test_integers_must_be_equal_to_the_last_bit():
    run = healthy("exact-integers")
    assert judged(replace(run, losses=(run.losses[0] + 2.0**-12,))).cause == training.DEVICE_COMPUTES_WRONG
    said = judged(altered("exact-integers", "watched", 0, 1.0000001))
    assert said.status is SmokeStatus.FAILED or run.watched["a1"][0] == 0


def test_weights_that_were_not_sent_are_a_copy_that_differs():
    assert judged(altered("rnn-sequences", "start", 0, -1.0)).cause == training.DEVICE_COPY_DIFFERS


@pytest.mark.parametrize(
    ("device", "places", "cause"),
    [
        ("cuda:0", ("cuda:0",), None),
        ("cuda:0", ("cpu",), training.SILENT_CPU_FALLBACK),
        ("cuda:1", ("cuda:0", "cuda:1"), training.SILENT_CPU_FALLBACK),
        ("mps", ("mps:0",), None),
        ("cpu", ("cpu:0",), None),
        ("cpu:1", ("cpu:0",), training.SILENT_CPU_FALLBACK),
        ("cuda:10", ("cuda:1",), training.SILENT_CPU_FALLBACK),
        ("cpu", (), training.SILENT_CPU_FALLBACK),
    ],
)
def test_where_the_tensors_lay(device, places, cause):
    assert judged(healthy("mlp-regression", device=device, places=places)).cause == cause


def test_a_worker_that_claims_the_reference_losses_for_other_weights_is_found():
    for name in LEARNT:
        run = healthy(name)
        trained = {one: tuple(value * 1.01 for value in values) for one, values in run.trained.items()}
        assert judged(replace(run, trained=trained)).cause == training.REPORT_INCONSISTENT, name


def test_missing_numbers_prove_nothing():
    run = healthy("cnn-images")
    for change in (
        {"losses": run.losses[:-1]},
        {"trained": {}},
        {"gradients": {"w1": (1.0,)}},
        {"start": {}},
        {"dtype": "int8"},
    ):
        assert judged(replace(run, **change)).cause == training.REPORT_INCONSISTENT


@pytest.mark.parametrize(
    ("seen", "rounding"),
    [
        ([(2.0**-9, 2.0**-12)], "float32"),
        ([(2.0**-9, 0.0)], "tf32"),
        ([(2.0**-9, 2.0**-12), (2.0**-9, 0.0)], "tf32"),
        ([(0.0, 0.0), (2.0**-9, 0.0)], "bfloat16"),
        ([(-1.0, -1.0)], None),
        ([], None),
    ],
)
def test_the_rounding_is_told_by_two_numbers(seen, rounding):
    assert rounding_of(seen) == rounding


def off(run: SmokeRun, size: float) -> SmokeRun:
    return replace(run, losses=tuple(one * (1 + size) for one in run.losses))


def test_tf32_is_a_finding_and_no_fault_where_full_precision_is_right():
    run = off(healthy("cnn-images"), 1e-4)
    said = judged(run, healthy("cnn-images", math="highest"), "tf32")
    assert (said.status, said.cause, said.precision) == (SmokeStatus.PASSED, training.REDUCED_PRECISION, "tf32")


def test_a_fault_does_not_hide_behind_tf32():
    run = off(healthy("cnn-images"), 1e-4)
    wrong = off(healthy("cnn-images", math="highest"), 1e-4)
    assert judged(run, wrong, "tf32").cause == training.DEVICE_COMPUTES_WRONG
    assert judged(run, None, "tf32").cause == training.DEVICE_COMPUTES_WRONG
    far = off(healthy("cnn-images"), 1e-1)
    assert judged(far, healthy("cnn-images", math="highest"), "tf32").cause == training.DEVICE_COMPUTES_WRONG


def test_the_setting_that_is_set_is_named():
    settings = Settings(allowed=("torch.backends.cudnn.allow_tf32 = True",))
    said = judged(off(healthy("cnn-images"), 1e-4), healthy("cnn-images", math="highest"), "tf32", settings)
    assert "(torch.backends.cudnn.allow_tf32 = True)" in said.why


def test_a_kernel_that_rounds_only_the_shapes_of_a_task_is_no_fault_where_a_setting_allows_it():
    run, right = off(healthy("cnn-images"), 1e-4), healthy("cnn-images", math="highest")
    allowed = Settings(allowed=("torch.backends.cudnn.allow_tf32 = True",))
    said = judged(run, right, settings=allowed)
    assert (said.status, said.cause, said.precision) == (SmokeStatus.PASSED, training.REDUCED_PRECISION, "tf32")
    assert judged(run, right).cause == training.DEVICE_COMPUTES_WRONG
    assert judged(run, None, settings=allowed).cause == training.DEVICE_COMPUTES_WRONG
    assert judged(run, off(right, 1e-4), settings=allowed).cause == training.DEVICE_COMPUTES_WRONG
    assert judged(off(healthy("cnn-images"), 1.0), right, settings=allowed).cause == training.DEVICE_COMPUTES_WRONG


def test_a_variable_that_no_program_can_overrule_is_no_fault_of_the_device():
    run, same = off(healthy("cnn-images"), 1e-4), off(healthy("cnn-images", math="highest"), 1e-4)
    said = judged(run, same, "tf32", Settings(forced=("NVIDIA_TF32_OVERRIDE=1",)))
    assert (said.status, said.cause) == (SmokeStatus.PASSED, training.REDUCED_PRECISION)
    assert said.why == (
        "float32 products are rounded to 10 bits (TF32) here (NVIDIA_TF32_OVERRIDE=1); which no program can overrule"
    )


def test_other_bits_the_second_time_are_a_fault_on_a_cpu_only():
    assert judged(healthy("mlp-regression", repeats=False)).cause == training.RESULTS_NOT_REPEATABLE
    on_gpu = healthy("mlp-regression", repeats=False, device="cuda:0", places=("cuda:0",))
    assert judged(on_gpu).status is SmokeStatus.PASSED


@pytest.mark.parametrize(
    ("error_type", "error", "dtype", "status", "cause"),
    [
        ("OutOfMemoryError", "CUDA out of memory. Tried ...", "float32", SmokeStatus.FAILED, training.OUT_OF_MEMORY),
        (
            "RuntimeError",
            "\"x\" not implemented for 'Half'",
            "float16",
            SmokeStatus.SKIPPED,
            training.DTYPE_NOT_SUPPORTED,
        ),
        (
            "TypeError",
            "Cannot convert a MPS Tensor to float64 dtype as the MPS framework doesn't support float64.",
            "float64",
            SmokeStatus.SKIPPED,
            training.DTYPE_NOT_SUPPORTED,
        ),
        (
            "RuntimeError",
            "User specified an unsupported autocast device_type 'mps'",
            "float16",
            SmokeStatus.SKIPPED,
            training.DTYPE_NOT_SUPPORTED,
        ),
        (
            "RuntimeError",
            "Current CUDA Device does not support bfloat16. Please switch dtype to float16.",
            "bfloat16",
            SmokeStatus.SKIPPED,
            training.DTYPE_NOT_SUPPORTED,
        ),
        ("RuntimeError", "no kernel image", "float32", SmokeStatus.FAILED, training.TRAINING_RAISED),
    ],
)
def test_exceptions(error_type, error, dtype, status, cause):
    said = judged(healthy("cnn-images", error_type=error_type, error=error, dtype=dtype))
    assert (said.status, said.cause) == (status, cause)


@pytest.mark.parametrize(
    ("mode", "dtype", "size", "status"),
    [
        ("autocast", "bfloat16", 0.04, SmokeStatus.PASSED),
        ("autocast", "bfloat16", 0.07, SmokeStatus.FAILED),
        ("eager", "bfloat16", 0.07, SmokeStatus.PASSED),
        ("mixed precision", "float16", 0.02, SmokeStatus.FAILED),
        ("train_on_batch", "float16", 0.02, SmokeStatus.PASSED),
        ("autocast", "float32", 0.001, SmokeStatus.FAILED),
    ],
)
def test_weights_that_stay_float32_have_limits_of_their_own(mode, dtype, size, status):
    run = healthy("mlp-regression", mode=mode, dtype=dtype)
    run = replace(
        run, trained={name: tuple(one * (1 + size) for one in values) for name, values in run.trained.items()}
    )
    assert judged(run).status is status


@pytest.mark.parametrize("name", LEARNT)
@pytest.mark.parametrize(
    ("mode", "share", "status"),
    [
        ("eager", 0.0, SmokeStatus.FAILED),
        ("function", 0.55, SmokeStatus.FAILED),
        ("jit", 0.7, SmokeStatus.FAILED),
        ("eager", 1.0, SmokeStatus.PASSED),
        ("train_on_batch", 0.0, SmokeStatus.FAILED),
    ],
)
def test_bfloat16_is_no_room_for_updates_that_are_left_out(name, mode, share, status):
    """Of a device that makes a share of the updates; its weights on the straight way from the first to the last."""
    task, run = smoke_task(name), exactly(name)
    trained = {
        one: tuple(first + share * (last - first) for first, last in zip(task.weights[one].values, values, strict=True))
        for one, values in run.trained.items()
    }
    losses = tuple(task.losses[int(share * step)] for step in range(len(task.losses)))
    assert judged(replace(run, dtype="bfloat16", mode=mode, trained=trained, losses=losses)).status is status


@pytest.mark.parametrize(
    ("dtype", "mode", "cause"),
    [
        ("bfloat16", "train_on_batch", None),
        ("bfloat16", "mixed precision", training.DEVICE_COMPUTES_WRONG),
        ("float16", "train_on_batch", training.DEVICE_COMPUTES_WRONG),
    ],
)
def test_a_difference_of_short_weights_is_known_to_their_rounding(dtype, mode, cause):
    """A gradient that is off by what bfloat16 weights of 1 are rounded to, at a learning rate of a quarter."""
    run = healthy("transformer", dtype=dtype, mode=mode, moved_by=0.25)
    size = max(map(abs, smoke_task("transformer").weights["wk"].values))
    off = tuple(one + 2.0**-7 * size / 0.25 for one in run.gradients["wk"])
    assert judged(replace(run, gradients={**run.gradients, "wk": off})).cause == cause
