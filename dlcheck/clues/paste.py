"""A pasted text as the clues see it: cleaned, in lower case, each line's white space made single, oversize cut."""

from __future__ import annotations

import bisect
import re

from dlcheck.clues.signature import Alternative, Expression, Signatures

LONGEST_LINE = 3000
HEAD, TAIL = 60_000, 120_000
"""Characters kept of a longer text: how it began, and how it ended, which is where most errors stand."""
_BLANKS = re.compile(r"[ \t\xa0]+")


class Paste:
    """The text, its lines, and which signs it shows. Every question is answered once."""

    def __init__(self, text: str, signatures: Signatures) -> None:
        self.numbers: list[int] = []
        """Of each kept line, its number in the cleaned text, from 1."""
        self.shown: list[str] = []
        """Of each kept line, its words as they were pasted."""
        self._signs = signatures.signs
        self._seen: dict[str, int | None] = {}
        self._keep(text)
        self.text = "\n".join(_BLANKS.sub(" ", line.strip()).lower() for line in self.shown)
        self.flat = self.text.replace("\n", " ")
        self._starts = [0]
        for line in self.text.split("\n"):
            self._starts.append(self._starts[-1] + len(line) + 1)

    def _keep(self, text: str) -> None:
        """The lines without empty and repeated ones; the middle of a very long text is left out."""
        seen: set[str] = set()
        total = 0
        for number, line in enumerate(text.split("\n"), 1):
            words = line.strip()[:LONGEST_LINE]
            if not words or words in seen:
                continue
            seen.add(words)
            self.numbers.append(number)
            self.shown.append(words)
            total += len(words) + 1
        if total <= HEAD + TAIL:
            return
        first = _fitting(self.shown, HEAD)
        last = len(self.shown) - _fitting(self.shown[first:][::-1], TAIL)
        self.shown[first:last] = []
        self.numbers[first:last] = []

    def line_at(self, offset: int) -> int:
        """Index of the kept line that holds the offset."""
        return min(bisect.bisect_right(self._starts, offset) - 1, len(self.shown) - 1)

    def find(self, alternatives: tuple[Alternative, ...]) -> int | None:
        """Index of the line where the first alternative that is found begins, None where none is."""
        for one in alternatives:
            if one.sign:
                line = self.sign(one.source)
                if line is not None:
                    return line
                continue
            literals = one.literals
            if literals and not any(literal in self.flat for literal in literals):
                continue
            match = one.compiled.search(self.text)
            if match:
                return self.line_at(match.start())
        return None

    def sign(self, name: str) -> int | None:
        """Index of the line that shows the sign, None where none does. ``KeyError``: there is no such sign."""
        if name not in self._seen:
            self._seen[name] = None
            for expression in self._signs[name]:
                line = self.holds(expression)
                if line is not None:
                    self._seen[name] = line
                    break
        return self._seen[name]

    def holds(self, expression: Expression) -> int | None:
        """Index of the line where the expression's pattern is found, None where it or a condition is not."""
        line = self.find(expression.pattern)
        if line is None or any(self.find(one) is None for one in expression.conditions):
            return None
        return line if self.find(expression.exceptions) is None else None


def _fitting(lines: list[str], room: int) -> int:
    """How many of the first lines fit into that many characters."""
    for count, line in enumerate(lines):
        room -= len(line) + 1
        if room < 0:
            return count
    return len(lines)
