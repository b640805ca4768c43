"""Judges what the longer smoke levels ask beyond training: products, copies, memory patterns, load, and their speed."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from dlcheck.checks.training import DEVICE_COMPUTES_WRONG, DEVICE_COPY_DIFFERS, judge_raised
from dlcheck.model.smoke import SmokeRun, SmokeStatus

SLOW = 0.8
"""A device below this part of the median speed of its siblings is slow; healthy ones lie within a few percent."""

SLOWER_THAN_SIBLINGS = "slower-than-siblings"
MEMORY = ("memory-copy", "memory-patterns")


@dataclass(frozen=True, slots=True)
class Exercised:
    """What was concluded from one exercise."""

    status: SmokeStatus
    cause: str | None = None
    why: str | None = None
    measured: dict[str, float] = field(default_factory=dict)


def judge_exercise(event: Mapping[str, Any]) -> Exercised:
    """The judgement of one exercise alone; a report without a count of wrong numbers proves nothing."""
    task = str(event.get("task"))
    if "error_type" in event:
        run = SmokeRun(
            device=str(event.get("device")),
            task=task,
            dtype="float32",
            error_type=str(event["error_type"]),
            error=str(event.get("error")),
        )
        said = judge_raised(run)
        return Exercised(said.status, said.cause, said.why)
    speeds = event.get("measured")
    measured = {
        name: float(value)
        for name, value in (speeds.items() if isinstance(speeds, dict) else ())
        if isinstance(value, (int, float)) and abs(value) <= sys.float_info.max
    }
    wrong, checked = event.get("wrong"), event.get("checked")
    if not isinstance(wrong, int) or not isinstance(checked, int) or checked <= 0:
        return Exercised(SmokeStatus.FAILED, DEVICE_COMPUTES_WRONG, "the worker did not say what it checked", measured)
    if wrong:
        cause = DEVICE_COPY_DIFFERS if task in MEMORY else DEVICE_COMPUTES_WRONG
        return Exercised(SmokeStatus.FAILED, cause, f"{wrong} of {checked} checked numbers are wrong", measured)
    return Exercised(SmokeStatus.PASSED, measured=measured)


def beside(said: Exercised, siblings: Sequence[Mapping[str, float]]) -> Exercised:
    """The judgement beside devices of the same name: a passed one that is much slower gets a cause."""
    if said.status is not SmokeStatus.PASSED or len(siblings) < 2:
        return said
    for name, speed in said.measured.items():
        if "per_second" not in name:
            continue
        usual = statistics.median(one[name] for one in siblings if name in one)
        if speed < SLOW * usual:
            why = f"{name.replace('_', ' ')}: {speed:.3g}, its siblings reach {usual:.3g}"
            return replace(said, cause=SLOWER_THAN_SIBLINGS, why=why)
    return said
