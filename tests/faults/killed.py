"""Installations that were ended with kill -9 in the middle, by the real installers, of a wheel that is built here."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

from tests.faults.needs import find_uv
from tests.faults.planting import Case, Ground, Planted

FILES = 20_000


def make_wheel(folder: Path, name: str = "torch", files: int = FILES) -> Path:
    """A wheel, named torch unless told otherwise, with very many small files, so that there is time to kill."""
    info = f"{name}-2.13.0.dist-info"
    parts = {
        f"{name}/__init__.py": "__version__ = '2.13.0'\n",
        **{f"{name}/part{at}.py": f"x = {at}\n" for at in range(files)},
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 2.13.0\n\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: zoo\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    place = folder / f"{name}-2.13.0-py3-none-any.whl"
    with zipfile.ZipFile(place, "w") as archive:
        for path, text in parts.items():
            archive.writestr(path, text)
        rows = [f"{path},,{len(text)}" for path, text in parts.items()]
        archive.writestr(f"{info}/RECORD", "\n".join([*rows, f"{info}/RECORD,,"]) + "\n")
    return place


def kill_in_the_middle(command: list[str], target: Path) -> None:
    """Run an installer and end it when a part of the files is there."""
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        while child.poll() is None and not (target.is_dir() and len(os.listdir(target)) > 200):
            time.sleep(0.002)
        os.kill(child.pid, signal.SIGKILL)
    finally:
        child.kill()
        child.wait()
    assert 200 < len(os.listdir(target)) < FILES, "it was not killed in the middle"


def uv_killed(planted: Planted, folder: Path) -> Ground:
    options = ("-q", "--offline", "--no-index", "--link-mode", "copy", "--cache-dir", str(folder / "cache"))
    target = ("--python", str(planted.python), str(make_wheel(folder)))
    kill_in_the_middle([str(find_uv()), "pip", "install", *options, *target], planted.site / "torch")
    return Ground()


def pip_killed(planted: Planted, folder: Path) -> Ground:
    """pip writes the files first and the metadata last: what is left is a torch that no installer knows of."""
    options = ("-q", "--no-index", "--no-deps", "--no-compile", str(make_wheel(folder)))
    command = [sys.executable, "-m", "pip", "--python", str(planted.python), "install", *options]
    kill_in_the_middle(command, planted.site / "torch")
    return Ground()


FAULTS = (
    Case("killed", "uv while it copies", uv_killed, "broken-partial-install", torch=None, needs=("uv",)),
    Case(
        "killed", "pip while it copies", pip_killed, "broken-partial-install", others=("framework-missing",),
        besides=("framework-missing",), torch=None,
    ),
)  # fmt: skip
