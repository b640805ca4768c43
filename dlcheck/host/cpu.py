"""The processor. /proc/cpuinfo first: py-cpuinfo starts processes of its own and needs about a second."""

from __future__ import annotations

import json
import os
import re
import sys

from dlcheck.host import control_groups, files
from dlcheck.host.process import run
from dlcheck.model.fact import Unknown
from dlcheck.model.host_facts import ArmPart, CpuFacts

# py-cpuinfo's names that differ from those of /proc/cpuinfo.
_LINUX_FLAG = {"avx512bitalg": "avx512_bitalg", "pclmulqdq": "pclmulqdq", "sse3": "pni", "osxsave": "xsave"}
_TIMEOUT = 20.0


def look(root: str = "/", *, counted: bool = True) -> CpuFacts:
    """Brand, instruction sets, cores, and how many of them this process may use; not ``counted``, the first two alone."""
    brand, flags, architecture, parts = _linux(root) if sys.platform == "linux" else _cpuinfo()
    if not counted:
        return CpuFacts(brand=brand, architecture=architecture, arm_parts=parts, flags=flags)
    import psutil

    try:
        load: float | None = os.getloadavg()[0]
    except (AttributeError, OSError):
        load = None
    return CpuFacts(
        brand=brand,
        architecture=architecture,
        arm_parts=parts,
        flags=flags,
        physical_cores=psutil.cpu_count(logical=False),
        logical_cpus=psutil.cpu_count(logical=True),
        allowed_cpus=_allowed(),
        quota_cpus=control_groups.cpu_quota(root) if sys.platform == "linux" else None,
        load_1_minute=load,
    )


Description = tuple["str | Unknown | None", "tuple[str, ...] | Unknown", "str | None", "tuple[ArmPart, ...]"]
"""Brand, instruction sets, architecture, ARM core types."""


def _linux(root: str) -> Description:
    text = files.read(os.path.join(root, "proc/cpuinfo"), 4_000_000)
    architecture = os.uname().machine
    if not isinstance(text, str):
        why = text if isinstance(text, Unknown) else Unknown("/proc/cpuinfo is not there")
        return why, why, architecture, ()
    brand = _field(text, "model name") or _field(text, "cpu model") or _field(text, "Model")
    if brand is None and architecture.startswith(("aarch64", "arm")):
        model = files.read_line(os.path.join(root, "proc/device-tree/model"))
        brand = model.replace("\0", "") if model else None
    implementers = re.findall(r"^CPU implementer\s*:\s*(\S+)", text, re.MULTILINE)
    numbers = re.findall(r"^CPU part\s*:\s*(\S+)", text, re.MULTILINE)
    pairs = sorted(set(zip(implementers, numbers, strict=False)))
    flags = _field(text, "flags") or _field(text, "Features") or ""
    return (
        " ".join(brand.split()) if brand else None,
        tuple(sorted(flags.split())),
        architecture,
        tuple(ArmPart(implementer=one, part=two) for one, two in pairs),
    )


def _field(text: str, name: str) -> str | None:
    found = re.search(rf"^{re.escape(name)}[ \t]*:[ \t]*(\S[^\n]*)$", text, re.MULTILINE)
    return found[1].strip() if found else None


def _cpuinfo() -> Description:
    """What py-cpuinfo says, asked in a process of its own: it forks, runs tools, and on Windows re-imports the caller."""
    # In the root folder: Python would import a cpuinfo.py of the working directory instead.
    argv = (sys.executable, "-m", "cpuinfo", "--json")
    done = run(argv, timeout=_TIMEOUT, cwd=os.path.abspath(os.sep), apart=True)
    try:
        found = json.loads(done.output)
        brand = found.get("brand_raw")
        flags = tuple(sorted({_LINUX_FLAG.get(one, one) for one in found.get("flags", ())}))
        return (" ".join(brand.split()) if brand else None), flags, found.get("arch_string_raw"), ()
    except (ValueError, AttributeError, TypeError, RecursionError):
        why = Unknown("py-cpuinfo gave no answer" + (" in time" if done.timed_out else ""))
        return why, why, None, ()


def _allowed() -> int | None:
    try:
        return len(os.sched_getaffinity(0))
    except (AttributeError, OSError):
        return os.cpu_count()
