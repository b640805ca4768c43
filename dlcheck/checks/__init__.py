"""Pure rules, one file a subject. A new rule is a function in its subject's file and one line here, or in its file's RULES.

Codes: DL1xx machine, DL2xx network, DL3xx editors and notebooks, DL4xx Python and its packages, DL5xx frameworks,
DL6xx devices and drivers, DL7xx CUDA libraries and toolchain, DL8xx containers and clusters. A code is never reused.
"""

from __future__ import annotations

from dlcheck.checks import (
    cpu,
    cuda_path,
    disk,
    frameworks,
    gpu_builds,
    memory,
    network,
    nvidia,
    nvidia_calls,
    packages,
    python,
    visibility,
    workplace,
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
    cuda_path.cuda_path,
    nvidia.gpu_asked_for,
    nvidia.kernel_driver,
    nvidia.one_release,
    nvidia.driver_fits_card,
    nvidia_calls.device_nodes,
    nvidia_calls.libcuda_loads,
    nvidia_calls.cuda_starts,
    nvidia_calls.nvml_answers,
    nvidia_calls.all_cards_reported,
    visibility.visible_devices,
    gpu_builds.driver_new_enough,
    gpu_builds.code_for_capability,
    gpu_builds.gpu_build,
    gpu_builds.framework_lists_gpu,
    visibility.other_masks,
)
