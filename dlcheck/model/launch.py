"""What an engine is asked to do on many nodes, and what it brings back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field

from dlcheck.model.dataclass import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """One command on every node, once."""

    command: tuple[str, ...]
    """dlcheck and its arguments, as they are run on the node."""
    folder: str
    """Scratch folder on this machine."""
    nodes: tuple[str, ...] | None = None
    """None: every node that the engine knows."""
    seconds: float = 120.0
    """Limit of the command on its node, kept there and not by the engine."""
    wait: float = 30.0
    """How long the engine may take to give the nodes."""
    shared: str | None = None
    """A folder that all nodes see; reports are left there instead of coming back through the engine."""
    options: tuple[str, ...] = ()
    """Options for the engine's own command: partition, account, generic resources ..."""
    inventory: str | None = None
    """Ansible's inventory."""
    python: str | None = None
    """Ray's interpreter."""
    progress: Callable[[int, int], None] = field(default=lambda _done, _all: None)
    """Told how many of the asked nodes have answered."""


@dataclass(frozen=True, slots=True)
class Survey:
    """The nodes an engine would ask, and why it would not ask others."""

    asked: tuple[str, ...]
    excuses: dict[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back of one node."""

    output: bytes = b""
    """What the command wrote on standard output."""
    errors: str = ""
    """The end of what it wrote on standard error."""
    code: int | None = None
    """Its exit code; None where the answer was cut off."""


@dataclass(frozen=True, slots=True)
class Returned:
    """What came back of all nodes."""

    answers: dict[str, Answer]
    excuses: dict[str, str]
    """Node to what the engine says of it."""
    notes: tuple[str, ...] = ()
    argv: tuple[str, ...] = ()
    """The engine's command as it was run."""
