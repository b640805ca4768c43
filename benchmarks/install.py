"""dlcheck install against uv and pip: the same wheels, from the same index on this machine; ratios of one run count.

    python benchmarks/install.py DIR [--rounds 3] [--pip]

DIR holds wheels (a bundle that ``dlcheck install ... --bundle DIR`` wrote). They are served from this machine. Every
round runs the contestants one after another in a fresh cache (cold) and again in the filled one (warm), in an order that
changes. Training is left out (--no-smoke); so is compiling byte code, which uv leaves out too.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests" / "installers"))

from index_server import Index, serve  # noqa: E402 - found through the line above


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pip", action="store_true", help="pip too, which takes minutes")
    options = parser.parse_args()
    index = Index(wheels={one.name: one.read_bytes() for one in sorted(options.folder.glob("*.whl"))})
    names = sorted({one.split("-")[0].replace("_", "-") + "==" + one.split("-")[1] for one in index.wheels})
    times: dict[str, list[tuple[float, float]]] = {}
    with serve(index), tempfile.TemporaryDirectory(prefix="dlcheck-benchmark-", dir=options.folder.parent) as place:
        for number in range(options.rounds):
            contestants = ["dlcheck", "uv", *(["pip"] if options.pip else [])]
            random.Random(number).shuffle(contestants)
            for who in contestants:
                home = Path(place, who)
                for state in ("cold", "warm"):
                    shutil.rmtree(home / "env", ignore_errors=True)
                    times.setdefault(f"{who} {state}", []).append(measure(who, home, index.url, names))
                if who == "dlcheck":
                    times.setdefault("dlcheck nothing-to-do", []).append(measure(who, home, index.url, names))
                shutil.rmtree(home)
    report(times)


def measure(who: str, home: Path, url: str, names: list[str]) -> tuple[float, float]:
    """Wall and CPU seconds of one installation, children included."""
    home.mkdir(exist_ok=True)
    env = {
        "PATH": os.environ["PATH"], "HOME": str(home), "UV_CACHE_DIR": str(home / "uv"), "PIP_CONFIG_FILE": os.devnull,
        "UV_NO_CONFIG": "1", "PIP_CACHE_DIR": str(home / "pip"), "TMPDIR": str(home), "PYTHONPATH": str(ROOT),
        "DLCHECK_CACHE_DIR": str(home / "cache"), "DLCHECK_STATE_DIR": str(home / "state"),
    }  # fmt: skip
    venv, python = str(home / "env"), str(home / "env/bin/python")
    from dlcheck.installers.uv import find

    uv = find(os.environ) or "uv"
    commands = {
        "dlcheck": [
            [
                sys.executable,
                "-m",
                "dlcheck",
                "install",
                *names,
                "--venv",
                venv,
                "--index-url",
                url,
                "--yes",
                "--no-smoke",
                "--accelerator",
                "cpu",
            ]
        ],
        "uv": [
            [uv, "venv", "-q", venv],
            [uv, "pip", "install", "-q", "--python", python, "--default-index", url, *names],
        ],
        "pip": [
            [sys.executable, "-m", "venv", "--without-pip", venv],
            [
                sys.executable,
                "-m",
                "pip",
                "--python",
                python,
                "install",
                "-q",
                "--no-compile",
                "--index-url",
                url,
                *names,
            ],
        ],
    }[who]
    before, start = os.times(), time.monotonic()
    for command in commands:
        subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    wall, after = time.monotonic() - start, os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return wall, cpu


def report(times: dict[str, list[tuple[float, float]]]) -> None:
    median = {name: [statistics.median(one[at] for one in rows) for at in (0, 1)] for name, rows in times.items()}
    for name, (wall, cpu) in median.items():
        print(f"{name:24} {wall:8.2f} s wall {cpu:8.2f} s CPU")
    for state in ("cold", "warm"):
        for other in ("uv", "pip"):
            if f"{other} {state}" in median:
                ratios = [
                    a[0] / b[0] for a, b in zip(times[f"dlcheck {state}"], times[f"{other} {state}"], strict=True)
                ]
                print(f"dlcheck / {other} {state}: {statistics.median(ratios):.2f} wall")
    print(json.dumps({"load": os.getloadavg(), "cpus": os.cpu_count(), "seconds": median}))


if __name__ == "__main__":
    main()
