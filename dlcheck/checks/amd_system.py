"""AMD GPUs: settings of the machine around them, and their health."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dlcheck.checks import gpu_facts as gpu
from dlcheck.checks.rule import rule
from dlcheck.model.device_facts import Gpu
from dlcheck.model.fact import NotApplicable, known, or_none, present
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Evidence, Finding, Rule
from dlcheck.model.profile import Profile, Severity

GROUP = "GPU"


def _gpus(facts: Facts) -> tuple[Gpu, ...]:
    found = known(present(gpu.devices_of(facts).amd, "no AMD GPU in this machine").gpus)
    if not found:
        raise NotApplicable("no AMD GPU that computes")
    return found


@rule(
    "DL645",
    "The AMD card, not the processor's graphics, comes first",
    group=GROUP,
    needs=("devices", "variables"),
    causes=("rocm-igpu-first",),
    severity=Severity.NOTE,
)
def discrete_first(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """Device 0 is what programs take. Where the processor's own graphics is device 0, they may crash or crawl.

    HIP_VISIBLE_DEVICES chooses the card. Source: ROCm's system requirements.
    """
    gpus = _gpus(facts)
    variables = known(facts.variables)
    masked = any(name in variables for name in ("HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES"))
    discrete = [one for one in gpus if one.integrated is False]
    if gpus[0].integrated and discrete and not masked:
        yield Finding(
            cause="rocm-igpu-first",
            message=f"Device 0 is {gpus[0].name}, the processor's own graphics; {discrete[0].name} comes after it",
            evidence=(Evidence("devices.amd.gpus", ", ".join(one.name for one in gpus)),),
        )


@rule(
    "DL646",
    "The kernel is set for several AMD GPUs",
    group=GROUP,
    needs=("devices", "system"),
    causes=("nccl-p2p-broken",),
    severity=Severity.WARNING,
)
def kernel_settings(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """Several AMD GPUs need the IOMMU off or passing through (iommu=pt): else a job across them may hang.

    Source: ROCm's installation FAQ.
    """
    gpus = [one for one in _gpus(facts) if not one.integrated]
    links = or_none(gpu.devices_of(facts).interconnect)
    system = or_none(facts.system)
    if len(gpus) < 2 or links is None or links.iommu is None or (system and system.hypervisor):
        raise NotApplicable("counts on machines with several AMD GPUs")
    if links.iommu == "translating":
        yield Finding(
            cause="nccl-p2p-broken",
            message=f"{len(gpus)} AMD GPUs share work behind an IOMMU that translates; iommu=pt is missing",
            evidence=(Evidence("devices.interconnect.iommu", links.iommu),),
        )


@rule("DL647", "AMD GPUs count no memory errors", group=GROUP, needs=("devices",), causes=("gpu-ecc-error",))
def memory_errors(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """The kernel counts uncorrectable errors of Instinct cards (RAS); consumer cards count none.

    Source: the kernel's amdgpu_ras.c (umc_err_count).
    """
    for one in _gpus(facts):
        count = or_none(one.ecc_uncorrected)
        if count:
            yield Finding(
                cause="gpu-ecc-error",
                subject=gpu.where(one),
                message=f"{gpu.where(one)} counts {count} uncorrectable memory errors",
                evidence=(Evidence("devices.amd.gpus.ecc_uncorrected", str(count)),),
            )


@rule(
    "DL648",
    "HSA_OVERRIDE_GFX_VERSION is set only where it helps",
    group=GROUP,
    needs=("devices", "variables", "frameworks"),
    causes=("hsa-override-wrong",),
    severity=Severity.WARNING,
)
def override(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """The variable makes ROCm load code of another target. For a card that the build serves anyway it can only harm.

    Another family than the card's (11.0.0 on a gfx10 card) ends in crashes and wrong results. Within a family it is
    a known workaround, and passes. Source: ROCm's documentation of the variable; the harm is a possibility.
    """
    gpus = _gpus(facts)
    value = known(facts.variables).get("HSA_OVERRIDE_GFX_VERSION")
    if not value:
        raise NotApplicable("the variable is not set")
    target = gpus[0].architecture or ""
    served = {
        arch.partition(":")[0]
        for framework in known(facts.frameworks).values()
        if (build := or_none(framework.build))
        for arch in build.architectures
    }
    family = re.match(r"gfx(\d+)[0-9a-f]{2}$", target)
    major = value.partition(".")[0]
    evidence = (
        Evidence("variables.HSA_OVERRIDE_GFX_VERSION", value),
        Evidence("devices.amd.gpus.architecture", target),
    )
    if family and family[1] != major:
        yield Finding(
            cause="hsa-override-wrong",
            message=f"HSA_OVERRIDE_GFX_VERSION={value} names another family than this GPU's {target}",
            evidence=evidence,
        )
    elif target in served:
        yield Finding(
            cause="hsa-override-wrong",
            severity=Severity.NOTE,
            message=f"HSA_OVERRIDE_GFX_VERSION={value} is set, and the build has code for {target} anyway",
            evidence=evidence,
        )


@rule(
    "DL649",
    "ROCm under WSL has its runtime",
    group=GROUP,
    needs=("devices", "frameworks", "system"),
    causes=("rocm-wsl-runtime-missing",),
    severity=Severity.WARNING,
)
def wsl_runtime(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """Under WSL there is no /dev/kfd; ROCm needs AMD's library librocdxg, which speaks to /dev/dxg.

    Source: ROCm's librocdxg and AMD's guide for WSL.
    """
    devices = gpu.devices_of(facts)
    if not gpu.is_wsl(facts):
        raise NotApplicable("this is not WSL")
    torch = known(facts.frameworks).get("torch")
    build = or_none(torch.build) if torch else None
    if not build or not build.rocm:
        raise NotApplicable("no ROCm build of PyTorch is installed")
    run = or_none(torch.run) if torch else None
    amd = or_none(devices.amd)
    if (run and run.gpu_available) or (amd and amd.dxg_runtime):
        return
    yield Finding(
        cause="rocm-wsl-runtime-missing",
        subject="torch",
        message="PyTorch is built for ROCm, and AMD's runtime for WSL (librocdxg) is not installed",
        evidence=(
            Evidence("devices.amd.dxg_runtime", "not found"),
            Evidence("frameworks.torch.build.rocm", build.rocm),
        ),
    )


RULES: tuple[Rule, ...] = (
    discrete_first,
    kernel_settings,
    memory_errors,
    override,
    wsl_runtime,
)
