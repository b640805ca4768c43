"""DL401-DL407: the interpreter itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dlcheck.checks.rule import rule
from dlcheck.model import units
from dlcheck.model.fact import NotApplicable, Unknown, known, or_none, present
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Evidence, Finding
from dlcheck.model.profile import Profile, Severity
from dlcheck.model.python_facts import PythonFacts


def started(facts: Facts) -> PythonFacts:
    """The interpreter where it started and described itself."""
    python = known(facts.python)
    if python.startup_error:
        raise NotApplicable("the interpreter does not start")
    return python


def numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version: (3, 14, 0) of 3.14.0rc2."""
    return tuple(int(one) for one in re.findall(r"\d+", re.split(r"[a-z+]", version)[0])[:3])


@rule(
    "DL401",
    "The interpreter starts",
    group="Python",
    needs=("python",),
    causes=("python-cannot-start", "env-python-missing"),
)
def cannot_start(facts: Facts, profile: Profile) -> Iterator[Finding]:  # noqa: ARG001
    """The interpreter of the environment does not start: nothing can run in it, not even pip.

    Either the Python that the environment was made from is gone, or something in its site-packages ends it at start: a
    .pth file, a sitecustomize, a file in a wrong encoding. With -S, which leaves site-packages out, it still answers.
    """
    python = known(facts.python)
    if not python.startup_error:
        return
    # The words are those of the system, in host/python.py: what may not or cannot be started here is not gone.
    there = re.search("ermission denied|Exec format error", python.startup_error)
    gone = isinstance(python.version, Unknown) and not there
    answers = not isinstance(python.version, Unknown)
    if isinstance(python.version, str) and numbers(python.version) < (3, 6):
        raise NotApplicable("too old to be asked")
    yield Finding(
        cause="env-python-missing" if gone else "python-cannot-start",
        message=f"{python.executable} does not start: {python.startup_error}"
        + ("" if not answers else "; it does start without its site-packages (-S)"),
        evidence=(Evidence("python.startup_error", python.startup_error),),
        about={"path": _environment(python.executable or "")},
    )


def _environment(executable: str) -> str:
    """The folder of the environment that an interpreter lies in."""
    return re.sub(r"[\\/](?:(?:bin|Scripts)[\\/])?[^\\/]*$", "", executable)


@rule(
    "DL402",
    "The version of Python is one that frameworks are built for",
    group="Python",
    needs=("python",),
    causes=("python-too-old",),
)
def version_too_old(facts: Facts, profile: Profile) -> Iterator[Finding]:
    """The interpreter is older than what the profile asks for (3.8), or than what today's frameworks are built for.

    torch 2.13 needs Python 3.10, TensorFlow 2.21 3.10, jaxlib 0.10 3.11 (their Requires-Python). Older interpreters
    keep the older releases: a warning. Below the profile's least it is an error.
    """
    python = known(facts.python)
    version = present(python.version, "its version is not told")
    found = numbers(version)
    if found < numbers(profile.minimum_python):
        yield Finding(
            cause="python-too-old",
            message=f"Python {version}; {profile.minimum_python} or newer is asked for",
            evidence=(Evidence("python.version", version),),
            about={"version": "3.12"},
        )
    elif found < (3, 9):
        yield Finding(
            cause="python-too-old",
            message=f"Python {version}: today's PyTorch and TensorFlow need 3.10 or newer; older releases are all that fits",
            severity=Severity.WARNING,
            evidence=(Evidence("python.version", version),),
            about={"version": "3.12"},
        )


@rule(
    "DL403",
    "The interpreter is a CPython that wheels fit",
    group="Python",
    needs=("python",),
    causes=("python-unsupported-implementation", "python-32bit", "x86-python-on-apple-silicon"),
)
def unusual_build(facts: Facts, profile: Profile) -> Iterator[Finding]:  # noqa: ARG001
    """No framework publishes wheels for this kind of interpreter: PyPy and others, 32 bits, or emulated on Apple silicon."""
    python = started(facts)
    if python.implementation not in (None, "cpython"):
        yield Finding(
            cause="python-unsupported-implementation",
            message=f"this is {python.implementation}; PyTorch, TensorFlow and JAX are built for CPython alone",
            evidence=(Evidence("python.implementation", python.implementation or ""),),
            about={"version": "3.12"},
        )
    if python.bits == 32:
        yield Finding(
            cause="python-32bit",
            message="a Python of 32 bits: no framework has wheels for it",
            evidence=(Evidence("python.bits", "32"),),
        )
    if python.translated:
        yield Finding(
            cause="x86-python-on-apple-silicon",
            message="a Python for Intel runs translated on Apple silicon: no Metal, no current wheels",
            evidence=(Evidence("python.machine", python.machine or ""), Evidence("python.translated", "true")),
        )


@rule(
    "DL404",
    "A virtual environment is used",
    group="Python",
    needs=("python", "container"),
    causes=("externally-managed-python", "no-virtual-environment"),
    severity=Severity.NOTE,
)
def no_environment(facts: Facts, profile: Profile) -> Iterator[Finding]:  # noqa: ARG001
    """The checked Python belongs to the system (PEP 668): pip refuses to install into it. A note for any other bare Python.

    In containers and hosted notebooks a bare Python is normal.
    """
    python = started(facts)
    container = known(facts.container)
    if python.environment is not None:
        return
    if container.kind or container.hosted:
        raise NotApplicable("a bare Python is normal here")
    if python.externally_managed:
        yield Finding(
            cause="externally-managed-python",
            message="this Python belongs to the operating system: pip refuses to install into it",
            severity=Severity.WARNING,
            evidence=(Evidence("python.externally_managed", "EXTERNALLY-MANAGED is there"),),
        )
    else:
        yield Finding(
            cause="no-virtual-environment",
            message="no virtual environment: packages of all projects mix in this Python",
            evidence=(Evidence("python.prefix", python.prefix or ""),),
        )


@rule(
    "DL405",
    "The pip on PATH installs into this interpreter",
    group="Python",
    needs=("python", "variables"),
    causes=("installed-for-other-python",),
    severity=Severity.NOTE,
)
def pip_of_another_python(facts: Facts, profile: Profile) -> Iterator[Finding]:  # noqa: ARG001
    """The command pip belongs to another interpreter: what it installs is not found here.

    A warning where the environment is activated and pip is another's all the same; else a note, since an environment
    that is not activated has its own pip inside. `python -m pip` always fits.
    """
    python = started(facts)
    command = or_none(python.pip_on_path)
    if command is None:
        raise NotApplicable("there is no pip on PATH that tells whose it is")
    prefix = python.prefix or ""
    if not prefix or command.startswith(prefix.rstrip("/") + "/") or command == python.executable:
        return
    active = known(facts.variables).get("VIRTUAL_ENV") or known(facts.variables).get("CONDA_PREFIX")
    yield Finding(
        cause="installed-for-other-python",
        message=f"the command pip belongs to {command}, not to the checked interpreter",
        severity=Severity.WARNING if active and active == prefix else None,
        evidence=(Evidence("python.pip_on_path", command), Evidence("python.prefix", prefix)),
    )


@rule(
    "DL406",
    "Imports are not slowed down by missing byte code",
    group="Python",
    needs=("python", "variables"),
    causes=("bytecode-not-written",),
    severity=Severity.NOTE,
)
def no_bytecode(facts: Facts, profile: Profile) -> Iterator[Finding]:  # noqa: ARG001
    """PYTHONDONTWRITEBYTECODE is set: every start compiles all sources anew.

    Measured: import torch takes 1.9 times, import tensorflow 2.8 times as long. Docker images set it, and uv compiles
    nothing at install unless told to.
    """
    if "PYTHONDONTWRITEBYTECODE" in known(facts.variables) and started(facts).writes_bytecode is False:
        yield Finding(
            cause="bytecode-not-written",
            message="PYTHONDONTWRITEBYTECODE is set: imports take two to three times as long",
            evidence=(
                Evidence("variables.PYTHONDONTWRITEBYTECODE", known(facts.variables)["PYTHONDONTWRITEBYTECODE"]),
            ),
            about={"variable": "PYTHONDONTWRITEBYTECODE"},
        )


@rule(
    "DL407",
    "Python has the standard modules that frameworks need",
    group="Python",
    needs=("python",),
    causes=("python-without-ssl",),
)
def modules_missing(facts: Facts, profile: Profile) -> Iterator[Finding]:  # noqa: ARG001
    """Python was built without compiled standard modules: without ssl nothing can be downloaded, without ctypes NumPy
    does not import. It happens when Python is built from source without the development packages.
    """
    python = started(facts)
    serious = [one for one in python.stdlib_missing if one in ("ssl", "ctypes", "zlib")]
    if python.stdlib_missing:
        yield Finding(
            cause="python-without-ssl",
            message=f"this Python was built without {units.listed(python.stdlib_missing)}",
            severity=Severity.ERROR if serious else Severity.NOTE,
            evidence=(Evidence("python.stdlib_missing", " ".join(python.stdlib_missing)),),
            about={"package": python.stdlib_missing[0]},
        )


RULES = (
    cannot_start,
    version_too_old,
    unusual_build,
    no_environment,
    pip_of_another_python,
    no_bytecode,
    modules_missing,
)
