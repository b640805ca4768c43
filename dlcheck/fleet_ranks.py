"""One training over many nodes: a rank or more on each, which meet on the first; or on every pair of them, round by round."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from dlcheck import __version__, fleet
from dlcheck.checks.pairs import Pair, blame, rounds
from dlcheck.checks.ranks import judge_ranks
from dlcheck.data.smoke_tasks import smoke_task
from dlcheck.engines import slurm
from dlcheck.engines.node import excuse
from dlcheck.fleet_run import Wish, again, keep_report, launched, next_steps
from dlcheck.model.errors import DlcheckError
from dlcheck.model.fleet import FleetReport, Step
from dlcheck.model.hostlist import fold
from dlcheck.model.launch import Launch, Returned
from dlcheck.model.level import Level
from dlcheck.model.report import Target
from dlcheck.model.smoke import SmokeReport, SmokeResult, SmokeStatus
from dlcheck.model.style import Style
from dlcheck.picture.assemble import Gathered, iso
from dlcheck.renderers import SMOKE_RENDERERS
from dlcheck.smoke_distributed import TASK

Group = tuple[str, ...]
BAD = (SmokeStatus.FAILED, SmokeStatus.CRASHED, SmokeStatus.TIMEOUT)
PORTS = range(20_000, 32_000)
"""Below the ports that Linux hands out by itself (32768 and up)."""
MOST_RANKS = 64
"""On one node."""
START = 10.0
"""Seconds that dlcheck itself may need on a node beside the training."""


@dataclass(slots=True)
class _Seen:
    """What is known of the nodes after the rounds so far."""

    results: dict[str, list[SmokeResult]] = field(default_factory=dict)
    python: dict[str, str] = field(default_factory=dict)
    excuses: dict[str, str] = field(default_factory=dict)
    outcomes: dict[Group, bool] = field(default_factory=dict)


def wanted(wish: Wish) -> bool:
    """Whether it is a training over all nodes."""
    together = wish.command[:1] == ("smoke",) and "--distributed" in wish.command
    if wish.pairs and not together:
        raise DlcheckError("--pairs is for smoke --distributed", "dlcheck fleet run --pairs -- smoke --distributed")
    return together


def plan(wish: Wish) -> tuple[str, ...]:
    """The engine's command line of the first round."""
    _check(wish)
    with launched(wish) as launch:
        groups = _rounds(slurm.survey(launch).asked, wish.pairs)[0]
        return slurm.command(_with_group(launch, groups), _members(groups))


def run(wish: Wish) -> FleetReport:
    """The picture of one training over all nodes, or of one on every pair of them. The rank at fault is named with its node."""
    _check(wish)
    started = time.monotonic()
    with launched(wish) as launch:
        survey = slurm.survey(launch)
        gathered = Gathered(expected=wish.expect or wish.nodes or (*survey.asked, *survey.excuses))
        gathered.excuses.update(survey.excuses)
        seen = _Seen()
        for groups in _rounds(survey.asked, wish.pairs):
            _take(seen, groups, launch, _asked(launch, groups))
    gathered.excuses.update(seen.excuses)
    for node, results in seen.results.items():
        document = _document(node, results, seen, time.monotonic() - started)
        gathered.take(document, node, node, sure=True)
        if wish.save is not None:
            keep_report(wish.save, node, document)
    notes = (*_slow(seen), *(_blame(seen) if wish.pairs else ()))
    drawn = fleet.picture(gathered, started, fail_on=wish.fail_on, command="fleet run", engine=wish.engine, notes=notes)
    return replace(drawn, steps=(*find_step(drawn, wish), *next_steps(drawn, wish, (*survey.asked, *survey.excuses))))


def find_step(drawn: FleetReport, wish: Wish) -> tuple[Step, ...]:
    """How to find the node or the way at fault, where one training over all nodes fails on several of them."""
    if wish.pairs or drawn.counts.failed < 2 or len(drawn.nodes) < 3:
        return ()
    names = fold(wish.nodes) if wish.nodes else None
    return (Step("To try every pair of nodes and find the bad one", again(wish, names, pairs=True)),)


def _check(wish: Wish) -> None:
    if wish.engine != "slurm":
        raise DlcheckError(
            f"smoke --distributed over nodes needs the engine slurm, not {wish.engine}",
            "Without --distributed every engine runs smoke on each node for itself.",
        )
    if wish.shared:
        raise DlcheckError("smoke --distributed over nodes takes no --shared", "Use --save DIR to keep the reports.")


def _rounds(nodes: Group, pairs: bool) -> list[list[Group]]:
    if len(nodes) < 2:
        raise DlcheckError(
            f"a training over nodes needs two of them, and {len(nodes)} can be asked",
            "sinfo shows the nodes; dlcheck smoke --distributed is for one machine.",
        )
    return [list(one) for one in rounds(nodes)] if pairs else [[nodes]]


def _members(groups: Sequence[Group]) -> Group:
    return tuple(node for nodes in groups for node in nodes)


def _with_group(launch: Launch, groups: Sequence[Group]) -> Launch:
    """The launch with the words that tell each node to which group it belongs, and where that meets."""
    known = slurm.addresses(tuple(nodes[0] for nodes in groups))
    group = {
        "groups": groups,
        "addresses": [known[nodes[0]] for nodes in groups],
        "ports": random.sample(PORTS, len(groups)),
        "seconds": max(launch.seconds - START, launch.seconds / 2),
    }
    return replace(launch, command=(*launch.command, "--group", json.dumps(group, separators=(",", ":"))))


def _asked(launch: Launch, groups: Sequence[Group]) -> Returned:
    """What the nodes said. A group whose port somebody else had taken on its first node meets once more, on another one."""
    found = slurm.collect(_with_group(launch, groups), _members(groups))
    taken = [
        nodes
        for nodes in groups
        if nodes[0] in found.answers and (_read(found.answers[nodes[0]].output) or {}).get("port_taken") is True
    ]
    if not taken:
        return found
    again = slurm.collect(_with_group(launch, taken), _members(taken))
    for node in _members(taken):
        found.answers.pop(node, None)
        found.excuses.pop(node, None)
    return replace(found, answers=found.answers | again.answers, excuses=found.excuses | again.excuses)


def _take(seen: _Seen, groups: Sequence[Group], launch: Launch, returned: Returned) -> None:
    """Judge every group by what its nodes said."""
    seen.excuses.update(returned.excuses)
    said: dict[str, dict[str, Any]] = {}
    for node, answer in returned.answers.items():
        document = _read(answer.output)
        if document is not None:
            said[node] = document
        else:
            seen.excuses[node] = excuse(answer, launch.command, launch.seconds) or "its answer is no answer of a rank"
    for nodes in groups:
        try:
            found = _judge(nodes, said)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            seen.excuses.update(dict.fromkeys(nodes, "what the ranks of its group reported cannot be read"))
            found = {}
        for node, results in found.items():
            seen.results.setdefault(node, []).extend(results)
            seen.python[node] = str(said[node].get("python", ""))
        well = all(one.status is SmokeStatus.PASSED for results in found.values() for one in results)
        seen.outcomes[nodes] = well and len(found) == len(nodes)


def _judge(nodes: Group, said: dict[str, dict[str, Any]]) -> dict[str, list[SmokeResult]]:
    """The results of the group's ranks, by node. A node that said nothing stays without."""
    here = [node for node in nodes if node in said]
    if not here:
        return {}
    each = said[here[0]]["here"]
    if type(each) is not int or not 0 < each <= MOST_RANKS or any(said[node]["here"] != each for node in here):
        raise ValueError("ranks are counted, and every node of a group has as many")
    whose = {nodes.index(node) * each + at: node for node in here for at in range(each)}
    world = len(nodes) * each
    events = [
        one
        for node in here
        for one in said[node]["events"]
        if isinstance(one, dict) and isinstance(one.get("event"), str) and whose.get(one.get("rank", -1)) == node
    ]
    codes = {
        nodes.index(node) * each + int(rank): int(code)
        for node in here
        for rank, code in said[node]["exit_codes"].items()
    }
    words = next((str(said[node]["last_words"])[:300] for node in here if said[node].get("last_words")), "")
    results = judge_ranks(
        smoke_task(TASK), world, events, codes, backend=str(said[here[0]]["backend"]), last_words=words, nodes=whose
    )
    found: dict[str, list[SmokeResult]] = {node: [] for node in here}
    for rank, result in zip(sorted(whose), results, strict=True):
        found[whose[rank]].append(result)
    return found


def _read(output: bytes) -> dict[str, Any] | None:
    try:
        document = json.loads(output)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) and isinstance(document.get("events"), list) else None


def _document(node: str, results: Sequence[SmokeResult], seen: _Seen, seconds: float) -> bytes:
    """The report of a node, as its own smoke would have written it."""
    report = SmokeReport(
        version=__version__,
        created=iso(time.time()),
        node=node,
        level=Level.QUICK,
        target=Target(python=seen.python[node], chosen_by="fleet run"),
        results=tuple(results),
        exit_code=1 if any(one.status in BAD for one in results) else 0,
        seconds=seconds,
    )
    return SMOKE_RENDERERS["json"](report, Style()).encode()


def _slow(seen: _Seen) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for node, results in seen.results.items():
        for one in results:
            if one.measured.get("slowness"):
                found.setdefault(node, f"{node}: {one.device} is {one.why}")
    return tuple(found.values())


def _blame(seen: _Seen) -> tuple[str, ...]:
    outcomes: dict[Pair, bool] = {(nodes[0], nodes[1]): well for nodes, well in seen.outcomes.items()}
    found = blame(outcomes)
    notes = [f"{len(outcomes)} pairs were tried"]
    if found.nodes:
        notes.append(f"bad in every pair: {fold(found.nodes)}")
    notes += [f"bad pair: {one} and {other}; both do well with others" for one, other in found.pairs]
    return tuple(notes)
