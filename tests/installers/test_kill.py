"""kill -9 at random points of a real install: the target is the old or the new environment, and the same command finishes."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import socket
import time
from pathlib import Path

import pytest
from index_server import Index
from running import beside, start

from dlcheck.host import record
from dlcheck.host.environments import look
from dlcheck.installers import staging

POINTS = int(os.environ.get("DLCHECK_KILL_POINTS", "6"))
"""Of each kind."""


def finish(tmp_path: Path, index: Index, home: dict[str, str], wanted: str) -> None:
    assert start(tmp_path, index, home, wanted).wait(120) == 0, (tmp_path / "said").read_text()


def state(tmp_path: Path) -> dict[str, str]:
    """What the environment holds, after every file of it was held against its hash."""
    env = str(tmp_path / "env")
    if not os.path.lexists(env):
        return {}
    seen = record.walk(staging.site_packages(env), deep=True)
    assert seen.is_whole, seen
    assert seen.distributions
    return dict(look(env).distributions)


def fill(index: Index, version: str) -> None:
    noise = random.Random(version)
    for name in ("demo", "other", "third"):
        files = {f"{name}/part_{at}.bin": noise.randbytes(3000) for at in range(120)}
        index.add(
            name, version, files=files, requires=(f"other=={version}", f"third=={version}") if name == "demo" else ()
        )


def kill_after(tmp_path: Path, index: Index, home: dict[str, str], wanted: str, seconds: float) -> None:
    process = start(tmp_path, index, home, wanted)
    time.sleep(seconds)
    # The whole session: uv is killed in the middle of linking too.
    for pid in [process.pid, *descendants(process.pid)]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()


def descendants(pid: int) -> list[int]:
    import psutil

    try:
        return [one.pid for one in psutil.Process(pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def begin_again(tmp_path: Path, index: Index, home: dict[str, str], kind: str) -> None:
    """Nothing there and nothing fetched, or the old environment in its place."""
    shutil.rmtree(tmp_path / "cache", ignore_errors=True)
    if kind == "fresh":
        shutil.rmtree(tmp_path / "env", ignore_errors=True)
    else:
        finish(tmp_path, index, home, "demo==1.0")


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL")
@pytest.mark.parametrize("kind", ["fresh", "upgrade"])
def test_killed_anywhere(tmp_path: Path, index: Index, home: dict[str, str], kind: str):
    fill(index, "1.0")
    began = time.monotonic()
    finish(tmp_path, index, home, "demo==1.0")
    length = time.monotonic() - began
    old = state(tmp_path) if kind == "upgrade" else {}
    fill(index, "2.0")
    wanted = "demo==2.0" if kind == "upgrade" else "demo==1.0"
    new = dict.fromkeys(("demo", "other", "third"), wanted.removeprefix("demo=="))
    begin_again(tmp_path, index, home, kind)
    points = random.Random(f"{kind} 20261122")
    for _ in range(POINTS):
        kill_after(tmp_path, index, home, wanted, points.uniform(0.3, 1.0) * length)
        found = state(tmp_path)
        assert found in (old, new)
        if found == new:
            begin_again(tmp_path, index, home, kind)
    finish(tmp_path, index, home, wanted)
    assert state(tmp_path) == new
    assert not [one.name for one in tmp_path.iterdir() if "dlcheck-" in one.name]


@pytest.mark.skipif(os.name == "nt", reason="SIGINT")
def test_an_interrupt_is_tidy_and_the_rest_is_fetched_later(tmp_path: Path, index: Index, home: dict[str, str]):
    index.add("demo", files={"demo/big.bin": os.urandom(1_000_000)})
    index.bytes_per_second = 400_000
    process = start(tmp_path, index, home, "demo==1.0")
    deadline = time.monotonic() + 60
    while not list((tmp_path / "cache").rglob("*.part")) and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130
    assert "Traceback" not in (tmp_path / "said").read_text()
    assert state(tmp_path) == {}
    assert not [one.name for one in tmp_path.iterdir() if "dlcheck-" in one.name]
    (part,) = (tmp_path / "cache").rglob("*.part")
    had = part.stat().st_size
    assert had > 0
    index.bytes_per_second = None
    index.requests.clear()
    finish(tmp_path, index, home, "demo==1.0")
    assert f"bytes={had}-" in [span for _, span in index.requests]


@pytest.mark.skipif(os.name == "nt", reason="SIGINT")
@pytest.mark.parametrize("wanted", ["torch", "demo"])
def test_an_interrupt_does_not_wait_for_a_server_that_says_nothing(
    tmp_path: Path, index: Index, home: dict[str, str], wanted: str
):
    """Asked what it holds of PyTorch, or for versions, it takes the connection and is silent."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        index.url = f"http://127.0.0.1:{silent.getsockname()[1]}/simple"
        process = start(tmp_path, index, home, wanted)
        silent.settimeout(60)
        connection, _ = silent.accept()
        time.sleep(0.5)
        interrupted = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
        assert time.monotonic() - interrupted < 10
        connection.close()


@pytest.mark.skipif(os.name == "nt", reason="SIGINT")
def test_an_interrupt_does_not_wait_for_a_download_that_stands_still(
    tmp_path: Path, index: Index, home: dict[str, str]
):
    index.add("demo", files={"demo/big.bin": os.urandom(1_000_000)})
    index.silent_after = 200_000
    process = start(tmp_path, index, home, "demo")
    deadline = time.monotonic() + 60
    while not list((tmp_path / "cache").rglob("*.part")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    interrupted = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130
    assert time.monotonic() - interrupted < 10
    assert not (tmp_path / "env").exists()
    assert not beside(tmp_path)
