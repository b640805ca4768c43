"""What a reader gets: the cleaned text, its lines, and its "name: value" pairs, each worked out once."""

from __future__ import annotations

import functools

from dlcheck.readers.clean import clean

LONGEST_NAME = 60
NOTHING = frozenset(
    (
        *("", "n/a", "[n/a]", "none", "null", "unknown", "not found", "not available", "not applicable"),
        *("could not collect", "no cuda", "no relevant packages", "not installed", "[not supported]"),
        *("unknown error", "[unknown error]", "[gpu requires reset]"),
    )
)


class Paste:
    """A pasted text, cleaned."""

    def __init__(self, text: str) -> None:
        self.text = clean(text)

    def __contains__(self, literal: str) -> bool:
        return literal in self.text

    @functools.cached_property
    def lines(self) -> list[str]:
        """The cleaned lines."""
        return self.text.split("\n")

    @functools.cached_property
    def low(self) -> str:
        """The text in lower case."""
        return self.text.lower()

    @functools.cached_property
    def pairs(self) -> dict[str, list[str]]:
        """Values by name in lower case, for every line that reads "name: value"; list marks and quotes taken off."""
        found: dict[str, list[str]] = {}
        for line in self.lines:
            name, colon, value = line.partition(":")
            if not colon or len(name) > LONGEST_NAME + 40:
                continue
            name = name.strip(" \t-*#>`|\"'").lower()
            if name and len(name) <= LONGEST_NAME:
                found.setdefault(name, []).append(value.strip().strip("*`").strip())
        return found

    def value(self, *names: str) -> str | None:
        """The first value that says something, under any of the names (lower case)."""
        for name in names:
            for value in self.pairs.get(name, ()):
                said = something(value)
                if said:
                    return said
        return None

    def names(self, *names: str) -> bool:
        """Whether any of the names (lower case) stands before a colon."""
        return any(name in self.pairs for name in names)


def something(value: str | None) -> str | None:
    """The value, or None for the words that programs print where they know nothing."""
    if value is None:
        return None
    value = value.strip().strip(",").strip("\"'`").strip()
    return None if value.lower() in NOTHING else value
