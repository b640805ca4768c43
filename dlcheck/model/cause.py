"""An entry of the public vocabulary of causes (data/causes/<slug>.toml)."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from dlcheck.model.dataclass import dataclass
from dlcheck.model.finding import Fix
from dlcheck.model.placeholder import filled

PLACES: Mapping[str, tuple[str, ...]] = {
    "system": ("linux", "windows", "macos", "wsl"),
    "surroundings": ("container", "conda", "notebook"),
    "framework": ("torch", "tensorflow", "keras", "jax"),
}
"""Words that say where a fix holds. Linux inside WSL is ``wsl``, never ``linux``: a driver is installed in Windows there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseFix:
    """A fix, and where it holds: words of PLACES; empty: everywhere."""

    fix: Fix
    where: tuple[str, ...] = ()

    def holds(self, words: Collection[str]) -> bool:
        """Whether it holds where ``words`` are true; everything holds where nothing at all is known.

        Words of one group are alternatives, and every group must agree. A group of which no word is given excludes
        nothing, but surroundings (a container, conda, a notebook) must be there.
        """
        if not words:
            return True
        for group, members in PLACES.items():
            wanted = [word for word in self.where if word in members]
            known = [word for word in words if word in members]
            if wanted and (known or group == "surroundings") and not set(wanted) & set(known):
                return False
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What a cause means, why it happens, how it is mended and how one sees that it is."""

    slug: str
    title: str
    """Up to about 60 characters, words of a beginner."""
    family: str
    meaning: str
    why: str = ""
    fixes: tuple[CauseFix, ...] = ()
    verify: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    """Causes that are easily confused with it."""
    explains: tuple[str, ...] = ()
    """Causes that are mere consequences where this one is found."""
    harmless: bool = False
    checked: str = ""
    """How the entry was verified."""

    def fixes_for(self, words: Collection[str] = (), values: Mapping[str, str] | None = None) -> tuple[Fix, ...]:
        """The fixes that hold where ``words`` (of PLACES) are true, with the blanks filled that ``values`` knows.

        Those made for the surroundings (a container, conda, a notebook) come first there.
        """
        here = [one for one in self.fixes if one.holds(words)]
        here.sort(key=lambda one: not set(one.where) & set(PLACES["surroundings"]))
        return tuple(filled(one.fix, values or {}) for one in here)
