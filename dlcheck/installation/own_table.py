"""What a wheel says of itself, against what the data said when it was chosen. Where the two disagree, the wheel wins.

torch writes its toolkit into torch/version.py, TensorFlow into build_info.py. A wheel that is newer than the data is asked
before it is fetched, by ranges; every wheel is asked once it is here, before the target gets it: ahead of unpacking where
it goes into an environment as it is, else out of the one that is staged beside the target.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from dlcheck.installation import builds
from dlcheck.installation.prepared import Prepared
from dlcheck.installers.lock import LockedWheel
from dlcheck.model.builds import BuildTable
from dlcheck.model.plan import Build, Machine

_FILES = {
    "torch": ("torch", "torch/version.py"),
    "tensorflow": ("tensorflow", "tensorflow/python/platform/build_info.py"),
    "tensorflow-cpu": ("tensorflow", "tensorflow/python/platform/build_info.py"),
}
"""By distribution: the framework, and the file in the wheel that names its toolkit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnTable:
    """The toolkits that a wheel was built with, None for those it was built without."""

    cuda: str | None = None
    rocm: str | None = None
    xpu: str | None = None


def read(text: str) -> OwnTable | None:
    """The table in torch/version.py or TensorFlow's build_info.py; None where it has a form unknown here."""
    if re.search(r"^build_info\s*=", text, re.MULTILINE):
        cuda = re.search(r"""['"]cuda_version['"]\s*[:,]\s*['"](?:v?)([\d.]+)""", text)
        rocm = re.search(r"""['"]is_rocm_build['"]\s*[:,]\s*True""", text)
        return OwnTable(cuda=cuda[1] if cuda else None, rocm="yes" if rocm else None)
    pairs = dict(re.findall(r"^(cuda|hip|xpu)(?:\s*:[^=\n]+)?\s*=\s*(?:'([^']*)'|None)", text, re.MULTILINE))
    if "cuda" not in pairs:
        return None
    return OwnTable(cuda=pairs["cuda"] or None, rocm=pairs.get("hip") or None, xpu=pairs.get("xpu") or None)


def objection(build: Build, own: OwnTable, machine: Machine, known: BuildTable, others: frozenset[int]) -> str | None:
    """Why a chosen build cannot serve, as its own table has it; None where it can. Pure.

    ``others`` are the CUDA majors of the other chosen builds: two in one environment overwrite each other's files.
    """
    name = f"{build.framework} {build.version or ''}".strip()
    cuda = own.cuda if not own.rocm else None
    if build.variant.startswith("cu"):
        if cuda is None:
            return f"{name} was chosen for CUDA, and its own table says that it was built without"
        major = builds.numbers(cuda)[0]
        if major == build.cuda_major:
            return None
        least = builds.least_driver(known, major, machine.system)
        if least is None:
            return f"{name} is built for CUDA {cuda}, of which dlcheck's data of {known.as_of} knows no driver"
        if machine.driver is None or builds.older(machine.driver, least):
            return f"{name} is built for CUDA {cuda}, which needs driver {least} or newer; this is {machine.driver}"
        if others - {major}:
            return f"{name} is built for CUDA {cuda}, and the others for CUDA {min(others - {major})}: they need two environments"
        return None
    if build.variant.startswith("rocm") and not own.rocm:
        return f"{name} was chosen for ROCm, and its own table says that it was built without"
    if build.variant == "xpu" and not own.xpu:
        return f"{name} was chosen for Intel's GPUs, and its own table says that it was built without"
    # TensorFlow's plain wheel has CUDA code and brings no libraries: it serves as a CPU build.
    if build.variant == "cpu" and build.framework == "torch" and cuda:
        return f"{name} was chosen for the processor alone, and its own table says CUDA {cuda}"
    return None


def disagreement(
    prepared: Prepared, text_of: Callable[[LockedWheel, str], str | None], *, newer_only: bool
) -> str | None:
    """The first objection that a wheel of the plan raises by its own table; what cannot be read raises none.

    ``text_of`` gives a file in a wheel. ``newer_only``: those alone that the data does not know.
    """
    chosen = {one.framework: one for one in prepared.plan.selection.builds} if prepared.plan.selection else {}
    for wheel in prepared.wheels:
        framework, name = _FILES.get(wheel.name, ("", ""))
        build = chosen.get(framework)
        if build is None or (newer_only and build.confidence != builds.UNKNOWN):
            continue
        text = text_of(wheel, name)
        own = read(text) if text else None
        if own is None:
            continue
        others = frozenset(
            one.cuda_major for one in chosen.values() if one.cuda_major and one.framework in builds.FRAMEWORKS
        )
        why = objection(build, own, prepared.machine, builds.table(), others - {build.cuda_major})
        if why:
            return why
    return None
