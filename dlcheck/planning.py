"""Facts and wishes to a plan, nothing of the target touched. The plan that --dry-run shows is the one carried out."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace

from dlcheck import builds, machine, refusals, selection, wishes
from dlcheck.costs import sized
from dlcheck.host import environments, package_sources, pythons, record
from dlcheck.installers import journal, lock, offer, pip, staging, uv
from dlcheck.installers.fetch import Client
from dlcheck.installers.lock import LockedWheel
from dlcheck.installers.places import Places
from dlcheck.installers.surroundings import surroundings
from dlcheck.look import look_for_builds
from dlcheck.model.environment import Environment
from dlcheck.model.errors import DlcheckError
from dlcheck.model.plan import Machine, Options, Plan, Request, Selection
from dlcheck.model.redact import mask_secrets
from dlcheck.model.sources import PackageSources
from dlcheck.prepared import Prepared, Unresolved

DEFAULT_REQUIREMENTS = ("tensorflow", "keras", "torch")
"""What the profile learn asks for."""


def prepare(options: Options, environ: Mapping[str, str], say: Callable[[str], None] = lambda _: None) -> Prepared:
    """Look, choose, resolve: the plan for the options, nothing of the target touched.

    ``say`` is told what is being done. ``DlcheckError`` for a wrong use; what cannot be had is in the plan's selection.
    """
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
    sources = _sources(options, environ, target)
    env = surroundings(environ, sources)
    client = None if options.offline else Client(env, insecure_hosts=sources.trusted_hosts)
    tool = _uv(options, environ)
    base = Prepared(
        plan=Plan(
            id="",
            python=python,
            venv=target.folder,
            installer="uv" if tool else "pip",
            accelerator="",
            reason="",
            mode=_mode(options, target),
            requirements=requirements,
            sources=tuple(f"{one.role} {one.url} ({one.origin})" for one in sources.sources),
        ),
        options=options,
        target=target,
        machine=here,
        sources=sources,
        uv=tool,
        python=here.python,
    )
    say("asking the package sources")
    base = _with_selection(base, _select(base, client, environ))
    if base.plan.selection and base.plan.selection.refusals:
        return base
    say("resolving versions")
    wheels, text = _resolve(base, env)
    base = replace(base, lock_text=text)
    say("asking for sizes")
    return sized(base, wheels, client, Places.of(environ))


def _mode(options: Options, target: Environment) -> str:
    if options.in_place and target.state in ("foreign", "conda"):
        return "in-place"
    return "replace" if target.manifest else "create"


def _with_selection(base: Prepared, chosen: Selection) -> Prepared:
    extra = base.sources.of("extra-index") if base.uv is None else ()
    left = tuple(
        f"pip is not given {one.url}: it would take names from any index. uv keeps them apart." for one in extra
    )
    warnings = chosen.warnings + left + tuple(f"not read: {one}" for one in base.sources.unreadable)
    plan = replace(base.plan, selection=chosen, accelerator=chosen.accelerator, reason=chosen.reason, warnings=warnings)
    return replace(base, plan=plan)


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


def _sources(options: Options, environ: Mapping[str, str], target: Environment) -> PackageSources:
    """The configured sources with those of the command line before them."""
    found = package_sources.package_sources(environ, prefix=target.folder)
    return package_sources.with_options(
        found, find_links=options.find_links, index_url=options.index_url, folder=os.getcwd()
    )


def _select(base: Prepared, client: Client | None, environ: Mapping[str, str]) -> Selection:
    options, here, requirements = base.options, base.machine, base.plan.requirements
    if options.frozen:
        return Selection(accelerator=options.accelerator, reason=f"exactly what {options.lock} names")
    known = builds.table()
    request = Request(requirements=requirements, accelerator=options.accelerator)
    wanted, others = wishes.wishes_of(requirements)
    needs_torch = "torch" in wanted or any(one.startswith(wishes.COMPANIONS) for one in others)
    # What is out of the question on this interpreter is refused before anything is asked of the network.
    chosen = selection.select(here, request, known)
    if not chosen.refusals and needs_torch and here.platform != "macos_arm64":
        tags = lock.tags(here.python, free_threaded=here.free_threaded)
        chosen = selection.select(here, request, known, offer.look(base.sources, tags, client, known.torch_index))
    if chosen.refusals:
        chosen = refusals.with_interpreters(chosen, pythons.installed(environ))
    return chosen


def _preferred(base: Prepared) -> tuple[tuple[str, str], ...]:
    """Versions that are there already stay, but for those that a lock cannot name (an unreadable version, a local folder)."""
    return tuple(
        (name, version) for name, version in base.target.distributions if version and name not in base.target.by_hand
    )


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


def _uv(options: Options, environ: Mapping[str, str]) -> str | None:
    if options.installer == "pip":
        return None
    found = uv.find(environ)
    if found is None and options.installer == "uv":
        raise DlcheckError("uv is not here", "Install it (python -m pip install uv), or use --installer pip.")
    return found


def _resolve(base: Prepared, env: dict[str, str]) -> tuple[tuple[LockedWheel, ...], str]:
    """The wheels of the lock that --frozen names, or of one that is resolved now, and its text."""
    chosen = base.plan.selection or Selection(accelerator="", reason="")
    options = base.options
    if options.frozen:
        if not options.lock:
            raise DlcheckError("--frozen needs --lock FILE", "It installs exactly what a lock names.")
        return lock.read(options.lock, base.python, free_threaded=base.machine.free_threaded), ""
    real = {one.url: one.address for one in base.sources.sources}
    folder = tempfile.mkdtemp(prefix="dlcheck-plan-")
    try:
        question = uv.Question(
            python=base.plan.python,
            requirements=chosen.requirements,
            builds=tuple(
                replace(one, index=real.get(one.index, one.index) if one.index else None) for one in chosen.builds
            ),
            sources=base.sources,
            folder=folder,
            lock=os.path.join(folder, "pylock.toml"),
            preferred=_preferred(base),
            offline=options.offline,
        )
        if base.uv is None:
            done, wheels = pip.resolve(question, env)
        else:
            done = uv.resolve(base.uv, question, env)
        if done.code != 0:
            raise Unresolved(base.plan, mask_secrets(done.errors or done.output or done.failure or "uv gave no reason"))
        if base.uv is None:
            return lock.with_credentials(wheels, base.sources), lock.as_text(wheels, base.python)
        wheels = lock.read(question.lock, base.python, free_threaded=base.machine.free_threaded)
        with open(question.lock, encoding="utf-8") as stream:
            return lock.with_credentials(wheels, base.sources), mask_secrets(stream.read())
    finally:
        shutil.rmtree(folder, ignore_errors=True)
