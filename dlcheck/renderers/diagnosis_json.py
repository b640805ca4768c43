"""Diagnoses as the contract's JSON document."""

from __future__ import annotations

import json
from typing import Any

from dlcheck.model.codec import encode
from dlcheck.model.diagnosis import Diagnosis, DiagnosisReport, SpokenLine
from dlcheck.model.style import Style


def render(report: DiagnosisReport, style: Style) -> str:  # noqa: ARG001 - the interface of every format
    """One JSON document."""
    return json.dumps(document(report), indent=2, ensure_ascii=False) + "\n"


def document(report: DiagnosisReport) -> dict[str, Any]:
    """The document as JSON values."""
    return {
        "schema_version": 1,
        "dlcheck": report.version,
        "command": report.command,
        "created": report.created,
        "node": report.node,
        "exit_code": report.exit_code,
        "diagnoses": [
            {
                "cause": one.cause,
                "title": one.title,
                "confidence": one.confidence,
                "because_of": list(one.because_of),
                "evidence": _evidence(one),
                "fixes": encode(one.fixes),
                "verify": list(one.verify),
            }
            for one in report.diagnoses
        ],
        "harmless": [
            {"cause": one.cause, "title": one.title, "confidence": one.confidence, "evidence": _evidence(one)}
            for one in report.harmless
        ],
        "system": report.system,
        "left_out": report.left_out,
        "facts": encode(report.facts),
    }


def _evidence(one: Diagnosis) -> list[dict[str, Any]]:
    return [_line(spoken) for spoken in one.evidence]


def _line(spoken: SpokenLine) -> dict[str, Any]:
    line: dict[str, Any] = {"line": spoken.line, "text": spoken.text, "weight": spoken.weight, "clue": spoken.clue}
    return line if spoken.file is None else {**line, "file": spoken.file}
