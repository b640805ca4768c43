"""Where dlcheck keeps wheels, locks and journals, and what its file systems have left."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import platformdirs

from dlcheck.model.plan import DiskNeed

MARGIN = 1.1
"""A tenth more than the estimate: unpacked sizes are estimated from the wheels' until they are there."""
if TYPE_CHECKING:
    from dlcheck.installers.lock import LockedWheel

RIGHTS = "Name another folder (--venv, DLCHECK_CACHE_DIR, DLCHECK_STATE_DIR), or mend its owner."
"""What to do about a place that cannot be written to."""


@dataclass(frozen=True, slots=True)
class Places:
    """Folders of this user. Nothing is created by asking."""

    cache: str
    state: str
    uv_cache: str = ""
    """Where uv unpacks wheels; what lies on the target's file system is linked from there, not copied."""

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Places:
        """DLCHECK_CACHE_DIR, else the user's cache folder; DLCHECK_STATE_DIR, else the user's state folder. Absolute: the
        installers work in another folder.
        """
        return cls(
            os.path.abspath(environ.get("DLCHECK_CACHE_DIR") or platformdirs.user_cache_dir("dlcheck")),
            os.path.abspath(environ.get("DLCHECK_STATE_DIR") or platformdirs.user_state_dir("dlcheck")),
            os.path.abspath(environ.get("UV_CACHE_DIR") or platformdirs.user_cache_dir("uv")),
        )

    def wheel(self, sha256: str, filename: str) -> str:
        """Path of a wheel in the wheelhouse, whether it is there or not."""
        return os.path.join(self.cache, "wheels", sha256, filename)

    def has(self, sha256: str, filename: str) -> bool:
        """Whether the wheel is there; it was held against its hash before it got its name."""
        return os.path.isfile(self.wheel(sha256, filename))

    def bytes_of(self, wheels: Iterable[LockedWheel]) -> int:
        """How much of the wheels lies in the wheelhouse, whole or on its way."""
        found = 0
        for one in wheels:
            path = self.wheel(one.sha256, one.filename)
            for name in (path, path + ".part"):
                with contextlib.suppress(OSError):
                    found += os.path.getsize(name)
        return found

    def target(self, folder: str) -> str:
        """Folder for the lock file and journal of one target."""
        return os.path.join(self.state, "targets", hashlib.sha256(os.path.abspath(folder).encode()).hexdigest()[:16])

    def needs(self, parent: str, *, download: int, environment: int) -> tuple[DiskNeed, ...]:
        """Peak need by file system, those with the same device together."""
        wanted = [("wheels", os.path.join(self.cache, "wheels"), download), ("environment", parent, environment)]
        if self.uv_cache and os.stat(nearest(self.uv_cache)).st_dev != os.stat(nearest(parent)).st_dev:
            wanted.append(("uv's cache", self.uv_cache, environment))
        by_device: dict[int, DiskNeed] = {}
        for role, path, size in wanted:
            there = nearest(path)
            device = os.stat(there).st_dev
            before = by_device.get(device)
            by_device[device] = DiskNeed(
                path=before.path if before else there,
                role=f"{before.role} and {role}" if before else role,
                needed_bytes=int(size * MARGIN) + (before.needed_bytes if before else 0),
                free_bytes=shutil.disk_usage(there).free,
            )
        return tuple(by_device.values())


def unwritable(path: str) -> str | None:
    """Why nothing can be written at a path that may not exist yet, None where it can. A file without a name comes and goes.

    Asking the system for permission is not enough: to the administrator it promises what a read-only file system or
    /proc refuses.
    """
    folder = nearest(path)
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        return f"cannot write in {folder}: {error.strerror}"
    return None


def nearest(path: str) -> str:
    """The path itself, or the nearest folder above it that exists."""
    path = os.path.abspath(path)
    while not os.path.exists(path) and os.path.dirname(path) != path:
        path = os.path.dirname(path)
    return path
