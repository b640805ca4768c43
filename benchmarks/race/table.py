"""The results as a page: docs/race.md, and the same figures as JSON."""

from __future__ import annotations

import collections
import datetime as dt
import json
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.race.judge import OUTCOMES, WITHOUT_CARD, family, judge, judge_health, judge_own, usual
from benchmarks.race.rivals import OWN, RIVALS, Rival, chosen
from dlcheck import __version__
from tests.faults.planting import Case
from tests.faults.zoo import FAULTS, HEALTHY

Get = Callable[[Case, str], "list[dict[str, Any]] | None"]
Row = dict[str, Any]
BEGIN, END = "<!-- written by benchmarks/race -->", "<!-- end of the race -->"
HEALTH = ("quiet", "only what is true here", "false alarm", "crash", "hang")


def join(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Several commands of one rival as one run: outputs together, the worst end, times added, the larger peak."""
    codes = [one["code"] for one in runs]
    worst = None if None in codes else min(codes) if min(codes) < 0 else max(codes)
    return {
        "output": "\n".join(one["output"] for one in runs),
        "errors": "\n".join(one["errors"] for one in runs),
        "code": worst,
        "wall": sum(one["wall"] for one in runs),
        "cpu": sum(one["cpu"] for one in runs),
        "peak": max(one["peak"] for one in runs),
    }


def own_rows(get: Get) -> list[Row]:
    found = []
    for case in (*FAULTS, *HEALTHY):
        runs = get(case, OWN)
        if runs:
            run = join(runs)
            try:
                document = json.loads(run["output"])
            except ValueError:
                document = None
            found.append(row(OWN, case, run, judge_own(case, document, run), claimed=True))
    return found


def rival_rows(rival: Rival, get: Get) -> list[Row]:
    healthy = {case: join(runs) for case in HEALTHY if (runs := get(case, rival.name))}
    found = [
        # The stand-in for a driver shows cards that no real PyTorch can compute on: no rival is blamed for that.
        row(rival.name, case, run, judge_health(rival, run), claimed=True)
        for case, run in healthy.items()
        if family(case) != "devices"
    ]
    for case in FAULTS:
        runs = get(case, rival.name)
        if runs:
            run = join(runs)
            usually = usual(
                one for well, one in healthy.items() if family(well) == family(case) and str(well) not in WITHOUT_CARD
            )
            found.append(row(rival.name, case, run, judge(rival, case, run, usually), claimed=rival.claims(case)))
    return found


def row(tool: str, case: Case, run: dict[str, Any], verdict: dict[str, Any], *, claimed: bool) -> Row:
    kept = {"code": run["code"], **{name: round(run[name], 2) for name in ("wall", "cpu", "peak")}}
    return {"tool": tool, "case": str(case), "cause": case.cause, "claimed": claimed, **verdict, **kept}


def counted(rows: list[Row], outcomes: tuple[str, ...]) -> list[str]:
    count = collections.Counter(one["outcome"] for one in rows)
    return [str(count[name]) if rows else "-" for name in outcomes]


def share(rows: list[Row]) -> str:
    hits = sum(one["outcome"] == "hit" for one in rows)
    return f"{hits} of {len(rows)} ({100 * hits / len(rows):.0f} %)" if rows else "names none"


def cost(rows: list[Row]) -> list[str]:
    """Medians over the healthy environments, the only ones where everybody has the same to do."""
    well = [one for one in rows if not one["cause"] and one["outcome"] not in ("hang", "crash")]
    if not well:
        return ["-", "-", "-"]
    wall, cpu, peak = (statistics.median(one[name] for one in well) for name in ("wall", "cpu", "peak"))
    return [f"{wall:.1f} s", f"{cpu:.1f} s", f"{peak:.0f} MB"]


def table(heading: list[str], rows: list[list[str]]) -> str:
    line = ["---", *("---:" for _ in heading[1:])]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (heading, line, *rows)) + "\n"


def summary(everything: dict[str, list[Row]], versions: dict[str, str]) -> str:
    """One line a tool: what it claims and names, what it says of what is well, what it costs."""
    rows = []
    for tool, found in everything.items():
        claimed = [one for one in found if one["cause"] and one["claimed"]]
        well = [one for one in found if not one["cause"]]
        outcomes = dict(zip(OUTCOMES, counted(claimed, OUTCOMES), strict=True))
        shown = sum(one.get("words_in_crash", False) for one in claimed)
        outcomes["crash"] += f" ({shown} show the cause)" if shown else ""
        rows.append([
            f"{tool} {versions.get(tool, '')}".strip(), share(claimed), *(outcomes[name] for name in OUTCOMES[1:]),
            f"{counted(well, HEALTH)[2]} of {len(well)}", *cost(found),
        ])  # fmt: skip
    heading = ["tool", "named, of what it claims", *OUTCOMES[1:], "false alarms", "wall", "CPU", "peak"]
    return table(heading, rows)


def short(everything: dict[str, list[Row]], versions: dict[str, str], day: str) -> str:
    """The table of README.md: outcomes, CPU seconds and memory, which a busy machine changes least."""
    rows = []
    for tool, found in everything.items():
        claimed = [one for one in found if one["cause"] and one["claimed"]]
        well = [one for one in found if not one["cause"]]
        named = f"{counted(claimed, OUTCOMES)[0]} of {len(claimed)}" if claimed else "names no causes"
        others = counted(claimed, OUTCOMES)[1:] if claimed else [""] * (len(OUTCOMES) - 1)
        alarms = f"{counted(well, HEALTH)[2]} of {len(well)}"
        rows.append([f"{tool} {versions.get(tool, '')}".strip(), named, *others, alarms, *cost(found)[1:]])
    heading = ["tool", "named, of what it says it finds", *OUTCOMES[1:], "false alarms", "CPU", "peak"]
    return f"On {day}, in CPU seconds:\n\n{table(heading, rows)}"


def details(everything: dict[str, list[Row]]) -> str:
    """One line a fault: what each tool made of it; in brackets where it does not claim it."""
    tools = list(everything)
    by = {(one["tool"], one["case"]): one for found in everything.values() for one in found}
    rows = []
    for case in (*FAULTS, *HEALTHY):
        cells = []
        for tool in tools:
            one = by.get((tool, str(case)))
            text = one["outcome"] if one else ""
            cells.append(text if not one or one["claimed"] else f"({text})")
        rows.append([str(case), case.cause or "well", *cells])
    return table(["environment", "cause", *tools], rows)


def missing(get: Get) -> str:
    """What a whole race would have run and this one has not, in words."""
    absent = []
    for tool in (OWN, *(rival.name for rival in RIVALS)):
        cases = [case for case in (*FAULTS, *HEALTHY) if chosen(case, [tool])]
        lacking = sum(get(case, tool) is None for case in cases)
        if lacking:
            absent.append(f"{tool} {lacking} of {len(cases)}")
    return f"Not run yet, and empty below: {', '.join(absent)}." if absent else "Nothing was left out."


def write(work: Path, get: Get, page: Path, readme: Path | None = None) -> None:
    """The page, results.json beside the results, and the table of README.md where it is named."""
    machine = json.loads((work / "machine.json").read_text("utf-8"))
    versions = machine["versions"]
    everything = {OWN: own_rows(get), **{rival.name: rival_rows(rival, get) for rival in RIVALS}}
    released = {OWN: __version__, **{rival.name: versions.get(rival.distribution, "") for rival in RIVALS}}
    day = dt.datetime.now(dt.timezone.utc).date().isoformat()
    flat = [one for found in everything.values() for one in found]
    document = {"date": day, "versions": versions, "rows": flat}
    (work / "results.json").write_text(json.dumps(document, indent=1, ensure_ascii=False), "utf-8")
    scope = table(
        ["tool", "command", "what its README says it finds"],
        [[one.name, "; ".join(f"`{' '.join(words)}`" for words in one.commands), one.stated] for one in RIVALS],
    )
    frameworks = ", ".join(f"{name} {versions[name]}" for name in ("torch", "tensorflow-cpu", "keras", "jax"))
    template = (Path(__file__).parent / "page.md").read_text("utf-8")
    text = template.format(
        date=day,
        cores=machine["cores"],
        load=machine["load"],
        missing=missing(get),
        frameworks=frameworks,
        faults=len(FAULTS),
        healthy=len(HEALTHY),
        summary=summary(everything, released),
        scope=scope,
        details=details(everything),
    )
    page.write_text(text, "utf-8")
    if readme:
        before, _, rest = readme.read_text("utf-8").partition(BEGIN)
        after = rest.partition(END)[2]
        readme.write_text(f"{before}{BEGIN}\n\n{short(everything, released, day)}\n{END}{after}", "utf-8")
    print(summary(everything, released))
