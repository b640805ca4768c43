"""Facts and wishes to a plan, nothing of the target touched. The plan that --dry-run shows is the one carried out."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping

from dlcheck import machine, wishes
from dlcheck.host import environments, record
from dlcheck.installers import journal, staging
from dlcheck.installers.places import Places
from dlcheck.look import look_for_builds
from dlcheck.model.environment import Environment
from dlcheck.model.errors import DlcheckError
from dlcheck.model.plan import Machine, Options, Plan
from dlcheck.prepared import Prepared

DEFAULT_REQUIREMENTS = ("tensorflow", "keras", "torch")
"""What the profile learn asks for."""

_ACCELERATOR = re.compile(r"auto|cpu|xpu|mps|cu\d{2,3}|cuda(?:\d{2,3})?|rocm\d+\.\d+")


def prepare(options: Options, environ: Mapping[str, str], say: Callable[[str], None] = lambda _: None) -> Prepared:
    """Look, choose, resolve: the plan for the options, nothing of the target touched.

    ``say`` is told what is being done. ``DlcheckError`` for a wrong use; what cannot be had is in the plan's selection.
    """
    if not _ACCELERATOR.fullmatch(options.accelerator):
        raise DlcheckError(
            f"--accelerator {options.accelerator}: there is no such accelerator",
            "There are: auto, cpu, xpu, mps, a CUDA such as cu130, a ROCm such as rocm7.2.",
        )
    target = environments.look(_recovered(options.venv or environ.get("VIRTUAL_ENV") or ".venv", environ))
    _refuse_target(target, options)
    asked = (*options.requirements, *(("ipykernel",) if options.kernel else ())) or (
        () if options.frozen else _still(target, DEFAULT_REQUIREMENTS)
    )
    for one in asked:
        wishes.requirement(one)
    before = (*target.manifest.requirements, *_added_by_hand(target)) if target.manifest else ()
    requirements = _merged(before, asked)
    say("looking at this machine")
    python, facts = look_for_builds(options.python or target.base or _own_python(), environ)
    here = machine.machine_of(facts)
    if options.assume:
        here = machine.assume(here, options.assume)
    if _has_nothing_to_do(target, options, requirements, here):
        plan = Plan(
            id="", python=target.python or python, venv=target.folder, installer=_installer(target), mode="nothing",
            accelerator=target.manifest.accelerator if target.manifest else "", reason="everything asked for is there and whole",
            requirements=requirements, keep=len(target.distributions),
        )  # fmt: skip
        return Prepared(plan=plan, options=options, target=target, machine=here, python=here.python)
    # What comes now needs the network, HTTP and the table: a run with nothing to do loads none of it.
    from dlcheck.resolving import resolved

    started = Plan(
        id="", python=python, venv=target.folder, installer="", accelerator="", reason="", mode=_mode(options, target),
        requirements=requirements,
    )  # fmt: skip
    base = Prepared(plan=started, options=options, target=target, machine=here, python=here.python)
    return resolved(base, environ, say)


def _mode(options: Options, target: Environment) -> str:
    if options.in_place and target.state in ("foreign", "conda"):
        return "in-place"
    return "replace" if target.manifest else "create"


def _recovered(venv: str, environ: Mapping[str, str]) -> str:
    """The target's folder, after bringing back what a run that was killed between two renames has left beside it."""
    folder = os.path.abspath(os.path.expanduser(venv))
    if not os.path.lexists(folder) and os.path.isdir(staging.old_of(folder)):
        with journal.held(Places.of(environ).target(folder), lambda: None):
            staging.recover(folder)
    return folder


def _own_python() -> str:
    """The interpreter that dlcheck itself stands on, not the environment around dlcheck."""
    return str(getattr(sys, "_base_executable", None) or sys.executable)


def _installer(target: Environment) -> str:
    return target.manifest.installer if target.manifest else "uv"


def _refuse_target(target: Environment, options: Options) -> None:
    """Targets that are no virtual environments, and those of other makers, are left alone."""
    if target.state == "other":
        raise DlcheckError(
            f"{target.folder} is there and is no virtual environment",
            "Name a folder that does not exist yet: dlcheck install --venv DIR",
        )
    if target.state in ("foreign", "conda") and not options.in_place:
        maker = "conda" if target.state == "conda" else "another tool"
        raise DlcheckError(
            f"{target.folder} was made by {maker}; dlcheck replaces only environments that it made itself",
            "--in-place installs into it as it is; --venv DIR makes a new one.",
        )


def _still(target: Environment, names: tuple[str, ...]) -> tuple[str, ...]:
    """Of the profile's frameworks, those that a request without names asks for."""
    have = {name for name, _ in target.distributions}
    missing = tuple(one for one in names if one not in have and f"{one}-cpu" not in have)
    return missing or (() if target.manifest else names)


def _merged(before: tuple[str, ...], asked: tuple[str, ...]) -> tuple[str, ...]:
    """Earlier wishes and new ones; a new wish for a name replaces the earlier one."""
    names = {record.normalise(wishes.requirement(one).name) for one in asked}
    kept = tuple(one for one in before if record.normalise(wishes.requirement(one).name) not in names)
    return kept + tuple(dict.fromkeys(asked))


def _has_nothing_to_do(target: Environment, options: Options, requirements: tuple[str, ...], here: Machine) -> bool:
    """Whether the environment is ours, chosen for this machine, holds all that is wanted, and is whole by its RECORDs."""
    manifest = target.manifest
    if manifest is None or target.damage or options.frozen or options.bundle or not target.site_packages:
        return False
    if manifest.asked != options.accelerator or manifest.machine != machine.digest(here):
        return False
    have = dict(target.distributions)
    for one in requirements:
        wanted = wishes.requirement(one)
        name = record.normalise(wanted.name)
        version = have.get(name) or (have.get("tensorflow-cpu") if name == "tensorflow" else None)
        if version is None or not wanted.specifier.contains(version, prereleases=True):
            return False
    if any(have.get(name) != version for name, version in manifest.distributions.items()):
        return False
    return record.walk(target.site_packages).is_whole


def _added_by_hand(target: Environment) -> tuple[str, ...]:
    """What somebody installed into an environment of ours beside dlcheck: it is carried over into the next one."""
    manifest = target.manifest
    if manifest is None:
        return ()
    if target.by_hand:
        raise DlcheckError(
            f"{', '.join(target.by_hand)} in {target.folder} came from a folder or an address, which no new environment can have",
            "Make another environment with --venv DIR, or uninstall it first.",
        )
    return tuple(one for one in target.requested if one not in manifest.distributions)
