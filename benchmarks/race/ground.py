"""The ground of the race: one environment with real frameworks and every rival, made once, and what of it is laid into an
environment of the zoo before the tools are let in.

The zoo's frameworks are of one file each, enough for a doctor that reads. Rivals import them. So whatever a fault did not
touch becomes real: each file of PyTorch that the fault left alone is linked to the real one, and a rival is linked in
beside it with all that it needs, as an installer that links would do, but without solving: an installer that solves might
mend what was planted.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.race.rivals import BESIDE, RIVALS
from dlcheck.host.record import normalise
from tests.faults.needs import find_uv
from tests.faults.planting import BIN, Planted
from tests.survival import ROOT

FRAMEWORKS = ("torch==2.13.0", "tensorflow-cpu==2.21.0", "keras==3.15.1", "jax==0.10.2")
ASKED = {
    "torch": ("torch",),
    "tensorflow-cpu": ("tensorflow", "tensorflow-cpu", "tf-nightly"),
    "keras": ("keras", "tensorflow", "tensorflow-cpu", "tf-nightly"),
    "jax": ("jax",),
    "jaxlib": ("jaxlib",),
    "flax": ("jax",),
}
"""What becomes real only where the zoo planted one of these: that a framework is absent may be the point."""


INTERPRETER = re.compile(rb"#!/bin/sh\n'''exec'.*\n' '''\n|#!\S*python\S*\n")
"""How an installer lets a command name its interpreter: by its path, or, in an environment that may move, by a shell."""


@dataclass(frozen=True)
class Distribution:
    """An installed distribution: its metadata's folder, and what lies at the top of site-packages for it."""

    name: str
    version: str
    info: Path
    tops: tuple[str, ...]


def make(folder: Path) -> Path:
    """The environment with frameworks and rivals; its site-packages. Made by `dlcheck install` and an installer."""
    python = folder / BIN / "python"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    if not (folder / "frameworks").exists():
        accelerator = ("--accelerator", "cpu", "--yes")
        command = [sys.executable, "-m", "dlcheck", "install", *FRAMEWORKS, "--venv", str(folder), *accelerator]
        subprocess.run(command, check=True, env=environment)
        names = "\n".join(one.name for one in installed(site_of(folder)))
        (folder / "frameworks").write_text(names)
    if not (folder / "rivals").exists():
        wanted = sorted({one.distribution for one in RIVALS} - {"torch"}) + list(BESIDE)
        uv = find_uv()
        front = [uv, "pip", "install", "--python"] if uv else [sys.executable, "-m", "pip", "--python"]
        command = [*front, str(python), *([] if uv else ["install"]), *wanted]
        subprocess.run(command, check=True, env=environment)
        (folder / "rivals").touch()
    return site_of(folder)


def site_of(folder: Path) -> Path:
    return next(folder.glob("lib/python*/site-packages"))


def installed(site: Path) -> list[Distribution]:
    found = []
    for info in sorted(site.glob("*.dist-info")):
        name, _, version = info.name.removesuffix(".dist-info").partition("-")
        record = info / "RECORD"
        rows = record.read_text("utf-8", "replace").splitlines() if record.is_file() else []
        tops = {row.strip('"').split(",")[0].split("/")[0] for row in rows} - {"..", "__pycache__", info.name, ""}
        found.append(Distribution(normalise(name), version, info, tuple(sorted(tops))))
    return found


class Ground:
    """The environment of real frameworks and rivals, and what of it goes into an environment of the zoo."""

    def __init__(self, folder: Path) -> None:
        self.site = make(folder)
        self.folder = folder
        self.all = installed(self.site)
        kept = set((folder / "frameworks").read_text().split())
        self.frameworks = [one for one in self.all if one.name in kept]
        self.versions = {one.name: one.version for one in self.all}

    def furnish(self, planted: Planted, *, rivals: bool, without: Iterable[str] = ()) -> None:
        """Lay the frameworks that the case planted, or everything, into its environment."""
        there = {normalise(info.name.partition("-")[0]) for info in planted.site.glob("*.dist-info")}
        for one in self.all if rivals else self.frameworks:
            asked = ASKED.get(one.name)
            if one.name in without or (asked and not there & set(asked)):
                continue
            for top in one.tops:
                lay(self.site / top, planted.site / top)
            if one.name not in there and one.name != "tensorflow-cpu":
                (planted.site / one.info.name).symlink_to(one.info)
            lay_outside(one, planted)
        release(planted.site / "torch", planted.site)


def lay(source: Path, place: Path) -> None:
    """Link what is not there; a folder that is there gets what it lacks, and a tiny ``__init__.py`` becomes the real one."""
    if not place.exists() and not place.is_symlink():
        place.symlink_to(source)
    elif place.is_dir() and not place.is_symlink() and source.is_dir():
        tiny = place / "__init__.py"
        if tiny.is_file() and re.fullmatch(r"__version__ = '[^'\n]*'\n", tiny.read_text("utf-8", "replace")):
            shutil.copy(source / "__init__.py", tiny)
        for one in source.iterdir():
            if one.name not in ("__pycache__", "__init__.py", "version.py") and not (place / one.name).exists():
                (place / one.name).symlink_to(one)
        real, said = source / "version.py", place / "version.py"
        if real.is_file() and not said.is_symlink() and "# real" not in (said.read_text() if said.exists() else ""):
            planted = said.read_text() if said.exists() else ""
            said.write_text(f"{real.read_text()}\n# real until here\n{planted}")


def release(torch: Path, site: Path) -> None:
    """PyTorch gives the version of its metadata, where the fault says nothing else."""
    said = torch / "version.py"
    info = next(site.glob("torch-*.dist-info"), None)
    if info is not None and said.is_file() and said.read_text().endswith("# real until here\n"):
        with said.open("a") as file:
            file.write(f"__version__ = {info.name.split('-')[1].removesuffix('.dist')!r}\n")


def lay_outside(one: Distribution, planted: Planted) -> None:
    """What a distribution has outside of site-packages: its commands, started by the environment's own interpreter."""
    record = one.info / "RECORD"
    for row in record.read_text("utf-8", "replace").splitlines() if record.is_file() else ():
        parts = row.strip('"').split(",")[0].split("/")
        if parts[:3] != ["..", "..", ".."]:
            continue
        source, place = one.info.parents[3].joinpath(*parts[3:]), planted.folder.joinpath(*parts[3:])
        if place.exists() or not source.is_file():
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        start = INTERPRETER.match(source.read_bytes())
        if parts[3] == BIN and start:
            # By a shell, as installers do it where a path is long or has a blank.
            by_shell = f"#!/bin/sh\n'''exec' {shlex.quote(str(planted.python))} \"$0\" \"$@\"\n' '''\n"
            place.write_bytes(by_shell.encode() + source.read_bytes()[start.end() :])
            place.chmod(0o755)
        else:
            place.symlink_to(source)
