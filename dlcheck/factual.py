"""The rules' share in a diagnosis: facts that a text tells, judged as a doctor judges those of a machine."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import replace

from dlcheck.data import DATA_DATE
from dlcheck.model.fact import Unknown, or_none
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Finding
from dlcheck.model.profile import Profile, Severity
from dlcheck.model.python_facts import Distribution, PythonFacts

PROFILE = Profile(name="diagnose", cpu_class="", memory_bytes=0, any_framework=False, internet=False, editor=False)
"""Nothing is asked of a machine that somebody else describes."""
WEIGHTS = {Severity.ERROR: 0.72, Severity.WARNING: 0.5}
"""What a finding says beside the text's own words: less than a message that names the cause, more than a hint."""
NOT_FROM_TEXT = frozenset(
    (
        *("two-copies-installed", "installed-for-other-python", "externally-managed-python", "conda-pip-mixed"),
        *("no-disk-space", "shm-too-small", "notebook-kernel-other-python", "ipykernel-missing", "pip-too-old"),
        *("broken-partial-install", "import-raises", "nvidia-driver-missing", "no-gpu-in-machine"),
    )
)
"""Causes that a rule finds by what is absent, or by what lies on this disk: a text that is silent proves nothing."""


ANY_PYTHON = "3.12"
"""A version of Python that no rule says anything of."""
PLAIN = frozenset(("cpu-lacks-avx",))
"""Causes that a warning tells without a complaint in the text; of others a warning only adds to what was heard."""


def findings(facts: Facts, causes: frozenset[str], heard: Collection[str]) -> Iterator[tuple[Finding, float, str]]:
    """Findings that name one of the causes, with their weight and the rule's code. ``heard``: causes that clues named."""
    if not _worth_judging(facts):
        return
    # Imported here: a pasted error mostly tells no facts, and the rules cost more than all the clues.
    from dlcheck.checks import RULES
    from dlcheck.checks.judge import judge

    rules = tuple(rule for rule in RULES if causes.intersection(rule.causes))
    for verdict in judge(_judgeable(facts), PROFILE, rules, DATA_DATE):
        for finding in verdict.findings:
            weight = WEIGHTS.get(finding.severity or verdict.severity)
            sure = weight == WEIGHTS[Severity.ERROR] or finding.cause in heard or finding.cause in PLAIN
            if sure and weight and finding.cause in causes and finding.cause not in NOT_FROM_TEXT:
                yield finding, weight, verdict.code


def _worth_judging(facts: Facts) -> bool:
    """Whether the text tells enough of a machine that a rule may find something."""
    devices = or_none(facts.devices)
    nvidia = or_none(devices.nvidia) if devices else None
    cpu = or_none(facts.cpu)
    return bool(
        (nvidia and (or_none(nvidia.gpus) or or_none(nvidia.driver)))
        or len(or_none(facts.distributions) or ()) > 1
        or or_none(facts.frameworks)
        or (cpu and "sse2" in (or_none(cpu.flags) or ()))
    )


def _judgeable(facts: Facts) -> Facts:
    """The facts; flags without sse2 are no list of flags, and those of a mere processor need no framework to be judged.

    A list of packages tells no requirements: those of well-known releases are added.
    """
    cpu = or_none(facts.cpu)
    if cpu and "sse2" not in (or_none(cpu.flags) or ()):
        facts = replace(facts, cpu=replace(cpu, flags=Unknown("the text does not say")))
    listed = or_none(facts.distributions) or ()
    if listed:
        names = frozenset(one.name for one in listed)
        facts = replace(facts, distributions=tuple(_declaring(one, names) for one in listed))
        python = or_none(facts.python) or PythonFacts()
        if not or_none(python.version):
            # The requirements that are added have no markers, which the version is asked for.
            facts = replace(facts, python=replace(python, version=ANY_PYTHON))
    return replace(facts, frameworks={}) if isinstance(facts.frameworks, Unknown) else facts


def _declaring(one: Distribution, names: frozenset[str]) -> Distribution:
    """The distribution with what its release is known to ask of those whose names are in the list."""
    if one.requires:
        return one
    from dlcheck.checks.declared import requires_of  # beside the rules, which only judging loads

    known = (text for text in requires_of(one.name, one.version) if re.split(r"[=<>]", text)[0] in names)
    return replace(one, requires=tuple(known))
