"""One line a group: the sign of its verdicts, and what the facts say in a few words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dlcheck.model.device_facts import DeviceFacts, Gpu, NvidiaFacts, PciDevice
from dlcheck.model.fact import Unknown
from dlcheck.model.finding import Finding, Status
from dlcheck.model.host_facts import (
    CpuFacts,
    DiskFacts,
    EditorFacts,
    IndexFacts,
    KernelFacts,
    MemoryFacts,
    NetworkFacts,
    WorkplaceFacts,
)
from dlcheck.model.profile import Severity
from dlcheck.model.python_facts import BuildFacts, FrameworkDevice, FrameworkFacts, ImportFacts, PythonFacts
from dlcheck.model.report import Report
from dlcheck.model.style import Style
from dlcheck.renderers import text
from dlcheck.renderers.group_lines import group_lines, sign_of
from tests.renderers.conftest import verdict

INDEX = IndexFacts(url="https://i.example/simple", source="pip.conf", reached=True, seconds=0.5)
CPU = CpuFacts(brand="Intel(R) Core(TM) i7-9700 CPU @ 3.00GHz", flags=("avx", "avx2"))
L4 = Gpu(name="NVIDIA L4", memory_bytes=24_000_000_000)


def framework(name: str = "torch", **fields: Any) -> dict[str, Any]:
    return {"frameworks": {name: FrameworkFacts(**{"name": name, "version": "2.13.0", **fields})}}


def found(**fields: Any) -> ImportFacts:
    return ImportFacts(result="found", **fields)


def keras(on: str, backend: str | None) -> dict[str, Any]:
    both = (FrameworkFacts(name=on, version="2.0"), FrameworkFacts(name="keras", version="3.15", backend=backend))
    return {"frameworks": {one.name: one for one in both}}


ROWS: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("Machine", {"cpu": CPU}, "Intel Core i7-9700 (Core i7 class), AVX2"),
    ("Machine", {"cpu": replace(CPU, flags=("avx512f",))}, "AVX-512"),
    ("Machine", {"cpu": CpuFacts(architecture="riscv64")}, "riscv64"),
    ("Machine", {"memory": MemoryFacts(total_bytes=16_000_000_000, limit_bytes=4_000_000_000)}, "allowed"),
    ("Machine", {"disks": (DiskFacts(role="environment", path="/w", free_bytes=20_000_000_000),)}, "20 GB free"),
    ("Internet", {"network": NetworkFacts(tried=True, indexes=(INDEX,))}, "package index answers in"),
    ("Internet", {"network": NetworkFacts(tried=True, indexes=(replace(INDEX, bytes_per_second=10e6),))}, "10.0 MB/s: 700 MB of frameworks in about 70.0 s"),
    ("Internet", {"network": NetworkFacts(tried=True, indexes=(replace(INDEX, seconds=None),))}, "1 local package source"),
    ("Internet", {"network": NetworkFacts(tried=True, indexes=())}, "no package source answers"),
    ("Internet", {"network": NetworkFacts(tried=True, indexes=(INDEX,), proxies={"HTTPS_PROXY": "http://p:1"})}, "proxy http://p:1"),
    ("Editor", {"workplace": WorkplaceFacts(editors=(EditorFacts(name="vscode"), EditorFacts(name="vim")))}, "vscode, vim"),
    ("Editor", {"workplace": WorkplaceFacts(inside="colab")}, "inside colab"),
    ("Editor", {"workplace": WorkplaceFacts(inside="jupyter", kernels=(KernelFacts(name="dl", is_target=True),))}, '(kernel "dl" uses this Python)'),
    ("Python", {"python": PythonFacts(version=Unknown("silent"), environment="conda")}, "version unknown in a conda environment"),
    ("Python", {"python": PythonFacts(version="3.12.1"), "distributions": ()}, "3.12.1, 0 packages"),
    ("PyTorch", framework(build=BuildFacts(cuda="13.0")), "2.13.0 (CUDA 13.0 build)"),
    ("PyTorch", framework(build=BuildFacts(cuda="yes")), "2.13.0 (CUDA build)"),
    ("PyTorch", framework(build=BuildFacts(rocm="7.2")), "(ROCm 7.2 build)"),
    ("PyTorch", framework(build=BuildFacts(xpu="2025")), "(XPU 2025 build)"),
    ("PyTorch", framework(build=BuildFacts()), "(CPU build)"),
    ("PyTorch", framework(version=Unknown("?"), run=ImportFacts(result="raised")), "version unknown, cannot be used"),
    ("PyTorch", framework(run=found(devices=(FrameworkDevice(kind="cpu"), FrameworkDevice(kind="cuda", index=0)))), "computes on CPU and cuda:0"),
    ("PyTorch", keras("torch", "torch"), "Keras 3.15 on it"),
    ("PyTorch", keras("torch", "jax"), "2.0"),
    ("TensorFlow", framework("tensorflow", run=found(eager=True)), "eager"),
    ("TensorFlow", keras("tensorflow", None), "Keras 3.15"),
    ("GPU", {"devices": DeviceFacts(pci=(), nvidia=NvidiaFacts(gpus=(L4, L4)))}, "2 x NVIDIA L4"),
    ("GPU", {"devices": DeviceFacts(pci=(), nvidia=NvidiaFacts(gpus=(replace(L4, memory_bytes=None),)))}, "NVIDIA L4"),
    ("GPU", {"devices": DeviceFacts(pci=(PciDevice(address="0000:01:00.0", vendor="10de", device="1234", device_class="0300"),))}, "PCI 10de:1234; no framework can use it"),
    ("GPU", {"devices": DeviceFacts(pci=())}, "none in this machine"),
)  # fmt: skip
RULE_GROUPS = {"PyTorch": ("Frameworks", "torch"), "TensorFlow": ("Frameworks", "tensorflow")}


@pytest.mark.parametrize(("name", "fields", "words"), ROWS, ids=[f"{row[0]}-{at}" for at, row in enumerate(ROWS)])
def test_a_line_says_what_is_there(healthy: Report, name: str, fields: dict[str, Any], words: str):
    group, subject = RULE_GROUPS.get(name, (name, ""))
    facts = type(healthy.facts)(**fields)
    judged = replace(verdict("DL501", Status.PASSED, group=group), subject=subject)
    lines = {one.name: one for one in group_lines(replace(healthy, facts=facts, verdicts=(judged,)))}
    assert words in lines[name].words


SIGNS = (
    ((Status.FAILED, Severity.ERROR), "failed"),
    ((Status.FAILED, Severity.WARNING), "warning"),
    ((Status.FAILED, Severity.NOTE), "note"),
    ((Status.CRASHED, None), "crashed"),
    ((Status.SKIPPED, None), "skipped"),
    ((Status.UNKNOWN, None), "unknown"),
    ((Status.PASSED, None), "passed"),
)


@pytest.mark.parametrize(("given", "sign"), SIGNS)
def test_the_worst_verdict_gives_the_sign(given: tuple[Status, Severity | None], sign: str):
    status, severity = given
    findings = (Finding(cause="x", message="y", severity=severity),) if severity else ()
    skipped, one = verdict("DL1", Status.SKIPPED), verdict("DL2", status, *findings)
    assert sign_of((skipped, one)) == sign
    assert sign_of((skipped, replace(one, suppressed=True))) == "skipped"


def test_what_an_extension_added_is_shown_and_a_quiet_report_is_empty(healthy: Report):
    added = verdict("ACME1", Status.PASSED, group="Acme", title="The cluster's mount is there")
    lines = {one.name: one for one in group_lines(replace(healthy, verdicts=(added,)))}
    assert lines["Acme"].words == "the cluster's mount is there"
    assert text.render(healthy, Style(verbosity=-1)) == ""
    crashed = verdict("DL2", Status.CRASHED, group="Python")
    assert "crashed, which is a defect of dlcheck" in text.render(replace(healthy, verdicts=(crashed,)), Style())
