"""Temperatures and clocks while a device works: nvidia-smi for its GPUs, psutil for the processor."""

from __future__ import annotations

import contextlib
import shutil

import psutil

from dlcheck.host.process import run

QUERY = "index,temperature.gpu,clocks.sm,power.draw,clocks_throttle_reasons.active"
Readings = dict[str, dict[str, float]]

REASONS = {0x8: "hardware_slowdown", 0x20: "software_thermal", 0x40: "hardware_thermal", 0x80: "power_brake"}
"""Bits of NVML's clocksEventReasons that mean heat or power; the software power cap is usual at full load."""


def read_sensors() -> Readings:
    """Readings now, by device name; what cannot be read is left out."""
    found: Readings = {}
    cpu: dict[str, float] = {}
    with contextlib.suppress(AttributeError, OSError, RuntimeError):
        hottest = [one.current for group in psutil.sensors_temperatures().values() for one in group]
        if hottest:
            cpu["temperature_celsius"] = max(hottest)
    with contextlib.suppress(AttributeError, OSError, RuntimeError):
        clock = psutil.cpu_freq()
        if clock.current:
            cpu["clock_megahertz"] = clock.current
    if cpu:
        found["cpu"] = cpu
    tool = shutil.which("nvidia-smi")
    if tool is not None:
        done = run((tool, f"--query-gpu={QUERY}", "--format=csv,noheader,nounits"), timeout=10.0, apart=True)
        found.update(parse_readings(done.output))
    return found


def parse_readings(text: str) -> Readings:
    """The lines of nvidia-smi, by device; a field that says [N/A] is left out."""
    found: Readings = {}
    for line in text.splitlines():
        words = [word.strip() for word in line.split(",")]
        if len(words) != 5 or not words[0].isdigit():
            continue
        reading: dict[str, float] = {}
        for name, word in zip(("temperature_celsius", "clock_megahertz", "power_watts"), words[1:4], strict=True):
            with contextlib.suppress(ValueError):
                reading[name] = float(word)
        with contextlib.suppress(ValueError):
            active = int(words[4], 16)
            reading.update({f"throttled_{name}": 1.0 for bit, name in REASONS.items() if active & bit})
        found[f"cuda:{words[0]}"] = reading
    return found


def note_extremes(seen: Readings, now: Readings) -> None:
    """Keep the highest of everything, and of clocks the lowest too."""
    for device, reading in now.items():
        kept = seen.setdefault(device, {})
        for name, value in reading.items():
            kept[f"highest_{name}"] = max(value, kept.get(f"highest_{name}", value))
            if name.startswith("clock"):
                kept[f"lowest_{name}"] = min(value, kept.get(f"lowest_{name}", value))
