"""``dlcheck diagnose``: the cause in what somebody pasted."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from dlcheck.cli import console, options
from dlcheck.model.errors import DlcheckError
from dlcheck.model.style import Style

LARGEST = 20_000_000
"""Bytes read of one file; what follows would be no pasted text any more."""


def diagnose(
    files: Annotated[list[str] | None, typer.Argument(metavar="[FILE|-]...", hidden=True)] = None,
    *,
    format_: Annotated[options.ToldFormat, typer.Option("--format", help="How to show it.")] = options.ToldFormat.TEXT,
    output: Annotated[str | None, typer.Option(metavar="FILE", help="Write it there, whole or not at all.")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Which line spoke for which cause.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only the first cause and its fix.")] = False,
) -> int:
    """Name the cause in a pasted error, log, collect_env or nvidia-smi output, or a whole issue.

    Each FILE is a text; - or nothing is standard input, where a text can be pasted.
    """
    texts = tuple((name, _read(name)) for name in files or ["-"])
    if not any(text.strip() for _, text in texts):
        console.say("dlcheck: nothing came in: the text is empty")
    from dlcheck.diagnose import diagnose as read
    from dlcheck.renderers import DIAGNOSIS_RENDERERS

    report = read(texts if len(texts) > 1 else (("", texts[0][1]),))
    verbosity = verbose - quiet
    style = console.style(verbosity=verbosity) if output is None else Style(unicode=True, verbosity=verbosity)
    console.document(DIAGNOSIS_RENDERERS[format_.value](report, style), output)
    return report.exit_code


def _read(name: str) -> str:
    """The text of a file or of standard input; bytes that are no UTF-8 (or UTF-16 of Windows) become question marks."""
    try:
        if name == "-":
            if console.is_interactive():
                console.say("Paste the text, then press Ctrl-D (Windows: Ctrl-Z, Enter).")
            data = sys.stdin.buffer.read(LARGEST)
        else:
            with open(name, "rb") as stream:
                data = stream.read(LARGEST)
    except OSError as error:
        hint = (
            "A text itself goes through a pipe: echo 'TEXT' | dlcheck diagnose"
            if " " in name
            else "Name a text file, or - for input."
        )
        raise DlcheckError(f"cannot read {name}: {error.strerror or error}", hint) from error
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    if b"\0" in data and len(data.translate(None, _TEXT)) > len(data) / 10:
        raise DlcheckError(f"{'standard input' if name == '-' else name} is not a text", "Give it an error or a log.")
    return data.decode("utf-8-sig", "replace")


_TEXT = bytes((0, 8, 9, 10, 12, 13, 27, *range(32, 127)))
"""Bytes that a log holds, those of holes after a crash and of progress bars included."""
