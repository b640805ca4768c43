"""The only place that starts a process.

Every child runs in a session of its own, with a time limit, with bounded memory for what it writes, and is ended with all
its descendants: when it is done, when its time is up, and when dlcheck is interrupted. From the first ``kept`` one on, all
are ended too when dlcheck is killed and can do nothing any more: another process (host/keeper.py) waits for that. It is
not started for children that are soon over by themselves, because it costs as much as one of them.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO

KEPT_BYTES = 65_536
"""How much of the beginning, and as much of the end, of a child's output is kept."""

_WINDOWS_STATUS = {
    0xC0000005: "ACCESS_VIOLATION",
    0xC000001D: "ILLEGAL_INSTRUCTION",
    0xC00000FD: "STACK_OVERFLOW",
    0xC0000135: "DLL_NOT_FOUND",
    0xC0000409: "STACK_BUFFER_OVERRUN",
}


@dataclass(frozen=True, slots=True)
class Done:
    """How a process ended."""

    argv: tuple[str, ...]
    code: int | None
    """Exit code; None where it could not be started, was ended by a signal or by its time limit."""
    signal: str | None
    """Name of the signal (or Windows status) that ended it, other than our own."""
    output: str
    """What it wrote, beginning and end, undecodable bytes replaced. Standard error is mixed in unless kept apart."""
    errors: str
    """Standard error where it was kept apart."""
    seconds: float
    timed_out: bool = False
    failure: str | None = None
    """Why it could not be started."""


class Child:
    """A running process. ``wait`` gives its Done; ``end`` kills it and all that it started."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        name: str,
        timeout: float,
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
        apart: bool = False,
        kept: bool = False,
        holding: Sequence[int] = (),
    ) -> None:
        """``holding``: open files that it inherits, such as a lock that lasts as long as one of its holders lives."""
        self.name = name
        self.argv = tuple(argv)
        self.started = time.monotonic()
        self.timeout = timeout
        self._failure: str | None = None
        self._ended = threading.Event()
        self._ended_at = 0.0
        self._output = _Tail()
        self._errors = _Tail()
        self._readers: list[threading.Thread] = []
        self._process: subprocess.Popen[bytes] | None = None
        if kept and os.name == "posix":
            _keeper.start()
        try:
            self._process = subprocess.Popen(  # noqa: S603 - argument lists only, never a shell
                self.argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE if apart else subprocess.STDOUT,
                env=None if env is None else dict(env),
                cwd=cwd,
                bufsize=0,
                start_new_session=os.name == "posix",
                pass_fds=tuple(holding),
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
        except (OSError, ValueError) as error:
            self._failure = getattr(error, "strerror", None) or str(error)
            return
        _keeper.tell(b"+", self._process.pid)
        with _lock:
            _running.append(self)
        for stream, tail in ((self._process.stdout, self._output), (self._process.stderr, self._errors)):
            if stream is not None:
                reader = threading.Thread(target=tail.drain, args=(stream,), daemon=True)
                reader.start()
                self._readers.append(reader)
        threading.Thread(target=self._reap, daemon=True).start()

    def _reap(self) -> None:
        assert self._process is not None  # noqa: S101 - started only with a process
        self._process.wait()
        self._ended_at = time.monotonic()
        self._ended.set()

    def wait(self) -> Done:
        """How it ended, at the latest when its time is up."""
        process = self._process
        if process is None:
            return Done(self.argv, None, None, "", "", 0.0, failure=self._failure)
        timed_out = not self._ended.wait(max(0.0, self.started + self.timeout - time.monotonic()))
        self.end()
        for reader in self._readers:
            reader.join(1.0)
        if not any(reader.is_alive() for reader in self._readers):
            for stream in (process.stdout, process.stderr):
                if stream is not None:
                    stream.close()
        code, name = _decode(process.returncode)
        if timed_out:
            code, name = None, None
        return Done(
            self.argv,
            code,
            name,
            self._output.text(),
            self._errors.text(),
            (time.monotonic() if timed_out else self._ended_at) - self.started,
            timed_out=timed_out,
        )

    def done(self) -> bool:
        """Whether it has ended, or never started."""
        return self._process is None or self._ended.is_set()

    def end(self) -> None:
        """Kill it and its descendants; does nothing where they are gone."""
        process = self._process
        if process is None:
            return
        _kill_group(process)
        self._ended.wait(5.0)
        _keeper.tell(b"-", process.pid)
        with _lock:
            if self in _running:
                _running.remove(self)


class _Tail:
    """The beginning and the end of a stream, however long it is."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._tail = bytearray()
        self._cut = False

    def drain(self, stream: IO[bytes]) -> None:
        """Read until nobody can write any more, and close the pipe."""
        with contextlib.suppress(OSError), stream:
            while block := os.read(stream.fileno(), KEPT_BYTES):
                room = KEPT_BYTES - len(self._head)
                self._head += block[:room]
                self._tail += block[room:]
                if len(self._tail) > 2 * KEPT_BYTES:
                    del self._tail[:-KEPT_BYTES]
                    self._cut = True

    def text(self) -> str:
        middle = b"\n[...]\n" if self._cut else b""
        return (bytes(self._head) + middle + bytes(self._tail)).decode("utf-8", "replace")


class _Keeper:
    """The process that ends the children after dlcheck's own death; one for all of them, started with the first kept one."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def start(self) -> None:
        """Start it, unless it runs. Where it cannot start, children may outlive a killed dlcheck."""
        with self._lock:
            if self._process is not None:
                return
            script = os.path.join(os.path.dirname(__file__), "keeper.py")
            with contextlib.suppress(OSError):
                self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and script
                    (sys.executable, "-I", "-S", script),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    bufsize=0,
                    start_new_session=True,
                )
                atexit.register(self.stop)

    def tell(self, sign: bytes, group: int) -> None:
        """That a group shall be ended with dlcheck, or has ended; nobody hears it where no keeper runs."""
        with self._lock, contextlib.suppress(OSError):
            if self._process is not None and self._process.stdin is not None:
                self._process.stdin.write(b"%s%d\n" % (sign, group))

    def stop(self) -> None:
        """Let it end."""
        with self._lock:
            if self._process is not None and self._process.stdin is not None:
                self._process.stdin.close()
                self._process.wait()
                self._process = None


_keeper = _Keeper()
_running: list[Child] = []
_lock = threading.Lock()


def running() -> list[Child]:
    """The children that have not been waited for, oldest first."""
    with _lock:
        return [child for child in _running if not child.done()]


def end_all() -> None:
    """Kill every child and its descendants: on Ctrl-C, and before dlcheck exits."""
    with _lock:
        children = list(_running)
    for child in children:
        child.end()


def run(
    argv: Sequence[str],
    *,
    timeout: float,
    env: Mapping[str, str] | None = None,
    cwd: str | None = None,
    apart: bool = False,
    kept: bool = False,
    holding: Sequence[int] = (),
) -> Done:
    """Start a process and wait for it."""
    name = os.path.basename(argv[0])
    return Child(argv, name=name, timeout=timeout, env=env, cwd=cwd, apart=apart, kept=kept, holding=holding).wait()


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        return
    if process.poll() is None:
        import psutil

        with contextlib.suppress(psutil.Error):
            for descendant in psutil.Process(process.pid).children(recursive=True):
                descendant.kill()
        with contextlib.suppress(OSError):
            process.kill()


def _decode(code: int | None) -> tuple[int | None, str | None]:
    """Exit code, or the name of the signal, from what the system returned."""
    if code is None:
        return None, None
    if code < 0:
        try:
            return None, signal.Signals(-code).name
        except ValueError:
            return None, f"signal {-code}"
    if sys.platform == "win32" and code >= 0xC0000000:
        return None, _WINDOWS_STATUS.get(code, f"status 0x{code:08X}")
    return code, None
