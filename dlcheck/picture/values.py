"""What is compared between nodes: versions (drift) and measures (outliers), read from the facts and results of a report."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from itertools import chain, islice
from math import hypot
from operator import itemgetter
from typing import Any

from dlcheck.picture.words import harmless, number, remembered, rows, table

Layout = tuple[tuple[str, str, str], ...]
"""For each measure of a report: what is measured, on which device model, of which subject."""

MOST_GPUS = 64
MOST_NAMES = 64
"""Of firmware, and of frameworks."""
MOST_RESULTS = 512
_FAR = 1e12
"""No temperature and no power is larger."""

_PLAIN = (
    ("system", ("release", "distribution", "libc", "bios"), (None,) * 4),
    ("python", ("version",), (None,)),
    ("cpu", ("brand",), (None,)),
)
"""A subject of the facts, what is read of it, and as much nothing where it is not there; ``_NAMES`` says it in words."""
_OF_DEVICES = (
    ("nvidia", ("driver", "module", "fabric_manager"), (None,) * 3),
    ("amd", ("module", "rocm"), (None,) * 2),
    ("intel", ("module",), (None,)),
)
_NAMES = (
    ("kernel", "system", "C library", "BIOS"),
    ("Python",),
    ("CPU",),
    ("NVIDIA driver", "NVIDIA kernel module", "Fabric Manager"),
    ("AMD driver", "ROCm"),
    ("Intel driver",),
)
_VENDORS = ("nvidia", "amd", "intel", "apple")

Pairs = tuple[tuple[str, str], ...]
_Said = tuple[Any, ...]
"""What a report says word by word, so that nodes that say the same share one answer."""


def machine(facts: Mapping[str, Any]) -> tuple[Pairs, bool, Layout, array[float]]:
    """What should be equal on all nodes, by name (a fact that nobody could look at is left out); whether the frameworks were
    looked for, so that one that is not named is not there; what was measured of the GPUs, and the measures.
    """
    devices = facts.get("devices")
    if not isinstance(devices, dict) or "unknown" in devices:
        devices = {}
    gpus, measures = _gpus(devices) if devices else (None, array("d"))
    said = _said(facts, devices)
    try:
        return (*_machine(said, gpus), measures)
    except TypeError:  # a fact that is no text, such as one that nobody could look at, cannot be hashed
        return (*_machine(_texts(said), _texts(gpus)), measures)


def _said(facts: Mapping[str, Any], devices: Mapping[str, Any]) -> _Said:
    """The words of ``_PLAIN`` and ``_OF_DEVICES``, memory, firmware, whether frameworks were looked for, and these."""
    found: list[object] = []
    for places, subjects in ((facts, _PLAIN), (devices, _OF_DEVICES)):
        for subject, keys, nothing in subjects:
            place = places.get(subject)
            found.append(tuple(map(place.get, keys)) if place.__class__ is dict else nothing)
    memory, system, frameworks = facts.get("memory"), facts.get("system"), facts.get("frameworks")
    total = memory.get("total_bytes") if isinstance(memory, dict) else None
    firmware = system.get("firmware") if isinstance(system, dict) else None
    looked = isinstance(frameworks, dict) and "unknown" not in frameworks
    found += (
        total if type(total) in _NUMBERS else None,
        tuple(islice(firmware.items(), MOST_NAMES)) if isinstance(firmware, dict) and "unknown" not in firmware else (),
        looked,
        tuple(map(_version, islice(table(frameworks).items(), MOST_NAMES))) if looked else (),
    )
    return tuple(found)


def _version(framework: tuple[str, Any]) -> tuple[str, object]:
    return framework[0], table(framework[1]).get("version")


def _texts(said: object) -> Any:
    """The same with None for whatever is no text, no number and no row of these."""
    if isinstance(said, tuple):
        return tuple(map(_texts, said))
    return said if isinstance(said, (str, int, float)) else None


@remembered
def _machine(said: _Said, gpus: _Said | None) -> tuple[Pairs, bool, Layout]:
    *plain, memory, firmware, looked, frameworks = said
    found = [
        (name, value)
        for names, values in zip(_NAMES, plain, strict=True)
        for name, value in zip(names, values, strict=True)
        if isinstance(value, str) and value
    ]
    if number(memory):
        found.append(("memory", f"{memory / 2**30:.0f} GiB"))
    found += [(f"firmware {name[:80]}", version) for name, version in firmware if isinstance(version, str)]
    found += [(name, version) for name, version in frameworks if isinstance(version, str) and version]
    models, layout = ((), ()) if gpus is None else _models(gpus)
    return (*((_short(name), _short(value)) for name, value in found), *models), looked, layout


_NUMBERS = frozenset((float, int))
_MEASURED = itemgetter("temperature", "power_watts")
_NAMED, _NAMED_ONLY = itemgetter("name", "vbios", "lost"), itemgetter("name", "vbios")


def _gpus(devices: Mapping[str, Any]) -> tuple[_Said, array[float]]:
    """Of each vendor's GPUs: name and firmware, whether it is lost; which measures each has; all the measures in a row."""
    found: list[_Said] = []
    measures = array("d")
    for vendor in _VENDORS:
        place = devices.get(vendor)
        gpus = rows(place.get("gpus"))[:MOST_GPUS] if place.__class__ is dict else ()
        if not gpus:
            continue
        try:
            measured = array("d", chain.from_iterable(map(_MEASURED, gpus)))
            if not hypot(*measured) < _FAR:  # larger than each of them, and no number where one is none
                raise ValueError
            named = tuple(map(_NAMED if any("lost" in one for one in gpus) else _NAMED_ONLY, gpus))
            which = (3,) * len(gpus)
        except (KeyError, OverflowError, TypeError, ValueError):  # a GPU that lacks something, or an odd shape
            named, which, measured = _one_by_one(gpus)
        found.append((named, which))
        measures = measures + measured if measures else measured
    return tuple(found), measures


def _one_by_one(gpus: list[Any]) -> tuple[_Said, _Said, array[float]]:
    named: list[_Said] = []
    which: list[int] = []
    measured = array("d")
    for gpu in map(table, gpus):
        bits = 0
        for bit, value in ((1, gpu.get("temperature")), (2, gpu.get("power_watts"))):
            if value is not None and type(value) in _NUMBERS and -_FAR < value < _FAR:
                bits |= bit
                measured.append(value)
        named.append(_texts((gpu.get("name"), gpu.get("vbios"), gpu.get("lost") is True)))
        which.append(bits)
    return tuple(named), tuple(which), measured


def _models(vendors: _Said) -> tuple[Pairs, Layout]:
    """How many GPUs of which model with which firmware, and what each measure belongs to."""
    counts: dict[str, int] = {}
    images: dict[str, set[str]] = {}
    layout: list[tuple[str, str, str]] = []
    for named, which in vendors:
        for at, ((name, vbios, *lost), measured) in enumerate(zip(named, which, strict=True)):
            model = _short(name) if isinstance(name, str) else "GPU"
            if not any(lost):
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


def smoke_measures(results: object) -> tuple[Layout, array[float]]:
    """Throughput, bandwidth and loss deviation of the results of a smoke run."""
    layout: list[tuple[str, str, str]] = []
    values = array("d")

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
