"""``dlcheck devices``."""

from __future__ import annotations

from typing import Annotated

import typer

from dlcheck.cli import console, options
from dlcheck.cli.progress import watching


def devices(
    *,
    python: options.Python = None,
    venv: options.Venv = None,
    quick: Annotated[bool, typer.Option("--quick", help="Ask no framework: the bus and the drivers only.")] = False,
    format_: Annotated[
        options.TextFormat, typer.Option("--format", help="How the table is written.")
    ] = options.TextFormat.TEXT,
    output: options.Output = None,
    timeout: options.Timeout = 60.0,
    facts: Annotated[str | None, typer.Option(metavar="FILE", help="Show recorded facts, not this machine.")] = None,
) -> None:
    """Show every device as PCI, its driver and each framework see it."""
    from dlcheck import device_table as verb
    from dlcheck.gather import Way, gather
    from dlcheck.host import interpreter, recording
    from dlcheck.renderers import DEVICE_RENDERERS

    if facts:
        found = recording.read(facts)
        target = recording.target_of(found)
    else:
        target = interpreter.choose(python, venv)
        with watching():
            found, _ = gather(verb.SUBJECTS, target, Way(quick=quick, offline=True, timeout=timeout))
    table = verb.table(found, target)
    console.document(DEVICE_RENDERERS[format_.value](table, console.style(document=output)), output)
