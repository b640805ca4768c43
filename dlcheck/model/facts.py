"""All facts of one machine and one interpreter: one field a subject. A rule names the fields it needs."""

from __future__ import annotations

from dataclasses import field

from dlcheck.model.dataclass import dataclass
from dlcheck.model.device_facts import DeviceFacts
from dlcheck.model.fact import NOT_GATHERED, Unknown
from dlcheck.model.host_facts import (
    ContainerFacts,
    CpuFacts,
    DiskFacts,
    MemoryFacts,
    NetworkFacts,
    SystemFacts,
    ToolchainFacts,
    WorkplaceFacts,
)
from dlcheck.model.python_facts import Distribution, FrameworkFacts, PythonFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a machine; every subject is Unknown until somebody looked."""

    system: SystemFacts | Unknown = NOT_GATHERED
    cpu: CpuFacts | Unknown = NOT_GATHERED
    memory: MemoryFacts | Unknown = NOT_GATHERED
    disks: tuple[DiskFacts, ...] | Unknown = NOT_GATHERED
    network: NetworkFacts | Unknown = NOT_GATHERED
    container: ContainerFacts | Unknown = NOT_GATHERED
    workplace: WorkplaceFacts | Unknown = NOT_GATHERED
    toolchain: ToolchainFacts | Unknown = NOT_GATHERED
    variables: dict[str, str] | Unknown = NOT_GATHERED
    """Environment variables that change how deep learning behaves; secrets masked."""
    python: PythonFacts | Unknown = NOT_GATHERED
    distributions: tuple[Distribution, ...] | Unknown = NOT_GATHERED
    shadows: tuple[str, ...] | Unknown = NOT_GATHERED
    """Files of the working directory that would be imported instead of a framework or a standard module."""
    devices: DeviceFacts | Unknown = NOT_GATHERED
    frameworks: dict[str, FrameworkFacts] | Unknown = NOT_GATHERED
    """By name; a framework that is not a key was looked for and is not installed."""
    notes: dict[str, str] = field(default_factory=dict)
    """Facts of a pasted text that no subject has a field for, by name."""


SUBJECTS = tuple(name for name in Facts.__dataclass_fields__ if name != "notes")
