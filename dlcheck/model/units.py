"""Numbers in words of a person."""

from __future__ import annotations

GIB = 1_073_741_824
GB = 1_000_000_000


def memory(size: float) -> str:
    """A size of main or GPU memory, in the GiB that systems count in: 7.6 GiB."""
    return f"{size / GIB:.1f} GiB" if size >= GIB else f"{size / 1_048_576:.0f} MiB"


def disk(size: float) -> str:
    """A size on disk or of a download, in the GB of the shop: 2.7 GB, 480 MB."""
    if size >= 10 * GB:
        return f"{size / GB:.0f} GB"
    return f"{size / GB:.1f} GB" if size >= GB else f"{size / 1_000_000:.0f} MB"


def duration(seconds: float) -> str:
    """A time: 48 ms, 4.9 s, 3 min."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.1f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """A number and its noun: 1 finding, 3 findings."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def listed(words: list[str] | tuple[str, ...], most: int = 4) -> str:
    """A list in a sentence, cut after ``most``: a, b and 3 more."""
    if len(words) > most:
        return f"{', '.join(words[:most])} and {len(words) - most} more"
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)
