"""What diagnose says: one cause or several, noise alone, nothing, and how much of each."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dlcheck.model.diagnosis import Diagnosis, DiagnosisReport, SpokenLine
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Fix
from dlcheck.model.style import Style
from dlcheck.renderers import DIAGNOSIS_RENDERERS
from dlcheck.renderers.diagnosis_html import render_fragment

FIRST = Diagnosis(
    cause="driver-too-old",
    title="The driver is too old",
    confidence=0.9,
    evidence=tuple(SpokenLine(at, f"spoken {at} " + "x" * 200 * (at == 2), 0.9, "drivers.txt:4") for at in range(1, 6)),
    fixes=(
        Fix("fix 0", (("install", "PACKAGE"),)),
        Fix("fix 1"),
        Fix("fix 2"),
        Fix("fix 3"),
        Fix("fix 4", (("with", "INDEX"),)),
    ),
    verify=("see 0", "see 1", "see 2"),
    blanks=("package", "index"),
)
SECOND = replace(FIRST, cause="cpu-only-build", title="A CPU build", confidence=0.65)
THIRD = replace(FIRST, cause="gpu-not-used", title="No GPU", confidence=0.3, fixes=(), verify=())
NOISE = replace(FIRST, cause="numa-node-noise", title="Only noise", evidence=FIRST.evidence[:2])


def report(*found: Diagnosis, harmless: tuple[Diagnosis, ...] = (), **more: object) -> DiagnosisReport:
    words = {"version": "0.1.0", "created": "2026-11-22T08:00:00Z", "node": "n", "facts": Facts(), **more}
    return DiagnosisReport(diagnoses=found, harmless=harmless, **words)  # type: ignore[arg-type]


def text(one: DiagnosisReport, verbosity: int = 0) -> str:
    return DIAGNOSIS_RENDERERS["text"](one, Style(unicode=True, width=80, verbosity=verbosity))


def markdown(one: DiagnosisReport) -> str:
    return DIAGNOSIS_RENDERERS["markdown"](one, Style())


def test_a_cause_shows_three_lines_three_fixes_and_two_checks_and_all_of_them_with_v():
    one = report(FIRST)
    assert [text(one).count(word) for word in ("spoken", "fix ", "see ")] == [3, 3, 2]
    assert [text(one, 1).count(word) for word in ("spoken", "fix ", "see ")] == [5, 5, 3]
    assert "[drivers.txt:4, 0.90]" in text(one, 1)
    assert "PACKAGE is " in text(one)
    assert ("INDEX is " in text(one), "INDEX is " in text(one, 1)) == (False, True)
    assert max(map(len, text(one).splitlines())) <= 80
    assert "Less likely" not in text(one)


def test_others_follow_with_how_sure_they_are_and_quiet_names_the_first_alone():
    one = report(FIRST, SECOND, THIRD, harmless=(NOISE,), left_out=12)
    shown = text(one)
    assert "(driver-too-old, sure, 0.90)" in shown.replace("\n         ", " ")
    assert "(cpu-only-build, likely, 0.65)" in shown
    assert "(gpu-not-used, possible, 0.30)" in shown
    assert "12 lines in its middle were not read" in shown
    assert "Only noise" in shown
    assert "-v shows" in shown
    assert "-v shows" not in text(one, 1)
    assert text(one, 1).count("spoken") == 5 + 5 + 5 + 2
    quiet = text(one, -1)
    assert "driver-too-old" in quiet
    assert "cpu-only-build" not in quiet
    assert "Only noise" not in quiet


@pytest.mark.parametrize(
    ("one", "words", "absent"),
    [
        (report(), "Paste more of it", "not read"),
        (report(left_out=7), "7 lines in the middle were not read", "Nothing is wrong"),
        (report(harmless=(NOISE,)), "Nothing is wrong.", "Paste more"),
    ],
)
def test_no_cause_is_told_apart_from_noise(one: DiagnosisReport, words: str, absent: str):
    assert words in text(one)
    assert absent not in text(one)
    assert "Paste more" not in text(one, -1)


def test_a_cause_without_fixes_has_no_blanks():
    assert "PACKAGE" not in text(report(THIRD))


def test_windows_gets_the_quotes_of_its_shell():
    one = report(replace(FIRST, fixes=(Fix("do", (("install", "it's"),)),)))
    assert "'it''s'" in text(replace(one, system="windows"))
    assert "'it''s'" not in text(one)


def test_markdown_has_what_there_is_and_no_empty_heading():
    shown = markdown(report(FIRST, SECOND, harmless=(NOISE,)))
    assert "### The driver is too old" in shown
    assert "**Fix**" in shown
    assert "**Check**" in shown
    assert "Less likely:" in shown
    assert "Harmless:" in shown
    bare = markdown(report(THIRD))
    assert [word for word in ("**Fix**", "**Check**", "Less likely:", "Harmless:") if word in bare] == []
    assert markdown(report(harmless=(NOISE,))).startswith("Harmless:")
    assert markdown(report()) == "**No known cause in this text.**\n"


def test_the_page_says_which_of_the_three_it_is():
    assert "What this text says is wrong" in render_fragment(report(FIRST))
    assert "only noise" in render_fragment(report(harmless=(NOISE,)))
    assert "No cause was recognised" in render_fragment(report())
