"""What a rule says: findings, their fixes, and the verdict that holds them."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from dataclasses import field

from dlcheck.model.dataclass import dataclass
from dlcheck.model.facts import Facts
from dlcheck.model.profile import Profile, Severity


class Safety(str, enum.Enum):
    """What a fix may touch."""

    SAFE = "safe"
    """Nothing that exists changes."""
    ENVIRONMENT = "environment"
    """The checked Python environment changes."""
    ROOT = "root"
    """Rights of an administrator are needed; dlcheck never runs it."""
    REBOOT = "reboot"
    MANUAL = "manual"
    """Hands or a settings page, no command."""


@dataclass(frozen=True, slots=True)
class Fix:
    """One way to mend a cause: words, and the exact commands as argument lists (never shell strings)."""

    text: str
    commands: tuple[tuple[str, ...], ...] = ()
    safety: Safety = Safety.MANUAL


@dataclass(frozen=True, slots=True)
class Evidence:
    """A fact that a finding rests on: its path in Facts, and its value in words."""

    fact: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong, with the slug of its cause (data/causes)."""

    cause: str
    message: str
    subject: str = ""
    severity: Severity | None = None
    """None: the rule's own."""
    evidence: tuple[Evidence, ...] = ()
    because_of: tuple[str, ...] = ()
    """Slugs of other found causes that explain this one."""
    fixes: tuple[Fix, ...] = ()
    """Empty: those of the cause's catalogue entry."""
    verify: tuple[str, ...] = ()
    about: dict[str, str] = field(default_factory=dict)
    """What the blanks of the catalogue's fixes stand for here (model/placeholder.py): package, version, path ..."""


class Status(str, enum.Enum):
    """How a rule ended."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"
    CRASHED = "crashed"


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: a pure function from facts and profile to findings, with its code and its words."""

    code: str
    title: str
    group: str
    """Line of the text report that it belongs to."""
    needs: tuple[str, ...]
    """Fields of Facts that it reads; only these are gathered for it."""
    severity: Severity
    causes: tuple[str, ...]
    """Every slug that it may name."""
    explanation: str
    judge: Callable[[Facts, Profile], Iterable[Finding]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one rule said of one subject."""

    code: str
    title: str
    group: str
    subject: str
    status: Status
    severity: Severity
    findings: tuple[Finding, ...] = ()
    why: str | None = None
    """Why it was skipped, unknown or crashed."""
    seconds: float = 0.0
    suppressed: bool = False
