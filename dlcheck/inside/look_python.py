"""Describes the interpreter it runs in. Standard library only, syntax of Python 3.6."""

import os
import platform
import struct
import sys
import sysconfig


def main(answer, options):  # noqa: ARG001 - every script has this signature
    """Answer with the fields of PythonFacts that only the interpreter itself knows."""
    answer.stage("interpreter")
    version = "%d.%d.%d" % sys.version_info[:3]
    if sys.version_info[3] != "final":
        version += {"alpha": "a", "beta": "b", "candidate": "rc"}.get(sys.version_info[3], "") + str(
            sys.version_info[4]
        )
    base = getattr(sys, "base_prefix", sys.prefix)
    conda = os.path.isdir(os.path.join(sys.prefix, "conda-meta"))
    environment = "venv" if base != sys.prefix else "conda" if conda else None
    stdlib = sysconfig.get_path("stdlib") or ""
    include = sysconfig.get_path("include") or ""
    missing = [name for name in ("ssl", "ctypes", "sqlite3", "lzma", "bz2", "zlib") if not has(name)]
    user_site = None
    try:
        import site

        if site.ENABLE_USER_SITE and os.path.isdir(site.getusersitepackages()):
            user_site = site.getusersitepackages()
    except Exception:
        pass
    purelib = [sysconfig.get_path(name) for name in ("purelib", "platlib")]
    here = os.path.dirname(os.path.abspath(__file__))
    path = [entry for entry in sys.path if entry != here]
    answer.put(
        executable=sys.executable,
        version=version,
        implementation=sys.implementation.name,
        bits=struct.calcsize("P") * 8,
        machine=platform.machine(),
        platform=sysconfig.get_platform(),
        environment=environment,
        environment_name=os.path.basename(sys.prefix) if environment else None,
        prefix=sys.prefix,
        base_prefix=base,
        externally_managed=os.path.exists(os.path.join(stdlib, "EXTERNALLY-MANAGED")) and base == sys.prefix,
        translated=is_translated(),
        free_threaded=bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
        ssl=None if "ssl" in missing else "present",
        writes_bytecode=not sys.dont_write_bytecode,
        path=path,
        site_packages=unique(
            [entry for entry in purelib if entry and os.path.isdir(entry)]
            + [entry for entry in path if os.path.basename(entry) in ("site-packages", "dist-packages")]
        ),
        user_site=user_site if user_site in path else None,
        stdlib_missing=missing,
        headers=os.path.exists(os.path.join(include, "Python.h")),
        result="found",
    )


def has(name):
    """Whether a standard module with a compiled part is there; it is looked for, not imported."""
    import importlib.util

    compiled = {"ssl": "_ssl", "ctypes": "_ctypes", "sqlite3": "_sqlite3", "lzma": "_lzma", "bz2": "_bz2"}.get(
        name, name
    )
    try:
        return compiled in sys.builtin_module_names or importlib.util.find_spec(compiled) is not None
    except (ImportError, ValueError):
        return False


def is_translated():
    """Whether Rosetta translates this very process; None elsewhere than on a Mac."""
    if sys.platform != "darwin":
        return None
    try:
        import ctypes

        value, size = ctypes.c_int(0), ctypes.c_size_t(ctypes.sizeof(ctypes.c_int))
        asked = ctypes.CDLL(None).sysctlbyname(
            b"sysctl.proc_translated", ctypes.byref(value), ctypes.byref(size), None, 0
        )
        return asked == 0 and value.value == 1
    except Exception:
        return None


def unique(entries):
    """The entries without repeats, in order; the same folder under two names counts once."""
    seen = []
    kept = []
    for entry in entries:
        real = os.path.realpath(entry)
        if real not in seen:
            seen.append(real)
            kept.append(entry)
    return kept
