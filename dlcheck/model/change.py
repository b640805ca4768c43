"""What changed between two runs, and how likely each change explains a failure that is new."""

from __future__ import annotations

from dataclasses import field

from dlcheck.model.dataclass import dataclass
from dlcheck.model.facts import Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """One training of a smoke run."""

    status: str
    deviation: float | None = None
    """The largest of the distances from the reference (loss, gradient, weights)."""
    seconds: float | None = None
    cause: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one check ended in a run: its causes, and what was said."""

    status: str
    title: str
    causes: tuple[str, ...] = ()
    message: str = ""
    evidence: tuple[str, ...] = ()
    """Paths of the facts that its findings rest on."""
    severity: str = ""
    """The worst among its findings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A kept run or a saved report, read for comparing."""

    source: str
    """Where it comes from, in words: a path, or the name in the history."""
    command: str
    created: str
    node: str
    version: str
    exit_code: int
    profile: str = ""
    python: str = ""
    facts: Facts = field(default_factory=Facts)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    """By code and subject."""
    trained: dict[str, Trained] = field(default_factory=dict)
    """By framework, device, task and dtype."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that is not as it was."""

    kind: str
    """driver, kernel, device, package, python, variable, limit, disk, network, container, toolchain, smoke or dlcheck."""
    what: str
    before: str | None
    """None: it was not there."""
    after: str | None
    weight: int
    """0 to 100: how likely such a change explains a failure that is new; a judgement, made once in picture/changes."""
    why: str = ""
    """Why it is thought to matter, one line; may be empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Everything that two runs do not share."""

    before: Run
    after: Run
    worse: tuple[tuple[str, Outcome], ...] = ()
    """Checks that fail now and did not: code and subject, and how it ended."""
    better: tuple[tuple[str, Outcome], ...] = ()
    changes: tuple[Change, ...] = ()
    """The most likely explanation first."""
    notes: tuple[str, ...] = ()
    """What limits the comparison: facts that one side did not gather, another machine, another profile."""
