"""``dlcheck smoke``: options in, table or JSON out, progress on standard error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from dlcheck.cli import console, options
from dlcheck.model.level import Level

if TYPE_CHECKING:
    from dlcheck.model.report import Target
    from dlcheck.model.smoke import SmokeReport


Frameworks = Annotated[str, typer.Option(help="Frameworks, comma separated: torch, tensorflow, keras, jax ...")]
Devices = Annotated[str, typer.Option(help="Devices or kinds, comma separated: cpu, cuda, cuda:1, mps, xpu ...")]
Tasks = Annotated[str, typer.Option(help="Tasks, comma separated; `--task list` lists them.")]
Dtypes = Annotated[str, typer.Option(help="float32, float64, bfloat16, float16, comma separated.")]
Levels = Annotated[
    Level,
    typer.Option(
        help="quick: seconds a framework. standard: about a minute a device; also bfloat16 and float16, plain and by autocast,"
        " large products, copies."
        " long: ten minutes and more; also memory patterns and sustained load."
    ),
]
Limit = Annotated[
    float, typer.Option(min=0.0, callback=options.finite, help="Seconds that one device may take; 0: by the level.")
]
Load = Annotated[
    float, typer.Option(min=1.0, callback=options.finite, help="Seconds that --level long keeps a device under load.")
]
Formats = Annotated[options.ReportFormat, typer.Option("--format", help="How to show the result.")]
LogicalDevices = Annotated[
    int, typer.Option(min=0, max=64, help="Make this many devices of the CPU; PyTorch: processes.")
]
Distributed = Annotated[
    bool, typer.Option("--distributed", help="Also train over all devices at once: NCCL, or gloo on the CPU.")
]
Plot = Annotated[
    str, typer.Option(help="Draw loss curves and learnt decisions: FILE.svg, or FILE.png where Matplotlib is there.")
]
Inject = Annotated[str, typer.Option(hidden=True)]
Group = Annotated[str, typer.Option(hidden=True)]


def smoke(  # noqa: PLR0917 - Typer makes an option of each
    framework: Frameworks = "",
    device: Devices = "",
    task: Tasks = "",
    dtype: Dtypes = "",
    level: Levels = Level.QUICK,
    timeout: Limit = 0.0,
    load_seconds: Load = 300.0,
    format_: Formats = options.ReportFormat.TEXT,
    output: options.Output = None,
    python: options.Python = None,
    venv: options.Venv = None,
    logical_devices: LogicalDevices = 0,
    distributed: Distributed = False,
    plot: Plot = "",
    no_history: options.NoHistory = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Every task with its deviations.")] = False,
    quiet: options.Quiet = False,
    inject: Inject = "",
    group: Group = "",
) -> int:
    """Train a tiny network on every device with every installed framework, and judge it against float64.

    Every task is trained for 20 steps of plain gradient descent from shipped weights; its losses, its first gradients and its
    final weights must be those of a float64 reference, and a pass in small integers must be equal to the last bit.

    What it finds: a device that computes wrong always or often, crashes, hangs, falls back to the CPU in silence, or rounds
    float32 to TF32 or bfloat16. What it cannot find: an error that comes once an hour, or only on a hot or full device
    (--level long looks longer), and anything in layers and shapes that it does not use. A pass proves no device sound.
    """
    from dlcheck import smoke as verb
    from dlcheck.cli.smoke_live import Live
    from dlcheck.host.interpreter import choose
    from dlcheck.smoke_plot import refuse_impossible

    if task == "list":
        return _list_tasks()
    if group:
        return _report_of_ranks(choose(python, venv), group, inject)
    wishes = verb.Wishes(
        frameworks=_split(framework),
        devices=_split(device),
        tasks=_split(task),
        dtypes=_split(dtype),
        level=level,
        timeout=timeout or None,
        load_seconds=load_seconds,
        distributed=distributed,
        fault=None if inject in verb.RANK_FAULTS else inject or None,
        rank_fault=inject if inject in verb.RANK_FAULTS else None,
        logical_devices=logical_devices,
    )
    target = choose(python, venv)
    refuse_impossible(target, plot)
    with Live(wishes.tasks, quiet=quiet) as live:
        report = verb.smoke(target, wishes, live.show)
    _show(report, format_, output, plot, verbosity=options.verbosity(verbose, quiet))
    if not (no_history or inject):
        _keep(report)
    return report.exit_code


def _keep(report: SmokeReport) -> None:
    from dlcheck import history

    console.notices(history.keep_smoke(report))


def _report_of_ranks(target: Target, group: str, inject: str) -> int:
    """The part of this node in a training over several, for ``fleet run``."""
    from dlcheck.smoke_distributed import ranks_of_group

    console.document(ranks_of_group(target, group, fault=inject or None))
    return 0


def _show(report: SmokeReport, format_: options.ReportFormat, output: str | None, plot: str, *, verbosity: int) -> None:
    """Write the document, then draw the picture where one is wished for."""
    from dlcheck.renderers import SMOKE_RENDERERS

    style = console.style(verbosity=verbosity)
    console.document(SMOKE_RENDERERS[format_.value](report, style), output)
    if plot.endswith(".png"):
        from dlcheck.smoke_plot import draw_png

        draw_png(report.target, report, plot)
    elif plot:
        from dlcheck.renderers import smoke_svg

        console.document(smoke_svg.render(report, style), plot)


def _list_tasks() -> int:
    from dlcheck.data.smoke_tasks import TASKS, smoke_task

    console.document("\n".join(f"{name:20} {smoke_task(name).title}" for name in TASKS))
    return 0


def _split(text: str) -> tuple[str, ...]:
    return tuple(one.strip() for one in text.split(",") if one.strip())
