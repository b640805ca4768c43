"""Ansible, where no scheduler is: ansible-playbook with the role that dlcheck carries (data/ansible), over ssh."""

from __future__ import annotations

import json
import math
import os
import re

from dlcheck.data import FOLDER
from dlcheck.engines.node import SCRIPT, answers
from dlcheck.host.process import run
from dlcheck.model.errors import DlcheckError
from dlcheck.model.hostlist import is_name
from dlcheck.model.launch import Answer, Launch, Returned, Survey

FORKS = 32
"""Ansible's default of 5 hosts at a time would make a fleet wait."""
SOON = 60.0

_FATAL = re.compile(r"fatal: \[([^\]\s]+)\]: (UNREACHABLE|FAILED)! => (.*)")


def survey(launch: Launch) -> Survey:
    """The hosts of the inventory. Whether they can be reached is seen when they are asked."""
    if launch.inventory is None:
        raise DlcheckError("the engine ansible needs an inventory", "Give --inventory FILE.")
    path = os.path.join(launch.folder, "inventory.json")
    argv = ("ansible-inventory", "--inventory", launch.inventory, "--list", "--output", path)
    done = run(argv, timeout=SOON, env=_environment(launch), apart=True)
    if done.failure:
        raise DlcheckError(
            "Ansible is not on this machine (ansible-inventory)", "Install ansible-core, or choose another --engine."
        )
    if done.code != 0 or not os.path.exists(path):
        raise DlcheckError(
            f"Ansible cannot read {launch.inventory}: {_last(done.errors)}",
            f"ansible-inventory -i {launch.inventory} --list shows the same.",
        )
    with open(path, encoding="utf-8") as stream:
        known = _hosts(json.load(stream))
    if launch.nodes is None:
        return Survey(known, {})
    asked = tuple(node for node in launch.nodes if node in frozenset(known))
    return Survey(asked, {node: "not in the inventory" for node in launch.nodes if node not in asked})


def command(launch: Launch, nodes: tuple[str, ...]) -> tuple[str, ...]:
    """ansible-playbook with the role; what it runs on the hosts is handed over in a file of variables."""
    variables = os.path.join(launch.folder, "variables.json")
    with open(variables, "w", encoding="utf-8") as stream:
        json.dump(_variables(launch, nodes), stream)
    return (
        "ansible-playbook",
        "--inventory",
        str(launch.inventory),
        "--forks",
        str(min(FORKS, max(1, len(nodes)))),
        "--extra-vars",
        f"@{variables}",
        *launch.options,
        str(FOLDER / "ansible" / "fleet.yml"),
    )


def collect(launch: Launch, nodes: tuple[str, ...]) -> Returned:
    """Run the playbook; a host whose answer is not among the files is looked up in Ansible's log."""
    argv = command(launch, nodes)
    rounds = math.ceil(len(nodes) / FORKS)
    limit = rounds * (launch.seconds + launch.wait) + SOON
    done = run(argv, timeout=limit, env=_environment(launch), apart=True)
    if done.failure:
        raise DlcheckError(
            f"ansible-playbook cannot be started: {done.failure}", "Install ansible-core, or choose another --engine."
        )
    found: dict[str, Answer] = {}
    for node in nodes:
        path = os.path.join(launch.folder, "answers", f"{node}.answer")
        if os.path.exists(path):
            with open(path, "rb") as stream:
                found.update(answers(stream, (node,)))
    said = _said(os.path.join(launch.folder, "log"), frozenset(nodes))
    for node in nodes:
        if node not in found and node not in said:
            said[node] = (
                f"hung: no answer within {limit:.0f} s" if done.timed_out else f"no answer: {_last(done.errors)}"
            )
    return Returned(found, {node: why for node, why in said.items() if node not in found}, (), argv)


def _variables(launch: Launch, nodes: tuple[str, ...]) -> dict[str, object]:
    """Values of the role's variables. "Unsafe" keeps Ansible from reading braces in them as templates."""
    return {
        "dlcheck_hosts": ",".join(nodes),
        "dlcheck_script": {"__ansible_unsafe": SCRIPT},
        "dlcheck_words": [],
        "dlcheck_command": [{"__ansible_unsafe": word} for word in launch.command],
        "dlcheck_limit": round(launch.seconds),
        "dlcheck_shared": launch.shared or "",
        "dlcheck_reports": os.path.join(launch.folder, "answers"),
    }


def _environment(launch: Launch) -> dict[str, str]:
    return {
        "ANSIBLE_PIPELINING": "1",
        **os.environ,
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_FORCE_COLOR": "0",
        "ANSIBLE_STDOUT_CALLBACK": "default",
        "ANSIBLE_CALLBACK_RESULT_FORMAT": "json",
        "ANSIBLE_LOG_PATH": os.path.join(launch.folder, "log"),
        "ANSIBLE_RETRY_FILES_ENABLED": "0",
        "ANSIBLE_TIMEOUT": str(math.ceil(launch.wait)),
    }


def _hosts(inventory: object) -> tuple[str, ...]:
    """All hosts of the JSON inventory, whatever group they are in."""
    found: dict[str, None] = {}
    for group in inventory.values() if isinstance(inventory, dict) else ():
        for name in group.get("hosts", ()) if isinstance(group, dict) else ():
            if is_name(name):
                found[name] = None
    return tuple(found)


def _said(path: str, nodes: frozenset[str]) -> dict[str, str]:
    """Why Ansible gave a host up."""
    found: dict[str, str] = {}
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            for line in stream:
                match = _FATAL.search(line)
                if match and match[1] in nodes:
                    word = "unreachable" if match[2] == "UNREACHABLE" else "Ansible failed there"
                    found[match[1]] = f"{word}: {_message(match[3])}"
    except OSError:
        pass
    return found


def _message(text: str) -> str:
    try:
        value = json.loads(text)
        words = str(value.get("msg", text)) if isinstance(value, dict) else text
    except (ValueError, RecursionError):
        words = text
    return " ".join(words.split())[:200]


def _last(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:200] if lines else "it said nothing"
