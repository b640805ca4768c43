"""Inventories of a machine: inxi, lshw, hwinfo, nvidia-settings, `kubectl describe node`, `docker info`, modules and packages
of the system that belong to a GPU's driver (lsmod, dpkg -l, rpm -qa, mokutil).
"""

from __future__ import annotations

import re
from dataclasses import replace

from dlcheck.model.facts import Facts
from dlcheck.readers.figures import size
from dlcheck.readers.merge import join
from dlcheck.readers.parts import amd, cpu, devices_of, gpu, memory, nvidia, system, system_name, toolchain
from dlcheck.readers.paste import Paste
from dlcheck.readers.pattern import Pattern
from dlcheck.readers.unsaid import DEVICES

INXI_DEVICE = Pattern(
    r"\bDevice-\d+: ((?:NVIDIA|AMD|Advanced Micro|Intel)[^\n]*?) driver: (\S+)(?:\s{1,20}v: (\d[\w.]*))?",
    needs="Device-",
)
INXI_SYSTEM = Pattern(r"\bDistro: (\S[^\n]*?)(?=  | [A-Za-z-]+: |$)", re.MULTILINE, needs="Distro: ")
INXI_KERNEL = Pattern(r"\bKernel: (\d\S+)(?: (?:arch: )?(x86_64|aarch64))?", needs="Kernel: ")
INXI_MODEL = Pattern(r"\bmodel: (\S[^\n]*?) (?:bits|type):", needs="model: ")
INXI_MEMORY = Pattern(
    r"\bMemory: (?:System RAM: )?(?:total: [\d.]+ GiB available: )?([\d.]+ [GM]iB)\b", needs="Memory: "
)
LSHW = Pattern(
    r"\*-(?:display|processor)[^\n]*\n(?:[ \t]+description:[^\n]*\n)?[ \t]+product: (\S[^\n]*)",
    re.MULTILINE,
    needs="*-",
)
MODULE = Pattern(
    r"^(nvidia|nouveau|amdgpu|i915|xe|nvidia_uvm|nvidia_drm)[ \t]+\d+[ \t]+\d+",
    re.MULTILINE,
    needs=("nvidia", "nouveau", "amdgpu", "i915", "xe "),
)
DEBIAN = Pattern(
    r"^i[iFU][ \t]+((?:lib)?(?:nvidia|cuda|cudnn|nccl|rocm|hip|amdgpu|intel-|level-zero|linux-image|linux-headers)[\w.+:-]*)"
    r"[ \t]+(\S+)",
    re.MULTILINE,
    needs=("ii  ", "iF  ", "iU  "),
)
RPM = Pattern(
    r"^((?:nvidia|cuda|kmod-nvidia|rocm|hip|xorg-x11-drv-nvidia|akmod-nvidia|libcudnn)[\w+.-]*?)-(\d[\w.~^]*-\S+?)"
    r"\.(?:x86_64|noarch|aarch64)$",
    re.MULTILINE,
    needs=(".x86_64", ".noarch", ".aarch64"),
)
SECURE = Pattern(r"^[ \t]*SecureBoot (enabled|disabled)", re.MULTILINE, needs="SecureBoot ")
CAPACITY = Pattern(r"^[ \t]*nvidia\.com/gpu(?:\.\w+)?:[ \t]+(\d+)", re.MULTILINE, needs="nvidia.com/gpu")
NODE_LABEL = Pattern(
    r"nvidia\.com/(gpu\.product|cuda\.(?:driver|runtime)(?:-version)?\.full|gpu\.memory|gpu\.count|mig\.\w+)=(\S+)",
    needs="nvidia.com/",
)
SLURM_GRES = Pattern(r"\b(?:Gres|CfgTRES|AllocTRES)=(\S*gpu\S*)", needs="gpu")
WINDOWS_DRIVER = Pattern(r"\b\d{2}\.\d{1,2}\.(1\d)\.(\d{4})\b", needs=("DriverVersion", "Driver Version"))
NPU_HEAD = Pattern(r"npu-smi (\d[\w.]*)\s+Version: (\d[\w.]*)", needs="npu-smi")
NPU = Pattern(
    r"^\|[ \t]*\d+[ \t]+(\S+)[ \t]*\|[ \t]*(OK|Warning|Alarm|Critical|UNKNOWN)[ \t]*\|", re.MULTILINE, needs="|"
)
DCGM = Pattern(
    r"^\|[ \t]*(\d+)[ \t]*\|[ \t]*Name: (\S[^|\n]*?)[ \t]*\|\n\|[ \t]*\|[ \t]*PCI Bus ID: (\S+)[ \t]*\|"
    r"(?:\n\|[ \t]*\|[ \t]*Device UUID: (\S+))?",
    re.MULTILINE,
    needs="PCI Bus ID:",
)
MOST = 60


def read(paste: Paste) -> Facts | None:
    """What any of these inventories tell."""
    parts = [
        facts
        for part in (_inxi, _lshw, _modules, _packages, _cluster, _docker, _adapters, _npus, _dcgm)
        if (facts := part(paste))
    ]
    return join(*parts) if parts else None


def _inxi(paste: Paste) -> Facts | None:
    if "Device-1:" not in paste and "Distro:" not in paste:
        return None
    facts = Facts()
    if distro := INXI_SYSTEM.search(paste.text):
        kernel = INXI_KERNEL.search(paste.text)
        release, machine = kernel.groups() if kernel else (None, None)
        named = system(name=system_name(distro[1]), distribution=distro[1].strip(), release=release, machine=machine)
        facts = join(facts, Facts(system=named))
    if model := INXI_MODEL.search(paste.text):
        facts = join(facts, Facts(cpu=cpu(brand=model[1].strip())))
    if amount := INXI_MEMORY.search(paste.text):
        facts = join(facts, Facts(memory=memory(total_bytes=size(amount[1]), total_printed=amount[1])))
    for name, driver, version in INXI_DEVICE.rows(paste.text):
        facts = join(facts, Facts(devices=devices_of((gpu(name.strip()),))))
        if driver == "nvidia" and version:
            facts = join(facts, Facts(devices=nvidia(driver=version)))
    return facts if facts != Facts() else None


def _lshw(paste: Paste) -> Facts | None:
    facts = Facts()
    for match in LSHW.finditer(paste.text):
        if "*-display" in match[0]:
            facts = join(facts, Facts(devices=devices_of((gpu(match[1].strip()),))))
        else:
            facts = join(facts, Facts(cpu=cpu(brand=match[1].strip())))
    return facts if facts != Facts() else None


def _modules(paste: Paste) -> Facts | None:
    """The list of lsmod says which modules are loaded, not their release."""
    facts = Facts()
    if "Used by" in paste and (loaded := MODULE.words(paste.text)):
        facts = Facts(notes={"kernel modules loaded": ", ".join(dict.fromkeys(loaded))})
        if "amdgpu" in loaded:
            facts = join(facts, Facts(devices=amd(module="loaded")))
    if secure := SECURE.search(paste.text):
        facts = join(facts, Facts(devices=nvidia(secure_boot=secure[1] == "enabled")))
    return facts if facts != Facts() else None


def _packages(paste: Paste) -> Facts | None:
    rows = [*DEBIAN.rows(paste.text), *RPM.rows(paste.text)][:MOST]
    return Facts(notes={f"package {name}": version for name, version in rows}) if rows else None


def _cluster(paste: Paste) -> Facts | None:
    """Nodes of Kubernetes as `kubectl describe node` prints them, with the labels of GPU feature discovery, and Slurm's."""
    notes = {f"node label {name}": value for name, value in NODE_LABEL.rows(paste.text)}
    if counts := CAPACITY.words(paste.text):
        notes["nvidia.com/gpu"] = ", ".join(dict.fromkeys(counts))
    if generic := SLURM_GRES.words(paste.text):
        notes["generic resources of Slurm"] = ", ".join(dict.fromkeys(generic))
    facts = Facts(notes=notes)
    if product := notes.get("node label gpu.product"):
        facts = join(facts, Facts(devices=devices_of((gpu(product.replace("-", " ")),))))
    return facts if notes else None


def _docker(paste: Paste) -> Facts | None:
    if not paste.names("server version", "docker root dir", "runtimes"):
        return None
    total = paste.value("total memory")
    facts = Facts(toolchain=toolchain(docker=paste.value("server version")))
    if runtimes := paste.value("runtimes"):
        facts = join(facts, Facts(notes={"docker runtimes": runtimes}))
    return join(facts, Facts(memory=memory(total_printed=total))) if total else facts


def _adapters(paste: Paste) -> Facts | None:
    """Windows numbers NVIDIA's driver 536.99 as 31.0.15.3699 in its lists of adapters (wmic, CIM, dxdiag)."""
    found = WINDOWS_DRIVER.search(paste.text)
    if not found or not re.search(r"NVIDIA|GeForce|Quadro", paste.text):
        return None
    digits = (found[1] + found[2])[-5:]
    return Facts(devices=nvidia(driver=f"{digits[:3]}.{digits[3:]}"), notes={"windows display driver": found[0]})


def _npus(paste: Paste) -> Facts | None:
    """Huawei's `npu-smi info`; the table has a row a chip."""
    head = NPU_HEAD.search(paste.text)
    rows = NPU.rows(paste.text) if head or "NPU" in paste else []
    if not rows:
        return None
    notes = {"npu health": ", ".join(dict.fromkeys(health for _, health in rows)), "npus": str(len(rows))}
    if head:
        notes["npu driver"] = head[2]
    return Facts(devices=replace(DEVICES, other=tuple(name for name, _ in rows)), notes=notes)


def _dcgm(paste: Paste) -> Facts | None:
    """`dcgmi discovery -l`."""
    gpus = tuple(
        gpu(name, index=int(index), pci_address=address, uuid=uuid)
        for index, name, address, uuid in DCGM.rows(paste.text)
    )
    return Facts(devices=devices_of(gpus)) if gpus else None
