"""TensorFlow."""

from __future__ import annotations

import ast
from pathlib import Path

from dlcheck.frameworks.framework import Framework
from dlcheck.model.fact import Unknown
from dlcheck.model.python_facts import BuildFacts


def read_build(site_packages: str) -> BuildFacts | Unknown | None:
    """What tensorflow/python/platform/build_info.py says: a literal list of pairs inside an OrderedDict call."""
    path = Path(site_packages, "tensorflow", "python", "platform", "build_info.py")
    try:
        tree = ast.parse(path.read_bytes()[:262_144].decode("utf-8", "replace"))
    except FileNotFoundError:
        return None
    except (OSError, SyntaxError, ValueError, RecursionError) as error:
        return Unknown(f"build_info.py of TensorFlow: {type(error).__name__}")
    flags: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and node.value.args:
            try:
                pairs = ast.literal_eval(node.value.args[0])
                flags.update({str(name): str(value) for name, value in pairs})
            except (ValueError, TypeError):
                continue
    capabilities = ast.literal_eval(flags.get("cuda_compute_capabilities", "[]") or "[]")
    return BuildFacts(
        cuda=flags.get("cuda_version") or ("yes" if flags.get("is_cuda_build") == "True" else None),
        cudnn=flags.get("cudnn_version"),
        rocm="yes" if flags.get("is_rocm_build") == "True" else None,
        architectures=tuple(str(one) for one in capabilities) if isinstance(capabilities, list) else (),
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
