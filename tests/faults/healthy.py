"""Environments that are well, in all the ways in which people have them: not one warning."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.faults.needs import find_uv
from tests.faults.planting import Case, Ground, Plant, Planted, nothing, packages, variables
from tests.faults.variables import keras_backend, kernel, working_directory
from tests.survival import ROOT


def own_sources(planted: Planted, folder: Path) -> Ground:
    (folder / "src").mkdir()
    return Ground({"PYTHONPATH": f"{ROOT}{os.pathsep}{folder / 'src'}"})


def own_site(planted: Planted, folder: Path) -> Ground:
    return Ground({"PYTHONPATH": f"{ROOT}{os.pathsep}{planted.site}"})


def folder_of_models(planted: Planted, folder: Path) -> Ground:
    (folder / "work" / "torch").mkdir(parents=True)
    (folder / "work" / "torch" / "model.pt").write_bytes(b"x")
    return Ground(cwd=folder / "work")


def own_kernel(planted: Planted, folder: Path) -> Ground:
    planted.list("ipykernel==7.0.0")
    return kernel(planted, "mine", str(planted.python))


def editable(planted: Planted, folder: Path) -> Ground:
    (folder / "src" / "mine").mkdir(parents=True)
    info = planted.site / "mine-0.1.dist-info"
    info.mkdir()
    (planted.site / "__editable__.mine-0.1.pth").write_text(f"{folder / 'src'}\n")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 0.1\n\n")
    (info / "direct_url.json").write_text(f'{{"dir_info": {{"editable": true}}, "url": "file://{folder}/src"}}')
    (info / "RECORD").write_text("__editable__.mine-0.1.pth,,\nmine-0.1.dist-info/METADATA,,\n")
    return Ground()


def byte_code_removed(planted: Planted, folder: Path) -> Ground:
    record = planted.site / "torch-2.13.0.dist-info" / "RECORD"
    record.write_text(record.read_text() + "torch/__pycache__/__init__.cpython-311.pyc,,\n")
    return Ground()


def made_by_uv(planted: Planted, folder: Path) -> Ground:
    shutil.rmtree(planted.folder)
    make = [str(find_uv()), "venv", "--offline", "-q", "--python", sys.executable, str(planted.folder)]
    subprocess.run(make, check=True, timeout=60)
    planted.add("torch", version="2.13.0")
    return Ground()


WELL: list[tuple[str, Plant]] = [
    ("just a framework", nothing),
    ("a local version satisfies", packages("torchvision==0.28.0+cpu", torchvision="torch==2.13.0")),
    ("a pre-release satisfies", packages("numpy==2.5.0rc1", "scipy==1.20.0", scipy="numpy>=2.5.0rc0")),
    ("requirements of other systems", packages("mine==1.0", "colorama==0.4.6", mine='pywin32>=300 ; sys_platform == "win32"|colorama')),
    ("numpy 2 under a torch of today", packages("numpy==2.4.0")),
    ("all three frameworks", packages("tensorflow==2.21.0", "keras==3.15.1", "jax==0.10.2", "jaxlib==0.10.2", jax="jaxlib<=0.10.2,>=0.10.2", tensorflow="keras>=3.12.0")),
    ("tensorflow with its part for Intel", packages("tensorflow==2.21.0", "tensorflow-intel==2.21.0")),
    ("KERAS_BACKEND=torch", keras_backend("torch")),
    ("KERAS_BACKEND=numpy", keras_backend("numpy")),
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


NAMES = ("with a blank", "mit-Umlaut-ü", "環境", "quote's", "a" * 120)
HEALTHY = (
    *(Case("healthy", what, plant) for what, plant in WELL),
    *(Case("healthy", f"in a folder named {name[:20]}", nothing, folder=name) for name in NAMES),
    Case("healthy", "an environment of uv", made_by_uv, needs=("uv",)),
)
