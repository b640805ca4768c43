"""Recorded machines: each names its primary causes, healthy ones get no warning, and the report reads as the golden text.

``pytest tests/machines --update`` writes the golden texts anew; read their changes before committing them.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from dlcheck import doctor, profiles
from dlcheck.checks import RULES
from dlcheck.host import recording
from dlcheck.model.finding import Status
from dlcheck.model.report import Report
from dlcheck.model.style import Style
from dlcheck.renderers import text

HERE = Path(__file__).parent
MACHINES = sorted(path.stem for path in HERE.glob("*.json"))


def report_of(name: str) -> tuple[Report, list[str]]:
    """The report on a recorded machine, and the causes that it shall name."""
    path = HERE / f"{name}.json"
    document = json.loads(path.read_text("utf-8"))
    facts = recording.read(str(path))
    report = doctor.make_report(facts, profiles.load(document["profile"]), RULES, target=recording.target_of(facts))
    still = tuple(replace(verdict, seconds=0.0) for verdict in report.verdicts)
    return replace(report, verdicts=still, created=document["created"], timings={}), document["expected"]


@pytest.mark.parametrize("name", MACHINES)
def test_the_primary_causes_are_those_of_the_machine(name: str):
    report, expected = report_of(name)
    crashed = [verdict.why for verdict in report.verdicts if verdict.status is Status.CRASHED]
    assert crashed == []
    assert list(report.primary_causes) == expected


@pytest.mark.parametrize("name", MACHINES)
def test_the_report_reads_as_recorded(name: str, request: pytest.FixtureRequest):
    report, _ = report_of(name)
    golden = HERE / f"{name}.txt"
    said = text.render(report, Style(color=False, unicode=True, width=100, verbosity=0))
    # How many rules there are is no matter of a machine.
    said = re.sub(r"\b\d+ checks", "all checks", said)
    if request.config.getoption("--update"):
        golden.write_text(said, "utf-8")
    assert said == golden.read_text("utf-8"), "run pytest tests/machines --update and read the difference"


def test_there_are_enough_of_both_kinds():
    expected = {name: report_of(name)[1] for name in MACHINES}
    assert len(MACHINES) >= 40
    assert sum(1 for causes in expected.values() if not causes) >= 20
    assert {path.stem for path in HERE.glob("*.txt")} == set(MACHINES)
