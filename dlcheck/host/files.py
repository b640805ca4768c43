"""Files that somebody else wrote: of the kernel, of settings, of the checked environment. Only regular files are opened,
and never more is read than is asked for; every failure is an answer.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from io import FileIO

from dlcheck.model.fact import Unknown

LIMIT = 1_000_000
"""Bytes; no file that is read through here has a reason to be longer."""


def opened(path: str) -> FileIO:
    """A regular file, links followed, to be read and closed.

    ``OSError`` where there is none: a pipe in the place of a file would be waited for without end, and a device never ends.
    """
    # Without O_NONBLOCK the opening of a pipe already waits, for somebody who writes into it.
    stream = FileIO(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)))
    if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        stream.close()
        raise OSError(errno.EINVAL, "is not a regular file", path)
    return stream


def head(path: str, limit: int) -> bytes:
    """The first ``limit`` bytes of a regular file; ``OSError`` as ``opened``."""
    with opened(path) as stream:
        blocks = []
        while limit > 0 and (block := stream.read(limit)):
            blocks.append(block)
            limit -= len(block)
    return b"".join(blocks)


def whole(path: str, limit: int) -> bytes:
    """All bytes of a regular file; ``OSError`` where it is none, and where it is longer than ``limit``."""
    content = head(path, limit + 1)
    if len(content) > limit:
        raise OSError(errno.EFBIG, f"is larger than {limit // 1_000_000} MB", path)
    return content


def read(path: str, limit: int = LIMIT) -> str | Unknown | None:
    """The text of a file, None where it does not exist, Unknown where it cannot be read. Undecodable bytes are replaced."""
    try:
        return head(path, limit).decode("utf-8", "replace")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        return Unknown(f"{path}: {getattr(error, 'strerror', None) or error}")


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


def write_whole(path: str, text: str) -> None:
    """Write a file whole or not at all, with the rights that the person's umask gives; ``OSError`` where it cannot be.

    A file that stands at ``path`` is replaced, a link too, and not written through: in a folder open to all it may be
    anybody's. A device or pipe that is named itself, or by a link of /dev, is written into.
    """
    if _is_stream(path):
        with open(path, "w", encoding="utf-8", errors="backslashreplace", newline="") as stream:
            stream.write(text)
        return
    # Imported here: it would cost every start more than the rest of this file.
    import tempfile

    folder = os.path.dirname(os.path.abspath(path))
    descriptor, temporary = tempfile.mkstemp(prefix=".dlcheck-", dir=folder)
    try:
        # Names of files may hold bytes that are no text; in JSON the escape is the right one too.
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace", newline="") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _is_stream(path: str) -> bool:
    """Whether a path names a terminal, pipe or other device, which is written into. ``OSError``: it names a disk."""
    folder = os.path.realpath(os.path.dirname(os.path.abspath(path)))
    of_the_system = folder == "/dev" or folder.startswith("/proc/")
    try:
        mode = (os.stat if of_the_system else os.lstat)(path).st_mode
    except OSError:
        return False
    if stat.S_ISBLK(mode):
        raise OSError(errno.EINVAL, "this is a disk, not a file", path)
    return of_the_system or stat.S_ISCHR(mode) or stat.S_ISFIFO(mode)


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
