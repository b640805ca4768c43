"""CUDA libraries: those of the wheels, and others that the loader may take in their place."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dlcheck.checks import built, requirements
from dlcheck.checks import gpu_facts as gpu
from dlcheck.checks.nvidia_cards import version
from dlcheck.checks.rule import rule
from dlcheck.model.fact import NotApplicable, known, or_none
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Evidence, Finding, Rule
from dlcheck.model.profile import Profile, Severity
from dlcheck.model.python_facts import Distribution, FrameworkFacts

GROUP = "CUDA"
# SONAME to the wheel that carries the library, without its CUDA family.
WHEELS = {
    "libcudnn": "nvidia-cudnn",
    "libnccl": "nvidia-nccl",
    "libcublasLt": "nvidia-cublas",
    "libcublas": "nvidia-cublas",
    "libcudart": "nvidia-cuda-runtime",
    "libnvrtc": "nvidia-cuda-nvrtc",
    "libcusparse": "nvidia-cusparse",
    "libcusolver": "nvidia-cusolver",
    "libcufft": "nvidia-cufft",
    "libnvJitLink": "nvidia-nvjitlink",
}
STRICT = ("libcudnn", "libnccl", "libcublas", "libcublasLt")


def _wheels(facts: Facts) -> dict[str, Distribution]:
    """The CUDA library wheels installed, by name."""
    found = {one.name: one for one in known(facts.distributions) if one.name.startswith("nvidia-")}
    if not any(re.match(r"nvidia-(cudnn|cublas|cuda-runtime|nccl)", name) for name in found):
        raise NotApplicable("no wheel with CUDA libraries is installed")
    return found


@rule(
    "DL700",
    "LD_LIBRARY_PATH puts no CUDA library before those of the wheels",
    group=GROUP,
    needs=("devices", "distributions", "frameworks"),
    causes=("ld-library-path-shadows-wheel-libs",),
)
def shadowing(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """Wheels bring the CUDA libraries they were tested with; the loader searches LD_LIBRARY_PATH before their RUNPATH.

    Compared by exact name: only a libcudnn.so.9 takes the place of a libcudnn.so.9. An older one is an error for cuDNN,
    and for NCCL and cuBLAS unless a framework was seen to list the GPU with it; the same version is no matter; a newer
    one, or one of unknown version, a warning. Conda builds use such libraries by design and are not judged. Source:
    ld.so(8), JAX's installation page.
    """
    wheels = _wheels(facts)
    shadows = known(gpu.devices_of(facts).loader_libraries)
    told: set[str] = set()
    works = gpu.seen_by_framework(facts)
    for one in shadows:
        base = one.name.partition(".so.")[0]
        stem = WHEELS.get(base) or ("nvidia-cudnn" if base.startswith("libcudnn") else None)
        wheel = next((held for name, held in wheels.items() if stem and name.startswith(stem)), None)
        if wheel is None or stem is None or stem in told:
            continue
        family = re.search(r"-cu(\d+)$", wheel.name)
        # libcudnn.so.8 does not stand in the way of a wheel with libcudnn.so.9.
        major = one.name.rpartition(".")[2]
        own_major = (wheel.version or "").partition(".")[0] if stem != "nvidia-nccl" else "2"
        if major != own_major and not (family and major == family[1]):
            continue
        ours = version(wheel.version or "")[:3]
        theirs = version(one.version or "")[:3]
        if theirs and ours and theirs == ours[: len(theirs)]:
            continue
        strict = base.startswith("libcudnn") or (base in STRICT and not works)
        older = bool(theirs and ours and theirs < ours and strict)
        told.add(stem)
        yield Finding(
            cause="ld-library-path-shadows-wheel-libs",
            subject=one.name,
            severity=Severity.ERROR if older else Severity.WARNING,
            message=f"LD_LIBRARY_PATH puts {one.path} ({one.version or 'version unknown'}) before {wheel.name} {wheel.version}",
            evidence=(
                Evidence("devices.loader_libraries", one.path),
                Evidence(f"distributions.{wheel.name}", wheel.version or "?"),
            ),
        )


@rule(
    "DL701",
    "No stub of libcuda lies on the loader's path",
    group=GROUP,
    needs=("devices",),
    causes=("cuda-stub-library-loaded",),
    severity=Severity.WARNING,
)
def stub(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """The toolkit's folder stubs holds a libcuda for linking, which does nothing.

    It is loaded where it is called libcuda.so.1 and lies in LD_LIBRARY_PATH. The folder alone is harmless, because
    its file is called libcuda.so. Source: cuda.h (CUDA_ERROR_STUB_LIBRARY), CUDA toolkit.
    """
    devices = gpu.devices_of(facts)
    found = [one for one in known(devices.loader_libraries) if one.name == "libcuda.so.1"]
    stack = or_none(devices.nvidia)
    works = stack is not None and gpu.answers(stack.libcuda)
    for one in found:
        if not works:
            yield Finding(
                cause="cuda-stub-library-loaded",
                message=f"LD_LIBRARY_PATH leads to the toolkit's stub {one.path} in place of the driver's libcuda",
                evidence=(Evidence("devices.loader_libraries", one.path),),
            )


@rule(
    "DL702",
    "The CUDA wheels are of one family",
    group=GROUP,
    needs=("distributions",),
    causes=("two-cuda-wheel-families",),
    severity=Severity.WARNING,
)
def one_family(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """Wheels such as nvidia-cudnn-cu11 and -cu12 unpack into the same folders and overwrite each other's files.

    Judged: the same library in two families. Leftovers of one library alone do no harm. The wheels of CUDA 13 carry no
    suffix for most libraries and a folder of their own, so that only those with a suffix are compared. Source: the
    wheels' RECORD files.
    """
    _wheels(facts)
    families: dict[str, list[str]] = {}
    for one in known(facts.distributions):
        found = re.fullmatch(r"(nvidia-[a-z-]+?)-cu(\d+)", one.name)
        if found:
            families.setdefault(found[1], []).append(one.name)
    # cuDNN and NCCL keep their folder in every family; the other libraries of CUDA 13 moved to nvidia/cu13.
    doubled = {stem: sorted(names) for stem, names in sorted(families.items()) if len(names) > 1}
    if doubled:
        first = next(iter(doubled.values()))
        others = f", and {len(doubled) - 1} more pairs" if len(doubled) > 1 else ""
        yield Finding(
            cause="two-cuda-wheel-families",
            message=f"{' and '.join(first)} unpack into one folder{others}",
            evidence=tuple(Evidence("distributions", name) for names in doubled.values() for name in names),
        )


@rule(
    "DL703",
    "The CUDA wheels are the versions that PyTorch asks for",
    group=GROUP,
    needs=("distributions",),
    causes=("cuda-libs-older-than-build", "cudnn-major-mismatch", "cuda-libs-missing"),
)
def pinned(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """PyTorch's wheel pins each CUDA wheel exactly; another package's installation can exchange or remove one.

    An older library than the pin is an error, a newer one of the same major a note: NVIDIA keeps minors compatible. Source: the
    Requires-Dist of the installed wheel itself.
    """
    held = {one.name: one for one in known(facts.distributions)}
    torch = held.get("torch")
    pins: dict[str, str] = {}
    for one in torch.requires if torch else ():
        found = re.match(r"(nvidia-[a-z0-9-]+)\s*\(?==\s*([\w.]+)", one)
        if found:
            pins[found[1]] = found[2]
    if not pins:
        raise NotApplicable("no PyTorch that pins CUDA wheels is installed")
    missing = []
    for name, pin in sorted(pins.items()):
        have = held.get(name)
        if have is None:
            missing.append(name)
            continue
        ours, wanted = version(have.version or ""), version(pin)
        if not ours or ours == wanted:
            continue
        other = name.startswith("nvidia-cudnn") and ours[0] != wanted[0]
        older = ours < wanted
        yield Finding(
            cause="cudnn-major-mismatch" if other else "cuda-libs-older-than-build",
            subject=name,
            severity=Severity.ERROR if older or other else Severity.NOTE,
            message=f"{name} is {have.version}; this PyTorch was built with {pin}",
            evidence=(
                Evidence(f"distributions.{name}", have.version or "?"),
                Evidence("distributions.torch.requires", pin),
            ),
        )
    # Where none of them is there (conda, NVIDIA's own builds), the libraries come another way.
    if missing and len(missing) < len(pins):
        yield Finding(
            cause="cuda-libs-missing",
            subject="torch",
            message=f"PyTorch asks for {', '.join(missing)}, and {'they are' if len(missing) > 1 else 'it is'} not installed",
            evidence=tuple(Evidence("distributions", f"{name} is missing") for name in missing),
        )


@rule(
    "DL704",
    "The CUDA toolkit fits PyTorch, for those who compile extensions",
    group=GROUP,
    needs=("toolchain", "frameworks"),
    causes=("nvcc-torch-cuda-mismatch",),
    severity=Severity.NOTE,
)
def toolkit(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """Compiling an extension needs an nvcc of the same CUDA major as PyTorch. Wheels need no toolkit at all: never an error.

    Another minor only gives a warning while compiling. Source: torch/utils/cpp_extension.py.
    """
    nvcc = known(known(facts.toolchain).nvcc)
    torch = known(facts.frameworks).get("torch")
    build = or_none(torch.build) if torch else None
    if not nvcc or not build or not build.cuda:
        raise NotApplicable("no toolkit beside a CUDA build of PyTorch")
    if version(nvcc)[0] != version(build.cuda)[0]:
        yield Finding(
            cause="nvcc-torch-cuda-mismatch",
            message=f"nvcc is of CUDA {nvcc}, PyTorch of CUDA {build.cuda}: extensions will not compile",
            evidence=(Evidence("toolchain.nvcc", nvcc), Evidence("frameworks.torch.build.cuda", build.cuda)),
        )


@rule(
    "DL705",
    "The CUDA wheels are in the ranges that TensorFlow and JAX ask for",
    group=GROUP,
    needs=("distributions", "frameworks"),
    causes=("cuda-libs-older-than-build", "cudnn-major-mismatch"),
    severity=Severity.WARNING,
)
def in_range(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """Beside PyTorch, which pins its CUDA wheels, TensorFlow and JAX may find a cuDNN that is older than their own.

    Both name ranges in an extra (tensorflow[and-cuda], jax-cuda12-plugin[with-cuda]), which pip forgets once it has
    installed. TensorFlow then refuses its first convolution and JAX its plugin: an error for cuDNN unless JAX was seen to
    list the GPU, a warning for the others. A CPU build of TensorFlow reads none of them. Source: the Requires-Dist of
    the installed wheels; jax_plugins/cuda/__init__.py.
    """
    held = {one.name: one for one in known(facts.distributions)}
    frameworks = known(facts.frameworks)
    judged = False
    for carrier, name, command in _with_extras(held, frameworks):
        for wheel, wanted in requirements.of_extra(carrier.requires, "and[-_]cuda|with[-_]cuda"):
            have = held.get(wheel)
            if have is None or not have.version:
                continue
            judged = True
            if requirements.satisfies(have.version, wanted):
                continue
            strict = wheel.startswith("nvidia-cudnn")
            newer = strict and version(have.version)[0] > max(
                version(one)[0] for one in re.findall(r">=?\s*([\d.]+)", wanted)
            )
            yield Finding(
                cause="cudnn-major-mismatch" if newer else "cuda-libs-older-than-build",
                subject=name,
                severity=Severity.ERROR if strict else None,
                message=f"{wheel} is {have.version}; {built.title(name, frameworks[name])} asks for {wanted}",
                evidence=(
                    Evidence(f"distributions.{wheel}", have.version),
                    Evidence(f"distributions.{carrier.name}.requires", f"{wheel}{wanted}"),
                ),
                about={"package": f"{wheel}{wanted}" if newer else command},
            )
    if not judged:
        raise NotApplicable("no CUDA wheels beside a GPU build of TensorFlow or JAX")


def _with_extras(
    held: dict[str, Distribution], frameworks: dict[str, FrameworkFacts]
) -> Iterable[tuple[Distribution, str, str]]:
    """The distributions that name ranges for CUDA wheels, their framework, and what pip is asked for to mend it."""
    tensorflow = frameworks.get("tensorflow")
    build = or_none(tensorflow.build) if tensorflow else None
    if tensorflow and build and build.cuda:
        for carrier in tensorflow.distributions:
            if carrier in held:
                yield held[carrier], "tensorflow", f"{carrier}[and-cuda]"
    jax = frameworks.get("jax")
    if jax and not built.sees_gpu(jax):
        for name, one in held.items():
            if re.fullmatch(r"jax-cuda\d+-plugin", name):
                yield one, "jax", f"jax[{name[4:10]}]"


RULES: tuple[Rule, ...] = (
    shadowing,
    stub,
    one_family,
    pinned,
    toolkit,
    in_range,
)
