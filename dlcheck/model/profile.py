"""What is asked of a machine."""

from __future__ import annotations

import enum
from dataclasses import field

from dlcheck.model.dataclass import dataclass


class Severity(str, enum.Enum):
    """How much a finding matters; the order is note < warning < error."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"

    @property
    def rank(self) -> int:
        """0 for a note, 1 for a warning, 2 for an error."""
        return ("note", "warning", "error").index(self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A framework that the profile asks for."""

    name: str
    versions: str = ""
    """A version specifier (PEP 440), empty for any."""
    required: bool = False
    """Missing is an error, not a note."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignore:
    """A code or cause that shall not count, why, and until when (ISO date; empty: for ever)."""

    target: str
    reason: str
    until: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What is asked. Sizes are bytes; one GB is 10**9 bytes, as on the box."""

    name: str
    description: str = ""
    cpu_class: str = "i3"
    """Least class: i3, i5, i7 or i9, or "" where any will do."""
    memory_bytes: int = 8_000_000_000
    environment_free_bytes: int = 4_000_000_000
    """Free space where packages land."""
    temporary_free_bytes: int = 1_000_000_000
    minimum_python: str = "3.8"
    frameworks: tuple[Wanted, ...] = ()
    any_framework: bool = True
    """At least one framework that trains must be there."""
    gpu: str = "optional"
    """optional: none is fine; wanted: none is a warning; required: none is an error."""
    internet: bool = True
    editor: bool = True
    severities: dict[str, Severity] = field(default_factory=dict)
    """Code or cause to the severity that replaces the rule's own."""
    ignores: tuple[Ignore, ...] = ()
    variables: dict[str, str] = field(default_factory=dict)
    """Environment variables that must have these values."""
