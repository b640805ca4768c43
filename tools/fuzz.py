#!/usr/bin/env python3
"""Feeds changed input to every reader of foreign text and keeps what breaks one (the promises: tests/hostile/foreign.py).

    python tools/fuzz.py --seconds 600                     every target in turn, changes by chance
    python tools/fuzz.py --engine atheris --seconds 600    led by coverage, a process a target (pip install atheris)
    python tools/fuzz.py --target readers --keep DIR       one target; failing inputs are written to DIR

An execution fails where an exception escapes, a promise is broken, or it takes more than LIMIT seconds of processor time.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]
LIMIT = 1.0
MEMORY = 3 << 30
LONGEST = 200_000
UNITS = (
    b"(",
    b" ",
    b"\n",
    b"\t",
    b"0",
    b"9",
    b"a,",
    b"[",
    b'{"a":',
    b"\x1b[31m",
    b"\x1b]",
    b"a=1\n",
    b"a: b\n",
    b"| ",
    b"/",
    b".",
    b"-",
    b'"',
    b"\\",
    b"\0",
    b"\xe4\xb8\xad",
    b"GPU 0: ",
)


class Mutator:
    """Changes of known inputs by chance: bytes, stretches, words that readers know, repetitions."""

    def __init__(self, seeds: tuple[bytes, ...], words: tuple[bytes, ...], number: int) -> None:
        self.pool = list(seeds) or [b""]
        self.words = words
        self.random = random.Random(number)

    def next(self) -> bytes:
        chance = self.random
        data = bytearray(chance.choice(self.pool))
        for _ in range(chance.choice((1, 1, 2, 4, 8))):
            at, size = chance.randrange(len(data) + 1), chance.choice((1, 2, 4, 16, 64, 256))
            deed = chance.randrange(9)
            if deed == 0:
                data[at : at + 1] = bytes([chance.randrange(256)])
            elif deed == 1:
                del data[at : at + size]
            elif deed == 2:
                data[at:at] = data[at : at + size] * chance.choice((1, 2, 50))
            elif deed in (3, 4):
                data[at:at] = chance.choice(self.words) + chance.choice((b"", b"\n", b" ", b": ", b"="))
            elif deed == 5:
                other = chance.choice(self.pool)
                cut = chance.randrange(len(other) + 1)
                data[at : at + size] = other[cut : cut + size]
            elif deed == 6:
                data[at:at] = chance.choice(UNITS) * chance.choice((1, 3, 30, 300, 3000, 30_000))
            elif deed == 7:
                data[at : at + size] = chance.randbytes(size)
            else:
                data[at:at] = str(chance.choice((0, -1, 2**31, 2**64, 10**30, 1e308, 10**400))).encode()
        return bytes(data[:LONGEST])


class Ledger:
    """Executions and distinct failures of one target."""

    def __init__(self, target: str, keep: str | None, limit: float) -> None:
        self.target, self.keep, self.limit = target, keep, limit
        self.runs, self.slowest = 0, 0.0
        self.failures: dict[str, dict[str, object]] = {}

    def one(self, data: bytes) -> None:
        from tests.hostile import foreign

        before = time.process_time()
        signal.setitimer(signal.ITIMER_VIRTUAL, 20 * self.limit)
        try:
            foreign.run(self.target, data)
        except Exception as error:  # noqa: BLE001 - whatever escapes is what is looked for
            self.note(_place(error), f"{type(error).__name__}: {error}"[:400], data)
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        took = time.process_time() - before
        self.runs += 1
        self.slowest = max(self.slowest, took)
        if took > self.limit:
            self.note(f"slow {len(data)}", f"{took:.2f} s for {len(data)} bytes", data)

    def note(self, place: str, words: str, data: bytes) -> None:
        if place in self.failures or (
            place.startswith("slow") and any(one.startswith("slow") for one in self.failures)
        ):
            return
        name = f"{self.target}-{hashlib.sha256(data).hexdigest()[:12]}"
        self.failures[place] = {"words": words, "input": name, "size": len(data)}
        print(f"{self.target}: {place}: {words}", file=sys.stderr, flush=True)
        if self.keep:
            os.makedirs(self.keep, exist_ok=True)
            Path(self.keep, name).write_bytes(data)

    def summary(self, seconds: float) -> dict[str, object]:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        return {"target": self.target, "executions": self.runs, "seconds": round(seconds), "slowest": round(self.slowest, 2),
                "peak_mib": peak, "failures": self.failures}  # fmt: skip


class _Endless(Exception):  # noqa: N818 - what the alarm says
    """An execution took twenty times its limit."""


def _stop(*_: object) -> None:
    raise _Endless


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    own = [one for one in frames if "dlcheck" in one.filename and "hostile" not in one.filename] or list(frames)
    return f"{type(error).__name__} at {Path(own[-1].filename).name}:{own[-1].lineno}"


def by_chance(target: str, seconds: float, keep: str | None, number: int) -> dict[str, object]:
    from tests.hostile import foreign

    mutator = Mutator(foreign.seeds(target), foreign.words(), number)
    ledger = Ledger(target, keep, LIMIT)
    began = time.monotonic()
    for seed in foreign.seeds(target):
        ledger.one(seed)
    while time.monotonic() - began < seconds:
        ledger.one(mutator.next())
    return ledger.summary(time.monotonic() - began)


def led_by_coverage(target: str, seconds: float, keep: str | None) -> None:
    """Never returns: libFuzzer ends the process. What was counted is written as one line before that."""
    import atheris

    from tests.hostile import foreign

    # Counting branches makes everything slower by a multiple.
    ledger = Ledger(target, keep, 8 * LIMIT)
    began = time.monotonic()

    def one(data: bytes) -> None:
        ledger.one(data)
        if time.monotonic() - began > seconds:
            print(json.dumps(ledger.summary(time.monotonic() - began)), flush=True)
            os._exit(0)

    with tempfile.TemporaryDirectory() as corpus:
        for at, seed in enumerate(foreign.seeds(target)):
            Path(corpus, str(at)).write_bytes(seed)
        dictionary = Path(corpus + ".words")
        words = (word.decode("ascii", "replace").replace("\\", "\\\\").replace('"', '\\"') for word in foreign.words())
        dictionary.write_text("".join(f'"{word}"\n' for word in words if word.isascii()), "ascii")
        atheris.Setup(
            [
                sys.argv[0],
                corpus,
                f"-dict={dictionary}",
                "-max_len=20000",
                "-verbosity=0",
                "-timeout=120",
                "-rss_limit_mb=4000",
            ],
            one,
        )
        atheris.Fuzz()


def main() -> int:
    if "--alone" in sys.argv and "atheris" in sys.argv:
        import atheris

        # Whatever is imported before this is not counted.
        with atheris.instrument_imports(include=["dlcheck"]):
            importlib.import_module("tests.hostile.foreign")
    from tests.hostile import foreign

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0, help="for all targets together")
    parser.add_argument("--target", action="append", choices=tuple(foreign.TARGETS))
    parser.add_argument("--engine", choices=("chance", "atheris"), default="chance")
    parser.add_argument("--keep", help="folder for failing inputs")
    parser.add_argument("--number", type=int, default=int(time.time()), help="equal numbers, equal changes")
    parser.add_argument("--output", help="a JSON file with the figures")
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    signal.signal(signal.SIGVTALRM, _stop)
    targets = given.target or list(foreign.TARGETS)
    each = given.seconds / len(targets)
    if given.alone and given.engine == "atheris":
        led_by_coverage(targets[0], given.seconds, given.keep)
    if given.alone:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        print(json.dumps(by_chance(targets[0], given.seconds, given.keep, given.number)))
        return 0
    rows = [_in_a_process_of_its_own(given, target, each) for target in targets]
    print(f"{'target':16}{'executions':>12}{'seconds':>9}{'slowest s':>11}{'MiB':>7}  failures")
    for row in rows:
        figures = f"{row['executions']:>12}{row['seconds']:>9}{row['slowest']:>11}{row['peak_mib']:>7}"
        print(f"{row['target']:16}{figures}  {len(row['failures'])}")
    if given.output:
        Path(given.output).write_text(json.dumps(rows, indent=1), "utf-8")
    return 1 if any(row["failures"] for row in rows) else 0


def _in_a_process_of_its_own(given: argparse.Namespace, target: str, seconds: float) -> dict[str, object]:
    argv = [sys.executable, __file__, "--alone", "--engine", given.engine, "--target", target, "--seconds", str(seconds),
            "--number", str(given.number), *(("--keep", given.keep) if given.keep else ())]  # fmt: skip
    done = subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if lines:
        return json.loads(lines[-1])
    failure = {f"exit code {done.returncode}": {"words": "the process itself ended", "input": "", "size": 0}}
    return {
        "target": target,
        "executions": 0,
        "seconds": round(seconds),
        "slowest": 0.0,
        "peak_mib": 0,
        "failures": failure,
    }


if __name__ == "__main__":
    sys.exit(main())
