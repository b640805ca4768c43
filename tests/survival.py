"""Throw-away environments with tiny fake frameworks that behave badly, and the doctor run on them as a user would."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
BIN = "Scripts" if os.name == "nt" else "bin"


class Environment:
    """A virtual environment without pip, below ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        venv.EnvBuilder(with_pip=False, symlinks=os.name != "nt").create(folder)
        self.python = folder / BIN / "python"
        self.site = next(folder.glob("lib/python*/site-packages"), folder / "Lib" / "site-packages")
        self.target = ("--venv", str(folder))

    def add(self, name: str, source: str = "", version: str = "1.0", metadata: str = "") -> None:
        """A package of one file with the metadata of an installed distribution."""
        (self.site / name).mkdir(exist_ok=True)
        (self.site / name / "__init__.py").write_text(source or f"__version__ = {version!r}\n", "utf-8")
        info = self.site / f"{name}-{version}.dist-info"
        info.mkdir(exist_ok=True)
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{metadata}\n", "utf-8"
        )
        (info / "RECORD").write_text(f"{name}/__init__.py,,\n{info.name}/METADATA,,\n{info.name}/RECORD,,\n", "utf-8")


def listen_to_interrupts() -> None:
    """For preexec_fn: a test run in the background was told to ignore SIGINT, and its children would inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def dlcheck(
    *arguments: str, timeout: float = 60, cwd: Path | None = None, before: tuple[str, ...] = (), **variables: str
) -> subprocess.CompletedProcess[str]:
    """``dlcheck ARGUMENTS`` in a process of its own, started by the command ``before`` if there is one; output captured."""
    environment = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "CONDA_PREFIX")}
    environment.update({"PYTHONPATH": str(ROOT), "NO_COLOR": "1", **variables})
    return subprocess.run(
        [*before, sys.executable, "-m", "dlcheck", *arguments],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=timeout,
        cwd=cwd,
        env={name: value for name, value in environment.items() if value != "UNSET"},
        check=False,
    )


def doctor(environment: Environment, *arguments: str, online: bool = False, **more: Any) -> dict[str, Any]:
    """The JSON document of the doctor on that environment, without the network unless ``online``."""
    network = () if online else ("--offline",)
    done = dlcheck("doctor", *network, "--format", "json", *environment.target, *arguments, **more)
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode in (0, 1), done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    assert document["exit_code"] == done.returncode
    return document


def causes(document: dict[str, Any]) -> dict[str, str]:
    """Cause to worst severity of what the document found."""
    found: dict[str, str] = {}
    for verdict in document["verdicts"]:
        for one in verdict["findings"]:
            order = ("note", "warning", "error")
            old = found.get(one["cause"], "note")
            found[one["cause"]] = max(old, one["severity"], key=order.index)
    return found
