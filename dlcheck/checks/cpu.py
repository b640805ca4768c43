"""DL101-DL109: the processor."""

from __future__ import annotations

import math
from collections.abc import Iterator

from dlcheck.checks.rule import rule
from dlcheck.data import cpu_class
from dlcheck.model.fact import NotApplicable, known, or_none, present
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Evidence, Finding
from dlcheck.model.host_facts import CpuFacts
from dlcheck.model.profile import Profile, Severity

X86 = ("x86_64", "amd64", "x64")


def is_x86(cpu: CpuFacts) -> bool:
    """Whether it is an x86-64 processor, by its architecture or, where a text does not tell, by its flags."""
    if cpu.architecture:
        return cpu.architecture.lower() in X86
    return "sse2" in (or_none(cpu.flags) or ())


@rule(
    "DL101",
    "The processor is of the class that is asked for",
    group="Machine",
    needs=("cpu",),
    causes=("cpu-below-class",),
    severity=Severity.WARNING,
)
def class_below_profile(facts: Facts, profile: Profile) -> Iterator[Finding]:
    """The processor is weaker than the profile asks for (learn: at least Core i3 or its equal).

    Known brands are graded by name; a nameless virtual CPU by its instruction set and its cores; what neither tells
    stays unknown. The grades are a judgement of this project (checks/cpu_class.py). A weak processor still trains the
    networks of a first course, only slowly.
    """
    cpu = known(facts.cpu)
    if not profile.cpu_class:
        raise NotApplicable("the profile asks for no class")
    found, how = cpu_class.grade(cpu)
    if found == cpu_class.UNKNOWN:
        known(cpu.brand)
        known(cpu.flags)
        raise NotApplicable(f"no class is known for {or_none(cpu.brand) or 'this processor'}")
    if cpu_class.CLASSES.index(found) < cpu_class.CLASSES.index(profile.cpu_class):
        name = or_none(cpu.brand) or "this processor"
        words = f"below Core {profile.cpu_class}" if found == "below" else f"of class {found}"
        yield Finding(
            cause="cpu-below-class",
            message=f"{name} is {words}; Core {profile.cpu_class} or its equal is asked for",
            evidence=(Evidence("cpu.brand", name), Evidence("class", f"{found}, by its {how}")),
        )


@rule(
    "DL102",
    "The processor has the instructions that the wheels were compiled for",
    group="Machine",
    needs=("cpu", "frameworks"),
    causes=("cpu-lacks-avx",),
    severity=Severity.WARNING,
)
def avx_missing(facts: Facts, profile: Profile) -> Iterator[Finding]:
    """TensorFlow's wheels (since 1.6) and jaxlib need AVX: without it TensorFlow dies of SIGILL, jaxlib refuses to start.

    PyTorch chooses its kernels at run time and runs without. An error where TensorFlow or JAX is installed or asked for,
    else a warning. A virtual machine often hides AVX although the host has it.
    """
    cpu = known(facts.cpu)
    if not is_x86(cpu):
        raise NotApplicable("only x86-64 processors have AVX")
    flags = present(cpu.flags, "no flags are known")
    if not flags:
        raise NotApplicable("no flags are known")
    if "avx" in flags:
        return
    installed = known(facts.frameworks)
    wanted = {one.name for one in profile.frameworks}
    needing = [name for name in ("tensorflow", "jax") if name in installed or name in wanted]
    hidden = " (a virtual machine: the hypervisor may hide it)" if "hypervisor" in flags else ""
    yield Finding(
        cause="cpu-lacks-avx",
        message=f"the processor shows no AVX{hidden}",
        severity=Severity.ERROR if needing else None,
        evidence=(
            Evidence("cpu.flags", "no avx"),
            Evidence("cpu.brand", or_none(cpu.brand) or "unnamed"),
            *(Evidence("needs AVX", name) for name in needing),
        ),
    )


@rule(
    "DL103",
    "This process may use the CPUs that it sees",
    group="Machine",
    needs=("cpu",),
    causes=("cpu-quota-below-visible",),
    severity=Severity.WARNING,
)
def quota_below_visible(facts: Facts, profile: Profile) -> Iterator[Finding]:  # noqa: ARG001
    """The control group gives fewer CPUs than the process sees, so frameworks start too many threads and are throttled.

    torch follows the affinity mask and not the quota (tried: with a quota of one CPU out of two it starts two threads).
    """
    cpu = known(facts.cpu)
    quota = present(cpu.quota_cpus, "no quota is set")
    visible = known(cpu.allowed_cpus) or known(cpu.logical_cpus) or 0
    if math.ceil(quota) < visible:
        yield Finding(
            cause="cpu-quota-below-visible",
            message=f"{quota:g} CPUs may be used, and {visible} are seen",
            evidence=(Evidence("cpu.quota_cpus", f"{quota:g}"), Evidence("cpu.allowed_cpus", str(visible))),
            about={"count": str(max(1, math.floor(quota)))},
        )


@rule(
    "DL104",
    "The machine has idle processors",
    group="Machine",
    needs=("cpu",),
    causes=("host-busy",),
    severity=Severity.NOTE,
)
def machine_busy(facts: Facts, profile: Profile) -> Iterator[Finding]:  # noqa: ARG001
    """Other work fills the processors: training and its timings suffer.

    The load average counts every process of the host, and those that wait for a disk; twice the CPUs is a judgement.
    """
    cpu = known(facts.cpu)
    load = present(cpu.load_1_minute, "this system keeps no load average")
    usable = known(cpu.logical_cpus) or 1
    if load > 2 * usable + 2:
        yield Finding(
            cause="host-busy",
            message=f"{load:.1f} processes want to run on {usable} CPUs",
            evidence=(Evidence("cpu.load_1_minute", f"{load:.1f}"), Evidence("cpu.logical_cpus", str(usable))),
        )


RULES = (class_below_profile, avx_missing, quota_below_visible, machine_busy)
