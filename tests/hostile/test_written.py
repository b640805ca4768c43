"""What dlcheck writes: whole or not at all, readable by whom it should be, and never through somebody else's link."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from dlcheck.host import files
from dlcheck.host.interpreter import Question
from tests.survival import dlcheck

pytestmark = pytest.mark.skipif(os.name != "posix", reason="links and rights of POSIX")


def test_a_link_in_the_place_of_a_document_is_replaced_and_not_written_through(tmp_path: Path):
    (tmp_path / "precious").write_text("kept")
    (tmp_path / "report.json").symlink_to(tmp_path / "precious")
    done = dlcheck("explain", "DL501", "--format", "json", cwd=tmp_path)
    assert done.returncode == 0
    files.write_whole(str(tmp_path / "report.json"), done.stdout)
    assert (tmp_path / "precious").read_text() == "kept"
    assert not (tmp_path / "report.json").is_symlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["precious", "report.json"]


def test_a_pipe_is_written_into_and_stays_a_pipe(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        files.write_whole(str(tmp_path / "pipe"), "text")
        assert os.read(reader, 100) == b"text"
    finally:
        os.close(reader)
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only the administrator makes devices")
def test_a_device_is_written_into_and_a_disk_is_refused(tmp_path: Path):
    """--output of the administrator's may name the null device: it must still be one afterwards."""
    try:
        os.mknod(tmp_path / "null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
        os.mknod(tmp_path / "disk", stat.S_IFBLK | 0o600, os.makedev(1, 240))
    except PermissionError:
        pytest.skip("this container makes no devices")
    (tmp_path / "link").symlink_to(tmp_path / "null")
    files.write_whole(str(tmp_path / "null"), "text")
    assert stat.S_ISCHR((tmp_path / "null").stat().st_mode)
    with pytest.raises(OSError, match="a disk"):
        files.write_whole(str(tmp_path / "disk"), "text")
    files.write_whole(str(tmp_path / "link"), "text")
    assert (tmp_path / "link").read_text() == "text"
    assert not (tmp_path / "link").is_symlink()


def test_standard_output_by_name_is_written_into(tmp_path: Path):
    done = dlcheck("explain", "DL501", "--format", "json", "--output", "/dev/stdout", cwd=tmp_path)
    assert '"code"' in done.stdout
    assert Path("/dev/stdout").is_symlink()


def test_a_document_has_the_rights_that_the_person_asks_for(tmp_path: Path):
    before = os.umask(0o027)
    try:
        files.write_whole(str(tmp_path / "file"), "text")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o640


def test_what_cannot_be_written_whole_leaves_the_old_one_and_no_remains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "file").write_text("old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        files.write_whole(str(tmp_path / "file"), "new")
    assert (tmp_path / "file").read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_bytes_that_are_no_text_reach_a_file_as_escapes(tmp_path: Path):
    files.write_whole(str(tmp_path / "file"), "a\udcffb")
    assert (tmp_path / "file").read_bytes() == b"a\\udcffb"


def test_a_question_is_asked_in_a_folder_of_the_persons_own():
    question = Question("/bin/true", "look_python", timeout=10)
    folder = Path(question._path).parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert folder.stat().st_uid == os.geteuid()
    question.answer()
    assert not folder.exists()
