"""Runs one command on every node of a Ray cluster: a task a node, bound to it, never tried again.

Affinity is hard (soft=False), so that no other node answers in place of a dead one, and max_retries is 0, since a health
check that is run twice hides what it should find.
"""

import os
import subprocess
import time


def main(answer, options):
    """Answer with ``nodes`` (name to alive, where only a survey is asked for) or ``outputs`` and ``errors`` by node."""
    answer.stage("import")
    os.environ.setdefault("RAY_DEDUP_LOGS", "0")
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    answer.put(version=ray.__version__, result="found")
    answer.stage("connect")
    ray.init(address=options.get("address") or "auto", log_to_driver=False, configure_logging=False)
    answer.stage("nodes")
    known = named(ray.nodes())
    answer.put(nodes={name: node["Alive"] for name, node in known.items()})
    if not options.get("argv"):
        return
    answer.stage("run")
    task = ray.remote(run_here)
    waiting = {}
    for name in options["nodes"]:
        if name in known:
            bound = NodeAffinitySchedulingStrategy(node_id=known[name]["NodeID"], soft=False)
            once = task.options(num_cpus=0, max_retries=0, scheduling_strategy=bound)
            waiting[once.remote(name, options["argv"])] = name
    outputs, errors = {}, {}
    end = time.monotonic() + options["limit"]
    while waiting and time.monotonic() < end:
        ready, _ = ray.wait(list(waiting), timeout=min(1.0, max(0.0, end - time.monotonic())))
        for one in ready:
            name = waiting.pop(one)
            try:
                outputs[name] = ray.get(one)
            except Exception as error:
                errors[name] = type(error).__name__ + ": " + " ".join(str(error).split())[:200]
        if ready:
            answer.put(outputs=outputs, errors=errors)
    answer.put(outputs=outputs, errors=errors, late=sorted(waiting.values()))


def named(nodes):
    """The nodes by name: the resource "dlcheck:NAME" where an administrator gave one, else the host's name, else the id."""
    found = {}
    for node in nodes:
        names = [one.split(":", 1)[1] for one in node.get("Resources", {}) if one.startswith("dlcheck:")]
        name = names[0] if names else node.get("NodeManagerHostname") or node["NodeID"]
        if name in found and found[name]["Alive"] and not names:
            if not node["Alive"]:
                continue  # an earlier life of the same host
            name = name + "-" + node["NodeID"][:8]
        found[name] = node
    return found


def run_here(name, argv):
    """What the command prints, on whichever node this runs."""
    environment = dict(os.environ, DLCHECK_NODE=name)
    done = subprocess.run(  # noqa: S603 - an argument list, never a shell
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=environment, check=False
    )
    return done.stdout.decode("utf-8", "replace")
