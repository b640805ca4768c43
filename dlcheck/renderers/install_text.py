"""An installation for a person: what this machine gets and why, what it costs, what was proved, how to begin."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from dlcheck.model.plan import Artifact, Installation, Plan, Refusal
from dlcheck.model.shell import quote
from dlcheck.model.style import Style
from dlcheck.model.units import counted

SHOWN = 5
"""Packages named one by one; the rest is counted."""
MB = 1_000_000


def render(done: Installation, style: Style) -> str:
    """The lines of a plan, of a finished or of a failed installation."""
    plan = done.plan
    if style.verbosity < 0 and done.exit_code == 0:
        return ""
    if done.result == "nothing-to-do":
        lines = [
            f"Nothing to do: {plan.venv} has {_what(plan)}, and every file of it is in place.",
            *(_written(done, style) or [f"Would write: {one.why}" for one in plan.steps]),
        ]
    elif plan.selection and plan.selection.refusals:
        lines = _refusals(plan.selection.refusals, style)
    elif done.result == "planned" and done.written:
        lines = _bundled(done, style)
    elif done.result == "planned":
        lines = [
            *_plan(plan, style),
            "",
            _place(plan),
            "Nothing was changed. Run without --dry-run to do it.",
        ]
    elif done.result == "installed":
        lines = _installed(done, style)
    else:
        lines = _failed(done, style)
    if style.verbosity > 0:
        lines += _details(plan)
    return style.plain("\n".join(_fitting(lines, style))) + "\n"


def _fitting(lines: list[str], style: Style) -> Iterator[str]:
    """The lines no wider than the terminal. What may be typed, after a colon and two blanks, stays in one piece."""
    for line in lines:
        if len(line) <= style.width or ":  " in line:
            yield line
        else:
            hanging = " " * (len(line) - len(line.lstrip()) + 2)
            yield from textwrap.wrap(
                line, style.width, subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False
            )


def _plan(plan: Plan, style: Style) -> list[str]:
    more = "; -v shows what was rejected" if plan.selection and plan.selection.rejected and style.verbosity < 1 else ""
    what = "CPU builds" if plan.accelerator == "cpu" else f"{plan.accelerator} builds"
    lines = [f"This machine: {plan.reason} -> {what}{more}", ""]
    asked = {one.replace("_", "-").lower() for one in _names(plan)}
    first = sorted(plan.artifacts, key=lambda one: (one.name not in asked, -(one.size or 0)))[:SHOWN]
    names = max((len(f"{one.name} {one.version}") for one in first), default=0)
    lines += [f"  {f'{one.name} {one.version}':<{names}}  {_size(one.size):>8}   {_where(one)}" for one in first]
    rest = len(plan.artifacts) - len(first)
    if rest > 0:
        lines[-1] += f"      and {rest} more"
    here = f" ({_size(plan.here_bytes)} already here)" if plan.here_bytes else ""
    lines += [
        "",
        f"  {_size(plan.download_bytes)} to download{here}, {_size(plan.environment_bytes)} on disk{_time(plan)}",
    ]
    for disk in plan.disks:
        if disk.is_short:
            lines.append(
                f"  {style.sign('failed')} {disk.path} ({disk.role}) has {_size(disk.free_bytes)} free, "
                f"{_size(disk.needed_bytes)} are needed"
            )
    if plan.remove:
        lines.append(f"  goes or changes: {', '.join(plan.remove)}")
    return lines + [f"  {style.sign('warning')} {one}" for one in plan.warnings]


def _names(plan: Plan) -> list[str]:
    chosen = plan.selection.requirements if plan.selection else ()
    return [one.split("[")[0].split("=")[0].split("<")[0].split(">")[0].strip() for one in chosen]


def _where(one: Artifact) -> str:
    return "already here" if one.here and one.source not in ("find-links", "local file") else one.source


def proposal(plan: Plan, style: Style) -> str:
    """The plan for somebody who is about to say yes to it."""
    details = _details(plan) if style.verbosity > 0 else []
    return style.plain("\n".join(_fitting([*_plan(plan, style), "", _place(plan), *details], style))) + "\n"


def _place(plan: Plan) -> str:
    if plan.mode == "in-place":
        return (
            f"Into {plan.venv} as it is: dlcheck did not make it and cannot swap it. An interruption is repaired by the "
            "next run."
        )
    state = "new" if plan.mode == "create" else "made by dlcheck"
    return (
        f"Into {plan.venv} ({state}). Built beside it, checked, trained, then swapped in: an interruption leaves "
        "things as they are."
    )


def _time(plan: Plan) -> str:
    """How long the download takes at the speed of the last one from there; nothing where none is known."""
    speed = plan.bytes_per_second
    if not speed or not plan.download_bytes:
        return ""
    seconds = plan.download_bytes / speed
    words = f"{max(1.0, seconds):.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
    return f"; about {words} at {speed / MB:.1f} MB/s"


def _refusals(refusals: tuple[Refusal, ...], style: Style) -> list[str]:
    lines = []
    for one in refusals:
        lines.append(f"{style.paint(style.sign('failed'), 'red')} {one.requirement}: {one.reason}.")
        if one.versions:
            lines.append(f"  This Python can have: {' to '.join(one.versions)}")
        if one.pythons:
            lines.append(f"  It has wheels for Python: {', '.join(one.pythons)}")
        for path in one.interpreters[:3]:
            folder = f".venv-{one.requirement.split('=')[0]}"
            command = ("dlcheck", "install", one.requirement, "--python", path, "--venv", folder)
            lines.append(f"  An interpreter here would do:  {quote(command)}")
        if one.pythons and not one.interpreters:
            lines.append(
                f"  No interpreter here would do. One gets such a Python with:  uv python install {one.pythons[-1]}"
            )
        if one.instead:
            lines.append(f"  Instead:  dlcheck install {one.instead}")
    return [*lines, "", "Nothing was downloaded or changed."]


def _bundled(done: Installation, style: Style) -> list[str]:
    """What lies in the bundle, and how a machine without network installs from it."""
    lock, wheels = done.written[-1], counted(len(done.plan.artifacts), "wheel")
    command = ("dlcheck", "install", "--frozen", "--lock", lock, "--offline")
    return [
        *_written(done, style),
        f"  {wheels} for this Python and system. There:  {quote(command)}",
    ]


def _written(done: Installation, style: Style) -> list[str]:
    return [f"{style.paint(style.sign('passed'), 'green')} written: {one}" for one in done.written]


def _installed(done: Installation, style: Style) -> list[str]:
    plan = done.plan
    proof = done.proof
    sign = style.paint(style.sign("passed"), "green")
    packages = counted(len(plan.artifacts), "package")
    kind = f" ({plan.accelerator})" if plan.accelerator != "auto" else ""
    lines = [f"{sign} {plan.venv}: {packages}, {_what(plan)}{kind}, {done.seconds:.0f} s"]
    if proof:
        lines.append(f"{sign} {proof.files} files are what their packages say")
        if proof.trained:
            lines.append(f"{sign} trained: {', '.join(proof.trained)}")
    lines += _written(done, style)
    lines += [f"{style.sign('warning')} {one}" for one in plan.warnings]
    return [*lines, "", *_begin(done)]


def _begin(done: Installation) -> list[str]:
    """How one works in the environment: in this shell, and in the programs that people use."""
    folder, slash, name = done.python.rpartition("\\" if done.python.endswith(".exe") else "/")
    shell = (
        f"In PowerShell:  {quote((f'{folder}{slash}Activate.ps1',), 'powershell')}"
        if name.endswith(".exe")
        else f"In this shell:  source {quote((f'{folder}{slash}activate',))}"
    )
    kernel = next((one for one in done.written if one.startswith("Jupyter kernel ")), None)
    asked = ("ipykernel", "--in-place") if done.plan.mode == "in-place" else ()
    command = ("dlcheck", "install", *asked, "--venv", done.plan.venv, "--kernel", "dl")
    jupyter = f"choose the {kernel}" if kernel else quote(command)
    return [
        shell,
        f"In VS Code:     Python: Select Interpreter -> {done.python}",
        f"In PyCharm:     Settings, Python Interpreter, Add Local, Existing -> {done.python}",
        f"In Jupyter:     {jupyter}",
    ]


def _failed(done: Installation, style: Style) -> list[str]:
    failure = done.failure
    if failure is None:
        return [f"{style.sign('failed')} not installed"]
    lines = [f"{style.paint(style.sign('failed'), 'red')} {failure.message}"]
    if failure.hint:
        lines.append(f"  {failure.hint}")
    if failure.kept:
        lines.append(f"  {failure.kept}")
    return lines


def _details(plan: Plan) -> list[str]:
    lines = ["", f"Python    {plan.python}", f"Installer {plan.installer}"]
    lines += [f"Source    {one}" for one in plan.sources]
    if plan.selection:
        lines += [
            f"Build     {one.framework} {one.version or ''} {one.variant}: {one.source} ({one.as_of}, {one.confidence})"
            for one in plan.selection.builds
        ]
        lines += [f"Rejected  {one.build}: {one.reason}" for one in plan.selection.rejected]
    for one in plan.steps:
        lines += [f"Step      {one.id}: {one.why}", *([f"          runs:  {quote(one.argv)}"] if one.argv else [])]
    return lines + [f"          {one.name} {one.version}  {_size(one.size)}  {one.url}" for one in plan.artifacts]


def _what(plan: Plan) -> str:
    """What was asked for: names, or a lock."""
    return _list(plan.requirements) if plan.requirements else plan.reason


def _list(items: tuple[str, ...]) -> str:
    return ", ".join(items) or "what it should have"


def _size(size: int | None) -> str:
    """Bytes as people buy them: 274 MB, 2.6 GB."""
    if size is None:
        return "? MB"
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / MB:.0f} MB" if size >= MB else f"{size / 1000:.0f} kB"
