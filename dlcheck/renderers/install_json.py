"""An installation as the contract's JSON."""

from __future__ import annotations

import json
from typing import Any

from dlcheck.model.codec import encode
from dlcheck.model.plan import Installation, Plan, Step
from dlcheck.model.style import Style


def render(done: Installation, style: Style) -> str:  # noqa: ARG001 - the interface of every format
    """One JSON document."""
    return json.dumps(document(done), indent=2, ensure_ascii=False) + "\n"


def document(done: Installation) -> dict[str, Any]:
    """The document as JSON values."""
    return {
        "schema_version": 1,
        "dlcheck": done.version,
        "command": "install",
        "created": done.created,
        "node": done.node,
        "exit_code": done.exit_code,
        "plan": _plan(done.plan),
        "result": done.result,
        "failure": encode(done.failure),
        "proof": encode(done.proof),
        "written": list(done.written),
        "seconds": round(done.seconds, 3),
    }


def _plan(plan: Plan) -> dict[str, Any]:
    made: dict[str, Any] = encode(plan)
    made["steps"] = [_step(one) for one in plan.steps]
    return made


def _step(step: Step) -> dict[str, Any]:
    return {
        "id": step.id,
        "argv": list(step.argv),
        "why": step.why,
        "packages": list(step.packages),
        "download_bytes": step.download_bytes,
    }
