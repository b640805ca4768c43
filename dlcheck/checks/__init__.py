"""Pure rules, one file a subject. A new rule is a function in its subject's file and one line here, or in its file's RULES.

Codes: DL1xx machine, DL2xx network, DL3xx editors and notebooks, DL4xx Python and its packages, DL5xx frameworks,
DL6xx devices and drivers, DL7xx CUDA libraries and toolchain, DL8xx containers and clusters. A code is never reused.
"""

from __future__ import annotations

from dlcheck.checks import (
    amd,
    amd_system,
    apple,
    containers,
    cpu,
    cuda_libs,
    cuda_path,
    disk,
    frameworks,
    gpu_builds,
    gpu_code,
    gpu_wanted,
    intel,
    memory,
    multi_gpu,
    network,
    nvidia,
    nvidia_calls,
    nvidia_health,
    nvidia_system,
    packages,
    python,
    variables,
    visibility,
    workplace,
    wsl,
)
from dlcheck.model.finding import Rule

RULES: tuple[Rule, ...] = (
    *cpu.RULES,
    *memory.RULES,
    *disk.RULES,
    *network.RULES,
    *workplace.RULES,
    *python.RULES,
    *packages.RULES,
    *frameworks.RULES,
    *variables.RULES,
    *gpu_wanted.RULES,
    *nvidia.RULES,
    *nvidia_calls.RULES,
    *visibility.RULES,
    *gpu_builds.RULES,
    *gpu_code.RULES,
    *cuda_path.RULES,
    *nvidia_health.RULES,
    *nvidia_system.RULES,
    *amd.RULES,
    *amd_system.RULES,
    *intel.RULES,
    *apple.RULES,
    *wsl.RULES,
    *multi_gpu.RULES,
    *cuda_libs.RULES,
    *containers.RULES,
)
