"""Wishes that cannot be had on this interpreter or machine, said before anything is downloaded, with what would do."""

from __future__ import annotations

from dataclasses import replace

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from dlcheck.installation import builds
from dlcheck.model.builds import BuildTable, Release
from dlcheck.model.plan import Interpreter, Machine, Refusal, Selection


def impossible_machine(machine: Machine) -> Refusal | None:
    """Why no framework at all has wheels for this interpreter."""
    reason = None
    if machine.bits != 64:
        reason = "no framework has wheels for a 32-bit Python; install the 64-bit one"
    elif machine.implementation != "cpython":
        reason = f"the frameworks have wheels for CPython, and this is {machine.implementation}"
    elif machine.libc and machine.libc.startswith("musl"):
        reason = (
            "this system uses musl instead of glibc (Alpine), for which neither PyTorch nor TensorFlow nor JAX has wheels; "
            "take an image on Debian or Ubuntu, such as python:3.12-slim"
        )
    return Refusal(requirement="", reason=reason) if reason else None


def gone(known: BuildTable, others: list[str]) -> list[Refusal]:
    """Refusals of distributions that have ended or were renamed."""
    ended = {one.name: one for one in known.gone}
    found = []
    for text in others:
        entry = ended.get(canonicalize_name(Requirement(text).name))
        if entry:
            found.append(Refusal(requirement=text, reason=entry.text, instead=entry.instead))
    return found


def refuse(known: BuildTable, framework: str, text: str, machine: Machine, wanted: SpecifierSet) -> Refusal:
    """Why no wheel of the wanted versions fits here; which versions and which Pythons would do."""
    every = builds.releases(known, framework)
    here = [one for one in every if builds.misfit(one, machine) is None]
    asked = [one for one in every if wanted.contains(one.version, prereleases=True)]
    if not asked and builds.is_newer_than_table(known, framework, wanted):
        reason = f"all that is asked for is newer than dlcheck's data of {known.as_of}"
        latest = f"{framework}=={here[0].version}" if here else None
        return Refusal(
            requirement=text, reason=f"{reason}; name one version exactly", versions=_ends(here), instead=latest
        )
    if not asked:
        reason = f"there is no such version of {framework} (the data is of {known.as_of})"
        return Refusal(requirement=text, reason=reason, versions=_ends(here))
    newest = asked[0]
    which = "" if text == f"{framework}=={newest.version}" else f"{framework} {newest.version}: "
    reason = f"{which}{builds.misfit(newest, machine)}; this is Python {machine.python}"
    if machine.platform not in newest.python:
        reason = f"{framework} {newest.version} has no wheel for {builds.platform_words(machine)}"
        if not any(machine.platform in one.python for one in every):
            reason = f"{framework} has no wheels for {builds.platform_words(machine)}"
    pythons = {tag for tag in newest.python.get(machine.platform, "").split() if not tag.endswith("t")}
    return Refusal(
        requirement=text,
        reason=reason,
        versions=_ends(here),
        pythons=tuple(sorted(pythons, key=Version)),
    )


def _ends(fits: list[Release]) -> tuple[str, ...]:
    """Oldest and newest of the releases."""
    if not fits:
        return ()
    return tuple(dict.fromkeys((fits[-1].version, fits[0].version)))


def as_typed(chosen: Selection, torch: str, companions: tuple[str, ...], accelerator: str) -> Selection:
    """The selection told to a person who typed the companions alone, and no ``torch``, which stays as it is there.

    A refusal of that torch, or of the accelerator that its local version names, is one of the companions beside it.
    """
    there = f"the {torch.replace('==', ' ')} that is there"
    untyped = [
        one
        for one in chosen.refusals
        if one.requirement == torch or (accelerator == "auto" and one.requirement.startswith("--accelerator"))
    ]
    told = tuple(one for one in chosen.refusals if one not in untyped) or tuple(
        Refusal(requirement=" ".join(companions), reason=f"beside {there}: {one.reason}") for one in untyped
    )
    reason = f"as {there}" if accelerator == "auto" and "+" in torch else chosen.reason
    return replace(chosen, refusals=told, reason=reason)


def with_interpreters(selection: Selection, found: tuple[Interpreter, ...]) -> Selection:
    """The selection whose refusals name those interpreters of this machine that would do."""
    refusals = tuple(
        replace(
            one,
            interpreters=tuple(other.path for other in found if ".".join(other.version.split(".")[:2]) in one.pythons),
        )
        for one in selection.refusals
    )
    return replace(selection, refusals=refusals)
