"""DL110-DL119: main memory."""

from __future__ import annotations

from collections.abc import Iterator

from dlcheck.checks.rule import rule
from dlcheck.model import units
from dlcheck.model.fact import NotApplicable, known, or_none, present
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Evidence, Finding, Fix
from dlcheck.model.profile import Profile, Severity

REPORTED = 0.94
"""Share of the installed memory that is enough: an 8 GB module shows 7.6 GiB, and with an integrated GPU down to 7.0."""
SHM_ERROR = 64 * 1_048_576
"""Docker's default size of /dev/shm."""


def least(profile: Profile) -> float:
    """Bytes that must be reported where ``profile.memory_bytes`` must be installed: 7.0 GiB for 8 GB."""
    return profile.memory_bytes * REPORTED


@rule(
    "DL110",
    "There is enough memory",
    group="Machine",
    needs=("memory", "system"),
    causes=("low-ram", "wsl-memory-cap"),
    severity=Severity.WARNING,
)
def memory_below_profile(facts: Facts, profile: Profile) -> Iterator[Finding]:
    """The machine has less memory than the profile asks for (learn: 8 GB). Less than half of it is an error.

    Firmware and integrated graphics keep a part: an 8 GB machine reports 7.0 to 7.8 GiB and passes. WSL sees only the
    share of the memory that Windows gives it.
    """
    memory = known(facts.memory)
    total = present(memory.total_bytes, "the total is not told")
    if total >= least(profile):
        return
    system = facts.system
    wsl = isinstance(getattr(system, "wsl", None), int)
    yield Finding(
        cause="wsl-memory-cap" if wsl else "low-ram",
        message=f"{units.memory(total)} of memory; {units.disk(profile.memory_bytes)} are asked for",
        severity=Severity.ERROR if total < least(profile) / 2 else None,
        evidence=(Evidence("memory.total_bytes", units.memory(total)),),
    )


@rule(
    "DL111",
    "This process may use the memory of the machine",
    group="Machine",
    needs=("memory",),
    causes=("cgroup-memory-limit",),
    severity=Severity.WARNING,
)
def limit_below_profile(facts: Facts, profile: Profile) -> Iterator[Finding]:
    """A control group, a job scheduler or ulimit gives this process less memory than the profile asks for.

    The kernel ends what grows beyond the limit, without a word (exit code 137). The lowest limit among the group and all
    its ancestors counts.
    """
    memory = known(facts.memory)
    limit = present(memory.limit_bytes, "no limit is set")
    total = or_none(memory.total_bytes)
    if limit >= least(profile) or (total is not None and limit >= total):
        return
    yield Finding(
        cause="cgroup-memory-limit",
        message=f"this process may use {units.memory(limit)}"
        + (f" of the machine's {units.memory(total)}" if total else "")
        + f"; {units.disk(profile.memory_bytes)} are asked for",
        severity=Severity.ERROR if limit < least(profile) / 2 else None,
        evidence=(
            Evidence("memory.limit_bytes", units.memory(limit)),
            Evidence("memory.limit_source", memory.limit_source or "unknown"),
        ),
    )


@rule(
    "DL112",
    "Memory is free now",
    group="Machine",
    needs=("memory",),
    causes=("low-free-ram",),
    severity=Severity.NOTE,
)
def little_free(facts: Facts, profile: Profile) -> Iterator[Finding]:
    """Most of the memory is in use by other programs: less than a tenth, and less than 2 GiB, is available."""
    memory = known(facts.memory)
    total = present(memory.total_bytes, "the total is not told")
    available = present(memory.available_bytes, "what is available is not told")
    if total >= least(profile) and available < min(2 * units.GIB, total / 4) and available < total / 4:
        yield Finding(
            cause="low-free-ram",
            message=f"{units.memory(available)} of {units.memory(total)} are free",
            evidence=(Evidence("memory.available_bytes", units.memory(available)),),
        )


@rule(
    "DL113",
    "Shared memory is large enough for data loaders",
    group="Machine",
    needs=("memory", "container"),
    causes=("shm-too-small",),
    severity=Severity.WARNING,
)
def shared_memory_small(facts: Facts, profile: Profile) -> Iterator[Finding]:  # noqa: ARG001
    """/dev/shm is so small that DataLoader workers fail with "unable to allocate shared memory" or a bus error.

    Docker gives 64 MiB unless told otherwise. Training with num_workers=0 is not affected.
    """
    memory = known(facts.memory)
    size = present(memory.shared_memory_bytes, "there is no /dev/shm")
    if size >= units.GIB:
        return
    container = known(facts.container).kind
    if size > SHM_ERROR and not container:
        raise NotApplicable(f"/dev/shm has {units.memory(size)}, and this is no container")
    yield Finding(
        cause="shm-too-small",
        message=f"/dev/shm has {units.memory(size)}; data loaders with workers need 1 GiB and more",
        evidence=(
            Evidence("memory.shared_memory_bytes", units.memory(size)),
            Evidence("container", container or "none"),
        ),
    )


@rule(
    "DL114",
    "Nothing here was ended for lack of memory",
    group="Machine",
    needs=("memory",),
    causes=("oom-killed",),
    severity=Severity.NOTE,
)
def ended_for_memory(facts: Facts, profile: Profile) -> Iterator[Finding]:  # noqa: ARG001
    """The kernel has ended processes of this control group because memory ran out: "Killed", exit code 137."""
    memory = known(facts.memory)
    kills = present(memory.oom_kills, "the kernel does not count")
    if kills and or_none(memory.limit_bytes):
        yield Finding(
            cause="oom-killed",
            message=f"the kernel ended {units.counted(kills, 'process', 'processes')} of this group for lack of memory",
            evidence=(Evidence("memory.oom_kills", str(kills)),),
        )


@rule(
    "DL115",
    "No ended program keeps shared memory",
    group="Machine",
    needs=("memory", "container"),
    causes=("shm-too-small",),
    severity=Severity.WARNING,
)
def shared_memory_orphans(facts: Facts, profile: Profile) -> Iterator[Finding]:  # noqa: ARG001
    """Programs of PyTorch that were killed leave their shared tensors in /dev/shm, until nothing is left for the next one.

    Only files that carry the number of a process which is no more, and only where less than a fifth is free. In a
    container the numbers may be those of another space, and nothing is judged. Source: tried with torch 2.13
    (sharing strategy "file_system").
    """
    memory = known(facts.memory)
    if known(facts.container).kind:
        raise NotApplicable("inside a container process numbers tell nothing")
    size = present(memory.shared_memory_bytes, "there is no /dev/shm")
    free = present(memory.shared_memory_free_bytes, "there is no /dev/shm")
    left = memory.shared_memory_orphans
    paths = tuple(f"/dev/shm/{name}" for name in left[:20])
    if left and free < size / 5:
        yield Finding(
            cause="shm-too-small",
            message=f"/dev/shm has {units.memory(free)} free of {units.memory(size)}, and programs that have ended left "
            f"{units.counted(len(left), 'file')} there",
            evidence=tuple(Evidence("memory.shared_memory_orphans", path) for path in paths),
            fixes=(Fix("Look at them, then remove them.", (("ls", "-l", *paths), ("rm", *paths))),),
            verify=("df -h /dev/shm",),
        )


RULES = (
    memory_below_profile,
    limit_below_profile,
    little_free,
    shared_memory_small,
    ended_for_memory,
    shared_memory_orphans,
)
