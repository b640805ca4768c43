"""Failures of the file system in words."""

from __future__ import annotations

import errno

from dlcheck.installation.install import _of_the_disk
from dlcheck.installers.places import Places


def test_a_full_disk_names_the_place_and_what_is_kept():
    failure = _of_the_disk(OSError(errno.ENOSPC, "No space left on device", "/cache/wheels/x.part"))
    assert failure.step == "space"
    assert "/cache/wheels/x.part" in failure.message
    assert "goes on" in failure.kept


def test_another_error_is_told_as_it_is():
    failure = _of_the_disk(OSError(errno.EACCES, "Permission denied", "/x"))
    assert (failure.step, failure.message) == ("disk", "/x: Permission denied")


def test_needs_are_added_up_by_file_system(tmp_path):
    places = Places(str(tmp_path / "cache"), str(tmp_path / "state"), str(tmp_path / "uv"))
    (need,) = places.needs(str(tmp_path), download=1000, environment=4000)
    assert need.role == "wheels and environment"
    assert need.needed_bytes == 5500
    assert need.free_bytes > 0
    assert not (tmp_path / "cache").exists()
