"""Temporary folders go with their run, and those of killed runs with the next run: never a folder that somebody uses."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from dlcheck.host import temporary

MAKES_ONE = """
import sys
from dlcheck.host import temporary
folder = temporary.Folder()
open(folder.path + "/answer.json", "w").close()
print(folder.path, flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    temporary._sweep.cache_clear()
    return tmp_path


@pytest.fixture
def another_run(place: Path):
    """A process that has made a folder and lives on."""
    with subprocess.Popen(
        [sys.executable, "-c", MAKES_ONE], env={**os.environ, "TMPDIR": str(place)}, stdin=-1, stdout=-1, text=True
    ) as child:
        yield child, Path(child.stdout.readline().strip())
        child.kill()


def test_it_goes_when_it_is_closed(place: Path):
    folder = temporary.Folder()
    Path(folder.path, "answer.json").write_text("{}")
    assert Path(folder.path).parent == place
    folder.close()
    folder.close()
    assert list(place.iterdir()) == []


def test_what_a_killed_run_left_goes_with_the_next(place: Path, another_run):
    child, left = another_run
    assert Path(left, "answer.json").exists()
    child.send_signal(signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
    child.wait()
    with temporary.Folder() as mine:
        assert list(place.iterdir()) == [Path(mine)]


def test_what_a_run_holds_stays(place: Path, another_run):
    with temporary.Folder() as mine:
        assert set(place.iterdir()) == {Path(mine), another_run[1]}
        temporary._sweep.cache_clear()
        with temporary.Folder():
            assert Path(mine).exists()


def test_what_a_person_calls_so_stays(place: Path):
    """An unpacked release, an environment, results: of any age, and with any file but the one that says whose it is."""
    for name in ("dlcheck-0.1.0", "dlcheck-env", "dlcheck-results"):
        Path(place, name).mkdir()
    Path(place, "dlcheck-results", temporary.HELD).write_text("held by me")
    for one in place.iterdir():
        os.utime(one, (time.time() - 1e6,) * 2)
    before = set(place.iterdir())
    with temporary.Folder() as mine:
        assert set(place.iterdir()) == before | {Path(mine)}


@pytest.mark.skipif(os.name != "posix", reason="links as POSIX has them")
def test_links_and_other_names_stay(place: Path, tmp_path_factory: pytest.TempPathFactory):
    treasure = tmp_path_factory.mktemp("treasure")
    (treasure / temporary.HELD).write_bytes(temporary.HOLDS)
    Path(place, "dlcheck-link").symlink_to(treasure)
    Path(place, "dlcheck.toml").touch()
    inner = Path(place, "dlcheck-inner")
    inner.mkdir()
    Path(inner, temporary.HELD).symlink_to(treasure / temporary.HELD)
    with temporary.Folder():
        assert (treasure / temporary.HELD).exists()
        assert {one.name for one in place.iterdir()} >= {"dlcheck-link", "dlcheck.toml", "dlcheck-inner"}


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_user_stays(place: Path):
    other = Path(place, "dlcheck-other")
    other.mkdir()
    (other / temporary.HELD).write_bytes(temporary.HOLDS)
    os.chown(other, 65534, 65534)
    with temporary.Folder():
        assert other.exists()


def test_what_another_run_removes_meanwhile_is_passed_over(place: Path):
    assert not temporary._is_abandoned(str(place / "dlcheck-gone"))


@pytest.mark.skipif(os.name != "posix", reason="on Windows an open file cannot be removed")
def test_a_folder_whose_file_is_not_held_yet_is_being_made(place: Path):
    """Between the making of the file and the hold on it another run may look."""
    made = place / "dlcheck-made"
    made.mkdir()
    (made / temporary.HELD).touch()
    assert not temporary._is_abandoned(str(made))
    (made / temporary.HELD).write_bytes(temporary.HOLDS)
    assert temporary._is_abandoned(str(made))


@pytest.mark.skipif(os.name != "posix", reason="on Windows an open file cannot be removed")
def test_who_makes_one_waits_for_the_look_of_another(place: Path, monkeypatch: pytest.MonkeyPatch):
    """A sweeper has the new, empty file for a moment: the maker holds it afterwards all the same."""
    import fcntl

    hold, looks = temporary._hold, []

    def looked_at_before(stream, *, wait: bool) -> None:
        if wait:
            looks.append(open(stream.name, "rb+"))  # noqa: SIM115 - closed by the timer
            fcntl.flock(looks[0], fcntl.LOCK_EX)
            threading.Timer(0.2, looks[0].close).start()
        hold(stream, wait=wait)

    monkeypatch.setattr(temporary, "_hold", looked_at_before)
    with temporary.Folder() as mine:
        assert looks
        assert not temporary._is_abandoned(mine)
