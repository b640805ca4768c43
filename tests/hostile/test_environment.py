"""A checked environment whose files were made to harm the one who looks: pipes and devices in the place of files, files
without end, links into the blue, answers of the wrong shape. See SECURITY.md.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import time
from pathlib import Path

import pytest

from dlcheck.frameworks.installed import read_answer
from dlcheck.frameworks.tensorflow import read_build
from dlcheck.host import distributions, files, record
from dlcheck.host.environments import look
from dlcheck.host.interpreter import Question
from dlcheck.host.package_sources import package_sources
from dlcheck.host.process import run
from dlcheck.model.environment import MANIFEST
from dlcheck.renderers import RENDERERS
from tests.faults.planting import Planted
from tests.survival import dlcheck

pytestmark = pytest.mark.skipif(os.name != "posix", reason="pipes and devices of POSIX")
GIBIBYTE = 1 << 30


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


def a_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def a_terminal(path: Path) -> None:
    path.symlink_to("/dev/tty")


def a_loop(path: Path) -> None:
    path.symlink_to(path.name)


def a_folder(path: Path) -> None:
    path.mkdir()


def a_huge_file(path: Path) -> None:
    with path.open("wb") as stream:
        stream.truncate(8 * GIBIBYTE)


def a_link_to_secrets(path: Path) -> None:
    path.symlink_to("/proc/self/mem")


TRAPS = (a_pipe, a_device, a_terminal, a_loop, a_folder, a_huge_file, a_link_to_secrets)


@pytest.fixture
def little_memory():
    """Two gigabytes of addresses: whoever reads a file without end falls over at once instead of slowly."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + 512 * (1 << 20), before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.__name__)
def test_nothing_but_a_regular_file_is_read_and_never_more_than_asked_for(trap, tmp_path: Path):
    path = tmp_path / "file"
    trap(path)
    if trap is a_huge_file:
        assert files.head(str(path), 10) == bytes(10)
        with pytest.raises(OSError, match="larger than 1 MB"):
            files.whole(str(path), files.LIMIT)
    else:
        with pytest.raises(OSError):
            files.head(str(path), 10)


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.__name__)
def test_every_file_of_an_environment_may_be_a_trap(trap, tmp_path: Path, little_memory: None):
    started = time.process_time()
    home, site = tmp_path / "home", tmp_path / "env" / "lib" / "python3.11" / "site-packages"
    info = site / "torch-2.13.0.dist-info"
    for folder in (info, site / "torch", site / "tensorflow/python/platform", site / "keras/src", home / ".config/pip",
                   home / ".config/uv", site / "pip/_internal/models", tmp_path / "work"):  # fmt: skip
        folder.mkdir(parents=True, exist_ok=True)
    for path in (*(info / name for name in ("METADATA", "RECORD", "INSTALLER", "entry_points.txt")), site / "x.egg-info",
                 site / "torch/version.py", site / "tensorflow/python/platform/build_info.py", site / "keras/src/version.py",
                 tmp_path / "env/pyvenv.cfg", tmp_path / "env" / MANIFEST, home / ".config/pip/pip.conf",
                 home / ".config/uv/uv.toml", site / "pip/_internal/models/index.py", tmp_path / "work/pyproject.toml"):  # fmt: skip
        trap(path)
    found = {one.name: one for one in distributions.look((str(site),))}
    assert found["torch"].damaged
    distributions.look((str(site),), quick=True)
    record.digests(str(site))
    assert not record.has_all(str(site), since=0)
    read_build(str(site))
    assert look(str(tmp_path / "env")).manifest is None
    sources = package_sources(
        {"HOME": str(home)}, prefix=str(tmp_path / "env"), folder=str(tmp_path / "work"), etc=str(tmp_path)
    )
    assert not sources.read
    assert time.process_time() - started < 5


def test_a_doctor_comes_through_an_environment_of_traps(tmp_path: Path):
    planted = Planted(tmp_path)
    info = next(planted.site.glob("torch-*.dist-info"))
    for name, trap in (("METADATA", a_pipe), ("RECORD", a_device), ("INSTALLER", a_pipe)):
        (info / name).unlink(missing_ok=True)
        trap(info / name)
    (planted.site / "jax-0.1.dist-info").mkdir()
    (planted.site / "jax-0.1.dist-info" / "METADATA").write_text("Name: jax\nVersion: \x1b]0;owned\x07\x1b[2J0.1\n")
    (planted.site / "jax-0.1.dist-info" / "RECORD").write_text("../../../../../../etc/passwd,,\n/dev/zero,,\na\0b,,\n")
    (planted.site / "\udcff\x1b[31m-1.0.dist-info").mkdir()
    before = everything_but_our_own(tmp_path)
    document = planted.examine("--timeout", "10", timeout=60)
    assert document["summary"]["crashed"] == 0
    assert "torch" in {one["name"] for one in document["facts"]["distributions"] if one["damaged"]}
    assert everything_but_our_own(tmp_path) == before
    (tmp_path / "reports").mkdir()
    for form in RENDERERS:
        path = tmp_path / "reports" / f"report.{form}"
        done = dlcheck("doctor", "--offline", "--quick", "--venv", str(planted.folder), "--format", form,
                       "--output", str(path), HOME=str(planted.home))  # fmt: skip
        assert done.returncode in (0, 1), done.stderr
        assert not set(path.read_text("utf-8")) & set("\x1b\x07\x9b\x00"), form
    shutil.rmtree(tmp_path / "reports")
    assert everything_but_our_own(tmp_path) == before


def everything_but_our_own(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Kind, size and time of all that lies there, without dlcheck's own folders of state and cache, and Python's byte code."""
    found = {}
    for path in folder.rglob("*"):
        if "__pycache__" not in path.parts and not {".local", ".cache"} & set(path.relative_to(folder).parts):
            seen = path.lstat()
            # The time of a folder is that of the byte code below it.
            found[str(path)] = (seen.st_mode, 0, 0) if path.is_dir() else (seen.st_mode, seen.st_size, seen.st_mtime_ns)
    return found


def test_an_answer_may_be_a_trap(tmp_path: Path):
    """What runs in the checked interpreter can put anything into the place of its answer."""
    for trap in (a_pipe, a_device, a_huge_file, a_loop, a_link_to_secrets):
        question = Question("/bin/true", "look_python", timeout=10)
        path = Path(question._path)
        question.child.wait()
        path.unlink(missing_ok=True)
        trap(path)
        assert question.answer().fields == {}, trap.__name__
        assert not path.parent.exists()


WRONG = (
    "[]", "null", '"text"', "1e999", "{" * 100_000, "[" * 100_000, "9" * 100_000, '{"stage": []}', '{"stage": "done"}',
    '{"stage": "done", "result": {}, "devices": 5, "traceback": 7, "details": [1], "version": {}, "seconds": "x"}',
    '{"stage": "done", "seconds": ' + "9" * 4000 + "}",
    '{"stage": "done", "devices": [{"kind": 1}], "details": {"a": {"b": []}}, "traceback": [null, {}]}',
)  # fmt: skip


@pytest.mark.parametrize("text", WRONG, ids=lambda text: text[:40])
def test_an_answer_of_the_wrong_shape_is_no_answer(text: str):
    question = Question("/bin/true", "look_torch", timeout=10)
    question.child.wait()
    Path(question._path).write_text(text, "utf-8")
    answer = question.answer()
    facts = read_answer(answer.fields, timed_out=False, code=0, signal=None, output="", seconds=0.1)
    assert json.dumps(facts.details) is not None


def test_an_interpreter_that_floods_is_cut_short():
    done = run(["/bin/sh", "-c", "yes flood"], timeout=1.0)
    assert done.timed_out
    assert len(done.output) < 500_000
