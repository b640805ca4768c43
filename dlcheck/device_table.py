"""Puts what the bus, the drivers and the frameworks say of the same device into one row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timezone

from dlcheck import __version__, data
from dlcheck.checks import RULES
from dlcheck.checks.judge import judge
from dlcheck.model.device_facts import DeviceFacts, Gpu, PciDevice
from dlcheck.model.device_table import DeviceRow, DeviceTable
from dlcheck.model.fact import Unknown, or_none
from dlcheck.model.facts import Facts
from dlcheck.model.profile import Profile
from dlcheck.model.python_facts import FrameworkDevice, FrameworkFacts
from dlcheck.model.report import Target

SUBJECTS = (
    "system",
    "cpu",
    "container",
    "variables",
    "python",
    "distributions",
    "devices",
    "frameworks",
    "toolchain",
)
COMPUTING = ("torch", "tensorflow", "jax")
VENDORS = {"10de": "nvidia", "1002": "amd", "8086": "intel", "106b": "apple"}
# Rules that say why a device is not seen, by the vendor whose devices they are about.
WHY = {
    "nvidia": r"DL60[2-9]|DL61\d|DL68\d|DL70[1-3]|DL80[0-4]",
    "amd": r"DL64[0-4]|DL649|DL650|DL80[04]",
    "intel": r"DL66[0-3]|DL650",
    "apple": r"DL67[0-3]",
}
# What frameworks call the GPUs of a vendor.
KINDS = {"nvidia": ("cuda", "gpu"), "amd": ("rocm", "gpu"), "intel": ("xpu", "gpu"), "apple": ("mps", "gpu")}


def table(facts: Facts, target: Target) -> DeviceTable:
    """The table of a machine's devices; pure."""
    asked = {name: one for name, one in (or_none(facts.frameworks) or {}).items() if name in COMPUTING}
    rows = [_processor(facts, asked), *_accelerators(facts, asked)]
    causes = _causes(facts)
    blamed = tuple(_blame(row, causes) for row in rows)
    system = or_none(facts.system)
    python = or_none(facts.python)
    return DeviceTable(
        version=__version__,
        created=datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        node=(system.node if system else None) or "unknown",
        target=replace(target, version=or_none(python.version) if python else None),
        versions={name: or_none(asked[name].version) or "" for name in COMPUTING if name in asked},
        rows=blamed,
        unknown=tuple(_unknown(facts)),
        titles={slug: cause.title for row in blamed for slug in row.causes if (cause := data.cause(slug))},
    )


def _processor(facts: Facts, asked: dict[str, FrameworkFacts]) -> DeviceRow:
    cpu = or_none(facts.cpu)
    name = (or_none(cpu.brand) if cpu else None) or (cpu.architecture if cpu else None) or "processor"
    return DeviceRow(name=name, vendor="cpu", frameworks=_seen(asked, ("cpu",), 0))


def _accelerators(facts: Facts, asked: dict[str, FrameworkFacts]) -> Iterator[DeviceRow]:
    devices = or_none(facts.devices)
    if devices is None:
        return
    nobody: dict[str, str | None] = {
        name: None for name in COMPUTING if name in asked and or_none(asked[name].run) is not None
    }
    cards = [one for one in or_none(devices.pci) or () if not one.device_class.startswith("0680")]
    for vendor in ("nvidia", "amd", "intel", "apple"):
        stack = or_none(getattr(devices, vendor))
        reported: tuple[Gpu, ...] = (or_none(stack.gpus) or ()) if stack else ()
        listed = _listed(devices) if vendor == "nvidia" else list(reported)
        left = [one for one in cards if VENDORS.get(one.vendor) == vendor]
        cards = [one for one in cards if one not in left]
        cards_of_vendor = len(left)
        for gpu in reported or (tuple(listed) if vendor == "nvidia" else ()):
            card = next((one for one in left if one.address == gpu.pci_address), None)
            # Where the driver tells no address, or Windows calls its devices otherwise, order and number decide.
            if card is None and left and (gpu.pci_address is None or "\\" in left[0].address):
                card = left[0]
            if card:
                left.remove(card)
            place = _place(gpu, listed)
            seen = {} if place is None else _seen(asked, KINDS[vendor], place)
            yield _row(vendor, card, gpu, devices, {**nobody, **seen})
        for card in left:
            index = left.index(card) if not reported else None
            seen = _seen(asked, KINDS[vendor], index) if index is not None else {}
            yield _row(vendor, card, None, devices, {**nobody, **seen})
        if vendor == "nvidia" and stack is not None and not reported and not listed and not cards_of_vendor:
            # Its libraries or nodes are here, and nothing that would tell which device it is.
            yield DeviceRow(name="NVIDIA GPU", vendor=vendor, driver_name="no answer", frameworks=nobody)
    for card in cards:
        yield _row("other", card, None, devices, nobody)


def _listed(devices: DeviceFacts) -> list[Gpu]:
    """NVIDIA's GPUs in the order of CUDA, which frameworks count in; that of the driver where libcuda did not tell."""
    stack = or_none(devices.nvidia)
    if stack is None:
        return []
    return list(or_none(stack.cuda_gpus) or or_none(stack.gpus) or ())


def _place(gpu: Gpu, listed: list[Gpu]) -> int | None:
    """The number under which frameworks count a GPU."""
    for at, one in enumerate(listed):
        if one is gpu or (one.pci_address and one.pci_address == gpu.pci_address):
            return at
    return gpu.index if not any(one.pci_address for one in listed) else None


def _seen(asked: dict[str, FrameworkFacts], kinds: tuple[str, ...], place: int) -> dict[str, str | None]:
    """What each framework that was asked calls the device of these kinds with this number."""
    seen: dict[str, str | None] = {}
    for name in COMPUTING:
        run = or_none(asked[name].run) if name in asked else None
        if run is None:
            continue
        found = [one for one in or_none(run.devices) or () if one.kind in kinds]
        seen[name] = _called(found[place], place) if place < len(found) else None
    return seen


def _called(device: FrameworkDevice, place: int) -> str:
    if device.kind in ("cpu", "mps"):
        return device.kind
    return f"{device.kind}:{device.index if device.index is not None else place}"


def _row(
    vendor: str,
    card: PciDevice | None,
    gpu: Gpu | None,
    devices: DeviceFacts,
    seen: dict[str, str | None],
) -> DeviceRow:
    kernel = or_none(card.driver) if card else None
    stack = or_none(devices.nvidia)
    release = (or_none(stack.driver) or or_none(stack.module)) if stack and vendor == "nvidia" else None
    named = kernel or ("nvidia" if release else None)
    return DeviceRow(
        name=(gpu.name if gpu else None) or (card.name if card else None) or f"{vendor} device",
        vendor=vendor,
        memory_bytes=or_none(gpu.memory_bytes) if gpu else None,
        pci=card,
        driver=gpu,
        driver_name=f"{named} {release}" if named == "nvidia" and release else named,
        frameworks=seen,
    )


def _causes(facts: Facts) -> dict[str, tuple[str, ...]]:
    """By vendor, the causes that the rules about seeing devices name."""
    found: dict[str, tuple[str, ...]] = {}
    for vendor, pattern in WHY.items():
        rules = [one for one in RULES if re.fullmatch(pattern, one.code)]
        verdicts = judge(facts, Profile(name="devices"), rules, "9999-12-31")
        found[vendor] = tuple(dict.fromkeys(one.cause for verdict in verdicts for one in verdict.findings))
    return found


def _blame(row: DeviceRow, causes: dict[str, tuple[str, ...]]) -> DeviceRow:
    unseen = row.driver is None or not row.frameworks or None in row.frameworks.values()
    return replace(row, causes=causes.get(row.vendor, ())) if unseen else row


def _unknown(facts: Facts) -> Iterator[str]:
    """What nobody could look at, in words."""
    devices = facts.devices
    if isinstance(devices, Unknown):
        yield f"devices: {devices.why}"
        return
    for name in ("pci", "nvidia", "amd", "intel", "apple"):
        value = getattr(devices, name)
        if isinstance(value, Unknown):
            yield f"{name}: {value.why}"
