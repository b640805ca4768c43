"""The race: dlcheck and the tools that people would take instead, on the zoo's planted and healthy environments.

    python -m benchmarks.race                       each tool on what it says it finds, and on every healthy environment
    python -m benchmarks.race --all                 and on what it does not claim
    python -m benchmarks.race --faults 'imports*'   a part of the zoo; --tools 'cuda*,dlcheck' a part of the field
    python -m benchmarks.race --judge               no run: judge what is there

The whole race and --judge write docs/race.md and the table of README.md; a part of it writes a race.md beside its results.

Installs frameworks and rivals below --work (.race unless given; 3 GB), keeps every raw output there, and goes on where it
was interrupted. Some cases need root on Linux. Nothing else should run meanwhile.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import fnmatch
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.race.ground import Ground
from benchmarks.race.measure import STOP, Run, measure
from benchmarks.race.rivals import OWN, RIVALS, Rival, chosen
from benchmarks.race.table import write
from tests.faults.needs import have
from tests.faults.planting import BIN, Case, Planted
from tests.faults.planting import Ground as Place
from tests.faults.zoo import FAULTS, HEALTHY
from tests.survival import ROOT

OWN_LIMIT = 100.0


class Results:
    """One JSON file a case and tool, with its raw output."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def place(self, case: Case, tool: str) -> Path:
        safe = "".join(letter if letter.isalnum() else "-" for letter in str(case))
        return self.folder / f"{safe[:80]}--{tool.replace(' ', '-')}.json"

    def get(self, case: Case, tool: str) -> list[dict[str, Any]] | None:
        place = self.place(case, tool)
        return json.loads(place.read_text("utf-8")) if place.is_file() else None

    def put(self, case: Case, tool: str, runs: list[Run]) -> None:
        place = self.place(case, tool)
        partial = place.with_suffix(".part")
        partial.write_text(json.dumps([vars(one) for one in runs], indent=1, ensure_ascii=False), "utf-8")
        partial.replace(place)


def surroundings(planted: Planted, place: Place, **more: str) -> dict[str, str]:
    """The variables under which a tool runs: those of the case, in the environment as `activate` leaves it."""
    outer = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "CONDA_PREFIX")}
    inner = {**outer, "VIRTUAL_ENV": str(planted.folder), "NO_COLOR": "1", "COLUMNS": "200", "TERM": "dumb"}
    known = {**inner, **planted.variables(), **more, **place.variables}
    return {name: value for name, value in known.items() if value != "UNSET"}


def run_own(case: Case, planted: Planted, place: Place, cwd: Path) -> list[Run]:
    """`dlcheck doctor` from outside, as pipx or uvx run it; no rule is named, nothing is told."""
    options = [] if case.online else ["--offline"]
    if "--quick" in case.arguments and (case.family == "devices" or not is_furnished(case, planted)):
        # A real PyTorch cannot compute on a stand-in for a driver, nor a stand-in for PyTorch on anything.
        options.append("--quick")
    if "--measure" in case.arguments:
        options.append("--measure")
    command = (sys.executable, "-m", "dlcheck", "doctor", "--format", "json", *planted.target, *options)
    variables = surroundings(planted, place)
    variables["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), variables.get("PYTHONPATH"))))
    return [measure((*place.before, *command), variables, cwd, OWN_LIMIT)]


def run_rival(rival: Rival, planted: Planted, place: Place, cwd: Path) -> list[Run]:
    """Inside the environment, by the command that its README names."""
    found = []
    for command, *arguments in rival.commands:
        whole = (*place.before, str(planted.folder / BIN / command), *arguments)
        found.append(measure(whole, surroundings(planted, place), cwd, rival.limit))
    return found


def run_case(case: Case, tools: list[str], ground: Ground, results: Results) -> str:
    """Run what has not run yet; a line on what was done."""
    wanted = [tool for tool in tools if results.get(case, tool) is None]
    if not wanted:
        return ""
    begun = time.monotonic()
    try:
        let_them_look(case, wanted, ground, results)
    except (OSError, AssertionError, subprocess.SubprocessError) as error:
        return f"{case}: not planted, {type(error).__name__}: {error}"
    return f"{case}: {', '.join(wanted)} ({time.monotonic() - begun:.0f} s)"


def is_furnished(case: Case, planted: Planted) -> bool:
    """Do real frameworks fit into it? Their compiled parts are those of the race's own Python."""
    return not case.release and planted.target[0] == "--venv"


def let_them_look(case: Case, wanted: list[str], ground: Ground, results: Results) -> None:
    """Plant, and run what is wanted: dlcheck before the rivals are laid in."""
    with tempfile.TemporaryDirectory(prefix="race-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        cwd = folder / "run" / "empty"
        cwd.mkdir(parents=True)
        with case.planted(folder) as (planted, place):
            if is_furnished(case, planted):
                ground.furnish(planted, rivals=False, without=case.without)
            if OWN in wanted:
                results.put(case, OWN, run_own(case, planted, place, place.cwd or cwd))
            if wanted != [OWN]:
                ground.furnish(planted, rivals=True, without=case.without)
            for rival in RIVALS:
                if rival.name in wanted:
                    results.put(case, rival.name, run_rival(rival, planted, place, place.cwd or cwd))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=ROOT / ".race", help="folder of the environment and the results")
    parser.add_argument("--faults", default="*", help="glob over FAMILY: NAME, of healthy ones too")
    parser.add_argument("--tools", default="*", help="globs, by commas")
    parser.add_argument("--all", action="store_true", help="rivals on what they do not claim, too")
    parser.add_argument("--jobs", type=int, default=2, help="cases at once")
    parser.add_argument("--judge", action="store_true", help="judge what is there")
    given = parser.parse_args()
    results = Results(given.work / "results")
    cases = [one for one in (*FAULTS, *HEALTHY) if fnmatch.fnmatch(str(one), given.faults)]
    if not given.judge:
        ground = Ground(given.work / "ground")
        machine = {"versions": ground.versions, "cores": os.cpu_count(), "load": round(os.getloadavg()[2])}
        (given.work / "machine.json").write_text(json.dumps(machine))
        names = [OWN, *(one.name for one in RIVALS)]
        tools = [name for name in names if any(fnmatch.fnmatch(name, glob) for glob in given.tools.split(","))]
        possible = [case for case in cases if all(have(need) for need in case.needs)]
        with concurrent.futures.ThreadPoolExecutor(given.jobs) as pool:
            waiting = [
                pool.submit(run_case, case, chosen(case, tools, everything=given.all), ground, results)
                for case in possible
            ]
            try:
                for at, one in enumerate(concurrent.futures.as_completed(waiting), 1):
                    if one.result():
                        print(f"{at}/{len(waiting)} {one.result()}", flush=True)
            except KeyboardInterrupt:
                STOP.set()
                pool.shutdown(cancel_futures=True)
                print("interrupted; the same command goes on from here", file=sys.stderr)
                return 130
    whole = given.judge or (given.faults == given.tools == "*")
    if whole:
        write(given.work, results.get, ROOT / "docs" / "race.md", ROOT / "README.md")
    else:
        write(given.work, results.get, given.work / "race.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
