"""Interpreters from 3.6 to 3.13: those too old are named, the others give no alarm."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from pathlib import Path

from tests.faults.imports import ONLY, importing
from tests.faults.planting import BIN, Case, Ground, Plant, Planted, nothing


def belongs_to_the_system(planted: Planted, folder: Path) -> Ground:
    """A whole Python of its own, outside of any environment, marked as PEP 668 has it: its library is linked, not copied."""
    release = f"python3.{sys.version_info[1]}"
    own, library = folder / "usr", Path(sys.base_prefix) / "lib" / release
    (own / BIN).mkdir(parents=True)
    shutil.copy(Path(sys.base_prefix) / BIN / release, own / BIN / release)
    (own / "lib" / release).mkdir(parents=True)
    for one in library.iterdir():
        if one.name not in ("site-packages", "EXTERNALLY-MANAGED"):
            (own / "lib" / release / one.name).symlink_to(one)
    shutil.copytree(planted.site, own / "lib" / release / "site-packages")
    (own / "lib" / release / "EXTERNALLY-MANAGED").write_text("[externally-managed]\nError=Ask the system.\n")
    planted.target = ("--python", str(own / BIN / release))
    return Ground()


def calls_itself(implementation: str) -> Plant:
    """A stand-in for another implementation: this Python, told by its environment to give that name."""

    def plant(planted: Planted, folder: Path) -> Ground:
        words = f"import sys; sys.implementation.name = {implementation!r}\n"
        (planted.site / "zoo_implementation.pth").write_text(words)
        return Ground()

    return plant


def program(text: str) -> Plant:
    """In the place of the interpreter, a program of that text; a link that leads nowhere where there is none."""

    def plant(planted: Planted, folder: Path) -> Ground:
        planted.python.unlink()
        if text:
            planted.python.write_text(text)
            planted.python.chmod(0o755)
        else:
            planted.python.symlink_to("/usr/local/opt/python@3.11/bin/python3.11")
        return Ground()

    return plant


def ended_at_start(planted: Planted, folder: Path) -> None:
    (planted.site / "zoo_end.pth").write_text("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)\n")


def without_ssl(planted: Planted, folder: Path) -> None:
    """A Python that was built where OpenSSL's headers were not."""
    (planted.site / "zoo_ssl.pth").write_text("import sys; sys.modules['_ssl'] = None\n")


def old_pip(planted: Planted, folder: Path) -> None:
    planted.list("pip==19.2.3")
    (planted.site / "pip" / "__init__.py").write_text("__version__ = '19.2.3'\n")


def of(release: str, case: Case) -> Case:
    return replace(case, release=release, needs=(f"python {release}",))


DROPPED = importing("import distutils.version\n")
NEWER = importing("match 1:\n    case 1:\n        pass\n")
FAULTS = (
    Case("interpreters", "PyPy (a stand-in)", calls_itself("pypy"), "python-unsupported-implementation"),
    Case("interpreters", "the Python below the environment is gone", program(""), "env-python-missing"),
    Case(
        "interpreters",
        "a Python that a .pth file ends at its start",
        ended_at_start,
        "python-cannot-start",
    ),
    Case(
        "interpreters", "a Python for another processor", program("\x7fELF of another machine\n"), "python-cannot-start"
    ),
    Case("interpreters", "a Python without ssl", without_ssl, "python-without-ssl"),
    Case("interpreters", "a pip that knows no wheel of today", old_pip, "pip-too-old", "warning"),
    Case(
        "interpreters",
        "a Python of the system (PEP 668)",
        belongs_to_the_system,
        "externally-managed-python",
        "warning",
        needs=("bare machine",),
    ),
    of("3.6", Case("interpreters", "Python 3.6", nothing, "python-too-old", torch="1.10.0")),
    of("3.7", Case("interpreters", "Python 3.7", nothing, "python-too-old", torch="1.10.0")),
    of("3.8", Case("interpreters", "Python 3.8", nothing, "python-too-old", "warning")),
    of("3.12", Case("interpreters", "distutils under 3.12", DROPPED, "stdlib-module-removed", arguments=ONLY)),
    of("3.13", Case("interpreters", "distutils under 3.13", DROPPED, "stdlib-module-removed", arguments=ONLY)),
    of("3.8", Case("interpreters", "a newer syntax under 3.8", NEWER, "import-raises", arguments=ONLY)),
)
HEALTHY = tuple(
    of(release, Case("interpreters", f"Python {release}", nothing))
    for release in ("3.9", "3.10", "3.11", "3.12", "3.13")
)
