"""Ends process groups once dlcheck itself is gone, however it went. A script of its own: host/process.py starts it.

A process that is killed with SIGKILL ends nothing that it started. So this one sits at the other end of a pipe: a line
``+4711`` says that the group 4711 is to be ended when the pipe closes, ``-4711`` that it has ended by itself. It lives in
a session of its own, so that no interrupt of the terminal reaches it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterable


def keep(lines: Iterable[bytes]) -> None:
    """Follow the lines to their end, and end the groups that are left."""
    groups: set[int] = set()
    for line in lines:
        group = int(line[1:])
        (groups.add if line.startswith(b"+") else groups.discard)(group)
    for group in groups:
        with contextlib.suppress(OSError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    keep(iter(sys.stdin.buffer.readline, b""))
