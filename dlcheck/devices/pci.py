"""Display adapters, accelerators and NVSwitches on the PCI bus, whether or not a driver has them."""

from __future__ import annotations

import json
import os
import re

from dlcheck.devices import files
from dlcheck.model.device_facts import PciDevice
from dlcheck.model.fact import Unknown

# PCI base classes: 03 display controller, 12 processing accelerator. NVSwitches are bridges (0680) of NVIDIA.
GRAPHICS = ("03", "12")
NVSWITCH = "0680"
NVIDIA, AMD, INTEL = "10de", "1002", "8086"
NAME_FILES = ("/usr/share/misc/pci.ids", "/usr/share/hwdata/pci.ids", "/var/lib/pciutils/pci.ids")


def look(root: str = "/") -> tuple[PciDevice, ...] | Unknown:
    """The devices that Linux shows in sysfs. A container sees those of its host."""
    folder = files.below(root, "/sys/bus/pci/devices")
    if not os.path.isdir(folder):
        # A machine without a PCI bus (many ARM boards, some virtual machines) has no such folder.
        mounted = os.path.isdir(files.below(root, "/sys/class"))
        return () if mounted else Unknown("/sys is not mounted")
    found = []
    for address in files.names(folder):
        place = os.path.join(folder, address)
        device_class = _digits(files.words(os.path.join(place, "class")), 6)
        if device_class[:2] not in GRAPHICS and device_class[:4] != NVSWITCH:
            continue
        vendor = _digits(files.words(os.path.join(place, "vendor")), 4)
        if device_class[:4] == NVSWITCH and vendor != NVIDIA:
            continue
        found.append(_device(root, place, address, vendor, device_class))
    return tuple(found)


def _device(root: str, place: str, address: str, vendor: str, device_class: str) -> PciDevice:
    device = _digits(files.words(os.path.join(place, "device")), 4)
    errors = [_total(files.words(os.path.join(place, name))) for name in ("aer_dev_nonfatal", "aer_dev_fatal")]
    counted = [one for one in errors if one is not None]
    try:
        driver: str | None = os.path.basename(os.readlink(os.path.join(place, "driver")))
    except OSError:
        driver = None
    return PciDevice(
        address=address,
        vendor=vendor,
        device=device,
        device_class=device_class,
        driver=driver,
        name=name_of(vendor, device, root),
        power_state=files.words(os.path.join(place, "power", "runtime_status")),
        link_width=_width(place, "current_link_width"),
        link_width_max=_width(place, "max_link_width"),
        errors=sum(counted) if counted else None,
    )


def _digits(text: str | None, length: int) -> str:
    return (text or "").lower().removeprefix("0x").zfill(length)


def _width(place: str, name: str) -> int | None:
    width = files.number(os.path.join(place, name))
    # The kernel writes 255 or 63 for a link it cannot tell (virtual machines, a device that does not answer).
    return width if width in (1, 2, 4, 8, 12, 16, 32) else None


def _total(text: str | None) -> int | None:
    found = re.search(r"^TOTAL_ERR_\w+ (\d+)$", text or "", re.MULTILINE)
    return int(found[1]) if found else None


def name_of(vendor: str, device: str, root: str = "/") -> str | None:
    """The product's name by the list of PCI identifiers that most Linux systems keep; None without one."""
    for place in NAME_FILES:
        try:
            with open(files.below(root, place), "rb") as stream:
                text = stream.read()
        except OSError:
            continue
        start = text.find(b"\n" + vendor.encode() + b"  ")
        if start < 0:
            continue
        end = re.compile(rb"\n[0-9a-f]").search(text, start + 1)
        found = re.compile(rb"\n\t" + device.encode() + rb"  ([^\n]+)").search(
            text, start, end.start() if end else len(text)
        )
        return found[1].decode("utf-8", "replace").strip() if found else None
    return None


WINDOWS_QUERY = (
    "powershell.exe",
    "-NoProfile",
    "-NonInteractive",
    "-Command",
    (
        "Get-CimInstance Win32_VideoController"
        " | Select-Object Name,PNPDeviceID,DriverVersion,ConfigManagerErrorCode | ConvertTo-Json -Compress"
    ),
)


def from_windows(text: str) -> tuple[PciDevice, ...] | Unknown:
    """The video controllers in the JSON that WINDOWS_QUERY prints: an object for one, a list for several."""
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError):
        return Unknown("Windows did not tell its video controllers")
    found = []
    for row in rows if isinstance(rows, list) else [rows]:
        if not isinstance(row, dict):
            continue
        identity = str(row.get("PNPDeviceID") or "")
        ids = re.search(r"VEN_([0-9A-F]{4})&DEV_([0-9A-F]{4})", identity, re.IGNORECASE)
        if ids is None:
            continue
        broken = row.get("ConfigManagerErrorCode")
        version = row.get("DriverVersion")
        found.append(
            PciDevice(
                address=identity,
                vendor=ids[1].lower(),
                device=ids[2].lower(),
                device_class="030000",
                # 28 is the device manager's code for "no driver is installed".
                driver=None if broken == 28 else f"code {broken}" if broken else str(version) if version else None,
                name=str(row["Name"]) if row.get("Name") else None,
            )
        )
    return tuple(found)


def windows_driver(cards: tuple[PciDevice, ...]) -> str | None:
    """The release of NVIDIA's driver that Windows names for a card, None elsewhere."""
    said = [one.driver for one in cards if one.vendor == NVIDIA and isinstance(one.driver, str)]
    return next((release for text in said if (release := nvidia_release(text))), None)


def nvidia_release(windows_version: str) -> str | None:
    """NVIDIA's release number from the version Windows shows: 32.0.15.6094 is 560.94."""
    figures = windows_version.replace(".", "")[-5:]
    if not re.fullmatch(r"\d+(\.\d+){3}", windows_version) or len(figures) < 5:
        return None
    return f"{figures[:3]}.{figures[3:]}"
