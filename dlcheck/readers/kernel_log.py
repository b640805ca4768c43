"""The kernel log: Xid errors, NVRM and amdgpu messages, out-of-memory kills, and what the boot messages name.

Source of the forms: "NVRM: Xid (PCI:0000:03:00): 13, pid=..." (with "GPU at" and bus numbers alone in old drivers), with or
without syslog's date, journalctl's host, dmesg's seconds.
"""

from __future__ import annotations

import re

from dlcheck.model.facts import Facts
from dlcheck.readers.figures import size
from dlcheck.readers.merge import join
from dlcheck.readers.parts import amd, cpu, memory, nvidia, system
from dlcheck.readers.paste import Paste
from dlcheck.readers.pattern import Pattern

XID = Pattern(r"Xid \((?:PCI:)?([0-9a-fA-F:.]+)\):\s*(\d+)")
SXID = Pattern(r"SXid \((?:PCI:)?([0-9a-fA-F:.]+)\):\s*(\d+)")
MODULE = Pattern(
    r"NVRM: loading NVIDIA UNIX[^\n]*?(?:Kernel Module)[^\n]*?\s(\d{3}\.\d+(?:\.\d+)?)\s", needs="NVRM: loading"
)
CLIENT = Pattern(r"NVRM: API mismatch[^\n]*?client has the version (\d[\d.]*\d)", needs="API mismatch")
KERNEL_HAS = Pattern(r"kernel module has the version (\d[\d.]*\d)", needs="kernel module has")
SECONDS = Pattern(r"^\[[ \t]*\d+\.\d{6}\]", re.MULTILINE, needs="[")
MEMORY = Pattern(r"\bMemory: \d+K/(\d+)K available", needs="K available")
PROCESSOR = Pattern(r"(?:smpboot: CPU0|Boot CPU|\bCPU0?): ([A-Z][^\n\[(]*(?:\([^)]*\)[^\n\[(]*)*)")
BSD = Pattern(r"^(?:CPU|cpu0): ([A-Z][^\n]{4,80}?) \([\d.]+-MHz", re.MULTILINE, needs="-MHz")
HYPERVISOR = Pattern(r"Hypervisor detected: (\S[^\n]*)", needs="Hypervisor detected")
AMDGPU_VERSION = Pattern(r"\[drm\] amdgpu version: (\S+)", needs="amdgpu version")
KILLED = Pattern(r"(?:Out of memory: Kill(?:ed)? process|oom-kill:|Memory cgroup out of memory)[^\n]*")
MOST_LINES = 60
WORDS = ("NVRM", "Xid", "nvidia", "nouveau", "amdgpu", "kfd", "[drm")


def read(paste: Paste) -> Facts | None:
    """Facts of a kernel log, or of the lines of one that a text quotes."""
    parts = [facts for part in (_nvidia, _amd, _boot, _killed) if (facts := part(paste))]
    return join(*parts) if parts else None


def _nvidia(paste: Paste) -> Facts | None:
    if "NVRM" not in paste and "Xid" not in paste:
        return None
    lines = [line.strip() for line in paste.lines if "NVRM" in line or "Xid" in line]
    log = [line for line in lines if "Xid" in line or "NVRM:" in line][:MOST_LINES]
    errors = [(address, code) for line in lines for address, code in XID.rows(line) if "SXid" not in line]
    switches = [(address, code) for line in lines for address, code in SXID.rows(line)]
    loaded, client, module = (pattern.search(paste.text) for pattern in (MODULE, CLIENT, KERNEL_HAS))
    if not log and not errors:
        return None
    notes: dict[str, str] = {}
    if errors:
        notes["xid"] = ", ".join(dict.fromkeys(code for _, code in errors))
        notes["xid gpu"] = ", ".join(dict.fromkeys(address for address, _ in errors))
    if switches:
        notes["sxid"] = ", ".join(dict.fromkeys(code for _, code in switches))
    release = module or loaded
    facts = nvidia(kernel_log=tuple(log), module=release[1] if release else None, driver=client[1] if client else None)
    return Facts(devices=facts, notes=notes)


def _amd(paste: Paste) -> Facts | None:
    if "amdgpu" not in paste or not (SECONDS.search(paste.text) or "kernel:" in paste):
        return None
    lines = [line for line in paste.lines if "amdgpu" in line]
    version = AMDGPU_VERSION.search(paste.text)
    bad = re.compile(r"\*ERROR\*|fault|timeout|reset|failed|hang", re.IGNORECASE)
    wrong = tuple(line.strip() for line in lines if bad.search(line))[:MOST_LINES]
    facts = amd(module=version[1] if version else None, kernel_log=wrong)
    return Facts(devices=facts, notes={"amdgpu lines in the kernel log": str(len(lines))})


def _boot(paste: Paste) -> Facts | None:
    """Only a log that shows its seconds, so that prose about a kernel is none."""
    if not SECONDS.search(paste.text):
        match = BSD.search(paste.text)
        return Facts(cpu=cpu(brand=match[1].strip())) if match else None
    found = Facts()
    if match := PROCESSOR.search(paste.text):
        found = join(found, Facts(cpu=cpu(brand=match[1].strip().removesuffix(" [").strip())))
    if match := MEMORY.search(paste.text):
        found = join(found, Facts(memory=memory(total_bytes=size(match[1] + "kB"), total_printed=f"{match[1]}K")))
    if match := HYPERVISOR.search(paste.text):
        found = join(found, Facts(system=system(name="linux", hypervisor=match[1].strip())))
    return found


def _killed(paste: Paste) -> Facts | None:
    match = KILLED.search(paste.text) if "emory" in paste or "oom-kill" in paste else None
    return Facts(notes={"killed for memory": match[0].strip()[:200]}) if match else None
