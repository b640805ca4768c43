"""Foreign words made harmless. A report comes from another machine: nothing in it may steer a terminal or a page."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from dlcheck.model import redact

T = TypeVar("T")

LONGEST = 300
MOST_REMEMBERED = 32_000_000
"""Signs of foreign text that a cache may hold."""
_SLUG = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)


def harmless(value: object, longest: int = LONGEST) -> str:
    """The value as one line without secrets, control signs and direction marks, of bounded length."""
    if isinstance(value, str):
        return _harmless(value[: 4 * longest], longest)
    return repr(value)[:longest] if value is None or isinstance(value, (bool, int, float)) else "(no text)"


@functools.lru_cache(8192)
def _harmless(text: str, longest: int) -> str:
    line = " ".join(redact.mask_secrets(redact.harmless(text)).split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def remembered(answer: Callable[..., T]) -> Callable[..., T]:
    """``functools.lru_cache`` for what reports say: it forgets all of it where that has grown large, so that no fleet and no
    hostile report can fill the memory.
    """
    held = 0

    @functools.lru_cache(4096)
    def known(*said: object) -> T:
        nonlocal held
        held += len(repr(said))
        if held > MOST_REMEMBERED:
            known.cache_clear()
            held = 0
        return answer(*said)

    return known


def slug(value: object) -> str:
    """The cause where it is a slug, else a name that says that it is none."""
    return value if isinstance(value, str) and _SLUG.fullmatch(value) else "unnamed-cause"


def table(value: object) -> Mapping[str, Any]:
    """The object, an empty one where it is none (absent, unknown, or nonsense)."""
    return value if isinstance(value, dict) else {}


def rows(value: object) -> list[Any]:
    """The list, an empty one where it is none."""
    return value if isinstance(value, list) else []


def number(value: object) -> float | None:
    """The finite number, None where it is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        real = float(value)
    except OverflowError:
        return None
    return real if real - real == 0.0 else None


def count(value: object) -> int:
    """The count, 0 where it is none."""
    return value if type(value) is int and 0 < value < 1_000_000_000 else 0
