"""The only place that prints. Standard output is the document, standard error the conversation."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Iterable
from typing import TextIO

from dlcheck.model.errors import DlcheckError
from dlcheck.model.shell import Shell, quote
from dlcheck.model.style import Style

settings: dict[str, str] = {"color": "auto"}
"""Set once by the global options in cli/app.py."""


def document(text: str, path: str | None = None) -> None:
    """Write the document to standard output, or to a file, whole or not at all."""
    text = text if text.endswith("\n") or not text else text + "\n"
    if path is None or path == "-":
        _to_stdout(text)
        return
    from dlcheck.host import files

    try:
        files.write_whole(path, text)
    except OSError as error:
        raise DlcheckError(f"cannot write {path}: {error.strerror or error}") from error


class OutputLost(Exception):  # noqa: N818 - what became of it, not a defect
    """Standard output cannot be written to; the message says why."""


def _to_stdout(text: str) -> None:
    """Write to standard output. A reader that has gone away wanted no more: that is no failure."""
    if sys.stdout is None:
        raise OutputLost("standard output is closed")
    try:
        _write(sys.stdout, text)
    except BrokenPipeError:
        drop_stdout()
    except OSError as error:
        drop_stdout()
        raise OutputLost(error.strerror or str(error)) from error


def drop_stdout() -> None:
    """Let what is still buffered, and all that comes, go nowhere: Python would fail once more when it ends."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def say(text: str) -> None:
    """Tell the person something that is not part of the document."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        _write(sys.stderr, Style(program=_program()).typed(text) + "\n")


def live(text: str) -> None:
    """Rewrite the one line on standard error that tells what is awaited; an empty text removes it."""
    with contextlib.suppress(OSError, ValueError):
        _write(sys.stderr, "\r\x1b[K" + text[: _width(terminal=True) - 1])


def notices(lines: Iterable[str]) -> None:
    """Tell the person each of the lines."""
    for line in lines:
        say(f"dlcheck: {line}")


def style(stream: TextIO | None = None, verbosity: int = 0, document: str | None = None) -> Style:
    """What the stream (standard output where none is given) can show; a file, ``document``, holds Unicode and no colour."""
    if document not in (None, "-"):
        return Style(unicode=True, verbosity=verbosity, program=_program())
    stream = stream or sys.stdout
    terminal = _is_terminal(stream)
    dumb = os.environ.get("TERM", "") == "dumb"
    wanted = settings["color"]
    if wanted == "auto":
        color = terminal and not dumb and not os.environ.get("NO_COLOR") and sys.platform != "win32"
        color = color or (bool(os.environ.get("FORCE_COLOR")) and not os.environ.get("NO_COLOR"))
    else:
        color = wanted == "always"
    return Style(
        color=color,
        unicode=_shows_unicode(stream) and not dumb,
        width=_width(terminal),
        verbosity=verbosity,
        shell="powershell" if sys.platform == "win32" else "posix",
        program=_program(),
    )


def _program() -> str:
    """What a person has to type for dlcheck: where its name is not on PATH, the path or the module that this run is."""
    own = sys.argv[0]
    name = os.path.basename(own).removesuffix(".exe")
    if name not in ("dlcheck", "__main__.py") or shutil.which("dlcheck"):
        return "dlcheck"
    shell: Shell = "powershell" if sys.platform == "win32" else "posix"
    if name == "dlcheck":
        return quote((_near(own),), shell)
    python = next((word for word in ("python", "python3") if shutil.which(word) == sys.executable), None)
    return quote((python or _near(sys.executable), "-m", "dlcheck"), shell)


def _near(path: str) -> str:
    """The path from the working directory where it lies below, else as it is."""
    try:
        near = os.path.relpath(path)
    except (OSError, ValueError):
        return path
    if near.startswith(".."):
        return path
    return near if os.sep in near else os.path.join(os.curdir, near)


def shows_progress() -> bool:
    """Whether standard error is a terminal whose cursor can be moved."""
    return _is_terminal(sys.stderr) and os.environ.get("TERM", "") != "dumb"


def is_interactive() -> bool:
    """Whether a person can be asked a question and can see it."""
    return _is_terminal(sys.stdin) and _is_terminal(sys.stderr)


def ask(question: str) -> bool | None:
    """Ask whether to go on; no is the default. None where nobody is there, who is told how to answer beforehand."""
    if not is_interactive():
        say("Nobody is there to ask: --yes does it, --dry-run only shows it.")
        return None
    _write(sys.stderr, f"{question} [y/N] ")
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _write(stream: TextIO, text: str) -> None:
    try:
        stream.write(text)
    except UnicodeEncodeError:
        encoding = stream.encoding or "ascii"
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
    stream.flush()


def _is_terminal(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False


def _shows_unicode(stream: TextIO | None) -> bool:
    """Whether the stream's encoding has the signs, and nobody asked for the C locale.

    Python writes UTF-8 in the C locale too (PEP 540), for the sake of containers where nothing is set: those keep the signs.
    """
    # In the C locale Python itself sets LC_CTYPE=C.UTF-8 (PEP 538), so that says nothing of what was asked for.
    kind = os.environ.get("LC_CTYPE", "").replace("C.UTF-8", "")
    locale = os.environ.get("LC_ALL") or kind or os.environ.get("LANG")
    if (
        locale in ("C", "POSIX")
        and sys.flags.utf8_mode
        and "PYTHONUTF8" not in os.environ
        and "PYTHONIOENCODING" not in os.environ
    ):
        return False
    try:
        "✓·—".encode((stream and stream.encoding) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _width(terminal: bool) -> int:
    if not terminal:
        return 100
    try:
        return max(40, min(os.get_terminal_size(sys.stdout.fileno()).columns, 100))
    except (OSError, ValueError):
        return 80
