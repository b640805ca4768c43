"""``dlcheck fleet``: many nodes, one picture."""

from __future__ import annotations

import enum
import sys
from typing import Annotated

import typer

from dlcheck.cli import console, options
from dlcheck.cli.options import FailOn
from dlcheck.model.style import Style

fleet = typer.Typer(no_args_is_help=True, help="Many machines: run on all of them, draw one picture, compare two runs.")


Expect = Annotated[
    str | None, typer.Option(metavar="FILE", help="The nodes that must report: names or n[1-7,9], lines or commas.")
]
FormatOption = Annotated[options.ReportFormat, typer.Option("--format", help="How to show it.")]
FailOnOption = Annotated[FailOn, typer.Option("--fail-on", help="Missing, stale and unreadable nodes count as errors.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="A line for every node.")]
NoHistory = Annotated[bool, typer.Option("--no-history", help="Do not keep this run for fleet diff.")]
NodeSeconds = Annotated[
    float,
    typer.Option(metavar="SECONDS", min=1.0, callback=options.finite, help="Limit on each node, kept there."),
]
Wait = Annotated[
    float,
    typer.Option(metavar="SECONDS", min=1.0, callback=options.finite, help="How long to wait for the nodes."),
]
Shared = Annotated[
    str | None, typer.Option(metavar="DIR", help="A folder all nodes see: reports are left there as files.")
]
EngineOption = Annotated[
    list[str] | None, typer.Option(metavar="OPTION", help="For the engine, such as --partition=gpu.")
]
Pairs = Annotated[
    bool, typer.Option("--pairs", help="smoke --distributed on every pair of nodes, to find the bad one.")
]


class EngineName(str, enum.Enum):
    """What runs the command on the nodes."""

    SLURM = "slurm"
    ANSIBLE = "ansible"
    RAY = "ray"


@fleet.command(context_settings={"allow_interspersed_args": False})
def run(
    words: Annotated[list[str], typer.Argument(metavar="-- doctor|smoke [ARGS]", hidden=True)],
    *,
    engine: Annotated[EngineName, typer.Option(help="What runs it on the nodes.")] = EngineName.SLURM,
    nodes: Annotated[str | None, typer.Option(metavar="LIST", help="Names or n[1-7,9]; default: all of them.")] = None,
    expect: Expect = None,
    dlcheck: Annotated[str, typer.Option(metavar="WORDS", help="How dlcheck is called on a node.")] = "dlcheck",
    timeout: NodeSeconds = 120.0,
    wait: Wait = 30.0,
    shared: Shared = None,
    save: Annotated[str | None, typer.Option(metavar="DIR", help="Keep every node's report here.")] = None,
    inventory: Annotated[str | None, typer.Option(metavar="FILE", help="Ansible's inventory.")] = None,
    ray_python: Annotated[str | None, typer.Option(metavar="PATH", help="An interpreter that has ray.")] = None,
    engine_option: EngineOption = None,
    pairs: Pairs = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print the engine's command line.")] = False,
    format_: FormatOption = options.ReportFormat.TEXT,
    output: options.Output = None,
    fail_on: FailOnOption = FailOn.ERROR,
    verbose: Verbose = False,
    quiet: options.Quiet = False,
    no_history: NoHistory = False,
) -> int:
    """Run doctor or smoke on many nodes; smoke --distributed is one training over all of them (Slurm).

    What follows -- is what every node runs, such as: dlcheck fleet run --nodes n[1-8] -- doctor --quick
    """
    from dlcheck import fleet as verb
    from dlcheck import fleet_ranks, fleet_run
    from dlcheck.model.shell import quote

    wish = fleet_run.Wish(
        engine=engine.value,
        command=tuple(words),
        nodes=verb.node_list(nodes, "--nodes") if nodes else None,
        expect=verb.expected_nodes(expect) if expect else None,
        dlcheck=dlcheck,
        seconds=timeout,
        wait=wait,
        shared=shared,
        save=save,
        options=tuple(engine_option or ()),
        inventory=inventory,
        python=ray_python,
        fail_on=fail_on.value,
        progress=_tell,
        pairs=pairs,
    )
    if dry_run:
        console.document(quote(fleet_ranks.plan(wish) if fleet_ranks.wanted(wish) else fleet_run.plan(wish)))
        return 0
    _hear_termination()
    try:
        drawn = fleet_ranks.run(wish) if fleet_ranks.wanted(wish) else fleet_run.run(wish)
    finally:
        if sys.stderr.isatty():
            console.live("")
    return _show(drawn, format_, output, verbose - quiet, no_history)


def _hear_termination() -> None:
    """End as after Ctrl-C where a scheduler, ``timeout`` or a closed terminal ends this: else the engine's job would run on."""
    import signal

    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)


def _tell(done: int, everybody: int) -> None:
    if sys.stderr.isatty():
        console.live(f"{done} of {everybody} nodes have answered")


@fleet.command()
def report(
    source: Annotated[str, typer.Argument(metavar="DIR|FILE|-", hidden=True)],
    *,
    expect: Expect = None,
    max_age: Annotated[
        float,
        typer.Option(
            metavar="HOURS", min=0.0, callback=options.finite, help="A report older than the newest by more is stale."
        ),
    ] = 24.0,
    format_: FormatOption = options.ReportFormat.TEXT,
    output: options.Output = None,
    fail_on: FailOnOption = FailOn.ERROR,
    verbose: Verbose = False,
    quiet: options.Quiet = False,
    no_history: NoHistory = False,
) -> int:
    """Draw one picture of the reports that doctor and smoke left, in JSON: a folder, a file of JSON lines, or - (stdin)."""
    from dlcheck import fleet as verb

    drawn = verb.report(
        source,
        stream=sys.stdin.buffer if source == "-" else None,
        expect=verb.expected_nodes(expect) if expect else None,
        max_age=3600 * max_age,
        fail_on=fail_on.value,
    )
    return _show(drawn, format_, output, verbose - quiet, no_history)


@fleet.command()
def diff(
    before: Annotated[str, typer.Argument(metavar="A", hidden=True)] = "previous",
    after: Annotated[str, typer.Argument(metavar="B", hidden=True)] = "last",
    *,
    format_: Annotated[options.TextFormat, typer.Option("--format", help="How to show it.")] = options.TextFormat.TEXT,
    output: options.Output = None,
    list_: Annotated[bool, typer.Option("--list", help="List the kept runs and stop.")] = False,
) -> int:
    """Say which nodes turned bad between two runs, and what changed there. Exit code 1 where one did.

    A and B are last, previous, a number of --list, or reports: a folder or a file of JSON lines.
    """
    from dlcheck import fleet_history
    from dlcheck.renderers import fleet_diff

    if list_:
        for one in fleet_history.runs():
            ended = {0: "well", 1: "findings"}.get(one.exit_code, f"exit code {one.exit_code}")
            console.document(f"{one.number:5}  {one.created}  {one.command:12} {ended}")
        return 0
    found = fleet_history.compare(before, after)
    style = console.style() if output is None else Style(unicode=True)
    console.document(fleet_diff(format_.value, found, style), output)
    return found.exit_code


def _show(drawn: object, format_: options.ReportFormat, output: str | None, verbosity: int, no_history: bool) -> int:
    from dlcheck import fleet_history
    from dlcheck.model.fleet import FleetReport
    from dlcheck.renderers import FLEET_RENDERERS

    assert isinstance(drawn, FleetReport)  # noqa: S101 - the verbs return nothing else
    if not no_history:
        drawn = fleet_history.with_comparison(drawn)
    style = console.style(verbosity=verbosity) if output is None else Style(unicode=True, verbosity=verbosity)
    console.document(FLEET_RENDERERS[format_.value](drawn, style), output)
    for notice in () if no_history else fleet_history.keep(drawn):
        console.say(f"dlcheck: {notice}")
    return drawn.exit_code
