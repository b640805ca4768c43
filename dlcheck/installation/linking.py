"""Wheels that lie here into an environment, by uv or by pip, neither with any network."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

from dlcheck.installation.work import Work, expect
from dlcheck.installers import pip, settling, staging, uv
from dlcheck.installers.lock import LockedWheel, local_lock


def link(work: Work, paths: dict[str, str]) -> None:
    """The wheels into the staged environment, by uv or pip, neither with any network."""
    prepared = work.prepared
    if prepared.uv:
        argv = uv.sync_argv(prepared.uv, work.stage, _local_lock(work, paths), "hardlink")
        expect(work.run(argv, uv.LINK_SECONDS), "link")
        return
    wanted = _local_requirements(work, paths, prepared.wheels)
    argv = pip.install_argv(prepared.plan.python, staging.python_of(work.stage), wanted)
    expect(work.run(argv, uv.LINK_SECONDS), "link")
    settling.settle(work.stage, work.target, staging.site_packages(work.stage))


def unpack_again(work: Work, paths: dict[str, str], names: frozenset[str]) -> None:
    """Out of the wheels, what uv's cache holds changed: somebody wrote into a file that another environment shares with it."""
    tool = work.prepared.uv
    if tool is None:
        return
    work.reporter.step(f"uv's cache holds changed files of {', '.join(sorted(names))}: unpacking the wheels anew")
    python = staging.python_of(work.stage)
    argv = uv.install_argv(tool, python, _local_lock(work, paths), names, unpack=True)
    expect(work.run(argv, uv.LINK_SECONDS), "link")


def _local_requirements(work: Work, paths: dict[str, str], wheels: Iterable[LockedWheel]) -> str:
    path = os.path.join(work.places.target(work.target), "requirements.txt")
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(pip.requirements_file(wheels, paths))
    return path


def _local_lock(work: Work, paths: dict[str, str]) -> str:
    path = os.path.join(work.places.target(work.target), "pylock.toml")
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(local_lock(work.prepared.wheels, paths, work.prepared.python))
    return path


@dataclass(frozen=True, slots=True)
class Filler:
    """Installs into an environment as it is (in_place.Filler)."""

    work: Work
    paths: dict[str, str]

    @property
    def _python(self) -> str:
        return self.work.prepared.target.python or staging.python_of(self.work.target)

    def uninstall(self, names: tuple[str, ...]) -> None:
        """Take distributions out."""
        prepared = self.work.prepared
        argv = (
            uv.uninstall_argv(prepared.uv, self._python, names)
            if prepared.uv
            else pip.uninstall_argv(prepared.plan.python, self._python, names)
        )
        expect(self.work.run(argv, uv.LINK_SECONDS), "uninstall")

    def install(self, again: frozenset[str]) -> None:
        """What the plan names, and ``again`` although it is there; pip installs those apart from the others."""
        prepared = self.work.prepared
        if prepared.uv:
            lock = _local_lock(self.work, self.paths)
            argv = uv.install_argv(prepared.uv, self._python, lock, again, unpack=bool(again))
            expect(self.work.run(argv, uv.LINK_SECONDS), "install")
            return
        for anew in (False, True):
            wheels = [one for one in prepared.wheels if (one.name in again) is anew]
            if wheels:
                wanted = _local_requirements(self.work, self.paths, wheels)
                argv = pip.install_argv(prepared.plan.python, self._python, wanted, anew=anew)
                expect(self.work.run(argv, uv.LINK_SECONDS), "install")
