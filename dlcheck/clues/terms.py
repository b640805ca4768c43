"""Words as a last resort: where no signature speaks, which cause do the words of the complaint belong to. Pure.

Each word (or two words in a row) that few causes share counts for the causes whose own texts use it; the rarer, the
more. data/terms.txt holds the counts; tools/build_terms.py makes it from texts written for each cause.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

LEAST_SCORE = 25.0
"""Below, the words say nothing."""
LEAST_WORDS = 3
"""So many different words must speak for a cause."""
MOST_LINES = 60
"""Of a pasted text that is worth a guess: a longer one says something of everything."""
CLEAR = 1.05
"""By so much the best cause must be ahead of the next one."""
CLOSE = 0.75
"""Causes that reach this part of the best one's score are named beside it."""
MOST = 3
LOWEST, HIGHEST = 0.25, 0.45
"""Confidence of a guess from words: always below that of a signature that means what it says."""

# What a person or a program says when something is wrong, and what these causes are about. A text must show both.
_COMPLAINT = re.compile(
    r"\b(?:error\b(?!s)|fail|cannot|can't|couldn'?t|could not|unable|unsupported|not |n't |no |mismatch|incompatib|crash|hang|hung|"
    r"stuck|freez|broken|unusable|missing|invalid|exception|killed|abort|refus|denied|slow|available\W{1,8}false\b)"
)
_SUBJECT = re.compile(
    r"gpu|cuda|nvidia|driver|nvml|rocm|\bhip\b|\bmps\b|metal|\btpu\b|\bxpu\b|\bpip\b|conda|\buv\b|wheel|dkms|kernel module|"
    r"\bdll\b|winerror|\.so\b|jupyter|ipykernel|\bwsl|docker|container|\bpod\b|slurm|srun|sbatch|nccl|import|install|python ?3"
)
# A figure that a program lists: its name may say "error" and mean that there was none.
_FIGURE = re.compile(
    r"^.{2,60}? ?[:=] ?(?:n/a|none|no|yes|false|true|disabled|enabled|[\d.]+ ?[\w%/]*)?$", re.MULTILINE
)
_WORD = re.compile(r"[a-z_][a-z0-9_.+-]*[a-z0-9_]|[a-z]")
_VERSION = re.compile(r"\d+(?:\.\d+)+")
_PIECES = re.compile(r"[._-]")
_STOP = frozenset(
    re.findall(
        r"\w+",
        "the a an and or of to in is it on for with that this not no be are was at as by from but if my you have has do does"
        " did can cannot so than then when which there here all any its we he they one after before into out up down only also",
    )
)


@dataclass(frozen=True, slots=True)
class Guess:
    """A cause that the words of a text belong to."""

    cause: str
    confidence: float
    words: tuple[str, ...]
    """What counted most for it, best first."""


def words(text: str) -> set[str]:
    """The words of a text in lower case, those that a name is made of, and every two words in a row."""
    plain = [
        word
        for found in _WORD.findall(_VERSION.sub(" ", text))
        if len(word := found.strip(".-_")) > 1 and word not in _STOP
    ]
    pieces = {piece for word in plain for piece in _PIECES.split(word) if len(piece) > 2 and piece != word}
    return {*plain, *pieces, *(f"{one} {two}" for one, two in pairwise(plain))}


def weigh(texts: Mapping[str, Iterable[set[str]]]) -> dict[str, dict[str, float]]:
    """Of each word the causes that it speaks for, with its weight, from the words of texts written for each cause."""
    counts = {cause: Counter(word for one in ones for word in one) for cause, ones in texts.items()}
    sizes = {cause: len(list(ones)) for cause, ones in texts.items()}
    shared = Counter(word for count in counts.values() for word in count)
    weights: dict[str, dict[str, float]] = {}
    for cause, count in counts.items():
        for word, times in count.items():
            rare = math.log(len(texts) / shared[word])
            if weight := round(rare * rare * math.sqrt(min(1.0, times / sizes[cause])), 1):
                weights.setdefault(word, {})[cause] = weight
    return weights


def guess(text: str, weights: Callable[[str], Mapping[str, float]]) -> tuple[Guess, ...]:
    """The causes that the words of a complaint belong to, best first; none where they belong to no cause clearly.

    ``weights``: of a word the causes that it speaks for, with its weight.
    """
    text = _FIGURE.sub("", text)
    if not _COMPLAINT.search(text) or not _SUBJECT.search(text):
        return ()
    heard: dict[str, list[tuple[float, str]]] = {}
    for word in words(text):
        for cause, weight in weights(word).items():
            heard.setdefault(cause, []).append((weight, word))
    scores = sorted(((sum(weight for weight, _ in spoke), cause) for cause, spoke in heard.items()), reverse=True)
    if not scores or scores[0][0] < LEAST_SCORE or len(heard[scores[0][1]]) < LEAST_WORDS:
        return ()
    best = scores[0][0]
    if len(scores) > 1 and best < CLEAR * scores[1][0]:
        return ()
    sure = LOWEST + (HIGHEST - LOWEST) * min(1.0, best / 200)
    return tuple(
        Guess(cause, round(sure * score / best, 2), tuple(word for _, word in sorted(heard[cause], reverse=True)[:5]))
        for score, cause in scores[:MOST]
        if score >= CLOSE * best
    )
