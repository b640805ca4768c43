"""Main memory and disks: /proc/meminfo, free, df, and the lines in which reports name the size of the memory."""

from __future__ import annotations

import re

from dlcheck.model.facts import Facts
from dlcheck.model.host_facts import DiskFacts
from dlcheck.readers.figures import size
from dlcheck.readers.merge import join
from dlcheck.readers.parts import memory
from dlcheck.readers.paste import Paste
from dlcheck.readers.pattern import Pattern
from dlcheck.readers.unsaid import UNSAID

FREE_HEAD = Pattern(
    r"^[ \t]*(?:total|gesamt|总计|總計|合計|всего|totale?)[ \t]+"
    r"(?:used|benutzt|belegt|已用|使用|занят\w*|us\w+|utilis\w+|usado)",
    re.MULTILINE,
)
FREE = Pattern(
    r"^[ \t]*(Mem|Speicher|Spei|内存|記憶體|メモリ|Память|Swap|交换|Auslager)[ \t]*\.?:[ \t]*([\d.,]+[A-Za-z]*)"
    r"([ \t\d.,A-Za-z]*)$",
    re.MULTILINE,
)
AMOUNT = r"(\d[\d.,]*[KMGTP]?i?B?)[ \t]+"
DISK = Pattern(rf"^(\S{{1,120}})[ \t]+{AMOUNT * 3}(\d{{1,3}}%|-)[ \t]+(/\S*)$", re.MULTILINE, needs=" /")
TYPED = Pattern(rf"^(\S{{1,120}})[ \t]+(\w+)[ \t]+{AMOUNT * 3}(\d{{1,3}}%|-)[ \t]+(/\S*)$", re.MULTILINE, needs=" /")
DISK_HEAD = Pattern(r"^[ \t]*\S+[ \t]+(?:\S+[ \t]+)?(1K|1024|512|Size|1M)[\w-]*", re.MULTILINE)
REPORTED = (
    "total memory",
    "total cpu memory",
    "system ram",
    "total ram",
    "ram",
    "memory",
    "system memory",
    "memtotal",
    "installed ram",
    "physical memory",
)
SIZED = Pattern(r"^~?\s*\d[\d.,]*\s*[KMGT]i?B\b", re.IGNORECASE)
MOST_DISKS = 40


def read(paste: Paste) -> Facts | None:
    """Sizes of memory, swap, /dev/shm and mounted file systems."""
    parts = [facts for part in (_meminfo, _free, _reported, _disks) if (facts := part(paste))]
    return join(*parts) if parts else None


def _meminfo(paste: Paste) -> Facts | None:
    if "MemTotal" not in paste:
        return None
    total = paste.value("memtotal")
    facts = memory(
        total_bytes=size(total, "kB"),
        total_printed=total,
        available_bytes=size(paste.value("memavailable"), "kB"),
        swap_bytes=size(paste.value("swaptotal"), "kB"),
    )
    return Facts(memory=facts)


def _free(paste: Paste) -> Facts | None:
    """`free`, which prints kibibytes unless asked; -m and -g print numbers without a unit, so the unit is guessed."""
    if not FREE_HEAD.search(paste.text):
        return None
    rows = {name[:3].lower(): (total, rest.split()) for name, total, rest in FREE.rows(paste.text)}
    swap = next((row for name, row in rows.items() if name in {"swa", "交换", "aus"}), None)
    main = next((row for name, row in rows.items() if name not in {"swa", "交换", "aus"}), None)
    if not main:
        return None
    unit = _unit(main[0])
    available = main[1][-1] if len(main[1]) >= 5 else None
    facts = memory(
        total_bytes=size(main[0], unit),
        total_printed=main[0],
        available_bytes=size(available, unit) if available else None,
        swap_bytes=size(swap[0], unit) if swap else None,
    )
    return Facts(memory=facts)


def _unit(total: str) -> str:
    """No machine that runs deep learning has less than 128 MiB or more than 64 TiB."""
    if not total.isdigit():
        return ""
    amount = int(total)
    if amount < 4096:
        return "G" if amount < 1024 * 2 and amount < 900 else "M"
    return "M" if amount < 1024 * 1024 * 0.5 else "k" if amount < 1 << 36 else ""


def _reported(paste: Paste) -> Facts | None:
    for name in REPORTED:
        for value in paste.pairs.get(name, ()):
            if SIZED.match(value):
                total = value.rpartition(" / ")[2][:60].strip()
                return Facts(memory=memory(total_bytes=size(total), total_printed=total))
    return None


def _disks(paste: Paste) -> Facts | None:
    if "%" not in paste or " /" not in paste:
        return None
    head = DISK_HEAD.search(paste.text)
    unit = {"1K": "k", "1024": "k", "1M": "M"}.get(head[1], "") if head else ""
    rows = [(source, *rest) for source, *rest in DISK.rows(paste.text)]
    rows += [(kind, *rest) for _, kind, *rest in TYPED.rows(paste.text)]
    disks = tuple(
        DiskFacts(
            role="mounted",
            path=path,
            filesystem=kind,
            total_bytes=size(total, unit),
            free_bytes=size(free, unit),
            free_inodes=UNSAID,
            writable=UNSAID,
            executable=UNSAID,
        )
        for kind, total, _, free, _, path in rows[:MOST_DISKS]
    )
    if not disks:
        return None
    shared = next((one for one in disks if one.path == "/dev/shm"), None)
    found = Facts(disks=disks)
    if shared:
        sizes = memory(shared_memory_bytes=shared.total_bytes, shared_memory_free_bytes=shared.free_bytes)
        found = join(found, Facts(memory=sizes))
    return found
