"""``dlcheck doctor``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from dlcheck.cli import console, options
from dlcheck.cli.mending import mend
from dlcheck.cli.options import FailOn
from dlcheck.cli.progress import watching
from dlcheck.model.errors import DlcheckError

if TYPE_CHECKING:
    from dlcheck.doctor import Examination
    from dlcheck.model import profile as model
    from dlcheck.model.report import Report
    from dlcheck.renderers import Render


FORMATS = "text, json, junit, sarif, github, markdown, html, nagios, prometheus, or one of an extension."


Profile = Annotated[str, typer.Option(metavar="NAME|FILE", help="learn, train, infer, ci, or a TOML file.")]
Select = Annotated[list[str] | None, typer.Option(metavar="CODES", help="Only these rules: codes, prefixes or causes.")]
Quick = Annotated[bool, typer.Option("--quick", help="Static facts only: no framework is imported, no network.")]
Against = Annotated[
    str | None, typer.Option(metavar="FILE", help="The report of a good machine: what differs here is a finding.")
]
Fix = Annotated[bool, typer.Option("--fix", help="Plan what mends the environment, ask, do it, check again.")]


def doctor(
    *,
    python: options.Python = None,
    venv: options.Venv = None,
    profile: Profile = "learn",
    select: Select = None,
    ignore: Annotated[list[str] | None, typer.Option(metavar="CODES", help="These rules do not count.")] = None,
    quick: Quick = False,
    offline: Annotated[bool, typer.Option("--offline", help="No network check.")] = False,
    measure: Annotated[bool, typer.Option("--measure", help="Measure the speed of the package index (2 MB).")] = False,
    format_: Annotated[str, typer.Option("--format", metavar="FORMAT", help=FORMATS)] = "text",
    output: options.Output = None,
    fail_on: Annotated[FailOn, typer.Option("--fail-on", help="What makes the exit code 1.")] = FailOn.ERROR,
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="Exit with 0 whatever is found.")] = False,
    timeout: options.Timeout = 60.0,
    facts: Annotated[str | None, typer.Option(metavar="FILE", help="Judge recorded facts, not this machine.")] = None,
    against: Against = None,
    save_facts: Annotated[str | None, typer.Option(metavar="FILE", help="Record the facts of this machine.")] = None,
    fix: Fix = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="With --fix: only show the plan.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --fix: do not ask.")] = False,
    train: Annotated[bool, typer.Option("--smoke", help="Train with every framework on every device, too.")] = False,
    no_history: options.NoHistory = False,
    verbose: options.Verbose = False,
    quiet: options.Quiet = False,
) -> int:
    """Judge this machine and an interpreter's environment, and say what is wrong, why, and what to type."""
    from dlcheck.doctor import Examination
    from dlcheck.gather import Way
    from dlcheck.host import interpreter, recording

    _refuse(stray=(dry_run or yes) and not fix, recording=bool(facts) and bool(fix or train or python or venv))
    render = _format(format_)
    recorded = recording.read(facts) if facts else None
    examination = Examination(
        profile=_profile(profile),
        target=recording.target_of(recorded) if recorded else interpreter.choose(python, venv),
        way=Way(quick=quick, offline=offline, measure=measure, timeout=timeout),
        select=options.codes(select),
        ignore=options.codes(ignore),
        fail_on=fail_on.value,
        facts=recorded,
        expected=recording.read(against) if against else None,
        expected_source=against or "",
        everything=save_facts is not None,
    )
    report = _examined(examination)
    if fix and mend(report, dry_run=dry_run, yes=yes, offline=offline):
        report = _examined(examination)
    if train:
        report = trained(report, fail_on.value, quiet=quiet)
    if save_facts:
        console.document(recording.write(report), save_facts)
    style = console.style(verbosity=options.verbosity(verbose, quiet), document=output)
    # What is typed for a recording is typed on its machine, not where it is judged.
    console.document(render(report, replace(style, program="dlcheck") if facts else style), output)
    if not (no_history or facts):
        _keep(report)
    return 0 if exit_zero else report.exit_code


def _examined(examination: Examination) -> Report:
    from dlcheck.doctor import examine

    with watching():
        return examine(examination)


def _profile(name: str) -> model.Profile:
    """The profile. An ignore that has run out no longer hides anything, which is said, lest the finding surprises."""
    from datetime import datetime, timezone

    from dlcheck import profiles

    profile, today = profiles.load(name, "pyproject.toml"), datetime.now(timezone.utc).date().isoformat()
    console.notices(
        f"the ignore of {one.target} ended on {one.until}: it counts again ({one.reason})"
        for one in profile.ignores
        if one.until and one.until < today
    )
    return profile


def _refuse(*, stray: bool, recording: bool) -> None:
    """Flags that mean nothing together are wrong use."""
    if stray:
        raise DlcheckError("--dry-run and --yes belong to --fix")
    if recording:
        raise DlcheckError(
            "--facts judges a recording: no interpreter is asked, and nothing can be mended or trained there"
        )


def _keep(report: Report) -> None:
    from dlcheck import history

    console.notices(history.keep_report(report))


def _format(name: str) -> Render:
    from dlcheck.renderers import RENDERERS

    if name in RENDERERS:
        return RENDERERS[name]
    from dlcheck import plugins

    foreign = plugins.render(name)
    if foreign is None:
        names = ", ".join((*RENDERERS, *plugins.render_names()))
        raise DlcheckError(f"there is no format {name!r} that works", f"There are: {names}.")
    return foreign


def trained(report: Report, fail_on: str, *, quiet: bool) -> Report:
    """The report with what a smoke run in the same interpreter says."""
    from dlcheck.cli.smoke_live import Live
    from dlcheck.smoke import Wishes, smoke
    from dlcheck.training_verdicts import with_training

    with Live(quiet=quiet) as live:
        done = smoke(report.target, Wishes(), live.show)
    return with_training(report, done, fail_on)
