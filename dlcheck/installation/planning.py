"""Facts and wishes to a plan, nothing of the target touched. The plan that --dry-run shows is the one carried out."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from dlcheck import machine
from dlcheck.host import environments, record
from dlcheck.installation.prepared import Prepared, Unresolved, steps_besides
from dlcheck.installers import hashed, journal, staging
from dlcheck.installers.at_once import AtOnce
from dlcheck.installers.places import RIGHTS, Places, unwritable
from dlcheck.look import look_for_builds
from dlcheck.model.environment import MANIFEST, Environment, Manifest
from dlcheck.model.errors import DlcheckError
from dlcheck.model.plan import Failure, Machine, Options, Plan

if TYPE_CHECKING:
    from dlcheck.installation.resolving import Ahead
    from dlcheck.installers.lock import LockedWheel

_ACCELERATOR = re.compile(r"auto|cpu|xpu|mps|cu\d{2,3}|cuda(?:\d{2,3})?|rocm\d+\.\d+")


def prepare(options: Options, environ: Mapping[str, str], say: Callable[[str], None] = lambda _: None) -> Prepared:
    """Look, choose, resolve: the plan for the options, nothing of the target touched.

    ``say`` is told what is being done. ``DlcheckError`` for a wrong use, ``Unresolved`` where no plan can be made; what
    cannot be had is in the plan's selection.
    """
    if not _ACCELERATOR.fullmatch(options.accelerator):
        raise DlcheckError(
            f"--accelerator {options.accelerator}: there is no such accelerator",
            "There are: auto, cpu, xpu, mps, a CUDA such as cu130, a ROCm such as rocm7.2.",
        )
    target = environments.look(_recovered(options.venv or environ.get("VIRTUAL_ENV") or ".venv", environ))
    _refuse_target(target, options)
    asked = _asked(target, options)
    before = (*target.manifest.requirements, *_added_by_hand(target)) if target.manifest else ()
    requirements = _merged(before, asked)
    say("looking at this machine")
    begun = None
    if target.manifest is None or not _satisfied(dict(target.distributions), target.manifest, requirements):
        # There will be something to do: it is begun while the interpreter and the driver are asked. An environment of
        # another maker is no exception: what it should hold is not known before the versions are resolved.
        begun = AtOnce(lambda _: _begun(options, environ, target, requirements), (None,))
    try:
        python, facts = look_for_builds(options.python or target.base or _own_python(), environ)
    except BaseException:
        # Python cannot end while modules are still read: some register what is to be done at its end. What ended this
        # is told, not what the other one then says.
        if begun:
            with contextlib.suppress(Exception):
                begun.answers()
        raise
    ahead = begun.answers()[0] if begun else None
    here = machine.machine_of(facts)
    if options.assume:
        here = machine.assume(here, options.assume)
    places = Places.of(environ)
    nothing = _nothing_to_do(target, options, requirements, here, places)
    if nothing and not options.wants_lock:
        return nothing
    # What comes now needs the network, HTTP and the table: a run with nothing to do loads none of it.
    from dlcheck.installation.resolving import resolved

    ahead = ahead or _begun(options, environ, target, requirements)
    started = Plan(
        id="", python=python, venv=target.folder, installer="", accelerator="", reason="", mode=_mode(options, target),
        requirements=requirements,
    )  # fmt: skip
    _refuse_read_only(started, places, options)
    base = Prepared(plan=started, options=options, target=target, machine=here, python=here.python)
    made = resolved(base, environ, say, ahead)
    # A lock is of the environment as it stands, where the same wheels come of its wishes again.
    return replace(made, plan=nothing.plan) if nothing and _is_made_of(target.manifest, made.wheels) else made


def _begun(options: Options, environ: Mapping[str, str], target: Environment, requirements: tuple[str, ...]) -> Ahead:
    from dlcheck.installation import resolving

    return resolving.begin(options, environ, target, requirements)


def _refuse_read_only(made: Plan, places: Places, options: Options) -> None:
    """Places that cannot be written to are told before versions are resolved: what was begun ahead has fetched nothing."""
    target = made.venv if made.mode == "in-place" else os.path.dirname(made.venv)
    for path in (options.bundle or target, places.cache, places.state):
        if why := unwritable(path):
            raise Unresolved(made, Failure(step="rights", message=why, hint=RIGHTS))


def _mode(options: Options, target: Environment) -> str:
    if options.in_place and target.state in ("foreign", "conda"):
        return "in-place"
    return "replace" if target.manifest else "create"


def _recovered(venv: str, environ: Mapping[str, str]) -> str:
    """The target's folder, after bringing back what a run that was killed between two renames has left beside it."""
    folder = os.path.abspath(os.path.expanduser(venv))
    if not os.path.lexists(folder) and os.path.isdir(staging.old_of(folder)):
        with journal.held(Places.of(environ).target(folder), lambda _: None):
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


def _asked(target: Environment, options: Options) -> tuple[str, ...]:
    """What is asked for now: the names that were given, else what the profile asks for and the environment lacks."""
    kernel = ("ipykernel",) if options.kernel else ()
    if options.requirements or options.frozen or (kernel and target.manifest):
        return (*options.requirements, *kernel)
    from dlcheck import profiles

    profile = profiles.load(options.profile, "pyproject.toml")
    every = {f"{one.name}{one.versions}": one for one in profile.frameworks}
    if not every and not target.manifest:
        raise DlcheckError(
            f"the profile {profile.name} asks for no framework by name", "Say which: dlcheck install torch"
        )
    have = dict(target.distributions)
    missing = tuple(text for text, one in every.items() if not _fits(have, record.normalise(one.name), text))
    return (*(missing or (() if target.manifest else every)), *kernel)


def _fits(have: Mapping[str, str], name: str, text: str) -> bool:
    """Whether what is installed satisfies a requirement; TensorFlow goes by either of its two names."""
    version = have.get(name) or (have.get("tensorflow-cpu") if name == "tensorflow" else None)
    if version is None or text == name:
        return version is not None
    from dlcheck.installation import wishes

    return wishes.requirement(text).specifier.contains(version, prereleases=True)


def _merged(before: tuple[str, ...], asked: tuple[str, ...]) -> tuple[str, ...]:
    """Earlier wishes and new ones; a new wish for a name replaces the earlier one."""
    if set(asked) <= set(before):
        return before
    # packaging takes 30 ms to load, which a run with nothing to do saves.
    from dlcheck.installation import wishes

    names = {record.normalise(wishes.requirement(one).name) for one in asked}
    kept = tuple(one for one in before if record.normalise(wishes.requirement(one).name) not in names)
    return kept + tuple(dict.fromkeys(asked))


def _nothing_to_do(
    target: Environment, options: Options, requirements: tuple[str, ...], here: Machine, places: Places
) -> Prepared | None:
    """What is prepared where the environment is as it should be; None where there is something to do."""
    if target.manifest is None or not _is_as_asked(target, options, requirements, here, places):
        return None
    plan = Plan(
        id="", python=target.python or "", venv=target.folder, installer=_installer(target), mode="nothing",
        accelerator=target.manifest.accelerator, requirements=requirements, keep=len(target.distributions),
        reason=f"exactly what {options.lock} names" if options.frozen else "everything asked for is there and whole",
        steps=steps_besides(options),
    )  # fmt: skip
    return Prepared(plan=plan, options=options, target=target, machine=here, python=here.python)


def _is_as_asked(
    target: Environment, options: Options, requirements: tuple[str, ...], here: Machine, places: Places
) -> bool:
    """Whether the environment is ours, chosen for this machine, holds all that is wanted, and is whole by its RECORDs."""
    manifest = target.manifest
    if manifest is None or target.damage or options.bundle or not target.site_packages:
        return False
    if options.frozen and not _is_as_locked(manifest, options, here):
        return False
    if manifest.asked != options.accelerator or manifest.machine != machine.digest(here):
        return False
    have = dict(target.distributions)
    if any(have.get(name) != version for name, version in manifest.distributions.items()):
        return False
    return _satisfied(have, manifest, requirements) and _is_whole(target, manifest, places)


def _is_as_locked(manifest: Manifest, options: Options, here: Machine) -> bool:
    """Whether the environment was made of the very wheels that the lock names."""
    from dlcheck.installers import lock

    if not options.lock:
        return False
    wheels = lock.read(options.lock, here.python, free_threaded=here.free_threaded)
    return _is_made_of(manifest, wheels)


def _is_made_of(manifest: Manifest | None, wheels: Iterable[LockedWheel]) -> bool:
    return manifest is not None and manifest.wheels == {one.name: one.sha256 for one in wheels}


def _satisfied(have: Mapping[str, str], manifest: Manifest, requirements: tuple[str, ...]) -> bool:
    """Whether the installed versions are such as are asked for.

    The manifest's versions were resolved from the manifest's wishes: the same versions satisfy the same wishes.
    """
    if requirements == manifest.requirements:
        return True
    from dlcheck.installation import wishes

    return all(_fits(have, record.normalise(wishes.requirement(one).name), one) for one in requirements)


def _is_whole(target: Environment, manifest: Manifest, places: Places) -> bool:
    """Every file is there and is what its RECORD says.

    Where each RECORD is the one that was proved, and no file was written to since, none is hashed again.
    """
    site_packages = target.site_packages or ""
    if manifest.records and manifest.records == record.digests(site_packages):
        written = os.stat(os.path.join(target.folder, MANIFEST)).st_mtime_ns
        if record.has_all(site_packages, since=written):
            return True
    return record.walk(site_packages, deep=True, proved=hashed.known(places.state)).is_whole


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
