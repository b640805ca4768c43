"""Diagnose end to end in process: what a person pastes, what dlcheck answers."""

from __future__ import annotations

import json

import pytest

from dlcheck.diagnose import diagnose, diagnose_text
from dlcheck.model.style import Style
from dlcheck.renderers import DIAGNOSIS_RENDERERS

OLD_DRIVER = "RuntimeError: The NVIDIA driver on your system is too old (found version 11040)."


def causes(text: str) -> list[str]:
    return [one.cause for one in diagnose_text(text).diagnoses]


def test_the_line_that_spoke_is_named():
    report = diagnose_text(f"Traceback (most recent call last):\n  File x\n{OLD_DRIVER}\n")
    first = report.diagnoses[0]
    assert first.cause == "driver-too-old"
    assert (first.evidence[0].line, first.evidence[0].text) == (3, OLD_DRIVER)
    assert report.exit_code == 1


@pytest.mark.parametrize("text", ["", "\n\n", "hello", "How do I train a network?", "\x00\xff", "epoch 1 loss 0.3"])
def test_thin_text_gets_no_diagnosis(text: str):
    report = diagnose_text(text)
    assert report.diagnoses == ()
    assert report.exit_code == 0


def test_several_files_keep_their_names_and_lines():
    report = diagnose((("a.log", "one\ntwo\n"), ("b.log", f"one\n{OLD_DRIVER}\n")))
    spoken = report.diagnoses[0].evidence[0]
    assert (spoken.file, spoken.line) == ("b.log", 2)


@pytest.mark.parametrize("name", sorted(DIAGNOSIS_RENDERERS))
@pytest.mark.parametrize("text", ["", OLD_DRIVER, "Unable to register cuDNN factory: already been registered"])
def test_every_format_renders_every_outcome(name: str, text: str):
    shown = DIAGNOSIS_RENDERERS[name](diagnose_text(text), Style())
    assert shown.endswith("\n")
    shown.encode("ascii") if name == "text" else shown
    if name == "json":
        document = json.loads(shown)
        assert document["command"] == "diagnose"
        assert document["exit_code"] == bool(document["diagnoses"])


def test_an_error_in_the_middle_of_a_very_long_log_is_heard():
    steps = [f"step {number} loss {number / 7:.4f}" for number in range(20_000)]
    error = "RuntimeError: The NVIDIA driver on your system is too old (found version 11040)."
    report = diagnose_text("\n".join([*steps[:9_000], error, *steps[9_000:]]))
    assert report.left_out > 10_000
    assert report.diagnoses[0].cause == "driver-too-old"
    assert report.diagnoses[0].evidence[0].line == 9_001


@pytest.mark.parametrize(
    ("text", "package"),
    [
        ("ModuleNotFoundError: No module named 'torch'", "torch"),
        ("ModuleNotFoundError: No module named 'cv2'", "opencv-python"),
        (
            "ERROR: Could not find a version that satisfies the requirement jaxlib==0.3.0 (from versions: 0.4.17)",
            "jaxlib",
        ),
    ],
)
def test_commands_name_the_package_that_the_text_is_about(text: str, package: str):
    commands = [command for fix in diagnose_text(text).diagnoses[0].fixes for command in fix.commands]
    assert any(package in command for command in commands), commands


def test_a_stranger_s_module_is_never_said_to_be_installed():
    report = diagnose_text("ModuleNotFoundError: No module named 'helpers', but pip list shows it is installed")
    typed = [word for one in report.diagnoses for fix in one.fixes for command in fix.commands for word in command]
    assert "helpers" not in typed


def test_words_in_capitals_are_explained_below_the_fix():
    report = diagnose_text("AssertionError: Torch not compiled with CUDA enabled")
    assert report.diagnoses[0].blanks == ("variant", "index")
    assert "VARIANT is the build that fits this machine" in DIAGNOSIS_RENDERERS["text"](report, Style())
