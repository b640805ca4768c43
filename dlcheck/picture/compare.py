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
    for one in digests:
        for name, value in one.versions:
            nodes_of.setdefault(name, {}).setdefault(value, []).append(one.node)
    found = []
    for name, values in nodes_of.items():
        ordered = sorted(values.items(), key=lambda item: (-len(item[1]), item[0]))
        majority, holders = ordered[0]
        minorities = [Minority(value, _sorted(nodes)) for value, nodes in ordered[1:]]
        absent = looked.difference(*(nodes for _, nodes in ordered))
        if absent and _may_be_absent(name) and len(absent) < len(looked) / 2:
            minorities.append(Minority(None, _sorted(absent)))
        if minorities and len(ordered) <= MOST_VALUES:
            found.append(Drift(fact=name, majority=majority, count=len(holders), minorities=tuple(minorities)))
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


@dataclass(slots=True)
class _Series:
    values: array[float]
    nodes: array[int]
    subjects: list[str]


def outliers(digests: Sequence[Digest]) -> tuple[Outlier, ...]:
    """The values far on the bad side of their median, worst first, one device model and task at a time."""
    series: dict[tuple[str, str], _Series] = {}
    for at, one in enumerate(digests):
        for (measure, model, subject), value in zip(one.layout, one.measures, strict=True):
            here = series.setdefault((measure, model), _Series(array("d"), array("I"), []))
            here.values.append(value)
            here.nodes.append(at)
            here.subjects.append(subject)
    found: list[Outlier] = []
    for (measure, model), here in series.items():
        for at, middle, spread, score in _far(MEASURES[measure], here.values):
            found.append(
                Outlier(
                    measure=measure,
                    model=model,
                    node=digests[here.nodes[at]].node,
                    subject=here.subjects[at],
                    value=here.values[at],
                    median=middle,
                    mad=spread,
                    score=round(score, 2),
                )
            )
    found.sort(key=lambda one: (-abs(one.score), one.measure, natural(one.node), one.subject))
    return tuple(found[:MOST_OUTLIERS])


def _far(measure: _Measure, values: array[float]) -> Iterable[tuple[int, float, float, float]]:
    """Place, median, MAD and score of each outlier. The median and MAD are given on the scale of the values."""
    if len(values) < LEAST_SAMPLE:
        return
    scaled = [math.log10(max(value, 1e-12)) for value in values] if measure.logarithmic else list(values)
    middle = median(scaled)
    spread = median(abs(value - middle) for value in scaled)
    least = measure.least(middle)
    # Equal values on most devices have a MAD of 0; one in 3.5 least differences then stands for it.
    unit = max(spread, 0.6745 * least / FAR)
    for at, value in enumerate(scaled):
        away = value - middle
        score = 0.6745 * away / unit
        if away * measure.bad >= least and abs(score) >= FAR:
            yield at, (10**middle if measure.logarithmic else middle), spread, score
