"""Small pieces that many readers make: a framework, a distribution, the accelerators of one vendor."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from dlcheck.model.device_facts import DeviceFacts, Gpu
from dlcheck.model.fact import Unknown
from dlcheck.model.host_facts import CpuFacts, MemoryFacts, SystemFacts, ToolchainFacts
from dlcheck.model.python_facts import BuildFacts, Distribution, FrameworkFacts, PythonFacts
from dlcheck.readers.figures import switch
from dlcheck.readers.pattern import Pattern
from dlcheck.readers.unsaid import (
    AMD,
    APPLE,
    BUILD,
    CPU,
    DEVICES,
    FRAMEWORK,
    GPU,
    INTEL,
    MEMORY,
    NVIDIA,
    PYTHON,
    RUN,
    SYSTEM,
    TOOLCHAIN,
    UNSAID,
)

SEPARATORS = Pattern(r"[-_.]+")
FRAMEWORK_OF = {
    "torch": "torch",
    "pytorch": "torch",
    "pytorch-cpu": "torch",
    "pytorch-gpu": "torch",
    "tensorflow": "tensorflow",
    "tensorflow-cpu": "tensorflow",
    "tensorflow-gpu": "tensorflow",
    "tensorflow-intel": "tensorflow",
    "tensorflow-macos": "tensorflow",
    "tensorflow-rocm": "tensorflow",
    "tensorflow-aarch64": "tensorflow",
    "tf-nightly": "tensorflow",
    "tf-nightly-gpu": "tensorflow",
    "tensorflow-base": "tensorflow",
    "keras": "keras",
    "keras-nightly": "keras",
    "jax": "jax",
    "jaxlib": "jaxlib",
    "torchvision": "torchvision",
    "torchaudio": "torchaudio",
}


def normal(name: str) -> str:
    """A distribution's name as PEP 503 writes it."""
    low = name.lower()
    return SEPARATORS.sub("-", low) if "_" in low or "." in low or "--" in low else low


def distribution(
    name: str, version: str | None, channel: str | None = None, installer: str | None = None
) -> Distribution:
    """An installed distribution."""
    return Distribution(name=normal(name), version=version, channel=channel, installer=installer)


def frameworks_among(distributions: tuple[Distribution, ...]) -> dict[str, FrameworkFacts]:
    """The frameworks that the distributions carry; pip's word goes before conda's, which names the same files twice."""
    found: dict[str, FrameworkFacts] = {}
    for one in distributions:
        name = FRAMEWORK_OF.get(one.name)
        if name is None:
            continue
        known = found.get(name, framework(name, one.version, built=one.channel))
        found[name] = replace(known, distributions=tuple(dict.fromkeys((*known.distributions, one.name))))
    return found


def framework(
    name: str,
    version: str | None,
    *,
    cuda: str | None = None,
    cudnn: str | None = None,
    rocm: str | None = None,
    debug: str | None = None,
    git: str | None = None,
    gpu: str | None = None,
    built: str | None = None,
) -> FrameworkFacts:
    """A framework whose version, build and look at the GPU a text tells; ``built`` is conda's build string."""
    facts = replace(FRAMEWORK, name=name, version=version or FRAMEWORK.version)
    if cuda or cudnn or rocm or debug or git:
        facts = replace(facts, build=replace(BUILD, cuda=cuda, cudnn=cudnn, rocm=rocm, debug=switch(debug), git=git))
    else:
        facts = replace(facts, build=build_of(version, built))
    available = switch(gpu)
    if available is not None:
        facts = replace(facts, run=replace(RUN, version=version, gpu_available=available))
    return facts


def build_of(version: str | None, built: str | None = None) -> BuildFacts | Unknown:
    """What a local version (+cu121, +cpu, +rocm6.0) or conda's build string (py3.11_cuda12.1_cudnn8) says of the build."""
    words = f"+{version.partition('+')[2]}" if version and "+" in version else built or ""
    if match := re.search(r"(?:\+cu|cuda_?)(\d{2,3})(?!\d|\.)", words):
        return replace(BUILD, cuda=f"{match[1][:-1]}.{match[1][-1]}")
    if match := re.search(r"cuda_?(\d+\.\d[\d.]*)", words):
        cudnn = re.search(r"cudnn_?(\d[\d.]*)", words)
        return replace(BUILD, cuda=match[1].rstrip("."), cudnn=cudnn[1].rstrip(".") if cudnn else None)
    if match := re.search(r"\+rocm(\d[\d.]*)", words):
        return replace(BUILD, rocm=match[1])
    if "+xpu" in words:
        return replace(BUILD, xpu="yes")
    if re.search(r"\+cpu|(?:^|_)cpu(?:_|$)|cpu_generic|cpu_mkl", words):
        return BUILD
    return UNSAID


def nvidia(**given: Any) -> DeviceFacts:
    """DeviceFacts that speak of NVIDIA alone; what is given as None stays unsaid."""
    return replace(DEVICES, nvidia=replace(NVIDIA, **_said(given)))


def amd(**given: Any) -> DeviceFacts:
    """DeviceFacts that speak of AMD alone; what is given as None stays unsaid."""
    return replace(DEVICES, amd=replace(AMD, **_said(given)))


def intel(**given: Any) -> DeviceFacts:
    """DeviceFacts that speak of Intel alone; what is given as None stays unsaid."""
    return replace(DEVICES, intel=replace(INTEL, **_said(given)))


def apple(**given: Any) -> DeviceFacts:
    """DeviceFacts that speak of Apple alone; what is given as None stays unsaid."""
    return replace(DEVICES, apple=replace(APPLE, **_said(given)))


def toolchain(**given: Any) -> ToolchainFacts:
    """ToolchainFacts; what is given as None stays unsaid."""
    return replace(TOOLCHAIN, **_said(given))


def system(**given: Any) -> SystemFacts:
    """SystemFacts; what is given as None stays unsaid."""
    return replace(SYSTEM, **_said(given))


def system_name(printed: str | None) -> str:
    """linux, windows, macos, or nothing where the words tell none of them."""
    low = (printed or "").lower()
    if "windows" in low:
        return "windows"
    if "mac" in low or "darwin" in low:
        return "macos"
    return "linux" if printed else ""


def cpu(**given: Any) -> CpuFacts:
    """CpuFacts; what is given as None stays unsaid."""
    return replace(CPU, **_said(given))


def memory(**given: Any) -> MemoryFacts:
    """MemoryFacts; what is given as None stays unsaid."""
    return replace(MEMORY, **_said(given))


def python(**given: Any) -> PythonFacts:
    """PythonFacts; what is given as None stays unsaid."""
    return replace(PYTHON, **_said(given))


def gpu(name: str, **given: Any) -> Gpu:
    """A GPU; what is given as None stays unsaid."""
    return replace(GPU, name=name, **_said(given))


def devices_of(gpus: tuple[Gpu, ...]) -> DeviceFacts:
    """GPUs put under the vendor that their names tell; NVIDIA where the name tells none."""
    kinds: dict[str, list[Gpu]] = {}
    for gpu in gpus:
        kinds.setdefault(vendor_of(gpu.name), []).append(gpu)
    facts = DEVICES
    for vendor, found in kinds.items():
        if vendor == "amd":
            facts = replace(facts, amd=replace(AMD, gpus=tuple(found)))
        elif vendor == "intel":
            facts = replace(facts, intel=replace(INTEL, gpus=tuple(found)))
        elif vendor == "other":
            facts = replace(facts, other=tuple(one.name for one in found))
        elif vendor == "apple":
            facts = replace(facts, apple=replace(APPLE, gpus=tuple(found)))
        else:
            facts = replace(facts, nvidia=replace(NVIDIA, gpus=tuple(found)))
    return facts


def vendor_of(name: str) -> str:
    """nvidia, amd, intel, apple or other, from the words of a GPU's name."""
    low = name.lower()
    if "nvidia" in low or "geforce" in low or "quadro" in low or "tesla" in low:
        return "nvidia"
    if re.search(r"\bamd\b|radeon|instinct|advanced micro|\bati\b|\bgfx\d|vega|navi", low):
        return "amd"
    if "intel" in low or re.search(r"\b(?:arc|iris|uhd)\b", low):
        return "intel"
    if re.search(r"\bapple\b|\bm[1-9]\b", low):
        return "apple"
    return "other" if re.search(r"^hl-\d|gaudi|ascend|\b910b|\btpu\b|\bmlu\d", low) else "nvidia"


def _said(given: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value not in (None, "", ())}
