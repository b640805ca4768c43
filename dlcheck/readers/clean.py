"""Takes off what terminals, mail, trackers and CI put around a text, so that readers see what the program printed.

Every step looks for a cheap literal first, works in one pass without backtracking, and keeps the number of lines: line
12 of the cleaned text is line 12 of what was pasted.
"""

from __future__ import annotations

import functools
import re

from dlcheck.readers.pattern import Pattern

ESCAPE = Pattern(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)?|[_PX^][^\x07\x1b\n]*(?:\x07|\x1b\\)?|[()][0-9A-Za-z]|[@-Z\\-_=>])"
)
BARE_ESCAPE = Pattern(r"(?:\^\[|\\(?:x1b|033|e|u001b))\[[0-9;]{0,20}[mK]")
CONTROL = Pattern(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b\u200c\u200e\u200f\u2060\ufeff]")
BACKSPACE = Pattern(r"[^\n\x08]\x08")
QUOTE = Pattern(r"^(?:[ \t]{0,3}>[ \t]?){1,6}", re.MULTILINE, needs=">")
BUILDKITE = Pattern(r"^_bk;t=\d{10,16}", re.MULTILINE)
TIME = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?"
STAMP = Pattern(
    rf"^(?:[^\t\n]{{1,60}}\t[^\t\n]{{0,60}}\t)?(?:\[?{TIME}\]?(?:[ \t](?:\d\d[OE]|[OE]\d\d)[+ ]?)?"
    r"|\[\d\d:\d\d:\d\d(?:[.,]\d+)?\]|\d\d:\d\d:\d\d[.,]\d{3})(?![:\d])[ \t]{0,2}",
    re.MULTILINE,
)
"""Time stamps of GitHub Actions (with its job and step), GitLab, Azure, Jenkins, and logs of containers. TensorFlow's
own stamp, which a colon follows, belongs to its message and stays."""
BUILD = Pattern(r"^#\d{1,3} \d{1,5}\.\d{1,3} ", re.MULTILINE, needs="#")
COMPOSE = Pattern(r"^[\w.-]{1,40} {0,20}\| ?", re.MULTILINE, needs="|")
GUTTER = Pattern(r"^[ \t]{0,8}(\d{1,6})(?:[ \t]*[|│→][ \t]?|:[ \t]|\t|$)", re.MULTILINE)
FENCE = Pattern(r"^[ \t]*(?:```|~~~)[\w+.{}= -]{0,40}$", re.MULTILINE)
ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#39;", "'"), ("&nbsp;", " "), ("&amp;", "&"))
WIDE = str.maketrans({"\uff1a": ":", "\u3000": " ", "\u2007": " ", "\u202f": " ", "\uff08": "(", "\uff09": ")"})


LONGEST = 12000
"""No program prints a longer line that tells of a machine; base64 and minified pages do."""


@functools.lru_cache(maxsize=4)
def clean(text: str) -> str:
    """The text without byte order mark, carriage returns, colours, quote marks, time stamps, gutters and fences.

    The last few are kept: whoever diagnoses a text cleans it for the clues and again for the facts.
    """
    text = _characters(text)
    lines = text.split("\n")
    lines = [line.rstrip() for line in lines]
    if max(map(len, lines)) > LONGEST:
        lines = [line[:LONGEST] for line in lines]
    text = "\n".join(lines)
    for pattern in (QUOTE, STAMP, BUILD, QUOTE):
        if pattern.search(text):
            lines = _strip_where_usual(lines, pattern)
            text = "\n".join(lines)
    if COMPOSE.search(text):
        lines = _strip_service(lines)
    if GUTTER.search(text):
        lines = _strip_numbers(lines)
    if "```" in text or "~~~" in text:
        lines = ["" if FENCE.match(line) else line for line in lines]
    return "\n".join(lines)


def _characters(text: str) -> str:
    """Line ends, escape sequences, characters without a width, blanks and colons of other scripts."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\x08" in text:
        text = BACKSPACE.sub("", text)
    if "\x1b" in text:
        text = ESCAPE.sub("", text)
    if "[" in text and BARE_ESCAPE.search(text):
        text = BARE_ESCAPE.sub("", text)
    if "\x00" in text or not text.isprintable():
        text = CONTROL.sub("", text)
    if "_bk;t=" in text:
        text = BUILDKITE.sub("", text)
    if not text.isascii():
        text = text.translate(WIDE)
        if text.count("\u00a0") > text.count("\n") // 2:
            text = text.replace("\u00a0", " ")
    if "&" in text:
        for entity, sign in ENTITIES:
            text = text.replace(entity, sign)
    return text


def _strip_where_usual(lines: list[str], pattern: Pattern) -> list[str]:
    """Without the prefix, in every run of lines of which half carry it: a lone "> " or date is the program's own."""
    cut = [pattern.match(line) for line in lines]
    if not any(cut):
        return lines
    out = list(lines)
    for start, end in _paragraphs(lines):
        matches = [(at, match) for at in range(start, end) if (match := cut[at])]
        if 2 * len(matches) >= end - start:
            for at, match in matches:
                out[at] = lines[at][match.end() :]
    return out


def _strip_numbers(lines: list[str]) -> list[str]:
    """Without the line numbers of an editor or a listing: four lines or more, each one more than the one before."""
    out = list(lines)
    run: list[int] = []
    number = 0
    before = ""
    for at, line in enumerate((*lines, "")):
        if line == before and len(run) < 2:  # nothing new: whatever begins here began with the line before
            continue
        before = line
        match = GUTTER.match(line)
        if match and run and int(match[1]) == number + 1:
            run.append(match.end())
            number += 1
            continue
        if len(run) >= 4:
            for place, end in enumerate(run, at - len(run)):
                out[place] = lines[place][end:]
        run.clear()
        if match:
            run.append(match.end())
            number = int(match[1])
    return out


def _strip_service(lines: list[str]) -> list[str]:
    """Without the service's name that docker compose puts before each line; it is the same in a whole run."""
    out = list(lines)
    for start, end in _paragraphs(lines):
        match = COMPOSE.match(lines[start])
        if match and end - start >= 3 and all(lines[at].startswith(match[0].rstrip()) for at in range(start, end)):
            for at in range(start, end):
                out[at] = lines[at][match.end() :]
    return out


def _paragraphs(lines: list[str]) -> list[tuple[int, int]]:
    """Runs of lines without an empty one, as (first, one past the last)."""
    runs: list[tuple[int, int]] = []
    start = None
    for at, line in enumerate(lines):
        if line and start is None:
            start = at
        elif not line and start is not None:
            runs.append((start, at))
            start = None
    if start is not None:
        runs.append((start, len(lines)))
    return runs
