"""One run of one tool: its output, its end, its wall and processor time and its peak memory."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

IDLE = 0.02
"""Who has used less of a processor than this share of its time is not slowed down by a busy machine: it waits."""

STOP = threading.Event()
"""Set when the race is interrupted: who still runs is ended, and leaves no result."""
MOST = 16_000_000
"""Bytes of output that are kept: an import that talks without end would fill the disk."""
WINDOWS = 5
"""As many times the limit has who works."""


@dataclass(frozen=True)
class Run:
    """Seconds; MiB of the largest process; ``code`` is negative after a signal, None past the limit."""

    output: str
    errors: str
    code: int | None
    wall: float
    cpu: float
    peak: float


def worked(session: int) -> float:
    """Processor seconds of the processes of a session that are alive (Linux)."""
    total = 0
    for entry in os.listdir("/proc"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            if entry.isdigit():
                fields = Path("/proc", entry, "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
                total += int(fields[11]) + int(fields[12]) if int(fields[3]) == session else 0
    return total / os.sysconf("SC_CLK_TCK")


def measure(command: tuple[str, ...], variables: dict[str, str], cwd: Path, limit: float) -> Run:
    """Run it in a session of its own, of which nothing is left over. Past the limit it goes on for as long as it works, unless it
    prints more than MOST: that is no work.
    """
    out, errors = cwd.parent / "stdout", cwd.parent / "stderr"
    begun = time.monotonic()
    for place in (out, errors):
        place.unlink(missing_ok=True)
    # Appended to, so that what is cut off below is not written again as a hole.
    with out.open("ab") as first, errors.open("ab") as second:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=first, stderr=second, cwd=cwd, env=variables, start_new_session=True
        )  # fmt: skip
    code: int | None = None
    until, before, flooded = begun + limit, 0.0, False
    while True:
        done, status, usage = os.wait4(child.pid, os.WNOHANG)
        if done:
            code = os.waitstatus_to_exitcode(status)
            break
        if STOP.is_set():
            os.killpg(child.pid, signal.SIGKILL)
            os.wait4(child.pid, 0)
            raise KeyboardInterrupt
        if time.monotonic() > until:
            now = worked(child.pid)
            if flooded or now - before < IDLE * limit or until - begun > WINDOWS * limit:
                os.killpg(child.pid, signal.SIGKILL)
                _, _, usage = os.wait4(child.pid, 0)
                break
            until, before = until + limit, now
        for place in (out, errors):
            if place.stat().st_size > 2 * MOST:
                os.truncate(place, MOST)
                flooded = True
        time.sleep(0.02)
    wall = time.monotonic() - begun
    child.returncode = code if code is not None else -signal.SIGKILL
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    texts = [place.read_bytes()[:MOST].decode("utf-8", "replace") for place in (out, errors)]
    return Run(*texts, code, wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
