"""What selection takes from facts, and what --assume puts in their place."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dlcheck.devices.apple import from_profiler
from dlcheck.machine import assume, digest, machine_of
from dlcheck.model.device_facts import AmdFacts, DeviceFacts, DriverCall, Gpu, IntelFacts, NvidiaFacts
from dlcheck.model.errors import DlcheckError
from dlcheck.model.fact import Unknown
from dlcheck.model.facts import Facts
from dlcheck.model.host_facts import CpuFacts, SystemFacts
from dlcheck.model.plan import Machine
from dlcheck.model.python_facts import PythonFacts

FACTS = Facts(
    system=SystemFacts(name="linux", machine="x86_64", libc="glibc 2.36"),
    cpu=CpuFacts(flags=("avx", "avx2")),
    python=PythonFacts(version="3.12.4", implementation="cpython", bits=64, machine="x86_64"),
    devices=DeviceFacts(
        pci=(),
        nvidia=NvidiaFacts(
            driver="580.65.06",
            nvml=DriverCall(library="libnvidia-ml.so.1", code=0),
            gpus=(
                Gpu(name="NVIDIA H200", index=0, architecture="9.0"),
                Gpu(name="lost", index=1, architecture="9.0", lost=True),
            ),
        ),
    ),
)


def with_devices(**vendors) -> Facts:
    return replace(FACTS, devices=DeviceFacts(pci=(), **vendors))


def test_a_gpu_whose_driver_answers():
    here = machine_of(FACTS)
    assert (here.platform, here.python_tag, here.libc, here.avx) == ("linux_x86_64", "3.12", "glibc 2.36", True)
    assert here.driver == "580.65.06"
    assert [(one.name, one.capability, one.index) for one in here.nvidia] == [("NVIDIA H200", (9, 0), 0)]


def test_a_driver_that_does_not_answer_is_none():
    broken = NvidiaFacts(
        driver="580.65.06", nvml=DriverCall(library="x", code=18), gpus=(Gpu(name="GPU", architecture="8.6"),)
    )
    here = machine_of(with_devices(nvidia=broken))
    assert here.driver is None
    assert here.nvidia


def test_other_vendors_and_what_nobody_could_look_at():
    here = machine_of(
        with_devices(
            amd=AmdFacts(gpus=(Gpu(name="MI300X", architecture="gfx942"),) * 2),
            intel=IntelFacts(gpus=(Gpu(name="Intel(R) Arc(TM) A770"),)),
        )
    )
    assert here.amd == ("gfx942",)
    assert here.intel == ("Intel(R) Arc(TM) A770",)
    blind = machine_of(replace(FACTS, devices=Unknown("no look"), cpu=Unknown("no look")))
    assert blind.nvidia == ()
    assert blind.avx is None


@pytest.mark.parametrize(
    ("system", "architecture", "platform"),
    [
        ("windows", "amd64", "win_amd64"),
        ("macos", "arm64", "macos_arm64"),
        ("macos", "x86_64", "macos_x86_64"),
        ("linux", "aarch64", "linux_aarch64"),
    ],
)
def test_platforms(system: str, architecture: str, platform: str):
    assert Machine(system=system, architecture=architecture, python="3.11.7").platform == platform


def test_assumptions_replace_what_was_found():
    here = assume(machine_of(FACTS), "driver=535.54,sm=8.6+12.0")
    assert here.driver == "535.54"
    assert [one.capability for one in here.nvidia] == [(8, 6), (12, 0)]
    assert assume(here, "sm=none").nvidia == ()
    assert assume(here, "gfx=gfx942").amd == ("gfx942",)
    assert digest(here) != digest(machine_of(FACTS))
    for wrong in ("sm", "sm=nine", "sm=9", "color=red", "driver="):
        with pytest.raises(DlcheckError):
            assume(here, wrong)


@pytest.mark.parametrize("number", ["9" * 5000 + ".0", "²", "9.²"])
def test_a_capability_that_no_number_holds_is_wrong_use(number: str):
    with pytest.raises(DlcheckError, match="is no compute capability"):
        assume(machine_of(FACTS), f"sm={number}")


def test_an_answer_nested_beyond_measure_is_no_answer():
    assert isinstance(from_profiler("[" * 100_000), Unknown)
