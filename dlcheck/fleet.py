"""Many reports, one picture: reads what nodes left in a folder, a file of lines or a stream, one report at a time."""

from __future__ import annotations

import contextlib
import gc
import os
import stat
import time
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from dlcheck import __version__
from dlcheck.model.errors import DlcheckError
from dlcheck.model.fleet import FleetReport
from dlcheck.model.hostlist import HostlistError, expand, fold
from dlcheck.picture.assemble import DAY, Gathered, Wishes, assemble, iso
from dlcheck.picture.digest import MOST_BYTES

SUFFIXES = (".json", ".jsonl", ".ndjson")
BUFFER = 1 << 16
"""Bytes read at a time: some reports, and less than a processor's own cache holds."""
MOST_LEVELS = 8
"""Folders of a run lie flat or one level down (an artifact a node); deeper ones are somebody else's."""


def report(
    source: str,
    *,
    stream: BinaryIO | None = None,
    expect: tuple[str, ...] | None = None,
    max_age: float = DAY,
    since: float | None = None,
    fail_on: str = "error",
) -> FleetReport:
    """The picture of the reports in a folder or a file, or in ``stream`` where the source is ``-``."""
    started = time.monotonic()
    gathered = Gathered(expected=expect)
    with _no_collector():
        gather(gathered, source, stream)
    _refuse_no_reports(gathered, source)
    return picture(gathered, started, max_age=max_age, since=since, fail_on=fail_on)


def gather(gathered: Gathered, source: str, stream: BinaryIO | None = None) -> None:
    """Take every report of the source. ``DlcheckError`` where there is no such source."""
    if source == "-":
        assert stream is not None  # noqa: S101 - the command line opens it
        _take_lines(gathered, stream, "standard input")
        return
    if os.path.isdir(source):
        for path in _files(source, gathered):
            _take_file(gathered, path, os.path.relpath(path, source))
        return
    if not os.path.exists(source):
        raise DlcheckError(
            f"there is no {source}", "Name a folder of reports, a file of JSON lines, or - for a stream."
        )
    _take_file(gathered, source, os.path.basename(source), named=True)


def _refuse_no_reports(gathered: Gathered, source: str) -> None:
    """A file or stream in which nothing is a report was meant otherwise; a folder of broken reports is a picture."""
    strangers = gathered.strangers
    if os.path.isdir(source) or gathered.expected or gathered.digests or gathered.broken or not strangers:
        return
    raise DlcheckError(
        f"{strangers[0].source} holds no report: {strangers[0].why}"
        if len(strangers) == 1
        else f"{'standard input' if source == '-' else source} holds no report in {gathered.unreadable} lines"
        f" (the first: {strangers[0].why})",
        "dlcheck doctor --format json writes one; a file of many has one a line.",
    )


def picture(
    gathered: Gathered,
    started: float,
    *,
    max_age: float = DAY,
    since: float | None = None,
    fail_on: str = "error",
    command: str = "fleet report",
    engine: str | None = None,
    notes: tuple[str, ...] = (),
) -> FleetReport:
    """What was gathered, drawn; ``started`` is when the gathering began (time.monotonic)."""
    now = time.time()
    if not gathered.digests and not gathered.expected and not gathered.unreadable:
        notes = (*notes, "no report was found")
    unexpected = [node for node, _ in gathered.digests if gathered.expected and node not in gathered.names]
    if unexpected:
        notes = (*notes, f"not on the list, and yet reported: {fold(unexpected)}")
    drawn = assemble(
        gathered,
        Wishes(max_age=max_age, since=since, now=now, fail_on=fail_on),
        version=__version__,
        created=iso(now),
        node=this_node(),
        command=command,
        engine=engine,
        notes=notes,
        seconds=time.monotonic() - started,
    )
    if not drawn.nodes and not drawn.unreadable:
        raise DlcheckError(
            "no report was found", "A report is a .json file or a line of a .jsonl file that dlcheck wrote."
        )
    return drawn


def expected_nodes(path: str) -> tuple[str, ...]:
    """The nodes that a file lists: names or Slurm's notation, by lines, blanks or commas; # begins a comment."""
    try:
        with open(path, encoding="utf-8") as stream:
            text = stream.read(MOST_BYTES)
    except (OSError, UnicodeDecodeError) as error:
        raise DlcheckError(
            f"cannot read the list of nodes {path}: {getattr(error, 'strerror', None) or 'not UTF-8'}"
        ) from None
    return node_list(" ".join(line.split("#", 1)[0] for line in text.splitlines()), f"the list of nodes {path}")


def node_list(text: str, whose: str) -> tuple[str, ...]:
    """The names of a list in Slurm's notation; ``DlcheckError`` where it is none or empty."""
    try:
        names = expand(text)
    except HostlistError as error:
        raise DlcheckError(f"{whose}: {error}", "Write names, or lists such as n[1-7,9].") from None
    if not names:
        raise DlcheckError(f"{whose} names no node", "Write names, or lists such as n[1-7,9].")
    return names


def _files(folder: str, gathered: Gathered, level: int = 0) -> Iterator[str]:
    """Regular files with a suffix of a report, in order. Links are not followed: a report folder is writable by many."""
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        if level == 0:
            raise DlcheckError(f"cannot read the folder {folder}: {error.strerror}") from None
        gathered.refuse(f"cannot be opened: {error.strerror}", folder)
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False) and level < MOST_LEVELS:
            yield from _files(entry.path, gathered, level + 1)
        elif entry.name.endswith(SUFFIXES) and entry.is_file(follow_symlinks=False):
            yield entry.path


def _take_file(gathered: Gathered, path: str, source: str, *, named: bool = False) -> None:
    hint = _hint(path, gathered)
    try:
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | (0 if named else getattr(os, "O_NOFOLLOW", 0))
        with open(os.open(path, flags), "rb", buffering=BUFFER) as stream:
            if not named and not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                return
            if not named and path.endswith(".json"):
                gathered.take(stream.read(MOST_BYTES + 1), source, hint)
            else:
                _take_lines(gathered, stream, source, hint)
    except OSError as error:
        if named:
            raise DlcheckError(f"cannot read {path}: {error.strerror}") from None
        gathered.refuse(f"cannot be read: {error.strerror}", source, hint)


def _take_lines(gathered: Gathered, stream: BinaryIO, source: str, hint: str | None = None) -> None:
    """One report a line; a first line that only opens a document begins one document that fills the whole stream."""
    for number, line in enumerate(_lines(stream), 1):
        if number == 1 and line.strip() in (b"{", b""):
            gathered.take(line + stream.read(MOST_BYTES + 1), source, hint)
            return
        if len(line) > 1 and not line.isspace():
            gathered.take(line, f"{source}, line {number}", hint)


def _lines(stream: BinaryIO) -> Iterable[bytes]:
    """The lines, one too long to be a report cut short (it stays too long), so that no line can fill the memory."""
    while line := stream.readline(MOST_BYTES + 2):
        if len(line) > MOST_BYTES and not line.endswith(b"\n"):
            while (rest := stream.readline(MOST_BYTES)) and not rest.endswith(b"\n"):
                pass
        yield line


def _hint(path: str, gathered: Gathered) -> str | None:
    """The node whose report the file should be, where its name or its folder's is on the list."""
    stem = os.path.basename(path).rsplit(".", 1)[0]
    for name in (stem, os.path.basename(os.path.dirname(path))):
        if name in gathered.names:
            return name
    return None


@contextlib.contextmanager
def _no_collector() -> Iterator[None]:
    """Python's cycle collector off: JSON has no cycles, and the collector would walk ten thousand digests again and again."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def this_node() -> str:
    """What this machine is called in a fleet."""
    import platform

    return os.environ.get("DLCHECK_NODE") or os.environ.get("SLURMD_NODENAME") or platform.node() or "localhost"
