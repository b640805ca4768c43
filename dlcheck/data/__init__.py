"""What dlcheck knows and did not observe: causes, profiles, tables. The only reader of the files beside it."""

from __future__ import annotations

import functools
import json
import sys
from pathlib import Path
from typing import Any

from dlcheck.model.cause import Cause, CauseFix
from dlcheck.model.finding import Fix, Safety

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

DATA_DATE = "2026-11-22"
"""Day on which the tables were last held against their sources."""

FOLDER = Path(__file__).parent


def load(name: str) -> dict[str, Any]:
    """The parsed TOML file ``name`` of this folder."""
    with (FOLDER / name).open("rb") as stream:
        return tomllib.load(stream)


@functools.cache
def signature_files() -> tuple[tuple[str, str], ...]:
    """Name and text of every file of signatures. Their language, much faster to read than TOML, is clues/signature.py's."""
    return tuple((path.name, path.read_text("utf-8")) for path in sorted((FOLDER / "signatures").glob("*.txt")))


@functools.cache
def _terms() -> tuple[tuple[str, ...], dict[str, str]]:
    """The causes, and of each word what the file says: most of them are never asked for."""
    _, causes, *lines = (FOLDER / "terms.txt").read_text("utf-8").splitlines()
    return tuple(causes.split()), {word: told for word, _, told in (line.partition("\t") for line in lines)}


def term_weights(word: str) -> dict[str, float]:
    """The causes that a word speaks for, with its weight: clues/terms.py tells how they count."""
    causes, found = _terms()
    pairs = (one.partition(":") for one in found.get(word, "").split())
    return {causes[int(at)]: float(weight) for at, _, weight in pairs}


@functools.cache
def translations() -> tuple[tuple[str, str], ...]:
    """What systems and loaders say in other languages, each with the English wording. Lower case."""
    found: list[tuple[str, str]] = []
    english = ""
    for line in (FOLDER / "translations.txt").read_text("utf-8").splitlines():
        if line.startswith("  "):
            found.append((line.strip(), english))
        elif line and not line.startswith("#"):
            english = line
    return tuple(found)


@functools.cache
def cause_slugs() -> frozenset[str]:
    """Every slug of the public vocabulary. One file a cause, so that a run reads only those that it found."""
    return frozenset(path.stem for path in (FOLDER / "causes").glob("*.toml"))


@functools.cache
def cause(slug: str) -> Cause | None:
    """The catalogue's entry for a slug, None where there is none."""
    if slug not in cause_slugs():
        return None
    table = load(f"causes/{slug}.toml")
    return Cause(
        slug=slug,
        title=table["title"],
        family=table["family"],
        meaning=table["meaning"],
        why=table.get("why", ""),
        fixes=tuple(
            CauseFix(
                fix=Fix(
                    one["text"],
                    tuple(tuple(command) for command in one.get("commands", ())),
                    Safety(one.get("safety", "manual")),
                ),
                where=tuple(one.get("where", ())),
            )
            for one in table.get("fix", ())
        ),
        verify=tuple(table.get("verify", ())),
        links=tuple(table.get("links", ())),
        near=tuple(table.get("near", ())),
        explains=tuple(table.get("explains", ())),
        harmless=table.get("harmless", False),
        checked=table.get("checked", ""),
    )


def schema_names() -> tuple[str, ...]:
    """The documents whose JSON Schema is shipped, each named after the command that writes it."""
    return tuple(sorted(path.stem for path in (FOLDER / "schemas").glob("*.json")))


def schema(name: str) -> dict[str, Any]:
    """The JSON Schema of a document; ``name`` is one of ``schema_names()``."""
    found: dict[str, Any] = json.loads((FOLDER / "schemas" / f"{name}.json").read_text("utf-8"))
    return found
