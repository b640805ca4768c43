"""Installs into an environment of another maker as it is: it cannot be swapped, so it is walked before and after, and repaired."""

from __future__ import annotations

import os
import re
from typing import Protocol

from dlcheck.host import record
from dlcheck.installation.prepared import Prepared
from dlcheck.installers import hashed, staging

_ONE_OF = (
    {"tensorflow", "tensorflow-cpu", "tensorflow-gpu", "tensorflow-intel", "tensorflow-rocm", "tf-nightly"},
    {"onnxruntime", "onnxruntime-gpu"},
)
"""Distributions that own the same files: where one comes, the others go."""


def going(prepared: Prepared) -> tuple[str, ...]:
    """Installed distributions that cannot stay beside what comes: namesakes, and wheels of another CUDA major."""
    have = {name for name, _ in prepared.target.distributions}
    coming = {one.name for one in prepared.wheels}
    gone = {name for family in _ONE_OF if family & coming for name in family & have - coming}
    majors = {found[1] for name in coming if (found := _major(name))}
    gone |= {name for name in have if (found := _major(name)) and majors and found[1] not in majors}
    gone |= {one for one in prepared.options.uninstall if one in have}
    return tuple(sorted(gone))


def _major(name: str) -> re.Match[str] | None:
    return re.fullmatch(r"nvidia-.*-cu(\d\d)", name)


def has_nothing_to_do(prepared: Prepared, state: str) -> bool:
    """Whether every wheel of the plan is installed in its version, every file by its hash, and nothing is to go.

    ``state`` is the folder that knows which files were hashed before.
    """
    options, target = prepared.options, prepared.target
    if options.reinstall or options.bundle or options.kernel or going(prepared) or not target.site_packages:
        return False
    have = dict(target.distributions)
    if any(have.get(one.name) != one.version for one in prepared.wheels):
        return False
    names = [one.name for one in prepared.wheels]
    seen = record.walk(target.site_packages, only=names, deep=True, proved=hashed.known(state))
    return not (seen.broken or seen.leftovers or seen.duplicates)


class Filler(Protocol):
    """What installs into the environment: uv, or pip."""

    def uninstall(self, names: tuple[str, ...]) -> None:
        """Take distributions out."""

    def install(self, again: frozenset[str]) -> None:
        """Put every wheel of the plan in that is not there in its version, and those of ``again`` anyway."""


def fill(prepared: Prepared, filler: Filler) -> int:
    """Clean, install, walk, repair what is still in pieces, walk again; the number of files held against RECORD.

    A broken distribution is made whole by installing it anew, because both pip and uv believe its metadata. -1 where
    it is still broken afterwards.
    """
    target = prepared.target
    site = target.site_packages or staging.site_packages(target.folder)
    names = {one.name for one in prepared.wheels}
    before = record.walk(site)
    for leftover in before.leftovers:
        staging.remove(os.path.join(site, leftover))
    if gone := going(prepared):
        filler.uninstall(gone)
    again = frozenset(
        {one.name for one in before.broken} & names | set(before.duplicates) & names | set(prepared.options.reinstall)
    )
    for _ in range(2):
        filler.install(again)
        seen = record.walk(site, only=names, deep=True)
        again = frozenset(one.name for one in seen.broken)
        if not again:
            break
    return -1 if again else sum(one.files for one in seen.distributions)
