#!/usr/bin/env python3
"""How fast the doctor is, as ratios against a bound of the same run. Medians; nothing else should run meanwhile.

    python benchmarks/doctor.py INTERPRETER [ROUNDS]

INTERPRETER has torch, TensorFlow (with Keras) and JAX; ROUNDS is 5 unless given. The bounds:

    doctor          the three commands "import it and list its devices", side by side     at most 1.15
    doctor --quick  python -c "import typer, rich.console"                                at most 3
    --version       a hello-world Typer program's --version                               at most 1.15
    memory          peak of dlcheck's own process during a doctor run                     at most 60 MB
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

IMPORTS = (
    "import torch; print(torch.cuda.device_count())",
    "import tensorflow as tf; print(tf.config.list_physical_devices(), tf.keras.__version__)",
    "import jax; print(jax.devices())",
)
HELLO = """
import typer
from typing import Annotated
app = typer.Typer()
def show(wanted: bool):
    if wanted:
        print("hello 1.0")
        raise typer.Exit
@app.callback()
def options(version: Annotated[bool, typer.Option("--version", callback=show, is_eager=True)] = False): ...
@app.command()
def greet(name: str = "you"): print(name)
app()
"""
PEAK = """
import resource, sys
from dlcheck.cli.app import run
run(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def environment() -> dict[str, str]:
    kept = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "1"}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return kept


def run(*argv: str) -> None:
    subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment(), check=False)


def side_by_side(python: str) -> None:
    children = [
        subprocess.Popen([python, "-c", words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment())
        for words in IMPORTS
    ]
    for child in children:
        child.wait()


def paired(ours: Callable[[], None], bound: Callable[[], None], rounds: int) -> tuple[float, float, float]:
    """Medians of the ratio, of our seconds and of the bound's; the two take turns, so that both meet the same noise."""
    ours()
    bound()
    rows = []
    for _ in range(rounds):
        start = time.perf_counter()
        bound()
        middle = time.perf_counter()
        ours()
        end = time.perf_counter()
        rows.append((end - middle, middle - start))
    mine, its = (statistics.median(column) for column in zip(*rows, strict=True))
    return statistics.median(one / other for one, other in rows), mine, its


def main() -> int:
    python = sys.argv[1]
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    own = sys.executable
    dlcheck = (own, "-m", "dlcheck")
    doctor = (*dlcheck, "doctor", "--python", python, "--no-history", "--offline")
    terminal = (own, "-c", "import typer, rich.console")
    with tempfile.TemporaryDirectory() as folder:
        hello = Path(folder, "hello.py")
        hello.write_text(HELLO)
        greet = (own, str(hello), "--version")
        rows = [
            ("doctor", paired(lambda: run(*doctor), lambda: side_by_side(python), rounds), 1.15),
            ("doctor --quick", paired(lambda: run(*doctor, "--quick"), lambda: run(*terminal), 2 * rounds + 1), 3.0),
            ("--version", paired(lambda: run(*dlcheck, "--version"), lambda: run(*greet), 2 * rounds + 1), 1.15),
        ]  # fmt: skip
    done = subprocess.run(
        [own, "-c", PEAK, *doctor[3:], "--output", os.devnull],
        capture_output=True,
        text=True,
        env=environment(),
        check=True,
    )
    peak = int(done.stdout.split()[-1]) / 1024
    print(f"{'':16}{'ratio':>8}{'bound':>8}{'dlcheck':>10}{'bound':>10}")
    for name, (ratio, mine, its), bound in rows:
        print(f"{name:16}{ratio:>8.2f}{bound:>8.2f}{mine:>9.2f}s{its:>9.2f}s")
    print(f"{'peak memory':16}{peak:>8.0f}{60:>8} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
