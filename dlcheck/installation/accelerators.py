"""Which accelerator, and which builds use it: CUDA, ROCm, XPU, Apple. Pure; selection.py puts it together."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from packaging.version import Version

from dlcheck.installation import builds
from dlcheck.installation.builds import GpuBuild
from dlcheck.installation.wishes import Wish
from dlcheck.model.builds import BuildTable, Release, Variant
from dlcheck.model.plan import Build, Machine, Offer, Refusal, Rejected

_MAJORS = (13, 12, 11)
OUT_OF_REACH = "only PyTorch's own index has it, and that does not answer from here"
Fits = dict[str, tuple[Release, ...]]


@dataclass(slots=True)
class Choice:
    """What has been decided so far."""

    known: BuildTable
    machine: Machine
    offer: Offer
    builds: list[Build] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)


def accelerate(choice: Choice, wanted: str, wishes: dict[str, Wish], fits: Fits) -> tuple[str, str]:
    """Choose the builds that use an accelerator; its name and the reason in words."""
    machine = choice.machine
    forced = next((one.variant for one in wishes.values() if one.variant), None)
    if wanted == "auto" and forced:
        wanted = forced
    if wanted == "cpu":
        return "cpu", "CPU builds, as asked"
    if re.fullmatch(r"cu(da)?\d*", wanted):
        return _force_cuda(choice, wanted, wishes, fits)
    if wanted.startswith("rocm") or wanted == "xpu":
        return _force_own_index(choice, wanted, fits)
    if wanted == "mps":
        if machine.platform != "macos_arm64":
            reason = f"MPS is the GPU of Macs with Apple silicon, and this is {builds.platform_words(machine)}"
            choice.refusals.append(Refusal(requirement="--accelerator mps", reason=reason))
        return "mps", "Apple's GPU, as asked"
    if machine.nvidia and machine.driver:
        if found := _take_cuda(choice, wishes, fits):
            return found
    elif machine.nvidia:
        choice.warnings.append(
            f"{machine.nvidia[0].name} cannot be used: no NVIDIA driver answers. dlcheck doctor says what to do."
        )
    if machine.amd and machine.system == "linux" and "torch" in wishes and (found := _take_rocm(choice, wishes, fits)):
        return found
    if machine.intel and "torch" in wishes and (found := _take_xpu(choice, wishes, fits)):
        return found
    if machine.platform == "macos_arm64" and "torch" in wishes:
        return "mps", "Apple silicon: the plain wheel of PyTorch uses its GPU (MPS)"
    return "cpu", _why_cpu(machine)


def _why_cpu(machine: Machine) -> str:
    if machine.nvidia and machine.driver:
        return f"no build here runs on {machine.nvidia[0].name} with driver {machine.driver}"
    if machine.nvidia:
        return "no NVIDIA driver that works"
    if machine.intel:
        return f"no GPU that a framework can use ({machine.intel[0]} is not an XPU)"
    return "no GPU that a framework can use"


def _take_cuda(choice: Choice, wishes: dict[str, Wish], fits: Fits) -> tuple[str, str] | None:
    """One CUDA major for all: the one that serves most frameworks on most GPUs; among equals the newest."""
    machine = choice.machine
    best: tuple[tuple[int, ...], int, dict[str, GpuBuild]] | None = None
    for major in _MAJORS:
        found: dict[str, GpuBuild] = {}
        for name in wishes:
            every = [
                one
                for one in builds.gpu_builds(choice.known, fits[name], machine, choice.rejected)
                if one.cuda_major == major and _obtainable(choice, one)
            ]
            if every:
                most = max(len(one.covers) for one in every)
                build = next(one for one in every if len(one.covers) == most)
                if not (build.by_ptx and len(wishes) > 1 and _is_blackwell(machine)):
                    found[name] = builds.going_back(fits[name], every, build)
        score = (len(found), sum(len(one.covers) for one in found.values()), "torch" in found, major)
        if found and (best is None or score > best[0]):
            best = (score, major, found)
    if best is None:
        return None
    _, major, chosen = best
    for name, one in chosen.items():
        choice.builds.append(_cuda_build(choice, wishes[name], one))
    _warn_about_cuda(choice, wishes, chosen, major)
    name = chosen["torch"].variant if "torch" in chosen else f"cu{major}"
    gpus = dict.fromkeys(gpu.name for gpu in machine.nvidia)
    return name, f"{', '.join(gpus)} with driver {machine.driver} runs CUDA {major} builds"


def _is_blackwell(machine: Machine) -> bool:
    """Whether a GPU is newer than Hopper: TensorFlow's CUDA 12 runs there only by PTX, and holds PyTorch back."""
    return any(gpu.capability is not None and gpu.capability >= (10, 0) for gpu in machine.nvidia)


def _obtainable(choice: Choice, one: GpuBuild) -> bool:
    """Whether some source of this machine can have it."""
    if one.on_default_index or choice.offer.torch_index:
        return True
    if local_source(choice, "torch", one.release.version, one.variant):
        return True
    if choice.offer.torch_index is False:
        out_of_reach(choice, one.release, one.variant)
        return False
    return choice.offer.torch_index is None


def out_of_reach(choice: Choice, release: Release, variant: str) -> None:
    """Note that a build cannot be fetched; once a variant, for the newest release that was looked at."""
    if not any(one.reason == OUT_OF_REACH and one.build.endswith(f" {variant}") for one in choice.rejected):
        choice.rejected.append(Rejected(build=f"torch {release.version} {variant}", reason=OUT_OF_REACH))


def local_source(choice: Choice, name: str, version: str, variant: str) -> str | None:
    """Source of a wheel with exactly this local version."""
    for wheel in choice.offer.wheels:
        if wheel.name == name and wheel.version == f"{version}+{variant}":
            return wheel.source
    return None


def _cuda_build(choice: Choice, wish: Wish, one: GpuBuild, *, forced: bool = False) -> Build:
    version = one.release.version
    index: str | None = None
    if wish.framework == "torch":
        local = local_source(choice, "torch", version, one.variant)
        index = local or (None if one.on_default_index else choice.known.torch_index + one.variant)
        requirement = f"torch=={version}" + (f"+{one.variant}" if index else "")
    else:
        # Their CUDA libraries come in ranges, of torch exactly: for the sake of both an older one may have to be taken.
        extra = "and-cuda" if wish.framework == "tensorflow" else f"cuda{one.cuda_major}"
        span = f"=={version}" if one.oldest in ("", version) else f">={one.oldest},<={version}"
        more = f",{wish.versions}" if wish.versions and span[0] == ">" else ""
        requirement = f"{wish.framework}[{extra}]{span}{more}"
    return Build(
        framework=wish.framework,
        variant=one.variant,
        requirements=(requirement, *numpy_bound(one.release)),
        pinned=("torch",) if index else (),
        index=index,
        version=version,
        cuda_major=one.cuda_major,
        least_driver=one.least_driver,
        gpus=() if forced else one.covers,
        source=one.source,
        as_of=choice.known.as_of,
        confidence=one.confidence,
    )


def numpy_bound(release: Release) -> tuple[str, ...]:
    """What a torch that was built against NumPy 1 asks for."""
    # With NumPy 2 every conversion fails with "Numpy is not available".
    return ("numpy<2",) if release.before_numpy_2 else ()


def _warn_about_cuda(choice: Choice, wishes: dict[str, Wish], chosen: dict[str, GpuBuild], major: int) -> None:
    machine = choice.machine
    for name in wishes:
        if name not in chosen:
            choice.warnings.append(
                f"{name} gets its CPU build: none of its CUDA {major} builds runs here beside the others, and two CUDA "
                f"majors in one environment overwrite each other's files. For {name} on the GPU make an environment of "
                f"its own: dlcheck install {name} --venv .venv-{name}"
            )
    for name, one in chosen.items():
        left = [gpu for gpu in machine.nvidia if gpu.index not in one.covers]
        if left:
            numbers = ",".join(map(str, one.covers))
            choice.warnings.append(
                f"{name} {one.release.version} {one.variant} has no code for {left[0].name}: "
                f"set CUDA_VISIBLE_DEVICES={numbers} when you train."
            )
        if one.by_ptx:
            choice.warnings.append(
                f"{name} {one.release.version} has no machine code for this GPU: the driver compiles it at the first "
                "start, which takes minutes" + (", and some operations fail." if _is_blackwell(machine) else ".")
            )
        newest = builds.releases(choice.known, name)[0].version
        if Version(one.release.version) < Version(newest) and not wishes[name].versions:
            choice.warnings.append(f"{name} {one.release.version}, not {newest}: the newest that runs here on the GPU.")


def _force_cuda(choice: Choice, wanted: str, wishes: dict[str, Wish], fits: Fits) -> tuple[str, str]:
    """What --accelerator cuXXX asks for, whatever the machine can run; what it cannot run becomes a warning."""
    number = wanted.lstrip("cuda")
    majors = [one for one in _MAJORS if not number or number.startswith(str(one))]
    for major in majors:
        rows = {
            name: [
                one
                for one in builds.every_cuda_build(choice.known, fits[name], choice.machine)
                if one.cuda_major == major
            ]
            for name in wishes
        }
        if number not in ("", str(major)):
            rows["torch"] = [one for one in rows.get("torch", []) if one.variant == wanted]
        found = {name: row[0] for name, row in rows.items() if row}
        if not found or ("torch" in wishes and "torch" not in found):
            continue
        for name, one in found.items():
            choice.builds.append(_cuda_build(choice, wishes[name], one, forced=True))
        usable = {
            one.variant for name in found
            for one in builds.gpu_builds(choice.known, fits[name], choice.machine, [])
        }  # fmt: skip
        if not {one.variant for one in found.values()} <= usable:
            choice.warnings.append(
                f"This machine cannot run {wanted} builds as far as dlcheck sees; taken because asked for."
            )
        for name in wishes:
            if name not in found:
                choice.warnings.append(f"{name} has no CUDA {major} build here and gets its CPU build.")
        return wanted, f"{wanted}, as asked"
    choice.refusals.append(
        Refusal(
            requirement=f"--accelerator {wanted}",
            reason=f"no build of {', '.join(wishes) or 'a framework'} with {wanted} fits here; "
            + _there_are(
                [
                    (one.release, one.variant)
                    for name in wishes
                    for one in builds.every_cuda_build(choice.known, fits[name], choice.machine)
                ]
            ),
        )
    )
    return "cpu", ""


def _own_index_build(choice: Choice, release: Release, one: Variant) -> Build:
    local = local_source(choice, "torch", release.version, one.name)
    return Build(
        framework="torch",
        variant=one.name,
        requirements=(f"torch=={release.version}+{one.name}", *numpy_bound(release)),
        pinned=("torch",),
        index=local or choice.known.torch_index + one.name,
        version=release.version,
        source=one.source,
        as_of=choice.known.as_of,
        confidence=one.confidence,
    )


def _force_own_index(choice: Choice, wanted: str, fits: Fits) -> tuple[str, str]:
    for release in fits.get("torch", ()):
        for one in builds.variants(choice.known, release, choice.machine):
            if one.name == wanted:
                choice.builds.append(_own_index_build(choice, release, one))
                return wanted, f"{wanted}, as asked"
    others = [
        (release, one.name)
        for release in fits.get("torch", ())
        for one in sorted(
            builds.variants(choice.known, release, choice.machine), key=lambda row: row.name, reverse=True
        )
        if one.gfx or one.xpu
    ]
    reason = f"no PyTorch with {wanted} fits here; {_there_are(others)}"
    if "torch" not in fits:
        reason = f"of the frameworks PyTorch alone has {wanted} builds, and torch is not asked for"
    choice.refusals.append(Refusal(requirement=f"--accelerator {wanted}", reason=reason))
    return "cpu", ""


def _there_are(found: list[tuple[Release, str]]) -> str:
    """The builds that could be asked for, each with the newest version that comes in it; the newest six."""
    newest: dict[str, str] = {}
    for release, variant in found:
        newest.setdefault(variant, f"{release.framework} {release.version}")
    rows: dict[str, list[str]] = {}
    for variant, version in list(newest.items())[:6]:
        rows.setdefault(version, []).append(variant)
    words = [f"{', '.join(names)} ({version})" for version, names in rows.items()]
    return "there are " + ", ".join(words) if words else "it has none for this Python and system"


def _take_rocm(choice: Choice, wishes: dict[str, Wish], fits: Fits) -> tuple[str, str] | None:
    """The newest PyTorch with code for the AMD GPUs here."""
    for release in fits["torch"]:
        rows = [one for one in builds.variants(choice.known, release, choice.machine) if one.gfx]
        # The longest proven ROCm first: a newer one is taken for GPUs that only it has code for.
        for one in sorted(rows, key=lambda row: builds.numbers(row.name)):
            if not set(choice.machine.amd) <= set(one.gfx.split()):
                if release is fits["torch"][0]:
                    reason = f"no code for {', '.join(choice.machine.amd)}"
                    choice.rejected.append(Rejected(build=f"torch {release.version} {one.name}", reason=reason))
                continue
            if _own_index(choice, release, one):
                _warn_others(choice, wishes, "ROCm")
                return one.name, f"{', '.join(choice.machine.amd)} runs ROCm builds"
    return None


def _take_xpu(choice: Choice, wishes: dict[str, Wish], fits: Fits) -> tuple[str, str] | None:
    """The newest PyTorch for Intel GPUs, where one of them is of a kind that it has kernels for."""
    names = [
        name
        for name in choice.machine.intel
        if re.search(choice.known.xpu.supported, name) and not re.search(choice.known.xpu.unsupported, name)
    ]
    if not names:
        for name in choice.machine.intel:
            choice.rejected.append(Rejected(build="torch xpu", reason=f"{name} is not a GPU that its kernels support"))
        return None
    for release in fits["torch"]:
        for one in builds.variants(choice.known, release, choice.machine):
            if one.xpu and _own_index(choice, release, one):
                _warn_others(choice, wishes, "Intel GPUs")
                return "xpu", f"{names[0]} runs PyTorch's XPU builds"
    return None


def _own_index(choice: Choice, release: Release, one: Variant) -> bool:
    """Take a build of PyTorch's own index, unless it is known to be out of reach."""
    local = local_source(choice, "torch", release.version, one.name)
    if choice.offer.torch_index is False and not local:
        out_of_reach(choice, release, one.name)
        return False
    choice.builds.append(_own_index_build(choice, release, one))
    return True


def _warn_others(choice: Choice, wishes: dict[str, Wish], what: str) -> None:
    for name in wishes:
        if name != "torch":
            choice.warnings.append(f"{name} gets its CPU build: it has none for {what} that dlcheck can install.")
