"""Smoke runs and fleet pictures in the formats of doctor."""

from __future__ import annotations

import enum
import json
import math
from dataclasses import replace
from pathlib import Path

import html5lib
import jsonschema
import pytest
import xmlschema
from prometheus_client.parser import text_string_to_metric_families

from dlcheck.cli import options
from dlcheck.model.fleet import Counts, FleetNode, FleetReport, FoldedCause, NodeState
from dlcheck.model.report import Target
from dlcheck.model.smoke import Deviation, Level, SmokeReport, SmokeResult, SmokeStatus
from dlcheck.model.style import Style
from dlcheck.renderers import (
    DEVICE_RENDERERS,
    DIAGNOSIS_RENDERERS,
    EXPLANATION_RENDERERS,
    FLEET_RENDERERS,
    INSTALL_RENDERERS,
    RENDERERS,
    SMOKE_RENDERERS,
)
from dlcheck.renderers.curves import figures
from dlcheck.renderers.retold import of_fleet, of_smoke

SCHEMAS = Path(__file__).parent / "schemas"
LIMIT = Deviation(loss=1e-5, gradient=1e-5, weights=1e-5)
GOOD = SmokeResult(
    framework="torch",
    version="2.13.0",
    device="cpu",
    task="mlp",
    dtype="float32",
    status=SmokeStatus.PASSED,
    steps=3,
    loss_first=0.7,
    loss_last=0.3,
    deviation=LIMIT,
    limit=LIMIT,
    precision="float32",
    seconds={"train": 0.5, "import": 1.0},
    losses=(0.7, 0.5, 0.4, 0.3),
)
WRONG = SmokeResult(
    framework="jax",
    version="0.10.2",
    device="cuda:0",
    device_name="NVIDIA <H200>",
    task="mlp",
    dtype="float32",
    status=SmokeStatus.FAILED,
    cause="gpu-computes-wrong",
    why="the loss is 3e-2 away",
    losses=(0.7, 0.9, math.nan, 2.0),
)
SMOKE = SmokeReport(
    version="0.1.0",
    created="2026-11-22T08:00:00Z",
    node="babbage",
    level=Level.QUICK,
    target=Target(python="/home/grace/.venv/bin/python", chosen_by=".venv", version="3.11.7"),
    results=(
        GOOD,
        SmokeResult(
            framework="keras",
            version=None,
            device="cpu",
            task=None,
            dtype=None,
            status=SmokeStatus.SKIPPED,
            why="not installed",
        ),
        WRONG,
        SmokeResult(
            framework="jax", version="0.10.2", device="cuda:0", task="rnn", dtype="float32", status=SmokeStatus.TIMEOUT
        ),
        SmokeResult(
            framework="torch",
            version="2.13.0",
            device="cuda:0",
            task="mlp",
            dtype="float32",
            status=SmokeStatus.PASSED,
            cause="tf32-in-use",
            why="TF32",
        ),
    ),
    exit_code=1,
    seconds=4.5,
)
FLEET = FleetReport(
    version="0.1.0",
    created="2026-11-22T08:00:00Z",
    node="login",
    counts=Counts(expected=4, received=3, ok=1, warning=1, failed=1, missing=1),
    nodes=(
        FleetNode(name="n1", state=NodeState.OK),
        FleetNode(name="n2", state=NodeState.FAILED, causes=("driver-too-old",)),
        FleetNode(name="n3", state=NodeState.WARNING, causes=("old-pip",)),
        FleetNode(name="n4", state=NodeState.MISSING, why="no report came"),
    ),
    causes=(
        FoldedCause(cause="driver-too-old", nodes=("n2",), severity="error", message="525 is too old"),
        FoldedCause(cause="old-pip", nodes=("n3",), severity="warning", message="pip 21"),
    ),
    exit_code=1,
)  # fmt: skip
BOTH = pytest.mark.parametrize(
    ("renderers", "run"), [(SMOKE_RENDERERS, SMOKE), (FLEET_RENDERERS, FLEET)], ids=["smoke", "fleet"]
)


@pytest.mark.parametrize(
    ("offered", "tables"),
    [
        (options.ReportFormat, (RENDERERS, SMOKE_RENDERERS, FLEET_RENDERERS)),
        (options.ToldFormat, (DIAGNOSIS_RENDERERS, EXPLANATION_RENDERERS)),
        (options.TextFormat, (DEVICE_RENDERERS, INSTALL_RENDERERS)),
    ],
)
def test_the_commands_offer_every_format(offered: type[enum.Enum], tables: tuple[dict, ...]):
    for renderers in tables:
        assert {one.value for one in offered} == set(renderers)


@BOTH
def test_each_format_keeps_to_its_schema(renderers: dict, run: object):
    made = {name: render(run, Style()) for name, render in renderers.items()}
    if run is SMOKE:  # the fleet's own JUnit is held to its own tests
        xmlschema.XMLSchema(SCHEMAS / "junit.xsd").validate(made["junit"])
    jsonschema.Draft202012Validator(json.loads((SCHEMAS / "sarif.json").read_text())).validate(
        json.loads(made["sarif"])
    )
    html5lib.HTMLParser(strict=True).parse(made["html"])
    assert list(text_string_to_metric_families(made["prometheus"]))
    assert made["nagios"].startswith("DLCHECK CRITICAL: ")
    assert "::error " in made["github"]
    for name in set(made) - {"text", "json"}:
        assert "grace" not in made[name]
        assert "babbage" not in made[name]


def test_a_training_is_judged_as_it_ended():
    report = of_smoke(SMOKE)
    assert [one.status.value for one in report.verdicts] == ["passed", "skipped", "failed", "failed", "failed"]
    assert [one.cause for one in report.findings] == ["gpu-computes-wrong", "smoke-timeout", "tf32-in-use"]
    assert (report.summary.errors, report.summary.notes) == (2, 1)
    assert report.primary_causes == ("gpu-computes-wrong", "smoke-timeout")


def test_every_node_is_judged_once():
    report = of_fleet(FLEET)
    assert [one.title for one in report.verdicts] == ["n1", "n2", "n3", "n4"]
    assert [one.cause for one in report.findings] == ["driver-too-old", "old-pip", "node-missing"]
    assert (report.summary.errors, report.summary.warnings) == (2, 1)


def test_curves_are_drawn_for_each_framework_and_device():
    (first, torch), (second, jax) = figures(SMOKE)
    assert first.startswith("torch on cpu: ")
    assert second.startswith("jax on NVIDIA <H200>: ")
    assert torch.count("<polyline") == 1
    assert "nan" not in jax.split("<polyline")[1].split(">")[0]
    assert 'role="img"' in torch
    assert (
        figures(SmokeReport(**{**{name: getattr(SMOKE, name) for name in SMOKE.__dataclass_fields__}, "results": ()}))
        == ()
    )


def test_the_page_shows_the_curves():
    page = SMOKE_RENDERERS["html"](SMOKE, Style())
    assert page.count("<figure>") == 2
    assert "NVIDIA &lt;H200&gt;" in page
    assert "<H200>" not in page


def test_the_figures_of_a_training_are_its_evidence():
    limit = Deviation(loss=1e-6, gradient=1e-5, weights=1e-5)
    one = replace(WRONG, loss_first=0.7, loss_last=0.1, steps=20, deviation=limit, limit=limit, precision="tf32")
    (verdict,) = of_smoke(replace(SMOKE, results=(one,))).verdicts
    told = {each.fact: each.value for each in verdict.findings[0].evidence}
    assert told["loss"] == "0.7 to 0.1 in 20 steps"
    assert told["deviation of gradient"] == "1.0e-05, limit 1.0e-05"
    assert told["precision"] == "tf32"
