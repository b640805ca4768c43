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

A pattern is compiled only when the literals that it cannot do without are in the text.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

_HEADER = re.compile(r"\[([a-z0-9-]+)\]")
_CLASS = r"\[(?:\\.|[^\]\\])+\]"
_GROUP = r"\((?:[^()\[\\]|\\.|" + _CLASS + r"|GROUP)*\)"
for _ in range(2):  # groups four deep, which is as deep as a person can still read
    _GROUP = _GROUP.replace("GROUP", _GROUP)
_GROUP = _GROUP.replace("|GROUP", "")
_ALTERNATIVE = re.compile(rf"(?:[^|\\\[(]|\\.|{_CLASS}|{_GROUP})+")
_LITERAL = re.compile(rf"\\\w|\{{[^}}]*\}}|{_CLASS}|{_GROUP}|((?:\\[^\w](?![?*{{])|[^\\.^$+?*{{}}|\[(](?![?*{{]))+)")
_ESCAPED = re.compile(r"\\(.)")
_GROUPS = re.compile(rf"\\.|{_CLASS}|({_GROUP})([?*]|\{{0)?")
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyz0123456789 _-/:,;='\"`<>@!%&#~")
REACH = "{0,300}"
SHORTEST, ENOUGH = 3, 5
"""Characters of a literal that helps at all, and of one beside which no better is looked for."""


@dataclass(slots=True)
class Alternative:
    """One way of a pattern: a sign's name, or a regular expression with the literals that it cannot do without."""

    source: str
    sign: bool = False
    _literals: tuple[tuple[str, ...], tuple[str, ...]] | None = None
    _compiled: re.Pattern[str] | None = None

    def possible(self, text: str) -> bool:
        """Whether the text, on one line, holds the literals without which the pattern is found nowhere."""
        if self._literals is None:
            self._literals = ((self.source,), ()) if _PLAIN.issuperset(self.source) else literals(self.source)
        every, some = self._literals
        return all(one in text for one in every) and (not some or any(one in text for one in some))

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
                if " && " in rest.partition(" !! ")[2]:
                    raise ValueError(f"{place}: a condition stands before the exceptions")
                found.clues.append(Clue(cause, int(figure) / 100, Expression(rest), place, figure != weight))
    return found


def alternatives(pattern: str) -> tuple[Alternative, ...]:
    """The alternatives of a pattern's top level."""
    return tuple(Alternative(one[1:], sign=True) if one[0] == "@" else Alternative(one) for one in _split(pattern))


def _split(pattern: str) -> list[str]:
    if "|" not in pattern:
        return [pattern]
    if "(" not in pattern and "[" not in pattern and "\\|" not in pattern:
        return [one for one in pattern.split("|") if one]
    return _ALTERNATIVE.findall(pattern)


def literals(pattern: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Literals that every text which the pattern matches holds: all of the first, one of the second where there are any."""
    every = tuple(one for one in _stretches(pattern) if len(one) >= SHORTEST)
    if any(len(one) >= ENOUGH for one in every):
        return every, ()
    return every, required(pattern)


def required(pattern: str) -> tuple[str, ...]:
    """Literals of which every text that the pattern matches holds one; empty where none is long enough to help."""
    best = max(_stretches(pattern), key=len, default="")
    found: tuple[str, ...] = (best,) if len(best) >= SHORTEST else ()
    if len(best) >= ENOUGH:
        return found
    for group, optional in _GROUPS.findall(pattern):
        if not group or optional or group[1:3] in ("?=", "?!", "?<"):
            continue
        inside = [required(one) for one in _split(group[1:-1].removeprefix("?:"))]
        if inside and all(inside):
            literals = tuple(literal for one in inside for literal in one)
            if not found or min(map(len, literals)) > min(map(len, found)):
                found = literals
    return found


def _stretches(pattern: str) -> list[str]:
    """The literal stretches of a pattern outside its groups and classes."""
    found = filter(None, _LITERAL.findall(pattern))
    return [_ESCAPED.sub(r"\1", one) if "\\" in one else one for one in found]


def _spaced(pattern: str) -> str:
    return pattern.replace(".*", "." + REACH).replace("[^\\0]*", "[^\\0]{0,2000}").replace(" ", "\\s")
