"""The checked interpreter: its own description, completed with what only the outside sees."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace

from dlcheck.host import files
from dlcheck.host.interpreter import Answer, version_without_site
from dlcheck.model.codec import DecodeError, decode
from dlcheck.model.errors import DlcheckError
from dlcheck.model.fact import Unknown
from dlcheck.model.python_facts import Distribution, PythonFacts
from dlcheck.model.report import Target

_KEPT = ("torch", "tensorflow", "keras", "jax", "numpy", "transformers")
_FIELDS = {one.name for one in fields(PythonFacts)}


def read_answer(answer: Answer, target: Target, timeout: float) -> PythonFacts:
    """The facts of the target from what look_python wrote.

    An interpreter that does not start is asked again without its site-packages. What is then no Python at all was wrong
    use where the person named it (``DlcheckError``), and is a broken environment where it was found in one.
    """
    given = {name: value for name, value in answer.fields.items() if name in _FIELDS}
    if answer.stage == "done":
        try:
            return decode(PythonFacts, given)
        except DecodeError as error:
            return PythonFacts(executable=target.python, version=Unknown(f"it answered what it should not: {error}"))
    done = answer.done
    if done.failure and not os.path.exists(target.python):
        gone = "its interpreter is gone: the Python it was made from was moved or removed"
        return PythonFacts(executable=target.python, version=Unknown(gone), startup_error=gone)
    version, again = version_without_site(target.python, min(timeout, 10.0))
    if version is None:
        if target.chosen_by == "--python":
            why = done.failure or again.failure or "it does not answer as Python does"
            raise DlcheckError(f"{target.python} is no Python interpreter: {why}", "Give the path of a Python.")
        why = _last_words(done.output) or done.failure or "it does not answer"
        return PythonFacts(executable=target.python, version=Unknown(why), startup_error=why)
    how = "it did not start in time" if done.timed_out else done.signal or f"exit code {done.code}"
    words = _last_words(done.output)
    return PythonFacts(executable=target.python, version=version, startup_error=f"{how}: {words}" if words else how)


def _last_words(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1][:500] if lines else ""


def with_pip(
    facts: PythonFacts, distributions: Sequence[Distribution], environ: Mapping[str, str] = os.environ
) -> PythonFacts:
    """The facts with the pip of the environment, and the interpreter that the `pip` command on PATH belongs to."""
    own = next((one.version for one in distributions if one.name == "pip" and not one.damaged), None)
    command = shutil.which("pip", path=environ.get("PATH", ""))
    # An empty entry means the current folder; an empty PATH has no entry.
    path = (entry or os.curdir for entry in environ.get("PATH", "").split(os.pathsep)) if environ.get("PATH") else ()
    return replace(
        facts,
        pip=own,
        pip_on_path=_interpreter_of(command) if command else None,
        loaded=loaded_here(facts.executable),
        writable_by_all=_writable_by_all((*facts.site_packages, *path)),
    )


def loaded_here(executable: str | None) -> dict[str, str]:
    """The frameworks that this process holds, where it is one of the checked interpreter: a notebook's kernel."""
    if executable != sys.executable:
        return {}
    versions = ((name, getattr(sys.modules.get(name), "__version__", None)) for name in _KEPT)
    return {name: str(version) for name, version in versions if version}


def _writable_by_all(folders: Iterable[str]) -> tuple[str, ...]:
    """Those that every user may write to and delete from; none on Windows, whose mode bits say nothing of it."""
    found = []
    for folder in dict.fromkeys(folders) if os.name == "posix" else ():
        if folder == os.curdir:
            found.append(folder)
            continue
        with contextlib.suppress(OSError):
            mode = os.stat(folder).st_mode
            if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
                found.append(folder)
    return tuple(found)


def _interpreter_of(script: str) -> str | Unknown | None:
    """The interpreter in the first line of a console script; a launcher on Windows lies beside its Python."""
    if os.name == "nt":
        beside = os.path.join(os.path.dirname(os.path.dirname(script)), "python.exe")
        inside = os.path.join(os.path.dirname(script), "python.exe")
        return inside if os.path.exists(inside) else beside
    text = files.read(script, 4096)
    if not isinstance(text, str):
        return Unknown(f"{script} cannot be read")
    # Long or blank-holding paths are started through sh: a second line with the real one (PEP 441's trick in pip).
    found = re.match(r"#!/bin/sh\n'''exec' \"?([^\"\n]+?)\"? \"\$0\"", text) or re.match(
        r"#!\s*(\S*python[\w.]*)", text
    )
    if not found:
        return Unknown(f"{os.path.basename(script)} is a script that does not name its interpreter")
    return found[1]
