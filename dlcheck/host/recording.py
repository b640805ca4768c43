"""Facts kept in a file, to be judged on another day or another machine."""

from __future__ import annotations

import json

from dlcheck.model.codec import DecodeError, decode, encode
from dlcheck.model.errors import DlcheckError
from dlcheck.model.fact import Unknown
from dlcheck.model.facts import Facts
from dlcheck.model.redact import mask_report
from dlcheck.model.report import Report, Target

SCHEMA_VERSION = 1
LIMIT = 64_000_000
"""Bytes; the facts of a machine with many packages are a few hundred thousand."""


def read(path: str) -> Facts:
    """The facts in a file that --save-facts or --format json wrote; anything else is wrong use."""
    try:
        with open(path, encoding="utf-8") as stream:
            text = stream.read(LIMIT + 1)
    except OSError as error:
        raise DlcheckError(f"cannot read {path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise DlcheckError(f"{path} is no text in UTF-8") from error
    if len(text) > LIMIT:
        raise DlcheckError(f"{path} is larger than {LIMIT // 1_000_000} MB")
    try:
        document = json.loads(text)
        if isinstance(document, dict) and isinstance(document.get("facts"), dict):
            if document.get("schema_version", SCHEMA_VERSION) != SCHEMA_VERSION:
                raise DecodeError(
                    f"schema version {document['schema_version']!r}, and this dlcheck knows {SCHEMA_VERSION}"
                )
            document = document["facts"]
        facts = decode(Facts, document, "facts")
        if facts == Facts():
            raise DecodeError("nothing in it is known of a machine")
        return facts
    except (ValueError, RecursionError) as error:
        what = str(error) if isinstance(error, DecodeError) else "it is no JSON document"
        raise DlcheckError(f"{path} holds no facts: {what}", "dlcheck doctor --save-facts FILE writes them.") from error


def write(report: Report) -> str:
    """The document of --save-facts, secrets masked: it is made to be sent to somebody."""
    report = mask_report(report)
    head = {"schema_version": SCHEMA_VERSION, "dlcheck": report.version, "command": "facts", "created": report.created}
    return json.dumps({**head, "node": report.node, "facts": encode(report.facts)}, indent=1, ensure_ascii=False)


def target_of(facts: Facts) -> Target:
    """The interpreter that recorded facts are about."""
    python = None if isinstance(facts.python, Unknown) else facts.python
    return Target(
        python=(python.executable if python else None) or "python",
        chosen_by="--facts",
        environment=python.prefix if python else None,
    )
