"""The judgement of a data-parallel training: which rank is named, and as what."""

from __future__ import annotations

import base64
import struct

import pytest

from dlcheck.checks.ranks import judge_ranks
from dlcheck.data.smoke_tasks import smoke_task
from dlcheck.host.ranks import _exit_codes

TASK = smoke_task("mlp-regression")


def packed(arrays, factor=1.0):
    return {
        name: base64.b64encode(struct.pack(f"<{len(one.values)}f", *(value * factor for value in one.values))).decode()
        for name, one in arrays.items()
    }


def result(rank, factor=1.0):
    return {
        "event": "result",
        "rank": rank,
        "device": f"cpu rank {rank}",
        "task": TASK.name,
        "dtype": "float32",
        "mode": "data-parallel",
        "math": "default",
        "losses": list(TASK.losses),
        "start": packed(TASK.weights),
        "watched": {},
        "gradients": packed(TASK.gradients),
        "trained": packed(TASK.trained, factor),
        "places": [f"cpu rank {rank}"],
    }


def at(rank, stage):
    return {"event": "rank", "rank": rank, "stage": stage}


def statuses(events, exit_codes=()):
    found = judge_ranks(TASK, 2, events, dict(exit_codes), backend="gloo")
    return [(one.status.value, one.cause) for one in found]


def test_ranks_that_end_where_one_process_would_pass():
    assert statuses([result(0), result(1)]) == [("passed", None)] * 2


def test_other_weights_on_a_rank_are_found_even_where_the_loss_is_right():
    assert statuses([result(0), result(1, 1.01)])[1] == ("failed", "smoke-report-inconsistent")


def test_a_wrong_sum_is_the_devices_fault():
    events = [{"event": "reduced", "rank": 1, "whole": False}, result(0), result(1)]
    assert statuses(events) == [("passed", None), ("failed", "device-computes-wrong")]


@pytest.mark.parametrize(
    ("exit_codes", "expected"),
    [
        ({1: -11, 0: 1}, ("crashed", "training-crashes")),
        ({}, ("timeout", "smoke-timeout")),
        # The launcher ended it, after the other had waited in vain.
        ({0: 1, 1: -15}, ("timeout", "smoke-timeout")),
    ],
)
def test_the_rank_that_came_least_far_is_named_and_the_other_only_waited(exit_codes, expected):
    events = [at(0, "train"), at(1, "all-reduce")]
    found = judge_ranks(TASK, 2, events, exit_codes, backend="gloo")
    assert (found[0].status.value, found[0].why) == ("skipped", 'waited for rank 1, after "train"')
    assert (found[1].status.value, found[1].cause) == expected


def test_ranks_that_all_stop_at_one_place_are_a_failure_with_the_last_words():
    found = judge_ranks(
        TASK, 2, [at(0, "join"), at(1, "join")], {0: 1, 1: 1}, backend="nccl", last_words="NCCL Error 2"
    )
    assert {(one.status.value, one.cause) for one in found} == {("failed", "training-raises")}
    assert "NCCL Error 2" in found[0].why


def test_nothing_at_all_was_heard():
    assert [status for status, _ in statuses([])] == ["failed", "failed"]


def test_the_launchers_summary_names_ranks_and_exit_codes():
    output = "[0]:\n  rank      : 1 (local_rank: 1)\n  exitcode  : -11 (pid: 42)\n[1]:\n  rank : 0 (local_rank: 0)\n  exitcode : 1 (pid: 41)\n"
    assert _exit_codes(output) == {1: -11, 0: 1}


def alone(rank, factor=1.0):
    return {**result(rank), "event": "alone", "trained": packed(TASK.trained, factor)}


def test_the_rank_that_is_wrong_also_alone_is_named_with_its_node_and_the_others_are_not_blamed():
    events = [alone(0), alone(1), alone(2, 1.01), *(result(rank, 1.01) for rank in range(3))]
    found = judge_ranks(TASK, 3, events, {}, backend="gloo", nodes={0: "n1", 1: "n2", 2: "n3"})
    assert [one.status.value for one in found] == ["skipped", "skipped", "failed"]
    assert found[0].why == "right alone; was given wrong numbers by rank 2 on n3"
    assert found[2].why.startswith("wrong also where it trains alone")


def test_where_every_rank_is_right_alone_nobody_can_be_excused():
    events = [alone(0), alone(1), result(0, 1.01), result(1, 1.01)]
    assert [one for one, _ in statuses(events)] == ["failed", "failed"]


def test_a_slow_rank_is_told_and_passes():
    events = [{"event": "pace", "rank": rank, "seconds": 0.5 if rank == 1 else 0.1} for rank in range(3)]
    found = judge_ranks(TASK, 3, [*events, *(result(rank) for rank in range(3))], {}, backend="gloo")
    assert [one.status.value for one in found] == ["passed"] * 3
    assert [one.measured for one in found] == [{}, {"slowness": 5.0}, {}]
    assert "5.0 times as long" in found[1].why


def test_ranks_of_a_node_that_said_nothing_have_no_result_and_are_waited_for():
    found = judge_ranks(TASK, 2, [at(0, "join")], {}, backend="gloo", nodes={0: "n1"})
    assert [(one.status.value, one.why) for one in found] == [("skipped", 'waited for rank 1, after "join"')]


def test_a_rank_that_died_is_named_although_the_launcher_ended_the_others_at_the_same_place():
    events = [at(0, "all-reduce"), at(1, "all-reduce")]
    found = judge_ranks(TASK, 2, events, {0: -15, 1: -11}, backend="gloo")
    assert [one.status.value for one in found] == ["skipped", "crashed"]
