"""Every device, as the bus, its driver and each framework see it."""

from __future__ import annotations

from dataclasses import field

from dlcheck.model.dataclass import dataclass
from dlcheck.model.device_facts import Gpu, PciDevice
from dlcheck.model.report import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRow:
    """One device that could compute."""

    name: str
    vendor: str
    """cpu, nvidia, amd, intel, apple or other."""
    memory_bytes: int | None = None
    pci: PciDevice | None = None
    """None where it is no PCI device, or the bus is not seen."""
    driver: Gpu | None = None
    """None where the vendor's driver does not report it."""
    driver_name: str | None = None
    """The driver and its release in words; None without one."""
    frameworks: dict[str, str | None] = field(default_factory=dict)
    """Framework to the device's name in it, such as cuda:0; None where it is not seen; not a key where nobody asked."""
    causes: tuple[str, ...] = ()
    """Why somebody does not see it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceTable:
    """All devices of a machine."""

    version: str
    created: str
    """UTC, ISO 8601, to the second."""
    node: str
    target: Target
    versions: dict[str, str]
    """Framework to its version, in the order of the columns."""
    rows: tuple[DeviceRow, ...] = ()
    unknown: tuple[str, ...] = ()
    """What nobody could look at, and why."""
    titles: dict[str, str] = field(default_factory=dict)
    """Titles of the causes, by slug."""
