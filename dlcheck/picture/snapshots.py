"""Two pictures of a fleet compared node by node: who turned bad, and what else is different there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dlcheck.model.fleet import FleetChange, FleetReport, NodeState
from dlcheck.model.hostlist import natural

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is kept of a run: enough to say what changed."""

    label: str
    nodes: Mapping[str, tuple[NodeState, tuple[str, ...], Pairs]]
    """Node to its state, causes and versions."""


def snapshot(report: FleetReport, label: str) -> Snapshot:
    """The report, reduced."""
    return Snapshot(label, {one.name: (one.state, one.causes, one.versions) for one in report.nodes})


def changes(before: Snapshot, after: Snapshot) -> tuple[list[FleetChange], list[FleetChange], list[FleetChange], int]:
    """The changes to the worse, to the better and others, in natural order, and how many nodes are as before."""
    worse: list[FleetChange] = []
    better: list[FleetChange] = []
    other: list[FleetChange] = []
    same = 0
    for name in sorted({*before.nodes, *after.nodes}, key=natural):
        old, new = before.nodes.get(name), after.nodes.get(name)
        if old == new:
            same += 1
            continue
        change = FleetChange(
            node=name,
            before=old[0] if old else None,
            after=new[0] if new else None,
            appeared=tuple(slug for slug in (new[1] if new else ()) if not old or slug not in old[1]),
            gone=tuple(slug for slug in (old[1] if old else ()) if not new or slug not in new[1]),
            changed=_changed(old[2], new[2]) if old and new and old[2] and new[2] else (),
        )
        # A node that is gone is not mended.
        step = _rank(new) - _rank(old) if new else 0
        (worse if step > 0 else better if step < 0 else other).append(change)
    return worse, better, other, same


def _rank(known: tuple[NodeState, tuple[str, ...], Pairs] | None) -> int:
    """A node that is new counts as well before: only what it says now can be worse."""
    return known[0].rank if known else NodeState.OK.rank


def _changed(old: Pairs, new: Pairs) -> tuple[tuple[str, str | None, str | None], ...]:
    before, after = dict(old), dict(new)
    names = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
    return tuple((name, before.get(name), after.get(name)) for name in names)
