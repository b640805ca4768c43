"""What several rules about GPUs read of the facts, with the reason where a rule has nothing to judge."""

from __future__ import annotations

from dlcheck.model.device_facts import DeviceFacts, DriverCall, Gpu, NvidiaFacts, PciDevice
from dlcheck.model.fact import NotApplicable, Unknown, known, or_none
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Evidence

NO_NVIDIA = "no NVIDIA GPU in this machine"


def devices_of(facts: Facts) -> DeviceFacts:
    """The device facts, or the rule cannot judge."""
    return known(facts.devices)


def nvidia_of(facts: Facts) -> NvidiaFacts:
    """The NVIDIA facts; a rule about NVIDIA has nothing to judge where nothing of it was found."""
    devices = devices_of(facts)
    found = known(devices.nvidia)
    if found is not None:
        return found
    if nvidia_cards(facts):
        return NvidiaFacts(nvml=None, libcuda=None)
    raise NotApplicable(NO_NVIDIA)


def nvidia_cards(facts: Facts) -> tuple[PciDevice, ...]:
    """NVIDIA's GPUs on the PCI bus that this system shall drive: none that is handed to a virtual machine."""
    pci = or_none(devices_of(facts).pci) or ()
    return tuple(
        one
        for one in pci
        if one.vendor == "10de" and not one.device_class.startswith("0680") and one.driver != "vfio-pci"
    )


def cards_of(facts: Facts, vendor: str) -> tuple[PciDevice, ...]:
    """The GPUs of a vendor on the PCI bus, less those handed to a virtual machine and less NPUs."""
    pci = or_none(devices_of(facts).pci) or ()
    left_out = ("vfio-pci", "amdxdna", "intel_vpu")
    return tuple(one for one in pci if one.vendor == vendor and one.driver not in left_out)


def gpus_of(facts: Facts) -> tuple[Gpu, ...]:
    """The GPUs that NVIDIA's driver reports; nothing to judge where it reports none."""
    stack = nvidia_of(facts)
    if isinstance(stack.gpus, Unknown) and (call := or_none(stack.nvml)) is not None and call.code != 0:
        raise NotApplicable("the driver does not answer; other rules say why")
    found = known(stack.gpus)
    if not found:
        raise NotApplicable("the driver reports no GPU")
    return found


def system_of(facts: Facts) -> str:
    """linux, windows, macos ... or "" where nobody could look."""
    system = or_none(facts.system)
    return system.name if system else ""


def is_wsl(facts: Facts) -> bool:
    """Whether this is the Windows Subsystem for Linux."""
    system = or_none(facts.system)
    return bool(system and system.wsl) or bool((devices := or_none(facts.devices)) and or_none(devices.dxg))


def container_kind(facts: Facts) -> str | None:
    """What kind of container encloses this, None outside of one or where nobody looked."""
    container = or_none(facts.container)
    return container.kind if container else None


def variable(facts: Facts, name: str) -> str | None:
    """An environment variable; None where it is not set or nobody looked."""
    variables = or_none(facts.variables) or {}
    return variables.get(name)


def called(call: DriverCall | Unknown | None) -> DriverCall | None:
    """What a driver library answered, None where it was not asked for want of the library; unknown cannot be judged."""
    return known(call)


def answers(call: DriverCall | Unknown | None) -> bool:
    """Whether the library is known to have initialised."""
    found = or_none(call)
    return found is not None and found.code == 0


def counts(stack: NvidiaFacts) -> bool:
    """Whether libcuda is known to list a GPU."""
    listed = or_none(stack.cuda_devices)
    return answers(stack.libcuda) and listed is not None and listed > 0


def any_gpu(stack: NvidiaFacts) -> bool:
    """Whether the driver is known to report a GPU."""
    found = or_none(stack.gpus)
    return found is not None and len(found) > 0


def seen_by_framework(facts: Facts) -> bool:
    """Whether a framework was seen to list an NVIDIA GPU, which overrides what any look of our own says."""
    for framework in (or_none(facts.frameworks) or {}).values():
        run = or_none(framework.run)
        build = or_none(framework.build)
        if run is None or run.result != "found" or build is None or not build.cuda:
            continue
        if any(one.kind in ("cuda", "gpu") for one in or_none(run.devices) or ()):
            return True
    return False


def card_name(card: PciDevice) -> str:
    """A card in words: its name, else its identifiers."""
    return card.name or f"PCI {card.vendor}:{card.device}"


def card_evidence(cards: tuple[PciDevice, ...]) -> tuple[Evidence, ...]:
    """The cards as evidence."""
    return tuple(
        Evidence(f"devices.pci.{one.address}", f"{card_name(one)}, kernel driver {or_none(one.driver) or 'none'}")
        for one in cards
    )


def where(gpu: Gpu, index: int = 0) -> str:
    """A GPU in words, such as "GPU 0 (NVIDIA H200)"."""
    if gpu.name.startswith("GPU "):
        return gpu.name
    return f"GPU {gpu.index if gpu.index is not None else index} ({gpu.name})"
