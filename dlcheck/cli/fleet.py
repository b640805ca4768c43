"""``dlcheck fleet``: many nodes, one picture."""

from __future__ import annotations

import enum
import sys
from typing import Annotated

import typer

from dlcheck.cli import console
from dlcheck.model.style import Style

command = typer.Typer(
    no_args_is_help=True, help="Many machines: run on all of them, draw one picture, compare two runs."
)


class Format(str, enum.Enum):
    """How the picture is shown."""

    TEXT = "text"
    JSON = "json"


class FailOn(str, enum.Enum):
    """What makes the exit code 1."""

    ERROR = "error"
    WARNING = "warning"
    NEVER = "never"


Expect = Annotated[
    str | None, typer.Option(metavar="FILE", help="The nodes that must report: names or n[1-7,9], lines or commas.")
]
FormatOption = Annotated[Format, typer.Option("--format", help="How to show it.")]
Output = Annotated[str | None, typer.Option(metavar="FILE", help="Write it there, whole or not at all.")]
FailOnOption = Annotated[FailOn, typer.Option("--fail-on", help="Missing, stale and unreadable nodes count as errors.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="A line for every node.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Only what is wrong.")]


@command.command()
def report(
    source: Annotated[
        str, typer.Argument(metavar="DIR|FILE|-", help="Reports: a folder, a file of JSON lines, or stdin.")
    ],
    *,
    expect: Expect = None,
    max_age: Annotated[
        float, typer.Option(metavar="HOURS", min=0.0, help="A report older than the newest by more is stale.")
    ] = 24.0,
    format_: FormatOption = Format.TEXT,
    output: Output = None,
    fail_on: FailOnOption = FailOn.ERROR,
    verbose: Verbose = False,
    quiet: Quiet = False,
) -> int:
    """Draw one picture of the reports that doctor and smoke left."""
    from dlcheck import fleet

    drawn = fleet.report(
        source,
        stream=sys.stdin.buffer if source == "-" else None,
        expect=fleet.expected_nodes(expect) if expect else None,
        max_age=3600 * max_age,
        fail_on=fail_on.value,
    )
    return _show(drawn, format_, output, verbose - quiet)


def _show(drawn: object, format_: Format, output: str | None, verbosity: int) -> int:
    from dlcheck.model.fleet import FleetReport
    from dlcheck.renderers import FLEET_RENDERERS

    assert isinstance(drawn, FleetReport)  # noqa: S101 - the verbs return nothing else
    style = console.style(verbosity=verbosity) if output is None else Style(unicode=True, verbosity=verbosity)
    console.document(FLEET_RENDERERS[format_.value](drawn, style), output)
    return drawn.exit_code
