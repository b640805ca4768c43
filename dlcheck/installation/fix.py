"""Findings whose cause lies in the environment become a plan, which the steps of install carry out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from dlcheck.host.environments import look
from dlcheck.host.record import normalise
from dlcheck.installation.planning import prepare
from dlcheck.installation.prepared import Prepared
from dlcheck.installation.wishes import requirement
from dlcheck.installers import staging
from dlcheck.model.errors import DlcheckError
from dlcheck.model.fact import or_none
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Finding
from dlcheck.model.plan import Options
from dlcheck.model.profile import Severity
from dlcheck.model.python_facts import Distribution

REINSTALL = frozenset({"broken-partial-install", "two-copies-installed", "corrupted-download"})
"""Causes that end when the subject is installed anew."""
INSTALL = frozenset({
    "dependency-pins-conflict", "torch-companion-mismatch", "keras-tf-version-mismatch", "jax-jaxlib-mismatch",
    "jax-plugin-mismatch", "numpy-abi-mismatch", "protobuf-too-new", "typing-extensions-too-old", "tf-keras-missing",
    "ipykernel-missing", "framework-missing",
})  # fmt: skip
"""Causes whose finding names the package, with its versions, that is to be there."""
REBUILD = frozenset({
    "cpu-only-build", "conda-picked-cpu-build", "silent-cpu-fallback", "gpu-too-new-for-build", "gpu-too-old-for-build",
    "wrong-vendor-build", "xpu-build-missing", "dependency-replaced-gpu-build",
})  # fmt: skip
"""Causes that end when the framework comes in the build that fits this machine."""
FIXABLE = REINSTALL | INSTALL | REBUILD | {"several-tf-distributions", "two-cuda-wheel-families"}


def options_for(findings: Iterable[Finding], facts: Facts) -> Options | None:
    """What would have to be installed to end the fixable causes among the findings; None where there is none.

    Pure. A finding that another cause explains is left to that one, unless that is a framework nobody asked for, or a pip
    that installs elsewhere: what it brought there has still to be installed here.
    """
    found = tuple(findings)
    harmless = {one.cause for one in found if _is_by_choice(one)} - {
        one.cause for one in found if not _is_by_choice(one)
    }
    harmless.add("installed-for-other-python")
    python = or_none(facts.python)
    wanted: dict[str, str] = {}
    again: set[str] = set()
    gone: set[str] = set()
    cleans = False
    for one in found:
        if one.cause not in FIXABLE or set(one.because_of) - harmless or _is_by_choice(one):
            continue
        end = _end_of(one, or_none(facts.distributions) or ())
        # Who names the version that is there yields to who asks for another one.
        yields = one.cause in REINSTALL or one.cause == "torch-companion-mismatch"
        wanted = {**end.wanted, **wanted} if yields else {**wanted, **end.wanted}
        again |= end.again
        gone |= end.gone
        cleans = cleans or one.cause in REINSTALL
    if not wanted and not cleans:
        return None
    return Options(
        requirements=tuple(wanted[name] for name in sorted(wanted)),
        venv=python.prefix if python else None,
        python=python.executable if python else None,
        reinstall=tuple(sorted(again)),
        uninstall=tuple(sorted(gone)),
        in_place=True,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _End:
    """What ends one cause: requirements by name, what is installed although it is there, and what goes."""

    wanted: dict[str, str] = field(default_factory=dict)
    again: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()


def _end_of(one: Finding, there: tuple[Distribution, ...]) -> _End:
    have = {other.name: other.version for other in there}
    package = one.about.get("package") or one.subject
    name = _name(package)
    if one.cause in REINSTALL:
        known = name and have.get(name)
        return _End(wanted={name: f"{name}=={known}"}, again=frozenset({name})) if known else _End()
    if one.cause == "two-cuda-wheel-families":
        families = list(_families(there))
        kept = frozenset(first for first, _ in families)
        gone = frozenset(other for _, others in families for other in others)
        return _End(wanted={first: f"{first}=={have[first]}" for first in kept}, again=kept, gone=gone)
    if one.cause == "several-tf-distributions":
        family = {"tensorflow-cpu", "tensorflow-gpu", "tensorflow-intel"} & have.keys()
        return _End(wanted={"tensorflow": "tensorflow"}, again=frozenset({"tensorflow"}), gone=frozenset(family))
    if one.cause in REBUILD:
        return _End(wanted={name: name}, again=frozenset({name}))
    if one.cause == "torch-companion-mismatch" and one.subject and have.get("torch"):
        # The companion follows: torch is what the GPU and the driver decide on, and what the person trains with.
        return _End(wanted={"torch": f"torch=={have['torch']}", _name(one.subject): one.subject})
    if one.cause == "framework-missing":
        # Where there is none at all, the finding names every framework that the profile asks for.
        return _End(wanted={_name(each): each for each in package.split() if _name(each)})
    return _End(wanted={name: package}) if name else _End()


def _families(distributions: Iterable[Distribution]) -> Iterable[tuple[str, list[str]]]:
    """For each CUDA library that is there in several families: the wheel that another package asks for, and the others.

    Left out where none or several are asked for: which one is right cannot be told.
    """
    there = tuple(distributions)
    asked = {_name(need) for one in there for need in one.requires}
    families: dict[str, list[str]] = {}
    for one in there:
        if found := re.fullmatch(r"(nvidia-[a-z-]+?)-cu\d+", one.name):
            families.setdefault(found[1], []).append(one.name)
    for names in families.values():
        kept = [name for name in names if name in asked]
        if len(names) > 1 and len(kept) == 1:
            yield kept[0], [name for name in names if name != kept[0]]


def _is_by_choice(finding: Finding) -> bool:
    """A framework that is only noted as absent is one that the profile can do without: nobody asked for it."""
    return finding.cause == "framework-missing" and finding.severity is Severity.NOTE


def _name(package: str) -> str:
    """The normalised name in a requirement; empty for what is none, such as the folder of a leftover."""
    try:
        return normalise(requirement(package).name)
    except DlcheckError:
        return ""


def fix_plan(
    findings: Iterable[Finding],
    facts: Facts,
    environ: Mapping[str, str],
    *,
    offline: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> Prepared | None:
    """The plan that ends the environment causes among the findings, for ``install.install`` to carry out; else None.

    ``DlcheckError`` where the checked Python is no environment of its own (it is never touched), ``Unresolved`` where no
    versions go together. An environment that dlcheck made is built anew and swapped; another is repaired in place.
    """
    options = options_for(findings, facts)
    if options is None:
        return None
    python = or_none(facts.python)
    if python is None or python.environment is None or not python.prefix:
        raise DlcheckError(
            "this Python is outside any virtual environment, and dlcheck changes nothing there",
            "dlcheck install --venv .venv makes an environment of its own.",
        )
    manifest = look(python.prefix).manifest
    if manifest is not None:
        options = replace(options, in_place=False, uninstall=(), python=None)
        options = replace(options, requirements=_as_wished(options, manifest.requirements))
    elif not options.requirements:
        # Leftovers alone: there is nothing to resolve, but the folder is walked and swept by the same steps.
        options = replace(options, requirements=_first_whole(python.prefix))
    made = prepare(replace(options, offline=offline), environ, say)
    return None if made.plan.mode == "nothing" else made


def _as_wished(options: Options, before: tuple[str, ...]) -> tuple[str, ...]:
    """What an environment of ours is built anew from: the wishes that it was made of, and versions that a cause asks for.

    What is only to be installed again comes with those wishes. Nothing that a profile would ask for is added.
    """
    have = {_name(one) for one in before}
    new = tuple(
        one
        for one in options.requirements
        if _name(one) not in options.reinstall or (_name(one) == one and one not in have)
    )
    return (*(one for one in before if _name(one) not in {_name(other) for other in new}), *new)


def _first_whole(prefix: str) -> tuple[str, ...]:
    """One installed distribution at its version: the least request that a cleaning in place can be asked with."""
    there = look(prefix).distributions
    site = staging.site_packages(prefix)
    if not there:
        raise DlcheckError(f"{site} holds no distribution", "dlcheck install makes an environment.")
    name, version = there[0]
    return (f"{name}=={version}",)
