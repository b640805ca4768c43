"""Words as a last resort: what no signature knows is guessed from the words of the complaint, modestly or not at all."""

from __future__ import annotations

import pytest

from dlcheck.clues.terms import HIGHEST, guess, weigh, words
from dlcheck.data import cause_slugs, term_weights
from dlcheck.diagnose import diagnose_text, signatures


def test_words_are_names_their_pieces_and_pairs():
    assert words("libcuda.so 12.4 was not found") == {"libcuda.so", "libcuda", "found", "libcuda.so found"}


def test_a_rare_word_weighs_more_than_a_shared_one():
    weights = weigh({"a": [words("lid suspend gpu")], "b": [words("licence gpu")], "c": [words("gpu")]})
    assert weights["lid"]["a"] > 0
    assert "gpu" not in weights


WEIGHTS = {"moon": {"one": 20.0}, "lunar": {"one": 20.0}, "driver": {"one": 5.0, "two": 5.0}, "tide": {"two": 41.0}}


def heard(text: str) -> list[str]:
    return [one.cause for one in guess(text, lambda word: WEIGHTS.get(word, {}))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the moon driver is lunar, it fails", ["one"]),
        ("the moon driver is lunar", []),
        ("the moon is lunar, it fails", []),
        ("moon driver fails", []),
        ("moon driver lunar tide fails", []),
    ],
    ids=["speaks", "no complaint", "another subject", "too few words", "not clear"],
)
def test_a_guess_needs_a_complaint_a_subject_and_words_of_one_cause(text: str, expected: list[str]):
    assert heard(text) == expected


def test_the_terms_name_causes_that_signatures_know():
    assert set(term_weights("gpu")) | set(term_weights("cuda_visible_devices")) | set(term_weights("wheel"))
    known = signatures().causes
    assert {cause for word in ("gpu", "wheel", "dkms", "suspend", "conda") for cause in term_weights(word)} <= known
    assert known <= cause_slugs()


def test_a_text_that_no_signature_knows_is_guessed_with_little_confidence():
    report = diagnose_text("Enrolment of our key was forgotten, so the unsigned NVIDIA module is not taken at boot")
    assert report.diagnoses[0].confidence <= HIGHEST
    assert report.diagnoses[0].evidence[0].clue.startswith("words: ")


@pytest.mark.parametrize(
    "text",
    [
        "RuntimeError: mat1 and mat2 shapes cannot be multiplied (8x32 and 64x10)",
        "ValueError: too many values to unpack (expected 2)",
        "KeyError: 'optimizer' when I load my checkpoint, torch 2.4, CUDA 12.4",
        "Successfully installed torch-2.7.0 torchvision-0.22.0",
        "How do I choose the learning rate for a GPU with 8 GB?",
        "connection refused by the database server",
        "ECC Errors\n  Volatile\n    Uncorrectable errors : 0\n  Retired pages\n    Double bit ECC error : 0\n",
        "The docs of the container images are hard to read",
    ],
)
def test_other_troubles_and_no_trouble_are_not_guessed(text: str):
    assert diagnose_text(text).diagnoses == ()
