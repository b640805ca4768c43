"""The one spawner, on real processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import psutil
import pytest

from dlcheck.host import process

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and sessions of POSIX")


def python(words: str, **options: object) -> process.Done:
    return process.run((sys.executable, "-c", words), **{"timeout": 20.0, **options})  # type: ignore[arg-type]


def test_output_and_code():
    done = python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)")
    assert (done.code, done.signal, done.timed_out) == (3, None, False)
    assert sorted(done.output.split()) == ["err", "out"]


def test_errors_apart():
    done = python("import sys; print('out'); print('err', file=sys.stderr)", apart=True)
    assert (done.output, done.errors) == ("out\n", "err\n")


def test_a_signal_has_its_name():
    assert python("import os; os.kill(os.getpid(), 11)").signal == "SIGSEGV"


def test_what_cannot_start_says_why():
    done = process.run(("/no/such/program",), timeout=5)
    assert done.failure == "No such file or directory"
    assert done.code is None


def test_a_hang_ends_at_its_limit():
    start = time.monotonic()
    done = python("import time; time.sleep(60)", timeout=0.5)
    assert done.timed_out
    assert time.monotonic() - start < 5


def test_a_flood_is_kept_at_both_ends():
    done = python("print('first'); [print('x' * 1000) for _ in range(20000)]; print('last')")
    assert done.output.startswith("first\n")
    assert done.output.endswith("last\n")
    assert len(done.output) < 4 * process.KEPT_BYTES


def test_undecodable_output_is_replaced():
    assert "\ufffd" in python("import sys; sys.stdout.buffer.write(bytes([0xff, 0xfe]))").output


@pytest.mark.parametrize("limit", [0.5, 20.0])
def test_descendants_go_too(limit: float):
    words = (
        "import subprocess, sys, time; p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        f"print(p.pid, flush=True); time.sleep(60 if {limit} < 1 else 0)"
    )
    done = python(words, timeout=limit)
    descendant = int(done.output.split()[0])
    for _ in range(100):
        if not psutil.pid_exists(descendant) or psutil.Process(descendant).status() == psutil.STATUS_ZOMBIE:
            break
        time.sleep(0.05)
    else:
        pytest.fail("the descendant lives on")


def test_end_all_leaves_nothing_running():
    child = process.Child((sys.executable, "-c", "import time; time.sleep(60)"), name="sleeper", timeout=60)
    assert child in process.running()
    process.end_all()
    assert child.done()
    assert process.running() == []


def is_gone(pid: int, seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.02)
    return False


KEPT = "process.run((sys.executable, '-c', {child!r}), timeout=60, kept=True)"
BESIDE_A_KEPT_ONE = (
    "process.run(('true',), timeout=60, kept=True); process.run((sys.executable, '-c', {child!r}), timeout=60)"
)


@pytest.mark.parametrize("way", [KEPT, BESIDE_A_KEPT_ONE], ids=["kept", "beside a kept one"])
def test_a_child_ends_with_a_parent_that_is_killed(way: str, tmp_path):
    """SIGKILL to the parent alone: the child and what the child started go too."""
    grown = tmp_path / "pids"
    child = (
        "import os, subprocess, sys, time;"
        "second = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        f"open({str(grown)!r}, 'w').write(f'{{os.getpid()}} {{second.pid}}.'); time.sleep(60)"
    )
    words = "from dlcheck.host import process; import sys; " + way.format(child=child)
    parent = subprocess.Popen([sys.executable, "-c", words])
    while parent.poll() is None and not (grown.exists() and grown.read_text().endswith(".")):
        time.sleep(0.02)
    parent.kill()
    parent.wait()
    assert all(is_gone(int(pid)) for pid in grown.read_text().rstrip(".").split())


def test_the_keeper_goes_when_nothing_is_left():
    words = (
        "from dlcheck.host import process; process.run(('true',), timeout=20, kept=True);"
        "print(process._keeper._process.pid, flush=True)"
    )
    assert is_gone(int(python(words).output))


def test_a_lock_lasts_as_long_as_the_child_that_inherits_it(tmp_path):
    fcntl = pytest.importorskip("fcntl")
    with open(tmp_path / "lock", "w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        words = (sys.executable, "-c", "import time; time.sleep(60)")
        child = process.Child(words, name="sleeper", timeout=60, holding=(stream.fileno(),))
    with open(tmp_path / "lock", "w") as again:
        with pytest.raises(BlockingIOError):
            fcntl.flock(again, fcntl.LOCK_EX | fcntl.LOCK_NB)
        child.end()
        fcntl.flock(again, fcntl.LOCK_EX | fcntl.LOCK_NB)
