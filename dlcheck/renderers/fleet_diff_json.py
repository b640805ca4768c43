"""What became of a fleet between two runs, as one JSON document."""

from __future__ import annotations

import json

from dlcheck.model.codec import encode
from dlcheck.model.fleet import FleetDiff
from dlcheck.model.style import Style


def render(diff: FleetDiff, style: Style) -> str:  # noqa: ARG001 - the interface of every format
    """The document: every changed node with its states, causes and facts."""
    values = encode(diff)
    head = {"schema_version": 1, "dlcheck": values.pop("version"), "command": "fleet diff"}
    return json.dumps(head | values, indent=2, ensure_ascii=False) + "\n"
