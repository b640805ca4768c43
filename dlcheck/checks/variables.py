"""DL520-DL529: variables that a framework reads, and that hold what it refuses, or what costs speed unseen."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from dlcheck.checks import built
from dlcheck.checks import gpu_facts as gpu
from dlcheck.checks.rule import rule
from dlcheck.model import units
from dlcheck.model.fact import NotApplicable, known, or_none
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Evidence, Finding
from dlcheck.model.profile import Profile, Severity
from dlcheck.model.python_facts import FrameworkDevice, FrameworkFacts

GROUP = "Frameworks"
ALLOCATOR = ("PYTORCH_ALLOC_CONF", "PYTORCH_CUDA_ALLOC_CONF", "PYTORCH_HIP_ALLOC_CONF")
SWITCHES = ("expandable_segments", "release_lock_on_cudamalloc", "pinned_use_background_threads")
SHARES = ("garbage_collection_threshold", "per_process_memory_fraction")
LEAST_SPLIT = 20
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")
LAUNCHERS = ("TORCHELASTIC_RUN_ID", "LOCAL_RANK", "OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK")
MANY_CPUS = 4
OFF = ("", "0", "false", "none", "no", "off")
"""Values with which a switch is not on."""


@dataclass(frozen=True, slots=True)
class Switch:
    """A variable meant for finding faults: what it does, and beside what it does so (nvidia, amd, or a framework)."""

    name: str
    does: str
    beside: str


SWITCHES_FOR_DEBUGGING = (
    Switch("CUDA_LAUNCH_BLOCKING", "makes the program wait for every single GPU kernel", "nvidia"),
    Switch("CUDA_DEVICE_WAITS_ON_EXCEPTION", "makes a program that fails wait for a debugger for ever", "nvidia"),
    Switch("HIP_LAUNCH_BLOCKING", "makes the program wait for every single GPU kernel", "amd"),
    Switch("AMD_SERIALIZE_KERNEL", "makes the program wait for every single GPU kernel", "amd"),
    Switch("PYTORCH_NO_CUDA_MEMORY_CACHING", "makes PyTorch ask the driver for every single piece of memory", "nvidia"),
    Switch("JAX_DISABLE_JIT", "makes JAX run every operation by itself", "jax"),
    Switch("JAX_DEBUG_NANS", "makes JAX look at every result for NaN", "jax"),
    Switch("TF_CPP_MAX_VLOG_LEVEL", "makes TensorFlow write every one of its steps down", "tensorflow"),
)


def _installed(facts: Facts, name: str, words: str) -> FrameworkFacts:
    found = known(facts.frameworks).get(name)
    if found is None:
        raise NotApplicable(f"{words} is not installed")
    return found


@rule(
    "DL520",
    "PyTorch can read its memory setting",
    group=GROUP,
    needs=("variables", "frameworks"),
    causes=("allocator-setting-invalid",),
    severity=Severity.WARNING,
)
def allocator_setting(facts: Facts, profile: Profile) -> Iterator[Finding]:  # noqa: ARG001
    """PYTORCH_ALLOC_CONF (formerly PYTORCH_CUDA_ALLOC_CONF) is a list of name:value, separated by commas.

    Importing torch succeeds with any value; what it cannot read ends the first use of a GPU. Judged are values that every
    release refuses: "=" in place of ":", a switch that is neither True nor False, a number that is none, a
    max_split_size_mb below 20. Names that this rule does not know are left alone: each release has more of them.
    Source: c10/core/AllocatorConfig.h, and its setter tried in torch 2.13.
    """
    variables = known(facts.variables)
    named = {name: variables[name] for name in ALLOCATOR if variables.get(name, "").strip()}
    torch = _installed(facts, "torch", "PyTorch")
    build = or_none(torch.build)
    if not named:
        raise NotApplicable("no such setting")
    if build and not build.cuda and not build.rocm:
        raise NotApplicable("this PyTorch is built for the processor alone, and does not read it")
    if any(one.kind in ("cuda", "rocm") and not one.error for one in _devices(torch)):
        return
    for name, value in named.items():
        words = next(filter(None, map(_refused, _items(value))), None)
        if words:
            yield Finding(
                cause="allocator-setting-invalid",
                subject="torch",
                message=f"{name} holds {words}; PyTorch refuses it when it first uses the GPU",
                evidence=(Evidence(f"variables.{name}", value),),
                about={"variable": name},
            )


def _devices(framework: FrameworkFacts) -> tuple[FrameworkDevice, ...]:
    run = or_none(framework.run)
    return (or_none(run.devices) or ()) if run else ()


def _items(value: str) -> list[str]:
    """The items of a setting; commas within brackets belong to one value."""
    return [one.strip() for one in re.split(r",(?![^\[]*\])", value) if one.strip()]


def _refused(item: str) -> str | None:
    """What is wrong with one item, in words."""
    name, colon, value = (part.strip() for part in item.partition(":"))
    if not colon:
        return f'"{item}", which is no name:value'
    if not re.fullmatch(r"\w+", name):
        return f'the name "{name}"'
    if name in SWITCHES and value not in ("True", "False"):
        return f"{name}:{value}, which is neither True nor False"
    if name.endswith("_mb") and not re.fullmatch(r"\d+", value):
        return f"{name}:{value}, which is no number of MB"
    if name == "max_split_size_mb" and int(value) < LEAST_SPLIT:
        return f"{name}:{value}; the least is {LEAST_SPLIT}"
    if name in SHARES and not 0.0 <= _number(value) <= 1.0:
        return f"{name}:{value}, which is no share between 0 and 1"
    return None


def _number(text: str) -> float:
    """The number that the text is, NaN (which is in no range) for another text."""
    try:
        return float(text)
    except ValueError:
        return float("nan")


@rule(
    "DL521",
    "PyTorch and NumPy may use the processor as it is",
    group=GROUP,
    needs=("variables", "cpu", "frameworks"),
    causes=("thread-variable-wrong", "cpu-capability-lowered"),
    severity=Severity.WARNING,
)
def processor_held_back(facts: Facts, profile: Profile) -> Iterator[Finding]:  # noqa: ARG001
    """OMP_NUM_THREADS and its relatives set how many threads compute; ATEN_CPU_CAPABILITY which instructions PyTorch uses.

    Judged: one thread beside four CPUs and more that may be used; more than twice the threads that a container's quota
    allows; a value that is no number. A note where a GPU does the work. Programs that a launcher started are left alone:
    torchrun sets one thread for each of its processes on purpose. Source: tried with torch 2.13; torch/distributed/run.py.
    """
    variables = known(facts.variables)
    frameworks = known(facts.frameworks)
    if not frameworks:
        raise NotApplicable("no framework is installed")
    launched = any(name in variables for name in LAUNCHERS)
    severity = Severity.NOTE if any(built.sees_gpu(one) for one in frameworks.values()) else None
    for name in THREADS:
        words = None if launched or name not in variables else _threads_wrong(facts, name, variables[name].strip())
        if words:
            yield Finding(
                cause="thread-variable-wrong",
                message=words,
                severity=severity,
                evidence=(Evidence(f"variables.{name}", variables[name] or "set and empty"),),
                about={"variable": name, "count": str(_usable(facts) or "")},
            )
            break
    lowered = variables.get("ATEN_CPU_CAPABILITY", "").lower()
    flags = or_none(known(facts.cpu).flags) or ()
    if "torch" in frameworks and (
        (lowered == "default" and "avx2" in flags) or (lowered == "avx2" and "avx512f" in flags)
    ):
        yield Finding(
            cause="cpu-capability-lowered",
            message=f"ATEN_CPU_CAPABILITY={lowered} keeps PyTorch from instructions that this processor has",
            severity=Severity.NOTE if severity or lowered == "avx2" else None,
            evidence=(Evidence("variables.ATEN_CPU_CAPABILITY", lowered),),
        )


def _usable(facts: Facts) -> int | None:
    """CPUs that this process may use, by its affinity and its quota; None where nobody could look."""
    cpu = or_none(facts.cpu)
    allowed = or_none(cpu.allowed_cpus) if cpu else None
    quota = or_none(cpu.quota_cpus) if cpu else None
    if allowed is None:
        return None
    return min(allowed, max(1, math.ceil(quota))) if quota else allowed


def _threads_wrong(facts: Facts, name: str, value: str) -> str | None:
    """What is wrong with a number of threads, in words. OpenMP takes a list too, one number for each level."""
    if not re.fullmatch(r"\d+(?:\s*,\s*\d+)*", value):
        return f"{name} is {value!r}, which is no number of threads"
    threads, usable = int(value.split(",", maxsplit=1)[0]), _usable(facts)
    cpu = or_none(facts.cpu)
    if usable is None or cpu is None:
        return None
    if threads == 1 and usable >= MANY_CPUS and name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        return f"{name} is 1: only one of the {usable} CPUs that may be used computes"
    if or_none(cpu.quota_cpus) and threads > 2 * usable:
        return (
            f"{name} is {threads}, and the quota of this container or job gives {units.counted(usable, 'CPU', 'CPUs')}"
        )
    return None


@rule(
    "DL522",
    "JAX is told to use a platform that is here",
    group=GROUP,
    needs=("variables", "frameworks", "distributions", "devices"),
    causes=("jax-variable-wrong",),
    severity=Severity.WARNING,
)
def jax_platforms(facts: Facts, profile: Profile) -> Iterator[Finding]:  # noqa: ARG001
    """JAX_PLATFORMS (formerly JAX_PLATFORM_NAME) lists the platforms that JAX may use, the preferred one first.

    "cuda" alone without the CUDA plugin ends the first computation in a bare AssertionError ("cuda,cpu" falls back);
    "cpu" alone beside a plugin and a GPU that works leaves the GPU unused. Names of other vendors' plugins are left alone.
    What JAX was seen to list overrides the variable. Source: jax/_src/xla_bridge.py, tried with JAX 0.10.
    """
    variables = known(facts.variables)
    jax = _installed(facts, "jax", "JAX")
    name = next((one for one in ("JAX_PLATFORMS", "JAX_PLATFORM_NAME") if variables.get(one, "").strip()), None)
    if name is None or built.sees_gpu(jax):
        raise NotApplicable("no platform is named" if name is None else "JAX lists an accelerator")
    value = variables[name].strip()
    asked = [one.strip().lower() for one in value.split(",") if one.strip()]
    held = [one.name for one in known(facts.distributions)]
    cuda = built.cuda_of(facts, "jax", jax)
    evidence = (Evidence(f"variables.{name}", value),)
    parts = (("cuda", "JAX's CUDA plugin", cuda), ("tpu", "libtpu", any(one.startswith("libtpu") for one in held)))
    lacking = next(((platform, part) for platform, part, there in parts if platform in asked and not there), None)
    if lacking and "cpu" not in asked:
        platform, part = lacking
        yield Finding(
            cause="jax-variable-wrong",
            subject="jax",
            message=f"{name} asks for {platform}, and {part} is not installed: the first computation fails",
            severity=Severity.ERROR,
            evidence=(*evidence, Evidence("distributions", f"no {part}")),
        )
    elif set(asked) == {"cpu"} and cuda and _nvidia_works(facts):
        yield Finding(
            cause="jax-variable-wrong",
            subject="jax",
            message=f"{name} is cpu, so that JAX leaves the GPU alone",
            evidence=evidence,
        )


def _nvidia_works(facts: Facts) -> bool:
    stack = or_none(gpu.devices_of(facts).nvidia)
    return stack is not None and (gpu.counts(stack) or (gpu.answers(stack.nvml) and gpu.any_gpu(stack)))


@rule(
    "DL523",
    "No switch for finding faults is left on",
    group=GROUP,
    needs=("variables", "frameworks", "devices"),
    causes=("debug-variable-set",),
    severity=Severity.WARNING,
)
def debugging(facts: Facts, profile: Profile) -> Iterator[Finding]:  # noqa: ARG001
    """Variables that people set while they look for a fault, and that make every run after it slow.

    CUDA_LAUNCH_BLOCKING=1 is advised by CUDA's own error messages and then forgotten. Judged only beside the GPU or the
    framework that reads the variable; more words in a log (NCCL_DEBUG) harm nothing and are left alone. Source: CUDA
    programming guide, ROCm's HIP, the configuration pages of PyTorch and JAX; NVIDIA's DCGM.
    """
    variables = known(facts.variables)
    frameworks = known(facts.frameworks)
    devices = gpu.devices_of(facts)
    here = {*frameworks, *(("nvidia",) if _nvidia_works(facts) else ()), *(("amd",) if or_none(devices.amd) else ())}
    for switch in SWITCHES_FOR_DEBUGGING:
        value = variables.get(switch.name, "").strip()
        if value.lower() not in OFF and switch.beside in here:
            yield Finding(
                cause="debug-variable-set",
                subject=switch.name,
                message=f"{switch.name}={value} {switch.does}",
                evidence=(Evidence(f"variables.{switch.name}", value),),
                about={"variable": switch.name},
            )


@rule(
    "DL524",
    "Models may be downloaded",
    group=GROUP,
    needs=("variables", "distributions", "container"),
    causes=("hf-offline-flag",),
    severity=Severity.NOTE,
)
def hub_offline(facts: Facts, profile: Profile) -> Iterator[Finding]:
    """HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE is set: models come from the cache alone, and a new one "cannot be found".

    A note, because clusters set it on purpose; none inside a batch job. Source: huggingface_hub/constants.py.
    """
    if not profile.internet:
        raise NotApplicable("the profile asks for no internet")
    if known(facts.container).scheduler:
        raise NotApplicable("a batch job")
    variables = known(facts.variables)
    if not any(one.name in ("huggingface-hub", "transformers") for one in known(facts.distributions)):
        raise NotApplicable("no package of Hugging Face is installed")
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        value = variables.get(name, "")
        if value.upper() in ("1", "ON", "YES", "TRUE"):
            yield Finding(
                cause="hf-offline-flag",
                message=f"{name}={value}: models are taken from the cache and never downloaded",
                evidence=(Evidence(f"variables.{name}", value),),
                about={"variable": name},
            )
            return


RULES = (allocator_setting, processor_held_back, jax_platforms, debugging, hub_offline)
