"""Small files of the kernel and of settings, read with a limit; every failure is an answer."""

from __future__ import annotations

import os

from dlcheck.model.fact import Unknown

LIMIT = 1_000_000
"""Bytes; no file that is read through here has a reason to be longer."""


def read(path: str, limit: int = LIMIT) -> str | Unknown | None:
    """The text of a file, None where it does not exist, Unknown where it cannot be read. Undecodable bytes are replaced."""
    try:
        with open(path, "rb") as stream:
            return stream.read(limit).decode("utf-8", "replace")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        return Unknown(f"{path}: {error.strerror or error}")


def read_line(path: str) -> str | None:
    """The first line of a file without its blanks; None where there is none, or it cannot be read."""
    text = read(path, 4096)
    return text.strip().split("\n")[0].strip() if isinstance(text, str) and text.strip() else None


def names(path: str) -> list[str]:
    """The sorted names in a folder; none where it is missing or closed."""
    try:
        return sorted(os.listdir(path))
    except OSError:
        return []
