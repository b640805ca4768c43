"""Faults of the machine, planted in mount namespaces and control groups of their own (root on Linux)."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import survival
from tests.faults.planting import Planted, alarms, assert_named, messages

GROUPS = Path("/sys/fs/cgroup/memory")
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(sys.platform != "linux", reason="namespaces and control groups of Linux"),
    pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="mounting needs root"),
    pytest.mark.skipif(shutil.which("unshare") is None, reason="unshare (util-linux) is not there"),
]


@pytest.fixture
def planted(tmp_path: Path) -> Planted:
    return Planted(tmp_path)


def examine_after(
    monkeypatch: pytest.MonkeyPatch, planted: Planted, words: str, *arguments: str, **variables: str
) -> dict[str, Any]:
    """The doctor's document where a shell ran ``words`` first, in a mount namespace of its own."""
    real = subprocess.run

    def behind(command: list[str], **more: Any) -> subprocess.CompletedProcess[str]:
        return real(["unshare", "-m", "sh", "-c", f"set -e; {words}; exec {shlex.join(command)}"], **more)

    monkeypatch.setattr(survival.subprocess, "run", behind)
    return planted.examine(*(arguments or ("--quick",)), **variables)


def tmpfs(path: Path | str, options: str = "size=64m") -> str:
    return f"mount -t tmpfs -o {options} tmpfs {shlex.quote(str(path))}"


MOUNTS = [
    ("/dev/shm of 64 MB", lambda _: tmpfs("/dev/shm"), {}, "shm-too-small", "warning"),
    ("TMPDIR where nothing may run", lambda place: tmpfs(place, "size=8g,noexec"), {"TMPDIR": "PLACE"}, "tmpdir-noexec", "warning"),
    ("TMPDIR small", lambda place: tmpfs(place, "size=20m"), {"TMPDIR": "PLACE"}, "no-disk-space", "warning"),
    ("TMPDIR full", lambda place: f"{tmpfs(place, 'size=1m')}; head -c 2m /dev/zero > {place}/full || true", {"TMPDIR": "PLACE"}, "no-disk-space", "warning"),
    ("TMPDIR read-only", lambda place: tmpfs(place, "size=8g,ro"), {"TMPDIR": "PLACE"}, "tmpdir-not-writable", "error"),
    ("TMPDIR without inodes", lambda place: tmpfs(place, "size=8g,nr_inodes=1"), {"TMPDIR": "PLACE"}, "tmpdir-not-writable", "error"),
    ("HOME read-only", lambda place: tmpfs(place, "size=8g,ro"), {"HOME": "PLACE"}, "home-not-writable", "warning"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "mount", "variables", "cause", "severity"), MOUNTS, ids=[row[0] for row in MOUNTS])
def test_mounts(what, mount, variables, cause, severity, planted: Planted, tmp_path: Path, monkeypatch):
    place = tmp_path / "place"
    place.mkdir()
    given = {name: str(place) if value == "PLACE" else value for name, value in variables.items()}
    document = examine_after(monkeypatch, planted, mount(place), "--quick", **given)
    # A full temporary folder cannot be written to either, and that is what counts.
    if what == "TMPDIR full":
        assert document["primary_causes"][0] in ("no-disk-space", "tmpdir-not-writable")
        return
    assert_named(document, cause, severity)


def test_a_full_disk_under_the_environment(planted: Planted, tmp_path: Path, monkeypatch):
    keep = tmp_path / "keep"
    words = f"mv {planted.folder} {keep}; mkdir {planted.folder}; {tmpfs(planted.folder, 'size=40m')}; cp -a {keep}/. {planted.folder}"
    document = examine_after(monkeypatch, planted, words)
    assert_named(document, "no-disk-space", "error")
    assert "packages land" in messages(document, "no-disk-space")


@pytest.fixture
def group() -> Iterator[Path]:
    """A control group below the one of this process, where this machine lets us make one (version 1 of the interface)."""
    place = GROUPS / f"dlcheck-zoo-{os.getpid()}"
    try:
        place.mkdir()
    except OSError:
        pytest.skip("no control group for memory can be made here")
    yield place
    place.rmdir()


LIMITS = [("3 GiB of memory", 3 << 30, "error"), ("6 GiB of memory", 6 << 30, "warning")]


@pytest.mark.parametrize(("what", "limit", "severity"), LIMITS, ids=[row[0] for row in LIMITS])
def test_a_control_group_of(what, limit, severity, group: Path, planted: Planted, monkeypatch):
    (group / "memory.limit_in_bytes").write_text(str(limit))
    document = examine_after(monkeypatch, planted, f"echo $$ > {group}/cgroup.procs")
    assert_named(document, "cgroup-memory-limit", severity)


def test_an_import_that_the_kernel_ends_for_memory(group: Path, planted: Planted, monkeypatch):
    """A real out-of-memory kill by the kernel, of a framework that takes more than its group may use."""
    (group / "memory.limit_in_bytes").write_text(str(300 << 20))
    (planted.site / "torch" / "__init__.py").write_text("held = [bytearray(50 << 20) for _ in range(40)]\n")
    document = examine_after(monkeypatch, planted, f"echo $$ > {group}/cgroup.procs", "--timeout", "40")
    # The limit is the cause of the death, and is what must be told first; the death itself must not be lost.
    assert_named(document, "cgroup-memory-limit", "error", besides=("import-killed-for-memory",))
    assert alarms(document)["import-killed-for-memory"] == "error"


def test_a_quota_of_half_a_processor(planted: Planted, monkeypatch):
    place = Path("/sys/fs/cgroup/cpu") / f"dlcheck-zoo-{os.getpid()}"
    try:
        place.mkdir()
    except OSError:
        pytest.skip("no control group for processors can be made here")
    try:
        (place / "cpu.cfs_quota_us").write_text("50000")
        document = examine_after(monkeypatch, planted, f"echo $$ > {place}/cgroup.procs")
        assert_named(document, "cpu-quota-below-visible", "warning")
    finally:
        place.rmdir()


def test_an_address_space_too_small_for_a_framework(planted: Planted, monkeypatch):
    """ulimit -v, as login nodes set it: the framework's import raises MemoryError."""
    (planted.site / "torch" / "__init__.py").write_text("held = bytearray(6 << 30)\n")
    document = examine_after(monkeypatch, planted, "ulimit -v 4000000", "--timeout", "40")
    assert_named(document, "import-killed-for-memory", "error", besides=("cgroup-memory-limit",))
