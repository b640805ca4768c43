"""Requirements as people type them, read into wishes for frameworks and the rest."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from dlcheck.model.errors import DlcheckError

COMPANIONS = ("torchvision", "torchaudio")
_FRAMEWORK_OF = {
    "torch": "torch",
    "tensorflow": "tensorflow",
    "tensorflow-cpu": "tensorflow",
    "jax": "jax",
}


@dataclass(frozen=True, slots=True)
class Wish:
    """A framework that is wanted."""

    framework: str
    versions: SpecifierSet
    text: str
    """As it was typed."""
    variant: str | None = None
    """A build that the words themselves ask for: torch==2.13.0+cu126, tensorflow-cpu, jax[cuda12]."""


def requirement(text: str) -> Requirement:
    """The parsed requirement; ``DlcheckError`` for what is none, and for URLs, paths and options."""
    try:
        parsed = Requirement(text)
    except InvalidRequirement:
        raise DlcheckError(
            f"{text!r} is no requirement",
            "Write a name and, if you like, versions: torch, tensorflow==2.20.0, 'jax>=0.10'.",
        ) from None
    if parsed.url:
        raise DlcheckError(
            f"{text!r} names a file or an address", "dlcheck installs by name; put the wheel into --find-links."
        )
    return parsed


def wishes_of(texts: Iterable[str]) -> tuple[dict[str, Wish], list[str]]:
    """Wishes for frameworks by name, and the other requirements as they were typed."""
    wishes: dict[str, Wish] = {}
    others: list[str] = []
    for text in texts:
        parsed = requirement(text)
        if parsed.marker is not None and not parsed.marker.evaluate():
            continue
        name = canonicalize_name(parsed.name)
        framework = _FRAMEWORK_OF.get(name)
        if framework is None:
            others.append(text)
            continue
        versions, variant = _without_local(parsed.specifier)
        if name == "tensorflow-cpu":
            variant = "cpu"
        for extra in parsed.extras:
            found = re.fullmatch(r"cuda(\d*)(?:[-_]local)?|and-cuda", extra)
            variant = f"cu{found[1] or ''}" if found else variant
        wish = Wish(framework, versions, text, variant)
        earlier = wishes.get(framework)
        if earlier:
            both = f"{earlier.text} {text}"
            wish = Wish(framework, earlier.versions & versions, both, earlier.variant or variant)
        wishes[framework] = wish
    return wishes, others


def _without_local(versions: SpecifierSet) -> tuple[SpecifierSet, str | None]:
    """The specifier without local versions, and the build that a local version names."""
    variant = None
    clauses = []
    for clause in versions:
        public, _, local = clause.version.partition("+")
        variant = local or variant
        clauses.append(f"{clause.operator}{public}")
    return SpecifierSet(",".join(sorted(clauses))), variant
