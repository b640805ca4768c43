"""Requirements between distributions (PEP 440, 508), judged for the checked interpreter. Rests on `packaging`."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping

from packaging.markers import UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from dlcheck.model.host_facts import SystemFacts
from dlcheck.model.python_facts import PythonFacts

_PLATFORMS = {
    "linux": ("linux", "Linux", "posix"),
    "windows": ("win32", "Windows", "nt"),
    "macos": ("darwin", "Darwin", "posix"),
}
# Distributions that stand for another in a requirement.
_STANDS_FOR = {
    "tensorflow": (
        "tensorflow-cpu",
        "tensorflow-gpu",
        "tensorflow-intel",
        "tensorflow-macos",
        "tensorflow-rocm",
        "tf-nightly",
    ),
    "keras": ("keras-nightly",),
    "opencv-python": ("opencv-python-headless", "opencv-contrib-python", "opencv-contrib-python-headless"),
    "triton": ("triton-windows", "pytorch-triton-rocm", "pytorch-triton"),
    "onnxruntime": ("onnxruntime-gpu", "onnxruntime-directml"),
}


def markers(python: PythonFacts, system: SystemFacts | None) -> dict[str, str] | None:
    """The marker environment of the interpreter; None where its version is not known."""
    version = python.version
    if not isinstance(version, str):
        return None
    name = (system.name if system else None) or "linux"
    sys_platform, platform_system, os_name = _PLATFORMS.get(name, (name, name.capitalize(), "posix"))
    implementation = python.implementation or "cpython"
    return {
        "python_version": ".".join(version.split(".")[:2]),
        "python_full_version": version,
        "implementation_name": implementation,
        "implementation_version": version,
        "platform_python_implementation": {"cpython": "CPython", "pypy": "PyPy"}.get(implementation, implementation),
        "platform_machine": python.machine or (system.machine if system else None) or "",
        "platform_release": (system.release if system else None) or "",
        "platform_system": platform_system,
        "platform_version": "",
        "sys_platform": sys_platform,
        "os_name": os_name,
        "extra": "",
    }


def unmet(
    requires: Iterable[str], versions: Mapping[str, str | None], environment: Mapping[str, str]
) -> Iterator[tuple[str, str, str | None]]:
    """(name, specifier, installed version or None) of each requirement that does not hold. Extras are left out."""
    for text in requires:
        requirement = _parse(text)
        if requirement is None:
            continue
        if requirement.marker is not None:
            try:
                if not requirement.marker.evaluate(dict(environment)):
                    continue
            except (UndefinedComparison, UndefinedEnvironmentName, InvalidVersion):
                continue
        name = canonicalize_name(requirement.name)
        have = next((one for one in (name, *_STANDS_FOR.get(name, ())) if one in versions), None)
        if have is None:
            yield name, str(requirement.specifier), None
            continue
        version = versions[have]
        if version and have == name and not satisfies(version, str(requirement.specifier)):
            yield name, str(requirement.specifier), version


def of_extra(requires: Iterable[str], extra: str) -> Iterator[tuple[str, str]]:
    """(name, specifier) of each requirement of an extra, which a regular expression names; other markers are left out."""
    for text in requires:
        plain, found = re.subn(rf"\s*;\s*extra\s*==\s*['\"](?:{extra})['\"]\s*$", "", text)
        requirement = _parse(plain) if found else None
        if requirement is not None:
            yield canonicalize_name(requirement.name), str(requirement.specifier)


@functools.lru_cache(maxsize=4096)
def _parse(text: str) -> Requirement | None:
    """The requirement; None for one of an extra, and for one that is not written as the standard says."""
    if re.search(r"\bextra\s*==", text):
        return None
    try:
        return Requirement(text)
    except InvalidRequirement:
        return None


def satisfies(version: str, specifier: str) -> bool:
    """Whether the version is in the range; True where one of the two is not written as PEP 440 says."""
    try:
        return SpecifierSet(specifier).contains(Version(version), prereleases=True)
    except (InvalidVersion, InvalidSpecifier):
        return True
