"""What a reader gets: the cleaned text, its lines, and its "name: value" pairs, each worked out once."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator

from dlcheck.readers import layouts
from dlcheck.readers.clean import clean
from dlcheck.readers.pattern import Pattern

LONGEST_NAME = 60
NOTHING = frozenset(
    (
        *("", "n/a", "[n/a]", "none", "null", "unknown", "not found", "not available", "not applicable"),
        *("could not collect", "no cuda", "no relevant packages", "not installed", "[not supported]"),
        *("unknown error", "[unknown error]", "[gpu requires reset]"),
    )
)


FIELD = Pattern(r'"field"\s{0,4}:\s{0,4}"([^"\n]+)"\s{0,4},\s{0,20}"data"\s{0,4}:\s{0,4}"([^"\n]*)"')


LONG, REPEATS = 20_000, 64
"""Lines from which on a text is a log, and how often a line says the same in a row: no machine has more equal GPUs."""


class Paste:
    """A pasted text, cleaned."""

    def __init__(self, text: str) -> None:
        self.text = clean(text)
        if self.text.count("\n") > LONG:
            self.text = "\n".join(_without_repeats(self.text.split("\n")))

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
        """Values by name in lower case: lines "name: value", headings of markdown with the value below, lscpu's JSON,
        and the layouts of layouts.py.
        """
        found: dict[str, list[str]] = {}
        for line in self.lines:
            name, colon, value = line.partition(":")
            if not colon or len(name) > LONGEST_NAME + 40:
                continue
            name = name.strip(" \t-*#>`|\"'\u2022\U0001f917").lower()
            if name and len(name) <= LONGEST_NAME:
                found.setdefault(name, []).append(value.strip(" \t*`|").rstrip(","))
        if "\n#" in self.text or self.text.startswith("#"):
            self._add_headings(found)
        if '"field"' in self.text and '"data"' in self.text:
            for name, value in FIELD.rows(self.text):
                found.setdefault(name.strip().rstrip(":").lower(), []).append(value)
        for name, value in layouts.pairs(self.text, self.lines):
            found.setdefault(name, []).append(value)
        return found

    def _add_headings(self, found: dict[str, list[str]]) -> None:
        """The forms of trackers write "### TensorFlow version", an empty line, and the answer."""
        lines = self.lines
        for at, line in enumerate(lines):
            if line.startswith("##") and ":" not in line:
                below = next((one.strip() for one in lines[at + 1 : at + 4] if one.strip()), "")
                if below and not below.startswith("#"):
                    found.setdefault(line.strip("# *").lower(), []).append(below)

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


def _without_repeats(lines: list[str]) -> Iterator[str]:
    """The lines, of a long run of equal ones the first few."""
    for _, equal in itertools.groupby(lines):
        yield from itertools.islice(equal, REPEATS)
