"""What is being done to a target, written down before and after each step, under a lock that the next run waits for."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def held(folder: str, waiting: Callable[[str], None], *, patience: float = 6 * 3600.0) -> Iterator[tuple[int, ...]]:
    """Hold the target's lock; the open files that children inherit, so that it lasts as long as the last of them.

    Another run is waited for, which ``waiting`` is told once, and so are the children that outlive a run that was killed:
    two installers in one folder are what breaks environments. ``TimeoutError`` after six hours.
    """
    from filelock import FileLock, Timeout  # here: a run with nothing to do holds no lock

    os.makedirs(folder, mode=0o700, exist_ok=True)
    lock = FileLock(os.path.join(folder, "lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        waiting(f"another dlcheck{_holder(folder)} works on it; waiting for it")
        lock.acquire(timeout=patience)
    try:
        with _children(folder, waiting, patience) as inherited:
            yield inherited
    finally:
        lock.release()


@contextlib.contextmanager
def _children(folder: str, waiting: Callable[[str], None], patience: float) -> Iterator[tuple[int, ...]]:
    """A second lock, which children hold by inheriting its open file. Windows cannot hand on a lock, and has none."""
    try:
        import fcntl
    except ImportError:
        yield ()
        return
    with open(os.path.join(folder, "children"), "a+", encoding="ascii") as stream:
        deadline = time.monotonic() + patience
        told = False
        while True:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"{stream.name} has been held for hours") from None
                if not told:
                    waiting(
                        f"what a killed dlcheck{_holder(folder)} had started still works on it; waiting for its end"
                    )
                told = True
                time.sleep(0.1)
            except OSError:  # a file system without locks
                yield ()
                return
        stream.truncate(0)
        stream.write(str(os.getpid()))
        stream.flush()
        yield (stream.fileno(),)


def _holder(folder: str) -> str:
    """The run that holds the lock, in words."""
    with contextlib.suppress(OSError, ValueError), open(os.path.join(folder, "children"), encoding="ascii") as stream:
        return f" (process {int(stream.read())})"
    return ""


class Journal:
    """One line of JSON a step and state; a step that has begun and is not done was interrupted there."""

    def __init__(self, folder: str, plan: str) -> None:
        self._path = os.path.join(folder, "journal.jsonl")
        self._plan = plan

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Write that the step begins, and that it is done or how it failed."""
        self.note(name, "begin")
        try:
            yield
        except BaseException as error:
            self.note(name, f"failed: {type(error).__name__}")
            raise
        self.note(name, "done")

    def note(self, step: str, state: str) -> None:
        """Append one line. A journal that cannot be written (a full disk) does not stop what it describes."""
        line = json.dumps({"plan": self._plan, "step": step, "state": state, "time": time.time(), "pid": os.getpid()})
        with contextlib.suppress(OSError), open(self._path, "a", encoding="utf-8") as stream:
            stream.write(line + "\n")

    def start(self) -> tuple[str, str] | None:
        """Begin a new journal; the step and plan that an earlier run was interrupted in, if it was."""
        interrupted = None
        # The last line may be torn, or not be there at all: a full disk, a machine that lost its power.
        torn = (OSError, ValueError, LookupError, TypeError, RecursionError)
        with contextlib.suppress(*torn), open(self._path, encoding="utf-8") as stream:
            last = json.loads(stream.read().splitlines()[-1])
            if last["step"] != "end":
                interrupted = (str(last["step"]), str(last["plan"]))
        with contextlib.suppress(OSError):
            os.replace(self._path, self._path + ".before")
        return interrupted
