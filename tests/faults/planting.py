"""What the fault zoo plants its faults with: an environment that would be well, and what the doctor says of it then."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from tests.survival import Environment, doctor

LIMIT = 60
"""Seconds that any one examination may take; faults that make things hang have tighter limits of their own."""


class Planted(Environment):
    """A virtual environment of its own with a home of its own, in which a tiny torch is installed whole."""

    def __init__(self, folder: Path, *, torch: str | None = "2.13.0") -> None:
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

    def examine(self, *arguments: str, **more: Any) -> dict[str, Any]:
        """The doctor's document on it: without imports unless the arguments say so."""
        given = arguments or ("--quick",)
        variables = {"HOME": str(self.home), "XDG_CACHE_HOME": "UNSET", "JUPYTER_PATH": "UNSET", **more}
        for name in ("PIP_INDEX_URL", "PIP_TRUSTED_HOST", "UV_INDEX_URL", "PYTHONDONTWRITEBYTECODE"):
            variables.setdefault(name, "UNSET")
        variables.setdefault("PATH", f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}")
        return doctor(self, *given, **variables)


def alarms(document: dict[str, Any]) -> dict[str, str]:
    """Cause to severity of everything that is more than a note."""
    return {
        one["cause"]: one["severity"]
        for verdict in document["verdicts"]
        for one in sorted(verdict["findings"], key=lambda one: one["severity"] == "error")
        if one["severity"] != "note"
    }


def messages(document: dict[str, Any], cause: str) -> str:
    """All that was said of one cause."""
    return "\n".join(
        one["message"] for verdict in document["verdicts"] for one in verdict["findings"] if one["cause"] == cause
    )


def assert_named(document: dict[str, Any], cause: str, severity: str, *, besides: tuple[str, ...] = ()) -> None:
    """The cause was named with that severity, first, and nothing else gave an alarm but what ``besides`` allows."""
    found = alarms(document)
    assert document["summary"]["crashed"] == 0, document["verdicts"]
    if severity == "note":
        notes = {one["cause"] for verdict in document["verdicts"] for one in verdict["findings"]}
        assert cause in notes, (found, notes)
    else:
        assert found.get(cause) == severity, found
        assert cause in document["primary_causes"], document["primary_causes"]
    assert set(found) <= {cause, *besides}, found
