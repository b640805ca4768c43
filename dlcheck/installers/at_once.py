"""Asks several sources side by side, in threads that nobody has to wait for.

A server that takes a connection and then says nothing holds its thread for the length of a time limit. The threads of
concurrent.futures are waited for at the end of Python, so that Ctrl-C would last as long; these are not.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")
_LOOK_UP = 0.2
"""Seconds."""


class AtOnce(Generic[Asked, Answer]):
    """A function of several things, begun at once, ``most`` of them at a time."""

    def __init__(self, function: Callable[[Asked], Answer], things: Sequence[Asked], *, most: int = 8) -> None:
        self._function = function
        self._things = things
        self._todo = iter(range(len(things)))
        self._lock = threading.Lock()
        self._done: queue.SimpleQueue[tuple[int, Answer | None, BaseException | None]] = queue.SimpleQueue()
        for _ in range(min(most, len(things))):
            threading.Thread(target=self._work, daemon=True).start()

    def _work(self) -> None:
        while True:
            with self._lock:
                at = next(self._todo, None)
            if at is None:
                return
            try:
                self._done.put((at, self._function(self._things[at]), None))
            except BaseException as error:  # noqa: BLE001 - it is raised where the answers are waited for
                self._done.put((at, None, error))

    def answers(self) -> list[Answer]:
        """The answers, in the order of the things; the first error of one of them at once. To be asked for once."""
        found: dict[int, Answer] = {}
        while len(found) < len(self._things):
            at, answer, error = self._next()
            if error is not None:
                with self._lock:
                    self._todo = iter(())
                raise error
            found[at] = answer  # type: ignore[assignment]
        return [found[at] for at in range(len(self._things))]

    def _next(self) -> tuple[int, Answer | None, BaseException | None]:
        """The next answer. On Windows a wait without end cannot be interrupted: Ctrl-C is seen between two short ones."""
        while True:
            with contextlib.suppress(queue.Empty):
                return self._done.get(timeout=_LOOK_UP)
