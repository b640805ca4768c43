"""Starts one process a device through torch.distributed.run in the checked interpreter, and follows them."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dlcheck.host import files, temporary
from dlcheck.host.interpreter import INSIDE
from dlcheck.host.process import Child, Done

POLL_SECONDS = 0.05
MOST_BYTES = 64_000_000
"""Of what the ranks write down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """Where the ranks of several machines meet; on one machine, a free port of its loopback."""

    nodes: int = 1
    node: int = 0
    """Place of this machine among them; the first one holds the store."""
    address: str = "127.0.0.1"
    port: int | None = None


@dataclass(frozen=True, slots=True)
class Ranks:
    """What the ranks reported, and how their launcher ended."""

    events: tuple[dict[str, Any], ...]
    done: Done
    exit_codes: dict[int, int]
    """Of this machine's ranks, counted from 0, that the launcher says have failed; negative: ended by that signal."""

    @property
    def port_taken(self) -> bool:
        """Whether somebody else listens where the ranks should have met: it says nothing of them, and another port will do."""
        return "EADDRINUSE" in self.done.output


def run_ranks(
    python: str,
    options: Mapping[str, object],
    *,
    here: int,
    watchdog: float,
    timeout: float,
    env: Mapping[str, str],
    meeting: Meeting | None = None,
) -> Ranks:
    """Run ``here`` ranks of rank_torch.py; all are ended when none has said anything for twice ``watchdog`` seconds."""
    meeting = meeting or Meeting()
    folder = temporary.Folder()
    path = os.path.join(folder.path, "lines")
    words = json.dumps({**options, "lines": path, "seconds": watchdog})
    argv = (
        *(python, "-m", "torch.distributed.run", "--nproc-per-node", str(here)),
        *("--nnodes", str(meeting.nodes), "--node-rank", str(meeting.node)),
        *("--master-addr", meeting.address, "--master-port", str(meeting.port or _free_port())),
        *("--rdzv-conf", f"timeout={max(1, round(timeout))}"),
        *(str(INSIDE / "rank_torch.py"), words),
    )
    # The launcher leaves a folder of logs (torchelastic_...) wherever temporary files go: here it goes with ours.
    env = {**env, "TMPDIR": folder.path}
    # In the empty folder: -m would import a torch.py of the working directory instead.
    child = Child(argv, name="smoke, distributed", timeout=timeout, env=env, cwd=folder.path, kept=True)
    try:
        size, heard = 0, time.monotonic()
        while not child.done():
            with contextlib.suppress(OSError):
                now = os.path.getsize(path)
                size, heard = now, (time.monotonic() if now != size else heard)
            # The ranks give up by themselves after ``watchdog``; this is for one that hangs outside of a collective.
            if size and time.monotonic() - heard > 2 * watchdog:
                child.end()
            if time.monotonic() - child.started > timeout:
                break
            time.sleep(POLL_SECONDS)
        done = child.wait()
        return Ranks(_events(path), done, _exit_codes(done.output))
    finally:
        child.end()
        folder.close()


def _events(path: str) -> tuple[dict[str, Any], ...]:
    found = []
    with contextlib.suppress(OSError):
        for line in files.head(path, MOST_BYTES).splitlines():
            with contextlib.suppress(ValueError, RecursionError):
                event = json.loads(line)
                if isinstance(event, dict) and isinstance(event.get("event"), str):
                    found.append(event)
    return tuple(found)


def _exit_codes(output: str) -> dict[int, int]:
    """From the summary that torch.distributed.run writes of failed ranks."""
    pairs = re.findall(r"local_rank\s*:\s*(\d{1,9})\b.{0,600}?exitcode\s*:\s*(-?\d{1,9})\b", output, re.DOTALL)
    return {int(rank): int(code) for rank, code in pairs}


def _free_port() -> int:
    """A port of the loopback that is free now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
