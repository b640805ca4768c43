"""The machine in a few rows, for the formats that show it to a person. No format of its own."""

from __future__ import annotations

from collections.abc import Iterator

from dlcheck.model.device_facts import Gpu
from dlcheck.model.fact import Unknown, or_none
from dlcheck.model.facts import Facts
from dlcheck.model.python_facts import BuildFacts, ImportFacts
from dlcheck.model.report import Report


def overview(report: Report) -> tuple[tuple[str, str], ...]:
    """Label and words of what is known: system, processor, memory, disk, GPUs, Python and frameworks."""
    facts = report.facts
    rows = (*_machine(facts), *_accelerators(facts), *_software(report))
    return tuple((label, words) for label, words in rows if words)


def gpus(facts: Facts) -> tuple[tuple[str, Gpu], ...]:
    """Every GPU that a driver reports, with its vendor."""
    devices = facts.devices
    if isinstance(devices, Unknown):
        return ()
    vendors = {"NVIDIA": devices.nvidia, "AMD": devices.amd, "Intel": devices.intel, "Apple": devices.apple}
    return tuple(
        (vendor, gpu)
        for vendor, its in vendors.items()
        if its is not None and not isinstance(its, Unknown)
        for gpu in or_none(its.gpus) or ()
    )


def gigabytes(size: int | Unknown | None) -> str:
    """A size in GB of 10**9 bytes, as on the box; an empty text where it is not known."""
    size = or_none(size)
    if size is None:
        return ""
    return f"{size / 1e9:.1f} GB" if size < 20e9 else f"{size / 1e9:.0f} GB"


def _machine(facts: Facts) -> Iterator[tuple[str, str]]:
    if not isinstance(system := facts.system, Unknown):
        parts = [system.distribution or system.name, system.release, system.machine, system.libc]
        parts.append(f"WSL {system.wsl}" if system.wsl else None)
        yield "System", " · ".join(part for part in parts if part)
    if not isinstance(box := facts.container, Unknown):
        yield "Inside", " · ".join(part for part in (box.kind, box.hosted, box.scheduler) if part)
    if not isinstance(cpu := facts.cpu, Unknown):
        usable = or_none(cpu.allowed_cpus) or or_none(cpu.logical_cpus)
        parts = [or_none(cpu.brand) or cpu.architecture, f"{usable} usable CPUs" if usable else None]
        quota = or_none(cpu.quota_cpus)
        parts.append(f"quota of {quota:g} CPUs" if quota else None)
        yield "Processor", " · ".join(part for part in parts if part)
    if not isinstance(memory := facts.memory, Unknown):
        parts = [gigabytes(memory.total_bytes)]
        parts.append(f"limited to {gigabytes(memory.limit_bytes)}" if or_none(memory.limit_bytes) else "")
        parts.append(f"{gigabytes(memory.available_bytes)} available" if or_none(memory.available_bytes) else "")
        yield "Memory", " · ".join(part for part in parts if part)
    if not isinstance(facts.disks, Unknown):
        free = [
            f"{gigabytes(disk.free_bytes)} free for {disk.role}" for disk in facts.disks if or_none(disk.free_bytes)
        ]
        yield "Disk", " · ".join(free)


def _accelerators(facts: Facts) -> Iterator[tuple[str, str]]:
    devices = facts.devices
    if isinstance(devices, Unknown):
        return
    counted: dict[str, int] = {}
    for vendor, gpu in gpus(facts):
        name = gpu.name if vendor.lower() in gpu.name.lower() else f"{vendor} {gpu.name}"
        words = f"{name} {gigabytes(gpu.memory_bytes)}".strip()
        counted[words] = counted.get(words, 0) + 1
    yield (
        "GPU",
        " · ".join(f"{count} x {words}" if count > 1 else words for words, count in counted.items()) or "none found",
    )
    nvidia = devices.nvidia
    if nvidia is not None and not isinstance(nvidia, Unknown):
        driver, cuda = or_none(nvidia.driver), or_none(nvidia.cuda_driver)
        yield "NVIDIA driver", " · ".join(part for part in (driver, f"CUDA up to {cuda}" if cuda else None) if part)
    if devices.amd is not None and not isinstance(devices.amd, Unknown):
        yield "ROCm", or_none(devices.amd.rocm) or ""


def _software(report: Report) -> Iterator[tuple[str, str]]:
    facts = report.facts
    python = facts.python
    version = report.target.version or (None if isinstance(python, Unknown) else or_none(python.version))
    kind = None if isinstance(python, Unknown) else python.environment
    yield "Python", " · ".join(part for part in (version, kind, report.target.python) if part)
    if isinstance(facts.frameworks, Unknown):
        return
    for name, framework in facts.frameworks.items():
        parts = [or_none(framework.version)]
        if isinstance(build := framework.build, BuildFacts):
            builds = {"CUDA": build.cuda, "ROCm": build.rocm, "XPU": build.xpu, "cuDNN": build.cudnn}
            parts += [f"{word} {value}" for word, value in builds.items() if value] or ["CPU build"]
        if isinstance(run := framework.run, ImportFacts):
            parts.append(
                {"found": None}.get(run.result, run.result if not run.error_type else f"{run.result} {run.error_type}")
            )
        yield name, " · ".join(part for part in parts if part)
