"""The one spawner, on real processes."""

from __future__ import annotations

import os
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
