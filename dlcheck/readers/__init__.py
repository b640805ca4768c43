"""Readers of pasted text: what a program printed becomes Facts. Pure functions; one file a source."""

from __future__ import annotations

from collections.abc import Callable

from dlcheck.model.facts import Facts
from dlcheck.readers import (
    amd,
    apple,
    banners,
    collect_env,
    conda_info,
    intel,
    inventories,
    kernel_log,
    memory,
    nvidia_query,
    nvidia_table,
    nvidia_tools,
    operating_system,
    packages,
    pci_list,
    processor,
    remainder,
    reports,
    sessions,
    tensorflow_log,
    tracebacks,
    variables,
)
from dlcheck.readers.merge import join, merge
from dlcheck.readers.paste import Paste

Reader = Callable[[Paste], Facts | None]

READERS: tuple[Reader, ...] = (
    collect_env.read,
    nvidia_query.read,
    nvidia_table.read,
    nvidia_tools.read,
    amd.read,
    intel.read,
    apple.read,
    packages.read,
    conda_info.read,
    processor.read,
    operating_system.read,
    memory.read,
    pci_list.read,
    kernel_log.read,
    tensorflow_log.read,
    reports.read,
    banners.read,
    sessions.read,
    variables.read,
    tracebacks.read,
    inventories.read,
)
"""In order of rank: where two speak of one thing, the earlier is believed."""


def read_all(text: str) -> Facts:
    """Everything the readers recognise in the text; what nobody spoke of stays Unknown. Never raises on any text."""
    paste = Paste(text)
    facts = merge(found for reader in READERS if (found := _read(reader, paste)) is not None)
    rest = _read(remainder.read, paste)
    return join(facts, remainder.unsaid(rest, facts)) if rest else facts


def _read(reader: Reader, paste: Paste) -> Facts | None:
    """A reader that trips over a text it half understands must not cost what the others read; a note tells of it."""
    try:
        return reader(paste)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        return Facts(
            notes={f"reader failed: {reader.__module__.rpartition('.')[2]}": f"{type(error).__name__}: {error}"}
        )
