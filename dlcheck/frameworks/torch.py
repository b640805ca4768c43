"""PyTorch."""

from __future__ import annotations

import os
import re

from dlcheck.frameworks.framework import Framework
from dlcheck.host import files
from dlcheck.model.fact import Unknown
from dlcheck.model.python_facts import BuildFacts

# torch/version.py is written by setup.py of PyTorch: name, an optional annotation, a literal.
_FIELD = re.compile(r"^(?P<name>\w+)(?:\s*:[^=\n]*)?\s*=\s*(?P<value>'[^']*'|None|True|False)\s*$", re.MULTILINE)


def read_build(site_packages: str) -> BuildFacts | Unknown | None:
    """CUDA, ROCm and XPU versions of the build, from torch/version.py as text."""
    path = os.path.join(site_packages, "torch", "version.py")
    try:
        text = files.head(path, 65_536).decode("utf-8", "replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        return Unknown(f"torch/version.py: {error.strerror}")
    fields = {found["name"]: found["value"].strip("'") for found in _FIELD.finditer(text)}
    given = {name: None if value in ("None", "False") else value for name, value in fields.items()}
    return BuildFacts(
        cuda=given.get("cuda"),
        rocm=given.get("hip"),
        xpu=given.get("xpu"),
        debug=fields.get("debug") == "True",
        git=given.get("git_version"),
    )


FRAMEWORK = Framework(
    name="torch",
    title="PyTorch",
    distributions=("torch", "torch-nightly", "pytorch"),
    script="look_torch",
    version_file="torch/version.py",
    read_build=read_build,
    trains=True,
)
COMPANIONS = tuple(
    Framework(name=name, title=name, distributions=(name,)) for name in ("torchvision", "torchaudio", "torchtext")
)
