"""What dlcheck knows of a framework before it looks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dlcheck.model.fact import Unknown
from dlcheck.model.python_facts import BuildFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Framework:
    """One framework: how it is recognised, how its files are read, which script of inside/ starts it."""

    name: str
    """Name of its module and its key in Facts.frameworks."""
    title: str
    distributions: tuple[str, ...]
    """Names (PEP 503) of distributions that carry the module, the usual one first."""
    script: str | None = None
    """Script of inside/ that imports it; None where nobody needs it imported."""
    module: str | None = None
    """Module to import where there is no script: an extension names it."""
    version_file: str | None = None
    """File below site-packages that says the version, for an import without distribution metadata."""
    read_build: Callable[[str], BuildFacts | Unknown | None] | None = None
    """Reads from the files below a site-packages folder what the build says of itself."""
    trains: bool = False
    """Whether a network can be trained with it alone."""
    successor: str | None = None
    """What to use instead, for a framework that has ended."""

    @property
    def question(self) -> str | None:
        """What gather asks the interpreter: a script of inside/, and behind a colon what it shall look at."""
        return self.script or (f"look_module:{self.module}" if self.module else None)
