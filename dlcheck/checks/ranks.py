"""Judges a data-parallel training: every rank must end where a single process would; one that falls behind is named."""

from __future__ import annotations

import signal
from collections.abc import Mapping, Sequence
from typing import Any

from dlcheck.checks import training
from dlcheck.checks.report_of_worker import DIED, HUNG, run_of
from dlcheck.checks.training import judge_training
from dlcheck.model.smoke import SmokeResult, SmokeStatus, SmokeTask

STAGES = ("start", "import", "join", "all-reduce", "reduced", "train", "result", "done")
"""How far a rank came."""


def judge_ranks(
    task: SmokeTask,
    world: int,
    events: Sequence[dict[str, Any]],
    exit_codes: Mapping[int, int],
    *,
    backend: str,
    last_words: str = "",
) -> list[SmokeResult]:
    """One result a rank. A rank that waited for another one is skipped, and says for whom it waited."""
    version = next((str(one["version"]) for one in events if one.get("version")), None)
    reached = {
        rank: max((_stage(one) for one in events if one.get("rank") == rank), default=0) for rank in range(world)
    }
    behind = {rank for rank, stage in reached.items() if stage == min(reached.values())}
    found = []
    for rank in range(world):
        own = [one for one in events if one.get("rank") == rank]
        report = next((one for one in own if one["event"] == "result"), None)
        wrong_sum = any(one["event"] == "reduced" and one.get("whole") is not True for one in own)
        if wrong_sum:
            why = f"an all-reduce of {world} ranks ({backend}) gave a wrong sum"
            said = training.Judgement(SmokeStatus.FAILED, training.DEVICE_COMPUTES_WRONG, why)
        elif report is not None:
            said = judge_training(task, run_of(report), None, "float32")
        else:
            said = _fell(rank, reached, behind, exit_codes, last_words)
        losses = run_of(report).losses if report else ()
        found.append(
            SmokeResult(
                framework="torch",
                version=version,
                device=f"rank {rank} of {world}, {backend}",
                task=task.name,
                dtype="float32",
                mode="data-parallel",
                status=said.status,
                cause=said.cause,
                why=said.why,
                steps=task.steps,
                loss_first=losses[0] if losses else None,
                loss_last=losses[-1] if losses else None,
                deviation=said.deviation,
                limit=said.limit,
                precision=said.precision,
                losses=losses,
            )
        )
    return found


def _stage(event: Mapping[str, Any]) -> int:
    name = str(event.get("stage") or event.get("event"))
    return STAGES.index(name) if name in STAGES else 0


def _fell(
    rank: int, reached: Mapping[int, int], behind: set[int], exit_codes: Mapping[int, int], last_words: str
) -> training.Judgement:
    at = f'after "{STAGES[reached[rank]]}"'
    code = exit_codes.get(rank)
    if code is not None and code < 0 and (rank in behind or len(exit_codes) == 1):
        return training.Judgement(SmokeStatus.CRASHED, DIED, f"rank {rank} was ended by {_signal(-code)} {at}")
    alone = len(behind) < len(reached)
    if alone and rank in behind:
        why = f"rank {rank} fell behind: nothing was heard of it {at}, while others had gone on"
        return training.Judgement(SmokeStatus.TIMEOUT, HUNG, why)
    if alone:
        names = ", ".join(str(one) for one in sorted(behind))
        return training.Judgement(SmokeStatus.SKIPPED, None, f"waited for rank {names}, {at}")
    words = f"; last words: {last_words}" if last_words else ""
    return training.Judgement(SmokeStatus.FAILED, training.TRAINING_RAISED, f"no rank came further than {at}{words}")


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
