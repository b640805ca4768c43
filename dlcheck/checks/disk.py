"""DL120-DL129: places on disk."""

from __future__ import annotations

from collections.abc import Iterator

from dlcheck.checks.rule import rule
from dlcheck.model import units
from dlcheck.model.fact import CannotJudge, NotApplicable, known, or_none
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Evidence, Finding
from dlcheck.model.host_facts import DiskFacts
from dlcheck.model.profile import Profile, Severity

FEW_INODES = 100_000
"""An environment with four frameworks has 33,000 to 44,000 files (measured)."""
REMOTE = ("nfs", "nfs4", "cifs", "smb3", "9p", "drvfs", "fuse.sshfs", "beegfs", "lustre", "gpfs")
LOCAL = ("ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs")
"""File systems of a disk in this machine, which nobody mounts read-only on purpose where homes lie."""


def places(facts: Facts, *roles: str) -> list[DiskFacts]:
    """The disks of these roles; NotApplicable where there are none."""
    found = [one for one in known(facts.disks) if one.role in roles]
    if not found:
        raise NotApplicable("no such place is known")
    return found


@rule(
    "DL120",
    "There is space for the packages",
    group="Machine",
    needs=("disks",),
    causes=("no-disk-space",),
)
def space_below_profile(facts: Facts, profile: Profile) -> Iterator[Finding]:
    """Too little space where packages land. TensorFlow, PyTorch and JAX for the CPU need 2.7 GB, with CUDA 6 GB more.

    An error where less than a tenth of what the profile asks for is free, else a warning.
    """
    for place in places(facts, "environment"):
        free = known(place.free_bytes)
        if free is None:
            raise CannotJudge("the free space is not told")
        if free < profile.environment_free_bytes:
            yield Finding(
                cause="no-disk-space",
                message=f"{units.disk(free)} are free where packages land; "
                f"{units.disk(profile.environment_free_bytes)} are asked for",
                severity=Severity.ERROR if free < profile.environment_free_bytes / 10 else Severity.WARNING,
                evidence=(Evidence(f"disks.{place.role}", f"{place.path}: {units.disk(free)} free"),),
                about={"path": place.path},
            )
        inodes = or_none(place.free_inodes)
        if inodes is not None and inodes < FEW_INODES:
            yield Finding(
                cause="no-disk-space",
                message=f"the file system of the environment can hold only {inodes} more files",
                severity=Severity.WARNING,
                evidence=(Evidence(f"disks.{place.role}", f"{place.path}: {inodes} inodes free"),),
                about={"path": place.path},
            )


@rule(
    "DL121",
    "The temporary folder has space, can be written to and runs programs",
    group="Machine",
    needs=("disks",),
    causes=("no-disk-space", "tmpdir-noexec", "tmpdir-not-writable"),
    severity=Severity.WARNING,
)
def temporary_folder(facts: Facts, profile: Profile) -> Iterator[Finding]:
    """Pip downloads to TMPDIR even when its cache lies elsewhere, and torch.compile runs what it built there.

    With a small TMPDIR pip ends with a bare "No space left on device"; on a noexec one torch.compile fails with "failed
    to map segment from shared object". uv unpacks into its own cache.
    """
    for place in places(facts, "temporary"):
        evidence = (
            Evidence("disks.temporary", f"{place.path} ({or_none(place.filesystem) or 'unknown file system'})"),
        )
        if known(place.writable) is False:
            yield Finding(
                cause="tmpdir-not-writable",
                message=f"no file can be made in the temporary folder {place.path}",
                severity=Severity.ERROR,
                evidence=evidence,
                about={"path": place.path},
            )
            return
        free = known(place.free_bytes)
        if free is not None and free < profile.temporary_free_bytes:
            yield Finding(
                cause="no-disk-space",
                message=f"{units.disk(free)} are free in the temporary folder {place.path}; pip downloads through it",
                evidence=evidence,
                about={"path": place.path},
            )
        if known(place.executable) is False:
            yield Finding(
                cause="tmpdir-noexec",
                message=f"programs in {place.path} may not run (noexec): torch.compile and Triton fail there",
                evidence=evidence,
                about={"path": place.path},
            )


@rule(
    "DL122",
    "The home folder can be written to",
    group="Machine",
    needs=("disks", "container"),
    causes=("home-not-writable", "disk-failing"),
    severity=Severity.WARNING,
)
def home_not_writable(facts: Facts, profile: Profile) -> Iterator[Finding]:  # noqa: ARG001
    """Frameworks keep caches, models and settings below the home folder; downloads of models and data sets fail without.

    What an attempt to write says counts, not the mode bits: root, NFS and access lists make those lie. A local disk that is
    mounted read-only was mostly made so by the kernel, after errors; in containers and images it is meant.
    """
    container = or_none(facts.container)
    inside = container.kind if container else None
    for place in places(facts, "home", "cache"):
        if known(place.writable) is False:
            refused = place.read_only is True and or_none(place.filesystem) in LOCAL and not inside
            yield Finding(
                cause="disk-failing" if refused else "home-not-writable",
                message=f"the disk of {place.path} is mounted read-only"
                if refused
                else f"no file can be made in {place.path}",
                evidence=(Evidence(f"disks.{place.role}", place.path),),
                about={"path": place.path},
            )


@rule(
    "DL123",
    "The environment lies on a local disk",
    group="Machine",
    needs=("disks",),
    causes=("env-on-network-fs",),
    severity=Severity.NOTE,
)
def environment_on_network(facts: Facts, profile: Profile) -> Iterator[Finding]:  # noqa: ARG001
    """The environment lies on a network or foreign file system: the thousands of small files of an import take long.

    Normal on clusters; in WSL a folder below /mnt/c is many times slower than one below the Linux home.
    """
    for place in places(facts, "environment"):
        kind = or_none(place.filesystem)
        if kind in REMOTE:
            yield Finding(
                cause="env-on-network-fs",
                message=f"the environment lies on {kind}: imports are slow there",
                evidence=(Evidence("disks.environment", f"{place.path} ({kind})"),),
                about={"path": place.path},
            )


RULES = (space_below_profile, temporary_folder, home_not_writable, environment_on_network)
