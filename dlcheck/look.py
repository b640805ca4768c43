"""Looks at what decides which builds can run: the interpreter, the system, the processor, the devices."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping

from dlcheck.gather import Way, gather
from dlcheck.host import pythons
from dlcheck.model.errors import DlcheckError
from dlcheck.model.fact import Unknown
from dlcheck.model.facts import Facts
from dlcheck.model.report import Target

SUBJECTS = ("system", "cpu", "python", "devices")


def look_for_builds(python: str, environ: Mapping[str, str], *, timeout: float = 20.0) -> tuple[str, Facts]:
    """The interpreter's path and the facts that selection needs.

    ``python`` is a path, a command or a version such as 3.12. ``DlcheckError`` where it is no interpreter.
    """
    path = find(python, environ)
    target = Target(python=path, chosen_by="--python")
    facts, _ = gather(SUBJECTS, target, Way(quick=True, offline=True, lean=True, timeout=timeout))
    if isinstance(facts.python, Unknown) or isinstance(facts.python.version, Unknown) or not facts.python.version:
        raise DlcheckError(f"{path} does not start as a Python")
    return path, facts


def find(python: str, environ: Mapping[str, str]) -> str:
    """Path of the interpreter that a path, a command or a version means."""
    if os.path.sep in python:
        if not os.path.isfile(python):
            raise DlcheckError(f"there is no interpreter {python}")
        return os.path.abspath(python)
    on_path = shutil.which(f"python{python}" if python[:1].isdigit() else python, path=environ.get("PATH"))
    if on_path and "shims" not in on_path:
        return on_path
    for one in pythons.installed(environ):
        if one.version == python or one.version.startswith(python + "."):
            return one.path
    here = ", ".join(one.version for one in pythons.installed(environ)[:8])
    raise DlcheckError(
        f"no Python {python} was found here",
        f"There are: {here}. --python takes a path too." if here else "--python takes a path too.",
    )
