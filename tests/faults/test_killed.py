"""Installations that were ended with kill -9 in the middle, by the real uv, of a wheel that is built here."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from tests.faults.planting import Planted, assert_named

pytestmark = [pytest.mark.real, pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")]
FILES = 20_000


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel named torch with very many small files, so that there is time to kill."""
    place = tmp_path_factory.mktemp("wheels") / "torch-2.13.0-py3-none-any.whl"
    rows = []
    with zipfile.ZipFile(place, "w") as archive:
        for name, text in [
            ("torch/__init__.py", "__version__ = '2.13.0'\n"),
            *((f"torch/part{at}.py", f"x = {at}\n") for at in range(FILES)),
        ]:
            archive.writestr(name, text)
            rows.append(f"{name},,{len(text)}")
        archive.writestr("torch-2.13.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: torch\nVersion: 2.13.0\n\n")
        archive.writestr(
            "torch-2.13.0.dist-info/WHEEL",
            "Wheel-Version: 1.0\nGenerator: zoo\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        archive.writestr(
            "torch-2.13.0.dist-info/RECORD",
            "\n".join(
                [
                    *rows,
                    "torch-2.13.0.dist-info/METADATA,,",
                    "torch-2.13.0.dist-info/WHEEL,,",
                    "torch-2.13.0.dist-info/RECORD,,",
                ]
            )
            + "\n",
        )
    return place


def test_uv_killed_while_it_copies(wheel: Path, tmp_path: Path):
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if uv is None:
        pytest.skip("uv is not there")
    planted = Planted(tmp_path, torch=None)
    command = [
        uv,
        "pip",
        "install",
        "-q",
        "--offline",
        "--no-index",
        "--link-mode",
        "copy",
        "--cache-dir",
        str(tmp_path / "cache"),
        "--python",
        str(planted.python),
        str(wheel),
    ]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    target = planted.site / "torch"
    try:
        while child.poll() is None and not (target.is_dir() and len(os.listdir(target)) > 200):
            time.sleep(0.002)
        os.kill(child.pid, signal.SIGKILL)
    finally:
        child.kill()
        child.wait()
    there = len(os.listdir(target))
    assert 200 < there < FILES, "it was not killed in the middle"
    document = planted.examine()
    assert_named(document, "broken-partial-install", "error")
