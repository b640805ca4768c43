"""Run doctor or smoke on many nodes through an engine, and draw the picture of what came back and of what did not."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from dlcheck import fleet
from dlcheck.engines import engine
from dlcheck.engines.node import excuse
from dlcheck.host import temporary
from dlcheck.model.errors import DlcheckError
from dlcheck.model.fleet import FleetReport, NodeState, Step
from dlcheck.model.hostlist import fold
from dlcheck.model.launch import Launch, Returned
from dlcheck.picture.assemble import Gathered

COMMANDS = ("doctor", "smoke")
SECONDS, WAIT = 120.0, 30.0
"""Each node's limit, and how long nodes are waited for, where nobody says otherwise."""
MOST_SIGNS = 2_000
"""A list of nodes longer than that is no command that a person pastes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the person asked for."""

    engine: str
    command: tuple[str, ...]
    """doctor or smoke, and its options."""
    nodes: tuple[str, ...] | None = None
    expect: tuple[str, ...] | None = None
    dlcheck: str = "dlcheck"
    """How dlcheck is called on a node: a name, a path, or words such as "python3 -m dlcheck"."""
    seconds: float = SECONDS
    wait: float = WAIT
    shared: str | None = None
    save: str | None = None
    """A folder on this machine that gets one report a node."""
    options: tuple[str, ...] = ()
    inventory: str | None = None
    python: str | None = None
    fail_on: str = "error"
    pairs: bool = False
    """smoke --distributed on every pair of nodes instead of on all together."""
    progress: Callable[[int, int], None] = field(default=lambda _done, _all: None)


def plan(wish: Wish) -> tuple[str, ...]:
    """The engine's command line as ``run`` would run it."""
    with launched(wish) as launch:
        here = engine(wish.engine)
        try:
            asked = here.survey(launch).asked
        except DlcheckError:
            # Where the nodes are named, the line can be shown on a machine that the engine does not answer.
            if wish.nodes is None:
                raise
            asked = wish.nodes
        return here.command(launch, asked)


def run(wish: Wish) -> FleetReport:
    """The picture of one run. It ends in bounded time, and every expected node is named with its state."""
    started = time.monotonic()
    with launched(wish) as launch:
        here = engine(wish.engine)
        survey = here.survey(launch)
        everybody = tuple(dict.fromkeys((*survey.asked, *survey.excuses)))
        gathered = Gathered(expected=wish.expect or wish.nodes or everybody)
        gathered.excuses.update(survey.excuses)
        if survey.asked:
            returned = here.collect(launch, survey.asked)
        else:
            returned = Returned({}, {}, ("no node could be asked",))
        gathered.excuses.update(returned.excuses)
        notes = (*returned.notes, *_take(gathered, returned, launch, wish.save))
        if launch.shared:
            fleet.gather(gathered, launch.shared)
    _excuse_unasked(gathered, wish, frozenset(everybody))
    drawn = fleet.picture(gathered, started, fail_on=wish.fail_on, command="fleet run", engine=wish.engine, notes=notes)
    return replace(drawn, steps=next_steps(drawn, wish, everybody))


def _excuse_unasked(gathered: Gathered, wish: Wish, everybody: frozenset[str]) -> None:
    """Say of nodes that are only on the list of ``--expect`` that nobody asked them."""
    why = "not among --nodes" if wish.nodes else f"not a node that {wish.engine.capitalize()} lists"
    for node in gathered.names - everybody:
        gathered.excuses.setdefault(node, f"was not asked: {why}")


def next_steps(drawn: FleetReport, wish: Wish, known: tuple[str, ...]) -> tuple[Step, ...]:
    """How to ask those of the engine's ``known`` nodes again that did not answer, and how an administrator of Slurm would
    drain what failed.
    """
    found: list[Step] = []
    there = frozenset(known)
    absent = (NodeState.MISSING, NodeState.UNREADABLE)
    silent = [one.name for one in drawn.nodes if one.state in absent and one.name in there]
    if silent and len(names := fold(silent)) <= MOST_SIGNS:
        found.append(Step("To ask those again that did not answer", again(wish, names, pairs=wish.pairs)))
    failed = [one.name for one in drawn.nodes if one.state is NodeState.FAILED]
    if wish.engine == "slurm" and failed and len(names := fold(failed, inside=False)) <= MOST_SIGNS:
        causes = [one.cause for one in drawn.causes if one.severity == "error"][:3]
        reason = f"reason=dlcheck: {', '.join(causes) or 'failed'}"
        argv = ("scontrol", "update", f"nodename={names}", "state=drain", reason)
        found.append(Step("To drain the failed nodes, which is for you to decide", argv))
    return tuple(found)


def again(wish: Wish, names: str | None, *, pairs: bool) -> tuple[str, ...]:
    """The command line of a run like this one, on these nodes."""
    options = (
        ("--engine", wish.engine, "slurm"),
        ("--dlcheck", wish.dlcheck, "dlcheck"),
        ("--inventory", wish.inventory, None),
        ("--ray-python", wish.python, None),
        ("--timeout", f"{wish.seconds:g}", f"{SECONDS:g}"),
        ("--wait", f"{wish.wait:g}", f"{WAIT:g}"),
        ("--shared", wish.shared, None),
        ("--nodes", names, None),
    )
    words = [word for name, value, usual in options if value and value != usual for word in (name, value)]
    words += [f"--engine-option={one}" for one in wish.options] + ["--pairs"] * pairs
    return ("dlcheck", "fleet", "run", *words, "--", *wish.command)


@contextlib.contextmanager
def launched(wish: Wish) -> Iterator[Launch]:
    """What the engine is asked for, with a scratch folder, and a folder of this run's own in the shared one."""
    command = (*shlex.split(wish.dlcheck), *_json(wish.command))
    with temporary.Folder() as folder:
        yield Launch(
            command=command,
            folder=folder,
            nodes=wish.nodes,
            seconds=wish.seconds,
            wait=wish.wait,
            shared=_own_folder(wish.shared),
            options=wish.options,
            inventory=wish.inventory,
            python=wish.python,
            progress=wish.progress,
        )


def _json(command: tuple[str, ...]) -> tuple[str, ...]:
    """The command so that it writes one JSON document on standard output."""
    if not command or command[0] not in COMMANDS:
        raise DlcheckError(
            "after -- comes doctor or smoke, and its options", "For example: dlcheck fleet run -- doctor --quick"
        )
    for at, word in enumerate(command):
        if word == "--output" or word.startswith("--output="):
            raise DlcheckError("--output would keep the reports on the nodes", "Use --save DIR of fleet run.")
        if word == "--format" and command[at + 1 : at + 2] != ("json",):
            raise DlcheckError(
                "the nodes must answer in JSON", "Leave --format out, and give it to fleet run before the --."
            )
        if word.startswith("--format=") and word != "--format=json":
            raise DlcheckError(
                "the nodes must answer in JSON", "Leave --format out, and give it to fleet run before the --."
            )
    given = any(word == "--format" or word.startswith("--format=") for word in command)
    return command if given else (*command, "--format", "json")


def _own_folder(shared: str | None) -> str | None:
    """A new folder in the shared one, so that no report of an earlier run can be taken for one of this run."""
    if shared is None:
        return None
    try:
        return tempfile.mkdtemp(prefix=time.strftime("run-%Y%m%d-%H%M%S-", time.gmtime()), dir=os.path.abspath(shared))
    except OSError as error:
        raise DlcheckError(f"cannot write into the shared folder {shared}: {error.strerror}") from None


def _take(gathered: Gathered, returned: Returned, launch: Launch, save: str | None) -> tuple[str, ...]:
    """Take the answers; notes on nodes that reported in spite of some trouble."""
    troubles: dict[str, list[str]] = {}
    for node, answer in returned.answers.items():
        why = excuse(answer, launch.command, launch.seconds)
        if answer.output.strip():
            if gathered.take(answer.output, node, node, sure=True):
                if why:
                    troubles.setdefault(why, []).append(node)
            elif why:
                gathered.broken[node] = why
            if save is not None:
                keep_report(save, node, answer.output)
        elif why:
            gathered.excuses[node] = why
    return tuple(f"{fold(nodes)}: {why}; the report came all the same" for why, nodes in troubles.items())


def keep_report(folder: str, node: str, output: bytes) -> None:
    """The report of one node as a file, whole or not at all."""
    try:
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, f"{node}.json")
        with open(f"{path}.part", "wb") as stream:
            stream.write(_one_line(output))
        os.replace(f"{path}.part", path)
    except OSError as error:
        raise DlcheckError(f"cannot write into {folder}: {error.strerror}") from None


def _one_line(text: bytes) -> bytes:
    try:
        return json.dumps(json.loads(text)).encode() + b"\n"
    except (ValueError, RecursionError):
        return text
