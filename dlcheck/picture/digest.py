"""One report of one node, reduced to what the picture needs. It runs 10,000 times in a row: plain loops, shared strings."""

from __future__ import annotations

import functools
import json
import sys
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from itertools import islice
from operator import itemgetter
from typing import Any, NoReturn, TypeVar, cast

from dlcheck.model.fleet import NodeState
from dlcheck.model.hostlist import is_name
from dlcheck.picture.values import Layout, Pairs, machine, smoke_measures
from dlcheck.picture.words import count, harmless, remembered, rows, slug, table

T = TypeVar("T")
Causes = tuple[tuple[str, str, str], ...]
"""Slug, severity and message of each cause that stands for itself, worst first."""
Areas = Mapping[str, str]
"""Area to its worst outcome. Nodes that look the same share one; nothing changes it."""

SCHEMA_VERSION = 1
MOST_BYTES = 16 * 1024 * 1024
"""A report is some ten kilobytes; what is a thousand times larger is none."""

_WORSE = {"skipped": 0, "passed": 1, "note": 2, "unknown": 3, "warning": 4, "crashed": 5, "failed": 6}
_COMMANDS = ("doctor", "smoke")


class NotReportError(ValueError):
    """The text is no report of a node; the message says why, ``node`` names whose it would be where that can be told."""

    def __init__(self, why: str, node: str | None = None) -> None:
        super().__init__(why)
        self.node = node


@dataclass(slots=True, eq=False)
class Digest:
    """What is kept of a report; nothing changes it (a frozen one takes three times as long to make)."""

    node: str
    command: str
    created: float
    """Seconds since 1970."""
    version: str
    state: NodeState
    causes: Causes
    areas: Areas
    versions: Pairs
    lists_frameworks: bool
    """Whether somebody looked, so that a framework that is not among the versions is not there."""
    layout: Layout
    measures: array[float]


def digest(text: bytes) -> Digest:
    """The digest of one JSON document; ``NotReportError`` whatever else the bytes are."""
    if len(text) > MOST_BYTES:
        raise NotReportError(f"larger than {MOST_BYTES // 1024 // 1024} MB")
    try:
        document = _decoded(text.decode("utf-8"))
    except UnicodeDecodeError:
        raise NotReportError("not UTF-8") from None
    except RecursionError:
        raise NotReportError("nested too deep") from None
    except ValueError as error:
        raise NotReportError("empty" if not text.strip() else f"not JSON: {harmless(str(error), 100)}") from None
    if not isinstance(document, dict):
        raise NotReportError("a JSON document, but no report")
    return _digest(document)


def _digest(document: dict[str, Any]) -> Digest:
    node = document.get("node")
    if not is_name(node):
        raise NotReportError(
            f"its node name cannot be one: {harmless(node, 60)}" if "node" in document else "names no node"
        )
    node = str(node)
    if document.get("schema_version") != SCHEMA_VERSION or document.get("schema_version") is True:
        raise NotReportError(f"schema version {harmless(document.get('schema_version'), 20)} instead of 1", node)
    command = document.get("command")
    if not isinstance(command, str) or command not in _COMMANDS:
        raise NotReportError(f"a report of {harmless(command, 30)}, not of doctor or smoke", node)
    created = moment(document.get("created"))
    if created is None:
        raise NotReportError(f"its time cannot be one: {harmless(document.get('created'), 40)}", node)
    if command == "doctor":
        areas, causes, worst = _doctor(document)
        versions, looked, layout, measures = machine(table(document.get("facts")))
    else:
        areas, causes, worst = _smoke(document)
        versions, looked, _, _ = machine(table(document.get("facts")))
        layout, measures = smoke_measures(document.get("results"))
        layout = _share(layout)
    return Digest(
        node,
        sys.intern(command),
        created,
        harmless(document.get("dlcheck", ""), 30),
        worst,
        causes,
        areas,
        versions,
        looked,
        layout,
        measures,
    )


def _doctor(document: dict[str, Any]) -> tuple[Areas, Causes, NodeState]:
    areas, others = _settled(rows(document.get("verdicts")))
    primary, summary = document.get("primary_causes"), table(document.get("summary"))
    errors, warnings = count(summary.get("errors")), count(summary.get("warnings"))
    causes: Causes = ()
    if others or primary:
        areas, found, wrong, doubtful = _unsettled(areas, others)
        for name in rows(primary)[:50]:
            found.setdefault(slug(name), ("failed", ""))
        causes, errors, warnings = _worst_first(found), max(errors, wrong), max(warnings, doubtful)
    code = document.get("exit_code")
    if errors or code == 3 or (code not in (0, None) and not warnings):
        return areas, causes, NodeState.FAILED
    return areas, causes, NodeState.WARNING if warnings else NodeState.OK


def _unsettled(
    settled: Areas, others: list[tuple[str, dict[str, Any]]]
) -> tuple[Areas, dict[str, tuple[str, str]], int, int]:
    """The areas with the outcome of these verdicts, too; cause to severity and message; how many are errors and warnings."""
    areas = dict(settled)
    found: dict[str, tuple[str, str]] = {}
    errors = warnings = 0
    for name, verdict in others:
        area = harmless(name, 30)
        outcome = verdict.get("status")
        if outcome == "failed":
            outcome = _severity(verdict.get("severity"))
            for one in rows(verdict.get("findings")):
                finding = table(one)
                severity = _severity(finding.get("severity") or verdict.get("severity"))
                cause = slug(finding.get("cause"))
                errors += severity == "failed"
                warnings += severity == "warning"
                if severity != "note" and not finding.get("because_of") and _is_worse(severity, found.get(cause)):
                    found[cause] = (severity, harmless(finding.get("message", "")))
        elif not isinstance(outcome, str) or outcome not in _WORSE:
            outcome = "unknown"
        if area not in areas or _WORSE[outcome] > _WORSE[areas[area]]:
            areas[area] = outcome
    return _named(areas), found, errors, warnings


_GROUP, _CODE, _STATUS = itemgetter("group"), itemgetter("code"), itemgetter("status")


def _settled(verdicts: list[Any]) -> tuple[Areas, list[tuple[str, dict[str, Any]]]]:
    """The areas with the worst outcome of what did not fail, and the verdicts that failed, each with its area.

    Most verdicts of a fleet passed or had nothing to look at, so they are taken in one go, once for all nodes that look the
    same; a document of an odd shape goes the long way.
    """
    try:
        named = "group" in verdicts[0]
        outcomes = "\n".join(map(_STATUS, verdicts))
        if "crashed" in outcomes or "unknown" in outcomes:
            # Where that is suppressed it counts as little as a finding.
            verdicts = [one for one in verdicts if one.get("suppressed") is not True]
            outcomes = "\n".join(map(_STATUS, verdicts))
        areas, failed = _all_settled("\n".join(map(_GROUP if named else _CODE, verdicts)), outcomes, named)
    except (KeyError, TypeError, ValueError, IndexError):
        return _one_by_one(verdicts)
    if not failed:
        return areas, []
    others = [one for one in verdicts if one["status"] not in _SETTLED and one.get("suppressed") is not True]
    return areas, [(_area(one["group" if named else "code"], named), one) for one in others]


_SETTLED = frozenset(_WORSE) - {"failed"}


@remembered
def _all_settled(names: str, outcomes: str, named: bool) -> tuple[Areas, bool]:
    """The areas, and whether something failed. ``ValueError`` where one lacks a name, or a name is of two lines."""
    areas: dict[str, str] = {}
    failed = False
    for name, outcome in zip(names.split("\n"), outcomes.split("\n"), strict=True):
        if not name:
            raise ValueError
        area = _area(name, named)
        if outcome not in _SETTLED:
            failed = True
        elif area not in areas or _WORSE[outcome] > _WORSE[areas[area]]:
            areas[area] = outcome
    return _named(areas), failed


def _area(name: str, named: bool) -> str:
    return name if named else f"{name[:3]}xx"


def _one_by_one(verdicts: list[Any]) -> tuple[Areas, list[tuple[str, dict[str, Any]]]]:
    """The same of verdicts that lack a key, or hold what is no text."""
    areas: dict[str, str] = {}
    others: list[tuple[str, dict[str, Any]]] = []
    for one in verdicts:
        if isinstance(one, dict):
            area = one.get("group") or f"{harmless(one.get('code', '?'))[:3]}xx"
            area = area if isinstance(area, str) else "?"
            if one.get("status") == "passed":
                areas.setdefault(area, "passed")
            elif one.get("suppressed") is not True:
                others.append((area, one))
    return _named(areas), others


def _smoke(document: dict[str, Any]) -> tuple[Areas, Causes, NodeState]:
    areas: dict[str, str] = {}
    found: dict[str, tuple[str, str]] = {}
    failed = document.get("exit_code") not in (0, None)
    for one in rows(document.get("results")):
        result = table(one)
        outcome = str(result.get("status"))
        outcome = outcome if outcome in ("passed", "skipped") else "failed"
        area = f"smoke {harmless(result.get('framework', '?'), 20)}"
        if area not in areas or _WORSE[outcome] > _WORSE[areas[area]]:
            areas[area] = outcome
        if outcome == "failed":
            failed = True
            name = slug(result.get("cause")) if result.get("cause") else "smoke-failed"
            words = " ".join(str(result.get(key, "")) for key in ("framework", "task", "dtype", "device", "status"))
            words += f": {result['why']}" if isinstance(result.get("why"), str) else ""
            found.setdefault(name, ("failed", harmless(words)))
    return _named(areas), _worst_first(found), NodeState.FAILED if failed else NodeState.OK


def _named(areas: Areas) -> Areas:
    """The areas under names that can be shown, at most as many as a page has columns for."""
    return {harmless(name, 30): outcome for name, outcome in islice(areas.items(), 64)}


def _severity(value: object) -> str:
    """Severity as an outcome: an error is failed; what is no severity counts as one, never as fine."""
    return str(value) if value in ("note", "warning") else "failed"


def _is_worse(severity: str, known: tuple[str, str] | None) -> bool:
    return known is None or _WORSE[severity] > _WORSE[known[0]]


def _worst_first(found: dict[str, tuple[str, str]]) -> Causes:
    ordered = sorted(found.items(), key=lambda item: -_WORSE[item[1][0]])
    return tuple(_share((name, severity, message)) for name, (severity, message) in ordered[:50])


def moment(value: object) -> float | None:
    """Seconds since 1970 of an ISO time, None where it is none."""
    return _moment(value) if isinstance(value, str) and 10 <= len(value) <= 40 else None


@functools.lru_cache(1024)
def _moment(value: str) -> float | None:
    try:
        when = datetime.fromisoformat(value.removesuffix("Z"))
        return (when if when.tzinfo else when.replace(tzinfo=timezone.utc)).timestamp()
    except (ValueError, OverflowError):
        return None


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number of JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse)


def _decoded(text: str) -> object:
    """What the decoder makes of a line, without its two searches for blanks where there are none but the line's end."""
    try:
        document, end = _DECODER.raw_decode(text)
    except ValueError:
        end = -1
    return document if end >= 0 and text[end:] in ("\n", "") else _DECODER.decode(text)


_shared: dict[object, object] = {}


def _share(value: T) -> T:
    """The one copy of equal values: a fleet's reports say mostly the same."""
    if len(_shared) > 200_000:
        _shared.clear()
    return cast("T", _shared.setdefault(value, value))
