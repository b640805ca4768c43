"""Last in rank: labelled values about the machine that no other reader knows, kept as notes under their own labels.

People paste the output of scripts that nobody has seen before; "Board name: X" is a fact although no subject has a field
for it. Only labels that speak of a machine are kept, and only values that are short enough to be one.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

from dlcheck.model.facts import Facts
from dlcheck.readers.paste import Paste, something
from dlcheck.readers.pattern import Pattern

TOPIC = Pattern(
    r"version|driver|model|name|cuda|cudnn|gpu|cpu|memory|\bram\b|vram|\bos\b|kernel|device|chip|vendor|core|thread|release|distro"
    r"|machine|platform|firmware|bios|manufact|product|python|family|arch|graphics|processor|hardware|torch|tensorflow|keras"
    r"|\bjax|rocm|hip|metal|cores|serial type|board|compute|capab|build|revision|runtime|toolkit|sdk|npu|tpu|accelerator|xpu"
    r"|library|count|number of|link|rate|port|layer"
    r"|speed|size|total|state|status|mode|health|error|ecc|mig|bus|pci|power|temperature|jetpack|l4t"
    r"|型号|版本|内存|显卡|驱动|系统|处理器|名称|версия|модель|память|バージョン|メモリ|モデル|speicher|hersteller",
    re.IGNORECASE,
)
VERSION = Pattern(r"v?\d+\.\d+\.\d+[\w.+-]{0,30}$")
ASSIGNED = Pattern(r"[ \t]*([A-Za-z][\w .-]{1,40}?)[ \t]*=[ \t]*(\S[^\n]{0,100})$")
KNOWN_WHOLE = ("<nvidia_smi_log", "NVSMI LOG", "Attached GPUs")
"""Documents whose own reader keeps all that matters; they hold hundreds of labels."""
LONGEST, MOST_WORDS, MOST_NOTES, MOST_VALUES = 120, 12, 120, 8


def read(paste: Paste) -> Facts | None:
    """Notes by label; None where a label is rare enough to be prose."""
    if any(literal in paste for literal in KNOWN_WHOLE):
        return None
    notes: dict[str, str] = {}
    for name, values in paste.pairs.items():
        if len(notes) >= MOST_NOTES:
            break
        if len(name) > 40 or not name[0].isalpha():
            continue
        known = _is_value if TOPIC.search(name) else _is_version
        kept = [value for value in dict.fromkeys(values) if known(value)][:MOST_VALUES]
        if kept:
            notes[name] = ", ".join(kept)
    if "=" in paste:
        for line in paste.lines:
            if "=" not in line or len(notes) >= MOST_NOTES:
                continue
            match = ASSIGNED.match(line)
            if match and match[2][0] != "=" and TOPIC.search(match[1]) and _is_value(match[2]):
                notes.setdefault(match[1].lower(), match[2].strip("\"' "))
    return Facts(notes=notes) if len(notes) > 1 else None


def unsaid(rest: Facts, facts: Facts) -> Facts:
    """The rest without what the facts say already, in whichever field."""
    said = set(_words(facts))
    return Facts(notes={name: value for name, value in rest.notes.items() if value.lower() not in said})


def _words(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value.lower()
    elif isinstance(value, bool):
        yield str(value).lower()
    elif isinstance(value, (int, float)):
        yield f"{value:g}" if isinstance(value, float) else str(value)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from _words(getattr(value, field.name))
    elif isinstance(value, dict):
        for item in value.values():
            yield from _words(item)
    elif isinstance(value, tuple):
        for item in value:
            yield from _words(item)


def _is_version(value: str) -> bool:
    """Whether it is nothing but a version: what has one is a program, under whatever name."""
    return VERSION.match(value) is not None


def _is_value(value: str) -> bool:
    said = something(value)
    return (
        said is not None
        and len(said) <= LONGEST
        and len(said.split()) <= MOST_WORDS
        and not said.endswith(("?", ":", "{", "["))
    )
