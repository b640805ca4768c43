"""What a quick smoke run costs beside the bare import of its framework, in CPU seconds: medians of ratios.

    python benchmarks/smoke.py PYTHON [RUNS]

PYTHON is an interpreter with frameworks. CPU time of the children is measured (user and system), since wall time depends
on who else is there. Bare import: ``python -c "import FRAMEWORK, os; os._exit(0)"``.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
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
    ("torch", "8 devices / 1"): 1.5,
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
    python, runs = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 5
    for framework in ("torch", "tensorflow", "jax"):
        ratios = {}
        bare = [python, "-c", f"import {framework}, os; os._exit(0)"]
        seconds(bare)
        for _ in range(runs):
            base = seconds(bare)
            ratios.setdefault((framework, "ANN tasks"), []).append(worker(python, framework, ANN) / base)
            ratios.setdefault((framework, "all tasks"), []).append(worker(python, framework, TASKS) / base)
            if framework == "torch":
                eight, one = worker(python, framework, ANN, 8), worker(python, framework, ANN)
                ratios.setdefault((framework, "8 devices / 1"), []).append(eight / one)
        show(ratios)


def show(ratios):
    for key, values in ratios.items():
        goal = GOALS.get(key)
        verdict = "" if goal is None else f"  goal {goal}  {'met' if statistics.median(values) <= goal else 'MISSED'}"
        figures = f"{statistics.median(values):5.2f}  ({min(values):.2f} to {max(values):.2f})"
        print(f"{key[0]:12} {key[1]:14} {figures}{verdict}", flush=True)


if __name__ == "__main__":
    main()
