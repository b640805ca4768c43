"""The second half of a plan: sources asked, builds chosen, versions resolved, sizes known."""

from __future__ import annotations

import importlib
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from dlcheck.host import package_sources, pythons, temporary
from dlcheck.host.process import Done
from dlcheck.installation import builds, in_place, own_table, refusals, selection, wishes
from dlcheck.installation.costs import sized
from dlcheck.installation.network import network_hint
from dlcheck.installation.prepared import Prepared, Unresolved, steps_besides
from dlcheck.installers import lock, offer, pip, uv
from dlcheck.installers.fetch import Client, SourceError
from dlcheck.installers.inside_wheel import RemoteFile, text_in
from dlcheck.installers.lock import LockedWheel
from dlcheck.installers.places import Places
from dlcheck.installers.surroundings import surroundings
from dlcheck.model.environment import Environment
from dlcheck.model.errors import DlcheckError
from dlcheck.model.plan import Failure, Options, Request, Selection
from dlcheck.model.redact import mask_secrets
from dlcheck.model.sources import PackageSources

OTHER_VERSIONS = "Give fewer or other versions, or --index-url of an index that has them."


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """What needs no facts of the machine, and is begun while those are gathered."""

    sources: PackageSources
    uv: str | None
    env: dict[str, str]
    client: Client | None
    offer: offer.Begun | None
    """None where PyTorch is not asked for."""


def begin(options: Options, environ: Mapping[str, str], target: Environment, requirements: tuple[str, ...]) -> Ahead:
    """Read the settings of pip and uv, and begin to ask the sources what they hold of PyTorch."""
    sources = _sources(options, environ, target)
    env = surroundings(environ, sources)
    client = None if options.offline else Client(env, insecure_hosts=sources.trusted_hosts)
    asked = None
    if not options.frozen and _needs_torch(requirements):
        asked = offer.begin(sources, client, builds.table().torch_index)
    return Ahead(sources=sources, uv=_uv(options, environ), env=env, client=client, offer=asked)


def _needs_torch(requirements: tuple[str, ...]) -> bool:
    return "torch" in wishes.wishes_of(requirements)[0] or bool(_companions(requirements))


def resolved(base: Prepared, environ: Mapping[str, str], say: Callable[[str], None], ahead: Ahead) -> Prepared:
    """The whole plan, or one whose selection holds refusals; ``Unresolved`` where no versions go together."""
    sources, tool, client = ahead.sources, ahead.uv, ahead.client
    lines = tuple(f"{one.role} {one.url} ({one.origin})" for one in sources.sources)
    plan = replace(base.plan, installer="uv" if tool else "pip", sources=lines)
    base = replace(base, plan=plan, sources=sources, uv=tool)
    say("asking the package sources")
    base = _with_selection(base, _select(base, ahead.offer, environ))
    if base.plan.selection and base.plan.selection.refusals:
        return base
    say("resolving versions")
    wheels, text = _resolve(base, ahead.env, client)
    base = _as_resolved(base, wheels)
    say("asking for sizes")
    places = Places.of(environ)
    made = sized(replace(base, lock_text=text), wheels, client, places)
    if made.plan.mode == "in-place" and in_place.has_nothing_to_do(made, places.state):
        return replace(made, plan=replace(made.plan, mode="nothing", steps=steps_besides(made.options)))
    if absent := [f"{one.name} {one.version}" for one in made.plan.artifacts if base.options.offline and not one.here]:
        what = ", ".join(absent[:3]) + (f" and {len(absent) - 3} more" if len(absent) > 3 else "")
        message = f"not here, and nothing may be contacted (--offline): {what}"
        raise Unresolved(made.plan, Failure(step="fetch", message=message, hint=network_hint("offline", sources)))
    if why := own_table.disagreement(made, lambda wheel, name: _ahead(client, wheel, name), newer_only=True):
        raise Unresolved(made.plan, Failure(step="resolve", message=why, hint=OTHER_VERSIONS))
    return made


def _as_resolved(base: Prepared, wheels: tuple[LockedWheel, ...]) -> Prepared:
    """The chosen builds in the versions that came of it: an older one, where the newest does not go with the others."""
    chosen = base.plan.selection
    got = {one.name: one.version.partition("+")[0] for one in wheels}
    if chosen is None or all(got.get(one.framework, one.version) == one.version for one in chosen.builds):
        return base
    older = tuple(
        f"{one.framework} {got[one.framework]}, not {one.version}: the newest that goes with the other packages."
        for one in chosen.builds
        if one.version and got.get(one.framework, one.version) != one.version
    )
    made = tuple(replace(one, version=got.get(one.framework, one.version)) for one in chosen.builds)
    return _with_selection(base, replace(chosen, builds=made, warnings=chosen.warnings + older))


def _ahead(client: Client | None, wheel: LockedWheel, name: str) -> str | None:
    """A file in a wheel that is not fetched yet; None where it cannot be read by ranges."""
    path = lock.path_of(wheel.address)
    if path is not None or client is None:
        return text_in(path, name) if path else None
    try:
        return text_in(RemoteFile(client, wheel.address), name)
    except SourceError:
        return None


def _with_selection(base: Prepared, chosen: Selection) -> Prepared:
    warnings = chosen.warnings + tuple(f"not read: {one}" for one in base.sources.unreadable)
    plan = replace(base.plan, selection=chosen, accelerator=chosen.accelerator, reason=chosen.reason, warnings=warnings)
    return replace(base, plan=plan)


def _sources(options: Options, environ: Mapping[str, str], target: Environment) -> PackageSources:
    """The configured sources with those of the command line before them."""
    found = package_sources.package_sources(environ, prefix=target.folder)
    return package_sources.with_options(
        found, find_links=options.find_links, index_url=options.index_url, folder=os.getcwd()
    )


def _select(base: Prepared, begun: offer.Begun | None, environ: Mapping[str, str]) -> Selection:
    options, here, torch = base.options, base.machine, _torch_beside(base)
    if options.frozen:
        return Selection(accelerator=options.accelerator, reason=f"exactly what {options.lock} names")
    known = builds.table()
    requirements = (*base.plan.requirements, *((torch,) if torch else ()))
    request = Request(requirements=requirements, accelerator=options.accelerator)
    # What is out of the question on this interpreter is refused without waiting for the network.
    chosen = selection.select(here, request, known)
    if not chosen.refusals and begun is not None and here.platform != "macos_arm64":
        tags = lock.tags(here.python, free_threaded=here.free_threaded)
        chosen = selection.select(here, request, known, offer.look(begun, tags))
    if torch:
        chosen = refusals.as_typed(chosen, torch, _companions(base.plan.requirements), options.accelerator)
    if chosen.refusals:
        chosen = refusals.with_interpreters(chosen, pythons.installed(environ))
    return chosen


def _torch_beside(base: Prepared) -> str | None:
    """The torch that stays: where a companion alone goes into an environment as it is, the one that is there.

    In its build, unless another accelerator is asked for. An environment of ours is made anew of its wishes instead.
    """
    asked = base.plan.requirements
    torch = dict(base.target.distributions).get("torch")
    if base.plan.mode != "in-place" or not torch or "torch" in wishes.wishes_of(asked)[0] or not _companions(asked):
        return None
    return f"torch=={torch if base.options.accelerator == 'auto' else torch.partition('+')[0]}"


def _companions(requirements: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(one for one in wishes.wishes_of(requirements)[1] if one.startswith(wishes.COMPANIONS))


def _preferred(base: Prepared) -> tuple[tuple[str, str], ...]:
    """Versions that are there already stay, but for those that a lock cannot name (an unreadable version, a local folder)."""
    return tuple(
        (name, version) for name, version in base.target.distributions if version and name not in base.target.by_hand
    )


def _uv(options: Options, environ: Mapping[str, str]) -> str | None:
    if options.installer == "pip":
        return None
    found = uv.find(environ)
    if found is None and options.installer == "uv":
        raise DlcheckError("uv is not here", "Install it (python -m pip install uv), or use --installer pip.")
    return found


def _why(done: Done, sources: PackageSources) -> Failure:
    """Why there are no versions, and the setting to look at."""
    if done.timed_out:
        return Failure(
            step="resolve", message="the package sources did not answer in time", hint=network_hint("timeout", sources)
        )
    from dlcheck.readers import resolver_answer  # loads all readers: 40 ms, for a failure alone

    answer = resolver_answer.read(done.errors or done.output or done.failure or "")
    hint = network_hint(answer.kind, sources)
    return Failure(step="resolve", message=answer.message, hint=hint or OTHER_VERSIONS)


def _resolve(base: Prepared, env: dict[str, str], client: Client | None) -> tuple[tuple[LockedWheel, ...], str]:
    """The wheels of the lock that --frozen names, or of one that is resolved now, and its text."""
    chosen = base.plan.selection or Selection(accelerator="", reason="")
    options = base.options
    if options.frozen:
        if not options.lock:
            raise DlcheckError("--frozen needs --lock FILE", "It installs exactly what a lock names.")
        return lock.read(options.lock, base.python, free_threaded=base.machine.free_threaded), ""
    real = {one.url: one.address for one in base.sources.sources}
    with temporary.Folder() as folder:
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
        # What carries a plan out is loaded while the resolver works.
        threading.Thread(target=importlib.import_module, args=("dlcheck.installation.carry_out",)).start()
        if base.uv is None:
            done, wheels = pip.resolve(question, env, client)
        else:
            done = uv.resolve(base.uv, question, env)
        if done.code != 0:
            raise Unresolved(base.plan, _why(done, base.sources))
        if base.uv is None:
            return lock.with_credentials(wheels, base.sources), lock.as_text(wheels, base.python)
        wheels = lock.read(question.lock, base.python, free_threaded=base.machine.free_threaded)
        with open(question.lock, encoding="utf-8") as stream:
            return lock.with_credentials(wheels, base.sources), mask_secrets(stream.read())
