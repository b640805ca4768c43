"""Disks that are full before or while, or cannot be written to: small ones, mounted in a namespace of their own."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from index_server import Index
from running import ROOT

from tests.faults.needs import require
from tests.faults.planting import in_namespace

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(sys.platform != "linux", reason="mount namespaces of Linux"),
]


class Ground:
    """Places of which some are small disks while commands run."""

    def __init__(self, folder: Path, index: Index, home: dict[str, str]) -> None:
        self.folder, self.index, self.home = folder, index, home
        for name in ("place", "cache", "uv"):
            (folder / name).mkdir(exist_ok=True)

    def run(self, mounts: dict[str, str], *lines: str) -> list[str]:
        """What the lines say that a shell runs there, a sentence each however the terminal's width broke it; ``install WISH``
        among them is the command, its exit code after it.
        """
        words = (sys.executable, "-m", "dlcheck", "install", "--venv", str(self.folder / "place/env"), "--index-url")
        command = shlex.join([*words, self.index.url, "--yes", "--no-smoke"])
        script = [
            f"mount -t tmpfs -o {how} tmpfs {shlex.quote(str(self.folder / name))}" for name, how in mounts.items()
        ]
        for line in lines:
            wish = line.removeprefix("install ")
            script.append(line if wish == line else f"{command} {wish} 2>&1 && echo rc=0 || echo rc=$?")
        done = subprocess.run(
            [*in_namespace("\n".join(script)), "true"],
            env={**self.home, "PYTHONPATH": ROOT, "NO_COLOR": "1"}, cwd=self.folder, capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stdout
        return re.sub(r"\n +", " ", done.stdout).splitlines()


@pytest.fixture
def ground(tmp_path: Path, index: Index, home: dict[str, str]) -> Ground:
    require("mounts")
    return Ground(tmp_path, index, home)


def test_a_disk_that_is_too_small_is_told_before_any_download(ground: Ground):
    ground.index.add("demo", files={"demo/big.bin": os.urandom(3_000_000)})
    said = ground.run({"place": "size=2m"}, "install demo")
    assert said[-1] == "rc=1"
    assert any("place (environment) has 2 MB free, 14 MB are needed" in line for line in said), said
    assert any("DLCHECK_CACHE_DIR" in line for line in said)
    assert not any(
        "big" in name or name.startswith("demo") for name in ground.index.sent if ground.index.sent[name] > 100_000
    )


def test_no_space_left_for_the_wheels(ground: Ground):
    """An index that does not say how long its files are: what is there is kept, and the same command goes on from it."""
    ground.index.add("demo", files={"demo/big.bin": os.urandom(3_000_000)})
    ground.index.add("small")
    ground.index.sizes = False
    cache = shlex.quote(str(ground.folder / "cache"))
    said = ground.run(
        {"cache": "size=1m"}, "install small", "install demo", "install small", f"mount -o remount,size=9m {cache}", "install demo"
    )  # fmt: skip
    assert [line for line in said if line.startswith("rc=")] == ["rc=0", "rc=1", "rc=0", "rc=0"], said
    (full,) = (line for line in said if "no space left" in line)
    assert "cache/wheels/" in full
    assert any("the same command goes on from it" in line for line in said)
    assert any(line.startswith("Nothing to do") for line in said)
    assert "files are what their packages say" in "".join(said[said.index("rc=1") :])


@pytest.mark.parametrize("full", ["uv", "place"])
def test_no_space_left_to_unpack(ground: Ground, full: str):
    """Wheels that unpack to far more than the estimate: the old environment stays, whole, and nothing lies beside it."""
    ground.index.add("demo")
    ground.index.add("demo", "2.0", files={"demo/zeros.bin": bytes(30_000_000)}, packed=True)
    ground.index.add("other")
    place = shlex.quote(str(ground.folder / "place"))
    said = ground.run(
        {full: "size=12m"}, "install demo==1.0", "install demo==2.0", f"ls -A {place}", "install demo==1.0"
    )
    assert [line for line in said if line.startswith("rc=")] == ["rc=0", "rc=1", "rc=0"], said
    assert any("no space left" in line.lower() for line in said)
    assert said[said.index("rc=1") + 1] == "env"
    assert any(line.startswith("Nothing to do") for line in said)


def test_a_disk_that_is_mounted_read_only(ground: Ground):
    ground.index.add("demo")
    for name in ("place", "cache"):
        said = ground.run({name: "size=9m,ro"}, "install demo")
        assert said[-1] == "rc=1"
        assert any(f"cannot write in {ground.folder / name}: Read-only file system" in line for line in said), said
    assert not ground.index.asked


def test_places_on_three_disks_work_together(ground: Ground):
    """uv cannot link from one disk to another: it copies, and the space for both is counted."""
    ground.index.add("demo", files={"demo/big.bin": os.urandom(300_000)})
    said = ground.run(dict.fromkeys(("place", "cache", "uv"), "size=9m"), "install demo", "install demo")
    assert [line for line in said if line.startswith("rc=")] == ["rc=0", "rc=0"], said
    assert any(line.startswith("Nothing to do") for line in said)
