"""AMD GPUs: kernel driver, KFD, permissions, and builds for ROCm."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dlcheck.checks import gpu_facts as gpu
from dlcheck.checks.rule import rule
from dlcheck.model.device_facts import AmdFacts, Gpu, PciDevice
from dlcheck.model.fact import CannotJudge, NotApplicable, known, or_none
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Evidence, Finding, Rule
from dlcheck.model.profile import Profile, Severity

GROUP = "GPU"
NO_AMD = "no AMD GPU in this machine"
# Chips within processors: their gfx targets are in few builds, and training on them is the exception.
INTEGRATED = re.compile(r"gfx(90c|902|909|103[3-7]|1103|115\d)")
OLD = re.compile(r"gfx[678]\d\d")
REFUSED = ("Permission denied", "Operation not permitted")


def _amd(facts: Facts) -> AmdFacts:
    found = known(gpu.devices_of(facts).amd)
    if found is not None:
        return found
    if gpu.cards_of(facts, "1002"):
        return AmdFacts()
    raise NotApplicable(NO_AMD)


def _computing(facts: Facts) -> tuple[Gpu, ...]:
    """The AMD GPUs that KFD lists for computing."""
    found = known(_amd(facts).gpus)
    if not found:
        raise NotApplicable("no AMD GPU that computes")
    return found


def is_discrete(card: PciDevice) -> bool:
    """Whether a card is one of its own: AMD's processors carry display adapters too, which nobody needs for computing."""
    integrated = (
        r"Raphael|Granite Ridge|Renoir|Cezanne|Lucienne|Barcelo|Picasso|Raven|Rembrandt|Phoenix|Mendocino|Hawk Point"
    )
    return not re.search(integrated, card.name or "")


@rule(
    "DL640",
    "An AMD GPU has its kernel driver",
    group=GROUP,
    needs=("devices", "system", "container"),
    causes=("amdgpu-driver-missing", "rocm-gpu-dropped"),
    severity=Severity.WARNING,
)
def driver(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """ROCm computes through the kernel module amdgpu. Cards that only the older module radeon drives are too old for it.

    Instinct cards of the MI300 kind are processing accelerators (PCI class 12), not displays; the NPUs of Ryzen AI
    are of that class too and are left out by their driver. Source: pci.ids, the kernel's amdgpu.
    """
    _amd(facts)
    if gpu.system_of(facts) == "windows" or gpu.is_wsl(facts) or gpu.container_kind(facts):
        raise NotApplicable("the driver lies outside of this system")
    for card in gpu.cards_of(facts, "1002"):
        name = or_none(card.driver)
        if name == "radeon":
            yield Finding(
                cause="rocm-gpu-dropped",
                subject=gpu.card_name(card),
                severity=Severity.NOTE,
                message=f"{gpu.card_name(card)} is driven by radeon: it is older than anything ROCm serves",
                evidence=gpu.card_evidence((card,)),
            )
        elif name is None and is_discrete(card):
            yield Finding(
                cause="amdgpu-driver-missing",
                subject=gpu.card_name(card),
                message=f"{gpu.card_name(card)} has no kernel driver; amdgpu should have it",
                evidence=gpu.card_evidence((card,)),
            )


@rule(
    "DL641",
    "The kernel offers the AMD GPU for computing (KFD)",
    group=GROUP,
    needs=("devices", "frameworks", "system", "container"),
    causes=("kfd-missing", "rocm-gpu-dropped"),
    severity=Severity.WARNING,
)
def kfd(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """The module amdgpu draws; its part KFD computes. A card that KFD does not list is one that ROCm will not see.

    Read: /sys/class/kfd/kfd/topology/nodes, where a GPU has simd_count above 0. Judged where a ROCm build is
    installed, since many AMD cards are there only for the screen. Source: the kernel's amdkfd.
    """
    found = _amd(facts)
    if gpu.is_wsl(facts) or gpu.container_kind(facts) or gpu.system_of(facts) == "windows":
        raise NotApplicable("KFD is not seen from here")
    if not _rocm_builds(facts):
        raise NotApplicable("no framework built for ROCm is installed")
    cards = [one for one in gpu.cards_of(facts, "1002") if one.driver == "amdgpu"]
    if not cards or known(found.gpus):
        return
    if known(found.topology) is None:
        yield Finding(
            cause="kfd-missing",
            message="This kernel has no KFD, the part of amdgpu that computes",
            evidence=gpu.card_evidence(tuple(cards)),
        )
    else:
        yield Finding(
            cause="rocm-gpu-dropped",
            message=f"KFD does not list {gpu.card_name(cards[0])}: ROCm does not serve it",
            evidence=gpu.card_evidence(tuple(cards)),
        )


def _rocm_builds(facts: Facts) -> dict[str, tuple[str, ...]]:
    """Frameworks built for ROCm, with their gfx targets."""
    found = {}
    for name, framework in known(facts.frameworks).items():
        build = or_none(framework.build)
        if build and build.rocm:
            found[name] = tuple(one for one in build.architectures if one.startswith("gfx"))
    return found


@rule(
    "DL642",
    "The nodes of AMD's driver can be opened",
    group=GROUP,
    needs=("devices", "frameworks", "system"),
    causes=("rocm-device-permission",),
)
def permission(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """ROCm opens /dev/kfd and /dev/dri/renderD*, which belong to the groups render and video.

    Each is really opened, because somebody who sits at the machine may be let in without the group and be refused over ssh.
    Source: ROCm's installation guide (prerequisites).
    """
    nodes = _amd(facts).nodes
    if gpu.is_wsl(facts):
        raise NotApplicable("WSL reaches the GPU through /dev/dxg")
    wanted = {path: said for path, said in nodes.items() if path.endswith("kfd") or "renderD" in path}
    kfd_said = next((said for path, said in wanted.items() if path.endswith("kfd")), None)
    renders = [said for path, said in wanted.items() if "renderD" in path]
    refused = kfd_said in REFUSED or (renders and all(said in REFUSED for said in renders))
    if refused and _computes_with_amd(facts):
        bad = {path: said for path, said in wanted.items() if said in REFUSED}
        yield Finding(
            cause="rocm-device-permission",
            message=f"This user may not open {', '.join(sorted(bad))}",
            evidence=tuple(Evidence(f"devices.amd.nodes.{path}", said) for path, said in sorted(bad.items())),
        )


def _computes_with_amd(facts: Facts) -> bool:
    """Whether somebody means to compute on the AMD GPU: a build for ROCm, or a discrete card that KFD lists."""
    gpus = or_none(_amd(facts).gpus) or ()
    return bool(_rocm_builds(facts)) or any(one.integrated is False for one in gpus)


@rule(
    "DL643",
    "The ROCm build holds code for the GPU",
    group=GROUP,
    needs=("devices", "frameworks", "variables"),
    causes=("rocm-gfx-unsupported", "rocm-gpu-dropped"),
)
def gfx_in_build(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """A ROCm build holds code for some gfx targets only, and unlike CUDA's it does not run on a neighbour.

    An entry such as gfx942:sramecc+:xnack- serves gfx942, and gfx11-generic all of gfx11. HSA_OVERRIDE_GFX_VERSION makes
    the runtime believe in another target: a known workaround within one family. One GPU that is served is enough. Source:
    amdkfd (gfx_target_version), torch.cuda.get_arch_list.
    """
    gpus = _computing(facts)
    override = gpu.variable(facts, "HSA_OVERRIDE_GFX_VERSION")
    judged = False
    for name, targets in _rocm_builds(facts).items():
        if not targets:
            continue
        judged = True
        unserved = [one for one in gpus if one.architecture and not _serves(targets, one.architecture)]
        if len(unserved) < len([one for one in gpus if one.architecture]) or not unserved or override:
            continue
        first = unserved[0]
        old = OLD.fullmatch(first.architecture or "")
        yield Finding(
            cause="rocm-gpu-dropped" if old else "rocm-gfx-unsupported",
            subject=name,
            message=f"{first.name} is {first.architecture}, and {name}'s ROCm build has no code for it",
            severity=Severity.NOTE if INTEGRATED.fullmatch(first.architecture or "") else None,
            evidence=(
                Evidence("devices.amd.gpus.architecture", first.architecture or ""),
                Evidence(f"frameworks.{name}.build.architectures", " ".join(targets)),
            ),
        )
    if not judged:
        raise NotApplicable("no ROCm build tells its targets")


def _serves(targets: tuple[str, ...], target: str) -> bool:
    plain = {one.partition(":")[0] for one in targets}
    if target in plain:
        return True
    family = re.match(r"gfx(\d+)\d[0-9a-f]$", target)
    return (
        bool(family) and any(one.startswith(f"gfx{family[1]}-") and "generic" in one for one in plain)
        if family
        else False
    )


@rule(
    "DL644",
    "Frameworks beside an AMD GPU are built for it",
    group=GROUP,
    needs=("devices", "frameworks", "system"),
    causes=("wrong-vendor-build", "cpu-only-build", "amd-gpu-on-windows-no-build"),
    severity=Severity.WARNING,
)
def build(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """The usual PyTorch for Linux is built for NVIDIA; an AMD card needs the ROCm build from PyTorch's own index.

    Judged for cards that ROCm serves in general and that KFD lists, where no NVIDIA GPU is beside them. The GPU within
    a processor is no reason to reinstall. Source: torch/version.py (attributes cuda and hip).
    """
    if or_none(gpu.devices_of(facts).nvidia) is not None:
        raise NotApplicable("there is an NVIDIA GPU as well")
    torch = known(facts.frameworks).get("torch")
    if gpu.system_of(facts) == "windows":
        yield from _on_windows(facts)
        return
    gpus = [
        one
        for one in _computing(facts)
        if not one.integrated and one.architecture and not INTEGRATED.fullmatch(one.architecture)
    ]
    gpus = [one for one in gpus if not OLD.fullmatch(one.architecture or "")]
    if torch is None or not gpus:
        raise NotApplicable("no PyTorch beside an AMD card that ROCm serves")
    found = known(torch.build)
    if found is None:
        raise CannotJudge("PyTorch's build is not known")
    if found.rocm:
        return
    yield Finding(
        cause="wrong-vendor-build" if found.cuda else "cpu-only-build",
        subject="torch",
        message=f"PyTorch is {'built for NVIDIA' if found.cuda else 'a CPU build'} beside {gpus[0].name}",
        evidence=(
            Evidence("devices.amd.gpus", f"{gpus[0].name} ({gpus[0].architecture})"),
            Evidence("frameworks.torch.build.rocm", "none"),
        ),
    )


def _on_windows(facts: Facts) -> Iterable[Finding]:
    cards = [one for one in gpu.cards_of(facts, "1002") if re.search(r"\bRX |Radeon Pro|Instinct", one.name or "")]
    torch = known(facts.frameworks).get("torch")
    made = or_none(torch.build) if torch else None
    if not cards or made is None or made.rocm:
        raise NotApplicable("no PyTorch beside an AMD card")
    yield Finding(
        cause="amd-gpu-on-windows-no-build",
        subject="torch",
        severity=Severity.NOTE,
        message=f"The PyTorch of the usual index cannot use {gpu.card_name(cards[0])} on Windows",
        evidence=gpu.card_evidence(tuple(cards)),
    )


RULES: tuple[Rule, ...] = (
    driver,
    kfd,
    permission,
    gfx_in_build,
    build,
)
