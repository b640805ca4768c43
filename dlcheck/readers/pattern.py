"""Regular expressions as the readers keep them: compiled when first used, tried only where a literal of theirs stands.

Most texts need few of the readers. Compiling all expressions takes longer than reading, and looking for a literal is a
hundred times as fast as looking for an expression.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator


class Pattern:
    """Stands for ``re.Pattern[str]`` in the constants of the readers.

    ``needs`` are literals of which one stands in every text that matches.
    """

    def __init__(self, pattern: str, flags: int = 0, *, needs: str | tuple[str, ...] = ()) -> None:
        self.pattern = pattern
        self.flags = flags
        self.needs = (needs,) if isinstance(needs, str) else needs

    @functools.cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self.pattern, self.flags)

    def _possible(self, text: str) -> bool:
        return not self.needs or any(literal in text for literal in self.needs)

    def search(self, text: str) -> re.Match[str] | None:
        """As ``re.Pattern.search``."""
        return self._compiled.search(text) if self._possible(text) else None

    def match(self, text: str) -> re.Match[str] | None:
        """As ``re.Pattern.match``."""
        return self._compiled.match(text)

    def rows(self, text: str) -> list[tuple[str, ...]]:
        """All groups of all matches, for a pattern of two groups or more."""
        return self._compiled.findall(text) if self._possible(text) else []

    def words(self, text: str) -> list[str]:
        """All matches, for a pattern of no group, or what its one group matched."""
        return self._compiled.findall(text) if self._possible(text) else []

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """As ``re.Pattern.finditer``."""
        return self._compiled.finditer(text) if self._possible(text) else iter(())

    def sub(self, new: str | Callable[[re.Match[str]], str], text: str) -> str:
        """As ``re.Pattern.sub``."""
        return self._compiled.sub(new, text)
