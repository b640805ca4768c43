"""Holds files against the hashes in RECORD. What was hashed before and has not been written to since is not hashed again.

Environments that uv fills share their files with uv's cache by hard links. Such a file is the one that was hashed for an
earlier environment as long as device, inode, size and time of its last writing are the same: git tells changed files by
the same four. Who writes into a file and sets its time back is not noticed; nor is a disk that loses bits of a file that
nobody wrote to. A file with one name alone is hashed every time.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Callable, Iterable, Sequence

from dlcheck.host import files

Job = tuple[str, str, os.stat_result]
"""Path, the hash that RECORD has for it, and the file as it was found, in the size that RECORD has for it."""
_BLOCK = 1 << 20
_LARGE = 1 << 20
"""Bytes from which a file is hashed beside the others. OpenSSL lets other threads run meanwhile; with small files the
threads would only take turns."""


def fingerprint(jobs: Iterable[Job]) -> str | None:
    """Which files these are, for those that have several names; None where none has."""
    shared = [
        f"{path},{expected},{found.st_dev},{found.st_ino},{found.st_size},{found.st_mtime_ns}"
        for path, expected, found in jobs
        if found.st_nlink > 1
    ]
    return hashlib.sha256("\n".join(shared).encode("utf-8", "surrogateescape")).hexdigest() if shared else None


def differing(site_packages: str, jobs: Sequence[Job], progress: Callable[[int], None]) -> frozenset[tuple[str, str]]:
    """Paths and hashes of RECORD, of those files that have another one, and of those that cannot be read.

    A file that is gone meanwhile passes: who looked at the sizes counts it. 1.5 GB a second on a processor with SHA
    instructions, large files beside the small ones.
    """
    large = sorted((one for one in jobs if one[2].st_size >= _LARGE), key=lambda one: -one[2].st_size)
    small = [one for one in jobs if one[2].st_size < _LARGE]
    if not large:
        return _differing(site_packages, small, progress)
    from concurrent.futures import ThreadPoolExecutor

    pool = ThreadPoolExecutor(min(3, os.cpu_count() or 1))
    try:
        others = [pool.submit(_differing, site_packages, [one], progress) for one in large]
        wrong = _differing(site_packages, small, progress)
        return wrong.union(*(one.result() for one in others))
    finally:
        # An interrupt waits for the file that is being hashed, not for all of them.
        pool.shutdown(cancel_futures=True)


def _differing(site_packages: str, jobs: Sequence[Job], progress: Callable[[int], None]) -> frozenset[tuple[str, str]]:
    buffer = bytearray(_BLOCK)
    view = memoryview(buffer)
    wrong = set()
    for path, expected, _ in jobs:
        method, _, wanted = expected.partition("=")
        try:
            digest = hashlib.sha256() if method == "sha256" else hashlib.new(method)
            with files.opened(os.path.join(site_packages, path)) as stream:
                while count := stream.readinto(buffer):
                    digest.update(view[:count])
                    progress(count)
            made = base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode("ascii")
        except FileNotFoundError:
            continue
        except (OSError, ValueError, TypeError):  # TypeError: a hash such as shake_128, which has no length of its own
            made = None
        if made != wanted.rstrip("="):
            wrong.add((path, expected))
    return frozenset(wrong)
