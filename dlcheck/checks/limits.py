"""DL105-DL107: what this process may have of the system besides processors and memory, and who it runs as."""

from __future__ import annotations

from collections.abc import Iterator

from dlcheck.checks import gpu_facts as gpu
from dlcheck.checks.rule import rule
from dlcheck.model import units
from dlcheck.model.fact import NotApplicable, known, or_none, present
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Evidence, Finding, Fix
from dlcheck.model.profile import Profile, Severity

OPEN_FILES = 4096
PROCESSES = 1024
HARD = (
    Fix(
        "Only whoever starts the session or the service can raise a hard limit: LimitNOFILE= in the unit, or nofile in "
        "/etc/security/limits.conf; then log in again.",
    ),
    Fix('Or let PyTorch share by files: torch.multiprocessing.set_sharing_strategy("file_system").'),
)
IN_CONTAINER = (
    Fix("Start the container with a higher limit.", (("docker", "run", "--ulimit", "nofile=65535", "IMAGE"),)),
    HARD[1],
)


@rule(
    "DL105",
    "Enough files may be open and enough processes started",
    group="Machine",
    needs=("toolchain", "container"),
    causes=("open-files-limit", "pids-limit"),
    severity=Severity.WARNING,
)
def files_and_processes(facts: Facts, profile: Profile) -> Iterator[Finding]:  # noqa: ARG001
    """Data loaders with workers open a file for each shared tensor and start a process, with its threads, for each worker.

    Judged: a hard limit of fewer than 4096 open files, and a control group with fewer than 1024 processes and threads. A
    soft limit of 1024 files is what every login has, and a program may raise it to the hard one itself. Source: PyTorch's
    page on multiprocessing, getrlimit(2), the kernel's documentation of the pids controller.
    """
    limits = known(facts.toolchain)
    files = or_none(limits.open_files_hard)
    if files is not None and 0 <= files < OPEN_FILES:  # -1 is no limit
        yield Finding(
            cause="open-files-limit",
            message=f"this process may have at most {files} files open; data loaders with workers need more",
            evidence=(Evidence("toolchain.open_files_hard", str(files)),),
            fixes=IN_CONTAINER if gpu.container_kind(facts) else HARD,
        )
    if limits.processes_limit is not None and limits.processes_limit < PROCESSES:
        yield Finding(
            cause="pids-limit",
            message=f"only {limits.processes_limit} processes and threads may run here",
            evidence=(Evidence("toolchain.processes_limit", str(limits.processes_limit)),),
        )


@rule(
    "DL106",
    "Memory may be locked for fast network cards",
    group="Machine",
    needs=("toolchain", "devices"),
    causes=("memlock-limit",),
    severity=Severity.WARNING,
)
def locked_memory(facts: Facts, profile: Profile) -> Iterator[Finding]:  # noqa: ARG001
    """InfiniBand and RoCE adapters register the memory they send, which the limit of locked memory counts.

    Judged only beside an active port; CUDA's own pinned memory does not count. Source: NVIDIA's NCCL guide, verbs(7).
    """
    links = or_none(gpu.devices_of(facts).interconnect)
    ports = (or_none(links.infiniband) or ()) if links else ()
    if not any(one.state == "ACTIVE" for one in ports):
        raise NotApplicable("no active InfiniBand or RoCE port beside several GPUs")
    limit = present(known(facts.toolchain).locked_memory_bytes, "no limit")
    yield Finding(
        cause="memlock-limit",
        message=f"only {units.memory(limit)} may be locked, and NCCL registers far more with the adapter",
        evidence=(Evidence("toolchain.locked_memory_bytes", str(limit)),),
    )


@rule(
    "DL107",
    "This user has a name or a home",
    group="Machine",
    needs=("system", "disks"),
    causes=("uid-without-passwd-entry",),
    severity=Severity.WARNING,
)
def nobody(facts: Facts, profile: Profile) -> Iterator[Finding]:  # noqa: ARG001
    """A container that is started with another user number has no entry for it, and then often no home folder.

    Jupyter, older PyTorch and whatever asks getpass for the user fail. A missing entry alone is no fault: with a HOME that
    can be written to frameworks do well. Source: getpwuid(3), tried with torch 2.13.
    """
    system = known(facts.system)
    if system.named is not False:
        raise NotApplicable("the user has an entry" if system.named else "users have no numbers here")
    home = next((one for one in known(facts.disks) if one.role == "home"), None)
    if home is None or home.path == "/" or or_none(home.writable) is False:
        yield Finding(
            cause="uid-without-passwd-entry",
            message="the user number of this process has no entry, and there is no home that it could write to",
            evidence=(
                Evidence("system.named", "false"),
                Evidence("disks.home", home.path if home else "HOME is not set"),
            ),
        )


RULES = (files_and_processes, locked_memory, nobody)
