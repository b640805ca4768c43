"""Compilers and toolkits on PATH, and the limits of this process. Versions come from files where files tell them."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Mapping

from dlcheck.host import control_groups, files
from dlcheck.host.process import run
from dlcheck.model.fact import Unknown
from dlcheck.model.host_facts import ToolchainFacts

_TIMEOUT = 5.0
_FOLDERS = ("CUDA_HOME", "CUDA_PATH", "CUDA_ROOT", "TRITON_PTXAS_PATH")
_PROGRAMS = ("CC", "CXX")


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
        processes_limit=control_groups.processes_limit(root) if sys.platform == "linux" else None,
        locked_memory_bytes=_locked_memory(),
        nvcc_newest_gcc=_newest_gcc(path),
        missing_files=_missing(environ),
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


def _newest_gcc(path: str) -> int | None:
    """The limit that the toolkit's own header holds against the compiler: "#if __GNUC__ > 14"."""
    found = shutil.which("nvcc", path=path)
    if found is None:
        return None
    header = os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(found))), "include", "crt", "host_config.h")
    text = files.read(header)
    match = re.search(r"^\s*#\s*if __GNUC__ > (\d{1,3})\b", text, re.MULTILINE) if isinstance(text, str) else None
    return int(match[1]) if match else None


def _missing(environ: Mapping[str, str]) -> dict[str, str]:
    """Variables that name what is not there. The loader knows places of its own for a bare name in LD_PRELOAD."""
    named = [(name, environ[name]) for name in (*_FOLDERS, *_PROGRAMS) if environ.get(name, "").strip()]
    named += [("LD_PRELOAD", one) for one in re.split(r"[:\s]+", environ.get("LD_PRELOAD", "")) if one.startswith("/")]
    missing: dict[str, str] = {}
    for name, value in named:
        # A compiler may be given with its options, or behind a program such as ccache.
        words = value.split() if name in _PROGRAMS else [value]
        there = os.path.exists(value) or (name in _PROGRAMS and shutil.which(words[0], path=environ.get("PATH", "")))
        if not there and "$" not in value:
            missing.setdefault(name, value)
    return missing


def _locked_memory() -> int | None:
    try:
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    except (ImportError, AttributeError, OSError, ValueError):
        return None
    return None if hard == resource.RLIM_INFINITY else hard


def _open_files() -> tuple[int | None, int | None]:
    try:
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    except (ImportError, OSError, ValueError):
        return None, None
    return soft, hard
