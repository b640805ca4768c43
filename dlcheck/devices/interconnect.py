"""What joins GPUs: InfiniBand ports, network interfaces, the IOMMU."""

from __future__ import annotations

import os
import re

from dlcheck.devices import files
from dlcheck.model.device_facts import InfinibandPort, InterconnectFacts

_SETTING = re.compile(r"[ \t]*NCCL_\w+[ \t]*$")


def look(root: str = "/", home: str = "") -> InterconnectFacts:
    """What sysfs tells; cheap, but wanted only beside several GPUs or InfiniBand."""
    command_line = files.words(files.below(root, "/proc/cmdline")) or ""
    groups = files.names(files.below(root, "/sys/kernel/iommu_groups"))
    passed = re.search(r"\biommu=pt\b|\biommu\.passthrough=1\b", command_line)
    balancing = files.number(files.below(root, "/proc/sys/kernel/numa_balancing"))
    settings: dict[str, str] = {}
    for path in (files.below(root, "/etc/nccl.conf"), os.path.join(home, ".nccl.conf") if home else ""):
        rows = (line.partition("=") for line in (files.words(path) or "").splitlines())
        settings.update((name.strip(), value.strip()) for name, sign, value in rows if sign and _SETTING.match(name))
    return InterconnectFacts(
        infiniband=_ports(root),
        interfaces=_interfaces(root),
        iommu="off" if not groups else "passthrough" if passed else "translating",
        numa_balancing=None if balancing is None else balancing > 0,
        peermem=os.path.isdir(files.below(root, "/sys/module/nvidia_peermem")),
        nccl_config=settings,
    )


def _interfaces(root: str) -> dict[str, str]:
    folder = files.below(root, "/sys/class/net")
    return {name: files.words(f"{folder}/{name}/operstate") or "unknown" for name in files.names(folder)}


def _ports(root: str) -> tuple[InfinibandPort, ...]:
    found = []
    for path in files.places(root, "/sys/class/infiniband/*/ports/*"):
        parts = path.split("/")
        # Files read "4: ACTIVE", "5: LinkUp", "400 Gb/sec (4X NDR)".
        state, physical = ((files.words(f"{path}/{name}") or "").partition(": ")[2] for name in ("state", "phys_state"))
        found.append(
            InfinibandPort(
                device=parts[-3],
                port=int(parts[-1]) if parts[-1].isdigit() else 0,
                state=state or "unknown",
                physical=physical or "unknown",
                rate=files.words(f"{path}/rate"),
                layer=files.words(f"{path}/link_layer"),
            )
        )
    return tuple(found)
