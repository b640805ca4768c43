"""Options that several commands share.

Arguments are hidden in --help and told in the command's own words: Click 8.5 loses the help that Typer gives to them.
"""

from __future__ import annotations

import enum
import math
from typing import Annotated

import typer


class FailOn(str, enum.Enum):
    """What makes the exit code 1."""

    ERROR = "error"
    WARNING = "warning"
    NEVER = "never"


class TextFormat(str, enum.Enum):
    """How a table or a plan is shown. Keys of its renderers, as in the two below; a test holds them together."""

    TEXT = "text"
    JSON = "json"


class ToldFormat(str, enum.Enum):
    """How causes are told."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


class ReportFormat(str, enum.Enum):
    """How a report of smoke or of a fleet is shown; the doctor's formats can be extended, and are checked by their list."""

    TEXT = "text"
    JSON = "json"
    JUNIT = "junit"
    SARIF = "sarif"
    GITHUB = "github"
    MARKDOWN = "markdown"
    HTML = "html"
    NAGIOS = "nagios"
    PROMETHEUS = "prometheus"


def finite(seconds: float) -> float:
    """A number that time can reach: min and max of an option let nan through, and some infinity."""
    if not math.isfinite(seconds):
        raise typer.BadParameter("a finite number is expected.")
    return seconds


Python = Annotated[
    str | None, typer.Option(metavar="PATH", help="The interpreter to check: a path, or a name on PATH.")
]
Venv = Annotated[str | None, typer.Option(metavar="DIR", help="The virtual environment to check.")]
Output = Annotated[str | None, typer.Option(metavar="FILE", help="Write it there, whole or not at all.")]
Timeout = Annotated[float, typer.Option(metavar="SECONDS", min=1.0, callback=finite, help="Limit of each child.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Every check with its evidence.")]
NoHistory = Annotated[bool, typer.Option("--no-history", help="Do not keep this run for dlcheck diff.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Only what is wrong.")]


def verbosity(verbose: bool, quiet: bool) -> int:
    """Style.verbosity of the two flags; the louder wins."""
    return 1 if verbose else -1 if quiet else 0


def codes(lists: list[str] | None) -> tuple[str, ...]:
    """The codes or prefixes of comma-separated lists, one for each time that the option was given."""
    return tuple(word.strip() for words in lists or () for word in words.split(",") if word.strip())
