"""What a smoke run shows while it goes on."""

from __future__ import annotations

import pytest

from dlcheck.cli.smoke_live import SHORT, Live, drawn, note
from dlcheck.data.smoke_tasks import TASKS
from dlcheck.model.smoke import SmokeMoment, SmokeStep
from dlcheck.model.style import Style

PLAIN = Style(unicode=True, width=100)
FEW = ("exact-integers", "mlp-regression", "lstm-sequences")


def steps(*moments):
    """The rows after steps of torch on the CPU: a moment, or the name of a task that then begins or has ended."""
    rows = {}
    for at, (moment, *of) in enumerate(moments):
        note(rows, SmokeStep("torch", "" if moment == "started" else "cpu", SmokeMoment(moment), *of), float(at))
    return rows


TRAINING = (
    ("started",),
    ("opened",),
    ("task", "exact-integers", "float32"),
    ("trained", "exact-integers", "float32"),
    ("task", "mlp-regression", "float32"),
)


def test_a_row_has_a_mark_for_each_task_under_its_heading():
    head, row = drawn(steps(*TRAINING), FEW, PLAIN, 5.0, height=20)
    assert head.split() == ["int", "regr", "lstm"]
    assert row == "torch cpu  ■   >    ·     mlp-regression"
    assert [head.index("int"), head.index("regr"), head.index("lstm")] == [row.index(mark) for mark in "■>·"]


def test_a_narrow_screen_has_the_marks_alone_and_no_line_is_wider():
    style = Style(unicode=True, width=40)
    (row,) = drawn(steps(*TRAINING), FEW, style, 50.0, height=20)
    assert row.startswith("torch cpu  ■>· mlp-regression")
    assert len(row) < 40


def test_what_takes_long_is_said_with_its_seconds():
    *_, row = drawn(steps(*TRAINING), FEW, PLAIN, 13.9, height=20)
    assert "takes long" not in row
    *_, row = drawn(steps(*TRAINING), FEW, PLAIN, 16.2, height=20)
    assert row.endswith("mlp-regression takes long (12 s)")


def test_an_import_is_a_row_until_the_framework_names_a_device():
    assert drawn(steps(*TRAINING[:1]), FEW, PLAIN, 1.0, height=9)[1].endswith("importing it")
    assert len(drawn(steps(*TRAINING[:2]), FEW, PLAIN, 1.0, height=9)) == 2


def test_another_dtype_begins_a_round_of_its_own():
    rows = steps(*TRAINING, ("task", "exact-integers", "bfloat16"))
    assert drawn(rows, FEW, PLAIN, 6.0, height=9)[1] == "torch cpu  >   ·    ·     exact-integers, bfloat16"


@pytest.mark.parametrize(
    ("moment", "mark", "words"),
    [("done", "■", "1 trained in 4.0 s"), ("died", "✗", "died in mlp-regression")],
)
def test_the_end_of_a_device_is_said_once_and_stays(moment, mark, words):
    *_, row = drawn(steps(*TRAINING, (moment,)), FEW, PLAIN, 90.0, height=20)
    assert row.endswith(words)
    assert mark in row


def test_what_raised_has_another_mark():
    rows = steps(*TRAINING, ("raised", "mlp-regression", "float32"))
    assert drawn(rows, FEW, Style(width=100), 6.0, height=9)[1].split()[2:5] == ["#", "x", "."]


def test_devices_that_are_done_with_make_room_where_the_screen_is_low():
    rows = {}
    for at in range(6):
        note(rows, SmokeStep("torch", f"cpu:{at}", SmokeMoment.OPENED), 0.0)
        if at < 4:
            note(rows, SmokeStep("torch", f"cpu:{at}", SmokeMoment.DONE), 1.0)
    lines = drawn(rows, FEW, PLAIN, 2.0, height=4)
    assert len(lines) == 4  # with the headings
    assert any("cpu:4" in line for line in lines)
    assert any("cpu:5" in line for line in lines)


def test_every_task_has_a_heading_of_its_own():
    assert tuple(SHORT) == TASKS
    assert len(set(SHORT.values())) == len(TASKS)


def test_without_a_terminal_a_device_is_one_line(capsys):
    with Live() as live:
        for moment, *of in (*TRAINING, ("done",)):
            live.show(SmokeStep("torch", "" if moment == "started" else "cpu", SmokeMoment(moment), *of))
    assert capsys.readouterr().err.startswith("torch cpu: 1 trained in ")


def test_what_died_before_it_named_a_device_is_named_alone(capsys):
    with Live() as live:
        for moment in (SmokeMoment.STARTED, SmokeMoment.DIED):
            live.show(SmokeStep("torch", "", moment))
    assert capsys.readouterr().err == "torch: died\n"


def test_ranks_that_are_done_are_no_count_of_trainings():
    rows = {}
    note(rows, SmokeStep("torch", "2 ranks, gloo", SmokeMoment.TASK, "mlp-regression", "data-parallel"), 0.0)
    assert note(rows, SmokeStep("torch", "2 ranks, gloo", SmokeMoment.DONE), 9.0).over == "done"


def test_quiet_says_nothing(capsys):
    with Live(quiet=True) as live:
        live.show(SmokeStep("torch", "cpu", SmokeMoment.DONE))
    assert capsys.readouterr().err == ""
