"""Intel graphics: the kernel driver and where the Level Zero runtime lies."""

from __future__ import annotations

from dlcheck.devices import files
from dlcheck.model.device_facts import IntelFacts, PciDevice

FOLDERS = ("/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib", "/usr/local/lib")


def look(root: str, pci: tuple[PciDevice, ...], nodes: dict[str, str], *, wsl: bool = False) -> IntelFacts | None:
    """What files tell of Intel GPUs; None where there is none. Under WSL the runtime alone is a sign of one."""
    cards = tuple(one for one in pci if one.vendor == "8086")
    runtime = _first(root, "libze_intel_gpu.so.1") or _first(root, "libze_intel_gpu.so.*")
    if not cards and not (wsl and runtime):
        return None
    drivers = tuple(dict.fromkeys(one.driver for one in cards if isinstance(one.driver, str)))
    return IntelFacts(
        module=drivers[0] if drivers else None,
        level_zero=_first(root, "libze_loader.so.1"),
        gpu_runtime=runtime,
        nodes={path: said for path, said in nodes.items() if "renderD" in path},
    )


def _first(root: str, name: str) -> str | None:
    found = files.places(root, *(f"{folder}/{name}" for folder in FOLDERS))
    return found[0] if found else None
