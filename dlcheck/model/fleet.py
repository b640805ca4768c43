"""Many machines in one picture: what was received of each node, and what the nodes have in common."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from dlcheck.model.dataclass import dataclass


class NodeState(str, enum.Enum):
    """What is known of a node, each node in exactly one state."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    MISSING = "missing"
    """Expected, and no report came."""
    STALE = "stale"
    """Its report is older than the others by more than the limit."""
    UNREADABLE = "unreadable"
    """Something came that is no report."""

    @property
    def rank(self) -> int:
        """0 for the best; the order in which a person wants to read is the reverse."""
        return ("ok", "warning", "stale", "unreadable", "missing", "failed").index(self.value)


class FleetNode(NamedTuple):
    """One node. A tuple, since there are ten thousand of them, and a frozen dataclass takes six times as long to make."""

    name: str
    state: NodeState
    why: str | None = None
    """One line: why it is missing, stale or unreadable, or what is wrong first."""
    causes: tuple[str, ...] = ()
    areas: Mapping[str, str] = MappingProxyType({})
    """Area (CPU, PyTorch, smoke torch ...) to its worst outcome: passed, note, warning, failed, unknown, skipped."""
    created: str | None = None
    version: str | None = None
    """dlcheck's version there."""
    versions: tuple[tuple[str, str], ...] = ()
    """Kernel, driver, frameworks ... by name."""
    expected: bool = True
    """False for a node that reported and is not on the list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldedCause:
    """One cause and all nodes that have it."""

    cause: str
    nodes: tuple[str, ...]
    severity: str
    message: str
    """The words of the first node that has it."""


@dataclass(frozen=True, slots=True)
class Minority:
    """Nodes that differ from most."""

    value: str | None
    """None: not there, while most nodes have it."""
    nodes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """A version in which the fleet disagrees."""

    fact: str
    majority: str
    count: int
    """Nodes that have the majority's value."""
    minorities: tuple[Minority, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlier:
    """A measure far from the median of its kind, in median absolute deviations."""

    measure: str
    """temperature (degrees Celsius), power (watts), throughput (steps a second), bandwidth (bytes a second), loss deviation."""
    model: str
    """Only devices of one model are compared."""
    node: str
    subject: str
    """The device, or the device and the task."""
    value: float
    median: float
    mad: float
    score: float
    """0.6745 x (value - median) / MAD (Iglewicz and Hoaglin, 1993); on a logarithmic scale for a deviation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """The contract's ``nodes``. Each node is in one state; ``duplicate`` counts reports, not nodes."""

    expected: int = 0
    received: int = 0
    ok: int = 0
    warning: int = 0
    failed: int = 0
    missing: int = 0
    stale: int = 0
    unreadable: int = 0
    duplicate: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A text that is no report, and whose node nobody can tell."""

    source: str
    why: str


@dataclass(frozen=True, slots=True)
class Step:
    """A command that the reader may want now. dlcheck never runs it."""

    purpose: str
    argv: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetReport:
    """The picture."""

    version: str
    created: str
    node: str
    """Where it was drawn."""
    counts: Counts
    nodes: tuple[FleetNode, ...]
    """Every node, in natural order."""
    causes: tuple[FoldedCause, ...] = ()
    drift: tuple[Drift, ...] = ()
    outliers: tuple[Outlier, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    duplicates: tuple[str, ...] = ()
    """Nodes of which more than one report of a kind came; the newest counts."""
    notes: tuple[str, ...] = ()
    """What the reader should know of how it was gathered."""
    steps: tuple[Step, ...] = ()
    """What one can type next."""
    command: str = "fleet report"
    engine: str | None = None
    exit_code: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetChange:
    """How one node changed between two runs."""

    node: str
    before: NodeState | None
    """None: not part of that run."""
    after: NodeState | None
    appeared: tuple[str, ...] = ()
    """Causes that it has now and had not."""
    gone: tuple[str, ...] = ()
    changed: tuple[tuple[str, str | None, str | None], ...] = ()
    """Facts that differ: name, before, after. What changed there is the first suspect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetDiff:
    """What became of a fleet between two runs."""

    version: str
    created: str
    node: str
    before: str
    """The earlier run: its number and time."""
    after: str
    worse: tuple[FleetChange, ...] = ()
    better: tuple[FleetChange, ...] = ()
    other: tuple[FleetChange, ...] = ()
    """Same state, other causes or facts."""
    same: int = 0
    exit_code: int = 0
