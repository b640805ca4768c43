"""The kept pictures of a fleet, and what changed between two of them. The file is one like the history's, beside it."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from typing import Any

from dlcheck import __version__, fleet, history
from dlcheck.model.errors import DlcheckError
from dlcheck.model.fleet import FleetDiff, FleetReport, NodeState, Step
from dlcheck.picture.assemble import iso
from dlcheck.picture.snapshots import Pairs, Snapshot, changes, snapshot

MOST_RUNS = 100


def place() -> str:
    """The file's path."""
    return os.path.join(os.path.dirname(history.place()), "fleet.sqlite3")


def keep(report: FleetReport) -> tuple[str, ...]:
    """Keep the states, causes and versions of all nodes; the notices that the user should see. Never raises."""
    versions: dict[Pairs, int] = {}
    causes: dict[tuple[str, ...], int] = {}
    nodes = {
        one.name: [
            one.state.value,
            causes.setdefault(one.causes, len(causes)),
            versions.setdefault(one.versions, len(versions)),
        ]
        for one in report.nodes
    }
    document = {
        "schema_version": 1,
        "created": report.created,
        "node": report.node,
        "command": report.command,
        "exit_code": report.exit_code,
        "nodes": nodes,
        "causes": [list(one) for one in causes],
        "versions": [[list(pair) for pair in one] for one in versions],
    }
    return history.keep(document, place())


def with_comparison(report: FleetReport) -> FleetReport:
    """The picture with the command that compares it, where something is wrong and an earlier run is there. Before ``keep``."""
    if report.exit_code == 0 or not os.path.exists(place()):
        return report
    step = Step(
        "To see which nodes turned bad since the run before, and what changed there", ("dlcheck", "fleet", "diff")
    )
    return replace(report, steps=(*report.steps, step))


def runs() -> tuple[history.Kept, ...]:
    """The kept runs, newest first."""
    if not os.path.exists(place()):
        raise DlcheckError("no picture of a fleet has been kept yet", "dlcheck fleet report or fleet run keeps one.")
    return history.runs(place(), MOST_RUNS)


def compare(before: str, after: str) -> FleetDiff:
    """What changed between two runs, each ``last``, ``previous``, a number of the list, or a folder or file of reports."""
    first, second = _snapshot(before), _snapshot(after)
    worse, better, other, same = changes(first, second)
    return FleetDiff(
        version=__version__,
        created=iso(time.time()),
        node=fleet.this_node(),
        before=first.label,
        after=second.label,
        worse=tuple(worse),
        better=tuple(better),
        other=tuple(other),
        same=same,
        exit_code=1 if worse else 0,
    )


def _snapshot(word: str) -> Snapshot:
    if word not in ("last", "previous") and not word.isdigit():
        return snapshot(fleet.report(word), word)
    kept = runs()
    if word.isdigit():
        chosen = [one for one in kept if one.number == int(word)]
    else:
        chosen = list(kept[0:1] if word == "last" else kept[1:2])
    if not chosen:
        raise DlcheckError(f"no run {word} of a fleet was kept", "dlcheck fleet diff --list shows the kept runs.")
    document = history.document(chosen[0].number, place())
    try:
        return Snapshot(f"run {chosen[0].number} of {chosen[0].created}", _nodes(document))
    except (LookupError, TypeError, ValueError, AttributeError):
        raise DlcheckError(f"run {chosen[0].number} of the kept runs is damaged") from None


def _nodes(document: dict[str, Any]) -> dict[str, tuple[NodeState, tuple[str, ...], Pairs]]:
    causes = [tuple(str(slug) for slug in one) for one in document["causes"]]
    versions = [tuple((str(name), str(value)) for name, value in one) for one in document["versions"]]
    return {
        str(name): (NodeState(state), causes[cause], versions[version])
        for name, (state, cause, version) in document["nodes"].items()
    }
