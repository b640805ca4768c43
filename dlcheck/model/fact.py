"""What a fact is.

A fact is a value, ``None`` (looked, and it is not there) or ``Unknown`` (could not look, and why). Unknown is never
read as fine and never as broken: a rule that needs an unknown fact becomes ``unknown`` itself.
"""

from __future__ import annotations

from typing import TypeVar

from dlcheck.model.dataclass import dataclass

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody could look, for the reason ``why`` (one line, words of a person)."""

    why: str


NOT_GATHERED = Unknown("not gathered")


class CannotJudge(Exception):  # noqa: N818 - an outcome of a rule, not an error
    """Raised inside a rule whose facts are unknown; its verdict becomes ``unknown``."""


class NotApplicable(Exception):  # noqa: N818 - an outcome of a rule, not an error
    """Raised inside a rule that has nothing to judge here; its verdict becomes ``skipped``."""


def known(fact: T | Unknown) -> T:
    """The fact's value, or ``CannotJudge`` where nobody could look."""
    if isinstance(fact, Unknown):
        raise CannotJudge(fact.why)
    return fact


def present(fact: T | Unknown | None, otherwise: str) -> T:
    """The fact's value; ``NotApplicable(otherwise)`` where it is absent, ``CannotJudge`` where nobody could look."""
    value = known(fact)
    if value is None:
        raise NotApplicable(otherwise)
    return value


def or_none(fact: T | Unknown | None) -> T | None:
    """The fact's value where it is known, else None: for words in a message, never for a judgement."""
    return None if isinstance(fact, Unknown) else fact
