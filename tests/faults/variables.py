"""Faults of the surroundings of a program: variables, the working directory, home, kernels of notebooks, pip on PATH."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from tests.faults.planting import Case, Ground, Plant, Planted, put_tool, variables


def packages_of_another_python(planted: Planted, folder: Path) -> Ground:
    other = folder / "other" / "lib" / "python3.7" / "site-packages"
    other.mkdir(parents=True)
    return Ground({"PYTHONPATH": f"{Path(__file__).parents[2]}{os.pathsep}{other}"})


def keras_backend(backend: str) -> Plant:
    def plant(planted: Planted, folder: Path) -> Ground:
        planted.list("keras==3.15.1")
        return Ground({"KERAS_BACKEND": backend})

    return plant


def keras_json(planted: Planted, folder: Path) -> Ground:
    planted.list("keras==3.15.1")
    (planted.home / ".keras").mkdir()
    (planted.home / ".keras" / "keras.json").write_text('{"backend": "jax"}')
    return Ground()


def keras_default(planted: Planted, folder: Path) -> Ground:
    planted.list("keras==3.15.1")
    return Ground()


def legacy_keras(planted: Planted, folder: Path) -> Ground:
    planted.list("tensorflow==2.21.0", "keras==3.15.1")
    return Ground({"TF_USE_LEGACY_KERAS": "1"})


def working_directory(*names: str) -> Plant:
    def plant(planted: Planted, folder: Path) -> Ground:
        (folder / "work").mkdir()
        for name in names:
            place = folder / "work" / name
            place.parent.mkdir(exist_ok=True)
            place.write_text("raise SystemExit('the trap was sprung')\n")
        return Ground(cwd=folder / "work")

    return plant


def kernel_of_a_python_that_is_gone(planted: Planted, folder: Path) -> Ground:
    return kernel(planted, "gone", "/nonexistent/env/bin/python")


def kernel_of_another_python(planted: Planted, folder: Path) -> Ground:
    planted.list("ipykernel==7.0.0")
    return Ground({**kernel(planted, "other", sys.executable).variables, "JPY_PARENT_PID": "1"})


def kernel_and_no_ipykernel(planted: Planted, folder: Path) -> Ground:
    return kernel(planted, "other", sys.executable)


def kernel(planted: Planted, name: str, python: str) -> Ground:
    place = planted.home / ".local/share/jupyter/kernels" / name
    place.mkdir(parents=True)
    command = [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (place / "kernel.json").write_text(json.dumps({"argv": command, "display_name": name, "language": "python"}))
    return Ground({"XDG_DATA_HOME": "UNSET", "JUPYTER_DATA_DIR": "UNSET"})


def pip_of_another_python(planted: Planted, folder: Path) -> Ground:
    path = put_tool(folder, "pip", f"#!{folder}/another/bin/python3\nimport pip\n")
    return Ground({"PATH": path, "VIRTUAL_ENV": str(planted.folder)})


def jax_platforms(planted: Planted, folder: Path) -> Ground:
    """What a GPU machine's profile sets, on a machine with JAX for the CPU."""
    planted.list("jax==0.10.2", "jaxlib==0.10.2", jax="jaxlib<=0.10.2,>=0.10.2")
    return Ground({"JAX_PLATFORMS": "cuda"})


def conda_around_an_environment(planted: Planted, folder: Path) -> Ground:
    """Conda's base is active too, its pip comes first: what is installed lands there."""
    base = folder / "miniconda3"
    (base / "conda-meta").mkdir(parents=True)
    path = put_tool(folder, "pip", f"#!{base}/bin/python\nimport pip\n")
    return Ground(
        {"PATH": path, "VIRTUAL_ENV": str(planted.folder), "CONDA_PREFIX": str(base), "CONDA_DEFAULT_ENV": "base"}
    )


def writable_by_all(planted: Planted, folder: Path) -> Ground:
    """A folder of the environment's packages that every user of the machine may change."""
    planted.site.chmod(0o777)
    return Ground()


def offline_hub(planted: Planted, folder: Path) -> Ground:
    planted.list("transformers==5.0.0")
    return Ground({"HF_HUB_OFFLINE": "1"})


SURROUNDINGS: list[tuple[str, Plant, str, str]] = [
    ("PYTHONPATH of another Python", packages_of_another_python, "two-copies-installed", "warning"),
    ("PYTHONDONTWRITEBYTECODE", variables(PYTHONDONTWRITEBYTECODE="1"), "bytecode-not-written", "note"),
    ("KERAS_BACKEND=jax, which is not there", keras_backend("jax"), "keras-backend-not-installed", "error"),
    (
        "KERAS_BACKEND=tensorflow, which is not there",
        keras_backend("tensorflow"),
        "keras-backend-not-installed",
        "error",
    ),
    ("KERAS_BACKEND=theano, which is none", keras_backend("theano"), "keras-backend-not-installed", "error"),
    ("keras.json names jax", keras_json, "keras-backend-not-installed", "error"),
    ("Keras left to its default, TensorFlow not there", keras_default, "keras-backend-not-installed", "error"),
    ("TF_USE_LEGACY_KERAS without tf-keras", legacy_keras, "tf-keras-missing", "error"),
    ("torch.py in the working directory", working_directory("torch.py"), "local-file-shadows-package", "error"),
    ("a folder torch with __init__.py", working_directory("torch/__init__.py"), "local-file-shadows-package", "error"),
    ("random.py in the working directory", working_directory("random.py"), "local-file-shadows-package", "warning"),
    ("numpy.py and json.py", working_directory("numpy.py", "json.py"), "local-file-shadows-package", "error"),
    ("a kernel whose Python is gone", kernel_of_a_python_that_is_gone, "notebook-kernel-other-python", "warning"),
    ("a notebook of another Python", kernel_of_another_python, "notebook-kernel-other-python", "warning"),
    ("Jupyter without ipykernel", kernel_and_no_ipykernel, "ipykernel-missing", "note"),
    ("pip of another Python, active environment", pip_of_another_python, "installed-for-other-python", "warning"),
    ("conda active around a virtual environment", conda_around_an_environment, "installed-for-other-python", "warning"),
    ("JAX_PLATFORMS left over", jax_platforms, "jax-variable-wrong", "error"),
    ("OMP_NUM_THREADS=auto", variables(OMP_NUM_THREADS="auto"), "thread-variable-wrong", "warning"),
    ("HF_HUB_OFFLINE left over", offline_hub, "hf-offline-flag", "note"),
    ("packages that every user may change", writable_by_all, "world-writable-path", "warning"),
    ("PIP_INDEX_URL not encrypted", variables(PIP_INDEX_URL="http://index.example/simple"), "index-trust", "warning"),
    ("PIP_TRUSTED_HOST", variables(PIP_TRUSTED_HOST="index.example"), "index-trust", "warning"),
    (
        "SSL_CERT_FILE names nothing",
        variables(SSL_CERT_FILE="/nonexistent/ca.pem"),
        "ca-bundle-path-missing",
        "warning",
    ),
    (
        "REQUESTS_CA_BUNDLE names nothing",
        variables(REQUESTS_CA_BUNDLE="/nonexistent/ca.pem"),
        "ca-bundle-path-missing",
        "warning",
    ),
    ("PIP_CERT names nothing", variables(PIP_CERT="/nonexistent/ca.pem"), "ca-bundle-path-missing", "warning"),
    ("TMPDIR names nothing", variables(TMPDIR="/nonexistent/tmp"), "tmpdir-not-writable", "error"),
    ("HOME names a file", variables(HOME="/dev/null"), "home-not-writable", "warning"),
    ("HOME below /proc", variables(HOME="/proc/nobody"), "home-not-writable", "warning"),
]


def packages_of_the_user(planted: Planted, folder: Path) -> Ground:
    """A virtual environment that sees the system's packages sees the user's as well, and they come first."""
    setting = planted.folder / "pyvenv.cfg"
    setting.write_text(setting.read_text().replace("site-packages = false", "site-packages = true"))
    user = planted.home / f".local/lib/python3.{sys.version_info[1]}/site-packages"
    (user / "torch-2.5.1.dist-info").mkdir(parents=True)
    (user / "torch").mkdir()
    (user / "torch" / "__init__.py").write_text("__version__ = '2.5.1'\n")
    (user / "torch-2.5.1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: torch\nVersion: 2.5.1\n\n")
    (user / "torch-2.5.1.dist-info" / "RECORD").write_text("torch/__init__.py,,\n")
    return Ground()


FAULTS = (
    *(Case("variables", what, plant, cause, severity) for what, plant, cause, severity in SURROUNDINGS),
    Case(
        "variables", "packages of the user hide those of the environment", packages_of_the_user, "user-site-shadows-env",
        "warning", words="torch", arguments=("--quick", "--select", "DL410,DL501"),
    ),
)  # fmt: skip
