"""Interpreters that lie on this machine, for the answer to "which Python would do"."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Mapping

from dlcheck.host.process import Child
from dlcheck.model.plan import Interpreter

_ASK = "import sys;sys.stdout.write('%d.%d.%d %s' % (sys.version_info[0],sys.version_info[1],sys.version_info[2],sys.executable))"
LIMIT = 24
"""As many are asked; a machine with more has one that would do among them."""


def installed(environ: Mapping[str, str], *, timeout: float = 5.0) -> tuple[Interpreter, ...]:
    """Interpreters on PATH and in the folders of pyenv, uv, conda and the system, newest first, each asked its version.

    One that does not answer is left out. All are asked side by side.
    """
    children = [
        Child((path, "-I", "-S", "-c", _ASK), name=path, timeout=timeout, apart=True)
        for path in list(_candidates(environ))[:LIMIT]
    ]
    found: dict[str, Interpreter] = {}
    for child in children:
        done = child.wait()
        version, _, executable = done.output.partition(" ")
        if done.code == 0 and executable and version[:1].isdigit():
            found.setdefault(os.path.realpath(executable), Interpreter(path=child.argv[0], version=version))
    return tuple(sorted(found.values(), key=lambda one: [int(part) for part in one.version.split(".")], reverse=True))


def _candidates(environ: Mapping[str, str]) -> Iterator[str]:
    """Paths, each file once. Shims of pyenv are passed over: they start what lies in its own folder anyway."""
    home = environ.get("HOME") or os.path.expanduser("~")
    data = environ.get("XDG_DATA_HOME") or os.path.join(home, ".local", "share")
    folders = [
        *(environ.get("PATH") or os.defpath).split(os.pathsep),
        "/usr/local/bin",
        "/usr/bin",
        "/opt/homebrew/bin",
    ]
    patterns = [f"{glob.escape(folder)}/python3.[0-9]*" for folder in folders if folder and "shims" not in folder]
    patterns += [
        f"{glob.escape(environ.get('PYENV_ROOT') or os.path.join(home, '.pyenv'))}/versions/*/bin/python",
        f"{glob.escape(environ.get('UV_PYTHON_INSTALL_DIR') or os.path.join(data, 'uv', 'python'))}/cpython-*/bin/python",
        *(f"{glob.escape(os.path.join(home, name))}/bin/python" for name in ("miniconda3", "anaconda3", "miniforge3")),
        "/opt/conda/bin/python",
        "/Library/Frameworks/Python.framework/Versions/3.*/bin/python3",
        f"{glob.escape(environ.get('LOCALAPPDATA', ''))}/Programs/Python/Python3*/python.exe",
    ]
    seen: set[str] = set()
    for pattern in patterns:
        for path in sorted(glob.glob(pattern)):
            real = os.path.realpath(path)
            if real not in seen and os.access(path, os.X_OK) and not path.endswith(("-config", "m")):
                seen.add(real)
                yield path
