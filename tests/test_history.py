from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dlcheck import diff, history
from dlcheck.model.errors import DlcheckError


def made(number: int = 1, exit_code: int = 0, created: str = "", python: str = "/p", **more: Any) -> dict[str, Any]:
    return {
        "schema_version": 1,
        "dlcheck": "0.1.0",
        "command": "doctor",
        "created": created or f"2026-11-{number:02}T08:00:00Z",
        "node": "n",
        "exit_code": exit_code,
        "target": {"python": python},
        "facts": {},
        "verdicts": [],
        **more,
    }


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "state" / "dlcheck" / "history.sqlite3")


def test_a_run_comes_back_as_it_was_kept(path: str):
    assert history.keep(made(7, text="naïve ✓ \ud800"), path) == ()
    (kept,) = history.runs(path)
    assert (kept.created, kept.command, kept.python, kept.exit_code) == ("2026-11-07T08:00:00Z", "doctor", "/p", 0)
    assert history.document(kept.number, path)["text"].startswith("naïve ✓ ")


@pytest.mark.skipif(sys.platform == "win32", reason="mode bits of POSIX")
def test_nobody_else_can_read_it(path: str):
    before = os.umask(0)
    try:
        history.keep(made(), path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode) == 0o700


def test_the_number_of_runs_is_bounded(path: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(history, "MOST_RUNS", 5)
    for number in range(1, 12):
        assert history.keep(made(number), path) == ()
    assert [one.created[8:10] for one in history.runs(path)] == ["11", "10", "09", "08", "07"]


def test_the_size_is_bounded(path: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(history, "MOST_BYTES", 300_000)
    for number in range(1, 9):
        assert history.keep(made(number, noise=os.urandom(50_000).hex()), path) == ()
    assert 2 <= len(history.runs(path)) <= 5
    assert os.path.getsize(path) < 600_000
    assert history.runs(path)[0].created[8:10] == "08"


@pytest.mark.parametrize(
    "content", [b"this is no database at all, but a text" * 100, b"SQLite format 3\0" + b"\xff" * 5000]
)
def test_a_damaged_file_is_set_aside_and_a_new_one_begun(path: str, content: bytes):
    os.makedirs(os.path.dirname(path))
    Path(path).write_bytes(content)
    (notice,) = history.keep(made(), path)
    assert "it was set aside as" in notice
    assert len(history.runs(path)) == 1
    aside = [one for one in os.listdir(os.path.dirname(path)) if ".damaged-" in one]
    assert len(aside) == 1
    assert Path(os.path.dirname(path), aside[0]).read_bytes() == content, "nothing is lost"
    assert history.keep(made(2), path) == ()


@pytest.mark.parametrize("words", [b"CREATE TABLE run (", b"NOT NULL"])
def test_damage_that_sqlite_cannot_even_name_is_damage(path: str, words: bytes):
    """SQLite's message repeats the damaged words, and Python fails to decode them: no sqlite3.Error."""
    history.keep(made(), path)
    whole = Path(path).read_bytes()
    assert words in whole
    Path(path).write_bytes(whole.replace(words, words[:-1] + b"\xff"))
    with pytest.raises(DlcheckError, match="was damaged"):
        history.runs(path)
    Path(path).write_bytes(whole.replace(words, words[:-1] + b"\xff"))
    (notice,) = history.keep(made(), path)
    assert "it was set aside as" in notice


def test_a_database_of_somebody_else_is_not_touched(path: str):
    os.makedirs(os.path.dirname(path))
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE theirs (x)")
        database.execute("PRAGMA user_version = 99")
    database.close()
    (notice,) = history.keep(made(), path)
    assert "newer dlcheck" in notice


def test_a_folder_that_cannot_be_written_is_told_and_is_no_failure(tmp_path: Path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    (notice,) = history.keep(made(), str(blocked / "dlcheck" / "history.sqlite3"))
    assert notice.startswith("this run was not kept in the history: ")


def test_a_file_that_cannot_be_written_is_told_and_is_no_failure(path: str):
    history.keep(made(), path)
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        patience, history.WAIT_SECONDS = history.WAIT_SECONDS, 0.1
        try:
            (notice,) = history.keep(made(2), path)
        finally:
            history.WAIT_SECONDS = patience
            other.execute("ROLLBACK")
    other.close()
    assert "locked" in notice
    assert history.keep(made(3), path) == ()


def test_many_processes_keep_at_once(path: str):
    script = f"import sys; from dlcheck import history; print(history.keep({made()!r}, sys.argv[1]))"
    children = [
        subprocess.Popen([sys.executable, "-c", script, path], stdout=subprocess.PIPE, text=True) for _ in range(6)
    ]
    assert [child.communicate(timeout=60)[0].strip() for child in children] == ["()"] * 6
    assert len(history.runs(path)) == 6


def test_no_history_yet(path: str):
    with pytest.raises(DlcheckError, match="no run has been kept yet"):
        history.runs(path)
    assert not os.path.exists(path), "looking makes nothing"


def numbers(path: str, first: str, second: str | None = None) -> tuple[str, str]:
    found = diff.compare(first, second, path)
    return found.before.created[8:10], found.after.created[8:10]


def test_a_run_is_found_by_its_name(path: str, tmp_path: Path):
    for number, exit_code in ((1, 0), (3, 0), (5, 1), (7, 1)):
        history.keep(made(number, exit_code), path)
    assert numbers(path, "last") == ("05", "07")
    assert numbers(path, "previous") == ("05", "07")
    assert numbers(path, "previous", "last") == ("05", "07")
    assert numbers(path, "well") == ("03", "07")
    assert numbers(path, "2026-11-04") == ("03", "07")
    assert numbers(path, "2026-11-03T08:00:00Z", "2026-11-06 12:00") == ("03", "05")
    assert numbers(path, "1", "3") == ("01", "05")
    saved = tmp_path / "report.json"
    saved.write_text('{"schema_version": 1, "command": "doctor", "created": "2026-11-30T00:00:00Z", "facts": {}}')
    assert numbers(path, str(saved), "last") == ("30", "07")
    assert numbers(path, str(saved)) == ("30", "07")


def test_the_previous_run_is_of_the_same_interpreter(path: str):
    history.keep(made(1, python="/a"), path)
    history.keep(made(2, python="/b"), path)
    history.keep(made(3, python="/a"), path)
    history.keep(made(4, python="/a") | {"command": "smoke"}, path)
    history.keep(made(5, python="/a"), path)
    assert numbers(path, "last") == ("03", "05")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("9", "the history has no run number 9"),
        ("2020-01-01", "no run was kept up to 2020-01-01"),
        ("previous", "there is no earlier run"),
        ("well", "no kept run ended well"),
        ("nonsense", "there is no file nonsense"),
    ],
)
def test_a_name_that_is_none(path: str, name: str, words: str):
    history.keep(made(1, exit_code=1), path)
    with pytest.raises(DlcheckError, match=words):
        diff.compare(name, None, path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{",
        '{"schema_version": 2}',
        '{"schema_version": 1, "facts": {"system": 5}}',
        '{"command": "doctor", "verdicts": [5]}',
    ],
)
def test_a_file_that_is_no_report(tmp_path: Path, text: str, path: str):
    file = tmp_path / "x.json"
    file.write_text(text)
    with pytest.raises(DlcheckError):
        diff.compare(str(file), str(file), path)
