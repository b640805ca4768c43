"""What changed between two runs, as JSON."""

from __future__ import annotations

import json
from typing import Any

from dlcheck.model.change import Difference, Outcome, Run
from dlcheck.model.codec import encode
from dlcheck.model.redact import mask_report


def render(difference: Difference, *, version: str, created: str, exit_code: int) -> str:
    """One JSON document in the contract's frame."""
    difference = mask_report(difference)
    document = {
        "schema_version": 1,
        "dlcheck": version,
        "command": "diff",
        "created": created,
        "node": difference.after.node,
        "exit_code": exit_code,
        "before": _run(difference.before),
        "after": _run(difference.after),
        "worse": [_turned(key, one) for key, one in difference.worse],
        "better": [_turned(key, one) for key, one in difference.better],
        "changes": [encode(one) for one in difference.changes],
        "notes": list(difference.notes),
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _run(run: Run) -> dict[str, Any]:
    names = ("source", "command", "created", "node", "version", "exit_code", "profile", "python")
    return {name: getattr(run, name) for name in names}


def _turned(key: str, outcome: Outcome) -> dict[str, Any]:
    code, _, subject = key.partition(" ")
    return {"code": code, "subject": subject, **encode(outcome)}
