"""An entry of the public vocabulary of causes (data/causes/<slug>.toml)."""

from __future__ import annotations

from dataclasses import dataclass

from dlcheck.model.finding import Fix


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseFix:
    """A fix, and where it holds: words among linux, windows, macos, wsl, container, conda, notebook; empty: everywhere."""

    fix: Fix
    where: tuple[str, ...] = ()


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
