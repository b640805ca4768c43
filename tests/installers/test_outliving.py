"""Two at once in one place: two runs, and a run beside what a killed one has left running."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from index_server import Index
from running import start

from dlcheck.installers import journal
from dlcheck.installers.places import Places

ROOT = str(Path(__file__).parent.parent.parent)
pytestmark = pytest.mark.skipif(os.name != "posix", reason="locks that children inherit")


def dlcheck(home: dict[str, str], *words: str) -> subprocess.Popen[str]:
    argv = [sys.executable, "-m", "dlcheck", "install", *words, "--yes", "--no-smoke"]
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(argv, env={**home, "PYTHONPATH": ROOT}, text=True, **streams)


def await_download(folder: Path) -> None:
    deadline = time.monotonic() + 60
    while not list(folder.rglob("*.part")) and time.monotonic() < deadline:
        time.sleep(0.02)


def test_of_two_runs_the_second_waits_and_has_nothing_left_to_do(tmp_path: Path, index: Index, home: dict[str, str]):
    index.add("demo", files={"demo/big.bin": os.urandom(1_500_000)})
    index.bytes_per_second = 150_000
    words = ("demo", "--venv", str(tmp_path / "env"), "--index-url", index.url)
    first = dlcheck(home, *words)
    await_download(tmp_path / "cache")
    second = dlcheck(home, *words)
    first_said, second_said = first.communicate(timeout=120), second.communicate(timeout=120)
    assert (first.returncode, second.returncode) == (0, 0), (first_said, second_said)
    assert f"another dlcheck (process {first.pid}) works on it; waiting for it" in second_said[1]
    assert "was changed by another run meanwhile" in second_said[1]
    assert second_said[0].startswith("Nothing to do")
    assert index.sent["demo-1.0-py3-none-any.whl"] < 2 * 1_500_000


def test_what_a_killed_run_left_running_is_waited_for(tmp_path: Path, index: Index, home: dict[str, str]):
    """The run and its keeper are gone, an installer is not: nobody else may write into the folder yet."""
    index.add("demo")
    env, release, said = tmp_path / "env", tmp_path / "release", tmp_path / "said"
    folder = Places.of(home).target(str(env))
    waits = f"import os, time\nfor _ in range(6000): time.sleep(0 if os.path.exists({str(release)!r}) else 0.02)"
    orphan = (
        "from dlcheck.host.process import Child; from dlcheck.installers import journal; import os, sys\n"
        f"with journal.held({folder!r}, print) as holding:\n"
        f"    Child((sys.executable, '-c', {waits!r}), name='x', timeout=9, holding=holding)\n"
        "    print(os.getpid(), flush=True); os._exit(9)"
    )
    pid = subprocess.run([sys.executable, "-c", orphan], capture_output=True, text=True, check=False).stdout.strip()
    run = start(tmp_path, index, home, "demo")
    words = f"what a killed dlcheck (process {pid}) had started still works on it; waiting for its end"
    deadline = time.monotonic() + 100
    while words not in said.read_text() and run.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert words in said.read_text()
    assert not env.exists()
    release.touch()
    assert run.wait(120) == 0, said.read_text()


def test_a_lock_that_nobody_holds_is_taken_at_once(tmp_path: Path):
    said: list[str] = []
    for _ in range(2):
        with journal.held(str(tmp_path / "state"), said.append) as inherited:
            assert len(inherited) == 1
    assert not said
