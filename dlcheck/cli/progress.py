"""The live line on standard error while children run: what is awaited, and after ten seconds which one is slow."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from dlcheck.cli import console

SLOW = 10.0
_FIRST = 0.4
_STEP = 0.2


@contextmanager
def watching() -> Iterator[None]:
    """Show the line while the block runs; nothing where standard error is no terminal, or cannot move its cursor."""
    if not console.shows_progress():
        yield
        return
    stop = threading.Event()
    watcher = threading.Thread(target=_watch, args=(stop,), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        stop.set()
        watcher.join(2.0)


def _watch(stop: threading.Event) -> None:
    from dlcheck.host.process import running

    shown = ""
    if stop.wait(_FIRST):
        return
    while True:
        line = _line([(child.name, time.monotonic() - child.started) for child in running()])
        if line != shown:
            console.live(line)
            shown = line
        if stop.wait(_STEP):
            break
    if shown:
        console.live("")
    sys.stderr.flush()


def _line(awaited: list[tuple[str, float]]) -> str:
    if not awaited:
        return "looking around ..."
    slow = [f"{name} takes long ({seconds:.0f} s)" for name, seconds in awaited if seconds > SLOW]
    quick = [name for name, seconds in awaited if seconds <= SLOW]
    return ", ".join([*slow, *(["waiting for " + ", ".join(quick)] if quick else [])])
