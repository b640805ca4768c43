"""Trains a tiny network on every device with every framework of an interpreter, and judges it against float64."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dlcheck import __version__
from dlcheck.checks.report_of_worker import Account
from dlcheck.data.smoke_tasks import TASKS, smoke_task, task_path
from dlcheck.host.sensors import note_extremes, read_sensors
from dlcheck.host.training import Training
from dlcheck.model.errors import DlcheckError
from dlcheck.model.level import Level
from dlcheck.model.report import Target
from dlcheck.model.smoke import DTYPES, FRAMEWORKS, SmokeMoment, SmokeReport, SmokeResult, SmokeStatus, SmokeStep
from dlcheck.smoke_distributed import TASK, smoke_ranks
from dlcheck.smoke_unseen import with_causes

VARIABLES = {
    "OMP_NUM_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
    # Counts the GPUs through NVML, so that CUDA is not initialised before the fork.
    "PYTORCH_NVML_BASED_CUDA_CHECK": "1",
    "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
}
"""Set in the worker where the person has not: one thread for tiny tasks, and no framework takes all of a GPU's memory."""

POLL_SECONDS = 0.02
SENSOR_SECONDS = 5.0
LIMITS = {Level.QUICK: 120.0, Level.STANDARD: 600.0, Level.LONG: 3600.0}
"""Seconds that one device may take."""

DEVICE_KINDS = ("cpu", "cuda", "gpu", "rocm", "xpu", "mps", "metal", "tpu")
"""The kinds that the frameworks' workers name (inside/train_*); a kind asks for all its devices."""

ARITHMETIC_FAULTS = ("column", "dropped", "zeroed", "tf32", "bit", "bf16", "nan")
RANK_FAULTS = ("die@1", "lag@1", "scale@1")
FAULTS = (*ARITHMETIC_FAULTS, "seed", "liar", "place", "segfault", "hang", "raise")
"""What the power test injects: into every product (inside/faults_*), around the training, into the process."""

Progress = Callable[[SmokeStep], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What to train; empty means all there is."""

    frameworks: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    dtypes: tuple[str, ...] = ()
    level: Level = Level.QUICK
    timeout: float | None = None
    """Seconds that one device may take; None: what the level usually needs, several times over."""
    load_seconds: float = 300.0
    """How long the level long keeps a device under load."""
    fault: str | None = None
    """Hidden: the fault that the power test injects."""
    distributed: bool = False
    """Also train over all devices at once."""
    rank_fault: str | None = None
    """Hidden: die@1, lag@1 or scale@1."""
    logical_devices: int = 0
    """How many devices TensorFlow and JAX shall make of the CPU; 0 leaves it as it is."""


def smoke(target: Target, wishes: Wishes, progress: Progress = lambda _step: None) -> SmokeReport:
    """Train, judge, report. Wrong wishes raise DlcheckError; whatever is wrong with the machine is in the report."""
    began = time.monotonic()
    frameworks = _frameworks(wishes.frameworks)
    tasks = _listed("task", wishes.tasks, TASKS)
    _refuse_devices(wishes.devices)
    wishes = replace(wishes, devices=tuple(map(_as_workers_name, wishes.devices)))
    dtypes = _listed("dtype", wishes.dtypes, DTYPES) or _dtypes(wishes.level)
    accounts = [
        Account(
            one, [smoke_task(name) for name in tasks or TASKS], dtypes, wishes.devices, asked=bool(wishes.frameworks)
        )
        for one in frameworks
    ]
    for account in accounts:
        account.together = smoke_task(TASK)
    waiting = [
        (account, {**_options(wishes, tasks or TASKS, dtypes), "exercise": _exercises(account.framework, frameworks)})
        for account in accounts
    ]
    running: list[tuple[Account, Training]] = []
    sensed = 0.0
    try:
        while waiting or running:
            while waiting and len(running) < _side_by_side(wishes.level):
                account, options = waiting.pop(0)
                running.append((account, _train(target, account.framework, options, wishes)))
                progress(SmokeStep(account.framework, "", SmokeMoment.STARTED))
            for account, training in list(running):
                for event in training.events():
                    account.note(event)
                    if (step := _step(account.framework, event)) is not None:
                        progress(step)
                if training.over:
                    running.remove((account, training))
                    progress(SmokeStep(account.framework, "", SmokeMoment.OVER))
            if wishes.level is Level.LONG and time.monotonic() - sensed > SENSOR_SECONDS:
                sensed, now = time.monotonic(), read_sensors()
                for account, _ in running:
                    note_extremes(account.sensors, now)
            time.sleep(POLL_SECONDS)
    finally:
        for _, training in running:
            training.end()
    seen = {device for account in accounts for device in account.names if not device.startswith("cpu")}
    results = [result for account in accounts for result in account.results(seen if not wishes.devices else ())]
    results = with_causes(results, target)
    if wishes.distributed:
        results += smoke_ranks(target, results, timeout=limit_of(wishes), progress=progress, fault=wishes.rank_fault)
    return SmokeReport(
        version=__version__,
        created=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        node=os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", ""),
        level=wishes.level,
        target=replace(target, version=next((one.python for one in accounts if one.python), None)),
        results=tuple(results),
        planes=tuple(plane for account in accounts for plane in account.planes()),
        exit_code=exit_code_of(results),
        seconds=time.monotonic() - began,
    )


def limit_of(wishes: Wishes) -> float:
    """Seconds that one device may take."""
    return wishes.timeout or LIMITS[wishes.level] + (wishes.load_seconds if wishes.level is Level.LONG else 0.0)


def exit_code_of(results: Sequence[SmokeResult]) -> int:
    """1 where a training failed, crashed or hung, or where nothing at all was trained; else 0."""
    bad = (SmokeStatus.FAILED, SmokeStatus.CRASHED, SmokeStatus.TIMEOUT)
    if any(one.status in bad for one in results):
        return 1
    return 0 if any(one.status is SmokeStatus.PASSED for one in results) else 1


def _train(target: Target, framework: str, options: dict[str, Any], wishes: Wishes) -> Training:
    env = {**VARIABLES, **os.environ}
    if wishes.distributed and framework == "tensorflow" and not wishes.logical_devices:
        # One CPU alone has nothing to mirror; where there are GPUs, they are taken instead.
        options = {**options, "logical_devices": 2}
    if framework.startswith("keras-"):
        env["KERAS_BACKEND"] = framework.removeprefix("keras-")
    if wishes.logical_devices and framework in ("jax", "keras-jax"):
        flag = f"--xla_force_host_platform_device_count={wishes.logical_devices}"
        env["XLA_FLAGS"] = f"{env.get('XLA_FLAGS', '')} {flag}".strip()
    return Training(target.python, framework, options, timeout=limit_of(wishes), env=env)


def _options(wishes: Wishes, tasks: Sequence[str], dtypes: Sequence[str]) -> dict[str, Any]:
    return {
        "tasks": [task_path(name) for name in tasks],
        "dtypes": list(dtypes),
        "devices": list(wishes.devices),
        **_faults(wishes.fault),
        "level": wishes.level.value,
        "threads": _threads(wishes.level),
        "repeat_steps": 2 if wishes.level is Level.QUICK else 20,
        "logical_devices": wishes.logical_devices,
        "distributed": task_path(TASK) if wishes.distributed else None,
        "load_seconds": wishes.load_seconds,
    }


def _threads(level: Level) -> int:
    """As many as the person set; else all cores under load, and one for tiny tasks."""
    wish = os.environ.get("OMP_NUM_THREADS", "")
    return int(wish) if wish.isdigit() and int(wish) else (os.cpu_count() or 1) if level is Level.LONG else 1


def _exercises(framework: str, frameworks: Sequence[str]) -> bool:
    """Whether a framework does the exercises of the longer levels: Keras where its backend does not do them by itself."""
    return framework.removeprefix("keras-") not in frameworks or not framework.startswith("keras-")


def _faults(wish: str | None) -> dict[str, object]:
    """Faults, one run each, or faults on one device only: column,nan or segfault@cpu:1."""
    if not wish:
        return {}
    names, _, device = wish.partition("@")
    faults = _listed("inject", names.split(","), FAULTS)
    return {"faults": list(faults), **({"fault_device": device} if device else {})}


def _side_by_side(level: Level) -> int:
    """How many frameworks train at once: one where speed is measured, else as many as there are cores, up to three."""
    return 1 if level is not Level.QUICK else max(1, min(3, os.cpu_count() or 1))


def _dtypes(level: Level) -> tuple[str, ...]:
    return ("float32",) if level is Level.QUICK else ("float32", "bfloat16", "float16")


def _frameworks(asked: Sequence[str]) -> tuple[str, ...]:
    found: list[str] = []
    for one in asked:
        named = {"pytorch": "torch", "tf": "tensorflow"}.get(one.lower(), one.lower())
        names = [name for name in FRAMEWORKS if name == named or name.startswith(named + "-")]
        if not names:
            raise DlcheckError(
                f"--framework {one}: no such framework", f"There are: {', '.join(('keras', *FRAMEWORKS))}."
            )
        found += [name for name in names if name not in found]
    return tuple(one for one in FRAMEWORKS if one in found) or FRAMEWORKS


def _listed(option: str, asked: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    for one in asked:
        if one not in known:
            raise DlcheckError(f"--{option} {one}: there is no such {option}", f"There are: {', '.join(known)}.")
    return tuple(one for one in known if one in asked)


def _refuse_devices(asked: Sequence[str]) -> None:
    for one in asked:
        kind, colon, number = one.partition(":")
        if kind not in DEVICE_KINDS or (colon and not number.isdigit()):
            raise DlcheckError(
                f"--device {one}: there is no such device",
                f"There are: {', '.join(DEVICE_KINDS)}; with a number for one of several, such as cuda:1.",
            )


def _as_workers_name(device: str) -> str:
    """PyTorch, TensorFlow and JAX call AMD's GPUs as they call NVIDIA's; gpu means those, or Metal on a Mac."""
    kind, colon, number = device.partition(":")
    known = {"rocm": "cuda", "gpu": "mps" if sys.platform == "darwin" else "cuda"}.get(kind, kind)
    return known + colon + number


_MOMENTS = {
    "begin": SmokeMoment.OPENED,
    "task": SmokeMoment.TASK,
    "result": SmokeMoment.TRAINED,
    "exercise": SmokeMoment.TRAINED,
    "end": SmokeMoment.DONE,
    "died": SmokeMoment.DIED,
}
"""What a worker's lines (inside/train.py) tell one who waits."""


def _step(framework: str, event: dict[str, Any]) -> SmokeStep | None:
    moment = _MOMENTS.get(event["event"])
    if moment is None:
        return None
    if moment is SmokeMoment.TRAINED and "error_type" in event:
        moment = SmokeMoment.RAISED
    math = ", full precision" if event.get("math") == "highest" else ""
    dtype = f"{event.get('dtype') or ''}{math}"
    return SmokeStep(framework, str(event.get("device") or ""), moment, str(event.get("task") or ""), dtype)
