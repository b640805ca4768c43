"""Slurm: one srun for all nodes. Its exit code is not believed: a node that dies with --no-kill leaves it at 0."""

from __future__ import annotations

import contextlib
import math
import os
import re
import time
from dataclasses import replace

from dlcheck.engines.node import answers, argv
from dlcheck.host.process import Child, run
from dlcheck.model.errors import DlcheckError
from dlcheck.model.hostlist import HostlistError, expand, fold
from dlcheck.model.launch import Answer, Launch, Returned, Survey

SOON = 20.0
"""Limit of Slurm's own small commands."""
GRACE = 15.0
"""What starting and ending a step may take beyond the limits."""
CANCELS = 6
"""How often, a second apart, a job is cancelled whose srun does not end."""

_ASKABLE = ("idle", "mixed", "completing", "planned")
_STATES = {
    "*": "does not respond",
    "~": "powered down",
    "%": "powering down",
    "!": "will be powered down",
    "#": "powering up",
    "$": "reserved for maintenance",
    "@": "will reboot",
    "^": "rebooting",
}


def survey(launch: Launch) -> Survey:
    """What sinfo says of the nodes; within a job, the nodes of the job."""
    inside = os.environ.get("SLURM_JOB_NODELIST") if os.environ.get("SLURM_JOB_ID") else None
    wanted = launch.nodes
    if wanted is None and inside:
        try:
            wanted = expand(inside)
        except HostlistError as error:
            raise DlcheckError(f"SLURM_JOB_NODELIST: {error}") from None
    states = _states(launch, wanted)
    asked: list[str] = []
    excuses: dict[str, str] = {}
    for name in wanted if wanted is not None else tuple(states):
        excuse = _excuse(states.get(name), inside=bool(inside))
        if excuse is None:
            asked.append(name)
        else:
            excuses[name] = excuse
    return Survey(tuple(asked), excuses)


def addresses(nodes: tuple[str, ...]) -> dict[str, str]:
    """Where the nodes reach each other: NodeAddr, which is the name itself unless the administrator says otherwise."""
    words = ("sinfo", "--noheader", "--Node", f"--nodes={fold(nodes, inside=False)}", "--format=%N %o")
    pairs = (line.split() for line in run(words, timeout=SOON, apart=True).output.splitlines())
    known = {pair[0]: pair[1] for pair in pairs if len(pair) == 2}
    return {node: known.get(node, node) for node in nodes}


def command(launch: Launch, nodes: tuple[str, ...], name: str = "dlcheck") -> tuple[str, ...]:
    """srun, one task a node. ``inside`` a job it shares the job's resources instead of asking for new ones."""
    inside = bool(os.environ.get("SLURM_JOB_ID"))
    minutes = math.ceil((launch.seconds + launch.wait + GRACE) / 60)
    return (
        "srun",
        f"--job-name={name}",
        f"--nodes={len(nodes)}",
        f"--ntasks={len(nodes)}",
        "--ntasks-per-node=1",
        f"--nodelist={fold(nodes, inside=False)}",
        *(("--overlap",) if inside else (f"--immediate={max(1, math.ceil(launch.wait))}", f"--time={minutes}")),
        "--no-kill",
        "--kill-on-bad-exit=0",
        "--wait=0",
        "--input=none",
        f"--output={os.path.join(launch.folder, 'answers')}",
        "--error=none",
        "--mpi=none",
        *launch.options,
        *argv(launch.command, launch.seconds, launch.shared),
    )


def collect(launch: Launch, nodes: tuple[str, ...]) -> Returned:
    """Run srun; where the nodes are not given at once, once more with those that are free then."""
    returned = _collect_once(launch, nodes)
    if returned.answers or not nodes:
        return returned
    again = survey(replace(launch, nodes=nodes))
    if not again.asked or len(again.asked) == len(nodes):
        return returned
    second = _collect_once(launch, again.asked)
    return Returned(second.answers, {**returned.excuses, **second.excuses, **again.excuses}, second.notes, second.argv)


def _collect_once(launch: Launch, nodes: tuple[str, ...]) -> Returned:
    job = f"dlcheck-{os.getpid()}-{time.monotonic_ns() % 10**9}"
    words = command(launch, nodes, job)
    path = os.path.join(launch.folder, "answers")
    limit = launch.seconds + launch.wait + GRACE
    child = Child(words, name="srun", timeout=limit, apart=True)
    ended = False
    try:
        answered = _Ended(path)
        while not child.done() and time.monotonic() < child.started + limit:
            time.sleep(0.05)
            if answered.grown():
                launch.progress(answered.count, len(nodes))
        ended = child.done()
    finally:
        if not ended:
            _cancel(child, job)
    result = child.wait()
    if result.failure:
        raise DlcheckError(f"srun cannot be started: {result.failure}")
    found: dict[str, Answer] = {}
    if os.path.exists(path):
        with open(path, "rb") as stream:
            found.update(answers(stream, nodes))
        os.unlink(path)
    excuses = _words_of(result.errors, nodes)
    silent = [node for node in nodes if node not in found]
    if silent:
        late = _states(launch, tuple(silent))
        for node in silent:
            state = _excuse(late.get(node), inside=True)
            if state and node not in excuses:
                excuses[node] = f"the node went away while it was asked: {state}"
            elif not ended:
                excuses.setdefault(node, f"hung: no answer within {limit:.0f} s, and the step was cancelled")
            elif not found:
                excuses.setdefault(node, _last_words(result.errors))
    return Returned(found, excuses, (), words)


def _cancel(child: Child, job: str) -> None:
    """Too late, or interrupted: nothing may stay in the queue.

    Slurm ends the job before srun is killed, since nodes whose srun was killed while it launched them stay "completing" for a
    minute. An srun that was only just started may ask for the job after the first scancel, so it is told until srun has gone,
    and once behind it. A task that is killed in the moment in which timeout(1) forks leaves an orphan, and its node stays
    "completing" until Slurm drains it: a job that is just starting is given the time to have started.
    """
    for _ in range(CANCELS):
        words = ("squeue", "--noheader", f"--name={job}", "--states=RUNNING", "--format=%M")
        if run(words, timeout=SOON, apart=True).output.strip() not in ("0:00", "0:01"):
            break
        time.sleep(0.5)
    for _ in range(CANCELS):
        run(("scancel", f"--name={job}"), timeout=SOON)
        end = time.monotonic() + 1.0
        while not child.done() and time.monotonic() < end:
            time.sleep(0.05)
        if child.done():
            break
    child.end()
    run(("scancel", f"--name={job}"), timeout=SOON)


def _states(launch: Launch, nodes: tuple[str, ...] | None) -> dict[str, tuple[str, str]]:
    """Node to its state and the reason that Slurm keeps for it. sinfo folds nodes of one state, so its answer stays short."""
    partition = tuple(word for word in launch.options if nodes is None and word.startswith(("--partition=", "-p")))
    done = run(("sinfo", "--noheader", "--format=%N|%T|%E", *partition), timeout=SOON, apart=True)
    if done.failure:
        raise DlcheckError(
            "Slurm's commands are not on this machine (sinfo)", "Run it where srun works, or choose another --engine."
        )
    if done.code != 0:
        raise DlcheckError(
            f"Slurm does not answer: {_last_words(done.errors)}", "Is slurmctld running? sinfo shows the same."
        )
    states: dict[str, tuple[str, str]] = {}
    for line in done.output.splitlines():
        names, _, rest = line.partition("|")
        state, _, reason = rest.partition("|")
        try:
            found = expand(names)
        except HostlistError:
            continue
        states.update(dict.fromkeys(found, (state.strip(), reason.strip())))
    return states if nodes is None else {node: states[node] for node in nodes if node in states}


def _excuse(known: tuple[str, str] | None, *, inside: bool) -> str | None:
    """Why a node in this state is not asked; None where it can be."""
    if known is None:
        return "Slurm does not know this node"
    state, reason = known
    word = state.rstrip("".join(_STATES)).lower()
    flags = [text for sign, text in _STATES.items() if sign in state]
    if not flags and (word in _ASKABLE or (inside and word in ("allocated", "reserved"))):
        return None
    what = "busy (allocated to other jobs)" if word == "allocated" and not flags else ", ".join((word, *flags))
    return what if reason in ("", "none", "None") else f"{what}: {reason[:120]}"


class _Ended:
    """How many nodes have ended, read from the growing file of answers; only what is new is read."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.count = 0
        self._place = 0
        self._rest = b""

    def grown(self) -> bool:
        """Whether more nodes have ended than at the last look."""
        before = self.count
        with contextlib.suppress(OSError), open(self.path, "rb") as stream:
            stream.seek(self._place)
            new = stream.read()
            self._place += len(new)
            lines = (self._rest + new).split(b"\n")
            self._rest = lines.pop()
            self.count += sum(1 for line in lines if b" end " in line)
        return self.count > before


def _words_of(errors: str, nodes: tuple[str, ...]) -> dict[str, str]:
    """What srun itself says of single nodes."""
    found: dict[str, str] = {}
    known = frozenset(nodes)
    for line in errors.splitlines():
        if match := re.search(r"Node failure on (\S+)", line):
            found.update((node, "the node died while it was asked") for node in _expanded(match[1]) if node in known)
        elif (match := re.search(r"error: (\S+?): task[s]? [\d,-]+: (.+)", line)) and match[1] in known:
            found.setdefault(match[1], f"srun: {match[2][:160]}")
        elif match := re.search(r"failed on node (\S+): (.+)|on host (\S+): (.+)", line):
            names = _expanded((match[1] or match[3]).rstrip(":"))
            found.update((node, f"srun: {(match[2] or match[4])[:160]}") for node in names if node in known)
    return found


def _expanded(text: str) -> tuple[str, ...]:
    try:
        return expand(text)
    except HostlistError:
        return ()


def _last_words(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:200] if lines else "it said nothing"
