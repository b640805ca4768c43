"""The AMD stack: amdgpu, KFD's topology and the ROCm runtime, from files alone."""

from __future__ import annotations

import os
import re

from dlcheck.devices import files
from dlcheck.model.device_facts import AmdFacts, Gpu, PciDevice
from dlcheck.model.fact import Unknown

TOPOLOGY = "/sys/class/kfd/kfd/topology/nodes"


def node_paths(root: str = "/") -> tuple[str, ...]:
    """/dev/kfd and the render nodes that exist."""
    return files.places(root, "/dev/kfd", "/dev/dri/renderD*")


def look(root: str, pci: tuple[PciDevice, ...], nodes: dict[str, str], *, wsl: bool = False) -> AmdFacts | None:
    """What files tell of AMD GPUs; None where there is none."""
    cards = tuple(one for one in pci if one.vendor == "1002")
    if not cards and not os.path.exists(files.below(root, "/dev/kfd")) and not (wsl and _dxg_runtime(root)):
        return None
    loaded = os.path.isdir(files.below(root, "/sys/module/amdgpu"))
    versions = files.places(root, "/opt/rocm/.info/version", "/opt/rocm-*/.info/version")
    return AmdFacts(
        # Only the module of AMD's own repository has a version; that of the kernel has none.
        module=(files.words(files.below(root, "/sys/module/amdgpu/version")) or "loaded") if loaded else None,
        rocm=files.words(versions[0]) if versions else None,
        nodes=nodes,
        gpus=gpus(root, cards),
        topology="present" if os.path.isdir(files.below(root, TOPOLOGY)) else None,
        dxg_runtime=_dxg_runtime(root) if wsl else None,
    )


def _dxg_runtime(root: str) -> bool:
    return bool(files.places(root, "/usr/lib/**/librocdxg.so*", "/opt/rocm*/lib/librocdxg.so*"))


def gpus(root: str, cards: tuple[PciDevice, ...]) -> tuple[Gpu, ...] | Unknown:
    """The nodes of KFD's topology that compute (simd_count above 0); the others are processors."""
    found: list[Gpu] = []
    for node in sorted(files.names(files.below(root, TOPOLOGY)), key=lambda one: int(one) if one.isdigit() else 0):
        place = files.below(root, f"{TOPOLOGY}/{node}")
        path = os.path.join(place, "properties")
        text = files.words(path)
        if text is None and os.path.exists(path):
            return Unknown(f"{path} cannot be read")
        values = {name: int(value) for name, value in re.findall(r"(?m)^(\w+) (\d{1,20})$", text or "")}
        if not values.get("simd_count"):
            continue
        address = _address(values)
        card = next((one for one in cards if one.address == address), None)
        found.append(
            Gpu(
                name=files.words(os.path.join(place, "name")) or (card.name if card and card.name else "AMD GPU"),
                index=len(found),
                pci_address=address,
                architecture=gfx(values.get("gfx_target_version", 0)),
                memory_bytes=_memory(place, root, address),
                integrated=values.get("cpu_cores_count", 0) > 0 or _is_integrated(values),
                ecc_uncorrected=_uncorrected(root, address),
            )
        )
    return tuple(found)


def gfx(version: int) -> str | None:
    """The gfx target of KFD's number: major * 10000 + minor * 100 + stepping, the last two written in hexadecimal.

    Source: gfx_target_version in the kernel's amdkfd; 90010 is gfx90a, 110001 gfx1101.
    """
    if version <= 0:
        return None
    return f"gfx{version // 10000}{version // 100 % 100:x}{version % 100:x}"


def _address(values: dict[str, int]) -> str | None:
    if "location_id" not in values:
        return None
    place = values["location_id"]
    return f"{values.get('domain', 0):04x}:{place >> 8 & 0xFF:02x}:{place >> 3 & 0x1F:02x}.{place & 7}"


def _is_integrated(values: dict[str, int]) -> bool | None:
    # An APU takes its memory from the machine's: local_mem_size is 0 there.
    return values["local_mem_size"] == 0 if "local_mem_size" in values else None


def _memory(place: str, root: str, address: str | None) -> int | None:
    total = files.number(files.below(root, f"/sys/bus/pci/devices/{address}/mem_info_vram_total")) if address else None
    if total:
        return total
    sizes = [files.words(path) or "" for path in files.places("/", f"{place}/mem_banks/*/properties")]
    found = [int(size) for text in sizes for size in re.findall(r"(?m)^size_in_bytes (\d+)$", text)]
    return sum(found) or None


def _uncorrected(root: str, address: str | None) -> int | None:
    """Uncorrected errors that the kernel's RAS counted; consumer cards have no such file."""
    text = files.words(files.below(root, f"/sys/bus/pci/devices/{address}/ras/umc_err_count"))
    found = re.search(r"(?m)^ue:? (\d+)", text or "")
    return int(found[1]) if found else None
