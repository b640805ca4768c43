"""What a return code of cuInit means here. Codes: cuda.h of CUDA 12.9 and 13."""

from __future__ import annotations

from dlcheck.checks import gpu_facts as gpu
from dlcheck.model.device_facts import NvidiaFacts
from dlcheck.model.fact import Unknown, or_none
from dlcheck.model.facts import Facts


def meaning(facts: Facts, stack: NvidiaFacts, code: int) -> tuple[str, str] | None:
    """The cause of a return code of cuInit, and its words; None where another rule names the cause."""
    if code == 802:
        return "fabric-manager-not-running", "the NVLink fabric of this machine is not up"
    if code == 46:
        return "gpu-exclusive-compute-mode", "the GPU is reserved for one process, and another one has it"
    if code == 2:
        return "gpu-memory-already-taken", "not even the little memory that starting takes is free"
    if code == 36:
        return "driver-too-old", "the driver does not know a call that it is asked for"
    if code in (100, 101):
        hidden = gpu.variable(facts, "CUDA_VISIBLE_DEVICES") is not None
        if hidden or (gpu.answers(stack.nvml) and not or_none(stack.gpus)):
            return None
        if not gpu.answers(stack.nvml):
            return _alone(facts, stack)
        if any(one.mig_enabled is True for one in or_none(stack.gpus) or ()):
            return None
        if gpu.is_wsl(facts):
            return "wsl-driver-files-incomplete", "NVML lists the GPU, libcuda lists none"
        container = or_none(facts.container)
        if container is not None and container.scheduler:
            return "scheduler-gave-no-gpu", f"{container.scheduler} gave this job no GPU"
        return "driver-defect", "NVML lists the GPU, libcuda lists none"
    nodes = [path for path, said in stack.nodes.items() if said != "ok"]
    if nodes or (stack.nodes and not any("nvidia-uvm" in path for path in stack.nodes)):
        return None
    if code == 999 and gpu.answers(stack.nvml) and (or_none(stack.suspends) or 0) > 0:
        return "nvidia-uvm-broken-after-suspend", "the driver's memory part did not survive a suspend"
    if code in (304, 999) and gpu.container_kind(facts):
        return "container-lost-gpu", "the container no longer reaches the GPU"
    return ("driver-defect", "no part of the driver says why") if gpu.answers(stack.nvml) else _alone(facts, stack)


def _alone(facts: Facts, stack: NvidiaFacts) -> tuple[str, str] | None:
    """The cause where only libcuda spoke: NVML is not there, or says (9, 12) that it found no driver.

    What else NVML says is judged by its own rule. A machine on which nobody sees a module has its cause in that, but WSL
    shows none; there a Linux driver that was installed is the cause.
    """
    nvml = or_none(stack.nvml)
    said = isinstance(stack.nvml, Unknown) or (nvml is not None and (nvml.ended or nvml.code not in (None, 9, 12)))
    module = or_none(stack.module) is not None
    reachable = gpu.is_wsl(facts) or (module and any(one == "ok" for one in stack.nodes.values()))
    foreign = gpu.is_wsl(facts) and any("/wsl/" not in path for path in stack.libraries)
    if said or foreign or not reachable:
        return None
    return "driver-not-answering", "and NVML, which could say why, does not answer"
