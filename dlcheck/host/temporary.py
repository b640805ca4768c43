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
import time
from typing import IO

PREFIX = "dlcheck-"
HELD = ".held"
MOST = 100
"""Folders that one run clears away: its own work is what it was started for."""
BEING_MADE = 3600.0
"""Seconds for which a folder without the file, or with an empty one, is taken for one that is being made."""


class Folder:
    """A folder that only this user can read, until it is closed. ``OSError`` where none can be made."""

    def __init__(self) -> None:
        self.path = tempfile.mkdtemp(prefix=PREFIX)
        self._held: IO[bytes] | None = None
        with contextlib.suppress(OSError):
            self._held = open(os.path.join(self.path, HELD), "xb")  # noqa: SIM115 - held as long as the folder lives
            _hold(self._held)
            # Empty until it is held: who looks in between takes the folder for one that is being made.
            self._held.write(b"held")
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


def _hold(stream: IO[bytes]) -> bool:
    """Take a file until this process ends, however it ends. False where another process has it.

    Windows needs nothing: a file that is open cannot be removed there.
    """
    if os.name == "posix":
        import fcntl

        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


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
    try:
        found = os.lstat(path)
    except OSError:
        # Its run removed it while the folder above was read.
        return False
    being_made = time.time() - found.st_mtime < BEING_MADE
    try:
        if not stat.S_ISDIR(found.st_mode) or (os.name == "posix" and found.st_uid != os.getuid()):
            return False
        held = os.path.join(path, HELD)
        if os.name != "posix":
            os.unlink(held)
            return True
        descriptor = os.open(held, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return not being_made
    except OSError:
        return False
    with os.fdopen(descriptor, "rb") as stream:
        try:
            return _hold(stream) and not (being_made and not os.fstat(descriptor).st_size)
        except OSError:
            return False
