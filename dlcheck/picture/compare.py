"""What differs between nodes: versions in which a minority disagrees, measures far from the median of their kind."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from dlcheck.model.fleet import Drift, Minority, Outlier
from dlcheck.model.hostlist import natural
from dlcheck.picture.digest import Digest
from dlcheck.picture.values import Layout

MOST_VALUES = 50
"""Values of one fact that are listed; a fact with more (a serial number, say) is no version."""
MOST_OUTLIERS = 200
LEAST_SAMPLE = 5
"""Fewer devices of one model have no usual value."""
FAR = 3.5
"""Modified z-score from which a value is an outlier (Iglewicz and Hoaglin, How to Detect and Handle Outliers, 1993)."""


@dataclass(frozen=True, slots=True)
class _Measure:
    """How a measure is compared: which side is bad, and the least spread worth a word."""

    bad: int
    """-1: low is bad, 1: high is bad."""
    least: Callable[[float], float]
    """The least difference from the median (of the compared values) that matters."""
    logarithmic: bool = False


MEASURES = {
    "temperature": _Measure(1, lambda _: 10.0),
    "power": _Measure(1, lambda middle: max(50.0, 0.25 * middle)),
    "throughput": _Measure(-1, lambda middle: 0.10 * middle),
    "bandwidth": _Measure(-1, lambda middle: 0.10 * middle),
    "loss deviation": _Measure(1, lambda _: 1.0, logarithmic=True),
}


def drift(digests: Sequence[Digest]) -> tuple[Drift, ...]:
    """The versions in which the nodes disagree; the value of most nodes is taken for the meant one."""
    nodes_of: dict[str, dict[str, list[str]]] = {}
    looked = {one.node for one in digests if one.lists_frameworks}
    alike: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for one in digests:
        alike.setdefault(one.versions, []).append(one.node)
    for versions, nodes in alike.items():
        for name, value in versions:
            nodes_of.setdefault(name, {}).setdefault(value, []).extend(nodes)
    found = []
    for name, values in nodes_of.items():
        ordered = sorted(values.items(), key=lambda item: (-len(item[1]), item[0]))
        majority, holders = ordered[0]
        minorities = [Minority(value, _sorted(nodes)) for value, nodes in ordered[1:]]
        absent = looked.difference(*(nodes for _, nodes in ordered))
        if absent and _may_be_absent(name) and len(absent) < len(looked) / 2:
            minorities.append(Minority(None, _sorted(absent)))
        if minorities and len(ordered) <= MOST_VALUES:
            found.append(Drift(fact=name, majority=majority, count=len(set(holders)), minorities=tuple(minorities)))
    return tuple(sorted(found, key=lambda one: (_NAMES.get(one.fact, 99), one.fact)))


_NAMES = {
    name: at
    for at, name in enumerate(("GPUs", "NVIDIA driver", "NVIDIA kernel module", "AMD driver", "ROCm", "kernel", "BIOS"))
}


def _may_be_absent(name: str) -> bool:
    """Whether its absence says something. It does of a framework (a name in lower case); other facts were not looked at."""
    return name == name.lower() and " " not in name and name != "memory"


def _sorted(nodes: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(nodes), key=natural))


@dataclass(frozen=True, slots=True)
class _Column:
    """One measure of all nodes whose reports hold the same measures in the same order."""

    nodes: list[str]
    subject: str
    values: array[float]


def outliers(digests: Sequence[Digest]) -> tuple[Outlier, ...]:
    """The values far on the bad side of their median, worst first, one device model and task at a time."""
    found: list[Outlier] = []
    for (measure, model), columns in _columns(digests).items():
        values = array("d")
        for column in columns:
            values.extend(column.values)
        far = _far(MEASURES[measure], values)
        for at, middle, spread, score in far:
            place = at
            for column in columns:
                if place < len(column.values):
                    break
                place -= len(column.values)
            found.append(
                Outlier(
                    measure=measure,
                    model=model,
                    node=column.nodes[place],
                    subject=column.subject,
                    value=values[at],
                    median=middle,
                    mad=spread,
                    score=round(score, 2),
                )
            )
    found.sort(key=lambda one: (-abs(one.score), one.measure, natural(one.node), one.subject))
    return tuple(found[:MOST_OUTLIERS])


def _columns(digests: Sequence[Digest]) -> dict[tuple[str, str], list[_Column]]:
    """The measures by kind and model, cut out of the reports column by column: a fleet has millions of them."""
    alike: dict[int, tuple[Layout, list[str], array[float]]] = {}
    for one in digests:
        if one.layout:
            _, nodes, flat = alike.setdefault(id(one.layout), (one.layout, [], array("d")))
            nodes.append(one.node)
            flat.extend(one.measures)
    columns: dict[tuple[str, str], list[_Column]] = {}
    for layout, nodes, flat in alike.values():
        for at, (measure, model, subject) in enumerate(layout):
            columns.setdefault((measure, model), []).append(_Column(nodes, subject, flat[at :: len(layout)]))
    return columns


def _far(measure: _Measure, values: array[float]) -> Iterable[tuple[int, float, float, float]]:
    """Place, median, MAD and score of each outlier. The median is given on the scale of the values."""
    if len(values) < LEAST_SAMPLE:
        return
    scaled = array("d", (math.log10(max(value, 1e-12)) for value in values)) if measure.logarithmic else values
    ordered = sorted(scaled)
    middle = median(ordered)
    least = measure.least(middle)
    if (ordered[-1] - middle if measure.bad > 0 else middle - ordered[0]) < least:
        return
    spread = median([abs(value - middle) for value in ordered])
    # Where most values are equal the MAD is 0; a 3.5th of the least difference stands in for it.
    unit = max(spread / 0.6745, least / FAR)
    limit = max(least, FAR * unit) * measure.bad
    bound = middle + limit
    places = [at for at, value in enumerate(scaled) if (value >= bound if measure.bad > 0 else value <= bound)]
    for at in places:
        yield at, (10**middle if measure.logarithmic else middle), spread, (scaled[at] - middle) / unit
