"""Readers of pasted text: what a program printed becomes Facts. Pure functions; one file a source."""

from __future__ import annotations

from collections.abc import Callable

from dlcheck.model.facts import Facts
from dlcheck.readers import collect_env, nvidia_query, nvidia_table, packages, processor
from dlcheck.readers.merge import merge
from dlcheck.readers.paste import Paste

Reader = Callable[[Paste], Facts | None]

READERS: tuple[Reader, ...] = (
    collect_env.read,
    nvidia_query.read,
    nvidia_table.read,
    packages.read,
    processor.read,
)
"""In order of rank: where two speak of one thing, the earlier is believed."""


def read_all(text: str) -> Facts:
    """Everything the readers recognise in the text; what nobody spoke of stays Unknown. Never raises on any text."""
    paste = Paste(text)
    return merge(facts for reader in READERS if (facts := reader(paste)) is not None)
