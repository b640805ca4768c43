"""The smoke result as a table for a terminal: a row a framework, a column a device, then what is wrong."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from dlcheck.data import cause
from dlcheck.model.level import Level
from dlcheck.model.placeholder import filled
from dlcheck.model.report import Target
from dlcheck.model.shell import quote
from dlcheck.model.smoke import SmokeReport, SmokeResult, SmokeStatus
from dlcheck.model.style import Style
from dlcheck.model.units import counted

BAD = (SmokeStatus.FAILED, SmokeStatus.CRASHED, SmokeStatus.TIMEOUT)
CELL = 44

HONEST = {
    Level.QUICK: "A few seconds find what is wrong always or often. They do not find a device that errs once an hour, or only"
    " when it is hot or full: that is what --level long is for, and even it proves no device sound.",
    Level.STANDARD: "A minute finds what is wrong always or often, and slow devices beside fast ones. It does not find a device"
    " that errs once an hour, or only under heat: that is what --level long is for, and even it proves no device sound.",
    Level.LONG: "Minutes under load find more than seconds do: heat, clocks, most of the memory. A device that errs once a day, or"
    " on data that was not tried, still passes: no test of this length proves a device sound.",
}


def render(report: SmokeReport, style: Style) -> str:
    """The table, the findings below it, and one line that says how things stand; with verbosity -1 only what is wrong."""
    if style.verbosity < 0 and report.results:
        found = [line for group in _groups(report.results) for line in (*_finding(group, report.target, style), "")]
        return style.plain("\n".join(found or (_summary(report, style) if report.exit_code else [])))
    if not report.results:
        return _nothing(report, style)
    lines = [_head(report, style), "", *_table(report, style)]
    measured = [line for one in report.results if one.measured for line in _measured(one, style)]
    if measured:
        lines += ["", *measured]
    for group in _groups(report.results):
        lines += ["", *_finding(group, report.target, style)]
    lines += ["", *_summary(report, style)]
    if any(one.status is not SmokeStatus.SKIPPED for one in report.results):
        lines += _wrapped(HONEST[report.level], style, dim=True)
    return style.plain("\n".join(lines)) + "\n"


def _head(report: SmokeReport, style: Style) -> str:
    target = report.target
    text = f"dlcheck {report.version} · smoke, {report.level.value} · {target.python} (chosen by {target.chosen_by})"
    return style.paint(text, "dim")


def _nothing(report: SmokeReport, style: Style) -> str:
    text = (
        f"{_head(report, style)}\n\n"
        f"{style.sign('failed')} No framework is installed in this environment: there is nothing to train with.\n\n"
        f"  FIX    {report.target.aimed('dlcheck install torch')}\n"
        f"  CHECK  {report.target.aimed('dlcheck smoke')}\n"
    )
    return style.plain(text)


def _table(report: SmokeReport, style: Style) -> list[str]:
    devices = list(dict.fromkeys(one.device for one in report.results))
    rows: list[tuple[str, str | None]] = [(one.framework, one.dtype) for one in report.results if one.dtype]
    rows += [(one.framework, None) for one in report.results if not any(one.framework == row[0] for row in rows)]
    rows = list(dict.fromkeys(rows))
    several = len({dtype for _, dtype in rows if dtype}) > 1
    labels = {row: _label(report, row, several=several) for row in rows}
    left = max(20, *(len(label) + 2 for label in labels.values()))
    wide = left + CELL * len(devices) <= max(style.width, 70) or len(devices) == 1
    lines = []
    if wide:
        titles = [_device_title(report, device) for device in devices]
        lines.append((" " * left + "".join(title.ljust(CELL) for title in titles)).rstrip())
        for row in rows:
            cells = [_cell(_of(report, row, device), style) for device in devices]
            painted = "".join(paint + " " * max(2, CELL - len(plain)) for plain, paint in cells)
            lines.append((labels[row].ljust(left) + painted).rstrip())
        return lines
    titled = {device: _device_title(report, device) for device in devices}
    middle = max(map(len, titled.values())) + 2
    for row in rows:
        for device in devices:
            _, paint = _cell(_of(report, row, device), style)
            lines.append(f"{labels[row].ljust(left)}{titled[device].ljust(middle)}{paint}".rstrip())
    return lines


def _label(report: SmokeReport, row: tuple[str, str | None], *, several: bool) -> str:
    version = next((one.version for one in report.results if one.framework == row[0] and one.version), None)
    short = f" {version.partition('+')[0]}" if version else ""
    return f"{row[0]}{short}" + (f" {row[1]}" if several and row[1] else "")


def _device_title(report: SmokeReport, device: str) -> str:
    name = next((one.device_name for one in report.results if one.device == device and one.device_name), None)
    return f"{device} {name}" if name else device


def _of(report: SmokeReport, row: tuple[str, str | None], device: str) -> list[SmokeResult]:
    return [
        one for one in report.results if (one.framework, one.device) == (row[0], device) and one.dtype in (row[1], None)
    ]


def _cell(results: Sequence[SmokeResult], style: Style) -> tuple[str, str]:
    """The cell without and with colour."""
    if not results:
        return "", ""
    bad = [one for one in results if one.status in BAD]
    skipped = [one for one in results if one.status is SmokeStatus.SKIPPED]
    noted = [one for one in results if one.status is SmokeStatus.PASSED and one.cause]
    tasks = [one for one in results if one.status is not SmokeStatus.SKIPPED]
    if not tasks:
        why = f"not there: {skipped[0].cause}" if skipped[0].cause else skipped[0].why or "skipped"
        sign, color, text = "skipped", "dim", why
    elif bad:
        sign, color = "failed", "red"
        text = f"{len(bad)} of {len(tasks)} {bad[0].status.value}: {bad[0].cause or bad[0].why}"
    else:
        sign, color = ("warning", "yellow") if noted else ("passed", "green")
        count = len({one.task for one in tasks})
        text = f"{count} task{'' if count == 1 else 's'}  {_worst(tasks):.0e}".replace("e-0", "e-")
        text += f"   {noted[0].precision} products" if noted and noted[0].precision else f"   {_seconds(tasks):.1f} s"
    text = text if len(text) <= CELL - 4 else text[: CELL - 7] + "..."
    return f"{style.sign(sign)} {text}", f"{style.paint(style.sign(sign), color)} {text}"


def _worst(results: Sequence[SmokeResult]) -> float:
    return max((one.deviation.loss for one in results if one.deviation), default=0.0)


def _seconds(results: Sequence[SmokeResult]) -> float:
    once = max(one.seconds.get("import", 0.0) + one.seconds.get("init", 0.0) for one in results)
    return once + sum(one.seconds.get("train", 0.0) for one in results)


def _groups(results: Sequence[SmokeResult]) -> list[list[SmokeResult]]:
    """Results that need words, those of one cause on one device together."""
    groups: dict[tuple[str, str, str | None], list[SmokeResult]] = {}
    for one in results:
        if one.status in BAD or (one.status is SmokeStatus.PASSED and one.cause):
            groups.setdefault((one.framework, one.device, one.cause), []).append(one)
    return list(groups.values())


def _finding(group: Sequence[SmokeResult], target: Target, style: Style) -> list[str]:
    first = group[0]
    entry = cause(first.cause) if first.cause else None
    sign, color = ("failed", "red") if first.status in BAD else ("warning", "yellow")
    tasks = ", ".join(dict.fromkeys(one.task for one in group if one.task)) or "before the first task"
    lines = [
        f"{style.paint(style.sign(sign), color)} {style.paint(f'{first.framework} on {first.device}', 'bold')}: {tasks}",
        "",
    ]
    title = entry.title if entry else (first.cause or "unknown").replace("-", " ")
    lines.append(f"  {'CAUSE':5}  {title}" + (f" ({first.cause})" if first.cause else ""))
    for one in group[: 12 if style.verbosity > 0 else 3]:
        label = f"{one.task}: " if one.task and len(group) > 1 else ""
        lines += textwrap.wrap(f"{label}{one.why}", style.width, initial_indent=" " * 9, subsequent_indent=" " * 11)
    hidden = len(group) - (12 if style.verbosity > 0 else 3)
    if hidden > 0:
        lines.append(f"         and {hidden} more" + ("; -v shows them" if style.verbosity <= 0 else ""))
    package = first.framework.partition("-")[0]
    values = {"python": target.python, "package": package, "requirement": package, "module": package}
    fixes = [filled(one.fix, values) for one in (entry.fixes if entry else ()) if _holds(one.where, first.framework)]
    for at, fix in enumerate(fixes[:2]):
        label = " " * 9 if at else "  FIX    "
        lines += textwrap.wrap(fix.text, style.width, initial_indent=label, subsequent_indent=" " * 9)
        lines += [f"         {target.aimed(quote(command))}" for command in fix.commands]
    place = (
        "--distributed" if first.device.startswith(("rank ", "replica ", "mirrored")) else f"--device {first.device}"
    )
    lines.append("  CHECK  " + target.aimed(f"dlcheck smoke --framework {first.framework} {place}"))
    if first.cause:
        lines.append(f"  MORE   dlcheck explain {first.cause}")
    return lines


def _measured(one: SmokeResult, style: Style) -> list[str]:
    """The figures of an exercise, with units."""
    parts = []
    for name, value in one.measured.items():
        words = name.replace("operations_per_second", "").replace("bytes_per_second", "").replace("_", " ").strip()
        if "operations_per_second" in name:
            parts.append(f"{value / 1e9:.3g} GFLOP/s {words}")
        elif "bytes_per_second" in name:
            parts.append(f"{value / 1e9:.1f} GB/s")
        elif name.endswith("bytes"):
            parts.append(f"{value / 1e9:.1f} GB {words.removesuffix(' bytes')}")
        else:
            parts.append(f"{words} {value:g}")
    label = f"{one.framework} {one.device} {one.task}: "
    return textwrap.wrap(label + ", ".join(parts), style.width, initial_indent="  ", subsequent_indent="    ")


def _holds(where: Sequence[str], framework: str) -> bool:
    """Whether a fix is for this framework, or for all."""
    named = {"torch", "tensorflow", "jax"} & set(where)
    return not named or any(one in framework for one in named)


def _summary(report: SmokeReport, style: Style) -> list[str]:
    bad = [one for one in report.results if one.status in BAD]
    noted = [one for one in report.results if one.status is SmokeStatus.PASSED and one.cause]
    passed = [one for one in report.results if one.status is SmokeStatus.PASSED]
    took = f"{counted(len(passed), 'training')} right" if passed else "nothing was trained"
    if bad:
        places = len({(one.framework, one.device) for one in bad})
        text = (
            f"{len(bad)} wrong in {places} {'place' if places == 1 else 'places'}, {took}, in {report.seconds:.1f} s."
        )
        return [style.paint(text, "bold")]
    if not passed:
        return [style.paint("Nothing was trained.", "bold")]
    ending = "" if not noted else ", some with fewer bits than float32 has"
    said, took = (
        f"Every device learns, and computes what float64 says it should{ending}.",
        f"{took} in {report.seconds:.1f} s.",
    )
    if len(said) + 1 + len(took) <= style.width:
        return [f"{style.paint(said, 'bold')} {took}"]
    return [*(style.paint(line, "bold") for line in textwrap.wrap(said, style.width)), took]


def _wrapped(text: str, style: Style, *, dim: bool) -> list[str]:
    return [style.paint(line, "dim") if dim else line for line in textwrap.wrap(text, style.width)]
