"""Installs what the fleet's real tests need; tests/run.py calls it, the tests themselves install nothing.

    python tests/real/setup_fleet.py [slurm] [ansible] [ray] [kubernetes]        (all where none is named)

slurm: Debian's daemons and an sshd (setup_slurm.sh, root). The others: an environment each below ``place()``, of 70, 380 and
140 MB; kubernetes is only the schemas of its API. What is there already is left alone.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PACKAGES = {"ansible": "ansible-core==2.19.14", "ray": "ray==2.60.0", "kubernetes": "kubernetes-validate==1.37.0"}
PROGRAMS = {"ansible": "ansible-playbook", "ray": "ray", "kubernetes": "python"}


def place() -> Path:
    """The folder of the environments: DLCHECK_TEST_CACHE, else the user's cache directory."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(os.environ.get("DLCHECK_TEST_CACHE") or Path(cache) / "dlcheck-tests")


def program(name: str) -> Path:
    """Where the program of an environment lies."""
    return place() / name / "bin" / PROGRAMS[name]


def _made(name: str) -> str | None:
    """What the environment was made for, None where it is not whole."""
    try:
        return (place() / name / "done").read_text()
    except OSError:
        return None


def main(names: list[str]) -> None:
    for name in names or ["slurm", *PACKAGES]:
        if name == "slurm":
            subprocess.run([str(Path(__file__).with_name("setup_slurm.sh"))], check=True)
        elif _made(name) != PACKAGES[name]:
            folder = place() / name
            subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
            subprocess.run(
                [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", PACKAGES[name]], check=True
            )
            (folder / "done").write_text(PACKAGES[name])


if __name__ == "__main__":
    main(sys.argv[1:])
