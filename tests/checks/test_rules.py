"""What holds for every rule."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from dlcheck import data
from dlcheck.checks import RULES
from dlcheck.checks.judge import judge, primary
from dlcheck.doctor import make_report
from dlcheck.model.fact import NOT_GATHERED
from dlcheck.model.facts import SUBJECTS, Facts
from dlcheck.model.finding import Rule, Status
from dlcheck.model.report import Target
from tests.well import LEARN, WELL

CHECKS = Path(__file__).parents[2] / "dlcheck" / "checks"
CODES = [rule.code for rule in RULES]


def code(rule: Rule) -> str:
    return rule.code


class Watched:
    """Facts that note which of their fields are read."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.read: set[str] = set()

    def __getattr__(self, name: str) -> object:
        self.read.add(name)
        return getattr(self.facts, name)


def test_codes_are_unique():
    assert len(set(CODES)) == len(CODES)


@pytest.mark.parametrize("rule", RULES, ids=code)
def test_a_rule_is_described(rule: Rule):
    assert re.fullmatch(r"DL[1-9]\d\d", rule.code)
    assert not rule.title[0].isspace()
    assert not rule.title.endswith(".")
    assert len(rule.title) <= 80
    assert len(rule.explanation) > 60
    assert rule.causes


@pytest.mark.parametrize("rule", RULES, ids=code)
def test_every_cause_is_in_the_vocabulary(rule: Rule):
    assert set(rule.causes) <= data.cause_slugs(), set(rule.causes) - data.cause_slugs()


@pytest.mark.parametrize("rule", RULES, ids=code)
def test_a_rule_reads_what_it_needs_and_nothing_else(rule: Rule):
    watched = Watched(WELL)
    judge(watched, LEARN, [rule], "2026-01-01")
    assert watched.read <= set(rule.needs)


@pytest.mark.parametrize("rule", RULES, ids=code)
def test_a_healthy_laptop_passes(rule: Rule):
    (verdict,) = judge(WELL, LEARN, [rule], "2026-01-01")
    assert verdict.status in (Status.PASSED, Status.SKIPPED), verdict


@pytest.mark.parametrize("rule", RULES, ids=code)
def test_what_nobody_looked_at_is_neither_fine_nor_broken(rule: Rule):
    (verdict,) = judge(Facts(), LEARN, [rule], "2026-01-01")
    assert verdict.status in (Status.UNKNOWN, Status.SKIPPED), verdict


@pytest.mark.parametrize("name", SUBJECTS)
def test_one_unknown_subject_breaks_no_rule(name: str):
    known = {field.name: getattr(WELL, field.name) for field in fields(Facts)}
    verdicts = judge(Facts(**{**known, name: NOT_GATHERED}), LEARN, RULES, "2026-01-01")
    assert not [one for one in verdicts if one.status in (Status.CRASHED, Status.FAILED)]


def test_a_healthy_laptop_has_no_issues():
    report = make_report(WELL, LEARN, RULES, target=Target(python="python", chosen_by=".venv"))
    assert report.findings == ()
    assert primary(report.verdicts) == ()
    assert report.exit_code == 0


def test_every_rule_of_every_file_is_registered():
    registered = {rule.code for rule in RULES}
    written = {
        found for path in CHECKS.glob("*.py") for found in re.findall(r'@rule\(\s*"(DL\d+)"', path.read_text("utf-8"))
    }
    assert written == registered
