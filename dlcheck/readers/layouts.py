"""Layouts that put no "name: value" on a line of its own, read into the same pairs: tables of two columns between rules
or in markdown, dotted leaders, lists joined by bullets, a logo beside the lines, dictionaries as Python prints them, and the
tables of clinfo and of Windows' wmic and CIM.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dlcheck.readers.pattern import Pattern

Pair = tuple[str, str]

RULES = Pattern(r"^[ \t]*-{3,}[ \t]{1,4}-{3,}[ \t]*$", re.MULTILINE, needs="--- ")
DOTTED = Pattern(r"^[ \t]*([\w(][\w /().-]{2,50}?)[ \t]*\.{3,}[ \t]*(\S[^\n]*)$", re.MULTILINE, needs="....")
BULLET = re.compile(r"\s[\u2022\u00b7|]\s")
BESIDE_LOGO = Pattern(
    r"[ \t]{2,}(OS|Host|Kernel|CPU|GPU(?: \d)?|Memory|Uptime|Shell|Packages|Disk \([^)\n]+\)): (\S[^\n]*)$",
    re.MULTILINE,
    needs="Kernel: ",
)
TABLE_RULE = Pattern(r"^[ \t]*\|?[ \t]*:?-{3,}:?[ \t]*\|[ \t]*:?-{3,}:?[ \t]*\|?[ \t]*$", re.MULTILINE, needs="|")
LITERAL = Pattern(
    r"""[({,][ \t]*['"]([A-Za-z_][\w. ]{2,40})['"][ \t]*[,:][ \t]*(?:['"]([^'"\n]{1,120})['"]|(True|False|[\d.]+)\b)""",
    needs=("{'", '{"', "(['", "[('"),
)
"""What Python prints of a dictionary or an OrderedDict, and JSON on one line."""
CLINFO = Pattern(r"^[ \t]{2,4}([A-Z][\w ()/.-]{3,45}?)[ \t]{3,}(\S[^\n]*)$", re.MULTILINE, needs="Number of platforms")
ASKED_WINDOWS = ("wmic ", "Get-CimInstance", "Get-WmiObject", "gwmi ")
COLUMN = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:\s{2,}|$)")
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
LONGEST, MOST_ROWS, MOST_LITERALS = 200, 64, 200


def pairs(text: str, lines: list[str]) -> Iterator[Pair]:
    """Name, in lower case, and value of what these layouts hold."""
    if RULES.search(text):
        yield from _between_rules(lines)
    for name, value in DOTTED.rows(text):
        yield name.strip().lower(), value.strip()
    if "\u2022" in text or " | " in text:
        yield from _joined(lines)
    beside = BESIDE_LOGO.rows(text)
    if len(beside) > 2:
        yield from ((name.lower(), value.strip()) for name, value in beside)
    if TABLE_RULE.search(text):
        yield from _markdown(lines)
    for name, value, bare in LITERAL.rows(text)[:MOST_LITERALS]:
        yield name.lower(), value or bare
    yield from ((name.strip().lower(), value.strip()) for name, value in CLINFO.rows(text)[:MOST_LITERALS])
    if any(words in text for words in ASKED_WINDOWS):
        yield from _windows_tables(lines)


def _between_rules(lines: list[str]) -> Iterator[Pair]:
    """Rows between two rules of dashes: the second column begins where the second dashes begin."""
    column = 0
    for line in lines:
        if RULES.match(line):
            column = 0 if column else line.index("-", line.index(" ", line.index("-")))
        elif column and line[:column].strip() and line[column:].strip() and line[column - 1 : column].isspace():
            yield line[:column].strip().lower(), line[column:].strip()


def _markdown(lines: list[str]) -> Iterator[Pair]:
    """Rows of a table of two columns below its rule."""
    inside = False
    for line in lines:
        if TABLE_RULE.match(line):
            inside = True
        elif inside:
            cells = [cell.strip(" *`") for cell in line.strip().strip("|").split("|")]
            inside = "|" in line
            if len(cells) == 2 and all(cells):
                yield cells[0].lower(), cells[1]


def _joined(lines: list[str]) -> Iterator[Pair]:
    """Three pairs or more on one line, as in the feet of pages: "version: 1.7 \u2022 python: 3.10.6 \u2022 torch: 2.0"."""
    for line in lines:
        if len(line) > 2 * LONGEST or line[:1] in "|+":
            continue
        parts = BULLET.split(line)
        if len(parts) > 2 and all(": " in part for part in parts):
            for part in parts:
                name, _, value = part.partition(": ")
                yield name.strip().lower(), value.strip()


def _windows_tables(lines: list[str]) -> Iterator[Pair]:
    """A heading of CamelCase words, and below each, from the same column on, its values."""
    heads: list[tuple[int, str]] = []
    rows = 0
    for line in lines:
        if not line.strip():
            heads = heads if heads and not rows else []
            continue
        if heads and rows < MOST_ROWS and not line.startswith("---"):
            rows += 1
            ends = [start for start, _ in heads[1:]] + [LONGEST]
            for (start, name), end in zip(heads, ends, strict=True):
                if value := line[start:end].strip():
                    yield name, value
        elif not heads and "".join(COLUMN.findall(line)) == line and line[0].isupper():
            heads = [(match.start(), CAMEL.sub(" ", match[0].strip()).lower()) for match in COLUMN.finditer(line)]
            rows = 0
