"""What surrounds the NVIDIA GPUs of a server or a laptop: the kernel's log, the fabric, licences, services."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dlcheck.checks import gpu_facts as gpu
from dlcheck.checks.rule import rule
from dlcheck.model.fact import NotApplicable, Unknown, or_none
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Evidence, Finding, Rule
from dlcheck.model.profile import Profile, Severity

GROUP = "GPU"
XID = re.compile(r"NVRM: Xid \((?:PCI:)?([0-9a-fA-F:.]+)[^)]*\): (\d+),?\s*(.*)")
# Classes of NVIDIA's Xid catalogue. Faults of programs (13, 31, 43, 45 ...) and what it tells to ignore (63, 92 ...) name no
# sick GPU.
BUS, ECC = {79}, {48, 64, 95, 140}
RESET = {46, 62, 109, 110, 119, 120, 136, 143, 155, 156, 158}
LINK = {74, 144, 145, 146, 147, 148, 149, 150}
POWER_CABLE = 54


@rule(
    "DL626",
    "The kernel log names no sick NVIDIA GPU",
    group=GROUP,
    needs=("devices",),
    causes=("gpu-fallen-off-bus", "gpu-ecc-error", "gpu-needs-reset", "nvlink-down", "bios-bar-settings"),
)
def kernel_log(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """Xid lines are the driver's own error numbers. Only those of the catalogue's reset and hardware classes are findings.

    79: off the bus; 48, 64, 95, 140: memory; 46, 62, 109, 119, 120 ...: the GPU needs a reset; 74, 144 to 150: NVLink; 54: a
    power cable. Faults of programs (13, 31, 43) and housekeeping (63, 92, 94) are left out. Most systems show the log to
    the administrator only; DL620 asks the driver instead. Source: NVIDIA's Xid catalogue.
    """
    lines = gpu.nvidia_of(facts).kernel_log
    if isinstance(lines, Unknown):
        raise NotApplicable(f"{lines.why}; DL620 asks the driver instead")
    said: dict[str, str] = {}
    for line in lines:
        found = XID.search(line)
        if found:
            number = int(found[2])
            cause = (
                "gpu-fallen-off-bus"
                if number in BUS or number == POWER_CABLE
                else "gpu-ecc-error"
                if number in ECC
                else "gpu-needs-reset"
                if number in RESET
                else "nvlink-down"
                if number in LINK
                else ""
            )
            if cause:
                said[cause] = line
        elif "BAR1 is 0M" in line or ("can't assign" in line and "BAR" in line):
            said["bios-bar-settings"] = line
    words = {
        "gpu-fallen-off-bus": "The kernel log says that a GPU fell off the bus or lost power.",
        "gpu-ecc-error": "The kernel log names uncorrectable errors in a GPU's memory.",
        "gpu-needs-reset": "The kernel log names a fault after which a GPU needs a reset.",
        "nvlink-down": "The kernel log names errors of the NVLink between GPUs.",
        "bios-bar-settings": "The firmware gave a GPU no room to map its memory.",
    }
    for cause, line in said.items():
        severity = Severity.WARNING if cause == "nvlink-down" else None
        yield Finding(
            cause=cause,
            message=words[cause],
            severity=severity,
            evidence=(Evidence("devices.nvidia.kernel_log", line),),
        )


@rule(
    "DL631",
    "The NVLink fabric is up",
    group=GROUP,
    needs=("devices", "container"),
    causes=("fabric-manager-not-running",),
)
def fabric(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """Machines with NVSwitch (HGX, DGX) start CUDA only after nvidia-fabricmanager set up the fabric.

    The service must be of exactly the driver's release.

    Each GPU's own fabric state counts first; PCIe and GeForce cards have none, and for them there is nothing to do. In
    containers and virtual machines the service runs elsewhere. Source: nvml.h (NVML_GPU_FABRIC_STATE).
    """
    stack = gpu.nvidia_of(facts)
    states = {or_none(one.fabric_state) for one in or_none(stack.gpus) or ()} - {None, "not_supported"}
    if not states and not stack.nvswitches:
        raise NotApplicable("no NVSwitch in this machine")
    bad = sorted(state for state in states if state and state != "completed")
    if bad and not gpu.counts(stack):
        yield Finding(
            cause="fabric-manager-not-running",
            message=f"The GPUs are not in the NVLink fabric: {', '.join(bad)}",
            evidence=(
                Evidence("devices.nvidia.gpus.fabric_state", ", ".join(bad)),
                Evidence("devices.nvidia.fabric_manager", or_none(stack.fabric_manager) or "not installed"),
            ),
        )
    elif not states and not gpu.container_kind(facts) and stack.fabric_manager is None and not gpu.counts(stack):
        yield Finding(
            cause="fabric-manager-not-running",
            message="This machine has NVSwitches, and nvidia-fabricmanager is not installed",
            evidence=(Evidence("devices.nvidia.nvswitches", str(stack.nvswitches)),),
        )


@rule(
    "DL632",
    "The driver stays loaded between programs",
    group=GROUP,
    needs=("devices", "container", "system"),
    causes=("persistence-off",),
    severity=Severity.NOTE,
)
def persistence(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """Without persistence a server's GPUs are started anew by each program, which costs seconds each time and nothing else.

    Judged only on machines with two GPUs and more. Source: nvmlDeviceGetPersistenceMode.
    """
    stack = gpu.nvidia_of(facts)
    found = gpu.gpus_of(facts)
    if len(found) < 2 or gpu.container_kind(facts) or gpu.system_of(facts) != "linux" or gpu.is_wsl(facts):
        raise NotApplicable("counts on servers with several GPUs")
    if all(or_none(one.persistence) is False for one in found) and not stack.persistenced:
        yield Finding(
            cause="persistence-off",
            message=f"{len(found)} GPUs start anew with every program: persistence is off",
            evidence=(Evidence("devices.nvidia.gpus.persistence", "off"),),
        )


@rule(
    "DL633",
    "Virtual GPUs have their licence",
    group=GROUP,
    needs=("devices",),
    causes=("vgpu-unlicensed",),
    severity=Severity.WARNING,
)
def vgpu_licence(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """A vGPU without a licence is slowed down more and more, and CUDA may be switched off altogether.

    Source: nvmlDeviceGetGridLicensableFeatures; NVIDIA's vGPU licensing guide.
    """
    for one in gpu.gpus_of(facts):
        licence = or_none(one.licence)
        if licence and licence.lower().startswith(("unlicensed", "expired")):
            yield Finding(
                cause="vgpu-unlicensed",
                subject=gpu.where(one),
                message=f"{gpu.where(one)} is a virtual GPU without a licence",
                evidence=(Evidence("devices.nvidia.gpus.licence", licence),),
            )


@rule(
    "DL634",
    "The cards' own records are valid",
    group=GROUP,
    needs=("devices",),
    causes=("inforom-corrupt",),
    severity=Severity.WARNING,
)
def inforom(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """The InfoROM holds a card's serial data and error records; a corrupted one hides how sick the card is.

    Source: nvmlDeviceValidateInforom (NVML_ERROR_CORRUPTED_INFOROM).
    """
    for one in gpu.gpus_of(facts):
        if or_none(one.inforom) == "corrupted":
            yield Finding(
                cause="inforom-corrupt",
                subject=gpu.where(one),
                message=f"The records on {gpu.where(one)} (InfoROM) are corrupted",
                evidence=(Evidence("devices.nvidia.gpus.inforom", "corrupted"),),
            )


RULES: tuple[Rule, ...] = (
    kernel_log,
    fabric,
    persistence,
    vgpu_licence,
    inforom,
)
