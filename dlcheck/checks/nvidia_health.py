"""Whether each NVIDIA GPU is well: errors, heat, power, the link to the board, and who else uses it."""

from __future__ import annotations

from collections.abc import Iterable

from dlcheck.checks import gpu_facts as gpu
from dlcheck.checks.rule import rule
from dlcheck.model.device_facts import Gpu
from dlcheck.model.fact import NotApplicable, known, or_none
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Evidence, Finding, Rule
from dlcheck.model.profile import Profile, Severity

GROUP = "GPU"
# What each action of NVML's field GPU_RECOVERY_ACTION asks for (nvml.h of CUDA 13).
RECOVERIES = {
    "reset": "a reset of the GPU",
    "bus_reset": "a reset of the GPU over its bus",
    "reboot": "a restart of the machine",
    "system_reboot": "a restart of the machine",
    "drain_and_reset": "an end of all work on it, then a reset",
    "drain_p2p": "an end of work that uses other GPUs' memory",
    "recover_imex_domain": "a recovery of its IMEX domain",
}
HARD_SLOWDOWNS = ("hw_thermal_slowdown", "hw_power_brake_slowdown")
FEW_BYTES = 2 * 2**30


def _evidence(one: Gpu, field: str, value: object) -> tuple[Evidence, ...]:
    return (Evidence(f"devices.nvidia.gpus.{one.index if one.index is not None else 0}.{field}", str(value)),)


@rule(
    "DL620",
    "Every GPU can be reached and asks for no recovery",
    group=GROUP,
    needs=("devices",),
    causes=("gpu-fallen-off-bus", "gpu-needs-reset"),
)
def reachable(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """A GPU that its driver lost fell off the bus: power, heat, seat or board. Others ask for a reset before they go on.

    Read without rights: NVML's error "GPU is lost" of any call, and the field GPU_RECOVERY_ACTION (drivers from 565 on), which says
    what the kernel's Xid lines mean for the GPU. Source: nvml.h, NVIDIA's Xid catalogue.
    """
    for one in gpu.gpus_of(facts):
        action = or_none(one.recovery_action) or "none"
        if one.lost:
            why = getattr(one.recovery_action, "why", "the driver cannot reach it")
            yield Finding(
                cause="gpu-fallen-off-bus",
                subject=gpu.where(one),
                message=f"{gpu.where(one)} is lost: the driver knows it and cannot reach it",
                evidence=_evidence(one, "lost", why),
            )
        elif action != "none":
            yield Finding(
                cause="gpu-needs-reset",
                subject=gpu.where(one),
                message=f"{gpu.where(one)} asks for {RECOVERIES.get(action, action)}",
                evidence=_evidence(one, "recovery_action", action),
            )


@rule("DL621", "GPU memory is free of uncorrectable errors", group=GROUP, needs=("devices",), causes=("gpu-ecc-error",))
def memory_errors(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """Uncorrectable errors since the driver was loaded have destroyed data; NVML also tells when too many are on record.

    A row that could not be remapped is a sign of dying memory; a remap that waits for a reset does no harm until
    then. GeForce cards without ECC count nothing. Source: nvml.h (ECC counters, nvmlDeviceGetRemappedRows).
    """
    for one in gpu.gpus_of(facts):
        name, count = gpu.where(one), or_none(one.ecc_uncorrected)
        if count is not None and count > 0:
            yield Finding(
                cause="gpu-ecc-error",
                subject=name,
                message=f"{name} counts {count} uncorrectable memory errors since its driver was loaded",
                evidence=_evidence(one, "ecc_uncorrected", count),
            )
        if or_none(one.ecc_threshold_exceeded) is True:
            yield Finding(
                cause="gpu-ecc-error",
                subject=name,
                message=f"{name} has more errors on record than NVIDIA tolerates",
                evidence=_evidence(one, "ecc_threshold_exceeded", "yes"),
            )
        if or_none(one.rows_remapped_failure) is True:
            yield Finding(
                cause="gpu-ecc-error",
                subject=name,
                message=f"{name} could not replace a broken row of its memory",
                evidence=_evidence(one, "rows_remapped_failure", "yes"),
            )
        elif or_none(one.rows_remapped_pending) is True:
            yield Finding(
                cause="gpu-ecc-error",
                subject=name,
                severity=Severity.NOTE,
                message=f"{name} will replace a broken row of its memory at its next reset",
                evidence=_evidence(one, "rows_remapped_pending", "yes"),
            )


@rule(
    "DL622",
    "No GPU slows itself down",
    group=GROUP,
    needs=("devices",),
    causes=("gpu-throttled",),
    severity=Severity.WARNING,
)
def slowdown(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """Heat and a lack of power make a card lower its clocks, which halves its speed and more.

    Judged: the hardware's thermal and power-brake slowdowns, the driver's thermal one, and a temperature at the card's
    own slowdown threshold. Not judged: idle, application clocks and the power cap, which is normal at full load; and the
    general hardware slowdown alone, which laptops show at rest. Source: nvml.h, nvmlClocksEventReasons.
    """
    for one in gpu.gpus_of(facts):
        reasons = or_none(one.throttle_reasons) or ()
        heat, limit = or_none(one.temperature), or_none(one.temperature_slowdown)
        hard = [reason for reason in reasons if reason in HARD_SLOWDOWNS]
        hot = heat is not None and limit is not None and limit > 0 and heat >= limit
        if not hard and not hot and "sw_thermal_slowdown" not in reasons:
            continue
        why = "its power supply signals too little power" if hard == ["hw_power_brake_slowdown"] else "it is too hot"
        degrees = f" ({heat:.0f} °C)" if heat is not None else ""
        yield Finding(
            cause="gpu-throttled",
            subject=gpu.where(one),
            severity=Severity.ERROR if hard or hot else None,
            message=f"{gpu.where(one)} slows itself down: {why}{degrees}",
            evidence=_evidence(one, "throttle_reasons", ", ".join(reasons) or f"{heat} of {limit} °C"),
        )


@rule(
    "DL623",
    "Power limits are the maker's",
    group=GROUP,
    needs=("devices",),
    causes=("power-limit-lowered",),
    severity=Severity.NOTE,
)
def power_limit(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """Somebody set a power limit well below the card's default: quieter and cooler, and slower. Often on purpose.

    Source: nvmlDeviceGetEnforcedPowerLimit and nvmlDeviceGetPowerManagementDefaultLimit.
    """
    for one in gpu.gpus_of(facts):
        limit, default = or_none(one.power_limit_watts), or_none(one.power_default_watts)
        if limit and default and limit < 0.9 * default:
            yield Finding(
                cause="power-limit-lowered",
                subject=gpu.where(one),
                message=f"{gpu.where(one)} may draw {limit:.0f} W of the {default:.0f} W it is made for",
                evidence=_evidence(one, "power_limit_watts", f"{limit:.0f} W"),
            )


@rule(
    "DL624",
    "Each card uses the whole width of its PCIe link",
    group=GROUP,
    needs=("devices", "system"),
    causes=("pcie-link-degraded",),
    severity=Severity.NOTE,
)
def link_width(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """A card that negotiated fewer lanes than card and slot have moves its data more slowly: seat, riser, slot or BIOS.

    NVML's maximum is the lesser of the card's and the slot's. An idle card may narrow its link to save power, so that only
    a link of a card at work is called degraded for certain, and one at rest possibly. Virtual machines show invented
    widths. Source: nvml.h.
    """
    system = or_none(facts.system)
    if system and system.hypervisor:
        raise NotApplicable("a virtual machine shows no true link")
    for one in gpu.gpus_of(facts):
        width, most = or_none(one.link_width), or_none(one.link_width_max)
        if not width or not most or width >= most:
            continue
        busy = (or_none(one.utilization_percent) or 0) >= 20
        yield Finding(
            cause="pcie-link-degraded",
            subject=gpu.where(one),
            severity=Severity.WARNING if busy else None,
            message=f"{gpu.where(one)} uses {width} of {most} PCIe lanes"
            + ("" if busy else " while idle, which may be power saving"),
            evidence=_evidence(one, "link_width", f"{width} of {most}"),
        )


@rule(
    "DL625",
    "PCIe carries data to the cards without errors",
    group=GROUP,
    needs=("devices",),
    causes=("pcie-errors",),
    severity=Severity.WARNING,
)
def link_errors(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """The kernel counts PCIe errors that were not corrected; on a GPU they precede its fall off the bus.

    Read: aer_dev_nonfatal and aer_dev_fatal of each GPU in sysfs. Corrected errors are normal and not counted.
    Source: the kernel's documentation of sysfs-bus-pci-devices-aer_stats.
    """
    cards = [one for one in known(gpu.devices_of(facts).pci) if one.vendor in ("10de", "1002")]
    if not cards:
        raise NotApplicable("no NVIDIA or AMD card on the PCI bus")
    for one in cards:
        if one.errors:
            yield Finding(
                cause="pcie-errors",
                subject=gpu.card_name(one),
                message=f"The kernel counts {one.errors} uncorrected PCIe errors of {gpu.card_name(one)}",
                evidence=(Evidence(f"devices.pci.{one.address}.errors", str(one.errors)),),
            )


@rule(
    "DL628",
    "GPU memory is free for new work",
    group=GROUP,
    needs=("devices",),
    causes=("gpu-memory-already-taken",),
    severity=Severity.WARNING,
)
def memory_free(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """A framework that starts while other programs hold the memory fails with "out of memory" or cannot create its handles.

    Judged: less than a tenth of the memory free, and more than 2 GiB in use. TensorFlow and JAX take most of the
    memory at their start by themselves. Chips that share the machine's memory do not tell. Source:
    nvmlDeviceGetMemoryInfo; the limit is a judgement.
    """
    for one in gpu.gpus_of(facts):
        total, free = or_none(one.memory_bytes), or_none(one.memory_free_bytes)
        if total is None or free is None or free >= 0.1 * total or total - free < FEW_BYTES:
            continue
        holders = or_none(one.processes) or ()
        names = ", ".join(" ".join(line.split()[:2][::-1]) for line in holders[:3])
        yield Finding(
            cause="gpu-memory-already-taken",
            subject=gpu.where(one),
            message=f"{free / 2**30:.1f} of {total / 2**30:.0f} GiB of {gpu.where(one)} are free"
            + (f"; {names} hold{'s' if len(holders) == 1 else ''} the rest" if names else ""),
            evidence=(*_evidence(one, "memory_free_bytes", free), *(Evidence("process", line) for line in holders[:5])),
        )


@rule(
    "DL629",
    "No GPU is reserved for one process",
    group=GROUP,
    needs=("devices",),
    causes=("gpu-exclusive-compute-mode",),
)
def compute_mode(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """In mode Prohibited no program computes on the GPU; in Exclusive_Process one does, and the next gets "device unavailable".

    Exclusive mode is set on purpose with MPS and on some clusters: with no other program on the GPU it is a note. Source:
    nvmlDeviceGetComputeMode.
    """
    for one in gpu.gpus_of(facts):
        mode = or_none(one.compute_mode)
        if mode not in ("prohibited", "exclusive_process"):
            continue
        taken = bool(or_none(one.processes)) or mode == "prohibited"
        words = ", and a program has it" if taken else "; one program at a time can use it"
        yield Finding(
            cause="gpu-exclusive-compute-mode",
            subject=gpu.where(one),
            severity=Severity.ERROR if taken else Severity.NOTE,
            message=f"{gpu.where(one)} is in compute mode {mode}{'' if mode == 'prohibited' else words}",
            evidence=_evidence(one, "compute_mode", mode),
        )


@rule(
    "DL630",
    "MIG is in one state",
    group=GROUP,
    needs=("devices",),
    causes=("mig-mode-pending",),
    severity=Severity.WARNING,
)
def mig_state(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """A change of the MIG mode takes effect at the next reset of the GPU; until then tools and programs disagree about it.

    Source: nvmlDeviceGetMigMode (current and pending).
    """
    for one in gpu.gpus_of(facts):
        now, then = or_none(one.mig_enabled), or_none(one.mig_pending)
        if now is not None and then is not None and now != then:
            yield Finding(
                cause="mig-mode-pending",
                subject=gpu.where(one),
                message=f"{gpu.where(one)} will {'enter' if then else 'leave'} MIG mode at its next reset",
                evidence=_evidence(one, "mig_pending", then),
            )


RULES: tuple[Rule, ...] = (
    reachable,
    memory_errors,
    slowdown,
    power_limit,
    link_width,
    link_errors,
    memory_free,
    compute_mode,
    mig_state,
)
