"""The launcher of ranks, on a stand-in for torch.distributed.run that does what is asked of it here and trains nothing."""

from __future__ import annotations

import os
import sys
import tempfile

import pytest

from dlcheck.host.ranks import run_ranks

LAUNCHER = """
# Leaves a folder of logs behind, as the real one does, and writes a line where the ranks do.
import json, sys, tempfile
folder = tempfile.mkdtemp(prefix="torchelastic_")
with open(json.loads(sys.argv[-1])["lines"], "a") as stream:
    stream.write(json.dumps({"event": "logs", "folder": folder}) + "\\n")
print("local_rank: 1 (pid: 7) exitcode: -11")
"""


@pytest.fixture
def ranks(tmp_path, monkeypatch):
    package = tmp_path / "torch" / "distributed"
    package.mkdir(parents=True)
    (tmp_path / "torch" / "__init__.py").touch()
    (package / "__init__.py").touch()
    (package / "run.py").write_text(LAUNCHER)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    env = {**os.environ, "PYTHONPATH": str(tmp_path), "TMPDIR": str(temporary)}
    return run_ranks(sys.executable, {}, here=2, watchdog=5.0, timeout=20.0, env=env), temporary


def test_nothing_stays_of_what_the_launcher_writes(ranks):
    found, temporary = ranks
    (event,) = found.events
    assert "torchelastic_" in event["folder"]
    assert not os.path.exists(event["folder"])
    assert list(temporary.iterdir()) == []


def test_the_ranks_that_the_launcher_says_have_failed_are_named(ranks):
    assert ranks[0].exit_codes == {1: -11}
