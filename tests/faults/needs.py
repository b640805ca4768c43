"""Parts of the machine that cases of the zoo need. Where CI is set they must be there; only a kernel may refuse."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dlcheck.host.system import look_container
from tests.faults.planting import interpreter

KERNEL = "refused by the kernel of this machine: "
"""How the reason of a skip begins that even CI allows; conftest.py counts them under the results."""
MEMORY = Path("/sys/fs/cgroup/memory")
PROCESSORS = Path("/sys/fs/cgroup/cpu")
PROCESSES = Path("/sys/fs/cgroup/pids")
GROUPS = {"memory group": MEMORY, "processor group": PROCESSORS, "process group": PROCESSES}
BY_KERNEL = {
    "mounts": "mount namespaces",
    "networks": "network namespaces",
    "memory group": "a control group for memory (version 1 of the interface, as root)",
    "bare machine": "machine around us but a container, in which a Python of the system's is normal",
    "process group": "a control group for processes (version 1 of the interface, as root)",
    "users": "user namespaces",
    "processor group": "a control group for processors (version 1 of the interface, as root)",
}
"""The whole list of what a kernel, or the container around this process, may refuse even in CI."""


def find_uv() -> str | None:
    return shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")


def run(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, timeout=20, check=False).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False


def namespace(kind: str) -> bool:
    own = () if os.geteuid() == 0 else ("-r",)
    return run("unshare", kind, *own, "true") and (kind != "-m" or run("unshare", kind, *own, *MOUNT))


MOUNT = ("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", "/mnt")


def control_group(place: Path) -> bool:
    trial = place / f"dlcheck-trial-{os.getpid()}"
    try:
        trial.mkdir()
        trial.rmdir()
    except OSError:
        return False
    return True


@functools.cache
def have(need: str) -> bool:
    """Is that part there? ``python 3.8`` is an interpreter of that release, a single word a command on PATH."""
    if need == "mounts":
        return sys.platform == "linux" and namespace("-m")
    if need == "networks":
        return sys.platform == "linux" and namespace("-n")
    if need in GROUPS:
        return control_group(GROUPS[need]) and have("mounts")
    if need == "users":
        return sys.platform == "linux" and run("unshare", "-U", "--map-user=54321", "true")
    if need == "bare machine":
        return look_container().kind is None
    if need.startswith("python "):
        return bool(interpreter(need.removeprefix("python ")))
    return bool(find_uv() if need == "uv" else shutil.which(need))


def require(*needs: str) -> None:
    """Skip, or fail where CI is set, a test whose parts are not there."""
    missing = [need for need in needs if not have(need)]
    refused = [
        BY_KERNEL[need]
        for need in missing
        if need in BY_KERNEL and (sys.platform != "linux" or shutil.which("unshare"))
    ]
    if missing and len(refused) == len(missing):
        pytest.skip(KERNEL + ", ".join(refused))
    if missing and os.environ.get("CI"):
        pytest.fail(f"CI is set, and this machine lacks {', '.join(missing)}")
    if missing:
        pytest.skip(f"this machine lacks {', '.join(missing)}")
