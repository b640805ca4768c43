"""Why is CUDA not available: the layers from the bus to the framework, in order, and the first that is broken."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from dlcheck.checks import (
    built,
    containers,
    frameworks,
    gpu_builds,
    gpu_code,
    nvidia,
    nvidia_calls,
    variables,
    visibility,
    wsl,
)
from dlcheck.checks import gpu_facts as gpu
from dlcheck.checks.rule import rule
from dlcheck.model.fact import CannotJudge, NotApplicable
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Evidence, Finding, Rule
from dlcheck.model.profile import Profile, Severity

STEPS: tuple[tuple[str, tuple[Rule, ...]], ...] = (
    ("kernel module", (nvidia.kernel_driver, nvidia.one_release, nvidia.driver_fits_card, wsl.way_open)),
    ("device nodes", (containers.gpu_given, nvidia_calls.device_nodes)),
    ("libcuda", (wsl.whole_driver, wsl.no_linux_driver, containers.no_driver_inside, nvidia_calls.libcuda_loads)),
    ("cuInit", (nvidia_calls.cuda_starts,)),
    ("NVML", (nvidia_calls.nvml_answers, nvidia_calls.all_cards_reported)),
    ("framework build", (gpu_builds.gpu_build, gpu_builds.driver_new_enough, gpu_code.code_for_capability)),
    ("visible devices", (visibility.visible_devices, containers.job_gpu, variables.jax_platforms)),
    ("framework", (frameworks.import_fails, gpu_builds.framework_lists_gpu)),
)


@dataclass(frozen=True, slots=True)
class Broken:
    """The first broken layer."""

    step: str
    finding: Finding
    well: tuple[str, ...]
    """The layers before it that were judged and are well."""


def first_broken(facts: Facts, profile: Profile) -> Broken | None:
    """The first layer that is broken; None where every layer that can be judged is well. Notes break nothing."""
    well: list[str] = ["PCI"] if gpu.nvidia_cards(facts) else []
    for step, rules in STEPS:
        judged = False
        for one in rules:
            try:
                findings = tuple(one.judge(facts, profile))
            except (CannotJudge, NotApplicable):
                continue
            judged = True
            for found in findings:
                severity = found.severity or one.severity
                computes = one is not frameworks.import_fails or found.subject in built.COMPUTING
                if severity is not Severity.NOTE and computes:
                    return Broken(step, replace(found, severity=severity), tuple(well))
        if judged:
            well.append(step)
    return None


@rule(
    "DL600",
    "CUDA is reached through every layer",
    group="GPU",
    needs=tuple(dict.fromkeys(subject for _, rules in STEPS for one in rules for subject in one.needs)),
    causes=tuple(sorted({cause for _, rules in STEPS for one in rules for cause in one.causes})),
    severity=Severity.NOTE,
)
def cuda_path(facts: Facts, profile: Profile) -> Iterable[Finding]:
    """Answers "why is CUDA not available", from PCI over kernel module, nodes, libcuda, cuInit, NVML to builds and frameworks.

    Each layer rests on the one before it, so the first broken one is the one to mend; what comes after it may be a mere
    consequence. Each layer is judged by rules of its own (DL602 to DL614, DL800 to DL804, DL681 to DL683, DL522, DL503);
    this one says how far things are well. Its note has the cause of that layer's own finding.
    """
    gpu.nvidia_of(facts)
    broken = first_broken(facts, profile)
    if broken is None:
        return
    found = broken.finding
    before = f"; well before it: {', '.join(broken.well)}" if broken.well else ""
    yield Finding(
        cause=found.cause,
        message=f"On the way to CUDA the first broken layer is: {broken.step}{before}",
        severity=Severity.NOTE,
        evidence=(
            *(Evidence("layer", f"{step}: well") for step in broken.well),
            Evidence("layer", f"{broken.step}: broken"),
        ),
    )


RULES: tuple[Rule, ...] = (cuda_path,)
