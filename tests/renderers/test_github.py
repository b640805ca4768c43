from __future__ import annotations

import re
from dataclasses import replace
from typing import NamedTuple

import pytest

from dlcheck.model.report import Report
from dlcheck.model.style import Style
from dlcheck.renderers import RENDERERS


class Command(NamedTuple):
    name: str
    properties: dict[str, str]
    data: str


def parse(text: str) -> tuple[list[Command], list[str]]:
    """Commands and plain lines as the runner tells them apart: ``::name key=value,key=value::data``, escapes undone."""
    commands, lines = [], []
    for line in text.splitlines():
        stripped = line.lstrip()
        end = stripped.find("::", 2)
        if not stripped.startswith("::") or end < 0:
            assert "##[" not in line, "the old syntax of commands, found anywhere in a line"
            lines.append(line)
            continue
        name, _, rest = stripped[2:end].partition(" ")
        pairs = [pair.split("=", 1) for pair in rest.split(",") if pair]
        properties = {key: unescape(value, in_property=True) for key, value in pairs}
        commands.append(Command(name, properties, unescape(stripped[end + 2 :])))
    return commands, lines


def unescape(text: str, in_property: bool = False) -> str:
    codes = {"%0D": "\r", "%0A": "\n", "%25": "%"} | ({"%3A": ":", "%2C": ","} if in_property else {})
    return re.sub("|".join(codes), lambda match: codes[match[0]], text)


def render(report: Report) -> str:
    return RENDERERS["github"](report, Style(color=True, unicode=True))


def test_a_problem_is_an_annotation(sick: Report):
    commands, lines = parse(render(sick))
    assert [one.name for one in commands] == ["error", "warning", "notice", "error", "group", "endgroup"]
    assert commands[0].properties["title"].endswith("(cpu-only-build)")
    assert commands[0].data.startswith(
        "torch 2.13.0 is a CPU build beside an NVIDIA GPU\n1 more finding with the same cause."
    )
    assert "  dlcheck install torch --venv ~/'my env'" in commands[0].data.splitlines()
    assert len(lines) == len(sick.verdicts)


def test_a_healthy_machine_has_no_annotation(healthy: Report):
    commands, _ = parse(render(healthy))
    assert [one.name for one in commands] == ["group", "endgroup"]
    assert commands[0].data.endswith("No issues found.")


def test_foreign_words_start_no_command(hostile: Report):
    commands, lines = parse(render(hostile))
    assert {one.name for one in commands} <= {"error", "warning", "notice", "group", "endgroup"}
    assert all(set(one.properties) <= {"title"} for one in commands)
    assert "%0A::error::x" in commands[0].data, "an escape in foreign words comes back as it was"
    assert not [line for line in lines if line.lstrip().startswith("::")]


def test_no_more_annotations_than_github_shows(hostile: Report):
    commands, lines = parse(render(hostile))
    assert len([one for one in commands if one.name == "error"]) <= 11
    assert "21 more problems in the group above" in lines[-1]


@pytest.mark.parametrize("text", ["50% of a: b, c\nd", "%0A", "::stop-commands::x", ""])
def test_the_words_come_back_as_they_were(text: str, sick: Report):
    verdict = sick.verdicts[5]
    finding = replace(verdict.findings[0], message=text, cause="x,y:z%")
    commands, _ = parse(render(replace(sick, verdicts=(replace(verdict, findings=(finding,)),), primary_causes=())))
    assert commands[0].data.startswith(text)
    assert commands[0].properties["title"].endswith("(x,y:z%)")
