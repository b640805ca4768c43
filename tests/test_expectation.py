from __future__ import annotations

from dataclasses import replace

import pytest

from dlcheck.checks.judge import judge
from dlcheck.expectation import CAUSE, CODES, rules
from dlcheck.model.device_facts import DeviceFacts, Gpu, NvidiaFacts
from dlcheck.model.fact import Unknown
from dlcheck.model.facts import Facts
from dlcheck.model.host_facts import CpuFacts, DiskFacts, MemoryFacts, SystemFacts
from dlcheck.model.profile import Profile
from dlcheck.model.python_facts import Distribution, PythonFacts

GPU = Gpu(name="NVIDIA H200", index=0, pci_address="0000:04:00.0", uuid="GPU-1", temperature=40.0)
GOLD = Facts(
    system=SystemFacts(name="linux", release="6.8", node="n1"),
    memory=MemoryFacts(total_bytes=64_000_000_000),
    python=PythonFacts(version="3.11.7", executable="/a/bin/python", prefix="/a"),
    distributions=(Distribution(name="torch", version="2.13.0"), Distribution(name="rich", version="14.0")),
    devices=DeviceFacts(
        nvidia=NvidiaFacts(driver="580.65.06", gpus=(GPU, replace(GPU, index=1, pci_address="0000:05:00.0")))
    ),
    frameworks={},
    variables={},
)
PROFILE = Profile(name="learn")


def found(facts: Facts, expected: Facts = GOLD) -> dict[str, list[tuple[str, str]]]:
    verdicts = judge(facts, PROFILE, rules(expected, "gold.json"), "2026-11-22")
    return {
        one.code: [(finding.severity.value if finding.severity else "", finding.message) for finding in one.findings]
        for one in verdicts
        if one.findings
    }


def nvidia(**fields: object) -> DeviceFacts:
    return DeviceFacts(nvidia=replace(GOLD.devices.nvidia, **fields))


def test_a_machine_is_like_itself_and_like_its_twin():
    assert found(GOLD) == {}
    twin = replace(
        GOLD,
        system=replace(GOLD.system, node="n2"),
        python=replace(GOLD.python, executable="/b/bin/python", prefix="/b"),
        devices=nvidia(
            gpus=tuple(
                replace(GPU, index=at, uuid=f"GPU-{at}9", pci_address=f"0000:{at}a:00.0", temperature=70.0)
                for at in (0, 1)
            )
        ),
    )
    assert found(twin) == {}


@pytest.mark.parametrize(
    ("facts", "code", "severity", "message"),
    [
        (replace(GOLD, devices=nvidia(gpus=(GPU,))), "DL901", "error", "1 x NVIDIA H200 here; 2 are expected."),
        (
            replace(GOLD, devices=nvidia(gpus=(GPU, replace(GPU, lost=True)))),
            "DL901",
            "error",
            "1 x NVIDIA H200 here; 2 are expected.",
        ),
        (replace(GOLD, devices=nvidia(gpus=(GPU, GPU, GPU))), "DL901", "note", "3 x NVIDIA H200 here; 2 are expected."),
        (
            replace(GOLD, devices=nvidia(driver="535.1")),
            "DL902",
            "warning",
            "NVIDIA driver is 535.1; 580.65.06 is expected.",
        ),
        (
            replace(GOLD, system=replace(GOLD.system, release="6.1")),
            "DL902",
            "warning",
            "Kernel is 6.1; 6.8 is expected.",
        ),
        (
            replace(GOLD, distributions=GOLD.distributions[1:]),
            "DL903",
            "error",
            "Torch is not here; 2.13.0 is expected.",
        ),
        (
            replace(GOLD, distributions=(GOLD.distributions[0], Distribution(name="rich", version="13.0"))),
            "DL903",
            "warning",
            "Rich is 13.0; 14.0 is expected.",
        ),
        (
            replace(GOLD, distributions=(*GOLD.distributions, Distribution(name="more", version="1"))),
            "DL903",
            "note",
            "More 1 is here and is not expected.",
        ),
        (
            replace(GOLD, memory=MemoryFacts(total_bytes=32_000_000_000)),
            "DL904",
            "warning",
            "Memory is 32.0 GB; 64.0 GB is expected.",
        ),
        (
            replace(GOLD, memory=MemoryFacts(total_bytes=64_000_000_000, limit_bytes=8_000_000_000)),
            "DL904",
            "warning",
            "Memory is limited to 8.0 GB; no limit is expected.",
        ),
        (
            replace(GOLD, variables={"LD_LIBRARY_PATH": "/x"}),
            "DL905",
            "note",
            "LD_LIBRARY_PATH /x is here and is not expected.",
        ),
    ],
)
def test_one_difference_is_found(facts: Facts, code: str, severity: str, message: str):
    assert found(facts) == {code: [(severity, message)]}


def test_more_memory_is_nobodys_fault():
    assert found(replace(GOLD, memory=MemoryFacts(total_bytes=128_000_000_000))) == {}


@pytest.mark.parametrize("blind", ["facts", "expected"])
def test_what_could_not_be_seen_is_unknown(blind: str):
    nothing = Facts()
    facts, expected = (nothing, GOLD) if blind == "facts" else (GOLD, nothing)
    verdicts = judge(facts, PROFILE, rules(expected, "gold.json"), "2026-11-22")
    assert {one.status.value for one in verdicts} == {"unknown"}
    assert [one.code for one in verdicts] == list(CODES)


def test_drivers_that_nobody_could_ask_are_unknown():
    blind = replace(GOLD, devices=DeviceFacts(nvidia=Unknown("no NVML")))
    verdicts = {one.code: one.status.value for one in judge(blind, PROFILE, rules(GOLD, "g"), "2026-11-22")}
    assert verdicts["DL901"] == "unknown"


def test_the_cause_is_in_the_catalogue():
    from dlcheck.data import cause

    assert cause(CAUSE)
    assert cause("plugin-broken")


CPU = CpuFacts(brand="Intel(R) Core(TM) i7-9700K CPU @ 3.60GHz", logical_cpus=8, flags=("avx", "avx2", "sse4_2"))
DISK = DiskFacts(role="environment", path="/a", total_bytes=500_000_000_000, free_bytes=200_000_000_000, writable=True)


@pytest.mark.parametrize(
    ("here", "words"),
    [
        ({}, []),
        ({"brand": "Intel(R) Core(TM) i9-9900K CPU @ 3.60GHz", "logical_cpus": 16}, []),
        (
            {"brand": "Intel(R) Core(TM) i3-8100 CPU @ 3.60GHz"},
            ["The processor (Intel(R) Core(TM) i3-8100 CPU @ 3.60GHz) is of class i3; class i7 is expected."],
        ),
        ({"brand": "QEMU Virtual CPU"}, []),
        ({"logical_cpus": 4}, ["4 logical CPUs are here; 8 are expected."]),
        ({"flags": ("avx", "sse4_2")}, ["The processor lacks avx2, which is expected."]),
        ({"flags": Unknown("no /proc"), "logical_cpus": Unknown("no /proc")}, []),
    ],
)
def test_a_lesser_processor_is_told(here: dict[str, object], words: list[str]):
    told = found(replace(GOLD, cpu=replace(CPU, **here)), replace(GOLD, cpu=CPU)).get("DL906", [])
    assert [message for _, message in told] == words


@pytest.mark.parametrize(
    ("here", "words"),
    [
        ({"free_bytes": 150_000_000_000, "path": "/elsewhere"}, []),
        ({"free_bytes": 90_000_000_000}, ["The disk for environment has free 90.0 GB; 200.0 GB is expected."]),
        ({"total_bytes": 250_000_000_000}, ["The disk for environment has 250.0 GB; 500.0 GB is expected."]),
        ({"writable": False}, ["The disk for environment cannot be written; it is expected to be."]),
        ({"role": "another"}, []),
    ],
)
def test_a_lesser_disk_is_told(here: dict[str, object], words: list[str]):
    told = found(replace(GOLD, disks=(replace(DISK, **here),)), replace(GOLD, disks=(DISK,))).get("DL907", [])
    assert [message for _, message in told] == words
