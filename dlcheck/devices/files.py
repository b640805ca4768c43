"""Small files of /sys, /proc and /etc, read below a root that tests can plant."""

from __future__ import annotations

import glob

from dlcheck.host import files


def words(path: str) -> str | None:
    """The file's text without blanks at its ends; None where it is not there or cannot be read."""
    text = files.read(path)
    return text.strip("\0 \t\r\n") if isinstance(text, str) else None


def number(path: str) -> int | None:
    """The whole number that the file holds."""
    text = words(path)
    try:
        return int(text, 0) if text else None
    except ValueError:
        return None


def names(path: str) -> tuple[str, ...]:
    """Names in a folder, sorted; none where it is not there or cannot be read."""
    return tuple(files.names(path))


def places(root: str, *patterns: str) -> tuple[str, ...]:
    """Paths below ``root`` that match the patterns (absolute, as they would stand on the machine), sorted."""
    found: set[str] = set()
    for pattern in patterns:
        found.update(glob.glob(below(root, pattern)))
    return tuple(sorted(found))


def below(root: str, path: str) -> str:
    """Where an absolute path lies below ``root``."""
    return path if root in ("", "/") else root + path
