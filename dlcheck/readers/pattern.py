"""A regular expression that is compiled when first used: most texts need few of the readers, and compiling all takes
longer than reading.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator


class Pattern:
    """Stands for ``re.Pattern[str]`` in the constants of the readers."""

    def __init__(self, pattern: str, flags: int = 0) -> None:
        self.pattern = pattern
        self.flags = flags

    @functools.cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self.pattern, self.flags)

    def search(self, text: str) -> re.Match[str] | None:
        """As ``re.Pattern.search``."""
        return self._compiled.search(text)

    def match(self, text: str) -> re.Match[str] | None:
        """As ``re.Pattern.match``."""
        return self._compiled.match(text)

    def rows(self, text: str) -> list[tuple[str, ...]]:
        """All groups of all matches, for a pattern of two groups or more."""
        return self._compiled.findall(text)

    def words(self, text: str) -> list[str]:
        """All matches, for a pattern of no group, or what its one group matched."""
        return self._compiled.findall(text)

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """As ``re.Pattern.finditer``."""
        return self._compiled.finditer(text)

    def sub(self, new: str | Callable[[re.Match[str]], str], text: str) -> str:
        """As ``re.Pattern.sub``."""
        return self._compiled.sub(new, text)
