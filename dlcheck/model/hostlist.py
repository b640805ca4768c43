"""Lists of node names in Slurm's notation: ``n[1-7,9]``, ``rack[01-02]n[1-4]``. Pure text in, pure text out."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable

from dlcheck.model.units import counted

MOST_NAMES = 200_000
"""A list that would expand to more names is refused: anybody can write ``n[0-999999999]``. Of the machines on the TOP500
list, Fugaku has most nodes: 158,976."""

_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9_])?", re.ASCII)
_NUMBERS = re.compile(r"([0-9]+)", re.ASCII)
_SIGN = re.compile(r"[\[\],\s]")
_RANGE = re.compile(r"([0-9]{1,9})(?:-([0-9]{1,9}))?", re.ASCII)


class HostlistError(ValueError):
    """The text is no list of nodes; the message says where."""


def is_name(text: object) -> bool:
    """Whether the text can be the name of a node: letters, digits, dots, dashes; no path and no control sign."""
    return isinstance(text, str) and ".." not in text and _NAME.fullmatch(text) is not None


def natural(name: str) -> str:
    """A sorting key under which n2 comes before n10: numbers filled up to one width. A text, since a fleet's names are
    sorted several times and texts compare five times as fast as tuples.
    """
    return f"{_NUMBERS.sub(_filled, name)}\0{name}"


def _filled(number: re.Match[str]) -> str:
    return number[0].zfill(18)


def expand(text: str) -> tuple[str, ...]:
    """The names that the list stands for, in its order, each once. ``HostlistError`` where it is no list."""
    names: dict[str, None] = {}
    for item in _items(text):
        for name in _expand_item(item):
            if not is_name(name):
                raise HostlistError(f"{_shown(name)} is no name of a node")
            names[name] = None
            if len(names) > MOST_NAMES:
                raise HostlistError(f"{_shown(text)} stands for more than {MOST_NAMES:,} nodes")
    return tuple(names)


def fold(names: Iterable[str], *, inside: bool = True) -> str:
    """The shortest list in Slurm's notation that ``expand`` takes back to these names.

    ``inside`` allows a bracket before the end of a name (``n[1-3].lab``), which srun does not read.
    """
    series: dict[tuple[str, str], list[str]] = {}
    for name in sorted(set(names), key=natural):
        head, number, tail = _split(name)
        if tail and not inside:
            number = ""
        if not number:
            head, tail = name, "."
        # A name without a number stands alone: the "." keeps it apart, since no tail is a lone dot.
        series.setdefault((head, tail), []).append(number)
    return ",".join(_fold_series(head, numbers, tail) for (head, tail), numbers in series.items())


def shortened(names: Iterable[str], most: int) -> str:
    """As ``fold``, cut between two of the items where it is longer than ``most``; their number where no item fits."""
    names = tuple(names)
    text = fold(names)
    if len(text) <= most:
        return text
    shown = text[:most].rpartition(",")[0]
    return f"{shown},…" if shown else counted(len(names), "node")


def _fold_series(head: str, numbers: list[str], tail: str) -> str:
    if numbers == [""]:
        return head
    if len(numbers) == 1:
        return head + numbers[0] + tail
    ranges = [
        first if first == last else f"{first}-{last}"
        for width in _by_width(numbers)
        for first, last in _runs(sorted(width, key=int))
    ]
    return f"{head}[{','.join(ranges)}]{tail}"


def _by_width(numbers: list[str]) -> list[list[str]]:
    """The numbers in groups that share a zero padding, since 9 and 09 are different nodes."""
    padded = {len(number) for number in numbers if len(number) > 1 and number[0] == "0"}
    groups: dict[int, list[str]] = {}
    for number in numbers:
        groups.setdefault(len(number) if len(number) in padded else 0, []).append(number)
    return [groups[width] for width in sorted(groups)]


def _runs(numbers: list[str]) -> list[tuple[str, str]]:
    runs: list[tuple[str, str]] = []
    for number in numbers:
        if runs and int(runs[-1][1]) + 1 == int(number) and number == format(int(number), f"0{len(runs[-1][0])}"):
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs


def _split(name: str) -> tuple[str, str, str]:
    """Head, number, tail of a name. The number is the last one of the host's own label, or of an IPv4 address."""
    label, dot, domain = name.partition(".")
    if label.isdigit():
        label, dot, domain = name, "", ""
    parts = _NUMBERS.split(label)
    for at in range(len(parts) - 2, 0, -2):
        if len(parts[at]) <= 9:
            return "".join(parts[:at]), parts[at], "".join(parts[at + 1 :]) + dot + domain
    return name, "", ""


def _items(text: str) -> list[str]:
    """The items of a list: separated by commas outside brackets, or by blanks and line ends."""
    items: list[str] = []
    begin, deep = 0, False
    for found in _SIGN.finditer(text):
        if found[0] in "[]":
            if deep == (found[0] == "["):
                raise HostlistError(f"the brackets of {_shown(text)} do not match")
            deep = not deep
        elif not deep:
            items.append(text[begin : found.start()])
            begin = found.end()
    if deep:
        raise HostlistError(f"the brackets of {_shown(text)} do not match")
    return [item for item in (*items, text[begin:]) if item]


def _expand_item(item: str) -> Iterable[str]:
    parts = re.split(r"\[([^\]]*)\]", item)
    if len(parts) > 9:
        raise HostlistError(f"{_shown(item)} has more than four brackets")
    choices = [_numbers(part, item) if at % 2 else [part] for at, part in enumerate(parts)]
    count = 1
    for choice in choices:
        count *= len(choice)
    if count > MOST_NAMES:
        raise HostlistError(f"{_shown(item)} stands for more than {MOST_NAMES:,} nodes")
    return ("".join(combination) for combination in itertools.product(*choices))


def _numbers(text: str, item: str) -> list[str]:
    numbers: list[str] = []
    for part in text.split(","):
        match = _RANGE.fullmatch(part.strip())
        if match is None:
            raise HostlistError(f"[{_shown(text)}] in {_shown(item)} is no list of numbers")
        first, last = match[1], match[2] or match[1]
        if int(last) < int(first):
            raise HostlistError(f"{_shown(part)} in {_shown(item)} runs backwards")
        if int(last) - int(first) + len(numbers) >= MOST_NAMES:
            raise HostlistError(f"{_shown(item)} stands for more than {MOST_NAMES:,} nodes")
        numbers.extend(format(number, f"0{len(first)}") for number in range(int(first), int(last) + 1))
    return numbers


def _shown(text: str) -> str:
    short = text if len(text) <= 60 else text[:57] + "..."
    return short.encode("unicode_escape").decode("ascii")
