"""SARIF 2.1.0 for code scanning: a rule a check, a result a finding.

SARIF speaks of places in source files and a machine has none: each result names the checked subject as a logical
location, and the environment's description (pyproject.toml, where a finding is most often mended) as the physical one
that GitHub's code scanning insists on.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from dlcheck.data import cause
from dlcheck.model.finding import Status, Verdict
from dlcheck.model.profile import Severity
from dlcheck.model.report import Report
from dlcheck.model.style import Style
from dlcheck.renderers.problems import Found, command_lines, found_in

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}


def render(report: Report, style: Style) -> str:  # noqa: ARG001 - the same for every reader
    """The report as one SARIF log with one run."""
    rules: dict[str, Verdict] = {}
    for verdict in report.verdicts:
        rules.setdefault(verdict.code, verdict)
    codes = list(rules)
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "dlcheck",
                "semanticVersion": report.version,
                "rules": [_rule(verdict) for verdict in rules.values()],
            }
        },
        "automationDetails": {"id": f"dlcheck/{report.command}/{report.profile}/"},
        "invocations": [_invocation(report)],
        "results": [_result(report, one, codes.index(one.verdict.code)) for one in found_in(report)]
        + [_ignored(report, verdict, codes.index(verdict.code)) for verdict in report.verdicts if verdict.suppressed],
        "columnKind": "unicodeCodePoints",
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"


def _rule(verdict: Verdict) -> dict[str, Any]:
    return {
        "id": verdict.code,
        "name": "".join(word.capitalize() for word in verdict.title.replace("-", " ").split() if word.isalnum())
        or verdict.code,
        "shortDescription": {"text": verdict.title},
        "fullDescription": {
            "text": f"{verdict.title}. What it means and how to mend it: dlcheck explain {verdict.code}"
        },
        "defaultConfiguration": {"level": _LEVELS[verdict.severity]},
        "properties": {"tags": [verdict.group]},
    }


def _invocation(report: Report) -> dict[str, Any]:
    notices = [
        {
            "level": "error" if verdict.status is Status.CRASHED else "note",
            "message": {"text": f"{verdict.title}: {verdict.status.value}: {verdict.why or 'no reason given'}"},
            "associatedRule": {"id": verdict.code},
        }
        for verdict in report.verdicts
        if verdict.status in (Status.CRASHED, Status.UNKNOWN) and not verdict.suppressed
    ]
    return {
        "executionSuccessful": report.exit_code in (0, 1),
        "exitCode": report.exit_code,
        "endTimeUtc": report.created,
        "toolExecutionNotifications": notices,
    }


def _result(report: Report, one: Found, index: int) -> dict[str, Any]:
    finding = one.finding
    return {
        "ruleId": one.verdict.code,
        "ruleIndex": index,
        "kind": "fail",
        "level": _LEVELS[one.severity],
        "message": {"text": _message(report, one)},
        "locations": [_location(finding.subject or one.verdict.subject or one.verdict.group)],
        "partialFingerprints": {"causeAndSubject/v1": _fingerprint(one.verdict.code, finding.cause, finding.subject)},
        "properties": {
            "cause": finding.cause,
            "becauseOf": list(finding.because_of),
            "evidence": {fact.fact: fact.value for fact in finding.evidence},
        },
    }


def _ignored(report: Report, verdict: Verdict, index: int) -> dict[str, Any]:
    words = " ".join(one.message for one in verdict.findings) or verdict.title
    return {
        "ruleId": verdict.code,
        "ruleIndex": index,
        "kind": "fail" if verdict.findings else "notApplicable",
        "level": _LEVELS[verdict.severity] if verdict.findings else "none",
        "message": {"text": words},
        "locations": [_location(verdict.subject or verdict.group)],
        "partialFingerprints": {"causeAndSubject/v1": _fingerprint(verdict.code, report.profile, verdict.subject)},
        "suppressions": [
            {"kind": "external", "status": "accepted", "justification": verdict.why or "ignored by the profile"}
        ],
    }


def _message(report: Report, one: Found) -> str:
    finding = one.finding
    entry = cause(finding.cause)
    lines = [finding.message]
    if entry and entry.title not in finding.message:
        lines.append(f"Cause: {entry.title} ({finding.cause}).")
    if finding.because_of:
        lines.append(f"Because of: {', '.join(finding.because_of)}.")
    for fix in finding.fixes[:3]:
        commands = "; ".join(command_lines(fix, report.facts))
        lines.append(f"Fix: {fix.text}" + (f": {commands}" if commands else ""))
    lines.append(f"More: dlcheck explain {finding.cause}")
    return "\n".join(lines)


def _location(subject: str) -> dict[str, Any]:
    return {
        "physicalLocation": {"artifactLocation": {"uri": "pyproject.toml"}, "region": {"startLine": 1}},
        "logicalLocations": [{"name": subject, "kind": "resource"}],
    }


def _fingerprint(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:32]
