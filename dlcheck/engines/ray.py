"""Ray, for those who run a Ray cluster already: one task a node, bound to it, never tried again (inside/fan_ray.py)."""

from __future__ import annotations

import json
import time

from dlcheck.engines.node import answers, argv
from dlcheck.host.interpreter import Answer as Asked
from dlcheck.host.interpreter import Question
from dlcheck.model.errors import DlcheckError
from dlcheck.model.launch import Launch, Returned, Survey

START = 60.0
"""Importing Ray and joining a cluster takes seconds, on a loaded machine tens of them."""


def survey(launch: Launch) -> Survey:
    """The nodes that Ray knows. Whether a node that just died is still called alive there is seen when it is asked."""
    answer = Question(_python(launch), "fan_ray", _options(launch), timeout=START, kept=True).answer()
    nodes = answer.fields.get("nodes")
    if not isinstance(nodes, dict):
        raise DlcheckError(
            _trouble(answer), "Give --ray-python, an interpreter with ray, and --engine-option address=HOST:PORT."
        )
    known = {str(name): bool(alive) for name, alive in nodes.items()}
    wanted = launch.nodes if launch.nodes is not None else tuple(known)
    excuses = {
        name: "Ray says that this node is dead" if name in known else "Ray does not know this node"
        for name in wanted
        if not known.get(name)
    }
    return Survey(tuple(name for name in wanted if name not in excuses), excuses)


def command(launch: Launch, nodes: tuple[str, ...]) -> tuple[str, ...]:
    """What is run, in words: the script in Ray's interpreter, and what it is asked."""
    return (_python(launch), "fan_ray.py", json.dumps(_asked(launch, nodes)))


def collect(launch: Launch, nodes: tuple[str, ...]) -> Returned:
    """Run the tasks; the answers that came before a node or the cluster died count."""
    asked = _asked(launch, nodes)
    question = Question(_python(launch), "fan_ray", asked, timeout=float(str(asked["limit"])) + START, kept=True)
    while not question.child.done() and time.monotonic() < question.child.started + question.child.timeout:
        launch.progress(len(question.peek().get("outputs", ())), len(nodes))
        time.sleep(0.25)
    answer = question.answer()
    outputs, errors = answer.fields.get("outputs") or {}, answer.fields.get("errors") or {}
    lines = [line.encode() for text in outputs.values() for line in str(text).splitlines()]
    found = answers(lines, nodes)
    excuses = {str(node): _words(str(words)) for node, words in errors.items()}
    for node in nodes:
        if node not in found and node not in excuses:
            late = f"hung: no answer within {asked['limit']:.0f} s"
            excuses[node] = late if answer.done.timed_out or answer.stage == "done" else _trouble(answer)
    return Returned(found, excuses, (), command(launch, nodes))


def _options(launch: Launch) -> dict[str, object]:
    address = [one.removeprefix("address=") for one in launch.options if one.startswith("address=")]
    return {"address": address[-1] if address else "auto"}


def _asked(launch: Launch, nodes: tuple[str, ...]) -> dict[str, object]:
    return {
        **_options(launch),
        "nodes": list(nodes),
        "argv": list(argv(launch.command, launch.seconds, launch.shared)),
        "limit": launch.seconds + launch.wait,
    }


def _python(launch: Launch) -> str:
    return launch.python or "python3"


def _words(text: str) -> str:
    if "NodeDiedError" in text or "RayletDiedError" in text or "NodeAffinity" in text or "Unschedulable" in text:
        return "the node died while it was asked"
    return f"Ray: {text[:200]}"


def _trouble(answer: Asked) -> str:
    if answer.done.failure:
        return f"Ray's interpreter cannot be started: {answer.done.failure}"
    if answer.done.timed_out:
        return "Ray does not answer"
    if answer.stage == "import":
        return f"Ray is not in this interpreter: {answer.fields.get('error') or 'its import ended without a word'}"
    if answer.stage == "run":
        how = answer.fields.get("error_type") or answer.done.signal or f"exit code {answer.done.code}"
        return f"Ray's driver ended while the nodes were asked ({how})"
    return (
        f"Ray does not answer: {' '.join(str(answer.fields.get('error') or 'it ended without a word').split())[:200]}"
    )
