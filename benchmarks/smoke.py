"""What a quick smoke run costs beside the bare import of its framework, in CPU seconds: medians of ratios.

    python benchmarks/smoke.py PYTHON [RUNS]

PYTHON is an interpreter with frameworks. CPU time of the children is measured (user and system), since wall time depends
on who else is there. What is compared runs in turns, so that a busy minute meets all of it; the ratio of the least of all
turns stands beside the median. Bare import: ``python -c "import FRAMEWORK, os; os._exit(0)"``.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import tempfile
from pathlib import Path

from dlcheck.data.smoke_tasks import TASKS, task_path
from dlcheck.smoke import VARIABLES

INSIDE = Path(__file__).parents[1] / "dlcheck" / "inside"
ANN = ("exact-integers", "mlp-classification", "mlp-regression")
GOALS = {
    ("torch", "ANN tasks"): 1.10,
    ("tensorflow", "ANN tasks"): 1.10,
    ("jax", "ANN tasks"): 2.5,
    ("torch", "all tasks"): 1.6,
    ("tensorflow", "all tasks"): 1.6,
    ("torch", "8 devices"): 1.5,
}


def seconds(argv):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        argv, check=True, env={**VARIABLES, **os.environ}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def worker(python, framework, tasks, devices=0):
    with tempfile.TemporaryDirectory() as folder:
        lines = Path(folder) / "lines"
        options = {
            "framework": framework,
            "tasks": [task_path(name) for name in tasks],
            "dtypes": ["float32"],
            "level": "quick",
            "lines": str(lines),
            "timeout": 300,
            "seconds": 300,
            "logical_devices": devices,
        }
        taken = seconds([python, str(INSIDE / "start.py"), "train", str(Path(folder) / "answer"), json.dumps(options)])
        results = [line for line in lines.read_text().splitlines() if '"event": "result"' in line]
        assert len(results) == len(tasks) * max(1, devices), "the worker did not finish"
        return taken


def main():
    parser = argparse.ArgumentParser(description="The CPU time of a quick smoke run beside the bare import, as ratios.")
    parser.add_argument("python", help="an interpreter with PyTorch, TensorFlow and JAX")
    parser.add_argument("runs", nargs="?", type=int, default=5, help="how often each is run (5)")
    asked = parser.parse_args()
    for framework in ("torch", "tensorflow", "jax"):
        show(framework, measured(asked.python, framework, max(1, asked.runs)))


def measured(python, framework, runs):
    """CPU seconds of each run, by what was run."""
    bare = [python, "-c", f"import {framework}, os; os._exit(0)"]
    seconds(bare)  # files come into the page cache
    ways = {
        "bare import": lambda: seconds(bare),
        "ANN tasks": lambda: worker(python, framework, ANN),
        "all tasks": lambda: worker(python, framework, TASKS),
    }
    if framework == "torch":
        ways["8 devices"] = lambda: worker(python, framework, ANN, 8)
    turns = [{way: run() for way, run in ways.items()} for _ in range(runs)]
    return {way: [turn[way] for turn in turns] for way in ways}


def show(framework, taken):
    for way in list(taken)[1:]:
        beside = "ANN tasks" if way == "8 devices" else "bare import"
        ratio = statistics.median(a / b for a, b in zip(taken[way], taken[beside], strict=True))
        goal = GOALS.get((framework, way))
        verdict = "" if goal is None else f"  goal {goal}  {'met' if ratio <= goal else 'MISSED'}"
        least = min(taken[way]) / min(taken[beside])
        figures = (
            f"{ratio:5.2f} x {beside:11}  (least {least:.2f}: {min(taken[way]):.2f} s, {min(taken[beside]):.2f} s)"
        )
        print(f"{framework:12} {way:10} {figures}{verdict}", flush=True)


if __name__ == "__main__":
    main()
