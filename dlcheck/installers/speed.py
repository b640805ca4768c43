"""How fast downloads were lately, by source: what the time in a plan is reckoned from."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterable
from urllib.parse import urlsplit

from dlcheck.host import files
from dlcheck.installers.lock import LockedWheel, path_of

_LEAST_BYTES, _LEAST_SECONDS = 1_000_000, 0.5
"""Below these a speed says more about the beginning of a connection than about the line."""
_OLDEST = 30 * 86_400.0


def known(state: str) -> dict[str, float]:
    """Bytes a second by host and port, of those that something was fetched from in the last month."""
    return {host: rate for host, (rate, _) in _rows(state).items()}


def _rows(state: str) -> dict[str, tuple[float, float]]:
    """By host and port, bytes a second and when they were seen (Unix time), none older than a month."""
    try:
        with open(_path(state), encoding="utf-8") as stream:
            rows = json.load(stream)
        return {
            str(host): (float(rate), float(at))
            for host, (rate, at) in rows.items()
            if time.time() - float(at) < _OLDEST and rate > 0
        }
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def note(state: str, wheels: Iterable[LockedWheel], fetched: int, seconds: float) -> None:
    """Remember what a fetch of the wheels took, under the source of most of their bytes."""
    host = source_of(wheels)
    if host is None or fetched < _LEAST_BYTES or seconds < _LEAST_SECONDS:
        return
    rows = _rows(state) | {host: (fetched / seconds, time.time())}
    with contextlib.suppress(OSError):
        files.write_whole(_path(state), json.dumps(rows))


def source_of(wheels: Iterable[LockedWheel]) -> str | None:
    """Host and port that most bytes come from; None where all lie here."""
    bytes_of: dict[str, int] = {}
    for one in wheels:
        if path_of(one.address) is None:
            host = urlsplit(one.address).netloc.rpartition("@")[2]
            bytes_of[host] = bytes_of.get(host, 0) + (one.size or 0)
    return max(bytes_of, key=lambda host: bytes_of[host], default=None)


def _path(state: str) -> str:
    return os.path.join(state, "speed.json")
