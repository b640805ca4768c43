from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from dlcheck.model.codec import decode
from dlcheck.model.facts import Facts
from dlcheck.model.report import Report
from dlcheck.model.style import Style
from dlcheck.renderers import RENDERERS

PARSER = MarkdownIt("commonmark", {"html": True}).enable("table")


def render(report: Report) -> str:
    return RENDERERS["markdown"](report, Style())


@pytest.mark.parametrize("which", ["healthy", "sick", "hostile"])
def test_only_our_own_tags_are_html(which: str, request: pytest.FixtureRequest):
    tokens = PARSER.parse(render(request.getfixturevalue(which)))
    html = [one.content for one in tokens if one.type == "html_block"]
    html += [child.content for one in tokens for child in one.children or () if child.type == "html_inline"]
    for block in html:
        assert set(re.findall(r"<\s*(/?\w+)", block)) <= {"details", "/details", "summary", "/summary", "br"}, block
    opened = sum(block.count("<details>") for block in html)
    assert opened == sum(block.count("</details>") for block in html) > 0


def test_the_commands_stand_in_a_block_to_copy(sick: Report):
    fences = [one for one in PARSER.parse(render(sick)) if one.type == "fence"]
    assert (fences[0].info, fences[0].content) == ("sh", "dlcheck install torch --venv ~/'my env'\n")


def test_the_verdict_comes_first(sick: Report):
    first, second, *_ = render(sick).splitlines()[0:3:2]
    assert first == "### dlcheck doctor: 2 errors, 1 warning, 1 check crashed."
    assert "profile learn" in second


def test_it_fits_an_issue_however_much_is_wrong(hostile: Report):
    text = render(hostile)
    assert len(text.encode()) < 65_000
    assert text.rstrip().endswith("`dlcheck doctor --format json` has all.")
    assert text.startswith("### dlcheck doctor: ")


def test_a_table_keeps_its_columns(hostile: Report):
    tokens = PARSER.parse(render(replace(hostile, verdicts=hostile.verdicts[-1:])))
    rows: list[int] = []
    for one in tokens:
        if one.type == "tr_open":
            rows.append(0)
        elif one.type in ("td_open", "th_open"):
            rows[-1] += 1
    assert set(rows) == {2, 4}


def test_the_facts_can_be_replayed(sick: Report):
    fence = [one for one in PARSER.parse(render(sick)) if one.type == "fence"][-1]
    facts = decode(Facts, json.loads(fence.content))
    assert facts.frameworks == sick.facts.frameworks
    assert facts.memory == sick.facts.memory


def test_nobody_is_called(hostile: Report):
    outside = re.sub(r"(`+).*?\1", "", render(hostile), flags=re.DOTALL)
    assert not re.search(r"[@#]\w", outside.replace("####", ""))
