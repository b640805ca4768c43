"""What ``dlcheck explain`` tells: the words of rules and causes, apart from the functions that judge."""

from __future__ import annotations

from dataclasses import field

from dlcheck.model.cause import Cause
from dlcheck.model.dataclass import dataclass
from dlcheck.model.profile import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleWords:
    """A rule without its function."""

    code: str
    title: str
    group: str
    severity: Severity
    causes: tuple[str, ...]
    explanation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The answer to one question: a rule, a cause, or the whole catalogue."""

    version: str
    created: str
    """UTC, ISO 8601, to the second."""
    node: str
    data_date: str
    rules: tuple[RuleWords, ...] = ()
    """The rule that was asked for; for a cause, those that may name it; for the catalogue, all."""
    causes: tuple[Cause, ...] = ()
    """The cause that was asked for, or the only one that the rule names; all for the catalogue."""
    asked: str | None = None
    """The code or slug; None for the catalogue."""
    titles: dict[str, str] = field(default_factory=dict)
    """Titles of every cause that is mentioned, by slug."""

    @property
    def is_rule(self) -> bool:
        """Whether a rule was asked for."""
        return self.asked is not None and any(one.code == self.asked for one in self.rules)
