"""Compilers and toolkits on PATH, and the limits of this process. Versions come from files where files tell them."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping

from dlcheck.host import files
from dlcheck.host.process import run
from dlcheck.model.fact import Unknown
from dlcheck.model.host_facts import ToolchainFacts

_TIMEOUT = 5.0


def look(environ: Mapping[str, str] = os.environ, root: str = "/") -> ToolchainFacts:
    """The toolchain; None for a tool that is not there."""
    path = environ.get("PATH", "")
    soft, hard = _open_files()
    return ToolchainFacts(
        gcc=_version(("g++", "gcc", "c++"), path, r"\b(\d+\.\d+\.\d+)\b"),
        clang=_version(("clang++", "clang"), path, r"version (\d+[\d.]*)"),
        nvcc=_nvcc(path),
        rocm=files.read_line(os.path.join(root, "opt/rocm/.info/version")),
        open_files_soft=soft,
        open_files_hard=hard,
    )


def _version(names: tuple[str, ...], path: str, pattern: str) -> str | Unknown | None:
    found = next(filter(None, (shutil.which(name, path=path) for name in names)), None)
    if found is None:
        return None
    done = run((found, "--version"), timeout=_TIMEOUT)
    match = re.search(pattern, done.output)
    return match[1] if match else Unknown(f"{os.path.basename(found)} does not tell its version")


def _nvcc(path: str) -> str | Unknown | None:
    """The toolkit's version from the version.json beside nvcc, which is quicker than asking nvcc."""
    found = shutil.which("nvcc", path=path)
    if found is None:
        return None
    folder = os.path.dirname(os.path.dirname(os.path.realpath(found)))
    text = files.read(os.path.join(folder, "version.json"))
    match = re.search(r'"cuda"\s*:\s*\{[^}]*"version"\s*:\s*"([\d.]+)"', text) if isinstance(text, str) else None
    return match[1] if match else _version(("nvcc",), path, r"release (\d+\.\d+)")


def _open_files() -> tuple[int | None, int | None]:
    try:
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    except (ImportError, OSError, ValueError):
        return None, None
    return soft, hard
