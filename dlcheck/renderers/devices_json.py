"""The devices as JSON."""

from __future__ import annotations

import json
from typing import Any

from dlcheck.model.codec import encode
from dlcheck.model.device_table import DeviceRow, DeviceTable
from dlcheck.model.style import Style


def render(table: DeviceTable, style: Style) -> str:  # noqa: ARG001 - the interface of every format
    """One JSON document, as data/schemas/devices.json describes it."""
    return json.dumps(document(table), indent=2, ensure_ascii=False) + "\n"


def document(table: DeviceTable) -> dict[str, Any]:
    """The document as JSON values."""
    return {
        "schema_version": 1,
        "dlcheck": table.version,
        "command": "devices",
        "created": table.created,
        "node": table.node,
        "exit_code": 0,
        "target": {
            "python": table.target.python,
            "version": table.target.version,
            "chosen_by": table.target.chosen_by,
        },
        "versions": table.versions,
        "devices": [_row(row) for row in table.rows],
        "unknown": list(table.unknown),
    }


def _row(row: DeviceRow) -> dict[str, Any]:
    values: dict[str, Any] = encode(row)
    del values["driver_name"]
    if row.driver is not None or row.driver_name is not None:
        values["driver"] = {"name": row.driver_name, **(values["driver"] or {"reports": False})}
    return values
