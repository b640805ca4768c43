"""The PNG of a smoke run, drawn by the Matplotlib of an interpreter; where there is none, that is said before any training."""

from __future__ import annotations

import struct
import subprocess
import sys
import tempfile
from dataclasses import replace

import pytest

from dlcheck.model.errors import DlcheckError
from dlcheck.model.report import Target
from dlcheck.model.smoke import Plane
from dlcheck.smoke_plot import draw_png, refuse_impossible
from tests.renderers.test_smoke import HEALTHY, result

HERE = Target(python=sys.executable, chosen_by="--python")
DECISION = Plane(
    framework="torch",
    device="cpu",
    task="perceptron-gates",
    low=(-0.5, -0.5),
    high=(1.5, 1.5),
    values=((-1.0, -0.5), (0.2, float("nan"))),
    points=((0.0, 0.0, False), (1.0, 1.0, True)),
)


def test_the_picture_is_a_png_of_every_task_and_decision(tmp_path):
    broken = result("cnn-images", framework="jax", losses=(1.0, float("nan"), float("inf")))
    report = replace(HEALTHY, results=(*HEALTHY.results, broken), planes=(DECISION,))
    path = tmp_path / "curves.png"
    draw_png(HERE, report, str(path))
    content = path.read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    wide, high = struct.unpack(">II", content[16:24])
    assert (wide, high > 900) == (1440, True)
    assert [one.name for one in tmp_path.iterdir()] == ["curves.png"]


def test_a_folder_that_is_not_there_is_said_in_words(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(DlcheckError, match="cannot write"):
        draw_png(HERE, HEALTHY, str(tmp_path / "missing" / "curves.png"))
    assert list(tmp_path.iterdir()) == []


def test_what_is_needed_is_said_before_any_training(tmp_path):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "bare")], check=True)
    folder, name = ("Scripts", "python.exe") if sys.platform == "win32" else ("bin", "python")
    bare = Target(python=str(tmp_path / "bare" / folder / name), chosen_by="--python")
    with pytest.raises(DlcheckError, match="drawn by Matplotlib") as caught:
        refuse_impossible(bare, "curves.png")
    assert ".svg, which needs nothing" in caught.value.hint
    refuse_impossible(bare, "curves.svg")
