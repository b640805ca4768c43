"""Other voices of the NVIDIA stack: nvcc, /proc/driver/nvidia/version, modinfo, deviceQuery, `nvidia-smi --query-gpu` as
CSV, topo, dmon, the fabric manager's log, nvidia-container-cli, Jetson's tegra release.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from dlcheck.model.device_facts import Gpu
from dlcheck.model.facts import Facts
from dlcheck.readers.figures import count, number, size, switch
from dlcheck.readers.merge import join
from dlcheck.readers.parts import devices_of, gpu, nvidia, system, toolchain
from dlcheck.readers.paste import Paste, something
from dlcheck.readers.pattern import Pattern

NVCC = Pattern(r"Cuda compilation tools, release (\d+\.\d+)(?:, V(\d[\d.]*))?")
MODULE = Pattern(
    r"NVRM version:\s*NVIDIA UNIX (Open )?[^\n]*?Kernel Module[^\n]*?\s(\d{3}\.\d+(?:\.\d+)?)\b", needs="NVRM version"
)
COMPILER = Pattern(r"^[ \t]*GCC version:[ \t]*(gcc version [^\n]+?)[ \t]*$", re.MULTILINE)
MODINFO = Pattern(
    r"^[ \t]*filename:[ \t]*\S*nvidia[\w-]*\.ko[^\n]*\n(?:[^\n]*\n){0,12}?[ \t]*version:[ \t]*(\d[\d.]*)",
    re.MULTILINE,
    needs="filename:",
)
QUERIED = Pattern(r'^[ \t]*Device (\d+): "([^"\n]+)"', re.MULTILINE)
VERSIONS = Pattern(
    r"CUDA Driver Version(?: / Runtime Version\s+|:\s+)(\d+\.\d+)(?: / |\s+CUDA Runtime Version:\s+)(\d+\.\d+)"
)
CAPABILITY = Pattern(r"CUDA Capability Major/Minor version number:\s+(\d+\.\d+)")
GLOBAL = Pattern(r"Total amount of global memory:\s+(\d+ M?[Bb]ytes)(?: \((\d+) bytes\))?")
CSV_HEAD = Pattern(
    r"^[ \t]*(?:index|name|uuid|gpu_name|timestamp|driver_version|pci\.bus_id|memory\.\w+)(?:[ \t]*\[[\w%]+\])?"
    r"(?:, ?[\w.]+(?: \[[\w%]+\])?)+[ \t]*$",
    re.MULTILINE,
    needs=", ",
)
CSV_BARE = Pattern(
    r"^[ \t]*(?:\d+, ?)?((?:NVIDIA|Tesla|GeForce|Quadro|TITAN)[^,\n|]{2,50}), ?([^\n|]+)$",
    re.MULTILINE,
    needs=("NVIDIA", "Tesla", "GeForce", "Quadro", "TITAN"),
)
BARE_NAME = Pattern(
    r"^[ \t]*(?:[-*] )?((?:NVIDIA (?:GeForce |RTX |A|H|L|T|B|GH|GB|TITAN|Quadro|Tesla)|Tesla [A-Z]\d|GeForce [GR]TX? \d|Quadro )"
    r"[\w .-]{1,40})$",
    re.MULTILINE,
    needs=("NVIDIA ", "Tesla ", "GeForce ", "Quadro "),
)
DMON = Pattern(r"^#[ \t]*gpu[ \t]+pwr", re.MULTILINE, needs="gpu")
DMON_ROW = Pattern(r"^[ \t]*(\d+)[ \t]+(?:\d+|-)[ \t]+(?:\d+|-)[ \t]", re.MULTILINE)
NCCL_DEVICE = Pattern(r"device[ \t]+(\d+) \[(0x[0-9a-f]+|[0-9a-f:.]+)\] (\S[^\n]{2,50})$", re.MULTILINE)
TOPOLOGY = Pattern(r"^[ \t]*GPU(\d+)[ \t]+((?:(?:X|NV\d+|SYS|NODE|PHB|PXB|PIX)\*?[ \t]+)+)", re.MULTILINE, needs="GPU0")
NCCL = Pattern(r"NCCL version (\d[\w.+]*)", needs="NCCL version ")
NUMBA = Pattern(r"^id (\d+)[ \t]+b?'([^'\n]+)'[ \t]+\[", re.MULTILINE, needs="id ")
HANDLES = Pattern(r"Number of GPUs:\s?(\d+)")
TEGRA = Pattern(r"#\s*(R\d+) \(release\), REVISION: ([\d.]+)")
JETPACK = Pattern(r"\bJetpack\s*:?\s*(\d[\d.]*)", re.IGNORECASE)
CLI = Pattern(r"^NVRM version:[ \t]+(\d[\d.]*)\nCUDA version:[ \t]+(\d[\d.]*)", re.MULTILINE, needs="NVRM version:")
CLI_DEVICE = Pattern(r"^Model:[ \t]+(\S[^\n]*?)[ \t]*$", re.MULTILINE)
CUDA_FILE = Pattern(r"^[ \t]*CUDA Version (\d+\.\d+\.\d+)[ \t]*$", re.MULTILINE)
CUDNN = Pattern(r"#define CUDNN_(MAJOR|MINOR|PATCHLEVEL)\s+(\d+)")
FABRIC = Pattern(r"(?:Fabric Manager version is|nv-fabricmanager)\s*:?\s*(\d{3}\.[\d.]+\d)")


def read(paste: Paste) -> Facts | None:
    """What any of these tools say."""
    parts = [facts for part in (_compiler, _module, _device_query, _csv, _other) if (facts := part(paste))]
    return join(*parts) if parts else None


def _compiler(paste: Paste) -> Facts | None:
    found = NVCC.search(paste.text) if "Cuda compilation tools" in paste else None
    version = (found[2] or found[1]) if found else None
    if not found and "CUDA Version " in paste and (written := CUDA_FILE.search(paste.text)):
        version = written[1]
    parts = {row[0]: row[1] for row in CUDNN.rows(paste.text)} if "#define CUDNN_" in paste else {}
    cudnn = ".".join(parts[name] for name in ("MAJOR", "MINOR", "PATCHLEVEL") if name in parts) or None
    return Facts(toolchain=toolchain(nvcc=version, cudnn=cudnn)) if version or cudnn else None


def _module(paste: Paste) -> Facts | None:
    if "NVRM version" not in paste and "nvidia" not in paste:
        return None
    cli = CLI.search(paste.text)
    if cli:
        gpus = tuple(gpu(name, index=index) for index, name in enumerate(CLI_DEVICE.words(paste.text)))
        return Facts(devices=join(devices_of(gpus), nvidia(driver=cli[1], cuda_driver=cli[2])))
    found, described = MODULE.search(paste.text), MODINFO.search(paste.text)
    if not found:
        return Facts(notes={"nvidia module on disk": described[1]}) if described else None
    compiler = COMPILER.search(paste.text)
    facts = nvidia(module=found[2], module_flavour="open" if found[1] else None)
    notes = {"kernel module compiled with": compiler[1]} if compiler else {}
    return Facts(devices=facts, notes=notes)


def _device_query(paste: Paste) -> Facts | None:
    """The CUDA sample deviceQuery."""
    if "CUDA Capability" not in paste and "CUDA Device Query" not in paste:
        return None
    rows = list(QUERIED.finditer(paste.text))
    ends = [row.start() for row in rows[1:]] + [len(paste.text)]
    gpus = []
    for row, end in zip(rows, ends, strict=False):
        block = paste.text[row.end() : end]
        capability, memory = CAPABILITY.search(block), GLOBAL.search(block)
        gpus.append(
            gpu(
                row[2],
                index=int(row[1]),
                architecture=capability[1] if capability else None,
                memory_printed=memory[1] if memory else None,
                memory_bytes=int(memory[2]) if memory and memory[2] else size(memory[1]) if memory else None,
            )
        )
    versions = VERSIONS.search(paste.text)
    found = nvidia(cuda_driver=versions[1] if versions else None)
    notes = {"cuda runtime": versions[2]} if versions else {}
    return Facts(devices=join(devices_of(tuple(gpus)), found), notes=notes) if gpus or versions else None


Setter = Callable[[str], object]
COLUMNS: dict[str, tuple[str, Setter]] = {
    "index": ("index", count),
    "uuid": ("uuid", something),
    "gpu_uuid": ("uuid", something),
    "pci.bus_id": ("pci_address", something),
    "gpu_bus_id": ("pci_address", something),
    "memory.total": ("memory_bytes", lambda value: size(value, "MiB")),
    "memory.free": ("memory_free_bytes", lambda value: size(value, "MiB")),
    "temperature.gpu": ("temperature", number),
    "power.draw": ("power_watts", number),
    "power.limit": ("power_limit_watts", number),
    "power.default_limit": ("power_default_watts", number),
    "utilization.gpu": ("utilization_percent", number),
    "compute_cap": ("architecture", something),
    "compute_mode": ("compute_mode", lambda value: value.lower()),
    "persistence_mode": ("persistence", switch),
    "mig.mode.current": ("mig_enabled", switch),
    "ecc.mode.current": ("ecc_enabled", switch),
    "ecc.errors.uncorrected.volatile.total": ("ecc_uncorrected", count),
    "pcie.link.width.current": ("link_width", count),
    "pcie.link.width.max": ("link_width_max", count),
    "vbios_version": ("vbios", something),
}


def _csv(paste: Paste) -> Facts | None:
    """`nvidia-smi --query-gpu=... --format=csv`; without a heading, a name and what is recognised by its form."""
    if ", " not in paste and "," not in paste:
        return None
    head = CSV_HEAD.search(paste.text)
    if not head:
        return _bare_csv(paste)
    names = [name.split("[")[0].strip() for name in head[0].strip().split(",")]
    gpus: list[Gpu] = []
    driver = None
    for line in paste.text[head.end() :].lstrip("\n").split("\n"):
        values = [value.strip() for value in line.split(",")]
        if len(values) != len(names):
            break
        row = dict(zip(names, values, strict=True))
        name = row.get("name") or row.get("gpu_name") or ""
        driver = something(row.get("driver_version")) or driver
        given = {field: turn(row[column]) for column, (field, turn) in COLUMNS.items() if something(row.get(column))}
        one = gpu(name, **{"index": len(gpus), **given})
        printed = something(row.get("memory.total"))
        gpus.append(replace(one, memory_printed=printed) if printed else one)
    return Facts(devices=join(devices_of(tuple(gpus)), nvidia(driver=driver))) if gpus else None


def _bare_csv(paste: Paste) -> Facts | None:
    gpus: list[Gpu] = []
    driver = None
    for name, rest in CSV_BARE.rows(paste.text):
        values = [value.strip() for value in rest.split(",")]
        memory = next((value for value in values if re.fullmatch(r"\d+ ?Mi?B", value)), None)
        version = next((value for value in values if re.fullmatch(r"\d{3}\.\d+(?:\.\d+)?", value)), None)
        capability = next((value for value in values if re.fullmatch(r"\d{1,2}\.\d", value)), None)
        if memory or version or capability:
            driver = version or driver
            gpus.append(
                gpu(
                    name.strip(),
                    index=len(gpus),
                    memory_printed=memory,
                    memory_bytes=size(memory),
                    architecture=capability,
                )
            )
    return Facts(devices=join(devices_of(tuple(gpus)), nvidia(driver=driver))) if gpus else None


def _other(paste: Paste) -> Facts | None:
    notes: dict[str, str] = {}
    found = Facts()
    if "Number of GPUs:" in paste and (counts := HANDLES.words(paste.text)):
        found = join(found, Facts(devices=nvidia(gpu_count=max(int(one) for one in counts))))
        notes["gpus of the fabric manager"] = str(max(int(one) for one in counts))
    if "abric" in paste and (version := FABRIC.search(paste.text)):
        found = join(found, Facts(devices=nvidia(fabric_manager=version[1])))
    if "(release), REVISION" in paste and (tegra := TEGRA.search(paste.text)):
        notes["jetson linux"] = f"{tegra[1]}.{tegra[2]}"
        found = join(found, Facts(system=system(name="linux", product="NVIDIA Jetson")))
    if "etpack" in paste.low and (jetpack := JETPACK.search(paste.text)):
        notes["jetpack"] = jetpack[1]
    if DMON.search(paste.text):
        rows = DMON_ROW.words(paste.text)
        notes["gpu indices"] = ", ".join(dict.fromkeys(rows))
    if topology := TOPOLOGY.rows(paste.text):
        links = dict.fromkeys(word for _, words in topology for word in words.split() if word != "X")
        notes["links between gpus"] = ", ".join(links)
        found = join(found, Facts(devices=nvidia(gpu_count=len({index for index, _ in topology}))))
    if nccl := NCCL.search(paste.text):
        notes["nccl"] = nccl[1]
    ranks = {(int(index), name) for index, _, name in NCCL_DEVICE.rows(paste.text)}
    ranks |= {(int(index), name) for index, name in NUMBA.rows(paste.text)}
    if ranks:
        listed = tuple(gpu(name.strip(), index=index) for index, name in sorted(ranks))
        found = join(found, Facts(devices=devices_of(listed)))
    names = () if "|" in paste else tuple(dict.fromkeys(BARE_NAME.words(paste.text)))
    if names and not notes:
        found = join(found, Facts(devices=devices_of(tuple(gpu(name.strip()) for name in names[:16]))))
    return join(found, Facts(notes=notes)) if notes or found != Facts() else None
