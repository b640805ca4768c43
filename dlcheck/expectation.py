"""A golden machine: rules that hold these facts against those of a report saved on a machine that is as all shall be.

What is merely more (memory, a package, a GPU) is a note; what is missing, less or of another version is a finding. Places,
names, serial numbers and loads are nobody's expectation.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from dlcheck.data.cpu_class import CLASSES, grade
from dlcheck.model.change import Change
from dlcheck.model.fact import CannotJudge, Unknown, known
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Evidence, Finding, Rule
from dlcheck.model.host_facts import CpuFacts
from dlcheck.model.profile import Profile, Severity
from dlcheck.picture.change_of_facts import FRAMEWORKS, NEIGHBOURS, compare_facts

CAUSE = "differs-from-expectation"
OWN = ("interpreter", "environment", "usable CPUs", "open files", "hypervisor")
"""What every machine has of its own."""
ENOUGH = 0.98
"""Of the expected memory: firmware takes a little more here or there."""
FREE = 0.5
"""Of the expected free space: less is another disk, or one that fills up."""
SETS = ("sse4_2", "avx", "avx2", "avx512f", "avx512_bf16", "amx_bf16", "asimd", "sve")
"""Instruction sets that builds of frameworks are made for."""

_RULES = (
    ("DL901", "Devices are those expected", ("devices",)),
    ("DL902", "Drivers and kernel are those expected", ("devices", "system")),
    ("DL903", "Python and packages are those expected", ("python", "distributions", "frameworks")),
    ("DL904", "Memory is what is expected", ("memory",)),
    ("DL905", "Variables are those expected", ("variables",)),
    ("DL906", "Processor is what is expected", ("cpu",)),
    ("DL907", "Disks are what is expected", ("disks",)),
)
CODES = tuple(code for code, _, _ in _RULES)


def rules(expected: Facts, source: str) -> tuple[Rule, ...]:
    """The rules DL901 to DL907 for the expectation ``expected``, which was read from ``source``."""
    return tuple(_rule(code, title, needs, expected, source) for code, title, needs in _RULES)


def _rule(code: str, title: str, needs: tuple[str, ...], expected: Facts, source: str) -> Rule:
    explanation = f"{title}: the facts of this machine are held against those in {source} (--against)."

    def judge(facts: Facts, profile: Profile) -> Iterable[Finding]:  # noqa: ARG001 - every rule is called alike
        for name in needs:
            known(getattr(facts, name))
            if isinstance(getattr(expected, name), Unknown):
                raise CannotJudge(f"{source} says nothing of {name}")
        yield from against(code, facts, expected)

    return Rule(code, title, "Expected", needs, Severity.WARNING, (CAUSE,), explanation, judge)


def against(code: str, facts: Facts, expected: Facts) -> Iterator[Finding]:
    """What of one rule's matter differs from the expectation. Pure."""
    if code == "DL901":
        yield from _devices(facts, expected)
    elif code == "DL904":
        yield from _memory(facts, expected)
    elif code == "DL906":
        yield from _processor(known(facts.cpu), known(expected.cpu))
    elif code == "DL907":
        yield from _disks(facts, expected)
    else:
        kinds = {"DL902": ("driver", "kernel"), "DL903": ("python", "package"), "DL905": ("variable",)}[code]
        for change in compare_facts(expected, facts):
            if change.kind in kinds and change.what not in OWN and not change.what.startswith("/dev/"):
                yield _finding(change)


def _finding(change: Change) -> Finding:
    if change.before is None:
        severity, message = Severity.NOTE, f"{change.what} {change.after} is here and is not expected."
    else:
        heavy = change.after is None or change.what in (*FRAMEWORKS, *NEIGHBOURS) or " of " in change.what
        severity = Severity.ERROR if heavy and change.kind == "package" else Severity.WARNING
        message = f"{change.what} is {change.after or 'not here'}; {change.before} is expected."
    return Finding(
        cause=CAUSE,
        message=message[0].upper() + message[1:],
        severity=severity,
        evidence=(Evidence(f"{change.kind}.{change.what}", f"{change.after} here, {change.before} expected"),),
    )


def _devices(facts: Facts, expected: Facts) -> Iterator[Finding]:
    here, there = _gpus(facts), _gpus(expected)
    for name in sorted({*here, *there}):
        if here[name] == there[name]:
            continue
        missing = here[name] < there[name]
        yield Finding(
            cause=CAUSE,
            message=f"{here[name]} x {name} here; {there[name]} {'is' if there[name] == 1 else 'are'} expected.",
            severity=Severity.ERROR if missing else Severity.NOTE,
            evidence=(Evidence("devices", f"{here[name]} x {name}"),),
        )


def _gpus(facts: Facts) -> Counter[str]:
    counted: Counter[str] = Counter()
    devices = known(facts.devices)
    for vendor in (devices.nvidia, devices.amd, devices.intel, devices.apple):
        if isinstance(vendor, Unknown):
            raise CannotJudge(vendor.why)
        if vendor is not None:
            counted.update(gpu.name for gpu in known(vendor.gpus) if not gpu.lost)
    return counted


def _memory(facts: Facts, expected: Facts) -> Iterator[Finding]:
    here, there = known(facts.memory), known(expected.memory)
    for what, size, wanted in (
        ("memory", here.total_bytes, there.total_bytes),
        ("the memory limit", here.limit_bytes, there.limit_bytes),
        ("shared memory", here.shared_memory_bytes, there.shared_memory_bytes),
    ):
        if what == "the memory limit" and wanted is None and isinstance(size, int):
            yield Finding(cause=CAUSE, message=f"Memory is limited to {size / 1e9:.1f} GB; no limit is expected.")
        elif isinstance(size, int) and isinstance(wanted, int) and size < wanted * ENOUGH:
            message = f"{what[0].upper() + what[1:]} is {size / 1e9:.1f} GB; {wanted / 1e9:.1f} GB is expected."
            yield Finding(cause=CAUSE, message=message, evidence=(Evidence("memory", f"{size} bytes"),))


def _processor(here: CpuFacts, there: CpuFacts) -> Iterator[Finding]:
    """A lower class, fewer CPUs, an instruction set that is not there; what is merely more or of another name is fine."""
    (low, by), (wanted, other) = grade(here), grade(there)
    # A nameless processor is graded by what it can do, which is too coarse to tell two machines apart.
    if (
        by == other
        and by in ("brand", "parts")
        and low in CLASSES
        and wanted in CLASSES
        and CLASSES.index(low) < CLASSES.index(wanted)
    ):
        name = f" ({here.brand})" if isinstance(here.brand, str) else ""
        message = f"The processor{name} is of class {low}; class {wanted} is expected."
        yield Finding(cause=CAUSE, message=message, evidence=(Evidence("cpu.brand", f"{here.brand}"),))
    if (
        isinstance(here.logical_cpus, int)
        and isinstance(there.logical_cpus, int)
        and here.logical_cpus < there.logical_cpus
    ):
        message = f"{here.logical_cpus} logical CPUs are here; {there.logical_cpus} are expected."
        yield Finding(cause=CAUSE, message=message, evidence=(Evidence("cpu.logical_cpus", f"{here.logical_cpus}"),))
    if isinstance(here.flags, tuple) and isinstance(there.flags, tuple) and here.flags:
        lacking = [one for one in SETS if one in there.flags and one not in here.flags]
        if lacking:
            message = (
                f"The processor lacks {', '.join(lacking)}, which {'is' if len(lacking) == 1 else 'are'} expected."
            )
            yield Finding(cause=CAUSE, message=message, evidence=(Evidence("cpu.flags", f"without {lacking[0]}"),))


def _disks(facts: Facts, expected: Facts) -> Iterator[Finding]:
    """A smaller or fuller disk, or one that cannot be written, role by role."""
    there = {one.role: one for one in known(expected.disks)}
    for one in known(facts.disks):
        wanted = there.get(one.role)
        if wanted is None:
            continue
        if wanted.writable is True and one.writable is False:
            message = f"The disk for {one.role} cannot be written; it is expected to be."
            yield Finding(
                cause=CAUSE, message=message, severity=Severity.ERROR, evidence=(Evidence("disks", one.path),)
            )
        for what, size, gold, least in (
            ("has", one.total_bytes, wanted.total_bytes, ENOUGH),
            ("has free", one.free_bytes, wanted.free_bytes, FREE),
        ):
            if isinstance(size, int) and isinstance(gold, int) and size < gold * least:
                message = f"The disk for {one.role} {what} {size / 1e9:.1f} GB; {gold / 1e9:.1f} GB is expected."
                yield Finding(cause=CAUSE, message=message, evidence=(Evidence("disks", f"{one.role}: {size} bytes"),))
