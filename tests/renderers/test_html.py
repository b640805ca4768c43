from __future__ import annotations

import itertools
import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import html5lib
import pytest

from dlcheck.model.report import Report
from dlcheck.model.style import Style
from dlcheck.renderers import RENDERERS
from dlcheck.renderers.html import body, render_fragment
from dlcheck.renderers.page import page


def render(report: Report) -> str:
    return RENDERERS["html"](report, Style())


def parse(text: str) -> ET.Element:
    """The tree, by a parser that stops at the first mistake."""
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)


def words(tree: ET.Element, tag: str) -> list[str]:
    return ["".join(one.itertext()) for one in tree.iter(tag)]


@pytest.mark.parametrize("which", ["healthy", "sick", "hostile"])
def test_it_is_html_without_mistakes_and_without_foreign_elements(which: str, request: pytest.FixtureRequest):
    tree = parse(render(request.getfixturevalue(which)))
    assert len(list(tree.iter("script"))) == 1, "ours"
    assert not {one.tag for one in tree.iter()} & {"iframe", "object", "embed", "form", "link", "img"}
    for one in tree.iter():
        assert not [name for name in one.attrib if name.startswith("on") or name in ("src", "srcset", "style")]


def test_nothing_is_fetched(sick: Report):
    text = render(sick)
    assert "default-src 'none'" in text
    assert not re.search(r"""(?:src|href)=["'](?!#)|url\(|@import""", text)


def test_the_verdict_comes_first_then_the_causes(sick: Report):
    tree = parse(render(sick))
    assert words(tree, "h1") == ["✗2 errors, 1 warning, 1 check crashed."]
    assert words(tree, "h2")[:2] == ["What is wrong, and what to type", "What could not be judged"]
    assert [one.get("class") for one in tree.iter("article")] == ["card error", "card warning", "card note"]
    assert "dlcheck install torch --venv ~/'my env'" in words(tree, "code")


def test_a_healthy_machine_has_nothing_to_type(healthy: Report):
    tree = parse(render(healthy))
    assert words(tree, "h1") == ["✓No issues found."]
    assert "What is wrong, and what to type" not in words(tree, "h2")
    assert not list(tree.iter("button"))


def test_a_reader_of_the_screen_finds_its_way(sick: Report):
    tree = parse(render(sick))
    levels = [int(one.tag[1]) for one in tree.iter() if re.fullmatch(r"h\d", one.tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels)), "no level is left out"
    assert tree.find("head/..").get("lang") == "en"
    assert len(list(tree.iter("main"))) == 1
    identifiers = [one.get("id") for one in tree.iter() if one.get("id")]
    assert len(identifiers) == len(set(identifiers))
    assert all(one.get("scope") for one in tree.iter("th"))
    assert all(one.get("aria-label", "").startswith("Copy: ") for one in tree.iter("button"))


def test_figures_stand_in_the_page(healthy: Report):
    text = page("x", body(healthy, figures=(("loss < 1", '<svg viewBox="0 0 1 1" role="img"></svg>'),)))
    tree = parse(text)
    assert words(tree, "figcaption") == ["loss < 1"]


def test_a_fragment_keeps_its_style_to_itself(sick: Report):
    text = render_fragment(sick)
    style = re.search("<style>(.*)</style>", text, re.DOTALL)
    assert style
    plain = re.sub(r"@media[^{]*\{", "", style[1])
    for selectors in re.findall(r"([^{}]+)\{", plain):
        for selector in selectors.split(","):
            assert ".dlcheck" in selector or ")" in selector, selector
    assert "<script" not in text
    assert "<button" not in text


def test_gpus_are_told_with_what_is_known(sick: Report):
    devices = sick.facts.devices
    lost = replace(devices.nvidia.gpus[0], index=1, lost=True, memory_bytes=None)
    facts = replace(
        sick.facts, devices=replace(devices, nvidia=replace(devices.nvidia, gpus=(*devices.nvidia.gpus, lost)))
    )
    rows = words(parse(render(replace(sick, facts=facts))), "tr")
    assert "NVIDIA H200150 GB41 °C" in rows
    assert "1: NVIDIA H200 (lost)41 °C" in rows
