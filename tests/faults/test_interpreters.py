"""Interpreters from 2.7 to 3.14 as pyenv installs them: those too old are named, the others give no alarm."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.faults.planting import Planted, alarms, assert_named
from tests.survival import BIN

pytestmark = [pytest.mark.real, pytest.mark.skipif(os.name != "posix", reason="interpreters of POSIX")]
VERSIONS = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"


class Foreign(Planted):
    """An environment of another interpreter, with the same tiny torch."""

    def __init__(self, folder: Path, release: str) -> None:
        python = next(iter(sorted(VERSIONS.glob(f"{release}.*/bin/python"))), None) or shutil.which(f"python{release}")
        if python is None:
            pytest.skip(f"no Python {release} on this machine")
        subprocess.run([python, "-m", "venv", "--without-pip", str(folder / "env")], check=True, timeout=120)
        self.folder = folder / "env"
        self.python = self.folder / BIN / "python"
        self.site = next(self.folder.glob("lib/python*/site-packages"))
        self.home = folder / "home"
        (self.home / ".cache").mkdir(parents=True)
        self.add("torch", version="1.10.0" if release in ("3.6", "3.7") else "2.13.0")


@pytest.mark.parametrize(("release", "severity"), [("3.6", "error"), ("3.7", "error"), ("3.8", "warning")])
def test_a_python_that_is_too_old(release, severity, tmp_path: Path):
    document = Foreign(tmp_path, release).examine()
    assert document["facts"]["python"]["version"].startswith(release)
    assert_named(document, "python-too-old", severity)


@pytest.mark.parametrize("release", ["3.9", "3.10", "3.11", "3.12", "3.13"])
def test_a_python_of_today_gives_no_alarm(release, tmp_path: Path):
    document = Foreign(tmp_path, release).examine()
    assert document["facts"]["python"]["version"].startswith(release)
    assert alarms(document) == {}


@pytest.mark.parametrize("release", ["3.12", "3.13"])
def test_a_module_that_newer_pythons_dropped(release, tmp_path: Path):
    planted = Foreign(tmp_path, release)
    (planted.site / "torch" / "__init__.py").write_text("import distutils.version\n")
    assert_named(planted.examine("--offline", "--select", "DL503"), "stdlib-module-removed", "error")


def test_a_newer_syntax_under_an_older_python(tmp_path: Path):
    planted = Foreign(tmp_path, "3.8")
    (planted.site / "torch" / "__init__.py").write_text("match 1:\n    case 1:\n        pass\n")
    assert_named(planted.examine("--offline", "--select", "DL503"), "import-raises", "error")
