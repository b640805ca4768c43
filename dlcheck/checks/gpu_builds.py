"""Whether the installed frameworks were built for the GPU and the driver that are here."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dlcheck.checks import built
from dlcheck.checks import gpu_facts as gpu
from dlcheck.checks.nvidia_cards import minimum_driver, version
from dlcheck.checks.rule import rule
from dlcheck.model.device_facts import Gpu, NvidiaFacts
from dlcheck.model.fact import CannotJudge, NotApplicable, Unknown, known, or_none
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Evidence, Finding, Fix, Rule, Safety
from dlcheck.model.profile import Profile, Severity
from dlcheck.model.python_facts import FrameworkFacts

GROUP = "GPU"
BLACKWELL = 10.0
APART = (
    Fix(
        "Install TensorFlow in an environment of its own: it brings CUDA 12, and here that would overwrite files of the "
        "CUDA 13 libraries beside it.",
        (("dlcheck", "install", "tensorflow", "--venv", ".venv-tensorflow"),),
        Safety.SAFE,
    ),
)
NEEDS = ("devices", "frameworks", "distributions", "system")


def _working(facts: Facts) -> tuple[NvidiaFacts, tuple[Gpu, ...]]:
    """The NVIDIA stack and its GPUs, where the driver answers; nothing to judge where it does not."""
    stack = gpu.nvidia_of(facts)
    if stack.nvml is not None and isinstance(stack.nvml, Unknown) and not or_none(stack.gpus):
        raise CannotJudge(stack.nvml.why)
    found = tuple(one for one in or_none(stack.gpus) or or_none(stack.cuda_gpus) or () if not one.lost)
    if not found and not gpu.counts(stack):
        raise NotApplicable("no NVIDIA GPU answers")
    return stack, found


@rule(
    "DL611",
    "The NVIDIA driver is new enough for the CUDA of each framework",
    group=GROUP,
    needs=NEEDS,
    causes=("driver-too-old",),
)
def driver_new_enough(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """A framework brings its own CUDA libraries, and each CUDA family needs a driver of some least release.

    Linux: CUDA 11 needs 450.80.02, CUDA 12 525.60.13, CUDA 13 580.65; Windows (and WSL, whose driver is that of Windows): 452.39,
    528.33, 580. Within a family any newer toolkit runs on the family's least driver. What the framework was seen to
    do overrides the table, and so does a cuda-compat package that works. The "CUDA Version" of nvidia-smi is the highest
    that the driver supports, not something installed. Source: NVIDIA's CUDA compatibility guide.
    """
    stack = gpu.nvidia_of(facts)
    frameworks = built.frameworks(facts)
    nvml = or_none(stack.nvml)
    if nvml is not None and nvml.code == 18:
        raise NotApplicable("the driver is of two releases; the next start of the machine settles its age")
    driver = or_none(stack.driver) or or_none(stack.module)
    libcuda = or_none(stack.libcuda)
    lifted = libcuda is not None and libcuda.code == 0 and "compat" in (libcuda.path or "")
    if lifted:
        return
    supported = or_none(stack.cuda_driver)
    if not driver and not supported:
        raise NotApplicable("there is no driver whose age could be judged")
    system = "windows" if gpu.is_wsl(facts) else gpu.system_of(facts)
    for name, cuda in built.builds(facts).items():
        framework = frameworks[name]
        if cuda is None or built.sees_gpu(framework):
            continue
        family = version(cuda)[0]
        least = minimum_driver(family, system)
        old_release = bool(driver and least and version(driver) < version(least))
        # A family that came after this table: the driver itself tells the last one that it serves.
        old_family = bool((not driver or not least) and supported and version(supported)[0] < family)
        if old_release or old_family:
            has = f"driver {driver}" if driver else f"driver for CUDA {supported}"
            yield Finding(
                cause="driver-too-old",
                subject=name,
                message=f"{built.title(name, framework)} is built with CUDA {cuda}, which the {has} is too old for"
                + (f": it takes {least} or newer" if least else ""),
                evidence=(
                    Evidence("devices.nvidia.driver", driver or "unknown"),
                    Evidence(f"frameworks.{name}.build.cuda", cuda),
                ),
            )


@rule(
    "DL613",
    "The frameworks beside an NVIDIA GPU can use it",
    group=GROUP,
    needs=(*NEEDS, "python"),
    causes=(
        "cpu-only-build",
        "conda-picked-cpu-build",
        "aarch64-default-wheel-is-cpu",
        "jetson-needs-vendor-wheel",
        "windows-native-gpu-unsupported",
        "wrong-vendor-build",
    ),
)
def gpu_build(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """Beside a GPU whose driver answers, a build without CUDA trains on the processor and never says so.

    Read without importing: torch/version.py, TensorFlow's build_info.py, JAX's plugin distributions. TensorFlow since 2.11 and JAX
    have no GPU build for Windows at all; the default wheels for ARM64 Linux are CPU builds. Where another installed
    framework does use the GPU this is a warning.
    """
    stack, gpus = _working(facts)
    frameworks = built.frameworks(facts)
    builds = built.builds(facts)
    served = any(builds.values())
    # For a GPU that is too new for CUDA 12.6, PyTorch and JAX have, or will get, libraries of CUDA 13.
    thirteen = not built.shares_twelve(facts) or any(_capability(one) >= BLACKWELL for one in gpus)
    for name, cuda in builds.items():
        framework = frameworks[name]
        if cuda or built.sees_gpu(framework):
            continue
        cause, words = _build_cause(facts, stack, name, framework)
        severity = Severity.WARNING if served else Severity.ERROR
        if cause == "windows-native-gpu-unsupported":
            severity = Severity.NOTE
        build = or_none(framework.build)
        apart = name == "tensorflow" and cause == "cpu-only-build" and thirteen and len(builds) > 1
        yield Finding(
            cause=cause,
            subject=name,
            severity=severity,
            fixes=APART if apart else (),
            message=f"{built.title(name, framework)} {words}, beside an NVIDIA GPU whose driver works",
            evidence=(
                Evidence(f"frameworks.{name}.build.cuda", "none"),
                *((Evidence(f"frameworks.{name}.build.rocm", build.rocm),) if build and build.rocm else ()),
                Evidence("devices.nvidia.driver", or_none(stack.driver) or "answers"),
            ),
        )


def _capability(one: Gpu) -> float:
    """Compute capability of a GPU, 0 where nobody knows it."""
    found = re.fullmatch(r"\d+\.\d", one.architecture or "")
    return float(found[0]) if found else 0.0


def _build_cause(facts: Facts, stack: NvidiaFacts, name: str, framework: FrameworkFacts) -> tuple[str, str]:
    """Why there is no CUDA in the build: the cause, and what to call the build."""
    build = or_none(framework.build)
    if build and build.rocm:
        return "wrong-vendor-build", f"is a ROCm build (ROCm {build.rocm}, for AMD GPUs)"
    if build and build.xpu:
        return "wrong-vendor-build", "is an XPU build, for Intel GPUs"
    if stack.jetson:
        return "jetson-needs-vendor-wheel", f"is a generic wheel without CUDA on a {stack.jetson}"
    if name in ("tensorflow", "jax") and gpu.system_of(facts) == "windows":
        return "windows-native-gpu-unsupported", "has no GPU build for Windows"
    python = or_none(facts.python)
    if name == "torch" and python and python.machine == "aarch64":
        return "aarch64-default-wheel-is-cpu", "is the CPU build that is the default on ARM64"
    carriers = [one for one in or_none(facts.distributions) or () if one.name in framework.distributions]
    if any(one.installer == "conda" or one.channel for one in carriers):
        return "conda-picked-cpu-build", "is a CPU build that conda chose"
    return "cpu-only-build", "is a CPU build"


@rule(
    "DL614",
    "Each framework built for NVIDIA lists the GPU",
    group=GROUP,
    needs=("devices", "frameworks", "distributions", "variables"),
    causes=("tf-pip-cuda-libs-not-found", "cuda-libs-missing", "jax-plugin-mismatch", "gpu-not-seen-by-framework"),
)
def framework_lists_gpu(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """The last step: the card, the driver and the build are well, and the framework still lists no GPU.

    TensorFlow opens the CUDA libraries by name: from the nvidia-* wheels that tensorflow[and-cuda] brings, or from the
    system; without them it goes on with the processor. JAX drops a plugin that does not fit jaxlib. PyTorch says itself
    why it refuses, once torch.cuda.init() is called; where it says nothing, nobody can judge.
    """
    stack, _ = _working(facts)
    if not gpu.answers(stack.libcuda) or or_none(stack.cuda_devices) == 0:
        raise NotApplicable("libcuda lists no GPU; the layers below say why")
    silent = []
    frameworks = built.frameworks(facts)
    for name, cuda in built.builds(facts).items():
        framework = frameworks[name]
        if cuda is None or built.sees_gpu(framework) is not False:
            continue
        if name == "torch":
            refused = _refusal(framework)
            if refused:
                yield Finding(
                    cause="gpu-not-seen-by-framework",
                    subject=name,
                    message=f"{built.title(name, framework)} lists no GPU, though libcuda does: {refused.splitlines()[0][:300]}",
                    evidence=(Evidence("frameworks.torch.run.details.cuda_error", refused[:500]),),
                )
            else:
                silent.append(built.title(name, framework))
            continue
        if name == "jax" and (gpu.variable(facts, "JAX_PLATFORMS") or gpu.variable(facts, "JAX_PLATFORM_NAME")):
            continue  # it was told where to compute, which a rule of its own judges
        wheels = [
            one.name for one in known(facts.distributions) if one.name.startswith(("nvidia-cudnn-cu", "nvidia-cublas"))
        ]
        cause = (
            "jax-plugin-mismatch" if name == "jax" else "tf-pip-cuda-libs-not-found" if wheels else "cuda-libs-missing"
        )
        yield Finding(
            cause=cause,
            subject=name,
            message=f"{built.title(name, framework)} is built for CUDA and lists no GPU, though libcuda does",
            evidence=(
                Evidence("devices.nvidia.cuda_devices", str(or_none(stack.cuda_devices))),
                Evidence(f"frameworks.{name}.run.gpu_available", "false"),
                Evidence("distributions", ", ".join(wheels) or "no CUDA library wheel"),
            ),
        )
    if silent:
        raise CannotJudge(f"{silent[0]} lists no GPU, and every layer below it is well")


def _refusal(framework: FrameworkFacts) -> str | None:
    """What PyTorch said when it was told to start CUDA; None where it said nothing, or nobody asked."""
    run = or_none(framework.run)
    return run.details.get("cuda_error") if run else None


RULES: tuple[Rule, ...] = (driver_new_enough, gpu_build, framework_lists_gpu)
