"""`lspci` in its forms (plain, -nn, -k, -v, -D), and Windows' and macOS' lists of display adapters."""

from __future__ import annotations

import re
from dataclasses import replace

from dlcheck.model.device_facts import PciDevice
from dlcheck.model.facts import Facts
from dlcheck.readers.merge import join
from dlcheck.readers.parts import nvidia
from dlcheck.readers.paste import Paste
from dlcheck.readers.pattern import Pattern
from dlcheck.readers.unsaid import DEVICES, UNSAID

ROW = Pattern(
    r"^[ \t]*((?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])[ \t]+(VGA compatible controller|3D controller"
    r"|Display controller|Processing accelerators|Bridge|Co-processor)(?: \[([0-9a-f]{4})\])?:?[ \t]*(\S[^\n]*?)[ \t]*$",
    re.MULTILINE,
    needs=("controller", "accelerator", "Bridge"),
)
SLOTS = Pattern(
    r"^Slot:[ \t]+(\S+)\nClass:[ \t]+([^\n]+)\nVendor:[ \t]+([^\n]+)\nDevice:[ \t]+([^\n]+)",
    re.MULTILINE,
    needs="Slot:",
)
QUOTED = Pattern(
    r'^([0-9a-f:.]{7,16}) "([A-Za-z0-9 ]+?)(?: \[[0-9a-f]{4}\])?" "([^"\n]+)" "([^"\n]+)"', re.MULTILINE, needs='"'
)
NUMBERS = Pattern(r"\[([0-9a-f]{4}):([0-9a-f]{4})\]")
TAIL = Pattern(r"\s*(?:\[[0-9a-f]{4}:[0-9a-f]{4}\])?\s*(?:\(rev [0-9a-f]+\))?\s*(?:\(prog-if [^)]*\))?$")
MAKERS = (
    ("10de", ("nvidia corporation", "nvidia")),
    (
        "1002",
        (
            "advanced micro devices, inc. [amd/ati]",
            "advanced micro devices, inc. [amd]",
            "amd/ati",
            "advanced micro devices",
            "ati technologies",
        ),
    ),
    ("8086", ("intel corporation", "intel")),
)
CLASSES = {
    "VGA compatible controller": "030000",
    "3D controller": "030200",
    "Display controller": "038000",
    "Processing accelerators": "120000",
}
DRIVER = Pattern(r"^[ \t]+Kernel driver in use:[ \t]*(\S+)", re.MULTILINE)
WIDTH = Pattern(r"^[ \t]+Lnk(Cap|Sta):[^\n]*?Width x(\d+)", re.MULTILINE)
SWITCH = Pattern(r"^[ \t]*(?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7][ \t]+Bridge[^\n]*NVIDIA", re.MULTILINE)


def read(paste: Paste) -> Facts | None:
    """Display adapters and accelerators of the list; NVIDIA's bridges are NVSwitches."""
    if "controller" not in paste and "accelerator" not in paste:
        return None
    rows = list(ROW.finditer(paste.text))
    if not rows:
        return _blocks(paste) or _quoted(paste)
    ends = [row.start() for row in rows[1:]] + [len(paste.text)]
    devices = [
        _device(row, paste.text[row.end() : end].split("\n\n")[0])
        for row, end in zip(rows, ends, strict=True)
        if row[2] in CLASSES
    ]
    switches = len(SWITCH.words(paste.text)) or None
    found = Facts(devices=replace(DEVICES, pci=tuple(devices)))
    return join(found, Facts(devices=nvidia(nvswitches=switches))) if switches else found


def _blocks(paste: Paste) -> Facts | None:
    """`lspci -vmm`: a block of "Slot:", "Class:", "Vendor:", "Device:" a device."""
    devices = []
    for slot, words, vendor, device in SLOTS.rows(paste.text):
        label = next((one for one in CLASSES if words.startswith(one)), None)
        if label:
            devices.append(_named(slot, label, vendor, device))
    return Facts(devices=replace(DEVICES, pci=tuple(devices))) if devices else None


def _quoted(paste: Paste) -> Facts | None:
    """`lspci -mm`: the fields in quotation marks on one line."""
    devices = [
        _named(slot, label, vendor, device)
        for slot, label, vendor, device in QUOTED.rows(paste.text)
        if label in CLASSES
    ]
    return Facts(devices=replace(DEVICES, pci=tuple(devices))) if devices else None


def _named(slot: str, label: str, vendor: str, device: str) -> PciDevice:
    low = vendor.lower()
    code = next((code for code, makers in MAKERS if low.startswith(makers)), "")
    number = re.search(r"\[([0-9a-f]{4})\]$", device)
    return PciDevice(
        address=slot,
        vendor=code,
        device=number[1] if number else "",
        device_class=CLASSES[label],
        driver=UNSAID,
        name=TAIL.sub("", device) or device,
    )


def _device(row: re.Match[str], below: str) -> PciDevice:
    address, label, number, words = row.groups()
    pair = NUMBERS.search(words)
    low = words.lower()
    vendor, name = (pair[1] if pair else ""), TAIL.sub("", words)
    for code, makers in MAKERS:
        maker = next((one for one in makers if low.startswith(one)), None)
        if maker:
            vendor, name = vendor or code, name[len(maker) :].strip()
            break
    driver = DRIVER.search(below)
    widths = {row[0]: row[1] for row in WIDTH.rows(below)}
    return PciDevice(
        address=address,
        vendor=vendor,
        device=pair[2] if pair else "",
        device_class=f"{number}00" if number else CLASSES[label],
        driver=driver[1] if driver else UNSAID,
        name=name or words,
        link_width=int(widths["Sta"]) if "Sta" in widths else None,
        link_width_max=int(widths["Cap"]) if "Cap" in widths else None,
    )
