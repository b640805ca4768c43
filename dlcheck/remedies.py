"""The catalogue's remedies for a cause, for this machine: those that hold here, with their blanks filled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from dlcheck import data
from dlcheck.model.fact import Unknown
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Finding, Fix, Verdict
from dlcheck.model.placeholder import fill, filled


def complete(verdict: Verdict, facts: Facts, python: str) -> Verdict:
    """The verdict with the remedies of the catalogue where its findings bring none of their own.

    ``python`` is the checked interpreter, as commands shall name it.
    """
    if not verdict.findings:
        return verdict
    return replace(verdict, findings=tuple(_completed(one, facts, python) for one in verdict.findings))


def _completed(finding: Finding, facts: Facts, python: str) -> Finding:
    values = {**substitutes(facts), "python": python, **finding.about}
    fixes, verify = of_cause(finding.cause, facts, values)
    return replace(
        finding,
        fixes=tuple(filled(one, values) for one in finding.fixes) or fixes,
        verify=tuple(fill(one, values) for one in finding.verify) or verify,
    )


def of_cause(slug: str, facts: Facts, values: Mapping[str, str]) -> tuple[tuple[Fix, ...], tuple[str, ...]]:
    """The fixes of a cause that hold where ``facts`` were read, and how one sees that they worked."""
    cause = data.cause(slug)
    if cause is None:
        return (), ()
    where = surroundings(facts)
    fixes = [one.fix for one in cause.fixes if not one.where or where.intersection(one.where)]
    # Where nothing is known of the machine, every remedy is better than none.
    fixes = fixes or [one.fix for one in cause.fixes]
    return tuple(filled(one, values) for one in fixes), tuple(fill(one, values) for one in cause.verify)


def surroundings(facts: Facts) -> frozenset[str]:
    """The words of CauseFix.where that hold."""
    found = set()
    if not isinstance(facts.system, Unknown):
        found.add("wsl" if facts.system.wsl else facts.system.name)
    if not isinstance(facts.container, Unknown):
        if facts.container.kind:
            found.add("container")
        if facts.container.hosted:
            found.add("notebook")
    if not isinstance(facts.python, Unknown) and facts.python.environment == "conda":
        found.add("conda")
    if not isinstance(facts.workplace, Unknown) and facts.workplace.inside in ("jupyter", "colab", "kaggle"):
        found.add("notebook")
    return frozenset(found)


def substitutes(facts: Facts) -> dict[str, str]:
    """What the blanks stand for that the facts themselves tell."""
    values = {"variant": "cpu"}
    if not isinstance(facts.devices, Unknown):
        nvidia = facts.devices.nvidia
        supported = None if nvidia is None or isinstance(nvidia, Unknown) else nvidia.cuda_driver
        if isinstance(supported, str) and supported.partition(".")[0].isdigit():
            major = int(supported.partition(".")[0])
            # compat: CUDA 13 wheels need driver 580, CUDA 12.6 wheels any driver of CUDA 12 (minor version compatibility).
            values["variant"] = "cu130" if major >= 13 else "cu126"
            values["cuda"] = "13" if major >= 13 else "12"
    if not isinstance(facts.system, Unknown) and facts.system.release:
        values["kernel"] = facts.system.release
    if not isinstance(facts.cpu, Unknown) and isinstance(facts.cpu.allowed_cpus, int):
        values["count"] = str(facts.cpu.allowed_cpus)
    values["index"] = f"https://download.pytorch.org/whl/{values['variant']}"
    return values
