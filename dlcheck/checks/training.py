"""Judges what a smoke worker reported against the float64 reference. Pure; no worker is believed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from dlcheck.checks.deviation_limits import EXACT, LIMITS, limits_of, spacing_of
from dlcheck.checks.forward import loss_of
from dlcheck.model.smoke import Array, Deviation, Numbers, Settings, SmokeRun, SmokeStatus, SmokeTask

NO_SETTINGS = Settings()

DEVICE_COMPUTES_WRONG = "device-computes-wrong"
DEVICE_GIVES_NAN = "device-gives-nan"
DEVICE_COPY_DIFFERS = "device-copy-differs"
SILENT_CPU_FALLBACK = "silent-cpu-fallback"
REDUCED_PRECISION = "reduced-precision"
RESULTS_NOT_REPEATABLE = "results-not-repeatable"
REPORT_INCONSISTENT = "smoke-report-inconsistent"
DTYPE_NOT_SUPPORTED = "dtype-not-supported"
TRAINING_RAISED = "training-raises"
OUT_OF_MEMORY = "gpu-out-of-memory"


class Judgement:
    """What was concluded: status, cause, why, and the distances that it rests on."""

    __slots__ = ("cause", "deviation", "limit", "precision", "status", "why")

    def __init__(
        self,
        status: SmokeStatus,
        cause: str | None = None,
        why: str | None = None,
        *,
        deviation: Deviation | None = None,
        limit: Deviation | None = None,
        precision: str | None = None,
    ) -> None:
        self.status, self.cause, self.why = status, cause, why
        self.deviation, self.limit, self.precision = deviation, limit, precision


def judge_training(
    task: SmokeTask, run: SmokeRun, highest: SmokeRun | None, rounding: str | None, settings: Settings = NO_SETTINGS
) -> Judgement:
    """The judgement of one training.

    ``rounding`` is what the device was seen to round float32 factors to (float32, tf32, bfloat16, None: unclear);
    ``highest`` is the same training with full float32 products asked for, where that or ``settings`` make it likely that
    the default has fewer bits.
    """
    if run.error_type is not None:
        return judge_raised(run)
    precision = rounding if run.dtype == "float32" else run.dtype
    if (found := _malformed(task, run) or _started_wrong(task, run) or _misplaced(run)) is not None:
        return found
    where = deviation_of(task, run)
    limit = EXACT if task.exact else limits_of(run)[run.dtype]
    if not all(map(math.isfinite, (where.loss, where.gradient, where.weights))):
        why = f"{_first_nan(run)} is not a finite number"
        return Judgement(SmokeStatus.FAILED, DEVICE_GIVES_NAN, why, deviation=where, limit=limit, precision=precision)
    if task.exact:
        return _judge_exact(task, run, where, precision)
    if run.dtype == "float32" and precision == "float32" and not within(where, limit):
        # A library may choose another kernel for the task's shapes than for what rounding was seen in.
        precision = _precision_by_distance(task, highest, where, settings) or precision
    if precision in ("tf32", "bfloat16") and run.dtype == "float32":
        return _judge_reduced(task, run, highest, where, precision, settings=settings)
    if not within(where, limit):
        cause, why = DEVICE_COMPUTES_WRONG, farthest(task, run, where, limit)
        if where.loss <= limit.loss and (lie := _lie(task, run, limit.loss)) is not None:
            cause, why = REPORT_INCONSISTENT, lie
        return Judgement(SmokeStatus.FAILED, cause, why, deviation=where, limit=limit, precision=precision)
    if run.repeats is False and run.device.startswith("cpu"):
        why = "the same steps, done twice in one process, gave other bits"
        return Judgement(
            SmokeStatus.FAILED, RESULTS_NOT_REPEATABLE, why, deviation=where, limit=limit, precision=precision
        )
    return Judgement(SmokeStatus.PASSED, deviation=where, limit=limit, precision=precision)


def deviation_of(task: SmokeTask, run: SmokeRun) -> Deviation:
    """Distances from the reference; NaN where any number is none."""
    floor = 1e-3 * abs(task.losses[0])
    return Deviation(
        loss=_largest(
            abs(got - wanted) / max(abs(wanted), floor) for got, wanted in zip(run.losses, task.losses, strict=True)
        ),
        gradient=max(_gradient_distance(task, run), _distance(run.watched, task.watched), key=_nan_last),
        weights=_distance(run.trained, task.trained),
    )


def within(where: Deviation, limit: Deviation) -> bool:
    """Whether every distance is a number and no larger than its limit."""
    return where.loss <= limit.loss and where.gradient <= limit.gradient and where.weights <= limit.weights


def rounding_of(rest: Iterable[tuple[float, float]]) -> str | None:
    """What factors are rounded to, from what came back of 1 + 2^-9 and of 1 + 2^-12, less one; the worst seen counts.

    None where nothing was seen, or what no rounding explains: float32 is then expected.
    """
    classes = {(2.0**-9, 2.0**-12): "float32", (2.0**-9, 0.0): "tf32", (0.0, 0.0): "bfloat16"}
    seen = [classes.get(one) for one in rest]
    if not seen or None in seen:
        return None
    return next(one for one in ("bfloat16", "tf32", "float32") if one in seen)


def farthest(task: SmokeTask, run: SmokeRun, where: Deviation, limit: Deviation) -> str:
    """Words for the worst distance: which number, how far off, and how far is usual."""
    ratios = {
        "gradient": where.gradient / (limit.gradient or 1e-30),
        "weights": where.weights / (limit.weights or 1e-30),
        "loss": where.loss / (limit.loss or 1e-30),
    }
    worst = max(ratios, key=lambda one: ratios[one])
    if worst == "loss":
        gaps = [abs(got - wanted) for got, wanted in zip(run.losses, task.losses, strict=True)]
        step = next(at for at, gap in enumerate(gaps) if gap > limit.loss * abs(task.losses[at]))
        return f"the loss is off by {where.loss:.1e} from step {step} on (limit {limit.loss:.0e})"
    if worst == "gradient":
        name = _worst_array(run.gradients, task.gradients)
        return f"the first gradient of {name} is off by {where.gradient:.1e} (limit {limit.gradient:.0e})"
    name = _worst_array(run.trained, task.trained)
    return f"after {task.steps} steps {name} is off by {where.weights:.1e} (limit {limit.weights:.0e})"


_UNSUPPORTED = (
    *("not implemented", "not supported", "unimplemented", "doesn't support", "no opkernel was registered"),
    *("could not create a primitive descriptor", "unsupported autocast", "does not support bfloat16"),
)
"""How PyTorch (also on Metal), TensorFlow, XLA and oneDNN say that a device lacks a dtype. The primitive is oneDNN's: PyTorch
2.13 asks it for LSTM on the CPU under autocast, which it has not (github.com/intel/torch-xpu-ops/issues/4066). The last two are
of torch.autocast (torch/amp/autocast_mode.py): for a kind of device that it does not know, and for older NVIDIA GPUs."""


def judge_raised(run: SmokeRun) -> Judgement:
    """What follows from an exception of the framework."""
    text = (run.error or "").strip()
    line = f"{run.error_type}: {text.splitlines()[0] if text else ''}"[:300]
    lower = f"{run.error_type} {text}".lower()
    if "out of memory" in lower or "out_of_memory" in lower or run.error_type == "ResourceExhaustedError":
        return Judgement(SmokeStatus.FAILED, OUT_OF_MEMORY, line)
    other = run.dtype in ("bfloat16", "float16", "float64")
    if other and any(one in lower for one in _UNSUPPORTED):
        return Judgement(SmokeStatus.SKIPPED, DTYPE_NOT_SUPPORTED, line)
    return Judgement(SmokeStatus.FAILED, TRAINING_RAISED, line)


def _malformed(task: SmokeTask, run: SmokeRun) -> Judgement | None:
    """A report that lacks numbers, or has more than there can be, proves nothing."""
    parts = (
        (run.start, task.weights),
        (run.gradients, task.gradients),
        (run.trained, task.trained),
        (run.watched, task.watched),
    )
    if run.dtype not in LIMITS:
        return Judgement(
            SmokeStatus.FAILED, REPORT_INCONSISTENT, f"a kind of number that was not asked for: {run.dtype}"
        )
    if len(run.losses) == len(task.losses) and not any(lacks_numbers(*pair) for pair in parts):
        return None
    return Judgement(SmokeStatus.FAILED, REPORT_INCONSISTENT, "the worker's report lacks numbers of this task")


def lacks_numbers(got: Numbers, wanted: Mapping[str, Array]) -> bool:
    """Whether the arrays are others than wanted, or of another size."""
    return got.keys() != wanted.keys() or any(len(got[name]) != len(wanted[name].values) for name in wanted)


def _started_wrong(task: SmokeTask, run: SmokeRun) -> Judgement | None:
    for name, wanted in task.weights.items():
        if run.start[name] != wanted.values:
            why = f"{name}, read back from the device before the first step, is not what was sent"
            return Judgement(SmokeStatus.FAILED, DEVICE_COPY_DIFFERS, why)
    return None


def _misplaced(run: SmokeRun) -> Judgement | None:
    elsewhere = [place for place in run.places if not _same_place(place, run.device)]
    if run.places and not elsewhere:
        return None
    why = f"the tensors lie on {', '.join(elsewhere) or 'no device that was named'}, not on {run.device}"
    return Judgement(SmokeStatus.FAILED, SILENT_CPU_FALLBACK, why)


def _same_place(place: str, device: str) -> bool:
    """Mps and mps:0 are one device, and so are cpu and cpu:0."""
    return place == device or place.removesuffix(":0") == device.removesuffix(":0")


def _judge_exact(task: SmokeTask, run: SmokeRun, where: Deviation, precision: str | None) -> Judgement:
    wrong = []
    if run.losses != task.losses:
        wrong.append(f"the loss is {run.losses[0]:g}, not {task.losses[0]:g}")
    for words, got, wanted in (("", run.watched, task.watched), ("the gradient of ", run.gradients, task.gradients)):
        for name in wanted:
            count = sum(one != two for one, two in zip(got[name], wanted[name].values, strict=True))
            if count:
                wrong.append(f"{count} of {len(wanted[name].values)} numbers of {words}{name} are wrong")
    if not wrong:
        return Judgement(SmokeStatus.PASSED, deviation=where, limit=EXACT, precision=precision)
    why = f"integers that every float32 holds exactly: {wrong[0]}"
    return Judgement(SmokeStatus.FAILED, DEVICE_COMPUTES_WRONG, why, deviation=where, limit=EXACT, precision=precision)


def _precision_by_distance(
    task: SmokeTask, highest: SmokeRun | None, where: Deviation, settings: Settings
) -> str | None:
    """TF32 or bfloat16, where a setting allows it and full float32, asked for, was right; None where neither explains it."""
    allowed = settings.allowed or settings.forced
    if not allowed or highest is None or highest.error_type is not None or _malformed(task, highest) is not None:
        return None
    if not within(deviation_of(task, highest), LIMITS["float32"]):
        return None
    return next((name for name in ("tf32", "bfloat16") if within(where, LIMITS[name])), None)


def _judge_reduced(
    task: SmokeTask, run: SmokeRun, highest: SmokeRun | None, where: Deviation, precision: str, *, settings: Settings
) -> Judgement:
    """Fewer bits than float32 are a choice of settings where full float32, asked for, is right; else a fault."""
    limit = LIMITS[precision]
    full = LIMITS["float32"]
    if highest is None or highest.error_type is not None or _malformed(task, highest) is not None:
        why = f"float32 products are rounded to {precision}, and full precision could not be had"
        return Judgement(
            SmokeStatus.FAILED, DEVICE_COMPUTES_WRONG, why, deviation=where, limit=limit, precision=precision
        )
    best = deviation_of(task, highest)
    forced = bool(settings.forced) and within(best, limit)
    if not within(best, full) and not forced:
        why = f"with full float32 products asked for, {farthest(task, highest, best, full)}"
        return Judgement(
            SmokeStatus.FAILED, DEVICE_COMPUTES_WRONG, why, deviation=best, limit=full, precision=precision
        )
    if not within(where, limit):
        why = farthest(task, run, where, limit)
        return Judgement(
            SmokeStatus.FAILED, DEVICE_COMPUTES_WRONG, why, deviation=where, limit=limit, precision=precision
        )
    bits = {"tf32": "10 bits (TF32)", "bfloat16": "7 bits (bfloat16)"}[precision]
    rest = "which no program can overrule" if forced else "full float32, asked for, is right"
    why = f"float32 products are rounded to {bits} here{settings.words}; {rest}"
    return Judgement(SmokeStatus.PASSED, REDUCED_PRECISION, why, deviation=where, limit=limit, precision=precision)


def _lie(task: SmokeTask, run: SmokeRun, limit: float) -> str | None:
    """Words for a last loss that the reported weights cannot have, None where the two agree."""
    weights = {
        name: Array(kind="float", shape=one.shape, values=run.trained[name]) for name, one in task.weights.items()
    }
    try:
        follows = loss_of(task, weights)
    except (ArithmeticError, ValueError):
        # Weights so large that the loss has no value.
        follows = math.nan
    if abs(follows - run.losses[-1]) <= 2 * limit * max(abs(follows), 1e-3 * abs(task.losses[0])):
        return None
    return f"the reported weights have the loss {follows:.7g}, the worker says {run.losses[-1]:.7g}"


def _gradient_distance(task: SmokeTask, run: SmokeRun) -> float:
    if run.moved_by is None:
        return _distance(run.gradients, task.gradients)
    # A difference of weights is known to the rounding of the weights only, which the division by the rate enlarges.
    return _largest(
        _array_distance(run.gradients[name], wanted.values, spacing_of(run) * _size(task.weights[name]) / run.moved_by)
        for name, wanted in task.gradients.items()
    )


def _size(one: Array) -> float:
    return max(map(abs, one.values), default=0.0)


def _distance(got: Numbers, wanted: Mapping[str, Array]) -> float:
    return _largest(_array_distance(got[name], wanted[name].values) for name in wanted)


def _array_distance(got: tuple[float, ...], wanted: tuple[float, ...], allowed: float = 0.0) -> float:
    scale = max((abs(one) for one in wanted), default=0.0) or 1.0
    gaps = (abs(one - two) - allowed for one, two in zip(got, wanted, strict=True))
    return _largest((gap if gap > 0 or math.isnan(gap) else 0.0) / scale for gap in gaps)


def _worst_array(got: Numbers, wanted: Mapping[str, Array]) -> str:
    return max(wanted, key=lambda name: _array_distance(got[name], wanted[name].values), default="a value")


def _largest(numbers: Iterable[float]) -> float:
    """The largest, or NaN where any of them is NaN."""
    largest = 0.0
    for one in numbers:
        if not one <= largest:
            largest = one
            if one != one:  # noqa: PLR0124 - NaN is what differs from itself
                return one
    return largest


def _nan_last(number: float) -> float:
    return math.inf if math.isnan(number) else number


def _first_nan(run: SmokeRun) -> str:
    for step, loss in enumerate(run.losses):
        if not math.isfinite(loss):
            return f"the loss at step {step}"
    for words, arrays in (("", run.watched), ("the first gradient of ", run.gradients), ("", run.trained)):
        for name, numbers in arrays.items():
            if not all(map(math.isfinite, numbers)):
                return f"{words}{name}"
    return "a number"
