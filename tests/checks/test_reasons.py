"""Where a rule does not judge, or judges nothing wrong for a special reason: the machine, the change, and what it says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from dlcheck.checks import RULES, requirements
from dlcheck.checks.frameworks import _device_cause
from dlcheck.checks.judge import judge
from dlcheck.checks.rule import rule
from dlcheck.model.device_facts import AmdFacts, DriverCall
from dlcheck.model.fact import Unknown
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Status
from dlcheck.model.host_facts import SystemFacts
from dlcheck.model.profile import Profile
from dlcheck.model.python_facts import Distribution, FrameworkFacts, ImportFacts, PythonFacts
from tests.checks.test_accelerators import amd as amd_facts
from tests.checks.test_accelerators import (
    both,
    card,
    devices,
    framework,
    machine,
    nvidia,
    ranges,
    same,
    tools,
    torch,
    variables,
    wheels,
)
from tests.well import WELL

PASSED, SKIPPED, UNKNOWN = Status.PASSED, Status.SKIPPED, Status.UNKNOWN
Change = Callable[[Facts], Facts]


def of(subject: str, **fields: object) -> Change:
    return lambda facts: replace(facts, **{subject: replace(getattr(facts, subject), **fields)})


def system(**fields: object) -> Change:
    return of("system", **fields)


def dead(**fields: object) -> Change:
    """CUDA does not answer."""
    return nvidia(cuda_devices=None, cuda_gpus=(), libcuda=None, nvml=None, **fields)


def distributions(*names: str) -> Change:
    return lambda facts: replace(
        facts, distributions=tuple(Distribution(name=one.partition("==")[0], version=one.partition("==")[2]) for one in names)
    )  # fmt: skip


def without_wheel(change: Change, name: str) -> Change:
    """What the change made, but for one distribution."""
    return both(
        change,
        lambda facts: replace(facts, distributions=tuple(one for one in facts.distributions if one.name != name)),  # type: ignore[union-attr]
    )


def without_answer(name: str) -> Change:
    """The framework is installed and was not imported."""
    return lambda facts: replace(facts, frameworks={name: FrameworkFacts(name=name, version="1.0", run=None)})


ROWS: list[tuple[str, str, Change, Status, str]] = [
    ("DL640", "mi300x", system(name="windows"), SKIPPED, "outside of this system"),
    ("DL640", "mi300x", devices(amd=None), PASSED, ""),
    ("DL641", "mi300x", system(name="windows"), SKIPPED, "KFD is not seen"),
    ("DL642", "mi300x", system(wsl=2), SKIPPED, "/dev/dxg"),
    ("DL643", "mi300x", amd_facts(gpus=()), SKIPPED, "no AMD GPU that computes"),
    ("DL645", "mi300x", amd_facts(gpus=()), SKIPPED, "no AMD GPU that computes"),
    ("DL643", "mi300x", torch(architectures=()), SKIPPED, ""),
    ("DL644", "rx7900xtx-cuda-build", framework("torch", build=None), UNKNOWN, "build is not known"),
    ("DL670", "mac-intel", devices(apple=None), UNKNOWN, "chip's name is not known"),
    ("DL671", "macbook-m3", framework("torch", run=None), SKIPPED, "was not asked"),
    ("DL673", "macbook-m3", both(wheels("tensorflow-metal==1.1", "tensorflow==2.16"), without_answer("tensorflow")), PASSED, ""),
    ("DL801", "docker-gpu", dead(module=None), SKIPPED, "release is not to be seen"),
    ("DL803", "rtx4090-ubuntu", both(of("toolchain", docker=None)), SKIPPED, "Docker is not installed"),
    ("DL803", "rtx4090-ubuntu", both(tools(docker="27.1"), nvidia(container_toolkit=True)), PASSED, ""),
    ("DL805", "rtx4090-ubuntu", nvidia(driver=None, module=None, cdi={"/etc/cdi/nvidia.yaml": "1.2"}), SKIPPED, "release of the driver"),
    ("DL102", "rtx4090-ubuntu", of("cpu", flags=()), SKIPPED, "no flags are known"),
    ("DL120", "rtx4090-ubuntu", lambda facts: replace(facts, disks=()), SKIPPED, "no such place"),
    ("DL663", "arc-a770-cpu-build-train", devices(nvidia=machine("rtx4090-ubuntu").devices.nvidia), SKIPPED, "an NVIDIA GPU as well"),
    ("DL663", "arc-a770-cpu-build-train", lambda facts: replace(facts, frameworks={}), SKIPPED, "PyTorch is not installed"),
    ("DL661", "arc-b580-xpu", torch(xpu="yes"), PASSED, ""),
    ("DL664", "arc-b580-xpu", distributions("intel-extension-for-pytorch==2.8.10", "torch==2.8.0"), PASSED, ""),
    ("DL664", "arc-b580-xpu", distributions("torch==2.8.0"), SKIPPED, "the extension is not installed"),
    ("DL501", "rtx4090-ubuntu", same, PASSED, ""),
    ("DL680", "rtx4090-ubuntu", same, SKIPPED, "not the Windows Subsystem"),
    ("DL680", "wsl2-rtx4070", same, PASSED, ""),
    ("DL681", "wsl2-rtx4070", of("container", kind="docker"), SKIPPED, "lent by the engine"),
    ("DL644", "rx7900xtx-rocm", system(name="windows"), SKIPPED, "no PyTorch beside an AMD card"),
    ("DL644", "rx7900xtx-cuda-build", both(system(name="windows"), lambda facts: replace(facts, frameworks={})), SKIPPED, "no PyTorch"),
    ("DL649", "wsl2-rtx4070", torch(rocm="7.2", cuda=None, run=ImportFacts(result="found", gpu_available=True)), PASSED, ""),
    ("DL649", "wsl2-rtx4070", both(torch(rocm="7.2", cuda=None, run=None), devices(amd=AmdFacts(dxg_runtime=True))), PASSED, ""),
    ("DL661", "arc-b580-without-runtime", torch(run=ImportFacts(result="found", gpu_available=True)), PASSED, ""),
    ("DL673", "macbook-m3", both(wheels("tensorflow-metal==1.1"), without_answer("jax")), PASSED, ""),
    ("DL700", "cudnn-in-ld-library-path", lambda facts: replace(facts, distributions=()), SKIPPED, ""),
    ("DL701", "stub-in-ld-library-path", nvidia(libcuda=DriverCall(library="libcuda.so.1", code=0)), PASSED, ""),
    ("DL704", "rtx4090-ubuntu", both(tools(nvcc="13.0"), torch(cuda="13.0")), PASSED, ""),
    ("DL704", "rtx4090-ubuntu", both(tools(nvcc="12.4"), torch(cuda=None)), SKIPPED, "no toolkit beside"),
    ("DL705", "rtx4090-ubuntu", without_wheel(ranges("9.1.0.70"), "nvidia-cudnn-cu12"), SKIPPED, "no CUDA wheels beside"),
    ("DL801", "docker-gpu", nvidia(module="535.183.01", libcuda=DriverCall(library="libcuda.so.1", code=0), cuda_devices=None, cuda_gpus=()), PASSED, ""),
    ("DL802", "docker-gpu", both(dead(cuda_driver=None), variables(NVIDIA_REQUIRE_CUDA="cuda>=12.8")), SKIPPED, "CUDA version is not known"),
    ("DL802", "docker-gpu", both(dead(cuda_driver="12.9"), variables(NVIDIA_REQUIRE_CUDA="cuda>=12.8")), PASSED, ""),
    ("DL802", "docker-gpu", both(dead(cuda_driver="12.2"), variables(NVIDIA_REQUIRE_CUDA="brand=tesla")), PASSED, ""),
    ("DL804", "slurm-job-without-gpu", devices(pci=()), SKIPPED, "shows no NVIDIA GPU"),
    ("DL602", "rtx4090-ubuntu", both(card(driver="vfio-something"), dead()), PASSED, ""),
    ("DL611", "rtx4090-ubuntu", framework("torch", build=Unknown("no file")), UNKNOWN, ""),
    ("DL661", "arc-b580-xpu", framework("torch"), PASSED, ""),
    ("DL672", "mac-intel", devices(apple=None), UNKNOWN, "chip's name is not known"),
    ("DL673", "macbook-m3", both(wheels("tensorflow-metal==1.2", "tensorflow==2.18"), lambda facts: replace(facts, frameworks={"tensorflow": FrameworkFacts(name="tensorflow", version="2.18.0", run=ImportFacts(result="found", gpu_available=True))})), PASSED, ""),
    ("DL421", "rtx4090-ubuntu", of("python", version=Unknown("silent")), SKIPPED, "version of the interpreter"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "name", "change", "status", "words"), ROWS, ids=[f"{row[0]}-{at}" for at, row in enumerate(ROWS)]
)
def test_a_rule_says_why_it_does_not_judge(code: str, name: str, change: Change, status: Status, words: str):
    found = next(one for one in RULES if one.code == code)
    (verdict,) = judge(change(machine(name)), Profile(name="learn"), [found], "2026-11-22")
    assert verdict.status is status, verdict
    assert words in (verdict.why or "")


PROFILES = (
    ("DL101", {"cpu_class": ""}, "asks for no class"),
    ("DL501", {"any_framework": False}, "asks for none"),
    ("DL524", {"internet": False}, "asks for no internet"),
)


@pytest.mark.parametrize(("code", "fields", "words"), PROFILES)
def test_a_profile_may_ask_for_nothing(code: str, fields: dict[str, object], words: str):
    found = next(one for one in RULES if one.code == code)
    (verdict,) = judge(WELL, Profile(name="mine", **fields), [found], "2026-11-22")  # type: ignore[arg-type]
    assert verdict.status is SKIPPED
    assert words in str(verdict.why)


ERRORS = (
    ("CUDA error: no kernel image is available for execution", "gpu-too-new-for-build"),
    ("CUDA out of memory. Tried to allocate 2.00 GiB", "gpu-memory-already-taken"),
    ("unspecified launch failure", "device-fails"),
)


@pytest.mark.parametrize(("words", "cause"), ERRORS)
def test_the_words_of_a_device_tell_the_cause(words: str, cause: str):
    assert _device_cause(words) == cause


def test_an_interpreter_without_a_version_has_no_markers():
    assert requirements.markers(PythonFacts(version=Unknown("silent")), None) is None
    found = requirements.markers(PythonFacts(version="3.11.7"), SystemFacts(name="windows"))
    assert (found["sys_platform"], found["python_version"], found["python_full_version"]) == ("win32", "3.11", "3.11.7")


def test_a_rule_that_needs_no_field_of_facts_is_refused():
    with pytest.raises(ValueError, match="no fields of Facts"):
        rule("DL999", "odd", group="x", needs=("weather",), causes=("framework-missing",))
