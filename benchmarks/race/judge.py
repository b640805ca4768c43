"""How an answer is judged: one rule for every tool, which stands in docs/race.md in words.

    hang      past the time limit
    crash     ended by a signal, or with a traceback of Python and an error code
    hit       it printed words for the right cause (words.py), in lines that it does not print on healthy environments
    wrong     it printed an alarm that it does not print on healthy environments, and none for the right cause
    silent    it printed nothing that it does not print on healthy environments

On a healthy environment: false alarm, or quiet. An alarm that is true of the machine of the race is not counted: it has no
GPU, driver or internet, and most environments lack a framework; tools for such machines may be right to say it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from benchmarks.race.rivals import Rival
from benchmarks.race.words import names
from tests.faults.planting import Case

WITHOUT_CARD = (
    "devices: driver libraries in an image on a machine without a card",
    "devices: an nvidia-smi that hangs where no card is",
)
"""Healthy as environments, where nvidia-smi itself fails: what a tool says there is not what it says on healthy machines."""
LOGGED = r"absl::InitializeLog|^[IWE]\d{4} \d\d:|^To enable the following instructions"
OUTCOMES = ("hit", "wrong", "silent", "crash", "hang")


def family(case: Case) -> str:
    """Whose healthy environments a case is held against: those with a driver's stand-in, or the others."""
    return "devices" if case.family == "devices" else "others"


def plain(line: str) -> str:
    """A line without what differs from run to run: figures, paths, colours, frames of tables."""
    line = re.sub(r"\x1b\[[0-9;]*m", "", line)
    line = re.sub(r"\S*/\S+", "PATH", line)
    return re.sub(r"[^A-Za-z⚠❌✗]+", " ", line).strip().lower()


def lines(run: dict[str, Any]) -> list[str]:
    """What the tool printed, without what TensorFlow logs of itself when it is imported."""
    printed = f"{run['output']}\n{run['errors']}".splitlines()
    return [line for line in printed if line.strip() and not re.search(LOGGED, line)]


def crashed(run: dict[str, Any]) -> bool:
    code = run["code"]
    return code is not None and (
        code < 0
        or code > 128
        or (code != 0 and "Traceback (most recent call last)" in f"{run['output']}{run['errors']}")
    )


def usual(runs: Iterable[dict[str, Any]]) -> set[str]:
    """What a tool prints where nothing is wrong."""
    return {plain(line) for run in runs if run["code"] is not None and not crashed(run) for line in lines(run)}


def judge(rival: Rival, case: Case, run: dict[str, Any], usually: set[str]) -> dict[str, Any]:
    """The outcome, and the lines that decided it."""
    new = [line.strip() for line in lines(run) if plain(line) and plain(line) not in usually]
    named = [line for line in new if names(case.cause, line)] or (new if names(case.cause, " ".join(new)) else [])
    alarmed = [line for line in new if rival.is_alarm(line)]
    if run["code"] is None:
        outcome, why = "hang", []
    elif crashed(run):
        outcome, why = "crash", named or new[-1:]
    elif named:
        outcome, why = "hit", named
    elif alarmed:
        outcome, why = "wrong", alarmed
    else:
        outcome, why = "silent", []
    return {
        "outcome": outcome,
        "why": [line[:240] for line in why[:4]],
        "words_in_crash": outcome == "crash" and bool(named),
    }


def judge_health(rival: Rival, run: dict[str, Any]) -> dict[str, Any]:
    """What it says of an environment that is well."""
    if run["code"] is None or crashed(run):
        outcome = "hang" if run["code"] is None else "crash"
        return {"outcome": outcome, "why": lines(run)[-1:]}
    alarmed = [line.strip() for line in lines(run) if rival.is_alarm(line)]
    more = [line for line in alarmed if not re.search(rival.true_here, line)]
    outcome = "false alarm" if more else "only what is true here" if alarmed else "quiet"
    return {"outcome": outcome, "why": [line[:240] for line in (more or alarmed)[:4]]}


def judge_own(case: Case, document: dict[str, Any] | None, run: dict[str, Any]) -> dict[str, Any]:
    """dlcheck's JSON document by the same classes; its causes have names, so no words are searched."""
    if run["code"] is None:
        return {"outcome": "hang", "why": []}
    if document is None or run["code"] not in (0, 1):
        return {"outcome": "crash", "why": lines(run)[-1:]}
    findings = [one for verdict in document["verdicts"] for one in verdict["findings"]]
    alarms = {one["cause"] for one in findings if one["severity"] != "note"}
    right = {case.cause, *case.others}
    if not case.cause:
        outcome = "false alarm" if alarms else "quiet"
    elif case.severity == "note":
        outcome = "hit" if right & {one["cause"] for one in findings} else "wrong" if alarms else "silent"
    else:
        outcome = "hit" if right & alarms & set(document["primary_causes"]) else "wrong" if alarms else "silent"
    return {"outcome": outcome, "why": sorted(alarms)}
