"""The places on disk that deep learning needs."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Mapping

from dlcheck.host import files
from dlcheck.model.fact import Unknown
from dlcheck.model.host_facts import DiskFacts


def look(environment: str | None, environ: Mapping[str, str] = os.environ, root: str = "/") -> tuple[DiskFacts, ...]:
    """Environment, temporary folder, home and cache. ``environment`` is the folder packages land in."""
    home = _home(environ)
    places = [
        ("environment", environment),
        ("temporary", _temporary(environ)),
        ("home", home),
        ("cache", environ.get("XDG_CACHE_HOME") or (os.path.join(home, ".cache") if home else None)),
    ]
    mounts = _mounts(root)
    return tuple(_look_at(role, path, mounts) for role, path in places if path)


def _home(environ: Mapping[str, str]) -> str | None:
    home = environ.get("HOME") or environ.get("USERPROFILE")
    if home:
        return home
    with contextlib.suppress(KeyError, RuntimeError, ImportError):
        found = os.path.expanduser("~")
        return found if found != "~" else None
    return None


def _temporary(environ: Mapping[str, str]) -> str:
    for variable in ("TMPDIR", "TEMP", "TMP"):
        if environ.get(variable):
            return environ[variable]
    return "/tmp" if os.name == "posix" else tempfile.gettempdir()


def _look_at(role: str, path: str, mounts: list[tuple[str, str]]) -> DiskFacts:
    """The facts of one place; where the folder does not exist yet, those of its nearest parent that does."""
    place = os.path.abspath(path)
    while not os.path.isdir(place) and os.path.dirname(place) != place:
        place = os.path.dirname(place)
    total: int | Unknown
    free: int | Unknown
    inodes: int | Unknown | None = None
    executable: bool | None = None
    read_only: bool | None = None
    try:
        if hasattr(os, "statvfs"):
            status = os.statvfs(place)
            total, free = status.f_frsize * status.f_blocks, status.f_frsize * status.f_bavail
            inodes = status.f_favail if status.f_files else None
            executable = not status.f_flag & getattr(os, "ST_NOEXEC", 8)
            read_only = bool(status.f_flag & getattr(os, "ST_RDONLY", 1))
        else:
            import shutil

            usage = shutil.disk_usage(place)
            total, free = usage.total, usage.free
    except OSError as error:
        total = free = inodes = Unknown(f"{place}: {error.strerror}")
    return DiskFacts(
        role=role,
        path=path,
        filesystem=_filesystem(place, mounts),
        total_bytes=total,
        free_bytes=free,
        free_inodes=inodes,
        writable=_writable(role, path, place),
        executable=executable,
        read_only=read_only,
    )


def _writable(role: str, path: str, place: str) -> bool | Unknown | None:
    """Whether files can be made there; None where nobody can tell because the cache is not there yet.

    A home that is not there yet can be made where its parent can be written to; one that is a file never. Nobody makes
    a temporary folder that TMPDIR names.
    """
    if os.path.isdir(path):
        return _try_to_write(path)
    if role == "temporary" or os.path.lexists(path):
        return False
    return None if role == "cache" else _try_to_write(place)


def _try_to_write(folder: str) -> bool | Unknown:
    """Whether a file can be made: mode bits lie for root, on NFS, with ACLs and with quotas."""
    try:
        with tempfile.TemporaryFile(dir=folder, prefix=".dlcheck-") as stream:
            stream.write(b"x")
            stream.flush()
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.ENOENT):
            return False
        return Unknown(f"{folder}: {error.strerror}")
    return True


def _mounts(root: str) -> list[tuple[str, str]]:
    """Mount points and their file system types, longest first."""
    text = files.read(os.path.join(root, "proc/self/mountinfo"), 4_000_000)
    found = []
    for line in text.splitlines() if isinstance(text, str) else ():
        left, _, right = line.partition(" - ")
        fields = left.split()
        if len(fields) > 4 and right:
            found.append((fields[4].replace("\\040", " "), right.split()[0]))
    return sorted(found, key=lambda one: -len(one[0]))


def _filesystem(place: str, mounts: list[tuple[str, str]]) -> str | None:
    real = os.path.realpath(place)
    return next((kind for point, kind in mounts if real == point or real.startswith(point.rstrip("/") + "/")), None)
