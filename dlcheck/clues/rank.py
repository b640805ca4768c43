"""From clues to a ranking, in three steps that a person can follow.

1. A cause's score is its strongest clue; further clues close part of the gap to certainty.
2. Near causes: where a cause that beats another is found with a strong clue, the other stands below it.
3. Causes that are harmless by definition are no alarm; what they beat is explained by them and dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

STRONG = 0.6
"""From here on a cause wins over the causes that it beats."""
MENTION = 0.3
"""Below, a cause is not worth a word."""
MARGIN = 0.2
"""A cause that is heard by more than this above its rival is not beaten by it."""
SHARE = 0.35
"""The part of the gap to certainty that further clues may close."""
STEP = 0.04
"""How far a beaten cause stands below the one that beats it."""


@dataclass(slots=True)
class Candidate:
    """A cause with the lines that spoke for it, best first, and its score."""

    cause: str
    lines: list[tuple[float, int, str]] = field(default_factory=list)
    """Weight, index of the line, place of the clue in the signature files."""
    score: float = 0.0
    beaten_by: str = ""


def candidates(clues: Iterable[tuple[str, float, int, str]]) -> dict[str, Candidate]:
    """Candidates by cause, from ``(cause, weight, line, place)``, scored."""
    found: dict[str, Candidate] = {}
    for cause, weight, line, place in clues:
        found.setdefault(cause, Candidate(cause)).lines.append((weight, line, place))
    for one in found.values():
        one.lines.sort(key=lambda clue: (-clue[0], clue[1]))
        doubt = 1.0
        for weight, _, _ in one.lines[1:]:
            doubt *= 1 - weight / 2
        best = one.lines[0][0]
        one.score = best + (1 - best) * SHARE * (1 - doubt)
    return found


def rank(
    found: Mapping[str, Candidate], beats: Mapping[str, tuple[str, ...]], is_harmless: Callable[[str], bool]
) -> tuple[list[Candidate], list[Candidate]]:
    """The causes best first, and the harmless ones."""
    heard = {one.cause: one.score for one in found.values()}
    for one in sorted(found.values(), key=lambda one: (-one.score, one.cause)):
        if heard[one.cause] < STRONG or one.beaten_by:
            continue
        for loser in beats.get(one.cause, ()):
            other = found.get(loser)
            if other is not None and heard[loser] <= heard[one.cause] + MARGIN:
                other.beaten_by = other.beaten_by or one.cause
                other.score = min(other.score, one.score - STEP)
    harmless = [one for one in found.values() if is_harmless(one.cause) and not one.beaten_by and one.score >= MENTION]
    quiet = {one.cause for one in harmless if one.score >= STRONG}
    alarms = [
        one
        for one in found.values()
        if not is_harmless(one.cause) and one.beaten_by not in quiet and one.score >= MENTION
    ]
    order = lambda one: (-round(one.score, 4), one.cause)  # noqa: E731 - shared by the two lines below
    return sorted(alarms, key=order), sorted(harmless, key=order)
