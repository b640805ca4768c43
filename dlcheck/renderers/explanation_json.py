"""An explanation as JSON: for a name, that rule or cause; without one, every rule and every cause."""

from __future__ import annotations

import json
from typing import Any

from dlcheck.model.cause import Cause
from dlcheck.model.codec import encode
from dlcheck.model.explanation import Explanation
from dlcheck.model.style import Style


def render(found: Explanation, style: Style) -> str:  # noqa: ARG001 - the interface of every format
    """One JSON document. Blanks of the fixes stay as they are, ``{python}`` for instance."""
    return json.dumps(document(found), indent=2, ensure_ascii=False) + "\n"


def document(found: Explanation) -> dict[str, Any]:
    """The document as JSON values."""
    return {
        "schema_version": 1,
        "dlcheck": found.version,
        "command": "explain",
        "created": found.created,
        "node": found.node,
        "exit_code": 0,
        "data_date": found.data_date,
        "asked": found.asked,
        "rules": encode(found.rules),
        "causes": [_cause(one) for one in found.causes],
    }


def _cause(cause: Cause) -> dict[str, Any]:
    values: dict[str, Any] = encode(cause)
    values["fixes"] = [{**one["fix"], "where": one["where"]} for one in values["fixes"]]
    return values
