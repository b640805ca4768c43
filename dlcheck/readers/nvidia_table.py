"""The table that `nvidia-smi` prints (releases 4 to 610), `nvidia-smi -L`, `--version`, and its ways to fail.

The head named the driver alone at first, then also "CUDA Version" (410), then "KMD Version" and "CUDA UMD Version"
(610). Columns grew from 24 to 41 signs, "Persistence-M" gave way to TCC/WDDM and Driver-Model on Windows, MIG added a
third row a GPU and a table of its own. Cells are therefore told by what stands in them, not by their place. Intel's
xpu-smi 2 prints the same table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from dlcheck.model.device_facts import DriverCall, Gpu
from dlcheck.model.facts import Facts
from dlcheck.readers.figures import number, size, switch
from dlcheck.readers.merge import join
from dlcheck.readers.parts import devices_of, gpu, intel, nvidia
from dlcheck.readers.paste import Paste, something
from dlcheck.readers.pattern import Pattern

HEAD = Pattern(r"(?:NVIDIA|XPU)-SMI(?: version)?\s*:?\s*v?(\d[\d.]*\d)", re.IGNORECASE)
DRIVER = Pattern(r"(?:Driver|DRIVER|KMD) [Vv]ersion\s*:?\s*(\d[\d.]*\d)")
CUDA = Pattern(r"CUDA (?:UMD )?Version\s*:\s*(\d+\.\d+)")
LIBRARY = Pattern(r"NVML(?: library)? version\s*:\s*(\d[\d.]*\d)")
ADDRESS = r"[0-9A-Fa-f]{4,8}:[0-9A-Fa-f]{2}:[0-9A-Fa-f]{2}\.[0-9A-Fa-f]"
FIRST = Pattern(
    r"^\s*\|?\s*(\d{1,3})\s+(\S[^|\n]{0,80}?)(?:\s+(On|Off|WDDM|TCC|MCDM|N/A|ERR!|Enabled|Disabled))?\s*\|"
    rf"\s*({ADDRESS}|N/A)\s+(\S+)?\s*\|\s*(\S+)?"
)
USED = Pattern(r"(\d+|N/A)\s*(Mi?B)?\s*/\s*(\d+)\s*(Mi?B)")
POWER = Pattern(r"(\d+)W\s*/\s*(\d+)W")
CELSIUS = Pattern(r"\b(\d+)C\b")
BUSY = Pattern(r"\|\s*(\d+)%")
MODE = Pattern(r"\b(Default|E\. ?Process|Exclusive_Process|Prohibited)\b")
MIG_ROW = Pattern(r"^\s*\|\s*(\d+)\s+(\d+|N/A)\s+(\d+|N/A)\s+(\d+)\s*\|")
PROCESS = Pattern(
    r"^\s*\|\s*(\d+)\s+(?:(?:N/A|\d+)\s+(?:N/A|\d+)\s+)?(\d+)\s+([CGM+]{1,5})\s+(\S.*?)\s+(\d+\s*MiB|N/A|-|)\s*\|"
)
LISTED = Pattern(
    r"^[ \t]*GPU[ \t]+(\d+):[ \t]*(\S[^(\n]*?(?:\([^U][^)\n]*\))?[^(\n]*?)[ \t]*\(UUID:[ \t]*([\w/-]+)[ \t]*\)",
    re.MULTILINE,
)
MIG_LISTED = Pattern(r"^[ \t]*MIG[ \t]+(\d+c?[\w.+]*)[ \t]+Device[ \t]+(\d+):", re.MULTILINE)
LINK = Pattern(r"^[ \t]*Link \d+:[ \t]*(\S+)", re.MULTILINE)
MODES = {"default": "default", "prohibited": "prohibited"}
FAILURES = (
    ("Driver/library version mismatch", 18, "NVML_ERROR_LIB_RM_VERSION_MISMATCH"),
    ("couldn't communicate with the NVIDIA driver", 9, "NVML_ERROR_DRIVER_NOT_LOADED"),
    ("couldn't find libnvidia-ml.so", 12, "NVML_ERROR_LIBRARY_NOT_FOUND"),
    ("GPU access blocked by the operating system", 17, "NVML_ERROR_OPERATING_SYSTEM"),
    ("Failed to initialize NVML: Insufficient Permissions", 4, "NVML_ERROR_NO_PERMISSION"),
    ("Failed to initialize NVML: Driver Not Loaded", 9, "NVML_ERROR_DRIVER_NOT_LOADED"),
    ("Failed to initialize NVML: Unknown Error", 999, "NVML_ERROR_UNKNOWN"),
    ("Failed to initialize NVML: GPU is lost", 15, "NVML_ERROR_GPU_IS_LOST"),
)
"""Words of nvidia-smi, and NVML's code and name for them (nvml.h)."""


def read(paste: Paste) -> Facts | None:
    """Driver, CUDA and GPUs of the table or the list, or how nvidia-smi failed."""
    found = [facts for part in (_table, _list, _failure) if (facts := part(paste))]
    return join(*found) if found else None


def _table(paste: Paste) -> Facts | None:
    head = HEAD.search(paste.text) if "-SMI" in paste else None
    gpus = tuple(_gpus(paste)) if "|" in paste and (head or "MiB" in paste or "MB /" in paste) else ()
    if not head and not gpus:
        return None
    driver, cuda, library = (pattern.search(paste.text) for pattern in (DRIVER, CUDA, LIBRARY))
    counted = devices_of(gpus)
    if not head and "HL-SMI" in paste:
        return Facts(devices=counted, notes={"driver version": driver[1]} if driver else {})
    if head and head[0].upper().startswith("XPU"):
        return Facts(devices=join(counted, intel(driver=paste.value("driver"))))
    smi = nvidia(
        driver=driver[1] if driver else None,
        cuda_driver=cuda[1] if cuda else None,
        smi=head[1] if head else None,
        management_library=library[1] if library else None,
    )
    return Facts(devices=join(counted, smi))


def _gpus(paste: Paste) -> Iterator[Gpu]:
    """The first table's rows; every GPU with what its second and third row, the MIG table and the processes add."""
    lines = paste.lines
    instances: dict[int, int] = {}
    processes: dict[int, list[str]] = {}
    found: list[Gpu] = []
    current: Gpu | None = None
    for line in lines:
        if "|" not in line:
            continue
        match = FIRST.match(line)
        if match:
            current = _first_row(match)
            found.append(current)
        elif (match := MIG_ROW.match(line)) and "MiB" in line:
            instances[int(match[1])] = instances.get(int(match[1]), 0) + 1
            current = None
        elif match := PROCESS.match(line):
            processes.setdefault(int(match[1]), []).append(" ".join(filter(None, (match[2], match[4], match[5]))))
            current = None
        elif current:
            found[-1] = current = _later_row(current, line)
    for one in found:
        held = processes.get(one.index if one.index is not None else -1)
        counted = replace(one, mig_devices=instances[one.index]) if one.index in instances else one
        yield replace(counted, processes=tuple(held)) if held else counted


def _first_row(match: re.Match[str]) -> Gpu:
    index, name, mode, address, _, ecc = match.groups()
    facts = gpu(
        re.sub(r"\s+", " ", name),
        index=int(index),
        pci_address=something(address),
        persistence=switch(mode),
        driver_model=mode if mode in {"WDDM", "TCC", "MCDM"} else None,
        lost=mode == "ERR!" or ecc == "ERR!" or None,
    )
    if ecc and ecc.isdigit():
        return replace(facts, ecc_enabled=True, ecc_uncorrected=int(ecc))
    return replace(facts, ecc_enabled=False) if ecc == "Off" else facts


def _later_row(facts: Gpu, line: str) -> Gpu:
    used = USED.search(line)
    if used and facts.memory_printed is None:
        total = size(used[3] + used[4])
        power, celsius, busy, mode = (pattern.search(line) for pattern in (POWER, CELSIUS, BUSY, MODE))
        facts = replace(
            facts,
            memory_printed=used[3] + used[4],
            memory_bytes=total,
            temperature=number(celsius[1]) if celsius else facts.temperature,
            power_watts=number(power[1]) if power else facts.power_watts,
            power_limit_watts=number(power[2]) if power else facts.power_limit_watts,
            utilization_percent=number(busy[1]) if busy else facts.utilization_percent,
            compute_mode=MODES.get(mode[1].lower(), "exclusive_process") if mode else facts.compute_mode,
        )
        if total and used[1].isdigit():
            facts = replace(facts, memory_free_bytes=total - (size(used[1] + "MiB") or 0))
    elif line.count("|") >= 3 and (state := re.search(r"\b(Enabled|Disabled)\*?\s*\|?\s*$", line)):
        facts = replace(facts, mig_enabled=state[1] == "Enabled")
    return facts


def _list(paste: Paste) -> Facts | None:
    """`nvidia-smi -L`: a line a GPU, and under it a line a MIG device."""
    if "UUID:" not in paste:
        return None
    gpus: list[Gpu] = []
    matches = list(LISTED.finditer(paste.text))
    for at, match in enumerate(matches):
        end = matches[at + 1].start() if at + 1 < len(matches) else len(paste.text)
        block = paste.text[match.end() : end]
        profiles = tuple(f"MIG {profile}" for profile, _ in MIG_LISTED.rows(block))
        facts = gpu(match[2].strip(), index=int(match[1]), uuid=match[3], mig_profiles=profiles)
        if profiles:
            facts = replace(facts, mig_enabled=True, mig_devices=len(profiles))
        gpus.append(_links(facts, block))
    return Facts(devices=devices_of(tuple(gpus))) if gpus else None


def _links(facts: Gpu, block: str) -> Gpu:
    """`nvidia-smi nvlink --status` prints the links under the same line."""
    if "NVLink information as all links are inactive" in block:
        return replace(facts, nvlink="inactive")
    if not LINK.search(block):
        return facts
    up = sum(1 for state in LINK.words(block) if state[0].isdigit())
    down = sum(1 for state in LINK.words(block) if "inactive" in state)
    return replace(facts, nvlink=f"{up} active", nvlink_down=down)


def _failure(paste: Paste) -> Facts | None:
    for words, code, name in FAILURES:
        if words in paste:
            call = DriverCall(library="libnvidia-ml.so.1", code=code, error=name)
            library = LIBRARY.search(paste.text)
            return Facts(devices=nvidia(nvml=call, management_library=library[1] if library else None))
    return None
