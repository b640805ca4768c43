"""The picture as the contract's JSON: counts, folded causes, drift, outliers, and every node that is not well."""

from __future__ import annotations

import json
from typing import Any

from dlcheck.model.codec import encode
from dlcheck.model.fleet import FleetNode, FleetReport, NodeState
from dlcheck.model.hostlist import fold
from dlcheck.model.style import Style


def render(report: FleetReport, style: Style) -> str:  # noqa: ARG001 - the interface of every format
    """One JSON document."""
    return json.dumps(document(report), indent=2, ensure_ascii=False) + "\n"


def document(report: FleetReport) -> dict[str, Any]:
    """The document as JSON values."""
    return {
        "schema_version": 1,
        "dlcheck": report.version,
        "command": report.command,
        "created": report.created,
        "node": report.node,
        "exit_code": report.exit_code,
        "engine": report.engine,
        "nodes": encode(report.counts),
        "states": {
            state.value: fold(one.name for one in report.nodes if one.state is state)
            for state in NodeState
            if any(one.state is state for one in report.nodes)
        },
        "causes": [
            {
                "cause": one.cause,
                "nodes": fold(one.nodes),
                "count": len(one.nodes),
                "severity": one.severity,
                "message": one.message,
            }
            for one in report.causes
        ],
        "drift": [
            {
                "fact": one.fact,
                "majority": one.majority,
                "count": one.count,
                "minorities": [
                    {"value": other.value, "nodes": fold(other.nodes), "count": len(other.nodes)}
                    for other in one.minorities
                ],
            }
            for one in report.drift
        ],
        "outliers": encode(report.outliers),
        "details": [_node(one) for one in report.nodes if one.state is not NodeState.OK],
        "unreadable": encode(report.unreadable),
        "duplicates": fold(report.duplicates),
        "unexpected": fold(one.name for one in report.nodes if not one.expected),
        "notes": list(report.notes),
        "steps": [{"purpose": one.purpose, "command": list(one.argv)} for one in report.steps],
        "seconds": round(report.seconds, 3),
    }


def _node(node: FleetNode) -> dict[str, Any]:
    return {
        "node": node.name,
        "state": node.state.value,
        "why": node.why,
        "causes": list(node.causes),
        "areas": dict(node.areas),
        "created": node.created,
        "dlcheck": node.version,
    }
