from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from dlcheck.model.report import Report
from dlcheck.model.style import Style
from dlcheck.renderers import RENDERERS

SCHEMA = json.loads((Path(__file__).parent / "schemas" / "sarif.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def render(report: Report) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(RENDERERS["sarif"](report, Style()))
    return document


@pytest.mark.parametrize("which", ["healthy", "sick", "hostile"])
def test_it_fits_the_schema(which: str, request: pytest.FixtureRequest):
    VALIDATOR.validate(render(request.getfixturevalue(which)))


def test_the_schema_finds_a_fault(sick: Report):
    document = render(sick)
    document["runs"][0]["results"][0]["level"] = "fatal"
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(document)


def test_every_result_points_at_its_rule(sick: Report):
    run = render(sick)["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]


def test_levels_suppressions_and_notices(sick: Report):
    run = render(sick)["runs"][0]
    levels = {result["ruleId"]: result["level"] for result in run["results"]}
    assert levels == {"DL102": "warning", "DL401": "note", "DL501": "error", "DL512": "error", "DL514": "error"}
    ignored = next(result for result in run["results"] if result["ruleId"] == "DL514")
    assert ignored["suppressions"][0]["justification"] == "we know"
    notices = run["invocations"][0]["toolExecutionNotifications"]
    assert {notice["associatedRule"]["id"] for notice in notices} == {"DL103", "DL513"}


def test_fingerprints_are_stable_and_told_apart(sick: Report):
    prints = [result["partialFingerprints"]["causeAndSubject/v1"] for result in render(sick)["runs"][0]["results"]]
    again = [result["partialFingerprints"]["causeAndSubject/v1"] for result in render(sick)["runs"][0]["results"]]
    assert prints == again
    assert len(set(prints)) == len(prints)
