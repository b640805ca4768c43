"""The package that a complaint is about: what an import or an installer did not find, or the one framework it names. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

_MODULE = re.compile(r"no module named ['\"]?([a-z_][\w.]*)")
_REQUIREMENT = re.compile(
    r"(?:satisfies the requirement|distribution found for|building wheel for|failed to build) ['\"`]?([a-z][a-z0-9._-]*)"
)
_FOLDER = re.compile(r"site-packages[\\/]([a-z_][a-z0-9_]*)[\\/]")
WELL_KNOWN = frozenset({
    "torch", "torchvision", "torchaudio", "tensorflow", "keras", "jax", "jaxlib", "flax", "optax", "pytensor", "numpy",
    "scipy", "pandas", "matplotlib", "h5py", "transformers", "diffusers", "accelerate", "datasets", "tokenizers",
    "peft", "safetensors", "sentencepiece", "timm", "einops", "lightning", "deepspeed", "bitsandbytes", "xformers",
    "triton", "tf_keras", "tensorboard", "ipykernel", "onnx", "onnxruntime", "cv2", "pil", "sklearn", "yaml",
    "setuptools",
})  # fmt: skip
"""Modules whose package may be named in a command: of any other name, whoever holds it on the index may be a stranger."""


def package(text: str, modules: Mapping[str, str], frameworks: Collection[str]) -> dict[str, str]:
    """What the blanks for a package stand for in a text in lower case; empty where it names none, or several.

    ``modules``: packages by the name under which Python imports them, where the two differ. ``frameworks``: those that
    the text names.
    """
    found: dict[str, str] = {}
    if match := _REQUIREMENT.search(text):
        found["package"] = match[1].rstrip(".-_")
    elif match := _MODULE.search(text):
        module = match[1].split(".")[0]
        if module in WELL_KNOWN:
            found.update(module=module, package=modules.get(module, module.replace("_", "-")))
    elif match := _FOLDER.search(text):
        if match[1] in frameworks:
            found["package"] = match[1]
    elif len(frameworks) == 1:
        found["package"] = next(iter(frameworks))
    return {**found, "requirement": found["package"]} if found else {}
