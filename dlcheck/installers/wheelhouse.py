"""The wheelhouse: every wheel under its hash, whole or not at all; what a killed run fetched is gone on from.

While it is on its way a wheel is a ``.part`` file. The next attempt, of this run or of a later one, asks the server for
the rest (Range); a server that sends everything instead starts it anew. A wheel gets its name only once its size and its
sha256 are those of the lock, so that a wheel with a name needs no second look.
"""

from __future__ import annotations

import contextlib
import errno
import glob
import http.client
import os
import threading
import time
from collections.abc import Callable, Sequence

from filelock import FileLock

from dlcheck.installers.at_once import AtOnce
from dlcheck.installers.fetch import Client, SourceError, explained
from dlcheck.installers.lock import LockedWheel, path_of, sha256_of
from dlcheck.installers.places import Places

SIDE_BY_SIDE = 4
TRIES = 6
"""Attempts without a single new byte in between, the pauses growing from half a second to eight."""
_BLOCK = 1 << 18
_OLDEST_PART = 14 * 86_400.0
"""Seconds. A part that is being written is as old as its last block."""
_HOPELESS = (400, 401, 403, 404, 405, 410, 451)

Progress = Callable[[LockedWheel, int], None]
"""Told of a wheel and how many more bytes of it are there; a negative number takes back bytes that were wrong."""


def fetch_all(
    wheels: Sequence[LockedWheel],
    places: Places,
    client: Client | None,
    progress: Progress = lambda *_: None,
    *,
    pause: float = 0.5,
) -> dict[str, str]:
    """Every wheel on this machine, by its sha256 the path. Four at a time; the largest first.

    ``SourceError`` for the first that cannot be had; what the others have fetched stays for the next run. ``client`` is
    None where nothing may be contacted. An interrupt waits for none of them.
    """
    stop = threading.Event()

    def one(wheel: LockedWheel) -> tuple[str, str]:
        return wheel.sha256, _Fetch(wheel, places, client, progress, stop).run(pause)

    ordered = sorted(wheels, key=lambda wheel: -(wheel.size or 0))
    try:
        return dict(AtOnce(one, ordered, most=SIDE_BY_SIDE).answers())
    except BaseException:
        stop.set()
        raise


def sweep(places: Places) -> None:
    """Remove parts of wheels that nobody has gone on with for two weeks, and the folders that they leave empty."""
    for part in glob.glob(os.path.join(glob.escape(places.cache), "wheels", "*", "*.part*")):
        with contextlib.suppress(OSError):
            if time.time() - os.path.getmtime(part) > _OLDEST_PART:
                os.unlink(part)
                os.rmdir(os.path.dirname(part))


class _Fetch:
    """One wheel on its way."""

    def __init__(
        self, wheel: LockedWheel, places: Places, client: Client | None, progress: Progress, stop: threading.Event
    ) -> None:
        self._wheel = wheel
        self._path = places.wheel(wheel.sha256, wheel.filename)
        self._part = self._path + ".part"
        self._client = client
        self._progress = progress
        self._stop = stop

    def run(self, pause: float) -> str:
        """The path of the whole wheel."""
        local = path_of(self._wheel.address)
        if local is not None:
            return self._checked_local(local)
        if self._is_here():
            self._progress(self._wheel, os.path.getsize(self._path))
            return self._path
        if self._client is None:
            raise SourceError(
                "offline", f"{self._wheel.filename} is not here, and nothing may be contacted (--offline)"
            )
        os.makedirs(os.path.dirname(self._path), exist_ok=True)
        # Another dlcheck may be fetching the same wheel for another environment: it is fetched once.
        with FileLock(self._part + ".lock") as lock:
            if not self._is_here():
                self._fetch(self._client, pause)
            # Who waits for it holds the same file and sees the wheel; who comes later sees the wheel at once.
            with contextlib.suppress(OSError):
                os.unlink(lock.lock_file)
        return self._path

    def _is_here(self) -> bool:
        try:
            return os.path.getsize(self._path) == (self._wheel.size or os.path.getsize(self._path))
        except OSError:
            return False

    def _checked_local(self, path: str) -> str:
        try:
            digest = sha256_of(path)
        except OSError as error:
            raise SourceError("file", f"{path}: {error.strerror}") from None
        if digest != self._wheel.sha256:
            raise SourceError("content", f"{path} is not the file that was locked: its sha256 differs")
        self._progress(self._wheel, os.path.getsize(path))
        return path

    def _fetch(self, client: Client, pause: float) -> None:
        wrong = idle = 0
        counted = 0
        while True:
            before = self._have()
            self._progress(self._wheel, before - counted)
            counted = before
            try:
                counted += self._receive(client, before)
                digest = sha256_of(self._part)
                if digest == self._wheel.sha256:
                    os.replace(self._part, self._path)
                    return
                failure = SourceError(
                    "content", f"{self._wheel.filename}: the source serves other bytes than its hash says"
                )
            except SourceError as error:
                failure = error
            if self._stop.is_set():
                raise failure
            if failure.kind == "content":
                wrong += 1
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(self._part)
                if wrong > 1:
                    raise failure
                continue
            if failure.kind in ("tls", "disk") or failure.status in _HOPELESS:
                raise failure
            idle = 0 if self._have() > before else idle + 1
            if idle >= TRIES:
                raise failure
            self._stop.wait(min(8.0, pause * 2**idle))

    def _have(self) -> int:
        try:
            return os.path.getsize(self._part)
        except OSError:
            return 0

    def _receive(self, client: Client, start: int) -> int:
        """Append what is missing; how many bytes came. ``SourceError`` where it ended early."""
        size = self._wheel.size
        if size is not None and start == size:
            return 0
        if size is not None and start > size:
            os.unlink(self._part)
            return self._receive(client, 0)
        came = 0
        try:
            with client.open(self._wheel.address, {"Range": f"bytes={start}-"} if start else None) as response:
                resumed = response.status == 206 and _begins_at(response, start)
                expected = (start if resumed else 0) + (_length(response) or 0)
                if size is not None and _length(response) is not None and expected != size:
                    raise SourceError(
                        "content", f"{self._wheel.filename}: the source has {expected} bytes, the lock {size}"
                    )
                if start and not resumed:
                    self._progress(self._wheel, -start)
                    came = -start
                with open(self._part, "ab" if resumed or not start else "wb") as stream:
                    came += self._copy(response, stream)
        except SourceError as error:
            if error.status == 416:
                os.unlink(self._part)
                raise SourceError(
                    "tcp", f"{self._wheel.filename}: the source does not go on from byte {start}"
                ) from None
            raise
        except (OSError, http.client.HTTPException) as error:
            if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
                raise OSError(error.errno, error.strerror, self._part) from None  # type: ignore[union-attr]
            raise explained(error, self._wheel.address) from None
        if size is not None and start + came < size:
            raise SourceError(
                "tcp", f"{self._wheel.filename}: the connection ended after {start + came} of {size} bytes"
            )
        return came

    def _copy(self, response: http.client.HTTPResponse, stream: object) -> int:
        came = 0
        write = stream.write  # type: ignore[attr-defined]
        while block := response.read1(_BLOCK):
            if self._stop.is_set():
                raise SourceError("stopped", "stopped")
            write(block)
            came += len(block)
            self._progress(self._wheel, len(block))
        return came


def _begins_at(response: http.client.HTTPResponse, start: int) -> bool:
    return response.headers.get("Content-Range", "").replace("bytes ", "").startswith(f"{start}-")


def _length(response: http.client.HTTPResponse) -> int | None:
    value = response.headers.get("Content-Length", "")
    return int(value) if value.isdigit() else None
