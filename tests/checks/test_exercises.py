"""The judgement of exercises, and of speeds beside siblings."""

from __future__ import annotations

import pytest

from dlcheck.checks.exercises import Exercised, beside, judge_exercise
from dlcheck.host.sensors import note_extremes, parse_readings
from dlcheck.model.smoke import SmokeStatus


@pytest.mark.parametrize(
    ("event", "status", "cause"),
    [
        ({"task": "large-products", "wrong": 0, "checked": 10}, "passed", None),
        ({"task": "large-products", "wrong": 1, "checked": 10}, "failed", "device-computes-wrong"),
        ({"task": "memory-patterns", "wrong": 1, "checked": 10}, "failed", "device-copy-differs"),
        ({"task": "memory-copy", "wrong": 0, "checked": 0}, "failed", "device-computes-wrong"),
        ({"task": "memory-copy"}, "failed", "device-computes-wrong"),
        (
            {"task": "large-products", "error_type": "OutOfMemoryError", "error": "out of memory"},
            "failed",
            "gpu-out-of-memory",
        ),
    ],
)
def test_one_exercise(event, status, cause):
    said = judge_exercise(event)
    assert (said.status.value, said.cause) == (status, cause)


def test_figures_that_are_none_are_left_out():
    said = judge_exercise({"task": "x", "wrong": 0, "checked": 1, "measured": {"a": 1, "b": float("nan"), "c": "2"}})
    assert said.measured == {"a": 1.0}


@pytest.mark.parametrize(("speed", "cause"), [(100.0, None), (85.0, None), (79.0, "slower-than-siblings")])
def test_a_device_that_is_slow_beside_its_siblings(speed, cause):
    own = {"copy_bytes_per_second": speed, "tested_bytes": 1.0}
    siblings = [own, {"copy_bytes_per_second": 100.0}, {"copy_bytes_per_second": 101.0}]
    said = beside(Exercised(SmokeStatus.PASSED, measured=own), siblings)
    assert said.cause == cause
    assert said.status is SmokeStatus.PASSED


def test_a_single_device_has_nothing_to_be_slower_than():
    own = {"copy_bytes_per_second": 1.0}
    assert beside(Exercised(SmokeStatus.PASSED, measured=own), [own]).cause is None


def test_sensors_of_nvidia_smi():
    text = "0, 61, 1980, 402.11, 0x0000000000000004\n1, 92, 1100, [N/A], 0x0000000000000060\nNo devices\n"
    readings = parse_readings(text)
    assert readings["cuda:0"] == {"temperature_celsius": 61.0, "clock_megahertz": 1980.0, "power_watts": 402.11}
    assert readings["cuda:1"] == {
        "temperature_celsius": 92.0,
        "clock_megahertz": 1100.0,
        "throttled_software_thermal": 1.0,
        "throttled_hardware_thermal": 1.0,
    }
    seen = {}
    note_extremes(seen, readings)
    note_extremes(seen, parse_readings("0, 70, 1500, 500, 0x0\n"))
    assert seen["cuda:0"]["highest_temperature_celsius"] == 70.0
    assert (seen["cuda:0"]["lowest_clock_megahertz"], seen["cuda:0"]["highest_clock_megahertz"]) == (1500.0, 1980.0)


SLOW_AND_SIBLING = [{"products_per_second": 1.0}, {"products_per_second": 10.0}]


def test_only_what_passed_is_held_against_its_siblings():
    failed = Exercised(SmokeStatus.FAILED, "device-computes-wrong", "3 of 9 numbers", {"products_per_second": 1.0})
    assert beside(failed, SLOW_AND_SIBLING) is failed


def test_a_device_alone_has_nobody_to_be_slower_than():
    alone = Exercised(SmokeStatus.PASSED, measured={"products_per_second": 1.0})
    assert beside(alone, SLOW_AND_SIBLING[:1]) is alone
    assert beside(alone, SLOW_AND_SIBLING).cause == "slower-than-siblings"
