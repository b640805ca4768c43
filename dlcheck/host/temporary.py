"""Temporary folders of our own. They go when they are closed; what a killed run left behind goes when the next run makes one.

Whether the run that made a folder still lives is told by a file in it that the run holds: a process number would lie across
containers that share a /tmp.
"""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import stat
import tempfile
from typing import IO

PREFIX = "dlcheck-"
HELD = ".held"
HOLDS = b"held"
"""What the file says once it is held. A folder whose file does not say it is being made, or is none of ours."""
MOST = 100
"""Folders that one run clears away: its own work is what it was started for."""


class Folder:
    """A folder that only this user can read, until it is closed. ``OSError`` where none can be made."""

    def __init__(self) -> None:
        self.path = tempfile.mkdtemp(prefix=PREFIX)
        self._held: IO[bytes] | None = None
        with contextlib.suppress(OSError):
            self._held = open(os.path.join(self.path, HELD), "xb")  # noqa: SIM115 - held as long as the folder lives
            # Who sweeps has it for the moment of a look.
            _hold(self._held, wait=True)
            self._held.write(HOLDS)
            self._held.flush()
        _sweep(os.path.dirname(self.path))

    def close(self) -> None:
        """Remove it and what is in it; a second call does nothing."""
        if self._held is not None:
            self._held.close()
            self._held = None
        shutil.rmtree(self.path, ignore_errors=True)

    def __enter__(self) -> str:
        return self.path

    def __exit__(self, *of_an_error: object) -> None:
        self.close()


def _hold(stream: IO[bytes], *, wait: bool) -> None:
    """Take a file until this process ends, however it ends. ``OSError`` where another process has it, or it cannot be had.

    Windows needs nothing: a file that is open cannot be removed there.
    """
    if os.name == "posix":
        import fcntl

        fcntl.flock(stream, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))


@functools.cache
def _sweep(parent: str) -> None:
    """Remove the folders whose makers are dead; once a run."""
    left = MOST
    with contextlib.suppress(OSError), os.scandir(parent) as entries:
        for entry in entries:
            if left and entry.name.startswith(PREFIX) and _is_abandoned(entry.path):
                shutil.rmtree(entry.path, ignore_errors=True)
                left -= 1


def _is_abandoned(path: str) -> bool:
    """Whether a folder is one of ours whose run is dead. It may vanish at any moment: its run removes it."""
    held = os.path.join(path, HELD)
    try:
        found = os.lstat(path)
        if not stat.S_ISDIR(found.st_mode) or (os.name == "posix" and found.st_uid != os.getuid()):
            return False
        # For writing, as locks over NFS want it.
        flags = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(held, flags), "rb") as stream:
            if stream.read(len(HOLDS) + 1) != HOLDS:
                return False
            _hold(stream, wait=False)
        if os.name != "posix":
            os.unlink(held)
    except OSError:
        return False
    return True
