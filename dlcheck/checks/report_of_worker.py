"""Turns the events of a smoke worker into judged results. Nothing that a worker wrote can break this, only fail it."""

from __future__ import annotations

import array
import base64
import binascii
import contextlib
import math
import sys
from collections.abc import Collection, Sequence
from typing import Any

from dlcheck.checks import training
from dlcheck.checks.exercises import beside, judge_exercise
from dlcheck.checks.plane import plane_of
from dlcheck.checks.training import judge_training, rounding_of
from dlcheck.model.smoke import Numbers, Plane, Settings, SmokeResult, SmokeRun, SmokeStatus, SmokeTask

DIED = "training-crashes"
HUNG = "smoke-timeout"
MISSING = "framework-missing"

RECURRENT = {"conv2d", "rnn", "lstm", "bidirectional_lstm"}
"""Operations that a GPU library computes with the settings of convolutions (cuDNN), not of matrix products."""


class Account:
    """Everything that one framework's worker reported, and what follows from it."""

    def __init__(
        self, framework: str, tasks: Sequence[SmokeTask], dtypes: Sequence[str], devices: Sequence[str], *, asked: bool
    ) -> None:
        self.framework = framework
        self.tasks = {task.name: task for task in tasks}
        self.dtypes = tuple(dtypes)
        self.wanted = tuple(devices)
        self.asked = asked
        self.version: str | None = None
        self.python: str | None = None
        """Version of the interpreter, as it said itself."""
        self.together: SmokeTask | None = None
        """The task that is trained over all devices at once."""
        self.names: dict[str, str | None] = {}
        self._import_seconds = 0.0
        self._fallen: list[dict[str, Any]] = []
        self._open: dict[str, float] = {}
        self._memory: dict[str, int] = {}
        self._probes: dict[tuple[str, str], dict[str, tuple[float, float]]] = {}
        self._settings: dict[tuple[str, str], Settings] = {}
        self._at: dict[str, dict[str, Any]] = {}
        self._runs: list[dict[str, Any]] = []
        self._exercises: list[dict[str, Any]] = []
        self.sensors: dict[str, dict[str, float]] = {}
        """Highest and lowest readings while a device was at work, by device."""

    def note(self, event: dict[str, Any]) -> None:
        """Take in one event."""
        kind, device = event["event"], str(event.get("device"))
        if kind == "python":
            self.python = _name(event.get("version"))
        elif kind == "framework":
            self.version = str(event.get("version"))
            self._import_seconds = _number(event.get("seconds"))
        elif kind == "devices":
            for one in _rows(event.get("devices")):
                if isinstance(one, dict):
                    self.names[str(one.get("device"))] = _name(one.get("name"))
        elif kind == "open":
            self._open[device] = _number(event.get("seconds"))
            self.names[device] = _name(event.get("name")) or self.names.get(device)
        elif kind == "task":
            self._at[device] = {name: _name(event.get(name)) for name in ("task", "dtype", "mode")}
        elif kind == "result":
            self._runs.append(event)
            self._at.pop(device, None)
        elif kind == "exercise":
            self._exercises.append(event)
            self._at.pop(device, None)
        elif kind == "probe" and isinstance(event.get("seen"), list):
            seen = (*map(_number, event["seen"]), 0.0, 0.0)
            self._probes.setdefault((device, str(event.get("fault"))), {})[str(event.get("operation"))] = (
                seen[0],
                seen[1],
            )
        elif kind == "settings":
            said = (tuple(map(str, event.get(name) or ())) for name in ("allowed", "forced"))
            self._settings[device, str(event.get("fault"))] = Settings(*said)
        elif kind == "end":
            size = _number(event.get("memory"))
            self._memory[device] = int(size) if math.isfinite(size) else 0
        elif kind in ("died", "raised", "trouble"):
            self._fallen.append(event)

    def results(self, expected: Collection[str] = ()) -> list[SmokeResult]:
        """The results, device by device in the order of the tasks; ``expected``: devices that another framework saw."""
        if self.version is None:
            return self._never_began()
        highest = {_key(one): run_of(one) for one in self._runs if one.get("math") == "highest"}
        found = [self._judged(one, highest) for one in self._runs if one.get("math") == "default"]
        found += self._exercised()
        found += [self._fallen_result(one) for one in self._fallen]
        found += self._unseen(expected)
        order = {name: at for at, name in enumerate(self.names)}
        names = {name: at for at, name in enumerate(self.tasks)}
        return sorted(
            found,
            key=lambda one: (order.get(one.device, 99), self._dtype_order(one.dtype), names.get(one.task or "", 99)),
        )

    def planes(self) -> list[Plane]:
        """The decisions learnt in the plane, from the weights that the worker reported."""
        found = []
        for event in self._runs:
            task = self.tasks.get(str(event.get("task")))
            plain = event.get("math") == "default" and event.get("dtype") == "float32" and event.get("fault") is None
            if plain and task is not None and task.plane is not None:
                run = run_of(event)
                if run.error_type is None and not training.lacks_numbers(run.trained, task.trained):
                    with contextlib.suppress(ArithmeticError, ValueError):
                        found.append(plane_of(self.framework, task, run))
        return found

    def _dtype_order(self, dtype: str | None) -> int:
        return self.dtypes.index(dtype) if dtype in self.dtypes else len(self.dtypes)

    def _judged(self, event: dict[str, Any], highest: dict[tuple[str, ...], SmokeRun]) -> SmokeResult:
        run = run_of(event)
        task = self.tasks.get(run.task) or (self.together if run.mode == "mirrored" else None)
        if task is None:
            return self._result(
                run.device, SmokeStatus.FAILED, training.REPORT_INCONSISTENT, "a task that was not asked for"
            )
        probes = self._probes.get((run.device, str(event.get("fault"))), {})
        uses = {line[1] for line in task.program}
        rounding = rounding_of(seen for operation, seen in probes.items() if operation == "linear" or uses & RECURRENT)
        settings = self._settings.get((run.device, str(event.get("fault"))), Settings())
        said = judge_training(task, run, highest.get(_key(event)), rounding, settings)
        return SmokeResult(
            framework=self.framework,
            version=self.version,
            device=run.device,
            device_name=self.names.get(run.device),
            task=run.task,
            dtype=run.dtype,
            mode=run.mode if event.get("fault") is None else f"{run.mode} with {event['fault']}",
            status=said.status,
            cause=said.cause,
            why=said.why,
            steps=task.steps,
            loss_first=run.losses[0] if run.losses else None,
            loss_last=run.losses[-1] if run.losses else None,
            deviation=said.deviation,
            limit=said.limit,
            precision=said.precision,
            repeats=run.repeats,
            seconds={"import": self._import_seconds, "init": self._open.get(run.device, 0.0), **run.seconds},
            peak_memory_bytes=self._memory.get(run.device, 0),
            losses=run.losses,
        )

    def _exercised(self) -> list[SmokeResult]:
        judged = [judge_exercise(one) for one in self._exercises]
        speeds = [one.measured for one in judged]
        found = []
        for event, alone in zip(self._exercises, judged, strict=True):
            device = str(event.get("device"))
            siblings = [
                measured
                for other, measured in zip(self._exercises, speeds, strict=True)
                if other.get("task") == event.get("task") and self._alike(device, str(other.get("device")))
            ]
            said, under_load = beside(alone, siblings), event.get("task") == "sustained-load"
            found.append(
                self._result(
                    device,
                    said.status,
                    said.cause,
                    said.why,
                    task=str(event.get("task")),
                    dtype="float32",
                    mode="exercise",
                    measured={**said.measured, **(self.sensors.get(device, {}) if under_load else {})},
                    seconds={"train": _number(event.get("seconds"))},
                )
            )
        return found

    def _alike(self, one: str, other: str) -> bool:
        """Whether two devices are of one kind and name, so that one speed can be expected of both."""
        return one.partition(":")[0] == other.partition(":")[0] and self.names.get(one) == self.names.get(other)

    def _result(self, device: str, status: SmokeStatus, cause: str | None, why: str | None, **more: Any) -> SmokeResult:
        fields = {"task": None, "dtype": None, "device_name": self.names.get(device), **more}
        return SmokeResult(
            framework=self.framework, version=self.version, device=device, status=status, cause=cause, why=why, **fields
        )

    def _never_began(self) -> list[SmokeResult]:
        """The framework could not even be imported."""
        device = self.wanted[0] if self.wanted else "cpu"
        event = self._fallen[0] if self._fallen else {"event": "died"}
        if event["event"] == "raised":
            missing = event.get("error_type") == "ModuleNotFoundError"
            words = f"{event.get('error_type')}: {_first_line(event.get('error'))}"
            if missing and _names_itself(self.framework, str(event.get("error"))):
                if not self.asked:
                    return []
                why = f"{self.framework.replace('-', ' on ')} is not installed in this environment"
                return [self._result(device, SmokeStatus.SKIPPED, MISSING, why)]
            return [self._result(device, SmokeStatus.FAILED, training.TRAINING_RAISED, f"importing it: {words}")]
        return [self._fallen_result({**event, "device": device}, "importing it")]

    def _fallen_result(self, event: dict[str, Any], doing: str | None = None) -> SmokeResult:
        device = str(event.get("device") or (self.wanted[0] if self.wanted else "cpu"))
        at = self._at.get(device, {})
        more = {"task": at.get("task"), "dtype": _name(event.get("dtype")) or at.get("dtype"), "mode": at.get("mode")}
        doing = doing or (f"in {at['task']}" if at.get("task") else "opening the device")
        if event["event"] == "trouble":
            run = SmokeRun(
                device=device,
                task="",
                dtype=str(event.get("dtype") or at.get("dtype") or "float32"),
                error_type=str(event.get("error_type")),
                error=str(event.get("error")),
            )
            said = training.judge_raised(run)
            return self._result(device, said.status, said.cause, f"{doing}: {said.why}", **more)
        if event.get("timeout") is not None:
            why = f"{doing}: no answer within {_number(event['timeout']):g} s"
            return self._result(device, SmokeStatus.TIMEOUT, HUNG, why, **more)
        if event.get("failure"):
            return self._result(device, SmokeStatus.CRASHED, DIED, f"could not be started: {event['failure']}", **more)
        how = event.get("signal") or f"exit code {event.get('code')}"
        last = _last_line(event.get("output"))
        why = f"{doing}: the process ended with {how}" + (f"; its last words: {last}" if last else "")
        return self._result(device, SmokeStatus.CRASHED, DIED, why, **more)

    def _unseen(self, expected: Collection[str]) -> list[SmokeResult]:
        """Devices that were asked for, or that another framework saw, and that this one does not list."""
        found = []
        for one in (*self.wanted, *sorted(expected)):
            if not any(name == one or name.partition(":")[0] == one for name in self.names):
                why = f"{self.framework} sees no {one} here"
                found.append(self._result(one, SmokeStatus.SKIPPED, None, why))
        return found


def run_of(event: dict[str, Any]) -> SmokeRun:
    """The report of one training; numbers that cannot be read are left out, which the judge takes as it should."""
    wide = bool(event.get("wide"))
    losses, seconds = event.get("losses"), event.get("seconds")
    return SmokeRun(
        device=str(event.get("device")),
        task=str(event.get("task")),
        dtype=str(event.get("dtype")),
        mode=str(event.get("mode")),
        math=str(event.get("math")),
        losses=tuple(map(_number, losses)) if isinstance(losses, list) else (),
        start=_numbers(event.get("start"), wide=wide),
        watched=_numbers(event.get("watched"), wide=wide),
        gradients=_numbers(event.get("gradients"), wide=wide),
        trained=_numbers(event.get("trained"), wide=wide),
        moved_by=_number(event["moved_by"]) if event.get("moved_by") else None,
        places=tuple(map(str, _rows(event.get("places")))),
        repeats=event.get("repeats") if isinstance(event.get("repeats"), bool) else None,
        seconds={name: _number(value) for name, value in seconds.items()} if isinstance(seconds, dict) else {},
        error_type=str(event["error_type"]) if "error_type" in event else None,
        error=str(event["error"]) if "error" in event else None,
    )


def _numbers(packed: object, *, wide: bool) -> Numbers:
    """Arrays from base64 of little-endian float32 (``wide``: float64)."""
    found: Numbers = {}
    if not isinstance(packed, dict):
        return found
    for name, text in packed.items():
        values = array.array("d" if wide else "f")
        try:
            values.frombytes(base64.b64decode(str(text)))
        except (ValueError, binascii.Error):
            continue
        if sys.byteorder == "big":
            values.byteswap()
        found[str(name)] = tuple(values)
    return found


def _number(value: object) -> float:
    try:
        return float(value) if isinstance(value, (int, float)) else math.nan
    except OverflowError:
        return math.nan


def _name(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _rows(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _key(event: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(event.get(name)) for name in ("device", "task", "dtype", "mode", "fault"))


def _names_itself(framework: str, error: str) -> bool:
    """Whether the module that is missing is the framework (or its Keras backend), and not one that it needs."""
    return any(f"'{part}'" in error for part in framework.split("-"))


def _first_line(text: object) -> str:
    return str(text or "").strip().split("\n")[0][:200]


def _last_line(text: object) -> str:
    lines = [line.strip() for line in str(text or "").splitlines() if line.strip()]
    return lines[-1][:160] if lines else ""
