"""Why a framework does not see a device: which of the doctor's findings is given as the cause."""

from __future__ import annotations

import pytest

from dlcheck.model.device_facts import DeviceFacts, Gpu, NvidiaFacts, PciDevice
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Finding
from dlcheck.smoke_unseen import cause_of, has_gpu

NVIDIA = Facts(devices=DeviceFacts(pci=(), nvidia=NvidiaFacts(gpus=(Gpu(name="L4"),))))


def found(cause, subject="", because_of=()):
    return Finding(cause=cause, message="...", subject=subject, because_of=because_of)


@pytest.mark.parametrize(
    ("framework", "findings", "cause"),
    [
        ("torch", [found("cpu-only-build", "torch"), found("driver-too-old")], "cpu-only-build"),
        ("tensorflow", [found("cpu-only-build", "torch"), found("driver-too-old")], "driver-too-old"),
        ("torch", [found("cpu-only-build", "torch", ("driver-too-old",)), found("driver-too-old")], "driver-too-old"),
        ("keras-jax", [found("jax-plugin-mismatch", "jax")], "jax-plugin-mismatch"),
        ("torch", [found("jax-plugin-mismatch", "jax")], None),
        ("torch", [], None),
    ],
)
def test_the_frameworks_own_finding_wins_unless_another_explains_it(framework, findings, cause):
    assert cause_of(framework, findings, NVIDIA) == cause


def test_without_a_gpu_nothing_else_is_the_cause():
    facts = Facts(devices=DeviceFacts(pci=()))
    assert cause_of("torch", [found("cpu-only-build", "torch")], facts) == "no-gpu-in-machine"


def test_a_gpu_that_only_the_bus_shows_is_a_gpu():
    card = PciDevice(address="0000:01:00.0", vendor="10de", device="2684", device_class="030000")
    assert has_gpu(Facts(devices=DeviceFacts(pci=(card,))))
    assert not has_gpu(Facts(devices=DeviceFacts(pci=())))
    assert has_gpu(Facts())
