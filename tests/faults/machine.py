"""Faults of the machine, planted in mount namespaces and control groups of their own (Linux)."""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from tests.faults.needs import MEMORY, PROCESSES, PROCESSORS
from tests.faults.planting import Case, Ground, Plant, Planted, in_namespace


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


def mounted(mount: Callable[[Path], str], given: dict[str, str]) -> Plant:
    """The examination happens where a shell has mounted something over a folder, for itself alone."""

    def plant(planted: Planted, folder: Path) -> Ground:
        place = folder / "place"
        place.mkdir()
        variables = {name: str(place) if value == "PLACE" else value for name, value in given.items()}
        return Ground(variables, before=in_namespace(mount(place)))

    return plant


def full_disk(planted: Planted, folder: Path) -> Ground:
    """The environment lies on a file system of 40 MB."""
    keep, small = folder / "keep", tmpfs(planted.folder, "size=40m")
    words = f"mv {planted.folder} {keep}; mkdir {planted.folder}; {small}; cp -a {keep}/. {planted.folder}"
    return Ground(before=in_namespace(words))


def grouped(parent: Path, name: str, value: str, source: str = "") -> Plant:
    """The examination happens in a control group with that setting."""

    @contextmanager
    def alive(planted: Planted) -> Iterator[Ground]:
        place = Path(tempfile.mkdtemp(prefix="dlcheck-zoo-", dir=parent))
        try:
            (place / name).write_text(value)
            if source:
                (planted.site / "torch" / "__init__.py").write_text(source)
            yield Ground(before=in_namespace(f"echo $$ > {place}/cgroup.procs"))
        finally:
            place.rmdir()

    def plant(planted: Planted, folder: Path) -> AbstractContextManager[Ground]:
        return alive(planted)

    return plant


def limited(words: str, source: str = "") -> Plant:
    """The examination happens under a limit that a shell has set."""

    def plant(planted: Planted, folder: Path) -> Ground:
        if source:
            (planted.site / "torch" / "__init__.py").write_text(source)
        return Ground(before=("sh", "-c", f'{words}; exec "$@"', "sh"))

    return plant


def as_nobody(planted: Planted, folder: Path) -> Ground:
    """The examination happens as a user whose number has no entry, in a namespace of its own."""
    return Ground({"HOME": "/"}, before=("unshare", "-U", "--map-user=54321"))


def memory(limit: int, source: str = "") -> Plant:
    return grouped(MEMORY, "memory.limit_in_bytes", str(limit), source)


HUNGRY = "held = [bytearray(50 << 20) for _ in range(40)]\n"
FAULTS = (
    *(
        Case(
            "machine", what, mounted(mount, given), cause, severity, needs=("mounts",),
            # A full temporary folder cannot be written to either, and that is what counts.
            others=("tmpdir-not-writable",) if what == "TMPDIR full" else (),
        )
        for what, mount, given, cause, severity in MOUNTS
    ),
    Case(
        "machine", "a full disk under the environment", full_disk, "no-disk-space", needs=("mounts",),
        words="packages land",
    ),
    Case("machine", "few files may be open at once", limited("ulimit -n 256"), "open-files-limit", "warning"),
    Case("machine", "3 GiB of memory", memory(3 << 30), "cgroup-memory-limit", needs=("memory group",)),
    Case("machine", "6 GiB of memory", memory(6 << 30), "cgroup-memory-limit", "warning", needs=("memory group",)),
    # A real kill by the kernel. The limit is the cause of the death and is told first; the death itself is not lost.
    Case(
        "machine", "an import that the kernel ends for memory", memory(300 << 20, HUNGRY), "cgroup-memory-limit",
        besides=("import-killed-for-memory",), arguments=("--timeout", "40"), needs=("memory group",),
    ),
    Case(
        "machine", "a quota of half a processor", grouped(PROCESSORS, "cpu.cfs_quota_us", "50000"),
        "cpu-quota-below-visible", "warning", needs=("processor group",),
    ),
    Case("machine", "few processes may run at once", grouped(PROCESSES, "pids.max", "200"), "pids-limit", "warning", needs=("process group",)),
    # As `docker run --user 54321` and clusters with numbers of their own.
    Case("machine", "a user without a name", as_nobody, "uid-without-passwd-entry", "warning", needs=("users",)),
    # ulimit -v, as login nodes set it: the framework's import raises MemoryError.
    Case(
        "machine", "an address space too small for a framework", limited("ulimit -v 4000000", "held = bytearray(6 << 30)\n"),
        "import-killed-for-memory", besides=("cgroup-memory-limit",), arguments=("--timeout", "40"),
    ),
)  # fmt: skip
