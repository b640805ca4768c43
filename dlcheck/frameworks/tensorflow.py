"""TensorFlow."""

from __future__ import annotations

import os
import re

from dlcheck.frameworks.framework import Framework
from dlcheck.host import files
from dlcheck.model.fact import Unknown
from dlcheck.model.python_facts import BuildFacts

# Python's own parser is not let loose on it: enough parentheses end the process that parses them.
_PAIR = re.compile(r"""\(\s*['"](?P<name>\w+)['"]\s*,\s*(?P<value>'[^'\n]*'|"[^"\n]*"|\[[^\]\[]*\]|\w+)\s*\)""")
_WORD = re.compile(r"""['"]([^'"\n]+)['"]""")


def read_build(site_packages: str) -> BuildFacts | Unknown | None:
    """What tensorflow/python/platform/build_info.py says: a literal list of pairs inside an OrderedDict call."""
    path = os.path.join(site_packages, "tensorflow", "python", "platform", "build_info.py")
    try:
        text = files.head(path, 262_144).decode("utf-8", "replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        return Unknown(f"build_info.py of TensorFlow: {error.strerror}")
    flags = {found["name"]: found["value"].strip("'\"") for found in _PAIR.finditer(text)}
    return BuildFacts(
        cuda=flags.get("cuda_version") or ("yes" if flags.get("is_cuda_build") == "True" else None),
        cudnn=flags.get("cudnn_version"),
        rocm="yes" if flags.get("is_rocm_build") == "True" else None,
        architectures=tuple(_WORD.findall(flags.get("cuda_compute_capabilities", ""))),
        flags=flags,
    )


FRAMEWORK = Framework(
    name="tensorflow",
    title="TensorFlow",
    distributions=(
        "tensorflow",
        "tensorflow-cpu",
        "tensorflow-gpu",
        "tensorflow-macos",
        "tensorflow-intel",
        "tensorflow-cpu-aws",
        "tensorflow-aarch64",
        "tensorflow-rocm",
        "intel-tensorflow",
        "tensorflow-directml",
        "tf-nightly",
        "tf-nightly-cpu",
        "tf-nightly-gpu",
        "tensorflow-base",
    ),
    script="look_tensorflow",
    version_file="tensorflow/__init__.py",
    read_build=read_build,
    trains=True,
)
COMPANIONS = (
    Framework(name="tensorboard", title="TensorBoard", distributions=("tensorboard", "tb-nightly")),
    Framework(name="tf_keras", title="tf-keras", distributions=("tf-keras", "tf-keras-nightly")),
)
