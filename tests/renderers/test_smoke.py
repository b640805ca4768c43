"""The smoke result as table, JSON and picture."""

from __future__ import annotations

import json
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from dlcheck.checks.plane import plane_of
from dlcheck.data.smoke_tasks import TASKS, smoke_task
from dlcheck.model.report import Target
from dlcheck.model.smoke import Deviation, Level, SmokeReport, SmokeResult, SmokeRun, SmokeStatus
from dlcheck.model.style import Style
from dlcheck.renderers import html, smoke_json, smoke_svg, smoke_text
from dlcheck.renderers import json as json_renderer
from dlcheck.renderers import text as text_renderer
from dlcheck.renderers.retold import of_smoke


def result(task="mlp-regression", **changes) -> SmokeResult:
    one = SmokeResult(
        framework="torch",
        version="2.13.0+cpu",
        device="cpu",
        task=task,
        dtype="float32",
        mode="eager",
        status=SmokeStatus.PASSED,
        deviation=Deviation(loss=1.2e-7, gradient=3e-7, weights=2e-7),
        limit=Deviation(loss=2e-6, gradient=1e-5, weights=5e-6),
        precision="float32",
        seconds={"import": 1.0, "init": 0.0, "first_step": 0.1, "train": 0.2},
        losses=smoke_task(task).losses,
    )
    return replace(one, **changes)


def report(*results: SmokeResult, **changes) -> SmokeReport:
    one = SmokeReport(
        version="0.1.0",
        created="2026-11-22T08:00:00Z",
        node="n1",
        level=Level.QUICK,
        target=Target(python="/e/bin/python", chosen_by="--python"),
        results=results,
        seconds=3.21,
    )
    return replace(one, **changes)


HEALTHY = report(*(result(name) for name in TASKS))
WRONG = replace(
    result("cnn-images"), status=SmokeStatus.FAILED, cause="device-computes-wrong", why="the loss is off by 1e-3"
)


def test_a_healthy_table_is_one_line_a_framework():
    text = smoke_text.render(HEALTHY, Style(unicode=True))
    lines = text.splitlines()
    assert lines[3].split() == ["torch", "2.13.0", "✓", "11", "tasks", "1e-7", "3.2", "s"]
    assert "Every device learns, and computes what float64 says it should." in text
    assert "no device\nsound" in text or "no device sound" in text
    assert "CAUSE" not in text


def test_what_is_wrong_comes_with_cause_check_and_more():
    text = smoke_text.render(report(result(), WRONG), Style())
    assert "1 of 2 failed: device-computes-wrong" in text
    for word in (
        "x torch on cpu: cnn-images",
        "the loss is off by 1e-3",
        "  FIX    ",
        "CHECK  dlcheck smoke --python /e/bin/python --framework torch",
    ):
        assert word in text
    assert "1 wrong in 1 place, 1 training right" in text
    assert text.isascii()


def test_fewer_bits_are_a_note_and_only_the_fix_of_this_framework_is_shown():
    noted = replace(result(), cause="reduced-precision", precision="tf32", why="rounded to 10 bits (TF32)")
    text = smoke_text.render(report(noted), Style())
    assert "! 1 task  1e-7   tf32 products" in text
    assert "set_float32_matmul_precision" in text
    assert "tensor_float_32_execution" not in text
    assert "fewer bits than float32 has" in " ".join(text.split())


def test_a_framework_that_sees_no_such_device_says_so():
    unseen = SmokeResult(
        framework="jax",
        version="0.10",
        device="cuda:0",
        task=None,
        dtype=None,
        status=SmokeStatus.SKIPPED,
        why="jax sees no cuda",
    )
    text = smoke_text.render(report(result(), unseen), Style())
    assert "- jax sees no cuda" in text


def test_the_doctor_s_page_shows_the_curves_of_its_training():
    doctor = replace(of_smoke(HEALTHY), command="doctor", smoke=HEALTHY)
    assert html.render(doctor, Style()).count("<polyline") == len(TASKS) - 1
    assert json.loads(json_renderer.render(doctor, Style()))["smoke"][0]["task"] == TASKS[0]


def test_the_doctor_says_what_it_has_trained_and_asks_for_no_more():
    doctor = replace(of_smoke(HEALTHY), command="doctor", smoke=HEALTHY)
    assert text_renderer.render(doctor, Style()).rstrip().endswith(f"{len(HEALTHY.results)} trainings right: torch.")


def test_quiet_says_only_what_is_wrong():
    assert smoke_text.render(report(result()), Style(verbosity=-1)).strip() == ""
    text = smoke_text.render(report(result(), WRONG), Style(verbosity=-1))
    assert text.startswith("x torch on cpu: cnn-images")
    assert "trainings right" not in text
    skipped = replace(result(), status=SmokeStatus.SKIPPED, why="not there")
    nothing = replace(report(skipped), exit_code=1)
    assert smoke_text.render(nothing, Style(verbosity=-1)) == "Nothing was trained."


def test_nothing_to_train_with_names_what_to_type():
    text = smoke_text.render(report(), Style())
    assert "dlcheck install --python /e/bin/python torch" in text
    assert "No framework is installed" in text


@pytest.mark.parametrize("width", [40, 80, 100])
def test_no_prose_is_wider_than_the_terminal(width):
    text = smoke_text.render(report(result(), WRONG), Style(width=width))
    prose = [line for line in text.splitlines() if not line.startswith(("dlcheck 0", "torch", "  CHECK", "  CAUSE"))]
    assert max(map(len, prose)) <= max(width, 70)


def test_json_has_what_the_contract_promises():
    document = json.loads(smoke_json.render(report(result(), WRONG, exit_code=1), Style()))
    assert (document["schema_version"], document["command"], document["exit_code"]) == (1, "smoke", 1)
    keys = {
        "framework",
        "version",
        "device",
        "device_name",
        "task",
        "dtype",
        "status",
        "cause",
        "steps",
        "loss_first",
        "loss_last",
        "deviation",
        "limit",
        "precision",
        "seconds",
        "peak_memory_bytes",
    }
    assert all(keys <= one.keys() for one in document["results"])
    assert document["results"][1]["status"] == "failed"


def run_of(name: str) -> SmokeRun:
    task = smoke_task(name)
    trained = {one: array.values for one, array in task.trained.items()}
    return SmokeRun(device="cpu", task=name, dtype="float32", trained=trained)


def test_the_perceptron_divides_its_plane_where_it_should():
    plane = plane_of("torch", smoke_task("perceptron-gates"), run_of("perceptron-gates"))
    assert [second for _, _, second in plane.points] == [False, False, False, True]
    assert plane.values[0][0] < 0 < plane.values[-1][-1]


def test_the_picture_is_svg_and_survives_what_is_no_number():
    nan = replace(result(), losses=(float("nan"),) * 21, framework='<script>"&')
    planes = (plane_of("torch", smoke_task("mlp-classification"), run_of("mlp-classification")),)
    text = smoke_svg.render(report(*HEALTHY.results, nan, planes=planes), Style())
    root = ET.fromstring(text)
    assert root.tag.endswith("svg")
    assert len([one for one in root.iter() if one.get("class") == "reference"]) == 10
    assert len([one for one in root.iter() if one.tag.endswith("circle")]) == 32
    assert "<script" not in text
    assert "nan" not in text


FIGURES = (
    ({"operations_per_second": 5e12}, "5e+03 GFLOP/s"),
    ({"float16_operations_per_second": 2.5e9}, "2.5 GFLOP/s float16"),
    ({"bytes_per_second": 12e9}, "12.0 GB/s"),
    ({"memory_bytes": 8e9}, "8.0 GB memory"),
    ({"temperature_highest": 71.0}, "temperature highest 71"),
)


@pytest.mark.parametrize(("measured", "words"), FIGURES)
def test_figures_of_an_exercise_have_units(measured: dict[str, float], words: str):
    text = smoke_text.render(report(result(mode="exercise", measured=measured)), Style(width=100))
    assert words in " ".join(text.split())


def test_quiet_does_not_hide_that_nothing_was_trained():
    skipped = result(status=SmokeStatus.SKIPPED, why="not here")
    assert "Nothing was trained." in smoke_text.render(report(skipped, exit_code=1), Style(verbosity=-1))


def test_many_of_one_cause_are_counted():
    several = tuple(replace(WRONG, task=name) for name in TASKS)
    text = smoke_text.render(report(*several), Style(width=100))
    assert f"and {len(TASKS) - 3} more; -v shows them" in text
    assert "-v shows" not in smoke_text.render(report(*several), Style(width=100, verbosity=1))
