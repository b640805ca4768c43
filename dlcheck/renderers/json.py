"""The JSON document of doctor, version 1 of the contract. Written out by hand: it is a promise, not a dump."""

from __future__ import annotations

import json
from typing import Any

from dlcheck.model.codec import encode
from dlcheck.model.finding import Finding, Fix, Verdict
from dlcheck.model.report import Report
from dlcheck.model.style import Style

SCHEMA_VERSION = 1


def render(report: Report, style: Style) -> str:  # noqa: ARG001 - every renderer has this signature
    """One JSON object."""
    return json.dumps(document(report), indent=2, ensure_ascii=False)


def document(report: Report) -> dict[str, Any]:
    """The document as a JSON value."""
    summary = report.summary
    return {
        "schema_version": SCHEMA_VERSION,
        "dlcheck": report.version,
        "command": report.command,
        "created": report.created,
        "node": report.node,
        "exit_code": report.exit_code,
        "profile": report.profile,
        "target": {
            "python": report.target.python,
            "version": report.target.version,
            "chosen_by": report.target.chosen_by,
            "environment": report.target.environment,
        },
        "summary": {
            "passed": summary.passed,
            "errors": summary.errors,
            "warnings": summary.warnings,
            "notes": summary.notes,
            "skipped": summary.skipped,
            "unknown": summary.unknown,
            "crashed": summary.crashed,
            "suppressed": summary.suppressed,
        },
        "primary_causes": list(report.primary_causes),
        "verdicts": [_verdict(one) for one in report.verdicts],
        "facts": encode(report.facts),
        **_training(report),
        "timings": dict(report.timings),
        "data_date": report.data_date,
    }


def _training(report: Report) -> dict[str, Any]:
    """The results of a smoke run, where one was asked for."""
    return {} if report.smoke is None else {"smoke": encode(report.smoke.results)}


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "code": verdict.code,
        "title": verdict.title,
        "group": verdict.group,
        "subject": verdict.subject,
        "status": verdict.status.value,
        "severity": verdict.severity.value,
        "seconds": round(verdict.seconds, 6),
        "why": verdict.why,
        "suppressed": verdict.suppressed,
        "findings": [_finding(one, verdict) for one in verdict.findings],
    }


def _finding(finding: Finding, verdict: Verdict) -> dict[str, Any]:
    return {
        "cause": finding.cause,
        "message": finding.message,
        "subject": finding.subject,
        "severity": (finding.severity or verdict.severity).value,
        "because_of": list(finding.because_of),
        "evidence": [{"fact": one.fact, "value": one.value} for one in finding.evidence],
        "fixes": [fix_document(one) for one in finding.fixes],
        "verify": list(finding.verify),
    }


def fix_document(fix: Fix) -> dict[str, Any]:
    """A fix as a JSON value."""
    return {"text": fix.text, "commands": [list(one) for one in fix.commands], "safety": fix.safety.value}
