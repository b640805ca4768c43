"""The smoke result as JSON, by the public contract."""

from __future__ import annotations

import json

from dlcheck.model.codec import encode
from dlcheck.model.smoke import SmokeReport
from dlcheck.model.style import Style


def render(report: SmokeReport, style: Style) -> str:  # noqa: ARG001 - every renderer is called alike
    """One JSON document."""
    document = {
        "schema_version": 1,
        "dlcheck": report.version,
        "command": "smoke",
        "created": report.created,
        "node": report.node,
        "exit_code": report.exit_code,
        "level": report.level.value,
        "target": encode(report.target),
        "seconds": round(report.seconds, 3),
        "results": [encode(one) for one in report.results],
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"
