"""Which files of uv's cache were hashed for an earlier environment (host.hashing), kept from one run to the next."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable

from dlcheck.host import files

_MOST = 5000
"""Lines that are kept, the newest: one a distribution, 65 bytes each."""


def known(state: str) -> set[str]:
    """The fingerprints; none where there is no such file yet, or it cannot be read."""
    return set(_lines(state))


def _lines(state: str) -> list[str]:
    try:
        with open(_path(state), encoding="ascii") as stream:
            return [one for one in stream.read(_MOST * 130).split() if len(one) == 64]
    except (OSError, ValueError):
        return []


def note(state: str, new: Iterable[str]) -> None:
    """Add fingerprints. Where that cannot be written, or two runs write at once, something is hashed once more."""
    added = sorted(new)
    if not added:
        return
    lines = [*_lines(state), *added][-_MOST:]
    with contextlib.suppress(OSError):
        files.write_whole(_path(state), "\n".join(lines) + "\n")


def _path(state: str) -> str:
    return os.path.join(state, "hashed.txt")
