"""One file out of a wheel: one that lies here, or one on a server, of which only the needed ranges travel."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import Any

from dlcheck.installers.fetch import Client, SourceError

_MOST = 1_000_000
"""Bytes of the one file; what is asked for has a few hundred."""


class RemoteFile(io.RawIOBase):
    """A file on a server as zipfile wants it."""

    def __init__(self, client: Client, address: str) -> None:
        self._client, self._address, self._at = client, address, 0
        size = client.size(address)
        if size is None:
            raise SourceError("http", "the server does not say how long the file is")
        self._size = size
        self.read_bytes = 0

    def seekable(self) -> bool:
        """It is."""
        return True

    def readable(self) -> bool:
        """It is."""
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        """The next read begins there; nothing is fetched yet."""
        self._at = offset + (0, self._at, self._size)[whence]
        return self._at

    def tell(self) -> int:
        """Where the next read begins."""
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Fetch as much as the buffer holds, from where the last read ended."""
        end = min(self._size, self._at + len(buffer))
        if end <= self._at:
            return 0
        with self._client.open(self._address, {"Range": f"bytes={self._at}-{end - 1}"}) as response:
            if response.status != 206:
                raise SourceError("http", "the server sends no ranges; the whole wheel is not fetched")
            data = response.read(len(buffer))
        buffer[: len(data)] = data
        self._at += len(data)
        self.read_bytes += len(data)
        return len(data)


def text_in(wheel: str | RemoteFile, name: str) -> str | None:
    """The text of one file in a wheel; None where the wheel has no such file, or is none, or cannot be read."""
    source = wheel if isinstance(wheel, str) else io.BufferedReader(wheel, 1 << 16)
    try:
        with zipfile.ZipFile(source) as archive, archive.open(name) as stream:
            return stream.read(_MOST).decode("utf-8", "replace")
    except (
        SourceError,
        OSError,
        EOFError,
        KeyError,
        ValueError,
        struct.error,
        zipfile.BadZipFile,
        zlib.error,
        RuntimeError,
    ):
        return None
