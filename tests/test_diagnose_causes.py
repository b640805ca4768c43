"""Every cause of the shared vocabulary, named in texts as people paste them (tests/diagnose/*.txt, written for this)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dlcheck.data import cause, cause_slugs
from dlcheck.diagnose import diagnose_text, signatures

FOLDER = Path(__file__).parent / "diagnose"
BLOCKS = [
    (slug, text)
    for path in sorted(FOLDER.glob("*.txt"))
    for block in re.split(r"^## ", path.read_text("utf-8"), flags=re.MULTILINE)[1:]
    for slug, _, text in [block.partition("\n")]
]


@pytest.mark.parametrize(("slug", "text"), BLOCKS, ids=[f"{slug}-{at}" for at, (slug, _) in enumerate(BLOCKS)])
def test_the_cause_is_named_first(slug: str, text: str):
    report = diagnose_text(text)
    entry = cause(slug)
    assert entry is not None
    if entry.harmless:
        assert [one.cause for one in report.diagnoses] == []
        assert slug in [one.cause for one in report.harmless]
    else:
        assert report.diagnoses[0].cause == slug, [(one.cause, one.confidence) for one in report.diagnoses]


def test_every_cause_with_a_signature_has_a_text():
    assert {clue.cause for clue in signatures().clues} == {slug for slug, _ in BLOCKS}


def test_the_signatures_name_causes_of_the_vocabulary_only():
    known = signatures()
    named = (
        {clue.cause for clue in known.clues} | set(known.beats) | {one for all_ in known.beats.values() for one in all_}
    )
    assert named <= cause_slugs()


def test_every_pattern_compiles_and_every_sign_exists():
    known = signatures()
    expressions = [clue.expression for clue in known.clues] + [one for all_ in known.signs.values() for one in all_]
    for expression in expressions:
        for part in (expression.pattern, *expression.conditions, expression.exceptions):
            for one in part:
                if one.sign:
                    assert one.source in known.signs
                else:
                    assert one.compiled.pattern
                    assert not re.search("[A-Z]", re.sub(r"\\[A-Z]", "", one.source)), "the text is in lower case"


def test_every_sign_is_used():
    known = signatures()
    expressions = [clue.expression for clue in known.clues] + [one for all_ in known.signs.values() for one in all_]
    used = {
        one.source
        for expression in expressions
        for part in (expression.pattern, *expression.conditions, expression.exceptions)
        for one in part
        if one.sign
    }
    asked_by_name = {
        "linux",
        "windows",
        "macos",
        "wsl",
        "container",
        "conda",
        "notebook",
        "torch",
        "tensorflow",
        "keras",
        "jax",
    }
    assert set(known.signs) - used <= asked_by_name
