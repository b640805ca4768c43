r"""The language of data/signatures/*.txt, and the clues that it holds.

A file is read line by line; ``#`` begins a comment line.

    @sign  EXPRESSION          one more way to see the sign (several lines: any of them)
    [cause-slug]               the lines that follow speak for this cause
    beats: slug slug           causes that this one is told apart from, and wins over where both are found
    80 EXPRESSION              a clue with its weight, 1 to 99: the confidence where nothing else is known

An EXPRESSION is ``PATTERN && CONDITION && CONDITION !! EXCEPTION``, each an alternation at whose top level a name such
as ``@wsl`` stands for a sign. The clue speaks where the pattern is found, every condition too, and no exception. Patterns
are regular expressions, in lower case because the text is. A blank stands for any white space, the end of a line
included; ``.*`` stays on its line and is bounded, so that no text takes long.

A pattern is compiled only when one of the literals that it cannot do without is in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

_TOKEN = re.compile(r"\\.|\[(?:\\.|[^\]\\])+\]|\(\?(?:<?[=!]|:)|[()|]|[^\\\[()|]+")
_HEADER = re.compile(r"\[([a-z0-9-]+)\]")
_BREAK = re.compile(r".(?:[?*]|\{\d*,?\d*\})|[.^$+]")
_ESCAPED = re.compile(r"\\([^\w])")
REACH = "{0,300}"


@dataclass(slots=True)
class Alternative:
    """One way of a pattern: a sign's name, or a regular expression with the literals of which one must be there."""

    source: str
    sign: bool = False
    _literals: tuple[str, ...] | None = None
    _compiled: re.Pattern[str] | None = None

    @property
    def literals(self) -> tuple[str, ...]:
        """Literals of which the text must hold one; empty where none can be named."""
        if self._literals is None:
            self._literals = required(self.source)
        return self._literals

    @property
    def compiled(self) -> re.Pattern[str]:
        """The regular expression, compiled at its first use."""
        if self._compiled is None:
            self._compiled = re.compile(_spaced(self.source), re.MULTILINE)
        return self._compiled


@dataclass(frozen=True, slots=True)
class Expression:
    """A pattern with its conditions and exceptions, each a tuple of alternatives."""

    pattern: tuple[Alternative, ...]
    conditions: tuple[tuple[Alternative, ...], ...] = ()
    exceptions: tuple[Alternative, ...] = ()


@dataclass(frozen=True, slots=True)
class Clue:
    """An expression that speaks for a cause with a weight between 0 and 1."""

    cause: str
    weight: float
    expression: Expression
    place: str
    """File and line of the clue, for the person who edits it."""


@dataclass(slots=True)
class Signatures:
    """All that the files say."""

    signs: dict[str, list[Expression]] = field(default_factory=dict)
    clues: list[Clue] = field(default_factory=list)
    beats: dict[str, tuple[str, ...]] = field(default_factory=dict)


def parse(files: Iterable[tuple[str, str]]) -> Signatures:
    """The signatures of ``(name, text)`` files. ``ValueError`` names the file and line that is no such thing."""
    found = Signatures()
    cause = ""
    for name, text in files:
        for number, line in enumerate(text.split("\n"), 1):
            place = f"{name}:{number}"
            if not line or line[0] == "#":
                continue
            if line[0] == "@":
                sign, _, rest = line[1:].partition(" ")
                found.signs.setdefault(sign, []).append(_expression(rest.strip()))
            elif header := _HEADER.fullmatch(line.rstrip()):
                cause = header[1]
            elif line.startswith("beats:"):
                found.beats[cause] = (*found.beats.get(cause, ()), *line[6:].split())
            else:
                weight, _, rest = line.partition(" ")
                if not weight.isdigit() or not rest or not cause:
                    raise ValueError(f"{place}: a sign, a cause, beats: or a weight is expected")
                found.clues.append(Clue(cause, int(weight) / 100, _expression(rest.strip()), place))
    return found


def _expression(text: str) -> Expression:
    text, _, exceptions = text.partition(" !! ")
    pattern, *conditions = text.split(" && ")
    return Expression(
        alternatives(pattern.strip()),
        tuple(alternatives(one.strip()) for one in conditions),
        alternatives(exceptions.strip()) if exceptions else (),
    )


def alternatives(pattern: str) -> tuple[Alternative, ...]:
    """The alternatives of a pattern's top level."""
    return tuple(Alternative(one[1:], sign=True) if one[0] == "@" else Alternative(one) for one in _split(pattern))


def _split(pattern: str) -> Iterator[str]:
    if "|" not in pattern:
        yield pattern
        return
    if "(" not in pattern and "[" not in pattern and "\\|" not in pattern:
        yield from filter(None, pattern.split("|"))
        return
    depth = start = end = 0
    for token in _TOKEN.finditer(pattern):
        text, end = token[0], token.end()
        if text[0] == "(":
            depth += 1
        elif text == ")":
            depth -= 1
        elif text == "|" and depth == 0:
            if token.start() > start:
                yield pattern[start : token.start()]
            start = end
    if end > start:
        yield pattern[start:end]


def required(pattern: str) -> tuple[str, ...]:
    """Literals of which every text that the pattern matches holds one; empty where none is long enough to help."""
    best: tuple[str, ...] = ()
    tokens = list(_TOKEN.finditer(pattern))
    at = 0
    run = ""
    pieces: list[tuple[str, ...]] = []
    while at < len(tokens):
        text = tokens[at][0]
        if text[0] == "(":
            close = _closing(tokens, at)
            inside = pattern[tokens[at].end() : tokens[close].start()]
            follows = pattern[tokens[close].end() : tokens[close].end() + 2]
            if text[1:3] not in ("?=", "?!", "?<") and follows[:1] not in ("?", "*") and follows != "{0":
                found = [required(one) for one in _split(inside)]
                if found and all(found):
                    pieces.append(tuple(literal for one in found for literal in one))
            pieces.extend(_literals(run))
            run = ""
            at = close + 1
            continue
        run += text if text[0] != "[" else "\\w"
        at += 1
    pieces.extend(_literals(run))
    for piece in pieces:
        if min(map(len, piece)) >= 3 and (not best or min(map(len, piece)) > min(map(len, best))):
            best = piece
    return best


def _closing(tokens: list[re.Match[str]], at: int) -> int:
    depth = 0
    for place in range(at, len(tokens)):
        text = tokens[place][0]
        depth += (text[0] == "(") - (text == ")")
        if depth == 0:
            return place
    return len(tokens) - 1


def _literals(run: str) -> list[tuple[str, ...]]:
    """The literal stretches of a stretch of pattern without groups."""
    plain = re.sub(r"\\[^\w](?=[?*{])", "\0", run)
    plain = re.sub(r"\\[\w]", "\0", plain)
    plain = _BREAK.sub("\0", _ESCAPED.sub(lambda match: "\0" if match[1] in ".^$+?*{" else match[1], plain))
    return [(part,) for part in plain.split("\0") if part]


def _spaced(pattern: str) -> str:
    return pattern.replace(".*", "." + REACH).replace("[^\\0]*", "[^\\0]{0,2000}").replace(" ", "\\s")
