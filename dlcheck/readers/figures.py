"""Figures as programs print them: sizes, counts, numbers with marks of thousands."""

from __future__ import annotations

import re

from dlcheck.readers.paste import something
from dlcheck.readers.pattern import Pattern

SIZE = Pattern(
    r"(\d[\d.,]*(?:[ \u00a0\u202f]\d{3}(?!\d))*)\s*([kKmMgGtTpP]?)(i?)(?:[bB](?:ytes?)?|o)?\b",
)
NUMBER = Pattern(r"-?\d+(?:\.\d+)?")
POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}


def size(text: str | None, unit: str = "") -> int | None:
    """Bytes of "16 GiB", "8,192 MB", "81559MiB", "24564" with ``unit`` "MiB"; None where no number stands.

    Germans write 31.865 MB and Frenchmen 32 503 Mo where others write 32,503 MB. Programs that look
    at memory mean powers of 1024 whether they write GB or GiB.
    """
    match = SIZE.search(text or "")
    if not match:
        return None
    digits, prefix, _ = match.groups()
    digits = re.sub(r"[ \u00a0\u202f]", "", digits)
    prefix = (prefix or unit[:1]).lower()
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", digits):
        digits = digits.replace(",", "")
    elif prefix in {"m", "k"} and re.fullmatch(r"\d{1,3}(?:\.\d{3})+", digits):
        digits = digits.replace(".", "")
    try:
        return int(float(digits.replace(",", ".").rstrip(".")) * 1024 ** POWERS[prefix])
    except ValueError:
        return None


def number(text: str | None) -> float | None:
    """The first number in the text."""
    match = NUMBER.search(text or "")
    return float(match[0]) if match and len(match[0]) < 30 else None


def count(text: str | None) -> int | None:
    """The first number in the text, as a whole number."""
    found = number((text or "").replace(",", ""))
    return int(found) if found is not None else None


def switch(text: str | None) -> bool | None:
    """What Enabled, Yes, On, True and their opposites mean; None for all else."""
    word = (something(text) or "").lower()
    if word in {"enabled", "yes", "on", "true", "1", "y"}:
        return True
    if word in {"disabled", "no", "off", "false", "0", "n"}:
        return False
    return None
