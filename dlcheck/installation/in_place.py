"""Installs into an environment of another maker as it is: it cannot be swapped, so it is walked before and after, and repaired."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Protocol

from dlcheck.host import record
from dlcheck.host.process import Done
from dlcheck.installation.prepared import Prepared
from dlcheck.installers import staging, uv

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


class Run(Protocol):
    """Runs a program of an installer."""

    def __call__(self, argv: tuple[str, ...], timeout: float) -> Done:
        """How it ended."""


def fill(prepared: Prepared, lock: str, run: Run, expect: Callable[[Done, str], None]) -> int:
    """Clean, install, walk, repair what is still in pieces, walk again; the number of files held against RECORD.

    ``expect`` is told of every process and ends everything where one failed. A broken distribution is made whole by
    installing it anew, because both pip and uv believe its metadata.
    """
    target = prepared.target
    site = target.site_packages or staging.site_packages(target.folder)
    python = target.python or staging.python_of(target.folder)
    names = {one.name for one in prepared.wheels}
    before = record.walk(site)
    for leftover in before.leftovers:
        staging.remove(os.path.join(site, leftover))
    tool = prepared.uv or ""
    if gone := going(prepared):
        expect(run((*_uv(tool, "uninstall", python), *gone), uv.LINK_SECONDS), "uninstall")
    again = (
        {one.name for one in before.broken} & names | set(before.duplicates) & names | set(prepared.options.reinstall)
    )
    for _ in range(2):
        flags = [word for name in sorted(again) for word in ("--reinstall-package", name)]
        argv = (*_uv(tool, "install", python), "--offline", "--no-build", "--link-mode", "hardlink", *flags, "-r", lock)
        expect(run(argv, uv.LINK_SECONDS), "install")
        seen = record.walk(site, only=names)
        again = {one.name for one in seen.broken}
        if not again:
            break
    return -1 if again else sum(one.files for one in seen.distributions)


def _uv(tool: str, verb: str, python: str) -> tuple[str, ...]:
    return (tool, "pip", verb, "--no-config", "--python", python, "--no-python-downloads")
