from __future__ import annotations

import os
import random
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlcheck import fleet_run
from dlcheck.engines import ENGINES, engine, node, slurm
from dlcheck.model.errors import DlcheckError
from dlcheck.model.launch import Answer, Launch


def ask(*command: str, name: str = "n1", shared: str = "", seconds: float = 10, **variables: str) -> list[bytes]:
    """What the script prints on a node called ``name``."""
    environment = {**os.environ, "SLURMD_NODENAME": name} | variables
    return subprocess.run(
        node.argv(command, seconds, shared), env=environment, capture_output=True, timeout=60
    ).stdout.splitlines(keepends=True)


def test_output_errors_and_exit_code_come_back():
    (answer,) = node.answers(ask("sh", "-c", "echo out; echo err >&2; exit 5"), ["n1"]).values()
    assert answer == Answer(b"out\n", "err\n", 5)


def test_lines_stay_short_enough_for_slurm():
    lines = ask("head", "-c", "200000", "/dev/urandom")
    assert max(map(len, lines)) < 1000
    assert len(node.answers(lines, ["n1"])["n1"].output) == 200_000


def test_the_answers_of_many_nodes_may_be_mixed():
    several = {f"n{at}": ask("sh", "-c", f"seq {at} 20000", name=f"n{at}") for at in range(1, 5)}
    mixed = [b"some other program\n"]
    chance = random.Random(1)
    while any(several.values()):
        mixed.append(chance.choice([lines for lines in several.values() if lines]).pop(0))
    found = node.answers(mixed, several)
    assert [answer.output.split()[0] for answer in found.values()] == [b"1", b"2", b"3", b"4"]
    assert all(answer.output.endswith(b"20000\n") and answer.code == 0 for answer in found.values())


def test_what_is_cut_off_takes_no_line_of_another_node_with_it():
    """A piece without its end of line stands before the next line of whoever writes next."""
    whole = ask("sh", "-c", "exit 124", name="n3")
    cut = ask("sh", "-c", "seq 2000", name="n5")[0][:40]
    found = node.answers([cut + whole[0], *whole[1:]], ["n3", "n5"])
    assert (found["n3"].code, found["n5"].code) == (node.TIMED_OUT, None)


def test_a_hung_command_is_ended_with_what_it_started():
    (answer,) = node.answers(ask("sh", "-c", "echo begun; sleep 60 & sleep 60", seconds=1), ["n1"]).values()
    assert (answer.output, answer.code) == (b"begun\n", node.TIMED_OUT)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(b"{}", "", 0), None),
        (Answer(b"{}", "", 1), None),
        (Answer(b"", "", 0), "no output, exit code 0"),
        (Answer(b"", "Traceback\nKeyError: 1", 1), "no output, exit code 1: KeyError: 1"),
        (Answer(b"{", "", None), "its answer was cut off"),
        (Answer(b"", "", 124), "hung: no answer within 60 s"),
        (Answer(b"", "", 137), "hung: no answer within 60 s"),
        (Answer(b"", "", 127), "dlcheck is not installed there"),
        (Answer(b"", "", 126), "dlcheck cannot be executed there"),
        (Answer(b"", "dlcheck: No such option: --quick\ndlcheck 0.0.1", 2), "dlcheck 0.0.1 there does not understand the command: No such option: --quick"),
        (Answer(b"", "usage: other", 2), "dlcheck there does not understand the command: usage: other"),
        (Answer(b"", "", 2), "dlcheck there does not understand the command: exit code 2"),
        (Answer(b"", "", 74), "no room for temporary files"),
        (Answer(b"{}", "cp: error writing '/x/.n1.part': No space left on device", 73), "the shared folder takes no file: No space left on device"),
    ],
)  # fmt: skip
def test_every_ending_has_words(answer: Answer, words: str | None):
    assert node.excuse(answer, ("dlcheck", "doctor"), 60) == words


def test_no_room_for_temporary_files_is_told(tmp_path: Path):
    (answer,) = node.answers(ask("echo", shared=str(tmp_path), TMPDIR=str(tmp_path / "no")), ["n1"]).values()
    assert answer.code == node.NO_ROOM


def test_a_report_is_moved_into_the_shared_folder_whole(tmp_path: Path):
    (answer,) = node.answers(ask("echo", "{}", shared=str(tmp_path)), ["n1"]).values()
    assert (answer.output, answer.code) == (b"", 0)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("n1.json", "{}\n")]


def test_a_shared_folder_that_is_gone_loses_no_report(tmp_path: Path):
    (answer,) = node.answers(ask("echo", "{}", shared=str(tmp_path / "gone")), ["n1"]).values()
    assert (answer.output, answer.code) == (b"{}\n", node.NO_SHARED)


def test_a_bomb_is_cut():
    lines = ask("head", "-c", "30000000", "/dev/zero")
    assert len(node.answers(lines, ["n1"])["n1"].output) <= node.MOST_BYTES + 1


@given(
    st.lists(
        st.binary(max_size=60)
        | st.sampled_from([b"@dlcheck n1 o AAAA", b"@dlcheck n1 end 7", b"@dlcheck n1 o ====", b"@dlcheck n2 e x"])
    )
)
def test_any_lines_never_crash(lines: list[bytes]):
    for answer in node.answers(lines, ["n1", "n2"]).values():
        node.excuse(answer, ("dlcheck",), 1)


@pytest.mark.parametrize(
    ("known", "inside", "words"),
    [
        (("idle", "none"), False, None),
        (("mixed", "none"), False, None),
        (("completing", "none"), False, None),
        (("allocated", "none"), False, "busy (allocated to other jobs)"),
        (("allocated", "none"), True, None),
        (("down", "fan broke"), False, "down: fan broke"),
        (("down*", "Not responding"), False, "down, does not respond: Not responding"),
        (("idle*", "none"), False, "idle, does not respond"),
        (("idle~", "none"), False, "idle, powered down"),
        (("drained", "new disk"), True, "drained: new disk"),
        (("draining", "new disk"), False, "draining: new disk"),
        (("maint", "none"), False, "maint"),
        (None, False, "Slurm does not know this node"),
    ],
)
def test_states_of_slurm_are_excuses_or_none(known: tuple[str, str] | None, inside: bool, words: str | None):
    assert slurm._excuse(known, inside=inside) == words


def test_what_srun_says_of_single_nodes_is_kept():
    errors = """\
srun: error: Node failure on n7
srun: error: n3: task 2: Exited with exit code 3
srun: error: Task launch for StepId=5.0 failed on node n4: Socket timed out on send/recv operation
srun: error: n9: task 1: Killed
"""
    assert slurm._words_of(errors, ("n3", "n4", "n7")) == {
        "n7": "the node died while it was asked",
        "n3": "srun: Exited with exit code 3",
        "n4": "srun: Socket timed out on send/recv operation",
    }


def test_srun_gets_one_task_a_node_and_the_options(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    launch = Launch(command=("dlcheck", "doctor"), folder="/scratch", seconds=60, wait=30, options=("--gres=gpu:8",))
    words = slurm.command(launch, ("n1", "n2", "n4"))
    assert words[0] == "srun"
    assert {
        "--nodes=3",
        "--ntasks=3",
        "--nodelist=n[1-2,4]",
        "--no-kill",
        "--immediate=30",
        "--time=2",
        "--gres=gpu:8",
    } <= set(words)
    assert words[-2:] == ("dlcheck", "doctor")
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    assert "--overlap" in slurm.command(launch, ("n1",))


@pytest.mark.parametrize(
    "command",
    [
        (),
        ("install",),
        ("doctor", "--output", "x"),
        ("doctor", "--output=x"),
        ("doctor", "--format", "text"),
        ("smoke", "--format=text"),
    ],
)
def test_a_command_that_cannot_be_collected_is_wrong_use(command: tuple[str, ...]):
    with pytest.raises(DlcheckError):
        fleet_run._json(command)


@pytest.mark.parametrize("command", [("doctor",), ("doctor", "--format", "json"), ("smoke", "--format=json")])
def test_nodes_answer_in_json(command: tuple[str, ...]):
    assert "json" in " ".join(fleet_run._json(command))


@pytest.mark.parametrize("name", ENGINES)
def test_every_engine_has_the_interface(name: str):
    found = engine(name)
    assert all(callable(getattr(found, word)) for word in ("survey", "command", "collect"))


def test_every_module_is_registered():
    folder = Path(node.__file__).parent
    assert {path.stem for path in folder.glob("*.py")} - {"__init__", "node"} == set(ENGINES)
