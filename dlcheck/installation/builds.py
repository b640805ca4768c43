"""Which published builds can run on a machine: pure questions to the table data/builds.toml."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from dlcheck.data import load
from dlcheck.model.builds import BuildTable, Release, Variant
from dlcheck.model.codec import decode
from dlcheck.model.plan import Machine, NvidiaGpu, Rejected

FRAMEWORKS = ("torch", "tensorflow", "jax")
UNKNOWN = "unknown"
"""The confidence of a row about a version that is newer than the data."""

# Code for the left does not run on the right although the rule of majors says so: Jetson and its kin have their own
# instruction sets (torch/cuda/__init__.py, DEVICE_REQUIREMENT of torch 2.15).
_EXCLUDED = {
    (5, 0): (5, 3), (5, 2): (5, 3), (6, 0): (6, 2), (6, 1): (6, 2), (7, 0): (7, 2), (8, 0): (8, 7), (8, 6): (8, 7),
    (10, 0): (10, 1),
}  # fmt: skip
_JAX_LEAST_SM = {12: (5, 2), 13: (7, 5)}
"""JAX's installation page: SM 5.2 and newer for CUDA 12, 7.5 and newer for CUDA 13."""


@functools.cache
def table() -> BuildTable:
    """The table as shipped."""
    return decode(BuildTable, load("builds.toml"), "builds.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuBuild:
    """A build with GPU code, and the GPUs of the machine that it runs on."""

    release: Release
    variant: str
    cuda_major: int
    least_driver: str
    on_default_index: bool
    covers: tuple[int, ...]
    by_ptx: bool
    source: str
    confidence: str
    oldest: str = ""
    """The oldest release before it that runs on the same GPUs, without a gap in between: as far back may a resolver go."""


def releases(known: BuildTable, framework: str) -> tuple[Release, ...]:
    """All releases of a framework, newest first."""
    return tuple(one for one in known.release if one.framework == framework)


def misfit(release: Release, machine: Machine) -> str | None:
    """Why no wheel of the release can be installed here, None where one can."""
    pythons = release.python.get(machine.platform, "").split()
    if not pythons:
        return f"no wheel for {platform_words(machine)}"
    if machine.python_tag not in pythons:
        return f"wheels for Python {span(pythons)} only"
    least = release.least_system.get(machine.platform)
    if least and machine.system == "linux" and machine.libc:
        family, _, version = machine.libc.partition(" ")
        if family == "glibc" and older(version, least):
            return f"needs glibc {least} or newer, this system has {version}"
    if least and machine.system == "macos" and machine.macos and older(machine.macos, least):
        return f"needs macOS {least} or newer, this is {machine.macos}"
    return None


def fitting(known: BuildTable, framework: str, machine: Machine, wanted: SpecifierSet) -> tuple[Release, ...]:
    """Releases that the specifier allows and that have a wheel for this interpreter and system, newest first."""
    return tuple(
        one
        for one in releases(known, framework)
        if wanted.contains(one.version, prereleases=True) and misfit(one, machine) is None
    )


def is_newer_than_table(known: BuildTable, framework: str, wanted: SpecifierSet) -> bool:
    """Whether the specifier names a version above everything that the table knows."""
    newest = max(Version(one.version) for one in releases(known, framework))
    for clause in wanted:
        try:
            named = Version(clause.version.removesuffix(".*"))
        except InvalidVersion:
            continue
        if clause.operator in ("==", ">=", ">", "~=", "===") and Version(named.public) > newest:
            return True
    return False


def extended(known: BuildTable, framework: str, version: str, machine: Machine) -> BuildTable:
    """The table with a version that is newer than all it knows, taken to be as the newest one until its wheel says otherwise.

    Which Pythons it has wheels for is left to the tags of the wheels.
    """
    newest = releases(known, framework)[0]
    pythons = newest.python.get(machine.platform)
    python = {machine.platform: f"{pythons} {machine.python_tag}"} if pythons else {}
    release = replace(
        newest, version=version, python=newest.python | python, companions={}, confidence=UNKNOWN, least_system={},
        source=f"as {framework} {newest.version}: newer than the data",
    )  # fmt: skip
    minor = ".".join(version.split(".")[:2])
    like = variants(known, newest, machine) if framework == "torch" else ()
    rows = tuple(replace(one, minor=minor, confidence=UNKNOWN, source=release.source) for one in like)
    return replace(known, release=(release, *known.release), variant=(*rows, *known.variant))


def gpu_builds(
    known: BuildTable, fits: tuple[Release, ...], machine: Machine, rejected: list[Rejected]
) -> Iterator[GpuBuild]:
    """CUDA builds of the fitting releases that run on at least one GPU here, the best first of each release.

    Best is the build of the default index, then falling CUDA versions: what stands above the default is experimental.
    Reasons are kept for the builds of the newest release.
    """
    for at, release in enumerate(fits):
        for one in _cuda_variants(known, release, machine):
            reason, covers, by_ptx = _judge(known, release, machine, one)
            if reason:
                if at == 0:
                    rejected.append(Rejected(build=f"{release.framework} {release.version} {one.name}", reason=reason))
                continue
            yield _gpu_build(known, release, machine, one, covers=covers, by_ptx=by_ptx)


def going_back(fits: tuple[Release, ...], every: list[GpuBuild], build: GpuBuild) -> GpuBuild:
    """The build with the oldest release that would do as well."""
    alike = {one.release.version for one in every if (one.covers, one.by_ptx) == (build.covers, build.by_ptx)}
    before = itertools.takewhile(lambda one: one.version in alike, fits[fits.index(build.release) :])
    # A pre-release as the end of a range would let the resolver take pre-releases of all versions.
    finals = [one.version for one in before if not Version(one.version).is_prerelease]
    return replace(build, oldest=finals[-1] if finals else build.release.version)


def every_cuda_build(known: BuildTable, fits: tuple[Release, ...], machine: Machine) -> Iterator[GpuBuild]:
    """CUDA builds of the fitting releases, whatever the driver and the GPUs here can run."""
    for release in fits:
        for one in _cuda_variants(known, release, machine):
            yield _gpu_build(known, release, machine, one, covers=(), by_ptx=False)


def _gpu_build(
    known: BuildTable, release: Release, machine: Machine, one: Variant, *, covers: tuple[int, ...], by_ptx: bool
) -> GpuBuild:
    return GpuBuild(
        release=release,
        variant=one.name,
        cuda_major=_major(one),
        least_driver=least_driver(known, _major(one), machine.system) or "",
        on_default_index=release.framework != "torch" or release.default.get(machine.platform) == one.cuda,
        covers=covers,
        by_ptx=by_ptx,
        source=one.source,
        confidence=one.confidence,
    )


def _major(one: Variant) -> int:
    return numbers(one.cuda or "0")[0]


def _cuda_variants(known: BuildTable, release: Release, machine: Machine) -> Iterator[Variant]:
    """The CUDA builds of a release for this platform; those of TensorFlow and JAX are made from the release's own row."""
    if release.framework == "torch":
        rows = [one for one in variants(known, release, machine) if one.cuda]
        default = release.default.get(machine.platform, "cpu")
        ceiling = numbers(default) if default != "cpu" else max((numbers(one.cuda or "") for one in rows), default=())
        rows = [one for one in rows if numbers(one.cuda or "") <= ceiling]
        yield from sorted(rows, key=lambda one: numbers(one.cuda or ""), reverse=True)
        return
    cudas = [release.cuda] if release.cuda else [f"{one[4:]}.0" for one in sorted(release.extras.split(), reverse=True)]
    for cuda in cudas if machine.system == "linux" else ():
        yield Variant(
            framework=release.framework,
            minor=release.version,
            name="cu" + (cuda.replace(".", "") if release.cuda else cuda.partition(".")[0]),
            platform=machine.platform,
            source=release.source,
            confidence=release.confidence,
            cuda=cuda,
            sm=release.sm,
            ptx=release.ptx,
        )


def variants(known: BuildTable, release: Release, machine: Machine) -> tuple[Variant, ...]:
    """The builds of a torch release on PyTorch's own index for this platform."""
    minor = ".".join(release.version.split(".")[:2])
    return tuple(one for one in known.variant if one.minor == minor and one.platform == machine.platform)


def _judge(
    known: BuildTable, release: Release, machine: Machine, one: Variant
) -> tuple[str | None, tuple[int, ...], bool]:
    """Why not; else the GPUs it runs on, and whether some only by compiling PTX."""
    major, cuda = _major(one), one.cuda or ""
    least = least_driver(known, major, machine.system)
    if machine.driver is None or least is None:
        return "no NVIDIA driver that works", (), False
    if older(machine.driver, least):
        return f"CUDA {major} needs driver {least} or newer, this is {machine.driver}", (), False
    compiled = tuple(numbers(name) for name in _dotted(one.sm))
    virtual = tuple(numbers(name) for name in _dotted(one.ptx)) if _can_compile(known, machine, cuda) else ()
    covers = []
    by_ptx = False
    for gpu in machine.nvidia:
        if gpu.capability is None:
            continue
        if release.framework == "jax":
            runs = gpu.capability >= _JAX_LEAST_SM.get(major, (99, 0))
        else:
            runs = has_code(compiled, gpu.capability, cuda)
            if not runs and any(gpu.capability >= name for name in virtual):
                runs = by_ptx = True
        if runs:
            covers.append(gpu.index)
    if not covers:
        return f"no code for {_gpu_words(machine.nvidia)}", (), False
    return None, tuple(covers), by_ptx


def has_code(compiled: tuple[tuple[int, ...], ...], capability: tuple[int, ...], cuda: str) -> bool:
    """Whether machine code for one of ``compiled`` runs on a GPU: same major, minor not above the GPU's."""
    for one in compiled:
        if one[0] != capability[0] or one > capability:
            continue
        if _EXCLUDED.get((one[0], one[1])) == capability and not (capability == (8, 7) and numbers(cuda) >= (13, 2)):
            continue
        return True
    return False


def least_driver(known: BuildTable, cuda_major: int, system: str) -> str | None:
    """The oldest driver for a CUDA major, None where the table has none."""
    for one in known.driver:
        if one.cuda_major == cuda_major:
            return one.windows if system == "windows" else one.linux
    return None


def _can_compile(known: BuildTable, machine: Machine, cuda: str) -> bool:
    """PTX is compiled only by a driver that is at least as new as the toolkit that made it."""
    for one in known.toolkit:
        if one.cuda == cuda:
            least = one.windows if machine.system == "windows" else one.linux
            return bool(least) and machine.driver is not None and not older(machine.driver, least)
    return False


def span(pythons: list[str] | tuple[str, ...]) -> str:
    """Versions in words: 3.10 to 3.13, without the free-threaded ones."""
    plain = sorted({one for one in pythons if not one.endswith("t")}, key=numbers)
    return plain[0] if len(plain) == 1 else f"{plain[0]} to {plain[-1]}" if plain else "none"


def platform_words(machine: Machine) -> str:
    """The platform as a person says it."""
    if machine.system == "macos":
        return "a Mac with Apple silicon" if machine.architecture in ("arm64", "aarch64") else "an Intel Mac"
    return f"{machine.system.capitalize()} on {machine.architecture}"


def _gpu_words(gpus: tuple[NvidiaGpu, ...]) -> str:
    """The GPUs with their compute capabilities, each kind once."""
    kinds = dict.fromkeys(
        f"{one.name} (compute capability {'.'.join(map(str, one.capability or ())) or 'unknown'})" for one in gpus
    )
    return ", ".join(kinds)


def _dotted(names: str) -> list[str]:
    """Names of sm as capabilities: 90 becomes 9.0, 120 becomes 12.0."""
    return [f"{one[:-1]}.{one[-1]}" for one in names.split() if one.isdigit()]


def numbers(version: str) -> tuple[int, ...]:
    """The figures in a version, for comparing."""
    return tuple(int(one) for one in re.findall(r"\d+", version))


def older(version: str, least: str) -> bool:
    """Whether a dotted version is below another, as far as it is given: 580.65 is not below 580.65.06, 580.64 is."""
    pairs = zip(numbers(version), numbers(least), strict=False)
    return next((a < b for a, b in pairs if a != b), False)
