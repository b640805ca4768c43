"""Counts the false alarms of the smoke training on a healthy machine: many runs, one and two threads, oneDNN on and off.

    python benchmarks/healthy.py PYTHON RECORD [--runs 200]

Each run is a worker process of its own in PYTHON, an interpreter with the frameworks, and trains every task. RECORD is a file of
JSON lines; a run that is in it is not done again, so that the script can be stopped and started. Anything but "passed" without
a cause is an alarm; so is a training that is not there.
"""

import argparse
import itertools
import json
import os
import sys
import tempfile
from pathlib import Path

from dlcheck.data.smoke_tasks import TASKS
from dlcheck.model.report import Target
from dlcheck.smoke import Wishes, smoke

SHARES = {"torch": 10, "tensorflow": 5, "jax": 4, "keras-torch": 1}
"""How often each framework comes in twenty runs of one way; the cheaper ones more often."""

WAYS = tuple(itertools.product((1, 2), (True, False)))
"""Threads, and whether oneDNN may be used."""

WITHOUT_ONEDNN = {
    "tensorflow": {"TF_ENABLE_ONEDNN_OPTS": "0"},
    "jax": {"XLA_FLAGS": "--xla_cpu_use_onednn=false"},
}
"""PyTorch has no variable for it: there it is turned off by what every Python runs at its start."""

AT_START = "import torch.backends.mkldnn\ntorch.backends.mkldnn.set_flags(False)\n"


def main():
    parser = argparse.ArgumentParser(description="Count the false alarms of the smoke training on a healthy machine.")
    parser.add_argument("python", help="an interpreter with PyTorch, TensorFlow, JAX and Keras")
    parser.add_argument("record", type=Path, help="a file of JSON lines, continued where it is there")
    parser.add_argument("--runs", type=int, default=200, help="how many there shall be in all (200)")
    asked = parser.parse_args()
    done = read(asked.record)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "sitecustomize.py").write_text(AT_START)
        for framework, threads, onednn in itertools.islice(planned(), len(done), max(len(done), asked.runs)):
            row = {"framework": framework, "threads": threads, "onednn": onednn}
            row.update(run(asked.python, framework, variables(framework, threads, onednn, folder)))
            done.append(row)
            with asked.record.open("a") as stream:
                stream.write(json.dumps(row) + "\n")
    show(done)
    return 1 if any(row["alarms"] for row in done) else 0


def read(path):
    """What was recorded; a line that was cut off is done again."""
    lines = path.read_text().splitlines(keepends=True) if path.exists() else []
    whole = [line for line in lines if line.endswith("\n")]
    if len(whole) != len(lines):
        path.write_text("".join(whole))
    return [json.loads(line) for line in whole]


def planned():
    """Framework, threads and oneDNN of every run, without an end; the ways take turns."""
    while True:
        for at in range(max(SHARES.values())):
            for framework, share in SHARES.items():
                if at < share:
                    yield from ((framework, *way) for way in WAYS)


def variables(framework, threads, onednn, folder):
    """What is set in the worker, beside what is set here."""
    found = {"OMP_NUM_THREADS": str(threads)}
    if not onednn:
        found.update(WITHOUT_ONEDNN.get(framework, {"PYTHONPATH": folder}))
    return found


def run(python, framework, wanted):
    """One run: trainings, alarms in words, the largest distance of a loss from float64."""
    before = dict(os.environ)
    os.environ.update(wanted)
    try:
        report = smoke(Target(python=python, chosen_by="the command line"), Wishes(frameworks=(framework,)))
    finally:
        os.environ.clear()
        os.environ.update(before)
    alarms = [
        f"{one.task}: {one.status.value}, {one.cause}, {one.why}"
        for one in report.results
        if one.status.value != "passed" or one.cause
    ]
    alarms += [f"{name}: not there" for name in set(TASKS) - {one.task for one in report.results}]
    worst = max((one.deviation.loss for one in report.results if one.deviation), default=None)
    return {"trainings": len(report.results), "alarms": alarms, "worst": worst}


def show(rows):
    """The table, a line a framework and way, and what was wrong."""
    print(f"{'framework':14}{'threads':>8}{'oneDNN':>8}{'runs':>6}{'trainings':>11}{'alarms':>8}  worst loss")
    for key in dict.fromkeys((row["framework"], row["threads"], row["onednn"]) for row in sorted(rows, key=order)):
        of = [row for row in rows if (row["framework"], row["threads"], row["onednn"]) == key]
        trainings, alarms = sum(row["trainings"] for row in of), sum(len(row["alarms"]) for row in of)
        worst = max((row["worst"] for row in of if row["worst"] is not None), default=float("nan"))
        switch = "on" if key[2] else "off"
        print(f"{key[0]:14}{key[1]:>8}{switch:>8}{len(of):>6}{trainings:>11}{alarms:>8}  {worst:.1e}")
    trainings, alarms = sum(row["trainings"] for row in rows), sum(len(row["alarms"]) for row in rows)
    print(f"{len(rows)} runs, {trainings} trainings, {alarms} false alarms")
    for row in rows:
        for alarm in row["alarms"]:
            print(f"  {row['framework']}, {row['threads']} threads, oneDNN {'on' if row['onednn'] else 'off'}: {alarm}")


def order(row):
    return list(SHARES).index(row["framework"]), row["threads"], not row["onednn"]


if __name__ == "__main__":
    sys.exit(main())
