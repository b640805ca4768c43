"""A training over all devices at once: an all-reduce and data-parallel steps, judged against a single process."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from dlcheck.checks.ranks import judge_ranks
from dlcheck.data.smoke_tasks import smoke_task, task_path
from dlcheck.host.ranks import run_ranks
from dlcheck.model.report import Target
from dlcheck.model.smoke import SmokeResult

TASK = "mlp-regression"
WATCHDOG_SECONDS = 20.0
"""How long a rank may wait for the others; torch's own default is half an hour."""


def smoke_ranks(
    target: Target,
    results: Sequence[SmokeResult],
    *,
    timeout: float,
    fault: str | None = None,
    progress: Callable[[str, str, str], None] | None = None,
    watchdog: float = WATCHDOG_SECONDS,
) -> list[SmokeResult]:
    """Ranks over every GPU that PyTorch has trained on (NCCL), or over two processes on the CPU (gloo).

    Nothing where PyTorch is not there. ``fault``: die@1, lag@1 or scale@1, for the power test.
    """
    devices = {one.device for one in results if one.framework == "torch" and one.version is not None}
    if not devices:
        return []
    gpus = sum(one.startswith("cuda:") for one in devices)
    backend, world = ("nccl", gpus) if gpus else ("gloo", 2)
    if progress is not None:
        progress("torch", f"{world} ranks", f"data-parallel ({backend})")
    env = {"OMP_NUM_THREADS": "1", "TORCH_NCCL_ASYNC_ERROR_HANDLING": "1", **os.environ}
    options = {"task": task_path(TASK), "backend": backend, "fault": fault}
    ranks = run_ranks(target.python, options, world=world, watchdog=watchdog, timeout=timeout, env=env)
    words = [line.strip() for line in ranks.done.output.splitlines() if "Error" in line]
    if progress is not None:
        progress("torch", f"{world} ranks", "done")
    return judge_ranks(
        smoke_task(TASK), world, ranks.events, ranks.exit_codes, backend=backend, last_words=words[-1] if words else ""
    )
