"""Grades a processor by its brand: below < i3 < i5 < i7 < i9, or unknown where the name tells nothing.

The grades are this project's judgement (no authority publishes such a list): Intel's own class for Core processors, and
for the others the Core class whose four-to-eight-core parts of the same years do comparable work. A grade says nothing of
instruction sets: a Core i5-750 is class i5 and has no AVX; that is judged apart. ARM parts: implementer and part numbers
as in util-linux, sys-utils/lscpu-arm.c.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from dlcheck.model.fact import or_none
from dlcheck.model.host_facts import ArmPart, CpuFacts

CLASSES = ("below", "i3", "i5", "i7", "i9")
UNKNOWN = "unknown"

# (word that must occur, pattern or "" for none, class); the first row that fits counts.
_BRANDS: tuple[tuple[str, str, str], ...] = (
    # Names that hypervisors invent. A nameless one is judged by what it can do.
    ("QEMU", "QEMU (?:Virtual|TCG) CPU", UNKNOWN),
    ("KVM processor", "", UNKNOWN),
    ("irtual CPU", "", UNKNOWN),
    ("Standard PC", "", UNKNOWN),
    ("qemu", r"\bqemu(?:32|64)\b", UNKNOWN),
    ("Intel Core Processor (", r"\((?:Haswell|Broadwell|Skylake|Icelake|Cascadelake|Alderlake|Raptorlake)", "i5"),
    ("Intel Core Processor", "", UNKNOWN),
    ("Westmere E56xx", "", UNKNOWN),
    ("Nehalem Class Core i7", "", UNKNOWN),
    ("Penryn Class", "", UNKNOWN),
    (
        "Intel Xeon Processor (",
        r"\((?:SandyBridge|IvyBridge|Haswell|Broadwell|Skylake|Cascadelake|Cooperlake|Icelake|Sapphire|Granite|Sierra|Emerald)",
        "i5",
    ),
    ("Intel Xeon Processor (", "", UNKNOWN),
    ("DO-", "^DO-(?:Regular|Premium)", "i5"),
    # Apple. VirtualApple is a process of x86-64 under Rosetta 2.
    ("VirtualApple", "", "i5"),
    ("Apple M", r"Apple M\d+ (?:Pro|Max|Ultra)", "i9"),
    ("Apple M", r"Apple M\d", "i7"),
    ("Apple A", r"Apple A1[89]|Apple A[2-9]\d", "i5"),
    ("Apple ", "Apple (?:processor|silicon)", "i7"),
    # Intel, small cores and the lower names first.
    ("Atom", r"\bAtom\b", "below"),
    ("Celeron", "", "below"),
    ("Pentium", "", "below"),
    ("Core(TM)2", "", "below"),
    ("Core", r"Core\(TM\)2|Core\(TM\) (?:Duo|Solo)\b|Core2", "below"),
    ("Genuine Intel", r"CPU +[TLU]\d", "below"),
    ("i3-N", r"i3-N\d", "i3"),
    ("Core", r"Core(?:\(TM\))? 3 N\d", "i3"),
    ("Intel", r"Intel(?:\(R\))? (?:Processor )?(?:\(R\) )?[NU]\d{2,3}\b", "below"),
    ("Intel(R) Processor 3", r"Intel\(R\) Processor 3\d\d", "below"),
    ("Intel(R) 3", r"Intel\(R\) 3\d\dT?\b", "below"),
    ("Core", r"Core(?:\(TM\))? (?:M-5Y|[mM][357]-\d)", "i3"),
    ("Core", r"Core(?:\(TM\))? Ultra X?9\b", "i9"),
    ("Core", r"Core(?:\(TM\))? Ultra X?7\b", "i7"),
    ("Core", r"Core(?:\(TM\))? Ultra X?5\b", "i5"),
    ("Core", r"Core(?:\(TM\))? Ultra X?3\b", "i3"),
    ("i9", r"\bi9\b", "i9"),
    ("i7", r"\bi7\b", "i7"),
    ("i5", r"\bi5\b", "i5"),
    ("i3", r"\bi3\b", "i3"),
    ("Core", r"Core(?:\(TM\))? 9 \d{3}", "i9"),
    ("Core", r"Core(?:\(TM\))? 7 \d{3}", "i7"),
    ("Core", r"Core(?:\(TM\))? 5 \d{3}", "i5"),
    ("Core", r"Core(?:\(TM\))? 3 \d{3}", "i3"),
    ("Xeon Phi", "", "i5"),
    ("Xeon", r"Phi(?:\(TM\))?", "i5"),
    (
        "Xeon",
        r"Xeon(?:\(R\))? (?:Platinum|Gold|Silver|[wW][3579]\b|[wW][3579]-|W-|CPU Max|Max|D-|6\d{3}[A-Z]*\b)",
        "i7",
    ),
    ("Xeon", r"Xeon(?:\(R\))? Bronze", "i5"),
    ("Xeon", r"Xeon(?:\(R\))? +(?:CPU +)?(?:E[3579]?-|E[- ]2\d{3})", "i7"),
    ("Xeon", r"Xeon(?:\(R\)|\(TM\))? +(?:CPU +)?(?:[ELWX]?\d{4}\b|3\.\d+GHz)", "i3"),
    ("Xeon", "", "i5"),
    # AMD.
    ("Threadripper", "", "i9"),
    ("EPYC", "", "i9"),
    ("yzen", r"(?i:ryzen ai (?:max|9|hx 9))", "i9"),
    ("YZEN", r"(?i:ryzen ai (?:max|9))", "i9"),
    ("yzen AI 7", "", "i7"),
    ("yzen AI 5", "", "i5"),
    ("yzen AI 3", "", "i3"),
    ("yzen", r"Ryzen(?:\(TM\))? (?:PRO )?9\b", "i9"),
    ("yzen", r"Ryzen(?:\(TM\))? (?:PRO )?7\b", "i7"),
    ("yzen", r"Ryzen(?:\(TM\))? (?:PRO )?5\b", "i5"),
    ("yzen", r"Ryzen(?:\(TM\))? (?:PRO )?3\b", "i3"),
    ("yzen", r"Ryzen Z\d", "i5"),
    ("yzen", r"Ryzen Embedded [V789]", "i5"),
    ("yzen", r"Ryzen Embedded R", "i3"),
    ("AMD Custom", "", "i5"),
    ("Athlon", "", "below"),
    ("Sempron", "", "below"),
    ("Turion", "", "below"),
    ("Phenom", "", "below"),
    ("AMD 3", r"AMD 3\d{3}[eU]\b", "below"),
    ("AMD", r"AMD (?:PRO )?A(?:4|6|8|9|10|12)-|AMD E[12]?-\d|AMD [CZ]-\d\d|AMD GX?-", "below"),
    ("AMD FX", "", "i3"),
    ("Opteron", "", "i3"),
    ("Hygon", "", "i7"),
    # Others on x86-64.
    ("ZHAOXIN", "", "below"),
    ("KaiXian", "", "below"),
    ("VIA ", r"VIA (?:Eden|Nano|QuadCore|C7)", "below"),
    # ARM.
    ("Snapdragon", r"X2? Elite|X2?1?E[- ]?\d|X1P|X2? Plus", "i7"),
    ("Oryon", "", "i7"),
    ("X1", r"\bX[12][EP]-?\d", "i7"),
    ("Snapdragon", r"Snapdragon(?:\(R\))? X\b", "i5"),
    ("X1-26", "", "i5"),
    ("8cx", "8cx Gen ?3", "i5"),
    ("SQ3", r"Microsoft SQ3", "i5"),
    ("8cx", "", "i3"),
    ("Microsoft SQ", "", "i3"),
    ("Snapdragon", "", "below"),
    ("Ampere", r"Ampere(?:\(R\))? ?(?:Altra|One)|Ampere-1", "i7"),
    ("Neoverse", r"Neoverse[- ](?:N[1-9]|V[1-9])", "i7"),
    ("Neoverse", "", "below"),
    ("Graviton", r"Graviton(?:\(R\))? ?[2-9]", "i7"),
    ("Graviton", "", "below"),
    ("NVIDIA Grace", "", "i7"),
    ("Grace", r"\bGrace\b", "i7"),
    ("Cobalt", r"Cobalt \d", "i7"),
    ("Axion", "", "i7"),
    ("Yitian", "", "i7"),
    ("Kunpeng", "", "i5"),
    ("ThunderX", r"ThunderX[23]", "i5"),
    ("ThunderX", "", "below"),
    ("A64FX", "", "i5"),
    ("Cortex-X", "", "i5"),
    ("Cortex-A7", r"Cortex-A7(?:8|10|15|20|25)", "i3"),
    ("Carmel", "", "i3"),
    ("Denver", "", "i3"),
    ("Cortex", "", "below"),
    ("Raspberry", "", "below"),
    ("BCM2", r"BCM2\d{3}", "below"),
)

# (implementer, part) to class; the best of a processor's parts counts.
_PARTS = {
    "0x41": {
        "below": "d03 d04 d05 d07 d08 d09 d0a d0b d0d d0e d46 d4a d80 d06 d02",
        "i3": "d41 d42 d47 d4b d4d d81 d87",
        "i5": "d44 d48 d4c d4e d82 d85",
        "i7": "d0c d40 d49 d4f d84 d8e",
    },
    "0x43": {"i5": "0af 0b8", "below": "0a1 0a2 0a3"},
    "0x46": {"i5": "001"},
    "0x48": {"i5": "d01 d02"},
    "0x4e": {"i3": "003 004"},
    "0x51": {"i7": "001", "i3": "804 802", "below": "800 801 803 805 c00 c01"},
    "0x61": {"i7": "022 023 032 033 042 043 052 053", "i9": "024 025 028 029 034 035 038 039 044 045 048 049"},
    "0x6d": {"i7": "d49"},
    "0x70": {"i3": "663"},
    "0xc0": {"i7": "ac3 ac4"},
}


def grade(cpu: CpuFacts) -> tuple[str, str]:
    """The class of the processor, and by what it was graded: brand, parts, or instruction set and cores."""
    by_brand = of_brand(or_none(cpu.brand))
    if by_brand != UNKNOWN:
        return by_brand, "brand"
    by_parts = of_arm_parts(cpu.arm_parts)
    if by_parts != UNKNOWN:
        return by_parts, "parts"
    flags = or_none(cpu.flags) or ()
    able = of_capabilities(flags, or_none(cpu.physical_cores), or_none(cpu.logical_cpus))
    return able, "instruction set and cores"


def of_brand(brand: str | None) -> str:
    """The class that the brand string names, "unknown" where it names none."""
    name = " ".join((brand or "").split())
    for word, pattern, grade in _BRANDS:
        if word in name and (not pattern or re.search(pattern, name)):
            return grade
    return UNKNOWN


def of_arm_parts(parts: Sequence[ArmPart]) -> str:
    """The best class among the core types of an ARM processor, "unknown" where none is known."""
    grades = [
        grade
        for part in parts
        for grade, numbers in _PARTS.get(part.implementer.lower(), {}).items()
        if part.part.lower().removeprefix("0x").rjust(3, "0") in numbers.split()
    ]
    return max(grades, key=CLASSES.index) if grades else UNKNOWN


def of_capabilities(flags: Sequence[str], physical: int | None, logical: int | None) -> str:
    """The class of a nameless processor by what it can do; "unknown" where its flags are not known either."""
    if not flags or not logical:
        return UNKNOWN
    modern = "avx2" in flags or "asimddp" in flags or "sve" in flags
    if modern and ("fma" in flags or "asimddp" in flags) and (physical or logical) >= 4:
        return "i5"
    return "i3" if modern and logical >= 2 else "below"
