"""Reports that every format is tried on: a well machine, a sick one, and one whose every word is hostile."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dlcheck.model.device_facts import DeviceFacts, Gpu, NvidiaFacts
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Evidence, Finding, Fix, Safety, Status, Verdict
from dlcheck.model.host_facts import CpuFacts, DiskFacts, MemoryFacts, NetworkFacts, SystemFacts
from dlcheck.model.profile import Severity
from dlcheck.model.python_facts import BuildFacts, FrameworkFacts, ImportFacts, PythonFacts
from dlcheck.model.report import Report, Target

TOKEN = "hf_" + "Zz9" * 10
UUID = "GPU-7a5c2d1e-1b2c-3d4e-5f60-718293a4b5c6"
HOSTILE = "\x1b]0;own\x07 <script>alert(1)</script> ]]> & \" ' | `x` %0A::error::x\n##[error]y\n@everyone #1 \x00\ud800 --> {{x}}"


def verdict(
    code: str, status: Status, *findings: Finding, group: str = "PyTorch", title: str = "", why: str | None = None
) -> Verdict:
    return Verdict(
        code=code,
        title=title or f"the rule of {code}",
        group=group,
        subject=findings[0].subject if findings else "",
        status=status,
        severity=Severity.ERROR,
        findings=findings,
        why=why,
        seconds=0.25,
    )


CPU_BUILD = Finding(
    cause="cpu-only-build",
    subject="torch",
    message="torch 2.13.0 is a CPU build beside an NVIDIA GPU",
    evidence=(Evidence("frameworks.torch.build.cuda", "None"), Evidence("devices.nvidia.driver", "580.65.06")),
    fixes=(
        Fix(
            "install the CUDA build",
            (("dlcheck", "install", "torch", "--venv", "/home/grace/my env"),),
            Safety.ENVIRONMENT,
        ),
        Fix("or choose another machine"),
    ),
    verify=("dlcheck smoke --framework torch --device cuda:0",),
)
NO_GPU = Finding(cause="gpu-not-used", message="torch sees no GPU", because_of=("cpu-only-build",), subject="torch")
LITTLE_MEMORY = Finding(cause="little-memory", message="7.5 GB of memory, 8 GB are asked", severity=Severity.WARNING)
NOTE = Finding(cause="old-pip", message="pip 21 is old", severity=Severity.NOTE)

FACTS = Facts(
    system=SystemFacts(
        name="linux", machine="x86_64", distribution="Debian GNU/Linux 12", node="babbage", user="grace"
    ),
    cpu=CpuFacts(brand="AMD Ryzen 5 5600U", allowed_cpus=12),
    memory=MemoryFacts(total_bytes=7_500_000_000, available_bytes=3_000_000_000),
    disks=(DiskFacts(role="home", path="/home/grace", free_bytes=210_000_000_000),),
    network=NetworkFacts(proxies={"HTTPS_PROXY": "http://grace:pa55@proxy.example:3128"}),
    variables={"HF_TOKEN": TOKEN, "CUDA_VISIBLE_DEVICES": "0"},
    python=PythonFacts(version="3.11.7", environment="venv", executable="/home/grace/.venv/bin/python"),
    devices=DeviceFacts(
        nvidia=NvidiaFacts(
            driver="580.65.06",
            cuda_driver="13.0",
            gpus=(Gpu(name="NVIDIA H200", uuid=UUID, memory_bytes=150_000_000_000, temperature=41.0),),
        )
    ),
    frameworks={
        "torch": FrameworkFacts(
            name="torch", version="2.13.0+cpu", build=BuildFacts(), run=ImportFacts(result="found", seconds=1.2)
        )
    },
)


@pytest.fixture
def healthy() -> Report:
    return Report(
        version="0.1.0",
        command="doctor",
        created="2026-11-22T08:00:00Z",
        node="babbage",
        profile="learn",
        target=Target(python="/home/grace/.venv/bin/python", chosen_by=".venv", version="3.11.7"),
        verdicts=(
            verdict("DL101", Status.PASSED, group="Machine"),
            verdict("DL501", Status.PASSED),
            verdict("DL601", Status.SKIPPED, group="GPU", why="no GPU in this machine"),
        ),
        facts=FACTS,
        data_date="2026-11-22",
        timings={"total": 1.5},
    )


@pytest.fixture
def sick(healthy: Report) -> Report:
    return replace(
        healthy,
        verdicts=(
            verdict("DL101", Status.PASSED, group="Machine"),
            verdict("DL102", Status.FAILED, LITTLE_MEMORY, group="Machine"),
            verdict("DL103", Status.UNKNOWN, group="Machine", why="/proc/meminfo cannot be read"),
            verdict("DL401", Status.FAILED, NOTE, group="Python"),
            verdict("DL501", Status.FAILED, NO_GPU),
            verdict("DL512", Status.FAILED, CPU_BUILD),
            verdict("DL513", Status.CRASHED, why="ZeroDivisionError: division by zero"),
            replace(verdict("DL514", Status.FAILED, NOTE), suppressed=True, why="we know"),
            verdict("DL601", Status.SKIPPED, group="GPU", why="no GPU"),
        ),
        primary_causes=("cpu-only-build", "little-memory"),
        exit_code=1,
    )


@pytest.fixture
def hostile(sick: Report) -> Report:
    bad = Finding(
        cause="cpu-only-build",
        subject=HOSTILE,
        message=HOSTILE,
        evidence=(Evidence(HOSTILE, HOSTILE),),
        fixes=(Fix(HOSTILE, ((HOSTILE, "a b", "```\nx"),)),),
        verify=(HOSTILE,),
    )
    many = tuple(verdict(f"DL{number}", Status.FAILED, bad, group=HOSTILE, title=HOSTILE) for number in range(300, 330))
    different = tuple(
        verdict(f"DL{number}", Status.FAILED, replace(bad, cause=f"cause-{number}"), why=HOSTILE)
        for number in range(400, 430)
    )
    return replace(
        sick,
        node=HOSTILE,
        profile=HOSTILE,
        target=Target(python=HOSTILE, chosen_by=HOSTILE, version=HOSTILE),
        primary_causes=("cpu-only-build",),
        verdicts=(*many, *different, verdict("DL900", Status.CRASHED, why=HOSTILE)),
        facts=replace(FACTS, notes={f"{HOSTILE}{number}": HOSTILE * 20 for number in range(200)}),
    )


@pytest.fixture
def secrets() -> tuple[str, ...]:
    """What lies in the sick report and may stand in no shared format."""
    return (TOKEN, UUID[4:], "grace", "babbage", "pa55", "/home/")
