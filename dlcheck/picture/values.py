"""What is compared between nodes: versions (drift) and measures (outliers), read from the facts and results of a report."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from dlcheck.picture.words import harmless, number, rows, table

Layout = tuple[tuple[str, str, str], ...]
"""For each measure of a report: what is measured, on which device model, of which subject."""

MOST_GPUS = 64
MOST_RESULTS = 512

_PLAIN = (
    ("system", None, (("release", "kernel"), ("distribution", "system"), ("libc", "C library"), ("bios", "BIOS"))),
    ("python", None, (("version", "Python"),)),
    ("cpu", None, (("brand", "CPU"),)),
    ("devices", "nvidia", (("driver", "NVIDIA driver"), ("module", "NVIDIA kernel module"))),
    ("devices", "nvidia", (("fabric_manager", "Fabric Manager"),)),
    ("devices", "amd", (("module", "AMD driver"), ("rocm", "ROCm"))),
    ("devices", "intel", (("module", "Intel driver"),)),
)
_VENDORS = ("nvidia", "amd", "intel", "apple")


Pairs = tuple[tuple[str, str], ...]


def versions(facts: Mapping[str, object]) -> Pairs:
    """What should be equal on all nodes, by name; a fact that nobody could look at is left out."""
    found: list[tuple[str, str]] = []
    for subject, part, names in _PLAIN:
        place = facts.get(subject)
        if part is not None:
            place = place.get(part) if isinstance(place, dict) else None
        if isinstance(place, dict):
            for key, name in names:
                value = place.get(key)
                if isinstance(value, str) and value:
                    found.append((name, value))
    memory = number(table(facts.get("memory")).get("total_bytes"))
    if memory:
        found.append(("memory", f"{memory / 2**30:.0f} GiB"))
    for name, version in list(table(table(facts.get("system")).get("firmware")).items())[:64]:
        if isinstance(version, str):
            found.append((f"firmware {name[:80]}", version))
    for name, one in list(table(facts.get("frameworks")).items())[:64]:
        version = one.get("version") if isinstance(one, dict) else None
        if isinstance(version, str) and version:
            found.append((name, version))
    return _clean(tuple(found))


@functools.lru_cache(4096)
def _clean(pairs: Pairs) -> Pairs:
    return tuple((_short(name), _short(value)) for name, value in pairs)


def lists_frameworks(facts: Mapping[str, object]) -> bool:
    """Whether the frameworks were looked for, so that one that is not named is not there."""
    frameworks = facts.get("frameworks")
    return isinstance(frameworks, dict) and "unknown" not in frameworks


def gpus(facts: Mapping[str, object]) -> tuple[Pairs, Layout, list[float]]:
    """The GPUs of a node: what should be equal everywhere (models, firmware), and temperatures and powers."""
    devices = facts.get("devices")
    if not isinstance(devices, dict) or not devices or "unknown" in devices:
        return (), (), []
    found: list[tuple[object, ...]] = []
    values: list[float] = []
    for vendor in _VENDORS:
        if vendor not in devices:
            continue
        for at, gpu in enumerate(rows(table(devices[vendor]).get("gpus"))[:MOST_GPUS]):
            if isinstance(gpu, dict):
                get: Callable[[str], Any] = gpu.get
                temperature = get("temperature")
                power = get("power_watts")
                measured = 0
                if type(temperature) in _NUMBERS and -1e12 < temperature < 1e12:
                    measured = 1
                    values.append(temperature)
                if type(power) in _NUMBERS and -1e12 < power < 1e12:
                    measured += 2
                    values.append(power)
                found.append((at, get("name"), get("vbios"), get("lost"), measured))
    try:
        models, layout = _models(tuple(found))
    except TypeError:  # something that is no name, and cannot even be hashed
        return (), (), []
    return models, layout, values


_NUMBERS = frozenset((float, int))


@functools.lru_cache(4096)
def _models(found: tuple[tuple[Any, ...], ...]) -> tuple[Pairs, Layout]:
    """How many GPUs of which model with which firmware, and what each measure belongs to."""
    counts: dict[str, int] = {}
    images: dict[str, set[str]] = {}
    layout: list[tuple[str, str, str]] = []
    for at, name, vbios, lost, measured in found:
        model = _short(name) if isinstance(name, str) else "GPU"
        if lost is not True:
            counts[model] = counts.get(model, 0) + 1
            if isinstance(vbios, str):
                images.setdefault(model, set()).add(_short(vbios))
        if measured & 1:
            layout.append(("temperature", model, f"GPU {at}"))
        if measured & 2:
            layout.append(("power", model, f"GPU {at}"))
    pairs = [(f"firmware of {model}", ", ".join(sorted(several))) for model, several in images.items()]
    pairs.append(("GPUs", ", ".join(f"{count} x {model}" for model, count in sorted(counts.items())) or "none"))
    return tuple(pairs), tuple(layout)


def smoke_measures(results: object) -> tuple[Layout, list[float]]:
    """Throughput, bandwidth and loss deviation of the results of a smoke run."""
    layout: list[tuple[str, str, str]] = []
    values: list[float] = []

    def add(measure: str, value: float | None) -> None:
        if value is not None and value >= 0:
            layout.append((measure, model, subject))
            values.append(value)

    for one in rows(results)[:MOST_RESULTS]:
        result = table(one)
        if result.get("status") != "passed":
            continue
        device = result.get("device_name") or result.get("device")
        job = " ".join(_short(result.get(key) or "") for key in ("framework", "task", "dtype"))
        model = f"{_short(device or '?')}, {job}"
        subject = _short(result.get("device") or "?")
        steps, seconds = number(result.get("steps")), number(table(result.get("seconds")).get("train"))
        add("throughput", steps / seconds if steps and seconds and seconds > 0 else None)
        add("bandwidth", number(result.get("bandwidth_bytes_per_second")))
        add("loss deviation", number(table(result.get("deviation")).get("loss")))
    return tuple(layout), values


def _short(value: object) -> str:
    return harmless(value, 80)
