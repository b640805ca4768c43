"""Installs frameworks into a virtual environment: plan, carry out, prove. The target is the old or the new one, whole."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timezone

from dlcheck import __version__
from dlcheck.model.plan import Failure, Installation, Options, Plan
from dlcheck.planning import Prepared, Unresolved, prepare


def plan(
    options: Options, environ: Mapping[str, str], say: Callable[[str], None] = lambda _: None
) -> tuple[Installation, Prepared | None]:
    """What would be done, as a document, and what ``carry_out`` takes. Nothing of the target is touched."""
    start = time.monotonic()
    try:
        prepared = prepare(options, environ, say)
    except Unresolved as error:
        return _ended(
            error.plan, "failed", start, failure=Failure(step="resolve", message=str(error), hint=error.hint)
        ), None
    refused = prepared.plan.selection is not None and prepared.plan.selection.refusals
    result = "nothing-to-do" if prepared.plan.mode == "nothing" else "failed" if refused else "planned"
    return _ended(prepared.plan, result, start), None if refused else prepared


def _ended(made: Plan, result: str, start: float, *, failure: Failure | None = None) -> Installation:
    return Installation(
        version=__version__,
        created=datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        node=os.environ.get("SLURMD_NODENAME") or platform.node(),
        plan=made,
        result=result,
        exit_code=1 if result == "failed" else 0,
        failure=failure,
        seconds=time.monotonic() - start,
    )
