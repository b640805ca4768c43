"""The terminal's text: no line is wider than the terminal but commands, which are copied, and signs say how bad it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dlcheck.model.finding import Status
from dlcheck.model.host_facts import NetworkFacts
from dlcheck.model.report import Report
from dlcheck.model.style import Style
from dlcheck.renderers.text import render


@pytest.mark.parametrize("width", [44, 60, 80, 100])
@pytest.mark.parametrize("verbosity", [0, 1])
def test_lines_fit_the_terminal(sick: Report, width: int, verbosity: int):
    first = sick.verdicts[0]
    skipped = replace(first, status=Status.SKIPPED, findings=(), why="a reason that takes many words " * 4)
    unknown = replace(first, status=Status.UNKNOWN, findings=(), why="no answer")
    report = replace(sick, verdicts=(*sick.verdicts, skipped, unknown))
    text = render(report, Style(unicode=True, width=width, verbosity=verbosity))
    assert "could not be judged" in text
    commands = {one for found in report.findings for fix in found.fixes for words in fix.commands for one in words}
    for line in text.splitlines():
        assert len(line) <= width or any(word in line for word in commands) or " = " in line, line


def test_an_index_that_was_not_tried_is_not_ticked(healthy: Report):
    facts = replace(healthy.facts, network=NetworkFacts(tried=False))
    settings = replace(healthy.verdicts[0], group="Internet", status=Status.PASSED, findings=())
    report = replace(healthy, facts=facts, verdicts=(*healthy.verdicts, settings))
    line = next(one for one in render(report, Style(unicode=True)).splitlines() if "Internet" in one)
    assert line.startswith("- ")
    assert "not looked at" in line
