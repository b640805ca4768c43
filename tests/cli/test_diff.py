from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


def dlcheck(state: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(state)}
    command = [sys.executable, "-m", "dlcheck", *arguments]
    return subprocess.run(command, cwd=state, env=environ, capture_output=True, text=True, timeout=120)


def test_two_runs_are_kept_and_compared(tmp_path: Path):
    quick = ("doctor", "--quick", "--offline", "--exit-zero", "-q")
    assert dlcheck(tmp_path, "diff").returncode == 2
    assert dlcheck(tmp_path, *quick).returncode == 0
    alone = dlcheck(tmp_path, "diff")
    assert (alone.returncode, alone.stdout) == (2, "")
    assert "there is no earlier run" in alone.stderr
    assert dlcheck(tmp_path, *quick).returncode == 0
    assert dlcheck(tmp_path, *quick, "--no-history").returncode == 0
    assert len(dlcheck(tmp_path, "diff", "--list").stdout.splitlines()) == 2
    done = dlcheck(tmp_path, "diff", "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    document = json.loads(done.stdout)
    assert (document["command"], document["worse"]) == ("diff", [])
    assert "Nothing that dlcheck looks at changed" in dlcheck(tmp_path, "diff").stdout or document["changes"]


def test_a_damaged_history_is_set_aside_and_said_on_stderr(tmp_path: Path):
    (tmp_path / "dlcheck").mkdir()
    (tmp_path / "dlcheck" / "history.sqlite3").write_bytes(b"not a database" * 100)
    done = dlcheck(tmp_path, "doctor", "--quick", "--offline", "--exit-zero", "--format", "json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["command"] == "doctor"
    assert done.stderr.count("it was set aside as") == 1


def test_a_state_folder_that_is_a_file_is_said_once_and_is_no_failure(tmp_path: Path):
    (tmp_path / "dlcheck").write_text("")
    done = dlcheck(tmp_path, "doctor", "--quick", "--offline", "--exit-zero", "-q")
    assert done.returncode == 0
    assert done.stderr.count("was not kept in the history") == 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("argument", ["nothing-of-that-name", "2020-01-01", "99", "/"])
def test_wrong_use_is_one_line(tmp_path: Path, argument: str):
    done = dlcheck(tmp_path, "diff", argument)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("dlcheck: ")
    assert len(done.stderr.splitlines()) <= 2
