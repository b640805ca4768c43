"""NVIDIA's device nodes and what its two libraries, libcuda and NVML, answer."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dlcheck.checks import cuda_codes
from dlcheck.checks import gpu_facts as gpu
from dlcheck.checks.nvidia import driver_fits_card, kernel_driver
from dlcheck.checks.rule import rule
from dlcheck.model.device_facts import DriverCall, NvidiaFacts
from dlcheck.model.fact import NotApplicable, known, or_none
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Evidence, Finding, Rule
from dlcheck.model.profile import Profile, Severity

GROUP = "GPU"
DENIED, FORBIDDEN = "Permission denied", "Operation not permitted"


@rule(
    "DL605",
    "NVIDIA's device nodes are there and can be opened",
    group=GROUP,
    needs=("devices", "system", "container"),
    causes=("nvidia-uvm-device-missing", "nvidia-device-permission", "container-lost-gpu", "driver-defect"),
)
def device_nodes(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """CUDA opens /dev/nvidiactl, /dev/nvidia0 ... and /dev/nvidia-uvm. Each is really opened here, in a child.

    Permission bits alone say too little: the device list of a control group (containers, batch jobs) answers "Operation not
    permitted" where the bits allow. /dev/nvidia-uvm appears with the first use of CUDA, so that its absence counts only
    once cuInit has failed. A batch job sees the nodes of GPUs that it did not get: one that opens is enough. Source:
    open-gpu-kernel-modules (nv-procfs.c), nvidia-modprobe.
    """
    stack = gpu.nvidia_of(facts)
    if gpu.system_of(facts) == "windows" or gpu.is_wsl(facts) or stack.jetson:
        raise NotApplicable("this system reaches the GPU another way")
    if not known(stack.module) and not stack.nodes:
        raise NotApplicable("no NVIDIA kernel module is loaded")
    inside = gpu.container_kind(facts)
    cards = {path: said for path, said in stack.nodes.items() if re.search(r"/nvidia\d+$", path)}
    if inside and not cards:
        raise NotApplicable("no device node was passed into this container; another rule says so")
    if gpu.counts(stack):
        return
    control = {path: said for path, said in stack.nodes.items() if path.endswith(("nvidiactl", "nvidia-uvm"))}
    usable = {path: said for path, said in cards.items() if said == "ok"}
    bad = {path: said for path, said in {**control, **({} if usable else cards)}.items() if said != "ok"}
    evidence = tuple(Evidence(f"devices.nvidia.nodes.{path}", said) for path, said in sorted(bad.items()))
    if any(said == "opening it did not end" for said in bad.values()):
        yield Finding(cause="driver-defect", message="Opening an NVIDIA device node never ends", evidence=evidence)
    elif FORBIDDEN in bad.values() and inside:
        yield Finding(
            cause="container-lost-gpu",
            message="The GPU's device nodes are in this container, and the container may no longer use them",
            evidence=evidence,
        )
    elif bad and {DENIED, FORBIDDEN} & set(bad.values()):
        yield Finding(
            cause="nvidia-device-permission",
            message=f"This user may not open {', '.join(sorted(bad))}",
            evidence=evidence,
        )
    elif not any(path.endswith("nvidia-uvm") for path in stack.nodes):
        yield from _uvm_missing(facts, stack, some=bool(cards))


def _uvm_missing(facts: Facts, stack: NvidiaFacts, *, some: bool) -> Iterable[Finding]:
    """The finding for a missing node; ``some``: whether those of the cards are there."""
    libcuda = or_none(stack.libcuda)
    failed = libcuda is not None and libcuda.code not in (0, None)
    if not some and not (failed and gpu.nvidia_cards(facts)):
        return
    which = "/dev/nvidia-uvm does not exist" if some else "None of NVIDIA's device nodes exists"
    yield Finding(
        cause="nvidia-uvm-device-missing",
        message=f"{which}, and CUDA cannot start without it" if failed else f"{which} yet; CUDA needs it",
        severity=Severity.ERROR if failed else Severity.WARNING,
        evidence=(Evidence("devices.nvidia.nodes", ", ".join(sorted(stack.nodes)) or "none"),),
    )


@rule(
    "DL606",
    "libcuda is the driver's, and the loader finds it",
    group=GROUP,
    needs=("devices", "container", "variables", "frameworks"),
    causes=(
        "libcuda-not-on-loader-path",
        "nvidia-driver-missing",
        "container-started-without-gpu",
        "cuda-stub-library-loaded",
        "cuda-compat-unusable",
    ),
)
def libcuda_loads(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """Frameworks reach the GPU through libcuda.so.1 (nvcuda.dll), which comes with the driver and with nothing else.

    Read in a child: does the loader find it, which file did it map, and what did cuInit answer: 34 means the toolkit's
    stub (a link-time file without code), 804 a cuda-compat package on a GPU that it is not made for. A container is lent
    the library only with the capability "compute". Source: cuda.h, NVIDIA container toolkit (capabilities.go).
    """
    stack = gpu.nvidia_of(facts)
    if gpu.container_kind(facts) and not stack.nodes and stack.libcuda is None:
        raise NotApplicable("this container was given no GPU; another rule judges that")
    if gpu.seen_by_framework(facts):
        return
    call = gpu.called(stack.libcuda)
    code = call.code if call else None
    path = (call.path if call else None) or ""
    if code == 34 or "/stubs/" in path:
        yield Finding(
            cause="cuda-stub-library-loaded",
            message=f"The program loads the toolkit's stub of libcuda ({path or 'cuInit says so'}), not the driver's library",
            evidence=_call_evidence(call),
        )
    elif code == 804 or (code == 803 and "compat" in path):
        yield Finding(
            cause="cuda-compat-unusable",
            message="A libcuda of a cuda-compat package is loaded, and it does not serve this GPU or this driver",
            evidence=_call_evidence(call),
        )
    elif code is not None or (call is not None and call.ended):
        return
    elif not known(stack.module) and not gpu.answers(stack.nvml) and not stack.libraries:
        raise NotApplicable("there is no driver that a library could belong to")
    else:
        yield _not_found(facts, stack, call)


def _not_found(facts: Facts, stack: NvidiaFacts, call: DriverCall | None) -> Finding:
    """The finding for a libcuda that the loader does not find."""
    evidence = _call_evidence(call) or (Evidence("devices.nvidia.libraries", "none in the usual folders"),)
    lying = sorted(path for path in stack.libraries if "libcuda" in path)
    capabilities = gpu.variable(facts, "NVIDIA_DRIVER_CAPABILITIES")
    if gpu.container_kind(facts) and not lying:
        words = "without the capability compute" if capabilities else "without the driver's libraries"
        return Finding(
            cause="container-started-without-gpu",
            message=f"The container has a GPU's device nodes, but was started {words}",
            evidence=(*evidence, Evidence("variables.NVIDIA_DRIVER_CAPABILITIES", capabilities or "not set")),
        )
    if lying:
        return Finding(
            cause="libcuda-not-on-loader-path",
            message=f"The driver's libcuda lies at {lying[0]}, where the loader does not look",
            evidence=evidence,
        )
    return Finding(
        cause="nvidia-driver-missing",
        message="NVIDIA's kernel module is loaded, but the driver's libcuda is nowhere",
        evidence=evidence,
    )


def _call_evidence(call: DriverCall | None) -> tuple[Evidence, ...]:
    if call is None:
        return ()
    code = "no code" if call.code is None else f"code {call.code}"
    ended = f"{call.ended} while at {call.stage}" if call.ended else ""
    words = ", ".join(word for word in (call.error, code, call.path, ended) if word)
    return (Evidence("devices.nvidia." + ("nvml" if "ml" in call.library else "libcuda"), words),)


@rule(
    "DL607",
    "CUDA starts (cuInit)",
    group=GROUP,
    needs=("devices", "container", "variables", "system", "frameworks"),
    causes=(
        "fabric-manager-not-running",
        "gpu-exclusive-compute-mode",
        "nvidia-uvm-broken-after-suspend",
        "gpu-memory-already-taken",
        "container-lost-gpu",
        "scheduler-gave-no-gpu",
        "wsl-driver-files-incomplete",
        "driver-too-old",
        "driver-defect",
        "driver-not-answering",
    ),
)
def cuda_starts(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """The first thing every CUDA program calls is cuInit. Its return code tells which part of the driver said no.

    802: the fabric of an NVSwitch machine is not up; 46: the GPU is reserved for another process; 999 after a suspend, with NVML
    still answering: nvidia_uvm lost its state; 100: no device, which the rules about nodes and CUDA_VISIBLE_DEVICES explain
    first. Source: cuda.h of CUDA 12.9 and 13, /sys/power/suspend_stats.
    """
    stack = gpu.nvidia_of(facts)
    if gpu.seen_by_framework(facts):
        return
    call = gpu.called(stack.libcuda)
    if call is None or (call.code is None and not call.ended):
        raise NotApplicable("libcuda was not loaded; another rule says why")
    evidence = _call_evidence(call)
    if call.ended:
        yield Finding(
            cause="driver-defect",
            message=f"The driver's libcuda gave no answer ({call.ended} at stage {call.stage})",
            evidence=evidence,
        )
    elif call.code not in (0, 34, 803, 804):
        found = cuda_codes.meaning(facts, stack, call.code or 0)
        if found:
            cause, words = found
            yield Finding(cause=cause, message=f"CUDA cannot start: {words} ({call.error})", evidence=evidence)


@rule(
    "DL608",
    "The driver answers NVML",
    group=GROUP,
    needs=("devices", "system", "container"),
    causes=(
        "gpu-fallen-off-bus",
        "nvidia-device-permission",
        "container-lost-gpu",
        "driver-defect",
        "driver-not-answering",
    ),
)
def nvml_answers(facts: Facts, profile: Profile) -> Iterable[Finding]:
    """NVML is the library behind nvidia-smi. It is asked in a child, because a wedged driver never answers.

    15: the GPU is lost; 4: not allowed; 17 and 999 inside a container: the devices were taken away from it; 9: no module is
    loaded, which its own rule explains. Another code where nobody can see a module (WSL shows none) counts while CUDA lists
    no GPU either. These are NVML's codes, not the exit codes of nvidia-smi. A Jetson board may have no NVML at all. Source: nvml.h.
    """
    stack = gpu.nvidia_of(facts)
    call = gpu.called(stack.nvml)
    if call is None or (call.code is None and not call.ended):
        raise NotApplicable("NVML was not loaded; the rules about the driver's libraries say why")
    evidence = _call_evidence(call)
    inside = gpu.container_kind(facts)
    if call.ended:
        yield Finding(
            cause="driver-defect",
            message=f"The driver's NVML gave no answer ({call.ended} at stage {call.stage})",
            evidence=evidence,
        )
    elif call.code in (15, 16, 28):
        yield Finding(cause="gpu-fallen-off-bus", message=f"The driver lost the GPU: {call.error}", evidence=evidence)
    elif call.code == 4:
        yield Finding(
            cause="nvidia-device-permission", message="This user may not ask the NVIDIA driver", evidence=evidence
        )
    elif call.code in (17, 999) and inside:
        yield Finding(
            cause="container-lost-gpu",
            message=f"The container no longer reaches the GPU: {call.error}",
            evidence=evidence,
        )
    elif call.code not in (0, 9, 12, 18) and known(stack.module):
        yield Finding(
            cause="driver-defect", message=f"The NVIDIA driver does not answer: {call.error}", evidence=evidence
        )
    elif call.code not in (0, 9, 12, 18) and not gpu.counts(stack) and not _module_explains(facts, profile):
        also = or_none(stack.libcuda)
        yield Finding(
            cause="driver-not-answering",
            message=f"NVIDIA's driver is installed and does not answer: {call.error}",
            evidence=(*evidence, *_call_evidence(also)),
        )


def _module_explains(facts: Facts, profile: Profile) -> bool:
    """Whether a card without its kernel module is found, which explains why no library answers."""
    try:
        return any(kernel_driver.judge(facts, profile))
    except NotApplicable:
        return False


@rule(
    "DL609",
    "The driver reports every NVIDIA card on the bus",
    group=GROUP,
    needs=("devices", "container"),
    causes=("gpu-fallen-off-bus",),
)
def all_cards_reported(facts: Facts, profile: Profile) -> Iterable[Finding]:
    """A card that the bus shows and the driver does not report failed to start or was lost while running.

    Not counted: cards handed to virtual machines, cards without NVIDIA's driver, and containers and batch jobs, which see
    fewer than the bus. Source: sysfs, nvmlDeviceGetCount.
    """
    stack = gpu.nvidia_of(facts)
    if not gpu.answers(stack.nvml):
        raise NotApplicable("NVML does not answer")
    container = or_none(facts.container)
    if container is not None and (container.kind or container.scheduler):
        raise NotApplicable("a container or a batch job may see fewer GPUs than the bus")
    found = known(stack.gpus)
    seen = {one.pci_address for one in found}
    missing = [one for one in gpu.nvidia_cards(facts) if one.driver == "nvidia" and one.address not in seen]
    if any(driver_fits_card.judge(facts, profile)):
        raise NotApplicable("the driver does not fit the card, which explains it")
    if not missing or None in seen or len(found) >= len(gpu.nvidia_cards(facts)):
        return
    yield Finding(
        cause="gpu-fallen-off-bus",
        message=f"The driver does not report {len(missing)} of {len(gpu.nvidia_cards(facts))} NVIDIA cards",
        evidence=gpu.card_evidence(tuple(missing)),
    )


RULES: tuple[Rule, ...] = (
    device_nodes,
    libcuda_loads,
    cuda_starts,
    nvml_answers,
    all_cards_reported,
)
