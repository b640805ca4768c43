"""Installs frameworks into a virtual environment: plan, carry out, prove. The target is the old or the new one, whole."""

from __future__ import annotations

import errno
import os
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from dlcheck import __version__
from dlcheck.installation.planning import prepare
from dlcheck.installation.prepared import Failed, Prepared, Unresolved
from dlcheck.installers import staging
from dlcheck.model.plan import Failure, Installation, Options, Plan

if TYPE_CHECKING:
    from dlcheck.installation.work import Reporter

SPACE = "Free some, or move the wheelhouse (DLCHECK_CACHE_DIR) or uv's cache (UV_CACHE_DIR) to a disk with room."


def plan(
    options: Options, environ: Mapping[str, str], say: Callable[[str], None] = lambda _: None
) -> tuple[Installation, Prepared | None]:
    """What would be done, as a document, and what ``install`` takes. Nothing of the target is touched.

    The second is None where nothing can or need be done; a kernel or a lock may be asked for of an environment that is
    as it should be.
    """
    start = time.monotonic()
    try:
        prepared = prepare(options, environ, say)
    except Unresolved as error:
        return _ended(error.plan, "failed", start, failure=error.failure), None
    if prepared.plan.mode == "nothing":
        return _ended(prepared.plan, "nothing-to-do", start), prepared if prepared.plan.steps else None
    if prepared.plan.selection is not None and prepared.plan.selection.refusals:
        return _ended(prepared.plan, "failed", start), None
    short = next((one for one in prepared.plan.disks if one.is_short), None)
    if short is not None:
        have, need = _megabytes(short.free_bytes), _megabytes(short.needed_bytes)
        message = f"{short.path} ({short.role}) has {have} free, {need} are needed"
        return _ended(prepared.plan, "failed", start, failure=Failure(step="space", message=message, hint=SPACE)), None
    return _ended(prepared.plan, "planned", start), prepared


def planned(prepared: Prepared) -> Installation:
    """The document of a plan that is yet to be carried out."""
    return _ended(prepared.plan, "planned", time.monotonic())


def install(prepared: Prepared, environ: Mapping[str, str], reporter: Reporter) -> Installation:
    """Carry the plan out. Whatever goes wrong is in the result, and the target is then as it was."""
    from dlcheck.installation.carry_out import besides, carry_out

    start = time.monotonic()
    nothing = prepared.plan.mode == "nothing"
    try:
        proof, written = (besides if nothing else carry_out)(prepared, environ, reporter)
    except Failed as error:
        return _ended(prepared.plan, "failed", start, failure=error.failure)
    except OSError as error:
        return _ended(prepared.plan, "failed", start, failure=_of_the_disk(error))
    result = "nothing-to-do" if nothing else "planned" if prepared.options.bundle else "installed"
    return replace(_ended(prepared.plan, result, start), proof=proof, written=written)


def _of_the_disk(error: OSError) -> Failure:
    """A failure of the file system in words: which place, and what to do about it."""
    where = error.filename or "the disk"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        kept = "What was fetched stays: the same command goes on from it."
        return Failure(step="space", message=f"no space left: {where}", hint=SPACE, kept=kept)
    return Failure(step="disk", message=f"{where}: {error.strerror or error}")


def _megabytes(size: int | None) -> str:
    return f"{(size or 0) / 1e6:,.0f} MB"


def _ended(made: Plan, result: str, start: float, *, failure: Failure | None = None) -> Installation:
    return Installation(
        version=__version__,
        created=datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        node=os.environ.get("SLURMD_NODENAME") or platform.node(),
        plan=made,
        python=staging.python_of(made.venv),
        result=result,
        exit_code=1 if result == "failed" else 0,
        failure=failure,
        seconds=time.monotonic() - start,
    )
