#!/usr/bin/env python3
"""dlcheck many times, many at once, and killed in the middle: what stays behind. Linux.

    python benchmarks/soak.py                        small numbers, a minute
    python benchmarks/soak.py --runs 1000 --kills 60

Looked for after every part: processes, temporary folders, half-written documents, a history out of bounds; that runs at the
same time agree, and that an installation that was killed left nothing or the whole, and is finished by the same command.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from dlcheck.host import record, temporary  # noqa: E402 - the tree beside this file, installed or not
from dlcheck.installers import staging  # noqa: E402
from tests.faults.killed import make_wheel  # noqa: E402

MARK = "DLCHECK_SOAK"
BUSY = "DL104"
"""The check of how busy the machine is at this moment."""
MOST_HISTORY = 30_000_000
"""Bytes: the bound of history.py, and what SQLite adds to it."""


class Place:
    """Folders for one soak: home, temporary files and documents, and the variables that lead there."""

    def __init__(self, folder: Path) -> None:
        self.temporary, self.documents, self.home = folder / "tmp", folder / "documents", folder / "home"
        for one in (self.temporary, self.documents, self.home):
            one.mkdir()
        self.environ = {
            **{name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "CONDA_PREFIX")},
            "PYTHONPATH": str(ROOT), "HOME": str(self.home), "XDG_STATE_HOME": str(self.home / "state"),
            "XDG_CACHE_HOME": str(self.home / "cache"), "TMPDIR": str(self.temporary), "NO_COLOR": "1", MARK: str(folder),
        }  # fmt: skip

    def start(self, *words: str) -> subprocess.Popen[str]:
        """``dlcheck WORDS``, which carries a mark that all its descendants inherit."""
        return subprocess.Popen(
            [sys.executable, "-m", "dlcheck", *words], cwd=self.documents, env=self.environ, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def descendants(self) -> list[str]:
        """Command lines of the living processes that carry the mark."""
        mark, found = f"{MARK}={self.environ[MARK]}".encode(), []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                try:
                    if mark in (entry / "environ").read_bytes().split(b"\0"):
                        found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()[:150])
                except OSError:
                    continue
        return found

    def leftovers(self) -> list[str]:
        return sorted(path.name for path in self.temporary.iterdir())

    def history(self) -> tuple[int, int]:
        """Bytes of the history and its runs."""
        import sqlite3

        path = self.home / "state" / "dlcheck" / "history.sqlite3"
        if not path.exists():
            return 0, 0
        with sqlite3.connect(path) as database:
            return path.stat().st_size, int(database.execute("SELECT COUNT(*) FROM run").fetchone()[0])

    def integrity(self) -> str:
        """What SQLite says of the history's file: ``ok`` where it is whole or not there."""
        import sqlite3

        path = self.home / "state" / "dlcheck" / "history.sqlite3"
        if not path.exists():
            return "ok"
        with sqlite3.connect(path) as database:
            return str(database.execute("PRAGMA integrity_check").fetchone()[0])


def in_a_row(place: Place, runs: int, python: str) -> list[str]:
    """The doctor again and again; what was left behind."""
    wrong: list[str] = []
    codes: set[int | None] = set()
    began, cpu = time.monotonic(), os.times()
    for number in range(runs):
        child = place.start("doctor", "--quick", "--offline", "--python", python, "--format", "json")
        child.communicate(timeout=300)
        codes.add(child.returncode)
        if number % 50 == 49:
            print(f"  {number + 1} runs, history {place.history()}", flush=True)
    if left := place.descendants():
        wrong.append(f"processes after {runs} runs: {left[:3]}")
    if left := place.leftovers():
        wrong.append(f"temporary files after {runs} runs: {left[:5]}")
    size, rows = place.history()
    if size > MOST_HISTORY or rows > 200:
        wrong.append(f"history of {size} bytes and {rows} runs")
    if len(codes) != 1 or not codes <= {0, 1}:
        wrong.append(f"exit codes {codes}")
    now = os.times()
    used = now.children_user + now.children_system - cpu.children_user - cpu.children_system
    print(f"in a row: {runs} runs, {time.monotonic() - began:.0f} s, {used / runs:.2f} s of processor each, exit codes {codes}, "
          f"history {size} bytes and {rows} runs")  # fmt: skip
    return wrong


def at_once(place: Place, count: int, python: str) -> list[str]:
    """Many doctors at the same time: all end, with the same verdicts but for BUSY, which the doctors themselves bring about."""

    def one(_: int) -> tuple[str, ...]:
        child = place.start("doctor", "--quick", "--offline", "--python", python, "--format", "json", "--ignore", BUSY)
        output, errors = child.communicate(timeout=600)
        try:
            document = json.loads(output)
        except ValueError:
            return f"exit code {child.returncode}", errors[-300:]
        said = (f"{verdict['code']} {verdict['status']}" for verdict in document["verdicts"] if verdict["code"] != BUSY)
        return f"exit code {child.returncode}", *sorted(said)

    began = time.monotonic()
    with ThreadPoolExecutor(count) as pool:
        said = list(pool.map(one, range(count)))
    print(f"at once: {count} ended within {time.monotonic() - began:.0f} s, {len(set(said))} different answers")
    odd = sorted(set().union(*said) - set(said[0]).intersection(*said))
    wrong = [f"{len(set(said))} different answers: {odd[:10]}"] if odd else []
    return wrong + [f"left: {left}" for left in (place.descendants(), place.leftovers()) if left]


def killed(place: Place, kills: int, python: str, number: int) -> list[str]:
    """kill -9 of every command in turn, at every moment of MOMENTS in turn."""
    chance = random.Random(number)
    log = place.documents / "error.log"
    log.write_text("RuntimeError: CUDA error: no kernel image is available for execution on the device\n" * 2000)
    wheels = place.documents / "wheels"
    wheels.mkdir()
    make_wheel(wheels, "soaked", 3000)
    commands = (
        ("doctor", "--offline", "--python", python, "--timeout", "60", "--format", "json", "--output", "{}.json"),
        ("smoke", "--python", python, "--format", "json", "--output", "{}.json"),
        ("diagnose", str(log), "--format", "json", "--output", "{}.json"),
        ("install", "soaked", "--find-links", str(wheels), "--offline", "--no-smoke", "--yes", "--venv", "{}"),
    )
    wrong: list[str] = []
    usual = {words: _seconds(place, words) for words in commands}
    landed, whole, environments = dict.fromkeys(MOMENTS, 0), 0, 0
    for at in range(kills):
        path = place.documents / f"killed-{at}"
        chosen, moment = commands[at % len(commands)], MOMENTS[at // len(commands) % len(MOMENTS)]
        words = [word.format(path) for word in chosen]
        landed[moment] += _kill(place, words, moment, chance.random() * usual[chosen], usual[chosen])
        if left := _wait_for_none(place):
            wrong.append(f"{words[0]}, killed {moment}: still running: {left[:2]}")
        document = path.with_suffix(".json")
        if document.exists():
            whole += 1
            try:
                json.loads(document.read_text("utf-8"))
            except ValueError:
                wrong.append(f"{words[0]}, killed {moment}: half a document")
        if words[0] == "install":
            environments += path.exists()
            wrong += _not_finished(place, words, path, moment)
    if (said := place.integrity()) != "ok":
        wrong.append(f"the history after {kills} kills: {said}")
    stayed = len(place.leftovers())
    place.start("doctor", "--quick", "--offline", "--python", python).communicate()
    # One without the file was killed while it made the folder; that one stays for an hour.
    swept = [one for one in place.leftovers() if (place.temporary / one / temporary.HELD).exists()]
    if swept:
        wrong.append(f"temporary folders of the killed that the next doctor left: {swept[:3]}")
    moments = ", ".join(f"{count} {moment}" for moment, count in landed.items())
    print(f"killed: {sum(landed.values())} of {kills} commands before their end ({moments}), {whole} whole documents, "
          f"{environments} whole environments, {stayed} temporary folders of the killed, {len(place.leftovers())} of them "
          "after the next doctor")  # fmt: skip
    return wrong


def _not_finished(place: Place, words: list[str], environment: Path, moment: str) -> list[str]:
    """What is wrong with an installation that was killed: half an environment, or the same command does not finish it."""
    wrong = []
    if environment.exists() and not record.walk(staging.site_packages(str(environment)), deep=True).is_whole:
        wrong.append(f"install, killed {moment}: half an environment")
    again = place.start(*words)
    _, said = again.communicate(timeout=600)
    if again.returncode or not record.walk(staging.site_packages(str(environment)), deep=True).is_whole:
        wrong.append(f"install, killed {moment}: the same command ends with {again.returncode}: {said[-200:]}")
    if beside := [one.name for one in environment.parent.glob("*dlcheck-*")]:
        wrong.append(f"install, killed {moment} and finished: left beside it: {beside}")
    return wrong


MOMENTS = ("by chance", "with a child at work", "near the end")
"""Near the end: where the history is kept and the document is written."""


def _kill(place: Place, words: list[str], moment: str, by_chance: float, usual: float) -> bool:
    """Start the command and kill it at the moment; whether it was still there."""
    before = len(place.descendants())
    child = place.start(*words)
    if moment == "with a child at work":
        until = time.monotonic() + 2 * usual
        while len(place.descendants()) < before + 2 and child.poll() is None and time.monotonic() < until:
            time.sleep(0.005)
    wait = {
        "by chance": by_chance,
        "with a child at work": by_chance / 10,
        "near the end": 0.75 * usual + by_chance / 4,
    }
    try:
        child.communicate(timeout=wait[moment])
    except subprocess.TimeoutExpired:
        child.send_signal(signal.SIGKILL)
        child.communicate()
        return True
    return False


def _seconds(place: Place, words: tuple[str, ...]) -> float:
    """How long the command takes here and now when nobody kills it: the middle one of three."""
    took = []
    for at in range(3):
        began = time.monotonic()
        place.start(*(word.format(place.documents / f"first-{at}") for word in words)).communicate()
        took.append(time.monotonic() - began)
    return sorted(took)[1]


def _wait_for_none(place: Place, seconds: float = 10.0) -> list[str]:
    """Descendants that live on: the system needs a moment to carry out what the death of their parent asks for."""
    until = time.monotonic() + seconds
    while (left := place.descendants()) and time.monotonic() < until:
        time.sleep(0.1)
    return left


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--at-once", type=int, default=16)
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--python", default=sys.executable, help="the interpreter to check")
    parser.add_argument("--number", type=int, default=1, help="equal numbers, equal moments")
    given = parser.parse_args()
    wrong: list[str] = []
    for part, count in ((in_a_row, given.runs), (at_once, given.at_once)):
        with tempfile.TemporaryDirectory(prefix="dlcheck-soak-") as folder:
            wrong += part(Place(Path(folder)), count, given.python) if count else []
    with tempfile.TemporaryDirectory(prefix="dlcheck-soak-") as folder:
        wrong += killed(Place(Path(folder)), given.kills, given.python, given.number) if given.kills else []
    for one in wrong:
        print(f"WRONG: {one}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
