"""The blanks of the catalogue's fixes, such as ``{python}``, and how they are filled."""

from __future__ import annotations

import re
from collections.abc import Mapping

from dlcheck.model.finding import Fix, Safety

PLACEHOLDERS: Mapping[str, str] = {
    "python": "the interpreter of the checked environment",
    "package": "the package that it is about, such as torch",
    "requirement": "what is asked for: a package, perhaps with a version, such as keras>=3",
    "module": "the name by which Python imports the package",
    "version": "the version that fits",
    "index": "PyTorch's wheel index of the build that fits: https://download.pytorch.org/whl/ and the variant",
    "variant": "the build that fits this machine: cpu, cu126, cu130, rocm7.2, xpu",
    "cuda": "the CUDA family that the driver serves: cuda13 (driver 580 or newer) or cuda12",
    "branch": "the branch of the NVIDIA driver, the number before the first dot",
    "gpu": "the number of the GPU, as nvidia-smi -L counts",
    "uuid": "the identifier of a MIG instance, as nvidia-smi -L prints it",
    "backend": "the backend that Keras shall use: tensorflow, jax or torch",
    "path": "the file or folder that the finding is about",
    "variable": "the environment variable that the finding is about",
    "user": "your user name",
    "kernel": "the release of the running kernel, as uname -r prints it",
    "count": "the number of CPUs that this process may use",
    "interface": "the network interface that reaches the other nodes",
    "container": "the name of the container",
    "node": "the name of the node",
    "url": "the address that the finding is about",
}
"""What each blank stands for. A rule or the doctor fills those that it knows."""

TYPED = {"python": "python"}
"""What is written where no particular machine is meant."""

_BLANK = re.compile(r"\{([a-z]+)\}")


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with the known blanks filled; an unknown one becomes a word in capitals."""
    return _BLANK.sub(lambda found: values.get(found[1], found[1].upper()), text)


def blanks(fix: Fix) -> tuple[str, ...]:
    """The blanks of a fix, each once, in their order."""
    texts = [fix.text, *(word for command in fix.commands for word in command)]
    return tuple(dict.fromkeys(name for text in texts for name in _BLANK.findall(text)))


def filled(fix: Fix, values: Mapping[str, str]) -> Fix:
    """The fix for this machine. Where a blank of a command stays open, the fix is one to be done by hand.

    A requirement may be several words; each becomes a word of the command.
    """
    commands = tuple(tuple(part for word in command for part in _words(word, values)) for command in fix.commands)
    open_blanks = {name for command in fix.commands for word in command for name in _BLANK.findall(word)} - set(values)
    safety = Safety.MANUAL if open_blanks and fix.safety in (Safety.SAFE, Safety.ENVIRONMENT) else fix.safety
    return Fix(fill(fix.text, values), commands, safety)


def _words(word: str, values: Mapping[str, str]) -> list[str]:
    return fill(word, values).split() if word == "{requirement}" else [fill(word, values)]
