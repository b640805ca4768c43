"""``dlcheck explain``: what a code or a cause means, and what to type."""

from __future__ import annotations

from typing import Annotated

import typer

from dlcheck.cli import console, options
from dlcheck.model.errors import DlcheckError
from dlcheck.model.style import Style


def explain(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[CODE|CAUSE]", hidden=True),
    ] = None,
    *,
    list_: Annotated[bool, typer.Option("--list", help="Every check and every cause, a line each.")] = False,
    schema: Annotated[bool, typer.Option("--schema", help="The JSON Schema of a command's document, or all.")] = False,
    format_: Annotated[options.ToldFormat, typer.Option("--format", help="How to tell it.")] = options.ToldFormat.TEXT,
    output: Annotated[str | None, typer.Option(metavar="FILE", help="Write it there, whole or not at all.")] = None,
) -> None:
    """Tell what a check or a cause means, why it happens, what to type, and how to see that it worked.

    CODE is a check such as DL611, or DL6 for all that begin so; CAUSE is a name such as driver-too-old. With --schema it is a
    command.
    """
    from dlcheck import explain as verb

    if schema:
        console.document(verb.schema(name), output)
        return
    if list_ and name:
        raise DlcheckError("--list takes no name", f"dlcheck explain {name} explains that one.")
    if not list_ and not name:
        raise DlcheckError("which code or cause?", "dlcheck explain --list shows all.")
    from dlcheck.renderers import EXPLANATION_RENDERERS

    found = verb.explain(name) if name else verb.catalogue()
    style = console.style() if output is None else Style(unicode=True)
    console.document(EXPLANATION_RENDERERS[format_.value](found, style), output)
