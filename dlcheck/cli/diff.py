"""``dlcheck diff``."""

from __future__ import annotations

from typing import Annotated

import typer

from dlcheck.cli import console, options
from dlcheck.model.style import Style


def diff(
    before: Annotated[
        str,
        typer.Argument(metavar="A", hidden=True),
    ] = "last",
    after: Annotated[str | None, typer.Argument(metavar="B", hidden=True)] = None,
    *,
    format_: Annotated[options.TextFormat, typer.Option("--format", help="How to show it.")] = options.TextFormat.TEXT,
    output: Annotated[str | None, typer.Option(metavar="FILE", help="Write it there, whole or not at all.")] = None,
    list_: Annotated[bool, typer.Option("--list", help="List the kept runs and stop.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Every change, the unlikely ones too.")] = False,
) -> int:
    """Say what changed between two runs: it worked then, it fails now. Exit code 1 where a check fails that did not.

    A and B are last, previous, well (the newest that ended well), a date, a number of --list, or a file. B is the newest run
    where it is left out.
    """
    from dlcheck import __version__, history
    from dlcheck import diff as verb

    if list_:
        for one in history.runs():
            ended = {0: "well", 1: "findings"}.get(one.exit_code, f"exit code {one.exit_code}")
            console.document(f"{one.number:5}  {one.created}  {one.command:7} {ended:9} {one.python}")
        return 0
    found = verb.compare(before, after)
    exit_code = 1 if found.worse else 0
    if format_ is options.TextFormat.JSON:
        from datetime import datetime, timezone

        from dlcheck.renderers import diff_json

        created = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        console.document(diff_json.render(found, version=__version__, created=created, exit_code=exit_code), output)
        return exit_code
    from dlcheck.renderers import diff_text

    style = Style(unicode=True, verbosity=int(verbose)) if output else console.style(verbosity=int(verbose))
    console.document(diff_text.render(found, style), output)
    return exit_code
