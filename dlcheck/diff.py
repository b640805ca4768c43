"""Two runs, from the history or from files, to what changed between them."""

from __future__ import annotations

import json
import os
import re
from typing import Any

from dlcheck import history
from dlcheck.model.change import Difference, Outcome, Run, Trained
from dlcheck.model.codec import DecodeError, decode
from dlcheck.model.errors import DlcheckError
from dlcheck.model.facts import Facts
from dlcheck.model.profile import Severity
from dlcheck.picture.changes import difference

NAMES = "last, previous, well, a date such as 2026-11-20, a number of dlcheck diff --list, or a file"
MOST_BYTES = 64_000_000
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?)?Z?")


def compare(first: str, second: str | None = None, path: str | None = None) -> Difference:
    """What changed from the run ``first`` to the run ``second`` (NAMES); ``path`` is the history's, for tests.

    Without ``second`` it is the newest run, and ``last`` then means the one before that.
    """
    if second is None:
        newest = _chosen("last", path, None)
        first = "previous" if first == "last" else first
        return difference(run(first, path, newest), newest_run(newest, path))
    after = run(second, path, None)
    return difference(run(first, path, None), after)


def newest_run(kept: history.Kept, path: str | None = None) -> Run:
    """A kept run, read for comparing."""
    return read(history.document(kept.number, path), f"run {kept.number}")


def run(name: str, path: str | None = None, than: history.Kept | None = None) -> Run:
    """The run of that name; with ``than``, one of the same command and interpreter that is older."""
    if os.path.exists(name) or not (name in ("last", "previous", "well") or name.isdigit() or _DATE.fullmatch(name)):
        return read(_file(name), name)
    return newest_run(_chosen(name, path, than), path)


def _chosen(name: str, path: str | None, than: history.Kept | None) -> history.Kept:
    kept = history.runs(path)
    if name.isdigit():
        found = [one for one in kept if one.number == int(name)]
        if not found:
            raise DlcheckError(f"the history has no run number {name}", "dlcheck diff --list shows the kept runs.")
        return found[0]
    if than is not None:
        kept = tuple(one for one in kept if one.number < than.number and one.command == than.command)
        kept = tuple(one for one in kept if one.python == than.python) or kept
    elif name == "previous":
        kept = tuple(one for one in kept[1:] if one.command == kept[0].command)
    if name == "well":
        kept = tuple(one for one in kept if one.exit_code == 0)
    elif _DATE.fullmatch(name):
        moment = name.replace(" ", "T").rstrip("Z")
        # A bare day means its end: the newest run up to and with that day.
        kept = tuple(one for one in kept if one.created[: len(moment)] <= moment)
    if not kept:
        words = {
            "well": "no kept run ended well",
            "previous": "there is no earlier run",
            "last": "no run has been kept yet",
        }
        said = words.get(name, f"no run was kept up to {name}")
        raise DlcheckError(
            f"{said} to compare with", "dlcheck diff --list shows the kept runs; a file may be named too."
        )
    return kept[0]


def _file(path: str) -> dict[str, Any]:
    try:
        with open(path, encoding="utf-8") as stream:
            text = stream.read(MOST_BYTES)
    except FileNotFoundError:
        raise DlcheckError(f"there is no file {path}", f"Name a run: {NAMES}.") from None
    except UnicodeDecodeError:
        raise DlcheckError(f"{path} is not a report: not UTF-8") from None
    except OSError as error:
        raise DlcheckError(f"cannot read {path}: {error.strerror}") from None
    try:
        made = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DlcheckError(
            f"{path} is not JSON: {error}", "Save one with: dlcheck doctor --format json --output FILE"
        ) from None
    if not isinstance(made, dict):
        raise DlcheckError(f"{path} is not a report: a JSON object is expected")
    return made


def read(document: dict[str, Any], source: str) -> Run:
    """The document of a doctor or smoke run, or bare recorded facts, read for comparing."""
    if "schema_version" not in document and "command" not in document:
        document = {"facts": document.get("facts", document), "command": "facts"}
    version = document.get("schema_version", 1)
    if version != 1:
        raise DlcheckError(f"{source} has schema_version {version}; this dlcheck reads 1", "Update dlcheck.")
    target = document.get("target") or {}
    try:
        return Run(
            source=source,
            command=str(document.get("command", "")),
            created=str(document.get("created", "")),
            node=str(document.get("node", "")),
            version=str(document.get("dlcheck", "")),
            exit_code=int(document.get("exit_code", 0)),
            profile=str(document.get("profile", "")),
            python=str(target.get("python", "")),
            facts=decode(Facts, document.get("facts") or {}, "facts"),
            outcomes=dict(_outcome(one) for one in document.get("verdicts") or () if not one.get("suppressed")),
            trained=dict(_trained(one) for one in document.get("results") or ()),
        )
    except DecodeError as error:
        raise DlcheckError(f"{source} is not a report: {error}") from None
    except (AttributeError, TypeError, ValueError, KeyError) as error:
        raise DlcheckError(f"{source} is not a report of dlcheck: {type(error).__name__}: {error}") from None


def _outcome(verdict: dict[str, Any]) -> tuple[str, Outcome]:
    findings = verdict.get("findings") or ()
    severities = [Severity(one.get("severity") or verdict.get("severity") or "error") for one in findings]
    subject = verdict.get("subject") or ""
    return f"{verdict['code']} {subject}".strip(), Outcome(
        status=str(verdict["status"]),
        title=str(verdict.get("title", "")),
        causes=tuple(dict.fromkeys(str(one["cause"]) for one in findings)),
        message="; ".join(str(one.get("message", "")) for one in findings) or str(verdict.get("why") or ""),
        evidence=tuple(str(fact["fact"]) for one in findings for fact in one.get("evidence") or ()),
        severity=max(severities, key=lambda one: one.rank).value if severities else "",
    )


def _trained(result: dict[str, Any]) -> tuple[str, Trained]:
    words = (result.get("framework"), result.get("device"), result.get("task"), result.get("dtype"), result.get("mode"))
    deviation = [_figure(value) for value in (result.get("deviation") or {}).values()]
    seconds = result.get("seconds") or {}
    cause = result.get("cause")
    return " ".join(str(word) for word in words if word), Trained(
        status=str(result.get("status")),
        deviation=max((value for value in deviation if value is not None), default=None),
        seconds=_figure(seconds.get("train")),
        cause=None if cause is None else str(cause),
    )


def _figure(value: object) -> float | None:
    """The number, None where it is none that can be compared."""
    try:
        return decode(float, value)
    except DecodeError:
        return None
