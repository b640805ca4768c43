"""Why a framework does not see a device: the doctor's causes, asked only where a device was skipped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dlcheck.doctor import Examination, examine
from dlcheck.gather import Way
from dlcheck.model.fact import Unknown, or_none
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Finding
from dlcheck.model.report import Target
from dlcheck.model.smoke import SmokeResult, SmokeStatus
from dlcheck.profiles import load

RULES = ("DL5", "DL6", "DL7")
"""Frameworks, devices and drivers, and the libraries between them."""

TRAINABLE = ("10de", "1002")
"""PCI vendors whose display adapters are usually meant by --device cuda."""

NO_GPU = "no-gpu-in-machine"


def with_causes(results: Sequence[SmokeResult], target: Target) -> list[SmokeResult]:
    """The results; those of devices that a framework does not see have the doctor's cause."""
    if not any(_unseen(one) for one in results):
        return list(results)
    profile = replace(load("learn"), gpu="required")
    report = examine(Examination(profile=profile, target=target, way=Way(), select=RULES))
    return [
        replace(one, cause=cause_of(one.framework, report.findings, report.facts)) if _unseen(one) else one
        for one in results
    ]


def cause_of(framework: str, findings: Sequence[Finding], facts: Facts) -> str | None:
    """The cause that is about this framework; else the first of the machine; None where nothing is known."""
    if not has_gpu(facts):
        return NO_GPU
    parts = framework.split("-")
    own = [one for one in findings if one.subject in parts]
    shared = [one for one in findings if one.subject not in ("torch", "tensorflow", "jax", "keras")]
    roots = [one for one in (*own, *shared) if not one.because_of] or [*own, *shared]
    return roots[0].cause if roots else None


def has_gpu(facts: Facts) -> bool:
    """Whether any vendor's driver or the PCI bus shows a GPU; where nobody could look, one is assumed."""
    devices = facts.devices
    if isinstance(devices, Unknown):
        return True
    for vendor in (devices.nvidia, devices.amd, devices.intel, devices.apple):
        if or_none(getattr(or_none(vendor), "gpus", None)):
            return True
    listed = or_none(devices.pci)
    return listed is None or any(one.vendor in TRAINABLE for one in listed)


def _unseen(one: SmokeResult) -> bool:
    return one.status is SmokeStatus.SKIPPED and one.cause is None and one.version is not None and one.task is None
