"""What a run says one can type next."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from dlcheck import fleet, fleet_ranks, fleet_run
from dlcheck.model.fleet import FleetReport
from dlcheck.model.style import Style
from dlcheck.picture.assemble import Gathered
from dlcheck.renderers import FLEET_RENDERERS
from tests.fleet.made import doctor, lines


def drawn(*documents: dict[str, Any], expected: tuple[str, ...], engine: str = "slurm") -> FleetReport:
    gathered = Gathered(expected=expected)
    for document in documents:
        gathered.take(lines(document), "a test")
    return fleet.picture(gathered, time.monotonic(), command="fleet run", engine=engine)


def wish(**changes: Any) -> fleet_run.Wish:
    return fleet_run.Wish(**{"engine": "slurm", "command": ("doctor", "--quick")} | changes)


def test_a_fleet_that_is_well_needs_no_next_step():
    assert fleet_run.next_steps(drawn(doctor("n1"), expected=("n1",)), wish(), ("n1",)) == ()


def test_the_silent_are_asked_again_as_before_and_the_failed_may_be_drained():
    report = drawn(doctor("n1"), doctor("n2", "driver-too-old"), expected=("n1", "n2", "n3", "n4", "n9"))
    again, drain = fleet_run.next_steps(
        report, wish(dlcheck="python3 -m dlcheck", options=("--partition=gpu",)), ("n1", "n2", "n3", "n4")
    )
    assert again.argv == (
        "dlcheck", "fleet", "run", "--dlcheck", "python3 -m dlcheck", "--nodes", "n[3-4]",
        "--engine-option=--partition=gpu", "--", "doctor", "--quick",
    )  # fmt: skip
    assert drain.argv == ("scontrol", "update", "nodename=n2", "state=drain", "reason=dlcheck: driver-too-old")


def test_other_engines_know_no_draining():
    report = drawn(doctor("n1", "driver-too-old"), expected=("n1", "n2"), engine="ansible")
    (again,) = fleet_run.next_steps(report, wish(engine="ansible", inventory="hosts"), ("n1", "n2"))
    assert again.argv[3:9] == ("--engine", "ansible", "--inventory", "hosts", "--nodes", "n2")


def test_the_next_run_waits_as_long_and_goes_where_this_one_went():
    asked = wish(seconds=900.0, wait=7.5, shared="/nfs/runs", options=("--partition=gpu",), command=("smoke",))
    (again,) = fleet_run.next_steps(drawn(doctor("n1"), expected=("n1", "n2")), asked, ("n1", "n2"))
    same = (
        "--timeout",
        "900",
        "--wait",
        "7.5",
        "--shared",
        "/nfs/runs",
        "--nodes",
        "n2",
        "--engine-option=--partition=gpu",
    )
    assert again.argv == ("dlcheck", "fleet", "run", *same, "--", "smoke")


def test_a_list_that_nobody_pastes_is_no_step():
    report = drawn(doctor("n1"), expected=("n1", *(f"rack{at}-x" for at in range(0, 2000, 2))))
    assert fleet_run.next_steps(report, wish(), tuple(one.name for one in report.nodes)) == ()


@pytest.mark.parametrize("name", ["text", "markdown", "html"])
def test_every_page_shows_the_steps_ready_to_paste(name: str):
    step = fleet_run.Step("To drain it", ("scontrol", "update", "nodename=n[1-2]", "reason=dlcheck: a b"))
    report = fleet_run.replace(drawn(doctor("n1"), expected=("n1",)), steps=(step,))
    page = FLEET_RENDERERS[name](report, Style()).replace("&#x27;", "'")
    assert "scontrol update 'nodename=n[1-2]' 'reason=dlcheck: a b'" in page
    document = json.loads(FLEET_RENDERERS["json"](report, Style()))
    assert document["steps"] == [{"purpose": "To drain it", "command": list(step.argv)}]


@pytest.mark.parametrize(("failed", "pairs", "tried"), [(1, False, False), (2, False, True), (2, True, False)])
def test_pairs_are_tried_where_a_training_fails_on_several_nodes(failed: int, pairs: bool, tried: bool):
    names = ("n1", "n2", "n3")
    bad = [doctor(name, "driver-too-old") for name in names[:failed]]
    report = drawn(*bad, *(doctor(name) for name in names[failed:]), expected=names)
    asked = wish(command=("smoke", "--distributed"), nodes=names, pairs=pairs)
    found = [one.argv for one in fleet_ranks.find_step(report, asked)]
    pasted = ("dlcheck", "fleet", "run", "--nodes", "n[1-3]", "--pairs", "--", "smoke", "--distributed")
    assert found == ([pasted] if tried else [])
