"""``dlcheck install``."""

from __future__ import annotations

import enum
import os
from typing import Annotated

import typer

from dlcheck.cli import console, options
from dlcheck.cli.progress import watching


class Format(str, enum.Enum):
    """Keys of renderers.INSTALL_RENDERERS; a test holds the two together."""

    TEXT = "text"
    JSON = "json"


class Installer(str, enum.Enum):
    """What resolves and links."""

    AUTO = "auto"
    UV = "uv"
    PIP = "pip"


def install(
    requirements: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[REQUIREMENT]...", help="Such as torch, tensorflow==2.20.0; default: TensorFlow, Keras, PyTorch."
        ),
    ] = None,
    *,
    venv: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="Where; default: VIRTUAL_ENV, else .venv. Made if it is not there."),
    ] = None,
    python: Annotated[
        str | None, typer.Option(metavar="PATH|VERSION", help="Interpreter to make the environment from.")
    ] = None,
    accelerator: Annotated[
        str, typer.Option(metavar="auto|cpu|cuXXX|rocmX.Y|xpu|mps", help="Which builds; auto looks at GPUs and driver.")
    ] = "auto",
    installer: Annotated[Installer, typer.Option(help="uv where it is found, else pip.")] = Installer.AUTO,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan and stop.")] = False,
    format_: Annotated[Format, typer.Option("--format", help="How it is shown.")] = Format.TEXT,
    find_links: Annotated[
        list[str] | None, typer.Option(metavar="DIR", help="Folder or page with wheels; may be given again.")
    ] = None,
    index_url: Annotated[
        str | None, typer.Option(metavar="URL", help="The package index, instead of the configured.")
    ] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Nothing is contacted.")] = False,
    lock: Annotated[str | None, typer.Option(metavar="FILE", help="Write the lock (pylock.toml) there.")] = None,
    frozen: Annotated[bool, typer.Option("--frozen", help="Install exactly what --lock names.")] = False,
    bundle: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="Write wheels and lock there instead, for a machine without network."),
    ] = None,
    kernel: Annotated[str | None, typer.Option(metavar="NAME", help="Register as Jupyter kernel.")] = None,
    no_smoke: Annotated[
        bool, typer.Option("--no-smoke", help="Do not train before the environment takes its place.")
    ] = False,
    in_place: Annotated[
        bool, typer.Option("--in-place", help="Install into an environment that dlcheck did not make.")
    ] = False,
    assume: Annotated[
        str | None, typer.Option(metavar="driver=580.65,sm=9.0", help="Plan for another machine.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,  # noqa: ARG001 - the next slice asks
    verbose: options.Verbose = False,
    quiet: options.Quiet = False,
) -> int:
    """Install frameworks into a virtual environment, in the builds that fit this machine, and prove that they train."""
    from dlcheck import install as verb
    from dlcheck.model.errors import DlcheckError
    from dlcheck.model.plan import Options
    from dlcheck.renderers import INSTALL_RENDERERS

    wished = Options(
        requirements=tuple(requirements or ()),
        venv=venv,
        python=python,
        accelerator=accelerator,
        installer=installer.value,
        find_links=tuple(find_links or ()),
        index_url=index_url,
        offline=offline,
        lock=lock,
        frozen=frozen,
        bundle=bundle,
        kernel=kernel,
        smoke=not no_smoke,
        in_place=in_place,
        assume=assume,
    )
    with watching():
        done, prepared = verb.plan(wished, os.environ)
    if prepared is not None and done.result == "planned" and not dry_run:
        raise DlcheckError("only the plan is built so far", "Add --dry-run.")
    style = console.style(verbosity=options.verbosity(verbose, quiet))
    render = INSTALL_RENDERERS[format_.value]
    console.document(render(done, style))
    return done.exit_code
