from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attr
import jsonschema
import pytest
import sarif_om

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


MODEL = {
    "runs": "Run", "tool": "Tool", "driver": "ToolComponent", "rules": "ReportingDescriptor", "results": "Result",
    "invocations": "Invocation", "automationDetails": "RunAutomationDetails", "message": "Message",
    "shortDescription": "MultiformatMessageString", "fullDescription": "MultiformatMessageString",
    "defaultConfiguration": "ReportingConfiguration", "properties": "PropertyBag", "locations": "Location",
    "physicalLocation": "PhysicalLocation", "artifactLocation": "ArtifactLocation", "region": "Region",
    "logicalLocations": "LogicalLocation", "suppressions": "Suppression",
    "toolExecutionNotifications": "Notification", "associatedRule": "ReportingDescriptorReference",
}  # fmt: skip
"""Property to its class in sarif-om, which its makers generate from the schema of the standard."""
RENAMED = {("Suppression", "status")}
"""It was "state" in the draft that sarif-om was made from; the standard as it was published says "status"."""


def faults(value: dict[str, Any], model: str, place: str) -> Iterator[str]:
    """What of the value is no property of the class, and what it lacks."""
    fields = {one.metadata["schema_property_name"]: one for one in attr.fields(getattr(sarif_om, model))}
    for name in value:
        if name not in fields and (model, name) not in RENAMED:
            yield f"{place}.{name} is no property of {model}"
    for name, one in fields.items():
        if one.default is attr.NOTHING and name not in value:
            yield f"{place} lacks {name}"
    for name, inner in value.items():
        for one in inner if isinstance(inner, list) else [inner]:
            if isinstance(one, dict) and MODEL.get(name) != "PropertyBag" and name != "partialFingerprints":
                yield from faults(one, MODEL[name], f"{place}.{name}")


@pytest.mark.parametrize("which", ["healthy", "sick", "hostile"])
def test_it_fits_the_object_model_of_the_standard(which: str, request: pytest.FixtureRequest):
    document = render(request.getfixturevalue(which))
    assert list(faults(document, "SarifLog", "log")) == []
    document["runs"][0]["tool"]["driver"].pop("name")
    document["runs"][0]["result"] = []
    assert list(faults(document, "SarifLog", "log")) == [
        "log.runs.result is no property of Run",
        "log.runs.tool.driver lacks name",
    ]


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
