"""Two sets of facts to the changes between them. What one side could not see is no change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

from dlcheck.model.change import Change
from dlcheck.model.device_facts import DeviceFacts, Gpu
from dlcheck.model.fact import Unknown
from dlcheck.model.facts import Facts
from dlcheck.model.python_facts import BuildFacts, FrameworkFacts

T = TypeVar("T")

FRAMEWORKS = (
    "torch",
    "tensorflow",
    "tensorflow-cpu",
    "jax",
    "jaxlib",
    "keras",
    "torchvision",
    "torchaudio",
    "tf-keras",
)
CUDA_PACKAGES = ("nvidia-", "triton", "jax-cuda", "pytorch-triton", "cuda-", "tensorrt")
NEIGHBOURS = ("numpy", "scipy", "protobuf", "ml-dtypes", "h5py", "typing-extensions", "setuptools", "pip")
"""Packages whose change most often breaks a framework that did not change itself."""
HIDING = (
    "CUDA_VISIBLE_DEVICES",
    "HIP_VISIBLE_DEVICES",
    "ROCR_VISIBLE_DEVICES",
    "NVIDIA_VISIBLE_DEVICES",
    "LD_LIBRARY_PATH",
)
HALVED = 0.5


def compare_facts(before: Facts, after: Facts) -> Iterator[Change]:
    """Every change that both sides could see, in no order."""
    yield from _system(before, after)
    yield from _limits(before, after)
    yield from _devices(before, after)
    yield from _python(before, after)
    yield from _packages(before, after)
    yield from _frameworks(before, after)
    yield from _surroundings(before, after)


def _both(one: T | Unknown | None, other: T | Unknown | None) -> tuple[T, T] | None:
    """The two values where both are there."""
    if one is None or other is None or isinstance(one, Unknown) or isinstance(other, Unknown):
        return None
    return one, other


def _differs(  # noqa: PLR0917 - read as a table of changes below
    kind: str, what: str, before: object, after: object, weight: int, why: str = ""
) -> Iterator[Change]:
    """A change where both sides looked and saw something else; None is "not there"."""
    if before == after or isinstance(before, Unknown) or isinstance(after, Unknown):
        return
    yield Change(kind=kind, what=what, before=_words(before), after=_words(after), weight=weight, why=why)


def _words(value: object) -> str | None:
    if value is None:
        return None
    if value == "":
        return "empty"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _sizes(
    kind: str, what: str, before: int | Unknown | None, after: int | Unknown | None, weight: int
) -> Iterator[Change]:
    """``_differs`` of bytes, shown in GB of 10**9."""
    shown = [f"{size / 1e9:.1f} GB" if isinstance(size, int) else size for size in (before, after)]
    yield from _differs(kind, what, shown[0], shown[1], weight)


def _tables(
    kind: str, before: Mapping[str, str], after: Mapping[str, str], weight: int, prefix: str = ""
) -> Iterator[Change]:
    for name in sorted({*before, *after}):
        yield from _differs(kind, prefix + name, before.get(name), after.get(name), weight)


def _system(before: Facts, after: Facts) -> Iterator[Change]:
    if both := _both(before.system, after.system):
        then, now = both
        yield from _differs(
            "kernel", "kernel", then.release, now.release, 80, "driver modules are built for one kernel"
        )
        yield from _differs("kernel", "system", then.distribution, now.distribution, 60)
        yield from _differs("kernel", "C library", then.libc, now.libc, 50)
        yield from _differs("kernel", "hypervisor", then.hypervisor, now.hypervisor, 40)


def _limits(before: Facts, after: Facts) -> Iterator[Change]:
    if memory := _both(before.memory, after.memory):
        then, now = memory
        yield from _sizes("limit", "memory limit", then.limit_bytes, now.limit_bytes, 55)
        if (total := _both(then.total_bytes, now.total_bytes)) and abs(total[0] - total[1]) > 0.02 * total[0]:
            yield from _sizes("limit", "memory", total[0], total[1], 50)
        yield from _sizes("limit", "shared memory", then.shared_memory_bytes, now.shared_memory_bytes, 45)
    if cpu := _both(before.cpu, after.cpu):
        yield from _differs("limit", "processor", cpu[0].brand, cpu[1].brand, 40)
        yield from _differs("limit", "usable CPUs", cpu[0].allowed_cpus, cpu[1].allowed_cpus, 30)
        yield from _differs("limit", "CPU quota", cpu[0].quota_cpus, cpu[1].quota_cpus, 30)
    if disks := _both(before.disks, after.disks):
        then_free = {one.role: one.free_bytes for one in disks[0]}
        for one in disks[1]:
            free = _both(then_free.get(one.role), one.free_bytes)
            if free and free[1] < free[0] * HALVED:
                yield from _sizes("disk", f"free space for {one.role}", free[0], free[1], 60 if free[1] < 2e9 else 15)
        writable = {one.role: one.writable for one in disks[0]}
        for one in disks[1]:
            yield from _differs(
                "disk", f"{one.role} is writable", writable.get(one.role, one.writable), one.writable, 70
            )


def _devices(before: Facts, after: Facts) -> Iterator[Change]:
    both = _both(before.devices, after.devices)
    if not both:
        return
    then, now = both
    if nvidia := _both(then.nvidia, now.nvidia):
        first, second = nvidia
        yield from _differs("driver", "NVIDIA driver", first.driver, second.driver, 85)
        yield from _differs("driver", "NVIDIA kernel module", first.module, second.module, 85)
        yield from _differs("driver", "CUDA of the driver", first.cuda_driver, second.cuda_driver, 70)
        yield from _differs("driver", "devices that libcuda counts", first.cuda_devices, second.cuda_devices, 90)
        yield from _differs("driver", "Secure Boot", first.secure_boot, second.secure_boot, 70)
        yield from _differs("driver", "Fabric Manager", first.fabric_manager, second.fabric_manager, 70)
        yield from _tables("driver", first.nodes, second.nodes, 80)
    elif not isinstance(then.nvidia, Unknown) and not isinstance(now.nvidia, Unknown) and then.nvidia is not now.nvidia:
        words = ("there" if then.nvidia else None, "there" if now.nvidia else None)
        yield from _differs("driver", "NVIDIA stack", *words, 95)
    if amd := _both(then.amd, now.amd):
        yield from _differs("driver", "amdgpu module", amd[0].module, amd[1].module, 85)
        yield from _differs("driver", "ROCm", amd[0].rocm, amd[1].rocm, 80)
        yield from _tables("driver", amd[0].nodes, amd[1].nodes, 80)
    if intel := _both(then.intel, now.intel):
        yield from _differs("driver", "Intel graphics module", intel[0].module, intel[1].module, 80)
        yield from _differs("driver", "Level Zero", intel[0].level_zero, intel[1].level_zero, 80)
    yield from _gpus(_gpus_of(then), _gpus_of(now))


def _gpus_of(devices: DeviceFacts) -> dict[str, Gpu] | None:
    found: dict[str, Gpu] = {}
    for vendor in (devices.nvidia, devices.amd, devices.intel, devices.apple):
        if isinstance(vendor, Unknown) or (vendor is not None and isinstance(vendor.gpus, Unknown)):
            return None
        for at, gpu in enumerate(vendor.gpus if vendor is not None and not isinstance(vendor.gpus, Unknown) else ()):
            found[f"GPU {gpu.pci_address or (at if gpu.index is None else gpu.index)} {gpu.name}"] = gpu
    return found


def _gpus(before: dict[str, Gpu] | None, after: dict[str, Gpu] | None) -> Iterator[Change]:
    if before is None or after is None:
        return
    for name in sorted({*before, *after}):
        then, now = before.get(name), after.get(name)
        if then is None or now is None:
            yield from _differs("device", name, "there" if then else None, "there" if now else None, 95 if then else 20)
            continue
        yield from _differs("device", f"{name} lost", then.lost, now.lost, 95)
        yield from _differs("device", f"{name} identity", then.uuid, now.uuid, 40, "another card in the same place")
        yield from _sizes("device", f"{name} memory", then.memory_bytes, now.memory_bytes, 60)
        yield from _differs("device", f"{name} MIG", then.mig_enabled, now.mig_enabled, 80)
        yield from _differs("device", f"{name} MIG devices", then.mig_devices, now.mig_devices, 70)
        yield from _differs("device", f"{name} compute mode", then.compute_mode, now.compute_mode, 70)
        yield from _differs("device", f"{name} ECC errors", then.ecc_uncorrected, now.ecc_uncorrected, 75)
        yield from _differs("device", f"{name} recovery action", then.recovery_action, now.recovery_action, 85)
        yield from _differs(
            "device", f"{name} link width", then.link_width, now.link_width, 35, "idle cards may narrow it"
        )
        yield from _differs("device", f"{name} NVLinks down", then.nvlink_down, now.nvlink_down, 70)
        yield from _differs("device", f"{name} firmware", then.vbios, now.vbios, 40)


def _python(before: Facts, after: Facts) -> Iterator[Change]:
    if both := _both(before.python, after.python):
        then, now = both
        yield from _differs(
            "python", "Python", then.version, now.version, 75, "compiled packages are built for one Python"
        )
        yield from _differs("python", "interpreter", then.executable, now.executable, 45)
        yield from _differs("python", "environment", then.prefix, now.prefix, 45)
        yield from _differs("python", "free threading", then.free_threaded, now.free_threaded, 75)
        yield from _differs("python", "machine of the interpreter", then.machine, now.machine, 85)
    if shadows := _both(before.shadows, after.shadows):
        for name in sorted(set(shadows[1]) - set(shadows[0])):
            yield Change(
                kind="python", what=f"file {name}", before=None, after="there", weight=85, why="it hides a module"
            )


def _packages(before: Facts, after: Facts) -> Iterator[Change]:
    if both := _both(before.distributions, after.distributions):
        then = {one.name: one.version or "of no version" for one in both[0]}
        now = {one.name: one.version or "of no version" for one in both[1]}
        for name in sorted({*then, *now}):
            yield from _differs("package", name, then.get(name), now.get(name), package_weight(name, name in then))
        damaged = {one.name: one.damaged for one in both[0]}
        for one in both[1]:
            yield from _differs("package", f"damage of {one.name}", damaged.get(one.name), one.damaged, 90)


def package_weight(name: str, was_there: bool) -> int:
    """How much a changed package explains; one that is merely new explains less, unless it replaced something."""
    if name in FRAMEWORKS:
        return 85
    if name.startswith(CUDA_PACKAGES):
        return 75
    if name in NEIGHBOURS:
        return 60
    return 25 if was_there else 15


def _frameworks(before: Facts, after: Facts) -> Iterator[Change]:
    both = _both(before.frameworks, after.frameworks)
    if not both:
        return
    for name in sorted({*both[0]} & {*both[1]}):
        then, now = both[0][name], both[1][name]
        for label, first, second in _builds(then, now):
            yield from _differs("package", f"{label} of {name}", first, second, 90)
        yield from _differs("package", f"backend of {name}", then.backend, now.backend, 70)


def _builds(then: FrameworkFacts, now: FrameworkFacts) -> Iterator[tuple[str, object, object]]:
    if isinstance(then.build, BuildFacts) and isinstance(now.build, BuildFacts):
        for field in ("cuda", "cudnn", "rocm", "xpu"):
            label = {"cuda": "CUDA", "cudnn": "cuDNN", "rocm": "ROCm", "xpu": "XPU"}[field]
            yield f"{label} build", getattr(then.build, field), getattr(now.build, field)


def _surroundings(before: Facts, after: Facts) -> Iterator[Change]:
    if variables := _both(before.variables, after.variables):
        for name in sorted({*variables[0], *variables[1]}):
            weight = 85 if name in HIDING else 55
            yield from _differs("variable", name, variables[0].get(name), variables[1].get(name), weight)
    if container := _both(before.container, after.container):
        for label, field in (("container", "kind"), ("hosted by", "hosted"), ("scheduler", "scheduler")):
            yield from _differs("container", label, getattr(container[0], field), getattr(container[1], field), 50)
        yield from _differs(
            "container", "GPUs of the job", container[0].scheduler_gpus, container[1].scheduler_gpus, 60
        )
    if tools := _both(before.toolchain, after.toolchain):
        for field in ("gcc", "clang", "cmake", "nvcc", "rocm", "docker"):
            yield from _differs("toolchain", field, getattr(tools[0], field), getattr(tools[1], field), 25)
        yield from _differs("limit", "open files", tools[0].open_files_soft, tools[1].open_files_soft, 25)
    if network := _both(before.network, after.network):
        reached = {one.url: one.reached for one in network[0].indexes}
        for one in network[1].indexes:
            was = reached.get(one.url, one.reached)
            if was is not None and one.reached is not None:
                yield from _differs("network", f"package source {one.url} answers", was, one.reached, 35)
        yield from _tables("network", network[0].proxies, network[1].proxies, 35, "proxy ")
