"""Which pair of nodes is bad: a round-robin tournament, in which every pair meets once, and what its results say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Pair = tuple[str, str]


def rounds(nodes: Sequence[str]) -> list[list[Pair]]:
    """The circle method: n - 1 rounds for an even number of nodes, n for an odd one (one node rests in each).

    One node keeps its seat and the others move on by one a round, so every pair meets exactly once, and no node plays twice
    in a round: all pairs of a round can be measured at the same time.
    """
    seats: list[str | None] = [*nodes, *([None] if len(nodes) % 2 else [])]
    half = len(seats) // 2
    found = []
    for _ in range(len(seats) - 1):
        facing = zip(seats[:half], reversed(seats[half:]), strict=True)
        found.append([(one, other) for one, other in facing if one is not None and other is not None])
        seats = [seats[0], seats[-1], *seats[1:-1]]
    return [pairs for pairs in found if pairs]


@dataclass(frozen=True, slots=True)
class Blame:
    """What the bad pairs have in common."""

    nodes: tuple[str, ...]
    """Bad in every pair they were in: it is the node, not a way between two."""
    pairs: tuple[Pair, ...]
    """Bad, while both nodes do well with others: it is what lies between them."""


def blame(outcomes: Mapping[Pair, bool]) -> Blame:
    """Nodes and pairs to look at; ``outcomes`` says of each measured pair whether it did well."""
    results: dict[str, list[bool]] = {}
    for pair, well in outcomes.items():
        for node in pair:
            results.setdefault(node, []).append(well)
    bad = {node for node, found in results.items() if len(found) > 1 and not any(found)}
    between = tuple(pair for pair, well in outcomes.items() if not well and not bad.intersection(pair))
    return Blame(tuple(node for node in results if node in bad), between)
