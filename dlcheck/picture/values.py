"""What is compared between nodes: versions (drift) and measures (outliers), read from the facts and results of a report."""

from __future__ import annotations

from collections.abc import Mapping

from dlcheck.picture.words import harmless, number, rows, table

Layout = tuple[tuple[str, str, str], ...]
"""For each measure of a report: what is measured, on which device model, of which subject."""

MOST_GPUS = 64
MOST_RESULTS = 512

_PLAIN = (
    ("kernel", ("system", "release")),
    ("system", ("system", "distribution")),
    ("C library", ("system", "libc")),
    ("BIOS", ("system", "bios")),
    ("Python", ("python", "version")),
    ("CPU", ("cpu", "brand")),
    ("NVIDIA driver", ("devices", "nvidia", "driver")),
    ("NVIDIA kernel module", ("devices", "nvidia", "module")),
    ("Fabric Manager", ("devices", "nvidia", "fabric_manager")),
    ("AMD driver", ("devices", "amd", "module")),
    ("ROCm", ("devices", "amd", "rocm")),
    ("Intel driver", ("devices", "intel", "module")),
)
_VENDORS = ("nvidia", "amd", "intel", "apple")


def versions(facts: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """What should be equal on all nodes, by name; a fact that nobody could look at is left out."""
    found: list[tuple[str, str]] = []
    for name, path in _PLAIN:
        value: object = facts
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, str) and value:
            found.append((name, _short(value)))
    memory = number(table(facts.get("memory")).get("total_bytes"))
    if memory:
        found.append(("memory", f"{memory / 2**30:.0f} GiB"))
    for name, value in list(table(table(facts.get("system")).get("firmware")).items())[:64]:
        if isinstance(value, str):
            found.append((f"firmware {_short(name)}", _short(value)))
    for name, one in list(table(facts.get("frameworks")).items())[:64]:
        version = table(one).get("version")
        if isinstance(version, str) and version:
            found.append((_short(name), _short(version)))
    devices = table(facts.get("devices"))
    if devices and "unknown" not in devices:
        gpus = [pair for vendor in _VENDORS for pair in _of_gpus(rows(table(devices.get(vendor)).get("gpus")))]
        found += gpus or [("GPUs", "none")]
    return tuple(found)


def lists_frameworks(facts: Mapping[str, object]) -> bool:
    """Whether the frameworks were looked for, so that one that is not named is not there."""
    frameworks = facts.get("frameworks")
    return isinstance(frameworks, dict) and "unknown" not in frameworks


def _of_gpus(gpus: list[object]) -> list[tuple[str, str]]:
    counts: dict[str, int] = {}
    images: dict[str, set[str]] = {}
    for one in gpus[:MOST_GPUS]:
        gpu = table(one)
        name = gpu.get("name")
        if not isinstance(name, str) or gpu.get("lost") is True:
            continue
        model = _short(name)
        counts[model] = counts.get(model, 0) + 1
        vbios = gpu.get("vbios")
        if isinstance(vbios, str):
            images.setdefault(model, set()).add(_short(vbios))
    found = [(f"firmware of {model}", ", ".join(sorted(found))) for model, found in images.items()]
    if counts:
        found.append(("GPUs", ", ".join(f"{count} x {model}" for model, count in sorted(counts.items()))))
    return found


def gpu_measures(facts: Mapping[str, object]) -> tuple[Layout, list[float]]:
    """Temperatures and powers of the GPUs."""
    layout: list[tuple[str, str, str]] = []
    values: list[float] = []
    devices = table(facts.get("devices"))
    for vendor in _VENDORS:
        for at, one in enumerate(rows(table(devices.get(vendor)).get("gpus"))[:MOST_GPUS]):
            gpu = table(one)
            name = gpu.get("name")
            model = _short(name) if isinstance(name, str) else "GPU"
            for measure, key in (("temperature", "temperature"), ("power", "power_watts")):
                value = number(gpu.get(key))
                if value is not None:
                    layout.append((measure, model, f"GPU {at}"))
                    values.append(value)
    return tuple(layout), values


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
