"""The schemas of the documents that no other test holds against theirs: what the renderers write fits, and nothing is left out."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

import jsonschema
import pytest

from dlcheck import data, explain, fleet, fleet_history
from dlcheck.model.plan import Artifact, Build, DiskNeed, Failure, Installation, Plan, Proof, Refusal, Selection, Step
from dlcheck.model.style import Style
from dlcheck.renderers import FLEET_RENDERERS, INSTALL_RENDERERS, diff_json, fleet_diff
from tests import test_diff
from tests.fleet.made import doctor, facts, lines, smoke

NAMES = ("diff", "fleet-diff", "fleet-report", "install")


def fits(name: str, text: str) -> dict[str, Any]:
    """The document, if it fits its schema and has no object with a field of which the schema says nothing."""
    document: dict[str, Any] = json.loads(text)
    jsonschema.Draft202012Validator(closed(data.schema(name))).validate(document)
    return document


def closed(schema: Any) -> Any:
    """The schema without room for fields that it does not name."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: closed(value) for key, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
        made.setdefault("additionalProperties", False)
    return made


@pytest.mark.parametrize("name", NAMES)
def test_each_is_a_schema_that_can_refuse(name):
    jsonschema.Draft202012Validator.check_schema(data.schema(name))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(data.schema(name)).validate({"schema_version": 1, "command": name})


def test_the_picture_of_a_fleet_fits():
    documents = [doctor(f"n{at}", facts=facts(temperatures=(50.0 + at % 2,))) for at in range(1, 8)]
    documents += [
        doctor("n8", "driver-too-old", facts=facts(driver="570.86.10", temperatures=(95.0,))),
        doctor("n9", "thread-oversubscription", severity="warning", facts=facts()),
        smoke("n9"),
        doctor("n1", facts=facts()),
    ]
    drawn = fleet.report("-", stream=io.BytesIO(lines(*documents) + b"rubbish\n"), expect=("n1", "n8", "n20"))
    for command, engine in (("fleet report", None), ("fleet run", "slurm")):
        document = fits(
            "fleet-report", FLEET_RENDERERS["json"](replace(drawn, command=command, engine=engine), Style())
        )
    assert all(document[name] for name in ("causes", "drift", "outliers", "details", "unreadable", "duplicates"))
    assert document["unexpected"] == "n[2-7,9]"


def test_the_changes_of_a_fleet_fit(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    for two in (doctor("n2", facts=facts()), doctor("n2", "driver-too-old", facts=facts(driver="570.86.10"))):
        drawn = fleet.report("-", stream=io.BytesIO(lines(doctor("n1", facts=facts()), two)))
        fleet_history.keep(drawn)
    found = fleet_history.compare("previous", "last")
    document = fits("fleet-diff", fleet_diff("json", found, Style()))
    assert [one["node"] for one in document["worse"]] == ["n2"]


PLAN = Plan(
    id="1",
    python="/usr/bin/python3.11",
    venv="/w/.venv",
    installer="uv",
    accelerator="cpu",
    reason="no GPU",
    requirements=("torch",),
    selection=Selection(
        accelerator="cpu",
        reason="no GPU",
        builds=(Build(framework="torch", variant="cpu", requirements=("torch",)),),
        refusals=(Refusal(requirement="tensorflow==2.0.0", reason="wheels for Python 3.7 at most"),),
    ),
    artifacts=(Artifact(name="torch", version="2.13.0", filename="torch.whl", url="https://i.example/", source="i"),),
    disks=(DiskNeed(path="/w", role="environment", needed_bytes=10),),
    steps=(Step(id="fetch", why="wheels"),),
)


@pytest.mark.parametrize(
    ("result", "more"),
    [
        ("planned", {}),
        ("installed", {"proof": Proof(files=3, trained=("torch 2.13.0 on cpu",)), "written": ("/w/pylock.toml",)}),
        ("failed", {"exit_code": 1, "failure": Failure(step="fetch", message="403")}),
        ("nothing-to-do", {"plan": replace(PLAN, selection=None, mode="nothing")}),
    ],
)
def test_an_installation_fits(result, more):
    fields = {"version": "0.1.0", "created": "2026-11-22T08:00:00Z", "node": "n", "plan": PLAN, "result": result}
    fits("install", INSTALL_RENDERERS["json"](Installation(**(fields | more)), Style()))


def test_the_difference_of_two_runs_fits():
    before = test_diff.run(verdicts=[test_diff.verdict("DL101", "passed")])
    after = test_diff.run(
        test_diff.changed(devices=test_diff.nvidia(driver="570.86.10")),
        verdicts=[
            test_diff.verdict("DL101", "failed", "driver-too-old", message="Too old.", fact="devices.nvidia.driver")
        ],
    )
    found = test_diff.difference(before, after)
    document = fits("diff", diff_json.render(found, version="0.1.0", created="2026-11-22T08:00:00Z", exit_code=1))
    assert document["worse"]
    assert document["changes"]


@pytest.mark.parametrize("name", ["fleet-report", "fleet run", "fleet diff", "install", "diff"])
def test_explain_prints_it(name):
    assert json.loads(explain.schema(name))["type"] == "object"
