"""Follows a worker that trains in the checked interpreter: one framework, device after device (inside/train.py).

The worker appends a line for all that happens. A crash or a hang ends the device that it happened on; what was finished
stays, and the remaining devices get a new worker.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Mapping
from typing import Any

from dlcheck.host import files, temporary
from dlcheck.host.interpreter import Question
from dlcheck.host.process import Done

GRACE = 3.0
"""Seconds that a worker gets to end a child of its own whose time is up, before it is ended itself."""

MOST_BYTES = 16_000_000
"""Taken at a time of the lines that a worker wrote."""

Event = dict[str, Any]


class Training:
    """One framework's worker at work. Call ``events`` until ``over``."""

    def __init__(
        self, python: str, framework: str, options: Mapping[str, object], *, timeout: float, env: Mapping[str, str]
    ) -> None:
        self.framework = framework
        self._python = python
        self._options = dict(options)
        self._timeout = timeout
        self._env = dict(env)
        self._folder = temporary.Folder()
        self._path = os.path.join(self._folder.path, "lines")
        self._finished: list[str] = []
        self._devices: list[str] | None = None
        self.over = False
        self._start()

    def _start(self) -> None:
        self._read = 0
        self._rest = b""
        self._begun: list[str] = []
        self._died: dict[str, Event] = {}
        self._deadline = time.monotonic() + self._timeout
        with contextlib.suppress(OSError):
            os.unlink(self._path)
        options = {
            **self._options,
            "framework": self.framework,
            "lines": self._path,
            "timeout": self._timeout,
            "finished": self._finished,
            "seconds": 100_000,
        }
        self._question = Question(
            self._python, "train", options, timeout=100_000.0, name=f"smoke {self.framework}", env=self._env, kept=True
        )

    def events(self) -> list[Event]:
        """What happened since the last call."""
        if self.over:
            return []
        ended = self._question.child.done()
        found = self._new_lines()
        for event in found:
            self._note(event)
        late = time.monotonic() > self._deadline + (GRACE if len(self._begun) > 1 else 0.0)
        if not ended and not late:
            return found
        if late:
            self._question.child.end()
        answer = self._question.answer()
        last = self._new_lines() if late else []
        for event in last:
            self._note(event)
        found += last
        if late or not answer.complete:
            found += self._fallen(answer.done, late=late)
        elif answer.fields.get("result") == "raised":
            kept = {name: answer.fields.get(name) for name in ("stage", "error_type", "error", "traceback")}
            found.append({"event": "raised", "output": answer.done.output[-2000:], **kept})
        left = [one for one in self._devices or () if one not in self._finished]
        if left and self._begun and answer.fields.get("result") != "raised" and (late or not answer.complete):
            self._start()
        else:
            self.end()
        return found

    def _note(self, event: Event) -> None:
        name = event.get("device")
        if event["event"] == "begin":
            self._begun.append(str(name))
            self._deadline = time.monotonic() + self._timeout
        elif event["event"] in ("end", "died"):
            self._finished.append(str(name))
            if event["event"] == "died" and "signal" in event:
                with contextlib.suppress(ValueError):
                    event["signal"] = signal.Signals(event["signal"]).name
        elif event["event"] == "devices":
            asked = self._options.get("devices")
            names = [str(one["device"]) for one in event["devices"]]
            self._devices = [one for one in names if _chosen(one, asked)]
            self._deadline = time.monotonic() + self._timeout

    def _fallen(self, done: Done, *, late: bool) -> list[Event]:
        """The worker itself fell: on the devices that it had begun, or before any."""
        how: Event = {"output": done.output[-2000:]}
        if late:
            how["timeout"] = self._timeout
        elif done.signal is not None:
            how["signal"] = done.signal
        else:
            how["code"] = done.code
            how["failure"] = done.failure
        open_ones = [one for one in self._begun if one not in self._finished]
        self._finished += open_ones
        return [{"event": "died", "device": one, **how} for one in open_ones or (None,)]

    def _new_lines(self) -> list[Event]:
        try:
            with files.opened(self._path) as stream:
                stream.seek(self._read)
                block = stream.read(MOST_BYTES)
        except OSError:
            return []
        self._read += len(block)
        *whole, self._rest = (self._rest + block).split(b"\n")
        found = []
        for line in whole:
            with contextlib.suppress(ValueError, RecursionError):
                event = json.loads(line)
                if isinstance(event, dict) and isinstance(event.get("event"), str):
                    found.append(event)
        return found

    def end(self) -> None:
        """End the worker and remove its folder."""
        self.over = True
        self._question.discard()
        self._folder.close()


def _chosen(device: str, asked: object) -> bool:
    return not isinstance(asked, (list, tuple)) or not asked or device in asked or device.partition(":")[0] in asked
