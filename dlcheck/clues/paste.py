"""A pasted text as the clues see it: cleaned, in lower case, each line's white space made single, oversize cut."""

from __future__ import annotations

import bisect
import re

from dlcheck.clues.signature import Alternative, Expression, Signatures

Translations = tuple[tuple[str, str], ...]
"""Words of another language and the English ones that they stand for, in lower case."""

LONGEST_LINE = 3000
SHORT = 8
"""Up to so many lines, everything was pasted for a reason."""
HEAD, TAIL = 40_000, 80_000
"""Characters kept of a longer text: how it began, and how it ended, which is where most errors stand."""
COMPLAINTS = 30_000
"""Characters kept of its middle: the first lines that complain, for the first error explains the later ones."""
_BLANKS = re.compile(r"[ \t\xa0]+")
_QUOTES = str.maketrans("\u2018\u2019\u201a\u201c\u201d\u201e", "'''\"\"\"")
"""Typographic quotation marks, as word processors and some locales set them, to those that programs print."""


# Lines of a machine's description: what a program lists without a complaint. A tracker, a table, a package list, a dump.
_LISTED = re.compile(
    r"\[(?:pip|conda)\d*\]|[|+=-].*[|+=-]$|<[/?]?\w|[\w.+-]+ ?== ?\S+$|[\w.-]+ +\(?\d[\w.+!-]*\)?( [\w.+:/@-]+){0,3}$"
    r"|[a-z_][a-z0-9_]*(?:=| (?=/))\S*$|[a-z_][a-z0-9_]* is unset$"
    r"|\* (?:\[\d+\] _|intel\(r\)|intel_|level_zero)|ii +\S|[\w ()/#.,'+-]{2,48} ?: |\[ *\d+\.\d{3,6}\] |(?:lib|/)\S+$"
    r"|[\w()-]+( [\w()-]+){0,2}$|[\w ./()+-]{2,50} \.{2,} "
)
_COMPLAINS = re.compile(
    r"error|fail|cannot|can't|could ?n[o']t(?! collect)|unable|exception|traceback|not found|no such|denied|mismatch|incompatib"
    r"|crash|killed|unsupported|not supported|not available|not detect|invalid|warning|refus|hang|stuck|missing|broken|xid|nvrm"
    r"|^\w+(?:\.\w+)+: | -> | => |\bbad\b|corrupt|garbage|\bfix(?:ed|es)\b|solved|no module named|conflict|does not|doesn't"
    r"|not match|multiple versions|different|freez"
    r"|illegal|segmentation|core dumped|abort|assert|undefined|terminated|too old|reject|fallen|exhaust|out of memory|oom"
)
# What collect_env was asked for and did not find: the mere name of ROCm would read as a sign of it.
_ABSENT = re.compile(
    r"(?:rocm used to build pytorch|rocm version|hip runtime version|miopen runtime version|neuron sdk version) ?: "
    r"(?:n/a|none|could not collect)$"
)
# Lines that look like errors and decide nothing; they speak for no cause but that they are noise.
_NOISE = re.compile(
    r"unable to register cu\w+ (?:plugin )?factory|attempting to register factory|placer already registered"
    r"|one has already been registered"
    r"|tf-trt warning|could not find tensorrt|onednn custom operations|with the appropriate compiler flags|is optimized (?:to|with)"
    r"|setting ds_accelerator to \w+|\[warning\] (?:async_io|sparse_attn|gds|evoformer_attn|fp_quantizer|using untested triton)\b"
    r"|numa node|all log messages before absl|runtimewarning: 'torch\.utils\.collect_env'"
)


class View:
    """Lines of a text in lower case, joined, with the way back from a place to its line."""

    def __init__(self, lines: list[tuple[int, str]]) -> None:
        self.indices = [index for index, _ in lines]
        self.text = "\n".join(line for _, line in lines)
        self.flat = self.text.replace("\n", " ")
        self._starts = [0]
        for _, line in lines:
            self._starts.append(self._starts[-1] + len(line) + 1)

    def find(self, one: Alternative) -> int | None:
        """Index of the line where the pattern is first found."""
        if not one.possible(self.flat):
            return None
        match = one.compiled.search(self.text)
        if match is None or not self.indices:
            return None
        return self.indices[min(bisect.bisect_right(self._starts, match.start()) - 1, len(self.indices) - 1)]


class Paste:
    """The text, its lines, and which signs it shows. Every question is answered once."""

    def __init__(self, text: str, signatures: Signatures, foreign: Translations = ()) -> None:
        self.numbers: list[int] = []
        """Of each kept line, its number in the cleaned text, from 1."""
        self.shown: list[str] = []
        """Of each kept line, its words as they were pasted."""
        self.left_out = 0
        """Lines of the middle that were left out."""
        self._signs = signatures.signs
        self._seen: dict[tuple[str, bool], int | None] = {}
        self._keep(text)
        low = [_BLANKS.sub(" ", line.strip()).lower().translate(_QUOTES).replace("%2b", "+") for line in self.shown]
        low = _in_english(low, foreign)
        lines = [one for one in enumerate(low) if not _ABSENT.match(one[1])]
        self.whole = View(lines)
        listed = len(lines) > SHORT
        self.speech = View([one for one in lines if _speaks(one[1], listed=listed)])
        """Without the lines of a machine's description: where people and errors speak."""

    def _keep(self, text: str) -> None:
        """The lines without empty and repeated ones; of the middle of a very long text only what complains is kept."""
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
        complaints = [at for at in range(first, last) if _COMPLAINS.search(self.shown[at].lower())]
        complaints = complaints[: _fitting([self.shown[at] for at in complaints], COMPLAINTS)]
        self.left_out = last - first - len(complaints)
        self.shown[first:last] = [self.shown[at] for at in complaints]
        self.numbers[first:last] = [self.numbers[at] for at in complaints]

    def find(self, alternatives: tuple[Alternative, ...], view: View) -> int | None:
        """Index of the line where the first alternative that is found begins, None where none is."""
        for one in alternatives:
            line = self.sign(one.source, view) if one.sign else view.find(one)
            if line is not None:
                return line
        return None

    def sign(self, name: str, view: View | None = None) -> int | None:
        """Index of the line that shows the sign, None where none does. ``KeyError``: there is no such sign."""
        key = (name, view is self.speech)
        if key not in self._seen:
            self._seen[key] = None
            for expression in self._signs[name]:
                line = self.holds(expression, spoken=key[1])
                if line is not None:
                    self._seen[key] = line
                    break
        return self._seen[key]

    def holds(self, expression: Expression, *, spoken: bool = False) -> int | None:
        """Index of the line where the expression's pattern is found, None where it or a condition is not.

        ``spoken``: the pattern must be found where people and errors speak; conditions may stand anywhere.
        """
        line = self.find(expression.pattern, self.speech if spoken else self.whole)
        if line is None or any(self.find(one, self.whole) is None for one in expression.conditions):
            return None
        return line if self.find(expression.exceptions, self.whole) is None else None


def _in_english(lines: list[str], foreign: Translations) -> list[str]:
    """The lines with the systems' own messages in English, so that one signature hears them in every language."""
    whole = "\n".join(lines)
    for words, english in foreign:
        if words in whole:
            lines = [line.replace(words, english) for line in lines]
    return lines


def _speaks(line: str, *, listed: bool) -> bool:
    """Whether the line may speak for a cause; ``listed``: lines that merely describe a machine may not."""
    if _NOISE.search(line):
        return False
    return not listed or not _LISTED.match(line) or bool(_COMPLAINS.search(line))


def _fitting(lines: list[str], room: int) -> int:
    """How many of the first lines fit into that many characters."""
    for count, line in enumerate(lines):
        room -= len(line) + 1
        if room < 0:
            return count
    return len(lines)
