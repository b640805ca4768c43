"""The shipped JSON Schemas fit what the commands write, and refuse what they must not write."""

from __future__ import annotations

import copy
import json
from dataclasses import replace

import jsonschema
import pytest

from dlcheck import data
from dlcheck.checks import RULES
from dlcheck.diagnose import diagnose_text
from dlcheck.doctor import make_report
from dlcheck.model.facts import Facts
from dlcheck.model.host_facts import MemoryFacts
from dlcheck.model.level import Level
from dlcheck.model.profile import Profile
from dlcheck.model.report import Report, Target
from dlcheck.model.smoke import Deviation, SmokeReport, SmokeResult, SmokeStatus
from dlcheck.model.style import Style
from dlcheck.renderers import DIAGNOSIS_RENDERERS, RENDERERS
from tests.well import LEARN, WELL

TARGET = Target(python="/env/bin/python", chosen_by="--python")
SMALL = replace(WELL, memory=MemoryFacts(total_bytes=2_000_000_000, available_bytes=100_000_000), frameworks={})


def report(facts: Facts, profile: Profile = LEARN) -> Report:
    return make_report(facts, profile, RULES, target=TARGET)


def valid(name: str, document: object) -> bool:
    return bool(jsonschema.Draft202012Validator(data.schema(name)).is_valid(document))


@pytest.mark.parametrize("facts", [WELL, SMALL, Facts()], ids=["well", "small", "unknown"])
def test_doctor(facts: Facts):
    document = json.loads(RENDERERS["json"](report(facts), Style()))
    jsonschema.Draft202012Validator(data.schema("doctor")).validate(document)
    assert bool(document["primary_causes"]) is (facts is SMALL)


@pytest.mark.parametrize(
    "text",
    ["", "RuntimeError: The NVIDIA driver on your system is too old (found version 11040).", "Killed\n" * 3],
)
def test_diagnose(text: str):
    document = json.loads(DIAGNOSIS_RENDERERS["json"](diagnose_text(text), Style()))
    jsonschema.Draft202012Validator(data.schema("diagnose")).validate(document)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("schema_version",), 2),
        (("command",), "smoke"),
        (("exit_code",), 7),
        (("primary_causes",), ["Not A Slug"]),
        (("summary", "errors"), -1),
        (("verdicts", 0, "code"), "X1"),
        (("verdicts", 0, "status"), "fine"),
        (("verdicts", 0, "findings"), [{}]),
        (("target",), {}),
    ],
)
def test_doctor_refuses(place: tuple[str | int, ...], value: object):
    document = json.loads(RENDERERS["json"](report(SMALL), Style()))
    changed = inner = copy.deepcopy(document)
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    assert valid("doctor", document)
    assert not valid("doctor", changed)


@pytest.mark.parametrize("key", ["schema_version", "dlcheck", "created", "node", "exit_code", "verdicts", "facts"])
def test_doctor_misses_nothing(key: str):
    document = json.loads(RENDERERS["json"](report(WELL), Style()))
    del document[key]
    assert not valid("doctor", document)


@pytest.mark.parametrize("status", list(SmokeStatus))
def test_smoke(status: SmokeStatus):
    bare = SmokeResult(
        framework="torch", version=None, device="cuda:0", task=None, dtype=None, status=status, cause="smoke-timeout"
    )
    exact = Deviation(loss=1e-7, gradient=float("nan"), weights=0.0)
    full = replace(bare, task="mlp-images", dtype="float32", deviation=exact, limit=exact, seconds={"train": 0.1})
    made = SmokeReport(
        version="0.1.0",
        created="2026-11-22T08:00:00Z",
        node="n1",
        level=Level.QUICK,
        target=TARGET,
        results=(bare, full),
        seconds=1.0,
    )
    from dlcheck.renderers import smoke_json

    document = json.loads(smoke_json.render(made, Style()))
    jsonschema.Draft202012Validator(data.schema("smoke")).validate(document)
    document["results"][0]["status"] = "fine"
    assert not valid("smoke", document)
