#!/usr/bin/env python3
"""How fast the fleet's picture is, against a bare loop of json.loads, and a run on 32 Slurm nodes, against a bare srun.

    python benchmarks/fleet.py report [--rounds 5]        CPU seconds, peak memory, linearity
    python benchmarks/fleet.py run [--nodes 32]           wall seconds of a quick doctor; needs Slurm (setup_slurm.sh), root

The reports are synthetic: 60 checks and 8 GPUs a node, 7 kB. Every measurement is a process of its own, loop and report take
turns, and the medians are compared. Limits (exit code 1 beyond them): report <= 1.5 x loop at 10,000 nodes, <= 150 MB, time a
node at 10,000 <= 1.25 x that at 1,000; run <= 1.3 x srun.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

LOOP = """\
import json, resource, sys, time
begun = time.process_time()
with open(sys.argv[1], "rb") as stream:
    for line in stream:
        json.loads(line)
print(time.process_time() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
REPORT = """\
import resource, sys, time
from dlcheck import fleet
begun = time.process_time()
fleet.report(sys.argv[1])
print(time.process_time() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
PROBE = """\
#!/bin/sh
printf '{"schema_version":1,"dlcheck":"0.1.0","command":"doctor","created":"%s","node":"%s","exit_code":0}\\n' \\
  "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$SLURMD_NODENAME"
"""
GROUPS = ("Machine", "Internet", "Editors", "Python", "PyTorch", "TensorFlow", "JAX", "GPU", "Fleet")


def synthetic(at: int, chance: random.Random) -> dict[str, object]:
    bad = at % 50 == 3
    finding = {
        "cause": "driver-too-old",
        "message": "The driver is older than the wheel needs.",
        "because_of": [],
        "fixes": [],
    }
    verdicts = [
        {
            "code": f"DL{100 * (1 + check % 9) + check}",
            "title": "A check",
            "group": GROUPS[check % 9],
            "status": "failed" if bad and check == 7 else "passed",
            "severity": "error",
            "findings": [finding] if bad and check == 7 else [],
        }
        for check in range(60)
    ]
    gpus = [
        {
            "name": "NVIDIA H200",
            "uuid": f"GPU-{at:08x}-{gpu}",
            "temperature": round(chance.gauss(55, 2), 1),
            "power_watts": round(chance.gauss(400, 20), 1),
            "vbios": "96.00.A5",
        }
        for gpu in range(8)
    ]
    facts = {
        "system": {"name": "linux", "release": "6.8.0-45-generic" if at % 97 else "6.8.0-44-generic"},
        "devices": {"nvidia": {"driver": "580.65.06", "gpus": gpus}},
        "frameworks": {"torch": {"name": "torch", "version": "2.13.0"}},
    }
    head = {
        "schema_version": 1,
        "dlcheck": "0.1.0",
        "command": "doctor",
        "created": "2026-11-22T08:00:00Z",
        "node": f"n{at}",
    }
    rest = {"exit_code": int(bad), "summary": {"errors": int(bad)}, "primary_causes": ["driver-too-old"] if bad else []}
    return head | rest | {"verdicts": verdicts, "facts": facts}


def measure_reports(rounds: int) -> bool:
    cost: dict[int, float] = {}
    good = True
    with tempfile.TemporaryDirectory() as folder:
        for count in (100, 1000, 10_000):
            path = Path(folder) / f"{count}.jsonl"
            chance = random.Random(1)
            with path.open("w") as stream:
                stream.writelines(json.dumps(synthetic(at, chance)) + "\n" for at in range(count))
            found: dict[str, list[tuple[float, int]]] = {LOOP: [], REPORT: []}
            for _ in range(rounds):
                for script, results in found.items():
                    done = subprocess.run(
                        [sys.executable, "-c", script, str(path)], cwd=ROOT, capture_output=True, text=True, check=True
                    )
                    seconds, kilobytes = done.stdout.split()
                    results.append((float(seconds), int(kilobytes)))
            loop, report = (statistics.median(seconds for seconds, _ in results) for results in found.values())
            memory = max(kilobytes for _, kilobytes in found[REPORT]) / 1024
            cost[count] = report / count
            size = path.stat().st_size / 1e6
            print(
                f"{count:6} reports, {size:5.1f} MB: loop {loop:6.3f} s  report {report:6.3f} s  = {report / loop:4.2f} x",
                end="",
            )
            print(f"  peak {memory:4.0f} MB")
            good &= memory <= 150 and (count < 10_000 or report <= 1.5 * loop)
    print(f"time a node, 10,000 against 1,000: {cost[10_000] / cost[1000]:.2f} x")
    return good and cost[10_000] <= 1.25 * cost[1000]


def measure_run(count: int, rounds: int, stand_in: bool) -> bool:
    sys.path.insert(0, str(ROOT))
    from tests.real.cluster import cluster

    with tempfile.TemporaryDirectory() as folder:
        probe = Path(folder) / "probe"
        probe.write_text(PROBE)
        probe.chmod(0o755)
        (Path(folder) / "slurm").mkdir()
        with cluster(Path(folder) / "slurm", count) as running:
            words = [str(probe)] if stand_in else [sys.executable, "-m", "dlcheck"]
            command = ["doctor", "--quick", "--no-history", *([] if stand_in else ["--exit-zero"])]
            bare = ["srun", f"-N{count}", "--ntasks-per-node=1", *words, *command, "--format", "json"]
            fleet = [
                sys.executable,
                "-m",
                "dlcheck",
                "fleet",
                "run",
                "--no-history",
                "--dlcheck",
                " ".join(words),
                "--",
                *command,
            ]
            found: dict[str, list[float]] = {"srun": [], "fleet run": []}
            for _ in range(rounds):
                for name, argv in (("srun", bare), ("fleet run", fleet)):
                    begun = time.monotonic()
                    done = subprocess.run(
                        argv, cwd=ROOT, env=running.environment, capture_output=True, text=True, timeout=120
                    )
                    found[name].append(time.monotonic() - begun)
                    assert done.returncode in (0, 1), done.stdout + done.stderr
                    running.until(lambda: running.states().count("idle") == count)
    bare_time, fleet_time = (statistics.median(times) for times in found.values())
    print(f"{count} nodes: srun {bare_time:.2f} s  fleet run {fleet_time:.2f} s  = {fleet_time / bare_time:.2f} x")
    return fleet_time <= 1.3 * bare_time


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("report", "run"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--stand-in", action="store_true", help="a shell script in place of dlcheck on the nodes")
    parser.add_argument("--nodes", type=int, default=32)
    asked = parser.parse_args()
    good = (
        measure_reports(asked.rounds)
        if asked.what == "report"
        else measure_run(asked.nodes, asked.rounds, asked.stand_in)
    )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
