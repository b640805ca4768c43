"""A training over all devices at once: an all-reduce and data-parallel steps, judged against a single process."""

from __future__ import annotations

import glob
import json
import os
from collections.abc import Callable, Sequence

from dlcheck.checks.ranks import judge_ranks
from dlcheck.data.smoke_tasks import smoke_task, task_path
from dlcheck.host.interpreter import Question
from dlcheck.host.ranks import Meeting, Ranks, run_ranks
from dlcheck.model.errors import DlcheckError
from dlcheck.model.report import Target
from dlcheck.model.smoke import SmokeMoment, SmokeResult, SmokeStep

TASK = "mlp-regression"
WATCHDOG_SECONDS = {"gloo": 20.0, "nccl": 60.0}
"""How long a rank may wait for the others; torch's own default is half an hour. NCCL finds its ways between GPUs first."""


def smoke_ranks(
    target: Target,
    results: Sequence[SmokeResult],
    *,
    timeout: float,
    fault: str | None = None,
    progress: Callable[[SmokeStep], None] = lambda _step: None,
    watchdog: float | None = None,
) -> list[SmokeResult]:
    """Ranks over every GPU that PyTorch has trained on (NCCL), or over two processes on the CPU (gloo).

    Nothing where PyTorch is not there. ``fault``: die@1, lag@1 or scale@1, for the power test.
    """
    devices = {one.device for one in results if one.framework == "torch" and one.version is not None}
    if not devices:
        return []
    gpus = sum(one.startswith("cuda:") for one in devices)
    backend, world = ("nccl", gpus) if gpus else ("gloo", 2)
    place = f"{world} ranks, {backend}"
    progress(SmokeStep("torch", place, SmokeMoment.TASK, TASK, "data-parallel"))
    env = {"OMP_NUM_THREADS": "1", "TORCH_NCCL_ASYNC_ERROR_HANDLING": "1", **os.environ}
    options = {"task": task_path(TASK), "backend": backend, "fault": fault}
    ranks = run_ranks(
        target.python, options, here=world, watchdog=watchdog or WATCHDOG_SECONDS[backend], timeout=timeout, env=env
    )
    if ranks.port_taken:  # it was free a moment before
        ranks = run_ranks(
            target.python, options, here=world, watchdog=watchdog or WATCHDOG_SECONDS[backend], timeout=timeout, env=env
        )
    progress(SmokeStep("torch", place, SmokeMoment.DONE))
    return judge_ranks(
        smoke_task(TASK), world, ranks.events, ranks.exit_codes, backend=backend, last_words=_last_words(ranks)
    )


def ranks_of_group(target: Target, group: str, *, fault: str | None = None) -> str:
    """The part of one node in a training over several: what its ranks reported, not judged, as JSON for ``fleet run``.

    ``group`` is what fleet_ranks.py hands over: groups (lists of node names), for each the address of its first node and a port,
    and the seconds it all may take. The node finds itself by DLCHECK_NODE.
    """
    try:
        asked = json.loads(group)
        name = os.environ["DLCHECK_NODE"]
        at = next(at for at, nodes in enumerate(asked["groups"]) if name in nodes)
        nodes, seconds = asked["groups"][at], float(asked["seconds"])
        meeting = Meeting(
            nodes=len(nodes), node=nodes.index(name), address=asked["addresses"][at], port=asked["ports"][at]
        )
    except (ValueError, TypeError, KeyError, StopIteration, IndexError):
        raise DlcheckError("--group is what fleet run hands over, and it is not that", "Leave it out.") from None
    gpus = _gpus(target, seconds)
    backend, here = ("nccl", gpus) if gpus else ("gloo", 1)
    env = {"OMP_NUM_THREADS": "1", "TORCH_NCCL_ASYNC_ERROR_HANDLING": "1", **os.environ}
    options = {"task": task_path(TASK), "backend": backend, "fault": fault, "nodes": nodes}
    watchdog = min(WATCHDOG_SECONDS[backend], seconds / 4)
    ranks = run_ranks(target.python, options, here=here, watchdog=watchdog, timeout=seconds, env=env, meeting=meeting)
    document = {
        "backend": backend,
        "here": here,
        "python": target.python,
        "events": ranks.events,
        "exit_codes": ranks.exit_codes,
        "port_taken": ranks.port_taken,
        "last_words": _last_words(ranks),
    }
    return json.dumps(document) + "\n"


def _last_words(ranks: Ranks) -> str:
    words = [line.strip() for line in ranks.done.output.splitlines() if "Error" in line]
    return words[-1] if words else ""


def _gpus(target: Target, seconds: float) -> int:
    """GPUs that PyTorch can use; it is asked only where the system shows one, since that takes seconds."""
    if not (glob.glob("/dev/nvidia[0-9]*") or os.path.exists("/dev/kfd")):
        return 0
    answer = Question(target.python, "look_torch", timeout=seconds / 2).answer()
    return sum(one.get("kind") == "cuda" for one in answer.fields.get("devices") or ())
