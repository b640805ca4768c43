"""The command line: one line a command, and the only place where an error becomes words and an exit code."""

from __future__ import annotations

import enum
import errno
import importlib
import os
import re
import sys
from collections.abc import Sequence
from typing import Annotated, Any, NoReturn

import typer

from dlcheck import __version__
from dlcheck.cli import console
from dlcheck.model.errors import DlcheckError

EXIT_WRONG_USE = 2
EXIT_COULD_NOT_FINISH = 3
EXIT_INTERRUPTED = 130

COMMANDS = {
    "doctor": "Judge this machine and its Python: what is wrong, what to type.",
    "devices": "Show every device as bus, driver and each framework see it.",
    "install": "Install frameworks in the builds that fit this machine.",
    "smoke": "Train tiny networks on every device: does it compute right?",
    "diagnose": "Name the cause in a pasted error, log or whole issue.",
    "explain": "Tell what a check or a cause means, and how it is mended.",
    "diff": "Say what changed: it worked then, it fails now.",
    "fleet": "The same on many machines: Slurm, Ansible, Ray.",
    "mcp": "Serve what only looks to an assistant.",
}
"""Each command is the function, or the Typer, of its name in the module of its name. Order and lines are those of --help."""


class Color(str, enum.Enum):
    """When to colour."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


def _show_version(wanted: bool) -> None:
    if wanted:
        console.document(f"dlcheck {__version__}")
        raise typer.Exit


def options(
    version: Annotated[  # noqa: ARG001 - Typer calls the callback
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and stop.")
    ] = False,
    color: Annotated[Color, typer.Option(help="When to colour; NO_COLOR is honoured.")] = Color.AUTO,
) -> None:
    """Options of every command."""
    console.settings["color"] = color.value


def build(arguments: Sequence[str]) -> typer.Typer:
    """The command line for these arguments. Typer inspects every command that it is given, which takes longer than most
    of dlcheck's own start: only the one that is called is given to it, and all where none is named.
    """
    called = next((word for word in arguments if not word.startswith("-")), None)
    completing = any(name.startswith("_DLCHECK_COMPLETE") for name in os.environ)
    wanted = (called,) if called and called in COMMANDS and not completing else tuple(COMMANDS)
    if list(arguments[:1]) == ["--version"]:
        wanted = ()
    app = typer.Typer(
        name="dlcheck",
        help="Does deep learning work on this machine, and if not, why not, and what to type.",
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        add_completion=len(wanted) > 1,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=not wanted)(options)
    for name in wanted:
        command = getattr(importlib.import_module(f"dlcheck.cli.{name}"), name)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name, short_help=COMMANDS[name])
        else:
            app.command(name, short_help=COMMANDS[name])(command)
    return app


def main() -> NoReturn:
    """Run the command line and exit with the contract's codes."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run the command line; the exit code. Every error becomes one line on standard error."""
    usage_error = typer.BadParameter.__bases__[0].__bases__[0]
    try:
        _refuse_lost_folder()
        code = int(build(arguments)(arguments, prog_name="dlcheck", standalone_mode=False) or 0)
        # Typer makes this exit code of Ctrl-C by itself.
        return _interrupted() if code == EXIT_INTERRUPTED else code
    except DlcheckError as error:
        console.say(f"dlcheck: {error.line}")
        return EXIT_WRONG_USE
    except (KeyboardInterrupt, typer.Abort):
        return _interrupted()
    except BrokenPipeError:
        console.drop_stdout()
        return 0
    except console.OutputLost as error:
        console.say(f"dlcheck: cannot write the output: {error}")
        return EXIT_COULD_NOT_FINISH
    except Exception as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            console.drop_stdout()
            console.say(f"dlcheck: cannot write{f' {error.filename}' if error.filename else ''}: {error.strerror}")
            return EXIT_COULD_NOT_FINISH
        if isinstance(error, usage_error):
            console.say(_wrong_use(error))
            return EXIT_WRONG_USE
        if os.environ.get("DLCHECK_TRACEBACK"):
            raise
        console.say(
            f"dlcheck: a defect of dlcheck itself: {type(error).__name__}: {error}."
            " Please report it with what DLCHECK_TRACEBACK=1 prints."
        )
        return EXIT_COULD_NOT_FINISH
    finally:
        _end_children()


def _refuse_lost_folder() -> None:
    """Where the working directory was deleted, every relative path, and Python's own os.path.abspath, fails."""
    try:
        os.getcwd()
    except OSError as error:
        raise DlcheckError(
            f"the working directory cannot be read: {error.strerror}", "Change into a folder that is there: cd"
        ) from error


def _wrong_use(error: Any) -> str:
    """Words for a usage error of Click, whose class Typer does not export; a command without arguments shows its help."""
    if type(error).__name__ == "NoArgsIsHelpError":
        return str(error.format_message())
    command = error.ctx.command_path if error.ctx else "dlcheck"
    # Typer and the newer of Click each add the same suggestion.
    said = re.sub(r"( Did you mean [^?]+\?)\1+", r"\1", error.format_message())
    return f"dlcheck: {said} {command} --help shows what there is."


def _interrupted() -> int:
    if console.shows_progress():
        console.live("")
    console.say("dlcheck: interrupted")
    return EXIT_INTERRUPTED


def _end_children() -> None:
    process = sys.modules.get("dlcheck.host.process")
    if process is not None:
        process.end_all()
