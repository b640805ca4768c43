"""``doctor --fix``: show the plan, ask, carry it out. The plan and the talk go to standard error, the report to stdout."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from dlcheck.cli import console

if TYPE_CHECKING:
    from dlcheck.model.report import Report


def mend(report: Report, *, dry_run: bool, yes: bool, offline: bool) -> bool:
    """Carry out what dlcheck can mend of the report's findings; whether the environment was changed."""
    from dlcheck.cli.download import Progress
    from dlcheck.installation import fix, install
    from dlcheck.installation.prepared import Unresolved
    from dlcheck.model.errors import DlcheckError
    from dlcheck.renderers import INSTALL_RENDERERS
    from dlcheck.renderers.install_text import proposal

    try:
        prepared = fix.fix_plan(report.findings, report.facts, os.environ, offline=offline)
    except Unresolved as error:
        console.say(
            f"dlcheck: no plan mends this: {error}" + (f"\n  {error.failure.hint}" if error.failure.hint else "")
        )
        return False
    except DlcheckError as error:
        console.say(f"dlcheck: {error.line}")
        return False
    if prepared is None:
        console.say("Nothing that was found can be mended by changing packages; the fixes in the report are for you.")
        return False
    show, style = INSTALL_RENDERERS["text"], console.style(sys.stderr)
    refused = prepared.plan.selection is not None and prepared.plan.selection.refusals
    if dry_run or refused:
        console.say(show(install.planned(prepared), style).rstrip())
        return False
    console.say(proposal(prepared.plan, style).rstrip())
    if not yes and not console.ask("Do it?"):
        return False
    with Progress(prepared.plan.artifacts) as progress:
        done = install.install(prepared, os.environ, progress)
    console.say(show(done, style).rstrip())
    return done.result == "installed"
