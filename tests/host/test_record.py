"""The RECORD walk, on small environments that are broken the way pip, uv and full disks break them."""

from __future__ import annotations

import base64
import hashlib
import shutil
from pathlib import Path

import pytest

from dlcheck.host.record import normalise, paths_of, walk, walk_names


def install(site: Path, name: str, files: dict[str, bytes], *, version: str = "1.0", installer: str = "pip") -> Path:
    """Lay down a distribution as an installer would."""
    info = site / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    files = {
        **files,
        f"{info.name}/METADATA": f"Metadata-Version: 2.1\nName: {name}\n".encode(),
        f"{info.name}/INSTALLER": installer.encode(),
    }
    rows = []
    for path, content in files.items():
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).write_bytes(content)
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        quoted = f'"{path}"' if "," in path else path
        rows.append(f"{quoted},sha256={digest},{len(content)}")
    rows += [f"{info.name}/RECORD,,", f"{name}/__pycache__/x.cpython-311.pyc,,"]
    (info / "RECORD").write_text("\n".join(rows) + "\n")
    return info


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    install(folder, "Torch_Thing", {"torch_thing/__init__.py": b"x = 1\n", "torch_thing/a,b.txt": b"comma"})
    install(folder, "numpy", {"numpy/__init__.py": b"", "numpy/core.so": b"\x7fELF" * 100, "../bin/f2py": b"#!"})
    return folder


def test_a_whole_environment_is_whole(site: Path):
    for deep in (False, True):
        seen = walk(str(site), deep=deep)
        assert seen.is_whole
        assert [one.name for one in seen.distributions] == ["torch-thing", "numpy"]
        assert seen.distributions[1].files == 6


def test_a_missing_file_is_found_behind_a_complete_record(site: Path):
    shutil.rmtree(site / "numpy")
    (broken,) = walk(str(site)).broken
    assert (broken.name, broken.missing, broken.changed) == ("numpy", 2, 0)
    assert "numpy/core.so" in broken.sample


def test_what_was_hashed_once_is_hashed_again_only_where_it_was_written_to(site: Path, tmp_path: Path):
    """Files of uv's cache, which environments share by hard links."""
    cache = tmp_path / "cache"
    cache.mkdir()
    for name in ("core.so", "__init__.py"):
        (cache / name).hardlink_to(site / "numpy" / name)
    proved: set[str] = set()
    hashed: list[int] = []
    assert walk(str(site), deep=True, progress=hashed.append, proved=proved).is_whole
    assert len(proved) == 1
    every = sum(hashed)
    hashed.clear()
    assert walk(str(site), deep=True, progress=hashed.append, proved=proved).is_whole
    assert sum(hashed) == every - len((cache / "core.so").read_bytes())
    (cache / "core.so").write_bytes(b"\x7fELG" * 100)
    before = set(proved)
    (broken,) = walk(str(site), deep=True, proved=proved).broken
    assert broken.sample == ("numpy/core.so",)
    assert proved == before


def test_files_that_nobody_shares_are_hashed_every_time(site: Path):
    proved: set[str] = set()
    assert walk(str(site), deep=True, proved=proved).is_whole
    assert not proved


def test_large_and_small_files_are_told_apart_from_their_neighbours(tmp_path: Path):
    large = b"x" * ((1 << 20) + 1)
    install(tmp_path, "big", {"big/a.bin": large, "big/b.bin": large, "big/c.txt": b"small"})
    assert walk(str(tmp_path), deep=True).is_whole
    (tmp_path / "big/b.bin").write_bytes(b"y" + large[1:])
    (broken,) = walk(str(tmp_path), deep=True).broken
    assert broken.sample == ("big/b.bin",)


def test_a_file_outside_site_packages_counts_too(site: Path):
    (site / "../bin/f2py").unlink()
    assert walk(str(site)).broken[0].sample == ("../bin/f2py",)


def test_a_truncated_file_is_seen_by_its_size_and_counted_once(site: Path):
    (site / "numpy/core.so").write_bytes(b"\x7fELF")
    for deep in (False, True):
        (broken,) = walk(str(site), deep=deep).broken
        assert (broken.missing, broken.changed) == (0, 1)


def test_a_flipped_byte_is_seen_by_the_deep_walk_alone(site: Path):
    content = bytearray((site / "numpy/core.so").read_bytes())
    content[40] ^= 1
    (site / "numpy/core.so").write_bytes(content)
    assert walk(str(site)).is_whole
    hashed: list[int] = []
    (broken,) = walk(str(site), deep=True, progress=hashed.append).broken
    assert (broken.name, broken.changed, broken.sample) == ("numpy", 1, ("numpy/core.so",))
    assert sum(hashed) > 400


@pytest.mark.parametrize("method", ["shake_128", "nohash", "md5-"])
def test_a_hash_that_cannot_be_made_is_not_the_right_one(site: Path, method: str):
    (path,) = site.glob("numpy*/RECORD")
    path.write_text(path.read_text().replace("sha256=", f"{method}=", 1))
    (broken,) = walk(str(site), deep=True).broken
    assert (broken.name, broken.changed) == ("numpy", 1)


@pytest.mark.parametrize(
    ("spoil", "damage"),
    [
        (lambda info: (info / "RECORD").unlink(), "no RECORD"),
        (lambda info: (info / "RECORD").write_bytes(b""), "empty RECORD"),
        (lambda info: (info / "RECORD").write_bytes(b"\xff\xfe\x00,,"), "unreadable RECORD: UnicodeDecodeError"),
        (lambda info: (info / "METADATA").unlink(), "no METADATA"),
        (lambda info: (info / "METADATA").write_bytes(b""), "no METADATA"),
    ],
)
def test_damaged_metadata_is_named(site: Path, spoil, damage: str):
    spoil(site / "numpy-1.0.dist-info")
    assert [(one.name, one.damaged) for one in walk(str(site)).broken] == [("numpy", damage)]


def test_a_system_package_manager_may_leave_record_out(site: Path):
    (install(site, "apt_pkg", {"apt_pkg.py": b""}, installer="debian") / "RECORD").unlink()
    assert walk(str(site)).is_whole


@pytest.mark.parametrize(("place", "whole"), [("python3/dist-packages", True), ("python3.11/site-packages", False)])
def test_debian_ships_the_record_of_its_build_whose_scripts_lie_elsewhere(tmp_path: Path, place: str, whole: bool):
    folder = tmp_path / place
    folder.mkdir(parents=True)
    info = install(folder, "distro", {"distro.py": b""})
    with (info / "RECORD").open("a") as stream:
        stream.write("scripts-3.10/distro,sha256=x,212\n../scripts/pip,sha256=x,221\n")
    assert walk(str(folder)).is_whole is whole
    assert walk_names(str(folder)).is_whole is whole


def test_leftovers_of_an_interrupted_pip(site: Path):
    shutil.copytree(site / "numpy", site / "~umpy")
    shutil.copytree(site / "numpy-1.0.dist-info", site / "~umpy-1.0.dist-info")
    seen = walk(str(site))
    assert seen.leftovers == ("~umpy", "~umpy-1.0.dist-info")
    assert not seen.broken
    assert not seen.is_whole


def test_two_versions_of_one_name(site: Path):
    install(site, "numpy", {"numpy/__init__.py": b""}, version="2.0")
    seen = walk(str(site))
    assert seen.duplicates == ("numpy",)
    assert not seen.collisions


def test_two_distributions_that_own_one_path(site: Path):
    install(site, "nvidia_nccl_cu12", {"nvidia/nccl/lib/libnccl.so.2": b"twelve", "nvidia/LICENSE": b"same"})
    install(site, "nvidia_nccl_cu13", {"nvidia/nccl/lib/libnccl.so.2": b"thirteen", "nvidia/LICENSE": b"same"})
    seen = walk(str(site))
    (collision,) = seen.collisions
    assert (collision.first, collision.second) == ("nvidia-nccl-cu12", "nvidia-nccl-cu13")
    assert (collision.paths, collision.differing) == (2, 1)
    assert collision.sample[0] == "nvidia/nccl/lib/libnccl.so.2"
    assert not seen.is_whole


def test_only_looks_at_the_wanted_names(site: Path):
    assert [one.name for one in walk(str(site), only=["torch.thing"]).distributions] == ["torch-thing"]


def test_a_folder_that_is_not_there_has_no_distributions(tmp_path: Path):
    seen = walk(str(tmp_path / "nowhere"))
    assert seen.distributions == ()
    assert seen.is_whole


def test_paths_and_names(site: Path):
    assert str(site / "numpy/core.so") in paths_of(str(site), "numpy-1.0.dist-info")
    assert paths_of(str(site), "gone-1.0.dist-info") == ()
    assert normalise("Torch__Thing.x") == "torch-thing-x"


def test_the_quick_walk_finds_what_is_missing(tmp_path: Path):
    info = tmp_path / "good-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: good\n")
    (tmp_path / "good").mkdir()
    (tmp_path / "good" / "a.py").write_text("")
    rows = [
        "good/a.py,,0",
        "good/gone.py,,0",
        "good/__pycache__/a.pyc,,",
        '"good/with, comma.py",,0',
        "good-1.0.dist-info/METADATA,,",
    ]
    (info / "RECORD").write_text("\n".join(rows))
    (one,) = walk_names(str(tmp_path)).distributions
    assert (one.name, one.files, one.missing, one.sample) == ("good", 4, 2, ("good/gone.py", "good/with, comma.py"))
    (slow,) = walk(str(tmp_path)).distributions
    assert (slow.missing, slow.sample) == (one.missing, one.sample)
