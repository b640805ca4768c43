"""The kept runs: one SQLite file in the user's state directory, private, bounded, and never a reason to fail.

A run is kept as the JSON document that the user could have asked for, secrets masked. Whatever is wrong with the file or
its folder becomes one notice; a damaged file is set aside and a new one begun.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlcheck.model.errors import DlcheckError
from dlcheck.model.redact import mask_report
from dlcheck.model.report import Report
from dlcheck.model.smoke import SmokeReport
from dlcheck.model.style import Style

if TYPE_CHECKING:
    import sqlite3

MOST_RUNS = 200
MOST_BYTES = 20_000_000
"""Of compressed documents; a run takes 5 to 50 KB."""
LAYOUT = 1
"""Kept in the file's user_version. A file of a later layout is left alone."""
WAIT_SECONDS = 2.0
"""For another dlcheck that is writing."""

_TABLE = """
CREATE TABLE IF NOT EXISTS run (
  id INTEGER PRIMARY KEY AUTOINCREMENT, created TEXT NOT NULL, node TEXT NOT NULL, command TEXT NOT NULL,
  python TEXT NOT NULL, exit_code INTEGER NOT NULL, size INTEGER NOT NULL, document BLOB NOT NULL)
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """A run in the history, without its document."""

    number: int
    created: str
    node: str
    command: str
    python: str
    exit_code: int


class _Unusable(Exception):  # noqa: N818 - a condition, told as a notice
    """Why the history cannot be used, in one line."""


def place() -> str:
    """The file's path. On Linux XDG_STATE_HOME is honoured."""
    import platformdirs

    return os.path.join(platformdirs.user_state_dir("dlcheck", appauthor=False), "history.sqlite3")


def keep(document: dict[str, Any], path: str | None = None) -> tuple[str, ...]:
    """Keep a run; the notices that the user should see on standard error. Never raises."""
    path = path or place()
    notices: list[str] = []
    try:
        with _opened(path, notices) as database:
            _insert(database, document)
    except _Unusable as reason:
        notices.append(f"this run was not kept in the history: {reason}")
    return tuple(notices)


def keep_report(report: Report) -> tuple[str, ...]:
    """Keep a run of doctor; the notices."""
    from dlcheck.renderers.json import document as document_of

    return keep(document_of(mask_report(report)))


def keep_smoke(report: SmokeReport) -> tuple[str, ...]:
    """Keep a smoke run; the notices."""
    from dlcheck.renderers.smoke_json import render

    return keep(json.loads(render(mask_report(report), Style())))


def runs(path: str | None = None, most: int = MOST_RUNS) -> tuple[Kept, ...]:
    """The kept runs, newest first; ``DlcheckError`` where the history cannot be read."""
    with _reading(path or place()) as database:
        rows = database.execute(
            "SELECT id, created, node, command, python, exit_code FROM run ORDER BY id DESC LIMIT ?", (most,)
        ).fetchall()
    return tuple(Kept(*row) for row in rows)


def document(number: int, path: str | None = None) -> dict[str, Any]:
    """The document of a kept run."""
    with _reading(path or place()) as database:
        row = database.execute("SELECT document FROM run WHERE id = ?", (number,)).fetchone()
    if row is None:
        raise DlcheckError(f"the history has no run number {number}", "dlcheck diff --list shows the kept runs.")
    try:
        made: dict[str, Any] = json.loads(zlib.decompress(row[0]))
    except (zlib.error, ValueError) as error:
        raise DlcheckError(f"run number {number} of the history is damaged: {error}") from None
    return made


@contextlib.contextmanager
def _reading(path: str) -> Iterator[sqlite3.Connection]:
    if not os.path.exists(path):
        raise DlcheckError("no run has been kept yet", "dlcheck doctor keeps one (unless --no-history is given).")
    notices: list[str] = []
    try:
        with _opened(path, notices) as database:
            if notices:
                raise DlcheckError(notices[0])
            yield database
    except _Unusable as reason:
        raise DlcheckError(f"the history cannot be read: {reason}") from None


@contextlib.contextmanager
def _opened(path: str, notices: list[str]) -> Iterator[sqlite3.Connection]:
    """The open database. Its own errors inside the block become ``_Unusable``."""
    try:
        import sqlite3
    except ImportError:
        raise _Unusable("this Python was built without SQLite") from None
    try:
        try:
            database = _connect(path)
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            if isinstance(error, sqlite3.OperationalError):
                raise
            notices.append(_set_aside(path, error))
            database = _connect(path)
        with contextlib.closing(database):
            yield database
    except (sqlite3.Error, UnicodeDecodeError) as error:
        # SQLite's own words name what is damaged, and Python fails on names that are no UTF-8.
        raise _Unusable(f"{path}: {error}") from None
    except OSError as error:
        raise _Unusable(f"{error.filename or path}: {error.strerror or error}") from None


def _connect(path: str) -> sqlite3.Connection:
    import sqlite3

    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    database = sqlite3.connect(path, timeout=WAIT_SECONDS, isolation_level=None)
    try:
        layout = database.execute("PRAGMA user_version").fetchone()[0]
        if layout > LAYOUT:
            raise _Unusable(f"{path} was written by a newer dlcheck")
        if layout < LAYOUT:
            database.execute("PRAGMA auto_vacuum = INCREMENTAL")
            database.execute(_TABLE)
            database.execute(f"PRAGMA user_version = {LAYOUT}")
        else:
            database.execute("SELECT id, size FROM run LIMIT 1").fetchone()
    except BaseException:
        database.close()
        raise
    return database


def _set_aside(path: str, error: Exception) -> str:
    """Move the damaged file out of the way, overwriting nothing; the notice."""
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
    aside = f"{path}.damaged-{stamp}-{os.getpid()}"
    os.replace(path, aside)
    for leftover in ("-journal", "-wal", "-shm"):
        with contextlib.suppress(OSError):
            os.unlink(path + leftover)
    return f"the history was damaged ({error}); it was set aside as {aside} and a new one begun"


def _insert(database: sqlite3.Connection, made: dict[str, Any]) -> None:
    packed = zlib.compress(json.dumps(made, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace"), 6)
    target = made.get("target") or {}
    values = (
        str(made.get("created", "")),
        str(made.get("node", "")),
        str(made.get("command", "")),
        str(target.get("python", "")),
        int(made.get("exit_code", 0)),
        len(packed),
        packed,
    )
    database.execute("BEGIN IMMEDIATE")
    try:
        database.execute(
            "INSERT INTO run (created, node, command, python, exit_code, size, document) VALUES (?, ?, ?, ?, ?, ?, ?)",
            values,
        )
        database.execute("DELETE FROM run WHERE id NOT IN (SELECT id FROM run ORDER BY id DESC LIMIT ?)", (MOST_RUNS,))
        database.execute(
            "DELETE FROM run WHERE id IN (SELECT id FROM (SELECT id, SUM(size) OVER (ORDER BY id DESC) AS so_far FROM run)"
            " WHERE so_far > ?)",
            (MOST_BYTES,),
        )
        database.execute("COMMIT")
    except BaseException:
        database.execute("ROLLBACK")
        raise
    database.execute("PRAGMA incremental_vacuum")
