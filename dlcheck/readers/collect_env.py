"""PyTorch's `python -m torch.utils.collect_env`, every layout since 0.5 (2018).

Source: torch/utils/collect_env.py. Since 2018 labels were added (ROCM, Clang, Libc, platform, HIP, XNNPACK, CPU, XPU,
CUDA_MODULE_LOADING), "Yes" became "True", the processor came as lscpu or Windows' wmic, and vLLM put sections of its own
behind it. The labels themselves were never renamed, so one table reads them all.
"""

from __future__ import annotations

import re
from dataclasses import replace

from dlcheck.model.device_facts import DeviceFacts, Gpu
from dlcheck.model.fact import Unknown
from dlcheck.model.facts import Facts
from dlcheck.model.host_facts import CpuFacts, SystemFacts, ToolchainFacts
from dlcheck.model.python_facts import PythonFacts
from dlcheck.readers.merge import join
from dlcheck.readers.parts import amd, cpu, devices_of, framework, gpu, nvidia, python, system, system_name, toolchain
from dlcheck.readers.paste import Paste, something
from dlcheck.readers.pattern import Pattern
from dlcheck.readers.unsaid import BUILD, PYTHON

LABELS = ("pytorch version", "is debug build", "cuda used to build pytorch", "gpu models and configuration")
GPU_LINE = Pattern(
    r"^[ \t]*(?:GPU models and configuration:[ \t]*)?GPU[ \t]+(\d+):[ \t]*(\S.*?)(?:[ \t]+\(UUID: ([\w-]+)\))?[ \t]*$",
    re.MULTILINE,
)
MIG_LINE = Pattern(r"^[ \t]*MIG[ \t]+(\d+c?[\w.+]*)[ \t]+Device[ \t]+(\d+):", re.MULTILINE)
CUDNN_FILE = Pattern(r"^[ \t]*(\S{0,200}(?:libcudnn|cudnn)[\w./\\-]*)[ \t]*$", re.MULTILINE)
BRAND = Pattern(r"^[ \t]*CPU:[ \t]*\n[ \t]*((?:Intel|Apple|AMD|VirtualApple)[^\n:]{2,60})$", re.MULTILINE, needs="CPU:")
ARCHITECTURE = Pattern(r"^(.*?)\s*\((x86_64|aarch64|arm64|ppc64le|AMD64|i[3-6]86|s390x|riscv64|armv7l)\)$")
BITS = Pattern(r"\((\d\d)[- ]bit(?: runtime)?\)")
NOTED = (
    "is xnnpack available",
    "cuda_module_loading set to",
    "is xpu available",
    "hip runtime version",
    "miopen runtime version",
    "caching allocator config",
    "vllm version",
    "vllm build flags",
    "rocm version",
    "neuron sdk version",
)


def read(paste: Paste) -> Facts | None:
    """Facts of the block; None where fewer than two of its labels stand."""
    if sum(paste.names(label) for label in LABELS) < 1:
        return None
    value = paste.value
    cuda, rocm = value("cuda used to build pytorch"), value("rocm used to build pytorch")
    version, available = value("pytorch version"), value("is cuda available")
    version = version.split()[0] if version else None
    if value("is xpu available") == "True":
        available = "True"
    elif available and system_name(value("os")) == "macos":
        available = "True" if available in {"True", "Yes"} else None  # MPS is not asked about
    torch = framework("torch", version, cuda=cuda, rocm=rocm, debug=value("is debug build"), gpu=available)
    xpu = value("xpu used to build pytorch") or ("yes" if version and "+xpu" in version else None)
    if xpu or (not cuda and paste.pairs.get("cuda used to build pytorch", [""])[0].lower() == "none"):
        torch = replace(torch, build=replace(BUILD, cuda=cuda, rocm=rocm, xpu=xpu))
    notes = {name: said for name in NOTED if (said := value(name))}
    return Facts(
        system=_system(paste),
        toolchain=_toolchain(paste),
        python=_python(paste),
        frameworks={"torch": torch} if version or cuda else Facts().frameworks,
        devices=_devices(paste),
        cpu=_cpu(paste),
        notes=notes,
    )


def _cpu(paste: Paste) -> CpuFacts | Unknown:
    """On a Mac the section holds the brand alone, where Linux prints lscpu and Windows its own labels."""
    match = BRAND.search(paste.text)
    return cpu(brand=match[1].strip()) if match else Facts().cpu


def _system(paste: Paste) -> SystemFacts:
    printed = paste.value("os")
    machine = None
    if printed and (match := ARCHITECTURE.match(printed)):
        machine = match[2]
    return system(
        name=system_name(printed),
        distribution=printed,
        machine=machine,
        libc=paste.value("libc version"),
        platform=paste.value("python platform"),
    )


def _toolchain(paste: Paste) -> ToolchainFacts:
    return toolchain(
        gcc=paste.value("gcc version"),
        clang=paste.value("clang version"),
        cmake=paste.value("cmake version"),
        nvcc=paste.value("cuda runtime version"),
        cudnn=_cudnn(paste),
    )


def _cudnn(paste: Paste) -> str | None:
    printed = paste.value("cudnn version")
    if printed and "following" not in printed.lower():
        return printed
    return "\n".join(CUDNN_FILE.words(paste.text)) or printed


def _python(paste: Paste) -> PythonFacts:
    printed = paste.value("python version")
    if not printed:
        return PYTHON
    bits = BITS.search(printed)
    version = printed.split("(64-bit")[0].split("(32-bit")[0].split("|")[0].strip()
    short = version.split()[0] if version else printed
    return python(version=short, bits=int(bits[1]) if bits else None)


def _devices(paste: Paste) -> DeviceFacts:
    listed = {(index, name): gpu(name, index=int(index), uuid=uuid) for index, name, uuid in GPU_LINE.rows(paste.text)}
    gpus = list(listed.values())
    if not gpus:
        gpus = _unnumbered(paste)
    profiles = tuple(f"MIG {profile}" for profile, _ in MIG_LINE.rows(paste.text))
    if profiles and gpus:
        gpus[0] = replace(gpus[0], mig_profiles=profiles, mig_enabled=True)
    facts = devices_of(tuple(gpus))
    driver = paste.value("nvidia driver version")
    hip, miopen = paste.value("hip runtime version"), paste.value("miopen runtime version")
    if driver:
        facts = join(facts, nvidia(driver=driver))
    if hip or miopen:
        facts = join(facts, amd(hip=hip, miopen=miopen))
    return facts


def _unnumbered(paste: Paste) -> list[Gpu]:
    """Builds for macOS and ROCm builds print the bare name, one a line or after the label."""
    for printed in paste.pairs.get("gpu models and configuration", ()):
        said = something(printed)
        if said and not said.lower().startswith(("gpu ", "cuda")):
            return [gpu(said)]
    return []
