"""One run of one tool: its output, its end, its wall and processor time and its peak memory."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Run:
    """Seconds; MiB of the largest process; ``code`` is negative after a signal, None past the limit."""

    output: str
    errors: str
    code: int | None
    wall: float
    cpu: float
    peak: float


def measure(command: tuple[str, ...], variables: dict[str, str], cwd: Path, limit: float) -> Run:
    """Run it in a session of its own, of which nothing is left over."""
    out, errors = cwd.parent / "stdout", cwd.parent / "stderr"
    begun = time.monotonic()
    with out.open("wb") as first, errors.open("wb") as second:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=first, stderr=second, cwd=cwd, env=variables, start_new_session=True
        )  # fmt: skip
    code: int | None = None
    while True:
        done, status, usage = os.wait4(child.pid, os.WNOHANG)
        if done:
            code = os.waitstatus_to_exitcode(status)
            break
        if time.monotonic() - begun > limit:
            os.killpg(child.pid, signal.SIGKILL)
            _, _, usage = os.wait4(child.pid, 0)
            break
        time.sleep(0.02)
    wall = time.monotonic() - begun
    child.returncode = code if code is not None else -signal.SIGKILL
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    texts = [place.read_text("utf-8", "replace") for place in (out, errors)]
    return Run(*texts, code, wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
