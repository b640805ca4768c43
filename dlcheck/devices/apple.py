"""Apple silicon and the GPUs of Macs, as system_profiler and sysctl tell them."""

from __future__ import annotations

import json
import re

from dlcheck.host.process import Done
from dlcheck.model.device_facts import AppleFacts, Gpu
from dlcheck.model.fact import Unknown

PROFILER = ("/usr/sbin/system_profiler", "-json", "SPDisplaysDataType")
CHIP = ("/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string")


def look(profiler: Done, chip: Done) -> AppleFacts:
    """The facts in what the two programs printed."""
    import platform

    name = chip.output.strip() if chip.code == 0 else ""
    gpus = from_profiler(profiler.output) if profiler.code == 0 else Unknown("system_profiler gave no answer")
    return AppleFacts(
        chip=name or Unknown("sysctl gave no answer"),
        macos=platform.mac_ver()[0] or None,
        metal=metal_of(profiler.output),
        gpus=gpus,
    )


def from_profiler(text: str) -> tuple[Gpu, ...] | Unknown:
    """The GPUs in system_profiler's JSON."""
    try:
        rows = json.loads(text)["SPDisplaysDataType"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return Unknown("system_profiler printed something else than JSON")
    found: list[Gpu] = []
    for row in rows if isinstance(rows, list) else ():
        if not isinstance(row, dict):
            continue
        name = str(row.get("sppci_model") or row.get("_name") or "GPU")
        memory = str(row.get("spdisplays_vram") or row.get("spdisplays_vram_shared") or "")
        size = re.match(r"(\d+) ([GM])B", memory)
        found.append(
            Gpu(
                name=name,
                index=len(found),
                architecture="Apple" if name.startswith("Apple") else None,
                memory_bytes=int(size[1]) * (2**30 if size[2] == "G" else 2**20) if size else None,
                integrated=row.get("sppci_bus") == "spdisplays_builtin" or "spdisplays_vram_shared" in row,
            )
        )
    return tuple(found)


def metal_of(text: str) -> str | None:
    """Metal's level in system_profiler's JSON, such as metal3."""
    found = re.search(r'"spdisplays_mtlgpufamilysupport"\s*:\s*"spdisplays_(\w+)"', text)
    found = found or re.search(r'"spdisplays_metal"\s*:\s*"spdisplays_(\w+)"', text)
    return found[1] if found else None
