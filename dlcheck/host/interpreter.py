"""Finds the interpreter to check, and asks it questions through the scripts of inside/."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import stat
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dlcheck.host import files, temporary
from dlcheck.host.process import Child, Done, run
from dlcheck.model.errors import DlcheckError
from dlcheck.model.report import Target

INSIDE = Path(__file__).parent.parent / "inside"
BIN = "Scripts" if os.name == "nt" else "bin"
EXE = "python.exe" if os.name == "nt" else "python"
MOST_BYTES = 16_000_000
"""Of an answer: the checked environment's own code could have written it, or put something else in its place."""


def choose(
    python: str | None = None,
    venv: str | None = None,
    environ: Mapping[str, str] = os.environ,
    folder: str | None = None,
) -> Target:
    """The interpreter to check: --python, --venv, VIRTUAL_ENV, CONDA_PREFIX, ./.venv, then dlcheck's own.

    ``folder`` is the working directory. A path that cannot be an interpreter is wrong use (``DlcheckError``); an
    environment whose interpreter is gone is a broken machine, and is returned for the rules to judge.
    """
    if python and venv:
        raise DlcheckError("--python and --venv name two interpreters", "Give one of them.")
    if python:
        return Target(python=_named(python), chosen_by="--python", environment=_environment_of(_named(python)))
    if venv:
        if not _is_environment(venv):
            raise DlcheckError(
                f"{venv} is no virtual environment: it holds no pyvenv.cfg and no {BIN}/{EXE}",
                f"Make one: {os.path.basename(sys.executable)} -m venv {venv}",
            )
        return _inside_environment(venv, "--venv")
    for variable in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        place = environ.get(variable)
        if place and _is_environment(place):
            return _inside_environment(place, variable)
    place = os.path.join(folder or os.curdir, ".venv")
    if _is_environment(place):
        _refuse_of_others(place, folder or os.curdir)
        return _inside_environment(os.path.abspath(place), ".venv")
    own = sys.executable
    return Target(python=own, chosen_by="dlcheck's own", environment=_environment_of(own))


def own_command() -> tuple[str, ...]:
    """What starts this dlcheck once more, without a look at the working directory's modules where Python can leave it out."""
    return (sys.executable, *(("-P",) if sys.version_info >= (3, 11) else ()), "-m", "dlcheck")


def _named(python: str) -> str:
    """The absolute path behind --python: a path, or a name on PATH. Symbolic links are kept: they lead into a venv."""
    if os.path.isdir(python):
        raise DlcheckError(f"--python {python} is a folder", f"For an environment: --venv {python}")
    if os.path.lexists(python):
        path: str | None = python
    else:
        path = shutil.which(python) if os.sep not in python else None
    if path is None:
        raise DlcheckError(f"--python {python}: there is no such file", "Give the path of a Python interpreter.")
    if not os.path.exists(path):
        return os.path.abspath(path)
    if not os.access(path, os.X_OK):
        raise DlcheckError(f"--python {python} cannot be executed", "Give the path of a Python interpreter.")
    return os.path.abspath(path)


def _refuse_of_others(place: str, folder: str) -> None:
    """A .venv that another user laid into a folder open to all, such as /tmp, would have its code run with this user's
    rights, unasked.
    """
    if os.name != "posix":
        return
    with contextlib.suppress(OSError):
        owner = os.lstat(place).st_uid
        if os.stat(folder).st_mode & stat.S_IWOTH and owner not in (0, os.geteuid()):
            raise DlcheckError(
                "the .venv here belongs to another user, in a folder that everybody can write to",
                "To have its Python started all the same: --venv .venv; for dlcheck's own: --python PATH.",
            )


def _is_environment(place: str) -> bool:
    return any(os.path.lexists(os.path.join(place, one)) for one in ("pyvenv.cfg", "conda-meta", _python_below(place)))


def _python_below(place: str) -> str:
    if os.name == "nt" and os.path.exists(os.path.join(place, EXE)):
        return EXE
    return os.path.join(BIN, EXE)


def _inside_environment(place: str, chosen_by: str) -> Target:
    place = os.path.abspath(place)
    return Target(python=os.path.join(place, _python_below(place)), chosen_by=chosen_by, environment=place)


def _environment_of(python: str) -> str | None:
    """The environment that an interpreter's path lies in, None for a Python outside of any."""
    place = os.path.dirname(os.path.dirname(os.path.abspath(python)))
    markers = ("pyvenv.cfg", "conda-meta")
    return place if any(os.path.exists(os.path.join(place, one)) for one in markers) else None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a script of inside/ wrote, and how its process ended."""

    fields: dict[str, Any]
    """Empty where the script could not even begin."""
    done: Done

    @property
    def stage(self) -> str:
        """The stage it reached; "done" when it came through."""
        return str(self.fields.get("stage", "start"))

    @property
    def complete(self) -> bool:
        """Whether the script came to its end, with or without an exception."""
        return self.stage == "done" or self.fields.get("result") == "raised"


class Question:
    """A script of inside/ at work in an interpreter. Made = started; ``answer`` waits for it.

    The answer is JSON in a file in a folder of our own: standard output belongs to whatever the interpreter prints.
    """

    def __init__(
        self,
        python: str,
        script: str,
        options: Mapping[str, object] | None = None,
        *,
        timeout: float,
        name: str | None = None,
        env: Mapping[str, str] | None = None,
        flags: tuple[str, ...] = (),
        kept: bool = False,
    ) -> None:
        """``kept``: as for Child; for scripts that import a framework or run as long."""
        self._folder = temporary.Folder()
        self._path = os.path.join(self._folder.path, "answer.json")
        asked = json.dumps({"seconds": timeout, **(options or {})})
        argv = (python, *flags, str(INSIDE / "start.py"), script, self._path, asked)
        try:
            self.child = Child(argv, name=name or script, timeout=timeout, env=env, kept=kept)
        except BaseException:
            self._folder.close()
            raise

    def peek(self) -> dict[str, Any]:
        """What has been answered so far, while it is still at work."""
        with contextlib.suppress(OSError, ValueError, RecursionError):
            fields = json.loads(files.whole(self._path, MOST_BYTES))
            if isinstance(fields, dict):
                return fields
        return {}

    def answer(self) -> Answer:
        """Wait, at the longest until its time limit, and read what it wrote."""
        try:
            done = self.child.wait()
            return Answer(self.peek(), done)
        finally:
            self.discard()

    def discard(self) -> None:
        """End it and remove its folder."""
        self.child.end()
        self._folder.close()


def version_without_site(python: str, timeout: float = 10.0) -> tuple[str | None, Done]:
    """The version of an interpreter started without its site-packages (-S -E), for one that does not start with them.

    None where the file is no Python at all.
    """
    words = "import sys; sys.stdout.write('dlcheck:%d.%d.%d' % tuple(sys.version_info[:3]))"
    done = run((python, "-S", "-E", "-c", words), timeout=timeout, apart=True)
    _, mark, version = done.output.partition("dlcheck:")
    return (version.strip() if mark else None), done
