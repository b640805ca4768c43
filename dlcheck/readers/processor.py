"""The processor: lscpu, /proc/cpuinfo, sysctl of macOS, wmic and CIM of Windows, and the notes of boot logs.

lscpu's labels are translated by the system's language; the table below holds those of util-linux's catalogues that
people paste. A processor with several core types repeats its block, one a type.
"""

from __future__ import annotations

import re

from dlcheck.model.facts import Facts
from dlcheck.model.host_facts import ArmPart
from dlcheck.readers.figures import count
from dlcheck.readers.labels import LSCPU
from dlcheck.readers.parts import cpu, memory, system
from dlcheck.readers.paste import Paste, something
from dlcheck.readers.pattern import Pattern

PROCESSOR = Pattern(r"^[ \t]*processor[ \t]*:[ \t]*\d+", re.MULTILINE, needs="processor")
S390 = Pattern(r"^[ \t]*processor (\d+): version", re.MULTILINE, needs=": version")
TELLING = {
    *(
        "fpu",
        "sse2",
        "mmx",
        "lm",
        "aes",
        "fp",
        "asimd",
        "neon",
        "half",
        "thumb",
        "vfp",
        "vfpv3",
        "vfpv4",
        "swp",
        "edsp",
    ),
    *("fastmult", "cpucfg", "esan3", "zarch", "altivec"),
}
"""One of these stands in every processor's list; lspci has "Flags:" of its own."""
MARK = Pattern(r"\s+")
SYSCTL = {
    "brand": ("machdep.cpu.brand_string", "hw.model", "machdep.dmi.processor-version"),
    "vendor": ("machdep.cpu.vendor", "machdep.dmi.processor-vendor"),
    "cores": ("machdep.cpu.core_count", "hw.physicalcpu", "hw.physicalcpu_max"),
    "threads": ("machdep.cpu.thread_count", "hw.logicalcpu", "hw.logicalcpu_max", "hw.ncpu"),
}


def read(paste: Paste) -> Facts | None:
    """The processor as lscpu, /proc/cpuinfo or sysctl describes it."""
    if "machdep.cpu" in paste or "hw.ncpu" in paste or "hw.model" in paste:
        return _sysctl(paste)
    found = {field: paste.value(*names) for field, names in LSCPU.items() if field != "flags"}
    if found["cpus"] and (
        found["threads"] or found["sockets"] or found["cores"] or found["vendor"] or paste.names("bogomips")
    ):
        return _lscpu(paste, found)
    if (
        PROCESSOR.search(paste.text)
        or S390.search(paste.text)
        or (paste.names("processor") and paste.names("bogomips"))
    ):
        return _cpuinfo(paste)
    return None


def _lscpu(paste: Paste, found: dict[str, str | None]) -> Facts:
    models = tuple(dict.fromkeys(_all(paste, LSCPU["model"])))
    sockets, cores = count(found["sockets"]), count(found["cores"])
    facts = cpu(
        brand=MARK.sub(" ", models[0]) if models and models[0] != "-" else None,
        architecture=found["architecture"],
        vendor=found["vendor"],
        models=models if len(models) > 1 else None,
        logical_cpus=count(found["cpus"]),
        sockets=sockets,
        cores_per_socket=cores,
        threads_per_core=count(found["threads"]),
        physical_cores=sockets * cores if sockets and cores and len(models) < 2 else None,
        flags=_flags(paste),
    )
    printed = {"cpu model as printed": models[0]} if models and "  " in models[0] else {}
    machine = system(machine=found["architecture"], hypervisor=found["hypervisor"])
    return Facts(cpu=facts, system=machine, notes=printed)


def _all(paste: Paste, names: tuple[str, ...]) -> list[str]:
    return [said for name in names for value in paste.pairs.get(name, ()) if (said := something(value))]


def _flags(paste: Paste) -> tuple[str, ...] | None:
    """Instruction sets: those that all core types share are what a program may use, but the first block speaks here."""
    for name in LSCPU["flags"]:
        for value in paste.pairs.get(name, ()):
            words = value.split()
            if name == "isa" or not TELLING.isdisjoint(words):
                return tuple(sorted({word.lower() for word in words}))
    return None


def _cpuinfo(paste: Paste) -> Facts:
    """/proc/cpuinfo: a block a logical processor; ARM names the implementer's number, POWER the model under "cpu"."""
    value = paste.value
    named = value("model name", "cpu model", "uarch") or value("cpu") or _spelled(paste)
    logical = len(PROCESSOR.words(paste.text)) or len(S390.words(paste.text)) or count(value("processors"))
    vendor = value("vendor_id", "vendor")
    per_socket = count(value("cpu cores"))
    sockets = len(set(paste.pairs.get("physical id", ()))) or None
    facts = cpu(
        brand=MARK.sub(" ", named) if named else None,
        vendor=vendor,
        logical_cpus=logical,
        cores_per_socket=per_socket,
        sockets=sockets,
        physical_cores=per_socket * sockets if per_socket and sockets else None,
        flags=_flags(paste),
        arm_parts=_arm_parts(paste),
    )
    notes = {
        name: said
        for name in ("hardware", "model", "revision", "machine", "platform", "cpu architecture")
        if (said := value(name))
    }
    if named and "  " in named:
        notes["cpu model as printed"] = named
    product = notes.get("model") if not (notes.get("model") or "0").split()[0].isdigit() else None
    return Facts(cpu=facts, system=system(product=product), notes=notes)


def _spelled(paste: Paste) -> str | None:
    """Old ARM kernels put the name behind "Processor"."""
    return next((value for value in paste.pairs.get("processor", ()) if value and not value.isdigit()), None)


def _arm_parts(paste: Paste) -> tuple[ArmPart, ...] | None:
    pairs = zip(paste.pairs.get("cpu implementer", ()), paste.pairs.get("cpu part", ()), strict=False)
    return tuple(dict.fromkeys(ArmPart(implementer=maker, part=part) for maker, part in pairs)) or None


def _sysctl(paste: Paste) -> Facts:
    found = {field: paste.value(*names) or _assigned(paste, names) for field, names in SYSCTL.items()}
    flags = (
        " ".join(_all(paste, ("machdep.cpu.features", "machdep.cpu.leaf7_features"))).lower().replace(".", "_").split()
    )
    facts = cpu(
        brand=MARK.sub(" ", found["brand"]) if found["brand"] else None,
        vendor=found["vendor"],
        physical_cores=count(found["cores"]),
        logical_cpus=count(found["threads"]),
        flags=tuple(sorted({"avx" if flag == "avx1_0" else flag for flag in flags})),
    )
    mac = "machdep.cpu.brand_string" in paste or "hw.memsize" in paste
    total = paste.value("hw.memsize") or _assigned(paste, ("hw.memsize", "hw.physmem", "hw.realmem"))
    sizes = memory(total_bytes=int(total), total_printed=total) if total and total.isdigit() else Facts().memory
    machine = paste.value("hw.machine", "hw.machine_arch")
    return Facts(cpu=facts, memory=sizes, system=system(name="macos" if mac else "", machine=machine))


def _assigned(paste: Paste, names: tuple[str, ...]) -> str | None:
    """The BSDs print "hw.model=..." with -e and "hw.model = ..." elsewhere."""
    for line in paste.lines:
        name, equals, value = line.partition("=")
        if equals and name.strip().lower() in names:
            return value.strip() or None
    return None
