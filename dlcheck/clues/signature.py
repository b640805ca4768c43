r"""The language of data/signatures/*.txt, and the clues that it holds.

A file is read line by line; ``#`` begins a comment line.

    @sign  EXPRESSION          one more way to see the sign (several lines: any of them)
    [cause-slug]               the lines that follow speak for this cause
    beats: slug slug           causes that this one is told apart from, and wins over where both are found
    80 EXPRESSION              a clue with its weight, 1 to 99: the confidence where nothing else is known
    60~ EXPRESSION             a clue that counts only where people or errors speak, not in a machine's description

An EXPRESSION is ``PATTERN && CONDITION && CONDITION !! EXCEPTION``, each an alternation at whose top level a name such
as ``@wsl`` stands for a sign. The clue speaks where the pattern is found, every condition too, and no exception. Patterns
are regular expressions, in lower case because the text is. A blank stands for any white space, the end of a line
included; ``.*`` stays on its line and is bounded, so that no text takes long.

A pattern is compiled only when one of the literals that it cannot do without is in the text.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

_TOKEN = re.compile(r"\\.|\[(?:\\.|[^\]\\])+\]|\(\?(?:<?[=!]|:)|[()|]|[^\\\[()|]+")
_HEADER = re.compile(r"\[([a-z0-9-]+)\]")
_LITERAL = re.compile(r"\\\w|\{[^}]*\}|((?:\\[^\w](?![?*{])|[^\\.^$+?*{}|](?![?*{]))+)")
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyz0123456789 _-/:,;='\"`<>@!%&#~")
REACH = "{0,300}"
SHORTEST, ENOUGH = 3, 5
"""Characters of a literal that helps at all, and of one beside which no better is looked for."""


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
            self._literals = (self.source,) if _PLAIN.issuperset(self.source) else required(self.source)
        return self._literals

    @property
    def compiled(self) -> re.Pattern[str]:
        """The regular expression, compiled at its first use. ASCII: a word ends where Chinese or Japanese text begins."""
        if self._compiled is None:
            self._compiled = re.compile(_spaced(self.source), re.MULTILINE | re.ASCII)
        return self._compiled


class Expression:
    """A pattern with its conditions and exceptions, each a tuple of alternatives; taken apart when they are asked for."""

    def __init__(self, source: str) -> None:
        required_part, _, self._exceptions = source.partition(" !! ")
        self._pattern, *self._conditions = required_part.split(" && ")

    @functools.cached_property
    def pattern(self) -> tuple[Alternative, ...]:
        """What must be found first; the line where it begins is the line that spoke."""
        return alternatives(self._pattern.strip())

    @functools.cached_property
    def conditions(self) -> tuple[tuple[Alternative, ...], ...]:
        """What must be found too, anywhere."""
        return tuple(alternatives(one.strip()) for one in self._conditions)

    @functools.cached_property
    def exceptions(self) -> tuple[Alternative, ...]:
        """What must be found nowhere."""
        return alternatives(self._exceptions.strip()) if self._exceptions else ()


@dataclass(frozen=True, slots=True)
class Clue:
    """An expression that speaks for a cause with a weight between 0 and 1."""

    cause: str
    weight: float
    expression: Expression
    place: str
    """File and line of the clue, for the person who edits it."""
    spoken: bool = False
    """Whether it counts only where people or errors speak."""


@dataclass(slots=True)
class Signatures:
    """All that the files say."""

    signs: dict[str, list[Expression]] = field(default_factory=dict)
    clues: list[Clue] = field(default_factory=list)
    beats: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def causes(self) -> frozenset[str]:
        """Every cause that a clue speaks for."""
        return frozenset(clue.cause for clue in self.clues)


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
                found.signs.setdefault(sign, []).append(Expression(rest))
            elif header := _HEADER.fullmatch(line.rstrip()):
                cause = header[1]
            elif line.startswith("beats:"):
                found.beats[cause] = (*found.beats.get(cause, ()), *line[6:].split())
            else:
                weight, _, rest = line.partition(" ")
                figure = weight.rstrip("~")
                if not figure.isdigit() or not rest or not cause:
                    raise ValueError(f"{place}: a sign, a cause, beats: or a weight is expected")
                found.clues.append(Clue(cause, int(figure) / 100, Expression(rest), place, figure != weight))
    return found


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
    flat, groups = _outside(pattern)
    best = max(_literals(flat), key=len, default="")
    if len(best) >= ENOUGH or not groups:
        return (best,) if len(best) >= SHORTEST else ()
    found: tuple[str, ...] = (best,) if len(best) >= SHORTEST else ()
    for group in groups:
        inside = [required(one) for one in _split(group)]
        if inside and all(inside):
            literals = tuple(literal for one in inside for literal in one)
            if not found or min(map(len, literals)) > min(map(len, found)):
                found = literals
    return found


def _outside(pattern: str) -> tuple[str, list[str]]:
    """The pattern without its groups and classes, and the inner sides of the groups that must be there."""
    if "(" not in pattern and "[" not in pattern:
        return pattern, []
    tokens = list(_TOKEN.finditer(pattern))
    flat: list[str] = []
    groups: list[str] = []
    at = 0
    while at < len(tokens):
        text = tokens[at][0]
        if text[0] == "(":
            close = _closing(tokens, at)
            follows = pattern[tokens[close].end() : tokens[close].end() + 2]
            if text[1:3] not in ("?=", "?!", "?<") and follows[:1] not in ("?", "*") and follows != "{0":
                groups.append(pattern[tokens[at].end() : tokens[close].start()])
            at = close
        flat.append("\\w" if text[0] in "([" else text)
        at += 1
    return "".join(flat), groups


def _closing(tokens: list[re.Match[str]], at: int) -> int:
    depth = 0
    for place in range(at, len(tokens)):
        text = tokens[place][0]
        depth += (text[0] == "(") - (text == ")")
        if depth == 0:
            return place
    return len(tokens) - 1


def _literals(flat: str) -> list[str]:
    """The literal stretches of a pattern without groups and classes."""
    found = filter(None, _LITERAL.findall(flat))
    return [one.replace("\\", "") if "\\" in one else one for one in found]


def _spaced(pattern: str) -> str:
    return pattern.replace(".*", "." + REACH).replace("[^\\0]*", "[^\\0]{0,2000}").replace(" ", "\\s")
