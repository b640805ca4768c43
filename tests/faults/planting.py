"""What the fault zoo is planted with: an environment that would be well, the ground it stands on, and a case: what is wrong
with it, and the name that this must be given. The tests and benchmarks/race plant the same cases.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.survival import BIN, Environment, causes, doctor

LIMIT = 60
"""Seconds that any one examination may take; faults that make things hang have tighter limits of their own."""
VERSIONS = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"


class Planted(Environment):
    """A virtual environment of its own with a home of its own, in which a tiny torch is installed whole."""

    def __init__(self, folder: Path, *, torch: str | None = "2.13.0", python: str = "") -> None:
        if python:
            self.folder = folder / "env"
            subprocess.run([python, "-m", "venv", "--without-pip", str(self.folder)], check=True, timeout=120)
            self.python = self.folder / BIN / "python"
            self.site = next(self.folder.glob("lib/python*/site-packages"))
            self.target = ("--venv", str(self.folder))
        else:
            super().__init__(folder / "env")
        self.home = folder / "home"
        (self.home / ".cache").mkdir(parents=True)
        if torch is not None:
            self.add("torch", version=torch)

    def list(self, *pinned: str, **requires: str) -> None:
        """Distributions of metadata and one file each: ``list("a==1", a="b>=2|c")``, where a asks for b and c."""
        for one in pinned:
            name, _, version = one.partition("==")
            needs = requires.get(name.replace("-", "_"), "")
            self.add(
                name.replace("-", "_"),
                version=version,
                metadata="".join(f"Requires-Dist: {need}\n" for need in needs.split("|") if need),
            )

    def variables(self) -> dict[str, str]:
        """The surroundings of an examination; UNSET takes a variable of the outer machine away."""
        gone = ("XDG_CACHE_HOME", "JUPYTER_PATH", "PIP_INDEX_URL", "PIP_TRUSTED_HOST", "UV_INDEX_URL")
        return {
            **dict.fromkeys((*gone, "PYTHONDONTWRITEBYTECODE"), "UNSET"),
            "HOME": str(self.home),
            "PATH": f"{self.folder / BIN}{os.pathsep}{os.environ['PATH']}",
        }

    def examine(self, *arguments: str, **more: Any) -> dict[str, Any]:
        """The doctor's document on it: without imports unless the arguments say so."""
        return doctor(self, *(arguments or ("--quick",)), **{**self.variables(), **more})


@dataclass(frozen=True)
class Ground:
    """Where an examination takes place: its variables, its working directory, and the command that starts it, if one does."""

    variables: dict[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    before: tuple[str, ...] = ()


Plant = Callable[[Planted, Path], "Ground | AbstractContextManager[Ground] | None"]
"""Plants something in the environment or beside it, in a folder of its own."""


@dataclass(frozen=True)
class Case:
    """One environment of the zoo; ``cause`` is empty where it is well and nothing may be said."""

    family: str
    name: str
    plant: Plant
    cause: str = ""
    severity: str = "error"
    others: tuple[str, ...] = ()
    """Causes that are as right a name."""
    besides: tuple[str, ...] = ()
    """Causes that are true as well."""
    words: str = ""
    """What the message must contain."""
    arguments: tuple[str, ...] = ("--quick",)
    online: bool = False
    torch: str | None = "2.13.0"
    release: str = ""
    """Of Python, where it is not that of the tests."""
    folder: str = ""
    """A folder in whose name the point lies."""
    needs: tuple[str, ...] = ()
    """Parts of the machine, as tests/faults/needs.py knows them."""
    limit: float = LIMIT
    """Seconds that the examination may take."""
    without: tuple[str, ...] = ()
    """Distributions whose absence is the point, for whoever furnishes the environment with more."""

    def __str__(self) -> str:
        return f"{self.family}: {self.name}"

    @contextmanager
    def planted(self, folder: Path) -> Iterator[tuple[Planted, Ground]]:
        """The environment below an empty ``folder``, as long as its servers and control groups live."""
        place = folder / self.folder if self.folder else folder
        place.mkdir(exist_ok=True)
        planted = Planted(place, torch=self.torch, python=interpreter(self.release) if self.release else "")
        ground = self.plant(planted, place)
        if ground is None or isinstance(ground, Ground):
            yield planted, ground or Ground()
        else:
            with ground as alive:
                yield planted, alive


def interpreter(release: str) -> str:
    """Python of that release, "" where this machine has none."""
    found = next(iter(sorted(VERSIONS.glob(f"{release}.*/bin/python"))), None) or shutil.which(f"python{release}")
    return str(found or "")


def nothing(planted: Planted, folder: Path) -> None:
    """The environment as it is made."""


def variables(**values: str) -> Plant:
    return lambda *_: Ground(values)


def packages(*pinned: str, **needs: str) -> Plant:
    return lambda planted, _: planted.list(*pinned, **needs)


def in_namespace(words: str, kind: str = "-m") -> tuple[str, ...]:
    """What starts a command behind a shell's words in a namespace of its own, mounts unless ``kind`` says otherwise."""
    own = () if os.geteuid() == 0 else ("-r",)
    return ("unshare", kind, *own, "sh", "-c", f'set -e; {words}; exec "$@"', "sh")


def put_tool(folder: Path, name: str, text: str) -> str:
    """An executable of that text in a folder of its own; the PATH on which it comes first."""
    (folder / "tools").mkdir(exist_ok=True)
    place = folder / "tools" / name
    place.write_text(text)
    place.chmod(0o755)
    return f"{place.parent}{os.pathsep}{os.environ['PATH']}"


def alarms(document: dict[str, Any]) -> dict[str, str]:
    """Cause to its worst severity, of everything that is more than a note."""
    return {cause: severity for cause, severity in causes(document).items() if severity != "note"}


def messages(document: dict[str, Any], cause: str) -> str:
    """All that was said of one cause."""
    return "\n".join(
        one["message"] for verdict in document["verdicts"] for one in verdict["findings"] if one["cause"] == cause
    )


def assert_named(document: dict[str, Any], case: Case) -> None:
    """The cause was named with its severity, first, and nothing else gave an alarm but what is true as well."""
    found = alarms(document)
    right = (case.cause, *case.others)
    assert document["summary"]["crashed"] == 0, document["verdicts"]
    if case.severity == "note":
        notes = {one["cause"] for verdict in document["verdicts"] for one in verdict["findings"]}
        assert notes & set(right), (found, notes)
    else:
        assert found.get(case.cause) == case.severity or set(found) & set(case.others), found
        assert set(right) & set(document["primary_causes"]), document["primary_causes"]
    assert set(found) <= {*right, *case.besides}, found
    assert case.words in "\n".join(messages(document, cause) for cause in right)
