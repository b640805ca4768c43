"""smoke --distributed over the nodes of a real Slurm: gloo ranks of the real PyTorch, one of them wrong, dead or slow."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dlcheck import fleet_ranks
from dlcheck.fleet_run import Wish
from dlcheck.model.fleet import FleetReport
from tests.real.cluster import Cluster, absent, cluster

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("slurm")]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    lacking = [*absent(), *([] if os.environ.get("DLCHECK_REAL_PYTHON") else ["DLCHECK_REAL_PYTHON"])]
    if lacking:
        words = f"not here: {', '.join(lacking)}; run tests/real/setup_slurm.sh"
        if os.environ.get("CI"):
            pytest.fail(words)
        pytest.skip(words)
    if os.geteuid() != 0:
        pytest.skip("Slurm's daemons of one's own need root")
    with cluster(tmp_path_factory.mktemp("ranks"), 3) as running:
        yield running


@pytest.fixture(autouse=True)
def here(nodes: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLURM_CONF", nodes.environment["SLURM_CONF"])
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)


def train(*words: str, pairs: bool = False, names: tuple[str, ...] | None = None) -> FleetReport:
    python = os.environ["DLCHECK_REAL_PYTHON"]
    wish = Wish(
        engine="slurm",
        command=("smoke", "--distributed", "--python", python, *words),
        dlcheck=f"{sys.executable} -m dlcheck",
        seconds=60.0,
        nodes=names,
        pairs=pairs,
    )
    return fleet_ranks.run(wish)


def states(report: FleetReport) -> dict[str, str]:
    return {one.name: one.state.value for one in report.nodes}


def test_three_nodes_train_as_one_process_would(nodes: Cluster):
    report = train()
    assert states(report) == dict.fromkeys(nodes.names, "ok"), report.nodes
    assert {one.areas["smoke torch"] for one in report.nodes} == {"passed"}


def test_the_node_whose_rank_computes_wrong_is_named():
    report = train("--inject", "scale@n2")
    assert states(report) == {"n1": "ok", "n2": "failed", "n3": "ok"}
    assert [one.nodes for one in report.causes] == [("n2",)]
    assert "wrong also where it trains alone" in report.causes[0].message


def test_the_node_whose_rank_dies_is_named_and_the_others_only_waited():
    report = train("--inject", "die@n3")
    assert states(report) == {"n1": "ok", "n2": "ok", "n3": "failed"}
    assert "SIGSEGV" in report.causes[0].message
    assert {one.name: one.areas["smoke torch"] for one in report.nodes} == {
        "n1": "skipped",
        "n2": "skipped",
        "n3": "failed",
    }
