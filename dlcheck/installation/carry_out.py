"""Carries a plan out: fetch, stage, walk, train, swap. Every step is journaled; until the swap the target is untouched."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timezone

from dlcheck import machine
from dlcheck.host import environments, files, record
from dlcheck.installation import in_place, own_table, proof
from dlcheck.installation.linking import Filler, link, unpack_again
from dlcheck.installation.network import LOOK, network_hint
from dlcheck.installation.prepared import Failed, Prepared
from dlcheck.installation.work import Reporter, Work, expect
from dlcheck.installers import journal, pip, speed, staging, uv, wheelhouse
from dlcheck.installers.fetch import Client, SourceError
from dlcheck.installers.inside_wheel import text_in
from dlcheck.installers.lock import LockedWheel, local_lock
from dlcheck.installers.places import RIGHTS, Places, unwritable
from dlcheck.installers.surroundings import surroundings
from dlcheck.model.environment import Manifest
from dlcheck.model.fact import or_none
from dlcheck.model.plan import Proof


def carry_out(
    prepared: Prepared, environ: Mapping[str, str], reporter: Reporter
) -> tuple[Proof | None, tuple[str, ...]]:
    """Do what the plan says; what was proved, and the files written besides. ``Failed`` or OSError where it ends early."""
    work = _work(prepared, environ, reporter)
    target, places, state = work.target, work.places, work.places.target(work.target)
    _check_places(work)
    with journal.held(state, lambda words: reporter.step(f"{target}: {words}")) as holding:
        work = replace(work, holding=holding)
        work.notes.start()
        staging.recover(target)
        staging.sweep(target)
        if environments.look(target).manifest != prepared.target.manifest:
            raise Failed("lock", f"{target} was changed by another run meanwhile", "Give the same command again.")
        try:
            paths = _fetch(work)
            wheelhouse.sweep(places)
            if prepared.options.bundle:
                _hold_against_own_tables(prepared, lambda wheel, name: text_in(paths[wheel.sha256], name))
                return None, (*_write_lock(work), *_bundle(work, paths))
            if prepared.plan.mode == "in-place":
                _hold_against_own_tables(prepared, lambda wheel, name: text_in(paths[wheel.sha256], name))
                written = _write_lock(work)
                proved = _into(work, paths)
            else:
                proved = _build(work, paths)
                written = _write_lock(work)
                with work.notes.step("swap"):
                    staging.swap(target)
            work.notes.note("end", "done")
        except BaseException:
            if os.path.isdir(work.stage):
                # Tens of thousands of files take seconds to remove; a second Ctrl-C leaves them to the next run.
                reporter.step("removing what was begun; the target is as it was")
                staging.remove(work.stage)
            raise
        written += _register(work)
        staging.remove(staging.old_of(target))
    return proved, written


def besides(prepared: Prepared, environ: Mapping[str, str], reporter: Reporter) -> tuple[Proof | None, tuple[str, ...]]:
    """The lock and the Jupyter kernel of an environment that is as it should be; ``Failed`` or OSError as above."""
    work = _work(prepared, environ, reporter)
    with journal.held(
        work.places.target(work.target), lambda words: reporter.step(f"{work.target}: {words}")
    ) as holding:
        work = replace(work, holding=holding)
        work.notes.start()
        written = (*_write_lock(work), *_register(work))
        work.notes.note("end", "done")
    return None, written


def _work(prepared: Prepared, environ: Mapping[str, str], reporter: Reporter) -> Work:
    places = Places.of(environ)
    notes = journal.Journal(places.target(prepared.plan.venv), prepared.plan.id)
    return Work(prepared, environ, surroundings(environ, prepared.sources), places, reporter, notes)


def _check_places(work: Work) -> None:
    """Rights, before any work: a parent that cannot be written to, a cache of another user."""
    for path in (os.path.dirname(work.target), work.places.cache, work.places.state):
        try:
            os.makedirs(path, exist_ok=True)
        except OSError as error:
            raise Failed("rights", f"cannot make {path}: {error.strerror}", RIGHTS) from None
        if why := unwritable(path):
            raise Failed("rights", why, RIGHTS)


def _fetch(work: Work) -> dict[str, str]:
    prepared = work.prepared
    client = None
    if not prepared.options.offline:
        client = Client(work.env, insecure_hosts=prepared.sources.trusted_hosts)
    work.reporter.step("fetching")
    missing = [one for one in prepared.wheels if not work.places.has(one.sha256, one.filename)]
    before, began = work.places.bytes_of(missing), time.monotonic()

    def progress(wheel: LockedWheel, size: int) -> None:
        work.reporter.fetched(wheel.name, size)

    with work.notes.step("fetch"):
        try:
            return wheelhouse.fetch_all(prepared.wheels, work.places, client, progress)
        except SourceError as error:
            kept = "What was fetched stays: the same command goes on from it."
            raise Failed("fetch", str(error), network_hint(error.kind, prepared.sources) or LOOK, kept) from None
        finally:
            fetched = work.places.bytes_of(missing) - before
            speed.note(work.places.state, missing, fetched, time.monotonic() - began)


def _hold_against_own_tables(prepared: Prepared, text_of: Callable[[LockedWheel, str], str | None]) -> None:
    """Ask the wheels themselves, now that they are here, whether they are the builds that they were chosen for.

    ``text_of`` gives a file of a wheel. Out of a staged environment it is there at once; to find it in the wheel, the 12,000
    entries of its directory have to be read.
    """
    why = own_table.disagreement(prepared, text_of, newer_only=False)
    if why:
        raise Failed("wheel", why, "Another version, or --accelerator with another build: dlcheck install --help")


def _write_lock(work: Work) -> tuple[str, ...]:
    options = work.prepared.options
    if not options.lock or not options.wants_lock:
        return ()
    files.write_whole(options.lock, work.prepared.lock_text)
    return (options.lock,)


def _bundle(work: Work, paths: dict[str, str]) -> tuple[str, ...]:
    """Wheels and lock in one folder, which --frozen --lock installs from on a machine without network."""
    import shutil

    folder = work.prepared.options.bundle or ""
    os.makedirs(folder, exist_ok=True)
    beside = {}
    for wheel in work.prepared.wheels:
        place = os.path.join(folder, wheel.filename)
        if not os.path.exists(place):
            shutil.copyfile(paths[wheel.sha256], place + ".part")
            os.replace(place + ".part", place)
        beside[wheel.sha256] = wheel.filename
    lock = os.path.join(folder, "pylock.toml")
    files.write_whole(lock, local_lock(work.prepared.wheels, beside, work.prepared.python, relative=True))
    return (folder, lock)


def _build(work: Work, paths: dict[str, str]) -> Proof:
    """The staged environment: made, filled, walked, trained."""
    prepared = work.prepared
    work.reporter.step("making the environment beside the target")
    python = prepared.plan.python
    with work.notes.step("stage"):
        name = os.path.basename(work.target)
        argv = pip.venv_argv(python, work.stage, name)
        if prepared.uv:
            argv = uv.venv_argv(prepared.uv, python, work.stage, name)
        expect(work.run(argv, 120.0), "stage")
    work.reporter.step("linking the packages")
    with work.notes.step("link"):
        link(work, paths)
    site = staging.site_packages(work.stage)
    _hold_against_own_tables(prepared, lambda _, name: or_none(files.read(os.path.join(site, *name.split("/")))))
    work.reporter.step("holding every file against RECORD")
    with work.notes.step("walk"):
        count = proof.walked(prepared, work.stage, work.places, lambda names: unpack_again(work, paths, names))
    trained: tuple[str, ...] = ()
    if prepared.options.smoke and proof.trains(prepared):
        work.reporter.step("training in it")
        with work.notes.step("smoke"):
            trained = proof.trained(prepared, work.stage)
    staging.write_manifest(work.stage, _manifest(work, trained))
    return Proof(files=count, trained=trained)


def _into(work: Work, paths: dict[str, str]) -> Proof:
    """Into the environment as it is. An interruption here leaves it in pieces, which the next run repairs."""
    work.reporter.step("installing into the environment as it is")
    with work.notes.step("install"):
        count = in_place.fill(work.prepared, Filler(work, paths))
    if count < 0:
        raise Failed("walk", f"{work.target} is still not whole", "dlcheck doctor names what is missing.")
    trained: tuple[str, ...] = ()
    if work.prepared.options.smoke and proof.trains(work.prepared):
        work.reporter.step("training in it")
        with work.notes.step("smoke"):
            trained = proof.trained(work.prepared, work.target)
    return Proof(files=count, trained=trained)


def _manifest(work: Work, trained: tuple[str, ...]) -> Manifest:
    prepared = work.prepared
    return Manifest(
        schema=1,
        plan=prepared.plan.id,
        created=datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        python=prepared.python,
        installer=prepared.plan.installer,
        accelerator=prepared.plan.accelerator,
        asked=prepared.options.accelerator,
        machine=machine.digest(prepared.machine),
        requirements=prepared.plan.requirements,
        distributions={one.name: one.version for one in prepared.wheels},
        records=record.digests(staging.site_packages(work.stage)),
        wheels={one.name: one.sha256 for one in prepared.wheels},
        trained=trained,
    )


def _register(work: Work) -> tuple[str, ...]:
    """The Jupyter kernel, whose file holds the interpreter's final path and is written after the swap therefore."""
    name = work.prepared.options.kernel
    if not name:
        return ()
    work.reporter.step("registering the Jupyter kernel")
    with work.notes.step("kernel"):
        argv = (
            staging.python_of(work.target), "-m", "ipykernel", "install", "--user", "--name", name,
            "--display-name", f"Python ({name})",
        )  # fmt: skip
        done = work.run(argv, 60.0)
        if done.code != 0:
            words = (done.errors or done.output).strip().splitlines()
            raise Failed(
                "kernel", f"the environment is ready, its Jupyter kernel is not: {words[-1] if words else done.failure}"
            )
    return (f"Jupyter kernel {name}",)
