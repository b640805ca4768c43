"""What explain says of a rule, of a cause and of all, as text and as Markdown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dlcheck.explain import catalogue, explain
from dlcheck.model.cause import CauseFix
from dlcheck.model.finding import Fix
from dlcheck.model.style import Style
from dlcheck.renderers import EXPLANATION_RENDERERS
from dlcheck.renderers.explanation_text import where

TEXT, MARKDOWN = EXPLANATION_RENDERERS["text"], EXPLANATION_RENDERERS["markdown"]
WIDE = Style(unicode=True, width=100)


@pytest.mark.parametrize("name", [one.slug for one in catalogue().causes])
def test_a_cause_is_told_whole_in_both_formats(name: str):
    found = explain(name)
    (cause,) = found.causes
    text, markdown = TEXT(found, WIDE), MARKDOWN(found, WIDE)
    for words in (text, markdown):
        assert cause.title in words
        assert all(link in words for link in cause.links)
        assert all(one.code in words for one in found.rules)
        assert all(near in words for near in cause.near)
    assert ("Easily confused with" in text) is bool(cause.near) is ("## Easily confused with" in markdown)
    assert ("Found by:" in text) is bool(found.rules) is ("Found by DL" in markdown)
    assert ("these are its consequences" in text) is bool(cause.explains)
    assert markdown.count("```sh") == sum(1 for one in cause.fixes if one.fix.commands)


def test_a_rule_names_its_causes():
    found = explain("DL501")
    for words in (TEXT(found, WIDE), MARKDOWN(found, WIDE)):
        assert all(slug in words for slug in found.rules[0].causes)
    assert "It names:" in TEXT(replace(found, rules=(replace(found.rules[0], causes=("framework-missing",)),)), WIDE)


def test_the_catalogue_counts_and_an_unknown_family_comes_last():
    found = catalogue()
    odd = replace(found.causes[0], slug="from-an-extension", family="brewing")
    text = TEXT(replace(found, causes=(odd, *found.causes)), WIDE)
    assert f"{len(found.rules)} checks" in text
    assert f"{len(found.causes) + 1} causes" in text
    assert text.index("brewing") > text.index("\nMany GPUs")
    assert "from-an-extension" in text[text.index("brewing") :]
    assert "causes" not in TEXT(explain("DL60"), WIDE).splitlines()[0]
    assert "# Causes" not in MARKDOWN(explain("DL60"), WIDE)
    assert "from-an-extension" in MARKDOWN(replace(found, causes=(odd,)), WIDE)


PLACES = (
    (("linux", "torch"), "Linux, PyTorch"),
    (("windows", "wsl"), "Windows or WSL"),
    (("macos",), "macOS"),
    ((), ""),
)


@pytest.mark.parametrize(("places", "words"), PLACES)
def test_a_fix_says_where_it_holds(places: tuple[str, ...], words: str):
    assert where(CauseFix(fix=Fix("do it"), where=places)) == words
