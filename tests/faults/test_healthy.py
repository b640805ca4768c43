"""Environments that are well, in all the ways in which people have them: not one warning."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.faults.planting import Planted, alarms
from tests.faults.test_variables import kernel, working_directory
from tests.survival import ROOT, dlcheck

pytestmark = pytest.mark.skipif(os.name != "posix", reason="paths of POSIX")
Plant = Callable[[Planted, Path], dict[str, Any]]


def plain(planted: Planted, folder: Path) -> dict[str, Any]:
    return {}


def packages(*pinned: str, **needs: str) -> Plant:
    def plant(planted: Planted, folder: Path) -> dict[str, Any]:
        planted.list(*pinned, **needs)
        return {}

    return plant


def backend(name: str) -> Plant:
    def plant(planted: Planted, folder: Path) -> dict[str, Any]:
        planted.list("keras==3.15.1")
        return {"KERAS_BACKEND": name}

    return plant


def variables(**values: str) -> Plant:
    def plant(planted: Planted, folder: Path) -> dict[str, Any]:
        return dict(values)

    return plant


def own_sources(planted: Planted, folder: Path) -> dict[str, Any]:
    (folder / "src").mkdir()
    return {"PYTHONPATH": f"{ROOT}{os.pathsep}{folder / 'src'}"}


def own_site(planted: Planted, folder: Path) -> dict[str, Any]:
    return {"PYTHONPATH": f"{ROOT}{os.pathsep}{planted.site}"}


def folder_of_models(planted: Planted, folder: Path) -> dict[str, Any]:
    (folder / "work" / "torch").mkdir(parents=True)
    (folder / "work" / "torch" / "model.pt").write_bytes(b"x")
    return {"cwd": folder / "work"}


def own_kernel(planted: Planted, folder: Path) -> dict[str, Any]:
    planted.list("ipykernel==7.0.0")
    return kernel(planted, "mine", str(planted.python))


def editable(planted: Planted, folder: Path) -> dict[str, Any]:
    (folder / "src" / "mine").mkdir(parents=True)
    info = planted.site / "mine-0.1.dist-info"
    info.mkdir()
    (planted.site / "__editable__.mine-0.1.pth").write_text(f"{folder / 'src'}\n")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 0.1\n\n")
    (info / "direct_url.json").write_text(f'{{"dir_info": {{"editable": true}}, "url": "file://{folder}/src"}}')
    (info / "RECORD").write_text("__editable__.mine-0.1.pth,,\nmine-0.1.dist-info/METADATA,,\n")
    return {}


def byte_code_removed(planted: Planted, folder: Path) -> dict[str, Any]:
    record = planted.site / "torch-2.13.0.dist-info" / "RECORD"
    record.write_text(record.read_text() + "torch/__pycache__/__init__.cpython-311.pyc,,\n")
    return {}


HEALTHY: list[tuple[str, Plant]] = [
    ("just a framework", plain),
    ("a local version satisfies", packages("torchvision==0.28.0+cpu", torchvision="torch==2.13.0")),
    ("a pre-release satisfies", packages("numpy==2.5.0rc1", "scipy==1.20.0", scipy="numpy>=2.5.0rc0")),
    ("requirements of other systems", packages("mine==1.0", mine='pywin32>=300 ; sys_platform == "win32"|colorama')),
    ("numpy 2 under a torch of today", packages("numpy==2.4.0")),
    ("all three frameworks", packages("tensorflow==2.21.0", "keras==3.15.1", "jax==0.10.2", "jaxlib==0.10.2", jax="jaxlib<=0.10.2,>=0.10.2", tensorflow="keras>=3.12.0")),
    ("tensorflow with its part for Intel", packages("tensorflow==2.21.0", "tensorflow-intel==2.21.0")),
    ("KERAS_BACKEND=torch", backend("torch")),
    ("KERAS_BACKEND=numpy", backend("numpy")),
    ("PYTHONPATH of one's own sources", own_sources),
    ("PYTHONPATH of this very environment", own_site),
    ("a folder named torch with models in it", folder_of_models),
    ("files with other names", working_directory("train.py", "my_torch.py", "torch_utils.py")),
    ("a kernel of this environment", own_kernel),
    ("an editable project", editable),
    ("byte code removed", byte_code_removed),
    ("an encrypted mirror", variables(PIP_INDEX_URL="https://mirror.example/simple", PIP_TRUSTED_HOST="localhost")),
    ("an index of this machine", variables(PIP_INDEX_URL="http://localhost:3141/simple")),
    ("threads chosen by hand", variables(OMP_NUM_THREADS="2", MKL_NUM_THREADS="2")),
    ("every GPU hidden where there is none", variables(CUDA_VISIBLE_DEVICES="")),
    ("another language", variables(LANG="de_DE.UTF-8", LC_ALL="C")),
]  # fmt: skip


@pytest.mark.parametrize(("what", "plant"), HEALTHY, ids=[row[0] for row in HEALTHY])
def test_no_alarm(what, plant, tmp_path: Path):
    planted = Planted(tmp_path)
    if what == "requirements of other systems":
        planted.list("colorama==0.4.6")
    document = planted.examine("--quick", **plant(planted, tmp_path))
    assert alarms(document) == {}
    assert document["exit_code"] == 0


@pytest.mark.parametrize("name", ["with a blank", "mit-Umlaut-ü", "環境", "quote's", "a" * 120])
def test_no_alarm_in_a_folder_of_any_name(name, tmp_path: Path):
    (tmp_path / name).mkdir()
    assert alarms(Planted(tmp_path / name).examine()) == {}


@pytest.mark.real
def test_no_alarm_in_real_frameworks(tmp_path: Path):
    """TensorFlow, Keras, PyTorch and JAX as installed from the index, imported and asked for a product each."""
    python = os.environ.get("DLCHECK_REAL_PYTHON")
    if not python:
        if os.environ.get("CI"):
            pytest.fail("DLCHECK_REAL_PYTHON names no interpreter with frameworks")
        pytest.skip("DLCHECK_REAL_PYTHON is not set")
    done = dlcheck(
        "doctor", "--offline", "--format", "json", "--python", python, "--ignore", "no-disk-space", timeout=300
    )
    document = json.loads(done.stdout)
    assert alarms(document) == {}
    assert document["exit_code"] == 0


@pytest.mark.real
def test_an_environment_of_uv(tmp_path: Path):
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if uv is None:
        pytest.skip("uv is not there")
    planted = Planted(tmp_path)
    shutil.rmtree(planted.folder)
    subprocess.run(
        [uv, "venv", "--offline", "-q", "--python", sys.executable, str(planted.folder)], check=True, timeout=60
    )
    planted.add("torch", version="2.13.0")
    assert alarms(planted.examine()) == {}
