"""What is known of NVIDIA's generations without asking a driver; data/nvidia.toml holds the table."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from dlcheck import data
from dlcheck.model.device_facts import Gpu, PciDevice

Capability = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Generation:
    """A generation of GPUs."""

    name: str
    capability: Capability
    """The lowest of its chips."""
    ranges: tuple[tuple[int, int], ...]
    """PCI device numbers."""
    flavour: str
    """Kernel module that it needs: open, proprietary, or "" for either."""
    first_branch: int
    last_branch: int
    """0 while new drivers support it."""
    last_cuda: int
    chips: tuple[tuple[Capability, re.Pattern[str]], ...]


@functools.cache
def generations() -> tuple[Generation, ...]:
    """The table, oldest first."""
    return tuple(
        Generation(
            name=row["name"],
            capability=capability(row["capability"]),
            ranges=tuple((int(low, 16), int(high, 16)) for low, high in row["pci"]),
            flavour=row["flavour"],
            first_branch=row["first_branch"],
            last_branch=row["last_branch"],
            last_cuda=row["last_cuda"],
            chips=tuple((capability(one), re.compile(names)) for one, names in row["chips"].items()),
        )
        for row in data.load("nvidia.toml")["generation"]
    )


def capability(text: str) -> Capability:
    """8.9 as two numbers."""
    major, _, minor = text.partition(".")
    return int(major), int(minor or 0)


def version(text: str) -> tuple[int, ...]:
    """A release as numbers: 580.65.06 is (580, 65, 6)."""
    return tuple(int(figure) for figure in re.findall(r"\d+", text))


def generation_of(card: PciDevice) -> Generation | None:
    """The generation by the PCI device number, None for numbers that the table does not know."""
    number = int(card.device, 16)
    return next((one for one in generations() for low, high in one.ranges if low <= number <= high), None)


def capability_of(gpu: Gpu) -> Capability | None:
    """What the driver said, else what the name tells; None where neither does."""
    if gpu.architecture and re.fullmatch(r"\d+\.\d+", gpu.architecture):
        return capability(gpu.architecture)
    for generation in generations():
        for found, names in generation.chips:
            if names.search(gpu.name):
                return found
    return None


def minimum_driver(cuda_major: int, system: str) -> str | None:
    """The least driver for any toolkit of a CUDA family, None where NVIDIA names none."""
    table = data.load("nvidia.toml")["minimum_driver"]["windows" if system == "windows" else "linux"]
    return str(table.get(str(cuda_major)) or "") or None


def runs(architectures: tuple[str, ...], device: Capability) -> str:
    """How a build's code serves a GPU: native, ptx (compiled at the first start) or none.

    Machine code sm_XY runs on GPUs of the same major and at least that minor, but for Jetson's chips (5.3, 6.2, 7.2, 8.7),
    which run only their own; PTX compute_XY runs on everything from there on. sm_90a and sm_100a run only on exactly
    that capability, sm_100f within its family. Source: CUDA programming guide, torch.cuda.DEVICE_REQUIREMENT of 2.13.
    """
    ptx = False
    for one in architectures:
        found = re.fullmatch(r"(sm|compute)_(\d+)(\d)([af]?)", one)
        if found is None:
            continue
        kind, code, suffix = found[1], (int(found[2]), int(found[3])), found[4]
        if kind == "compute":
            ptx = ptx or (code <= device and not suffix)
        elif suffix == "a" or code in _JETSON or device in _JETSON:
            # sm_101 was renamed sm_110.
            if code == device or (code, device) == ((10, 1), (11, 0)):
                return "native"
        elif (code[0] == device[0] and code[1] <= device[1]) or (code, device) == ((10, 1), (11, 0)):
            return "native"
    return "ptx" if ptx else "none"


_JETSON = {(5, 3), (6, 2), (7, 2), (8, 7)}
