"""``dlcheck install``."""

from __future__ import annotations

import enum
import os
import sys
from typing import Annotated

import typer

from dlcheck.cli import console, options
from dlcheck.cli.download import Progress
from dlcheck.cli.progress import watching
from dlcheck.model.plan import Options


class Installer(str, enum.Enum):
    """What resolves and links."""

    AUTO = "auto"
    UV = "uv"
    PIP = "pip"


Requirements = Annotated[
    list[str] | None,
    typer.Argument(metavar="[REQUIREMENT]...", hidden=True),
]
Venv = Annotated[
    str | None, typer.Option(metavar="DIR", help="Where; default: VIRTUAL_ENV, else .venv. Made if it is not there.")
]
Python = Annotated[str | None, typer.Option(metavar="PATH|VERSION", help="Interpreter to make the environment from.")]
Accelerator = Annotated[
    str, typer.Option(metavar="auto|cpu|cuXXX|rocmX.Y|xpu|mps", help="Which builds; auto looks at GPUs and driver.")
]
FindLinks = Annotated[
    list[str] | None, typer.Option(metavar="DIR", help="Folder or page with wheels; may be given again.")
]
IndexUrl = Annotated[str | None, typer.Option(metavar="URL", help="The package index, instead of the configured one.")]
Lock = Annotated[str | None, typer.Option(metavar="FILE", help="Write the lock (pylock.toml) there.")]
Bundle = Annotated[
    str | None, typer.Option(metavar="DIR", help="Write wheels and lock there, for a machine without network.")
]
Profile = Annotated[
    str, typer.Option(metavar="NAME|FILE", help="Whose frameworks, where none are named: learn, or a TOML file.")
]
Assume = Annotated[str | None, typer.Option(metavar="driver=580.65,sm=9.0", help="Plan for another machine.")]


def install(
    requirements: Requirements = None,
    *,
    venv: Venv = None,
    python: Python = None,
    accelerator: Accelerator = "auto",
    installer: Annotated[Installer, typer.Option(help="uv where it is found, else pip.")] = Installer.AUTO,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan and stop.")] = False,
    format_: Annotated[options.TextFormat, typer.Option("--format", help="How it is shown.")] = options.TextFormat.TEXT,
    find_links: FindLinks = None,
    index_url: IndexUrl = None,
    offline: Annotated[bool, typer.Option("--offline", help="Nothing is contacted.")] = False,
    lock: Lock = None,
    frozen: Annotated[bool, typer.Option("--frozen", help="Install exactly what --lock names.")] = False,
    bundle: Bundle = None,
    kernel: Annotated[str | None, typer.Option(metavar="NAME", help="Register as Jupyter kernel.")] = None,
    no_smoke: Annotated[bool, typer.Option("--no-smoke", help="Do not train before the swap.")] = False,
    in_place: Annotated[bool, typer.Option("--in-place", help="Into an environment of another maker.")] = False,
    assume: Assume = None,
    profile: Profile = "learn",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Also what was rejected, and why.")] = False,
    quiet: options.Quiet = False,
) -> int:
    """Install frameworks into a virtual environment, in the builds that fit this machine, and prove that they train.

    Each REQUIREMENT is a package, with a version where you want one: torch, tensorflow==2.20.0, jax, jupyterlab. Without any,
    what the profile asks for and the environment lacks.
    """
    wished = Options(
        requirements=tuple(requirements or ()), venv=venv, python=python, accelerator=accelerator,
        installer=installer.value, find_links=tuple(find_links or ()), index_url=index_url, offline=offline, lock=lock,
        frozen=frozen, bundle=bundle, kernel=kernel, smoke=not no_smoke, in_place=in_place, assume=assume,
        profile=profile,
    )  # fmt: skip
    return _run(wished, format_.value, options.verbosity(verbose, quiet), dry_run=dry_run, yes=yes)


def _run(wished: Options, format_: str, verbosity: int, *, dry_run: bool, yes: bool, again: bool = False) -> int:
    from dlcheck.installation import install as verb
    from dlcheck.renderers import INSTALL_RENDERERS
    from dlcheck.renderers.install_text import proposal

    render, style = INSTALL_RENDERERS[format_], console.style(verbosity=verbosity)
    with watching():
        done, prepared = verb.plan(wished, os.environ)
    if prepared is None or dry_run:
        console.document(render(done, style))
        return done.exit_code
    if not yes and done.result == "planned":
        console.say(proposal(done.plan, console.style(sys.stderr, verbosity=max(0, verbosity))).rstrip())
        agreed = console.ask("Do it?")
        if not agreed:
            return 2 if agreed is None else 1
    with Progress(done.plan.artifacts) as progress:
        done = verb.install(prepared, os.environ, progress)
    if done.failure and done.failure.step == "lock" and not again:
        # Another run came first: what is left to do is a new plan, often nothing.
        console.say(done.failure.message)
        return _run(wished, format_, verbosity, dry_run=dry_run, yes=yes, again=True)
    console.document(render(done, style))
    return done.exit_code
