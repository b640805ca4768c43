"""Nodes that say the same share one answer, and what is read that way is right and bounded."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from dlcheck import fleet
from dlcheck.model.fleet import FleetReport
from dlcheck.picture.words import remembered
from tests.fleet.made import doctor, facts, lines


def drawn(*documents: dict[str, Any]) -> FleetReport:
    return fleet.report("-", stream=io.BytesIO(lines(*documents).replace(b'"1e400"', b"1e400")))


def test_what_one_report_says_does_not_change_how_another_is_read():
    """1, 1.0 and true are equal for Python, and a name of two lines looks like two names."""
    usual = facts(temperatures=(50.0, 51.0))

    def spoiled(node: str, lost: object, temperature: object = 50.0) -> dict[str, Any]:
        document = doctor(node, facts=json.loads(json.dumps(usual)))
        document["facts"]["devices"]["nvidia"]["gpus"][0] |= {"lost": lost, "temperature": temperature}
        return document

    odd = doctor("odd", facts=usual)
    odd["verdicts"][0]["group"] = "CPU\nMemory"
    for first in (1, 1.0, "yes"):
        report = drawn(
            odd, spoiled("n0", first), *(spoiled(f"n{at}", lost=False) for at in range(1, 5)), spoiled("n9", lost=True)
        )
        (gpus,) = (one for one in report.drift if one.fact == "GPUs")
        assert "n9" in gpus.minorities[0].nodes
    areas = {one.name: one.areas for one in report.nodes}
    assert areas["n1"] == areas["n9"] == {"CPU": "passed", "Memory": "passed"}


@pytest.mark.parametrize("nonsense", [None, "hot", 10**400, "1e400", -5e12, [1], {"unknown": "no permission"}])
def test_a_measure_that_is_none_is_left_out_and_the_others_count(nonsense: object):
    def one(node: str, first: object, second: float) -> dict[str, Any]:
        document = doctor(node, facts=facts(temperatures=(50.0, second)))
        document["facts"]["devices"]["nvidia"]["gpus"][0]["temperature"] = first
        return document

    report = drawn(*(one(f"n{at}", nonsense, 50.0) for at in range(8)), one("n9", nonsense, 90.0))
    assert [(found.node, found.subject, found.value) for found in report.outliers] == [("n9", "GPU 1", 90.0)]
    assert report.drift == ()


def test_what_is_remembered_of_reports_is_bounded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("dlcheck.picture.words.MOST_REMEMBERED", 1_000)
    asked: list[str] = []
    known = remembered(lambda text: asked.append(text) or len(text))
    assert [known("a" * 300), known("a" * 300), known("b" * 300), known("a" * 300)] == [300] * 4
    assert len(asked) == 2
    known("c" * 600)  # too much: all is forgotten
    known("a" * 300)
    assert [text[0] for text in asked] == ["a", "b", "c", "a"]
