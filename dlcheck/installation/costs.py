"""What a lock costs on this machine: what is to be fetched, what the disks need, which steps lead there."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import replace

from dlcheck.installation import builds
from dlcheck.installation.prepared import Prepared
from dlcheck.installers import lock, pip, speed, staging, uv
from dlcheck.installers.at_once import AtOnce
from dlcheck.installers.fetch import Client
from dlcheck.installers.lock import LockedWheel
from dlcheck.installers.places import Places
from dlcheck.model.codec import encode
from dlcheck.model.plan import Artifact, DiskNeed, Plan, Step
from dlcheck.model.redact import mask_secrets

GENERIC_FACTOR, NVIDIA_FACTOR = 4.1, 1.6
"""Unpacked size by size of the wheel: 660 MB of CPU wheels become 2.6 GiB, 2.2 GB of NVIDIA's 3.3 GB (measured 2026-11)."""


def sized(base: Prepared, wheels: tuple[LockedWheel, ...], client: Client | None, places: Places) -> Prepared:
    """The plan with every wheel, its size, what is here already, and what the disks need."""
    wheels = tuple(_with_size_here(one, places) for one in wheels)
    unknown = [one for one in wheels if one.size is None and lock.path_of(one.address) is None]
    sizes: dict[str, int | None] = {}
    if client is not None and unknown:
        addresses = [one.address for one in unknown]
        sizes = dict(zip(addresses, AtOnce(client.size, addresses).answers(), strict=True))
    wheels = tuple(replace(one, size=one.size if one.size is not None else sizes.get(one.address)) for one in wheels)
    artifacts = tuple(_artifact(one, base, places) for one in wheels)
    have = dict(base.target.distributions) if base.target.manifest else {}
    new = {one.name: one.version for one in wheels}
    plan = replace(
        base.plan,
        artifacts=artifacts,
        remove=tuple(f"{name}=={version}" for name, version in sorted(have.items()) if new.get(name) != version),
        keep=sum(new.get(name) == version for name, version in have.items()),
        download_bytes=sum(one.size or 0 for one in artifacts if not one.here),
        here_bytes=sum(one.size or 0 for one in artifacts if one.here),
        environment_bytes=sum(one.unpacked for one in artifacts),
    )
    plan = replace(plan, disks=_disks(plan, places), steps=_steps(plan, base))
    digest = hashlib.sha256(json.dumps(encode(replace(plan, disks=())), sort_keys=True).encode()).hexdigest()
    rates = speed.known(places.state)
    source = speed.source_of(one for one in wheels if not places.has(one.sha256, one.filename))
    return replace(base, plan=replace(plan, id=digest[:16], bytes_per_second=rates.get(source or "")), wheels=wheels)


def _with_size_here(one: LockedWheel, places: Places) -> LockedWheel:
    """The size of a wheel that lies here already: nobody need be asked for it."""
    if one.size is not None or not places.has(one.sha256, one.filename):
        return one
    return replace(one, size=os.path.getsize(places.wheel(one.sha256, one.filename)))


def _artifact(one: LockedWheel, base: Prepared, places: Places) -> Artifact:
    factor = NVIDIA_FACTOR if one.name.startswith("nvidia-") else GENERIC_FACTOR
    local = lock.path_of(one.address)
    return Artifact(
        name=one.name,
        version=one.version,
        filename=one.filename,
        url=mask_secrets(one.address),
        source=_source_words(one, base),
        size=one.size,
        sha256=one.sha256,
        here=local is not None or places.has(one.sha256, one.filename),
        unpacked=int((one.size or 0) * factor),
    )


def _source_words(one: LockedWheel, base: Prepared) -> str:
    """Where a wheel comes from, in a person's words."""
    if one.address.startswith(builds.table().torch_index):
        return "PyTorch's index"
    path = lock.path_of(one.address)
    for source in base.sources.sources:
        folder = lock.path_of(source.address) if source.is_local else None
        if path and folder and os.path.abspath(path).startswith(os.path.abspath(os.path.expanduser(folder))):
            return "find-links" if source.role == "find-links" else "your index"
    configured = any(source.origin != "default of pip" and not source.is_local for source in base.sources.sources)
    return "local file" if path else "your index" if configured else "package index"


def _disks(plan: Plan, places: Places) -> tuple[DiskNeed, ...]:
    """Peak need by file system: wheels on their way, and the environment beside the one that it replaces."""
    parent = os.path.dirname(plan.venv)
    return places.needs(parent, download=plan.download_bytes, environment=plan.environment_bytes)


def _steps(plan: Plan, base: Prepared) -> tuple[Step, ...]:
    """What will be done, in order; where another program does it, its argument list."""
    options = base.options
    names = tuple(f"{one.name}=={one.version}" for one in plan.artifacts)
    missing = tuple(f"{one.name}=={one.version}" for one in plan.artifacts if not one.here)
    walk = Step(id="walk", why="every file against RECORD: neither uv nor pip sees a package in pieces")
    steps = [
        Step(
            id="fetch",
            why="every wheel, held against its hash; an interrupted download goes on where it ended",
            packages=missing,
            download_bytes=plan.download_bytes,
        )
    ]
    if options.bundle:
        return (*steps, Step(id="bundle", why=f"wheels and lock into {options.bundle}", packages=names))
    if plan.mode == "in-place":
        return (*steps, Step(id="install", why="into the environment as it is", packages=names), walk)
    stage, name = staging.stage_of(plan.venv), os.path.basename(plan.venv)
    make, fill = (
        pip.venv_argv(plan.python, stage, name),
        pip.install_argv(plan.python, staging.python_of(stage), "lock"),
    )
    if base.uv:
        make, fill = (
            uv.venv_argv(base.uv, plan.python, stage, name),
            uv.sync_argv(base.uv, stage, "pylock.toml", "hardlink"),
        )
    steps.append(Step(id="stage", why="an empty environment beside the target", argv=make))
    steps.append(Step(id="link", why="the wheels into it", argv=fill, packages=names))
    steps.append(walk)
    if options.smoke:
        steps.append(Step(id="smoke", why="each framework trains before the environment takes its place"))
    steps.append(Step(id="swap", why=f"takes the place {plan.venv} in one move"))
    if options.kernel:
        steps.append(Step(id="kernel", why=f"Jupyter kernel {options.kernel}"))
    return tuple(steps)
