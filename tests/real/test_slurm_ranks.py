"""smoke --distributed over the nodes of a real Slurm: gloo ranks of the real PyTorch, one of them wrong, dead or slow."""

from __future__ import annotations

import os
import re
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dlcheck import fleet_ranks
from dlcheck.engines import slurm
from dlcheck.fleet_run import Wish
from dlcheck.model.fleet import FleetReport
from dlcheck.model.launch import Launch, Returned
from tests.real.cluster import Cluster, cluster, require

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("slurm")]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    require("DLCHECK_REAL_PYTHON")
    with cluster(tmp_path_factory.mktemp("ranks"), 4) as running:
        yield running


@pytest.fixture(autouse=True)
def here(nodes: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLURM_CONF", nodes.environment["SLURM_CONF"])
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)


def train(*words: str, pairs: bool = False, names: tuple[str, ...] | None = None, seconds: float = 60.0) -> FleetReport:
    python = os.environ["DLCHECK_REAL_PYTHON"]
    wish = Wish(
        engine="slurm",
        command=("smoke", "--distributed", "--python", python, *words),
        dlcheck=f"{sys.executable} -m dlcheck",
        seconds=seconds,
        nodes=names,
        pairs=pairs,
    )
    return fleet_ranks.run(wish)


def states(report: FleetReport) -> dict[str, str]:
    return {one.name: one.state.value for one in report.nodes}


def test_the_nodes_train_as_one_process_would(nodes: Cluster):
    report = train()
    assert states(report) == dict.fromkeys(nodes.names, "ok"), report.nodes
    assert {one.areas["smoke torch"] for one in report.nodes} == {"passed"}


THREE = ("n1", "n2", "n3")


def test_the_node_whose_rank_computes_wrong_is_named():
    report = train("--inject", "scale@n2", names=THREE)
    assert states(report) == {"n1": "ok", "n2": "failed", "n3": "ok"}
    assert [one.nodes for one in report.causes] == [("n2",)]
    assert "wrong also where it trains alone" in report.causes[0].message


def test_the_node_whose_rank_dies_is_named_and_the_others_only_waited():
    report = train("--inject", "die@n3", names=THREE)
    assert states(report) == {"n1": "ok", "n2": "ok", "n3": "failed"}
    assert "SIGSEGV" in report.causes[0].message
    assert {one.name: one.areas["smoke torch"] for one in report.nodes} == {
        "n1": "skipped",
        "n2": "skipped",
        "n3": "failed",
    }


def test_the_slow_node_is_named_and_is_no_failure():
    report = train("--inject", "slow@n3", names=THREE)
    assert states(report) == dict.fromkeys(THREE, "ok")
    (note,) = report.notes
    assert re.fullmatch(r"n3: rank 2 of 3, gloo is slow: its products alone take [\d.]+ times as long as .*", note)


def test_the_node_that_lags_is_named_and_the_others_waited_for_it():
    report = train("--inject", "lag@n2", names=("n1", "n2"), seconds=40.0)
    assert states(report) == {"n1": "ok", "n2": "failed"}
    assert [one.nodes for one in report.causes] == [("n2",)]
    assert "rank 1 on n2 fell behind" in report.causes[0].message


def test_pair_by_pair_the_bad_node_and_the_bad_pair_are_named_in_three_rounds(monkeypatch: pytest.MonkeyPatch):
    """n4 computes wrong with everybody; n1 and n2 do well with others, and what lies between them garbles a sum."""
    asked: list[tuple[str, ...]] = []
    collect = slurm.collect

    def counted(launch: Launch, nodes: tuple[str, ...]) -> Returned:
        asked.append(nodes)
        return collect(launch, nodes)

    monkeypatch.setattr(slurm, "collect", counted)
    report = train("--inject", "scale@n4,garble@n1+n2", pairs=True)
    assert [sorted(nodes) for nodes in asked] == [["n1", "n2", "n3", "n4"]] * 3
    assert (
        report.notes
        == (
            "6 pairs were tried",
            "bad in every pair: n4",
            "bad pair: n1 and n2; both do well with others",
        )
        or report.notes[2] == "bad pair: n2 and n1; both do well with others"
    ), report.notes
    assert states(report) == {"n1": "failed", "n2": "failed", "n3": "ok", "n4": "failed"}


def test_a_port_that_somebody_else_has_is_no_fault_of_the_nodes(monkeypatch: pytest.MonkeyPatch):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        ports = iter([[taken], [taken + 1 if taken < 65_000 else taken - 1]])
        monkeypatch.setattr(fleet_ranks.random, "sample", lambda _range, _count: next(ports))
        report = train(names=("n1", "n2"), seconds=40.0)
    assert states(report) == {"n1": "ok", "n2": "ok"}, report.nodes
