"""Whether a framework's build holds code for the GPU's compute capability."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dlcheck.checks import built
from dlcheck.checks import gpu_facts as gpu
from dlcheck.checks.nvidia_cards import Capability, capability_of, runs, version
from dlcheck.checks.rule import rule
from dlcheck.model.device_facts import Gpu
from dlcheck.model.fact import NotApplicable, known, or_none
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Evidence, Finding, Rule
from dlcheck.model.profile import Profile, Severity
from dlcheck.model.python_facts import BuildFacts

GROUP = "GPU"


@rule(
    "DL612",
    "Each framework holds code for the GPU's compute capability",
    group=GROUP,
    needs=("devices", "frameworks"),
    causes=(
        "gpu-too-new-for-build",
        "gpu-too-old-for-build",
        "gpu-too-old-for-any-build",
        "ptx-jit-slow-start",
        "driver-too-old",
    ),
)
def code_for_capability(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """A wheel holds machine code for some compute capabilities, and sometimes PTX, which the driver compiles at the first start.

    Code for 8.6 runs on 8.9 (same major, at least that minor): an RTX 40 card is well served by it. Code of another
    major does not run, and the program ends with "no kernel image is available" although torch.cuda.is_available() is
    true. Of several GPUs one that runs is enough: a small card for the screen is common. Source: CUDA programming guide,
    torch.cuda.DEVICE_REQUIREMENT.
    """
    stack = gpu.nvidia_of(facts)
    call = or_none(stack.libcuda)
    if or_none(stack.gpus) is None and call is not None and call.code != 0:
        raise NotApplicable("neither NVML nor libcuda lists a GPU; other rules say why")
    cards = [one for one in or_none(stack.gpus) or known(stack.cuda_gpus) if not one.lost]
    capable = [(one, found) for one in cards if (found := capability_of(one))]
    if not capable:
        raise NotApplicable("no compute capability is known")
    for name, framework in built.frameworks(facts).items():
        build = or_none(framework.build)
        if build is None or not any(one.startswith(("sm_", "compute_")) for one in build.architectures):
            continue
        verdicts = [runs(build.architectures, found) for _, found in capable]
        if "native" in verdicts and "none" not in verdicts:
            continue
        at = verdicts.index("none") if "none" in verdicts else 0
        card, found = capable[at]
        evidence = (
            Evidence("devices.nvidia.gpus.architecture", f"{card.name}: {found[0]}.{found[1]}"),
            Evidence(f"frameworks.{name}.build.architectures", " ".join(build.architectures)),
        )
        yield _code_finding(
            built.title(name, framework),
            name,
            card=card,
            found=found,
            build=build,
            evidence=evidence,
            verdicts=verdicts,
            supported=or_none(stack.cuda_driver),
        )


def _code_finding(
    title: str,
    name: str,
    *,
    card: Gpu,
    found: Capability,
    build: BuildFacts,
    evidence: tuple[Evidence, ...],
    verdicts: list[str],
    supported: str | None,
) -> Finding:
    """The finding for a card that the build has no machine code for."""
    words = f"{card.name} has compute capability {found[0]}.{found[1]}"
    lesser = Severity.NOTE if "native" in verdicts else None
    if "none" not in verdicts:
        if build.cuda and supported and version(build.cuda)[:2] > version(supported)[:2]:
            return Finding(
                cause="driver-too-old",
                subject=name,
                severity=Severity.WARNING,
                message=(
                    f"{words}; {title} holds only PTX of CUDA {build.cuda} for it, which the driver "
                    f"(CUDA {supported}) cannot compile"
                ),
                evidence=(*evidence, Evidence("devices.nvidia.cuda_driver", supported)),
            )
        return Finding(
            cause="ptx-jit-slow-start",
            subject=name,
            severity=Severity.NOTE,
            message=f"{words}; {title} compiles its code for it at the first start, which takes minutes",
            evidence=evidence,
        )
    newest = max(_codes(build.architectures), default=(0, 0))
    if found > newest or found[0] >= 10:
        cause, age = "gpu-too-new-for-build", "is newer than anything"
    elif found < (3, 5):
        cause, age, lesser = "gpu-too-old-for-any-build", "is older than anything", Severity.NOTE
    else:
        cause, age = "gpu-too-old-for-build", "is not among what"
    return Finding(
        cause=cause,
        subject=name,
        severity=lesser,
        message=f"{words}, which {age} {title} was compiled for",
        evidence=evidence,
    )


def _codes(architectures: tuple[str, ...]) -> Iterator[Capability]:
    for one in architectures:
        digits = one.partition("_")[2].rstrip("af")
        if digits.isdigit():
            yield int(digits[:-1]), int(digits[-1])


RULES: tuple[Rule, ...] = (code_for_capability,)
