"""In every state in which CUDA does not start although a card and its module are there, something is found."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest

from dlcheck.checks import RULES
from dlcheck.checks.judge import judge
from dlcheck.model.device_facts import DriverCall
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Finding
from dlcheck.model.host_facts import ContainerFacts, SystemFacts
from dlcheck.model.profile import Profile, Severity
from tests.checks.test_nvidia import GPU, INSIDE, with_stack, with_torch

TRAIN = Profile(name="train", gpu="required")
LAYERS = [rule for rule in RULES if rule.code[:3] in ("DL6", "DL8")]
EVERY, NO_UVM = ("/dev/nvidia0", "/dev/nvidiactl", "/dev/nvidia-uvm"), ("/dev/nvidia0", "/dev/nvidiactl")
CUDA = ("not found", 2, 3, 34, 36, 46, 100, 101, 304, 500, 802, 803, 804, 999, "hangs")
NVML = (None, 0, 4, 9, 15, 17, 18, 999, "hangs")


def call(library: str, said: Any) -> DriverCall | None:
    if said is None:
        return None
    if said == "not found":
        return DriverCall(library=library, error=f"{library}: cannot open shared object file")
    if said == "hangs":
        return DriverCall(library=library, ended="timeout", stage="init")
    return DriverCall(library=library, code=said, error=f"CODE_{said}")


def alarms(facts: Facts) -> list[Finding]:
    verdicts = judge(facts, TRAIN, LAYERS, "2026-01-01")
    assert not [one.why for one in verdicts if one.status == "crashed"]
    return [one for verdict in verdicts for one in verdict.findings if one.severity is not Severity.NOTE]


def state(cuda: Any, nvml: Any, **fields: Any) -> Facts:
    """The card of test_nvidia with what its two libraries answered; nobody imported a framework."""
    facts = with_stack(
        libcuda=call("libcuda.so.1", cuda),
        nvml=call("libnvidia-ml.so.1", nvml),
        cuda_devices=None,
        cuda_gpus=(),
        **{"gpus": (GPU,) if nvml == 0 else (), **fields},
    )
    return with_torch(facts, run=None)


@pytest.mark.parametrize("nodes", [EVERY, NO_UVM, ()], ids=["nodes", "no uvm", "no nodes"])
@pytest.mark.parametrize(
    "container", [ContainerFacts(), INSIDE, ContainerFacts(scheduler="slurm")], ids=["host", "container", "job"]
)
def test_no_state_of_a_linux_machine_is_silent(nodes: tuple[str, ...], container: ContainerFacts):
    for cuda, nvml in itertools.product(CUDA, NVML):
        facts = replace(state(cuda, nvml, nodes=dict.fromkeys(nodes, "ok")), container=container)
        assert alarms(facts), (cuda, nvml)


def test_no_state_of_wsl_is_silent():
    for cuda, nvml in itertools.product(CUDA, NVML):
        lent = {"/usr/lib/wsl/lib/libcuda.so.1.1": ""}
        facts = state(cuda, nvml, module=None, nodes={}, libraries=lent)
        facts = replace(
            facts, system=SystemFacts(name="linux", wsl=2), devices=replace(facts.devices, pci=(), dxg="ok")
        )
        assert alarms(facts), (cuda, nvml)
