"""Which library files a framework really loaded, as the memory map of the child that imported it shows."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dlcheck.checks.cuda_libs import WHEELS
from dlcheck.checks.rule import rule
from dlcheck.model.fact import NotApplicable, known, or_none
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Evidence, Finding
from dlcheck.model.profile import Profile, Severity
from dlcheck.model.python_facts import PythonFacts


def _mapped(facts: Facts) -> dict[str, tuple[str, ...]]:
    """The files that each framework mapped; nothing to judge where none was imported on Linux."""
    runs = {name: or_none(one.run) for name, one in known(facts.frameworks).items()}
    found = {name: run.libraries for name, run in runs.items() if run and run.result == "found" and run.libraries}
    if not found:
        raise NotApplicable("no framework was seen to load such a library")
    return found


@rule(
    "DL510",
    "One OpenMP library of Intel's kind is loaded",
    group="Frameworks",
    needs=("frameworks",),
    causes=("duplicate-openmp-runtime",),
    severity=Severity.WARNING,
)
def one_openmp(facts: Facts, profile: Profile) -> Iterator[Finding]:  # noqa: ARG001
    """Two files of Intel's or LLVM's OpenMP (libiomp5, libomp) in one process stop it with "OMP: Error #15", or make it slow.

    Judged by what is mapped after the import, never by what lies on the disk. GNU's libgomp does not count: PyTorch's wheel
    brings one, scikit-learn another, and they do not mind each other. Source: tried with torch 2.13; text of the library.
    """
    for name, paths in _mapped(facts).items():
        both = [path for path in paths if re.search(r"/lib(?:iomp5|omp)\b[^/]*$", path)]
        if len(both) > 1:
            yield Finding(
                cause="duplicate-openmp-runtime",
                subject=name,
                message=f"importing {name} loads two OpenMP libraries: {both[0]} and {both[1]}",
                evidence=tuple(Evidence(f"frameworks.{name}.run.libraries", path) for path in both),
            )


@rule(
    "DL709",
    "The CUDA libraries that are loaded are those of the environment",
    group="CUDA",
    needs=("frameworks", "distributions", "python"),
    causes=("ld-library-path-shadows-wheel-libs",),
    severity=Severity.WARNING,
)
def own_libraries(facts: Facts, profile: Profile) -> Iterator[Finding]:  # noqa: ARG001
    """A CUDA library from outside of the environment was loaded, though a wheel in it brings the same one.

    This is seen, not guessed from LD_LIBRARY_PATH (DL700): a program that loads another copy first, ldconfig, RPATH of an
    extension do it too. Builds without such wheels (conda, NVIDIA's images, distributions) use the system's by design.
    Source: /proc/self/maps of the child; ld.so(8).
    """
    wheels = [one.name for one in known(facts.distributions) if one.name.startswith("nvidia-")]
    python = known(facts.python)
    for name, paths in _mapped(facts).items():
        foreign = [path for path in paths if _wheel_of(path, wheels) and not _inside(path, python)]
        if foreign:
            yield Finding(
                cause="ld-library-path-shadows-wheel-libs",
                subject=name,
                message=f"{name} loaded {foreign[0]}, not the copy of {_wheel_of(foreign[0], wheels)}",
                evidence=tuple(Evidence(f"frameworks.{name}.run.libraries", path) for path in foreign),
            )


def _wheel_of(path: str, wheels: list[str]) -> str | None:
    """The installed wheel that brings this library; its parts are cuDNN's too (libcudnn_ops)."""
    base = path.rpartition("/")[2].partition(".so")[0]
    stem = WHEELS.get(base) or ("nvidia-cudnn" if base.startswith("libcudnn") else None)
    return next((one for one in wheels if stem and re.fullmatch(rf"{stem}(-cu\d+)?", one)), None)


def _inside(path: str, python: PythonFacts) -> bool:
    """Whether a file lies in the environment, or wherever this interpreter imports from."""
    places = (python.prefix, python.user_site, *python.site_packages, *python.path)
    return any(path.startswith(place.rstrip("/") + "/") for place in places if place)


RULES = (one_openmp, own_libraries)
