"""The language of the signature files, the text as clues see it, and the ranking."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlcheck.clues.paste import Paste
from dlcheck.clues.rank import candidates, rank
from dlcheck.clues.signature import literals, parse, required
from dlcheck.data import translations
from dlcheck.diagnose import diagnose_text, signatures

WORDS = st.sampled_from(
    [
        "cuda",
        "error:",
        "torch",
        "no module named",
        "'",
        "\n",
        "(((",
        "[",
        "wsl",
        "docker",
        "libcuda.so.1",
        "\x1b[31m",
        "é",
        "|",
        "9/10 MB",
    ]
)


def hear(source: str, text: str) -> list[str]:
    known = parse([("a.txt", source)])
    paste = Paste(text, known)
    return [clue.cause for clue in known.clues if paste.holds(clue.expression, spoken=clue.spoken) is not None]


def test_conditions_and_exceptions_are_heard_anywhere():
    source = "@box  docker|podman\n[one]\n80 it fails && @box\n[two]\n80 it fails !! @box|virtual machine\n"
    assert hear(source, "IT FAILS") == ["two"]
    assert hear(source, "Docker 27\nIt  fails") == ["one"]
    assert hear(source, "in a virtual machine it fails") == []


@pytest.mark.parametrize(
    "words",
    [
        "OSError: Auf dem Gerät ist kein Speicherplatz mehr verfügbar",
        "tar: écriture impossible : Aucun espace disponible sur le périphérique",
        "Aufgabe: \u8bbe\u5907\u4e0a\u6ca1\u6709\u7a7a\u95f4",
        "no space left \u201con device\u201d: No space left on device",
    ],
)
def test_the_words_of_a_system_are_heard_in_every_language(words: str):
    known = parse([("a.txt", "[full]\n80 no space left on device\n")])
    paste = Paste(words, known, translations())
    assert [paste.holds(clue.expression) for clue in known.clues] == [0]
    assert paste.shown == [words], "the line is shown as it was pasted"


def test_every_translation_is_lower_case_and_stands_for_english():
    for words, english in translations():
        assert words == words.lower()
        assert english.isascii()
        assert english not in words


def test_a_backslash_of_a_path_is_part_of_what_is_looked_for():
    assert hear(r"[one]" + "\n" + r"80 c:\\python\d+\\lib\\site" + "\n", r"C:\Python311\Lib\site-packages") == ["one"]


def test_typographic_quotes_are_heard_as_plain_ones():
    assert hear("[one]\n80 module 'torch' has\n", "module \u2018torch\u2019 has no attribute") == ["one"]


def test_a_plus_sign_is_heard_in_the_name_of_a_downloaded_file():
    known = parse([("a.txt", "[build]\n80 torch-2\\.7\\.1\\+cpu\n")])
    paste = Paste("https://example.org/torch-2.7.1%2Bcpu-cp312.whl", known)
    assert paste.holds(known.clues[0].expression) == 0


def test_a_blank_in_a_pattern_spans_lines():
    assert hear("[one]\n80 not found (?:here|there)\n", "was not\nfound   there") == ["one"]


def test_a_spoken_clue_is_deaf_to_descriptions():
    description = "\n".join(f"Name {at} : value {at}" for at in range(12))
    source = "[one]\n80~ broken driver\n[two]\n80 broken driver\n"
    assert hear(source, f"{description}\nmodel : broken driver kit of the year") == ["one", "two"]
    source = source.replace("broken", "special")
    assert hear(source, f"{description}\nmodel : special driver kit of the year") == ["two"]


@pytest.mark.parametrize("source", ["80 orphan", "[one]\nheavy text", "[one]\n80"])
def test_a_line_that_is_no_signature_is_named(source: str):
    with pytest.raises(ValueError, match=r"bad\.txt:\d"):
        parse([("bad.txt", source)])


@pytest.mark.parametrize(
    ("pattern", "literals"),
    [
        ("plain words", ("plain words",)),
        (r"version \d+ not found", (" not found",)),
        (r"abcdef?\.so", ("abcde",)),
        (r"roaming\\python\d", ("roaming\\python",)),
        ("(?:first|second) x", ("first", "second")),
        ("(?:first|second)? x", ()),
        ("(?!never)some.*thing", ("thing",)),
        ("[abc]+", ()),
    ],
)
def test_the_literals_that_a_pattern_cannot_do_without(pattern: str, literals: tuple[str, ...]):
    assert required(pattern) == literals


def test_all_literals_outside_of_groups_are_asked_for():
    assert literals(r"could not (?:load|open) lib\w+\.so\.\d: (?:a|b)") == (("could not ", " lib", ".so."), ())
    assert literals(r"(?:first|second) and x?") == ((" and ",), ())
    assert literals(r"abc (?:first|second)") == (("abc ",), ("first", "second"))


def test_a_literal_never_hides_a_match():
    """Every pattern that is found without its literals is found with them, on texts made of all patterns' own words."""
    known = signatures()
    text = "\n".join(clue.expression.pattern[0].source for clue in known.clues).lower()
    paste = Paste(text, known)
    for clue in known.clues:
        for one in clue.expression.pattern:
            if not one.sign and not one.possible(paste.whole.flat):
                assert not one.compiled.search(paste.whole.text), one.source


def test_more_clues_close_part_of_the_gap_to_certainty():
    one, two = candidates([("a", 0.8, 0, "")])["a"], candidates([("a", 0.8, 0, ""), ("a", 0.7, 1, "")])["a"]
    assert 0.8 == one.score < two.score < 0.9


def test_a_cause_that_beats_another_stands_above_it_unless_it_is_hardly_heard():
    beats = {"winner": ("loser",)}
    order = lambda *clues: [one.cause for one in rank(candidates(clues), beats, lambda _: False)[0]]  # noqa: E731
    assert order(("winner", 0.7, 0, ""), ("loser", 0.8, 0, "")) == ["winner", "loser"]
    assert order(("winner", 0.5, 0, ""), ("loser", 0.8, 0, "")) == ["loser", "winner"]
    assert order(("winner", 0.62, 0, ""), ("loser", 0.95, 0, "")) == ["loser", "winner"]


def test_what_a_harmless_cause_explains_is_no_alarm():
    alarms, harmless = rank(
        candidates([("calm", 0.9, 0, ""), ("alarm", 0.8, 0, "")]), {"calm": ("alarm",)}, lambda slug: slug == "calm"
    )
    assert ([one.cause for one in alarms], [one.cause for one in harmless]) == ([], ["calm"])


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.text(max_size=300), st.lists(WORDS, max_size=60).map(" ".join)))
def test_no_text_raises(text: str):
    report = diagnose_text(text)
    assert all(0 <= one.confidence <= 1 for one in report.diagnoses)


@pytest.mark.parametrize(
    "text",
    [
        "a" * 1_000_000,
        "torch tensorflow cuda nvidia driver wsl docker libcuda.so " * 17_000,
        "((([[[\\" * 140_000,
        "\n".join(f"{at} torch cuda nvidia driver libcudnn error wsl container" for at in range(16_000)),
        "\n" * 1_000_000,
    ],
    ids=["one-word", "one-line", "brackets", "lines", "empty-lines"],
)
def test_a_megabyte_of_anything_is_read_soon(text: str):
    signatures()
    start = time.process_time()
    diagnose_text(text)
    # Under a second on an idle machine; the limit leaves room for a busy one and for coverage.
    assert time.process_time() - start < 5


def test_a_condition_after_the_exceptions_is_refused():
    with pytest.raises(ValueError, match=r"a\.txt:2: a condition stands before the exceptions"):
        parse([("a.txt", "[one]\n80 it fails !! docker && podman\n")])
