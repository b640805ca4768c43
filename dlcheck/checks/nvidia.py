"""NVIDIA's stack from the bus up to libcuda. In this order each layer rests on the one before; see cuda_path."""

from __future__ import annotations

from collections.abc import Iterable

from dlcheck.checks import gpu_facts as gpu
from dlcheck.checks.nvidia_cards import generation_of, version
from dlcheck.checks.rule import rule
from dlcheck.model.device_facts import NvidiaFacts, PciDevice
from dlcheck.model.fact import NotApplicable, Unknown, known, or_none
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Evidence, Finding, Rule
from dlcheck.model.profile import Profile, Severity

GROUP = "GPU"
NOUVEAU = ("nouveau", "nova_core", "nova", "NovaCore")


@rule(
    "DL602",
    "An NVIDIA card has its kernel driver",
    group=GROUP,
    needs=("devices", "system", "container"),
    causes=(
        "nvidia-driver-missing",
        "nouveau-owns-gpu",
        "nvidia-module-not-loaded",
        "nvidia-module-missing-for-kernel",
        "secure-boot-rejects-module",
        "optimus-gpu-powered-off",
    ),
)
def kernel_driver(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """CUDA needs NVIDIA's kernel module; the driver that Linux brings (nouveau) only draws the screen.

    Read: class and vendor of PCI devices, the driver each is bound to, /proc/driver/nvidia/version, modules under
    /lib/modules for the running kernel, the EFI variable SecureBoot. A container shows the cards of its host, so it is
    judged by another rule. Source: open-gpu-kernel-modules (nv-pci-table.c, nv-procfs.c), the kernel's EFI stub.
    """
    stack = gpu.nvidia_of(facts)
    cards = gpu.nvidia_cards(facts)
    if not cards:
        raise NotApplicable("no NVIDIA card on the PCI bus: its driver is judged by what it answers")
    if gpu.container_kind(facts):
        raise NotApplicable("inside a container the host's driver counts")
    if gpu.answers(stack.nvml) or gpu.answers(stack.libcuda) or all(one.driver == "nvidia" for one in cards):
        return
    names = ", ".join(dict.fromkeys(gpu.card_name(one) for one in cards))
    if gpu.system_of(facts) == "windows":
        yield from _windows_driver(cards, names)
        return
    if known(stack.module) is None:
        yield _without_module(stack, cards, names)


def _windows_driver(cards: tuple[PciDevice, ...], names: str) -> Iterable[Finding]:
    without = [one for one in cards if not (driver := or_none(one.driver)) or driver.startswith("code ")]
    if without:
        yield Finding(
            cause="nvidia-driver-missing",
            message=f"Windows shows {names}, and no working NVIDIA driver for it",
            evidence=gpu.card_evidence(cards),
        )


def _without_module(stack: NvidiaFacts, cards: tuple[PciDevice, ...], names: str) -> Finding:
    """Which of the reasons keeps the kernel module from being loaded."""
    evidence = (*gpu.card_evidence(cards), Evidence("devices.nvidia.module", "no NVIDIA kernel module is loaded"))
    installed = bool(stack.libraries) or or_none(stack.module_file) is True
    nouveau = next((one.driver for one in cards if one.driver in NOUVEAU), None)
    severity = Severity.NOTE if all(is_ancient(one) for one in cards) else None
    if not installed:
        words = f", and the screen runs on {nouveau}" if nouveau else ""
        return Finding(
            cause="nvidia-driver-missing",
            message=f"{names} is there, NVIDIA's driver is not{words}",
            evidence=evidence,
            severity=severity,
        )
    if nouveau:
        return Finding(
            cause="nouveau-owns-gpu",
            message=f"The kernel gave {names} to {nouveau}; NVIDIA's driver is installed and cannot have it",
            evidence=evidence,
            severity=severity,
        )
    if stack.prime == "intel":
        return Finding(
            cause="optimus-gpu-powered-off",
            message=f"{names} is switched off: prime-select is set to intel",
            evidence=(*evidence, Evidence("devices.nvidia.prime", "intel")),
        )
    if or_none(stack.module_file) is False:
        headers = "installed" if or_none(stack.kernel_headers) else "missing"
        return Finding(
            cause="nvidia-module-missing-for-kernel",
            message="NVIDIA's driver is installed, but no kernel module was built for the kernel that runs",
            evidence=(*evidence, Evidence("devices.nvidia.kernel_headers", f"headers of this kernel: {headers}")),
        )
    if or_none(stack.secure_boot):
        return _secure_boot(stack, evidence)
    return Finding(
        cause="nvidia-module-not-loaded",
        message=f"NVIDIA's driver is installed for {names}, its kernel module is not loaded",
        evidence=evidence,
    )


def _secure_boot(stack: NvidiaFacts, evidence: tuple[Evidence, ...]) -> Finding:
    refusals = ("Key was rejected", "Required key not available", "Loading of unsigned module", "unsigned module")
    said = [line for line in or_none(stack.kernel_log) or () if any(one in line for one in refusals)]
    certain = "refuses" if said else "is on and probably refuses"
    return Finding(
        cause="secure-boot-rejects-module",
        message=f"Secure Boot {certain} NVIDIA's kernel module: it is not signed with a key this machine knows",
        evidence=(
            *evidence,
            Evidence("devices.nvidia.secure_boot", "on"),
            *(Evidence("devices.nvidia.kernel_log", line) for line in said[-1:]),
        ),
    )


def is_ancient(card: PciDevice) -> bool:
    """Whether no framework of today could use the card, so that a missing driver costs nothing."""
    generation = generation_of(card)
    return generation is not None and generation.last_cuda != 0 and generation.last_cuda <= 11


@rule(
    "DL603",
    "The driver's libraries and its kernel module are of one release",
    group=GROUP,
    needs=("devices", "container"),
    causes=("driver-library-mismatch", "driver-packages-in-container"),
)
def one_release(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """After an update of the driver the old kernel module stays loaded until the machine restarts; CUDA refuses the pair.

    NVML answers 18 (library and kernel module differ), cuInit 803. Where both answer well, nothing is wrong, whatever
    other files lie about; where NVML alone does, another libcuda than the driver's was loaded. A libcuda of a cuda-compat
    package is newer on purpose, so NVML's library is compared. Inside a container the host's libraries are lent; another
    release there comes with the image. Source: nvml.h, cuda.h.
    """
    stack = gpu.nvidia_of(facts)
    module = known(stack.module)
    nvml = known(stack.nvml) if not gpu.answers(stack.libcuda) else or_none(stack.nvml)
    libcuda = or_none(stack.libcuda)
    refused = libcuda is not None and libcuda.code == 803 and "compat" not in (libcuda.path or "")
    if nvml is not None and nvml.code == 0 and not refused:
        return
    own = {path: release for path, release in stack.libraries.items() if "libnvidia-ml" in path and release}
    other = sorted({release for release in own.values() if module and version(release) != version(module)})
    mismatch = nvml is not None and nvml.code == 18
    if not mismatch and not refused and not (other and len(own) == len(other) and nvml is not None):
        return
    evidence = [Evidence("devices.nvidia.module", module or "unknown")]
    evidence += [Evidence(f"devices.nvidia.libraries.{path}", release) for path, release in own.items()]
    if nvml is not None and nvml.error:
        evidence.append(Evidence("devices.nvidia.nvml", nvml.error))
    inside = gpu.container_kind(facts)
    if refused and libcuda is not None and libcuda.path:
        evidence.append(Evidence("devices.nvidia.libcuda", f"code 803, {libcuda.path}"))
    releases = f": kernel module {module}, libraries {', '.join(other)}" if module and other else ""
    yield Finding(
        cause="driver-packages-in-container" if inside else "driver-library-mismatch",
        message=f"The NVIDIA driver's libraries and kernel module are of two releases{releases}",
        evidence=tuple(evidence),
    )


@rule(
    "DL604",
    "The driver release and the kind of its kernel module fit the card",
    group=GROUP,
    needs=("devices", "container"),
    causes=("wrong-kernel-module-flavour", "gpu-unsupported-by-driver-release"),
)
def driver_fits_card(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """NVIDIA ships two kernel modules: open ones for Turing and newer, which Blackwell needs, and proprietary ones.

    A release knows the cards of its time: Kepler ended with branch 470, Maxwell, Pascal and Volta with 580, and a new
    generation needs a branch that is young enough. A card that the driver reports works, whatever the tables say. The
    generation is read from the PCI device number, because a card that failed to start tells nothing else. Source: NVIDIA's driver
    installation guide, README of open-gpu-kernel-modules.
    """
    stack = gpu.nvidia_of(facts)
    release = known(stack.module) or or_none(stack.driver)
    if not release:
        raise NotApplicable("no NVIDIA kernel module is loaded")
    if gpu.container_kind(facts):
        raise NotApplicable("inside a container not every card of the host needs to be visible")
    working = {one.pci_address for one in or_none(stack.gpus) or () if not one.lost}
    if working and None in working:
        return
    branch = version(release)[0]
    for card in gpu.nvidia_cards(facts):
        generation = generation_of(card)
        if card.address in working or generation is None or isinstance(stack.gpus, Unknown):
            continue
        evidence = (
            *gpu.card_evidence((card,)),
            Evidence("devices.nvidia.module", f"{release}, {stack.module_flavour or 'kind unknown'}"),
        )
        refused = any("not supported by open nvidia.ko" in line for line in or_none(stack.kernel_log) or ())
        wrong = stack.module_flavour and generation.flavour and stack.module_flavour != generation.flavour
        if wrong or refused:
            yield Finding(
                cause="wrong-kernel-module-flavour",
                message=(
                    f"{gpu.card_name(card)} ({generation.name}) needs NVIDIA's {generation.flavour or 'other'} "
                    f"kernel module, and the {stack.module_flavour or 'wrong'} one is loaded"
                ),
                evidence=evidence,
            )
        elif generation.last_branch and branch > generation.last_branch:
            yield Finding(
                cause="gpu-unsupported-by-driver-release",
                message=(
                    f"Driver {release} no longer supports {gpu.card_name(card)} ({generation.name}): "
                    f"the last branch that does is {generation.last_branch}"
                ),
                evidence=evidence,
            )
        elif branch < generation.first_branch:
            yield Finding(
                cause="gpu-unsupported-by-driver-release",
                message=(
                    f"Driver {release} is older than {gpu.card_name(card)} ({generation.name}), "
                    f"which needs branch {generation.first_branch} or newer"
                ),
                evidence=evidence,
            )


RULES: tuple[Rule, ...] = (
    kernel_driver,
    one_release,
    driver_fits_card,
)
