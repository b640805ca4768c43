"""AMD's tools: rocminfo, rocm-smi (concise tables of ROCm 2 to 7, -a and --show..., JSON), amd-smi (list, static, table).

rocminfo lists agents, processors among them; the marketing name and the gfx target stand in one block. rocm-smi's
concise table lost the word GPU for Device in ROCm 6 and prints the name on a line of its own.
"""

from __future__ import annotations

import re
from dataclasses import replace

from dlcheck.model.device_facts import Gpu
from dlcheck.model.facts import Facts
from dlcheck.readers.figures import count, number, size
from dlcheck.readers.merge import join
from dlcheck.readers.parts import amd, gpu, toolchain
from dlcheck.readers.paste import Paste, something
from dlcheck.readers.pattern import Pattern

AGENT = Pattern(r"^[ \t]*Agent[ \t]+\d+[ \t]*$", re.MULTILINE, needs="Agent")
FIELD = Pattern(r"^[ \t]*([A-Z][\w .()/-]{1,40}?)[ \t]*:[ \t]*(\S[^\n]*?)[ \t]*$", re.MULTILINE)
GFX = Pattern(r"\b(gfx\d[0-9a-f]{2,4}(?:[:+-][\w+:-]*)?)")
LISTED = Pattern(
    r'^[ \t]*"?(?:GPU\[?|card)(\d+)\]?"?[ \t]*:[ \t]*([^:\n]{2,60}?)[ \t]*:[ \t]*(\S[^\n]*?)[ \t]*$',
    re.MULTILINE,
    needs=("GPU[", "GPU", "card"),
)
CARD = Pattern(r'"(?:card|gpu)(\d+)"\s*:\s*\{([^{}]*)\}', needs=("card", "gpu"))
PAIR = Pattern(r'"([^"\n]{1,60})"\s*:\s*"?([^",\n}]*)"?')
CONCISE = Pattern(
    r"^[ \t]*(\d{1,2})[ \t]+(?:\d+[ \t]+)?\[?(0x[0-9a-f]{4})?[ \t:,]*[^\n]{0,40}?(\d+(?:\.\d+)?)[ \t]*°?[cC]"
    r"[ \t]+(\d+(?:\.\d+)?)[ \t]*W[ \t]",
    re.MULTILINE,
    needs=("W ", "W\t"),
)
NAMED_UNDER = Pattern(r"^\s{4,}((?:AMD|Instinct|Radeon|Vega|Navi|Aqua|Arcturus)[^\n|]{2,40}?)\s*$")
TABLE_HEAD = Pattern(r"amdgpu version:\s*(\S+)\s+ROCm version:\s*(\S+)", needs="amdgpu version")
TABLE_ROW = Pattern(
    r"^\|[ \t]*([0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.\d)[ \t]+(\S[^|]*?)[ \t]*\|", re.MULTILINE, needs="|"
)
BLOCK = Pattern(r"^[ \t]*GPU:[ \t]*(\d+)[ \t]*$", re.MULTILINE, needs="GPU:")
DRIVER = Pattern(
    r"[Dd]river version:\s*\"?(\d[\w.-]*)|amdgpu version:\s*(\d[\w.-]*)|ROCk module version (\d[\w.-]*) is loaded"
    r"|NAME: amdgpu\s+VERSION: (\d[\w.-]*)|cardsystem,(\d[\w.-]*)"
)
CSV = Pattern(r"^device,[^\n]*(?:[Cc]ard|Device|VRAM)[^\n]*\n(?:card\d+,[^\n]*\n?)+", re.MULTILINE, needs="card0,")
BARE_TARGET = Pattern(r"^(gfx[1-9][0-9a-f]{2,4})$", re.MULTILINE, needs="gfx")
ROCM = Pattern(
    r"ROCm version\s*:\s*(\d[\w.-]*)|ROCm (\d+\.\d+(?:\.\d+)?) (?:is|was|installed)|\brocm[-_ ](\d+\.\d+\.\d+)\b",
    re.IGNORECASE,
)
NAMES = (
    "card series",
    "device name",
    "card model",
    "market name",
    "marketing name",
    "market_name",
    "asic name",
    "product name",
)
VRAM = ("vram total memory (b)", "total memory (b)", "vram total memory")
SIGNS = (
    "rocm system management interface",
    "rocm-smi",
    "rocminfo",
    "rock module",
    "card0,",
    "gfx",
    "marketing name",
    "hsa agents",
    "amd-smi",
    "amdgpu version",
    "market_name",
    "gpu[0]",
    '"card0"',
)


def read(paste: Paste) -> Facts | None:
    """AMD GPUs, the driver's and ROCm's release."""
    if not any(sign in paste.low for sign in SIGNS):
        return None
    gpus: tuple[Gpu, ...] = ()
    for part in (_agents, _listed, _json, _csv, _concise, _table, _blocks, _targets):
        if not (gpus and part is _targets):
            gpus = join(gpus, part(paste))
    driver, rocm = DRIVER.search(paste.text), ROCM.search(paste.text)
    module = next(filter(None, driver.groups()), None) if driver else None
    system = _json_driver(paste) if '"system"' in paste or "Driver version" in paste else None
    release = next(filter(None, rocm.groups()), None) if rocm else None
    facts = Facts(devices=amd(gpus=gpus, module=module or system, rocm=release))
    return join(facts, Facts(toolchain=toolchain(rocm=release))) if release else facts


def _json_driver(paste: Paste) -> str | None:
    match = re.search(r'"Driver version"\s*:\s*"([^"\n]+)"', paste.text)
    return match[1] if match else None


def _agents(paste: Paste) -> tuple[Gpu, ...]:
    """rocminfo: the agents whose device type is GPU."""
    if "Agent" not in paste:
        return ()
    starts = [match.start() for match in AGENT.finditer(paste.text)]
    found: list[Gpu] = []
    for start, end in zip(starts, [*starts[1:], len(paste.text)], strict=False):
        fields: dict[str, str] = {}
        for name, value in FIELD.rows(paste.text[start:end]):
            fields.setdefault(name, value)
        if fields.get("Device Type", "").upper() != "GPU":
            continue
        target = fields.get("Name", "")
        pool = re.search(r"Segment:\s*GLOBAL[^\n]*\n\s*Size:\s*(\d+)", paste.text[start:end])
        name = something(fields.get("Marketing Name")) or target
        found.append(
            gpu(
                name,
                index=len(found),
                architecture=target if target.startswith("gfx") else None,
                uuid=something(fields.get("Uuid")),
                cores=count(fields.get("Compute Unit")),
                memory_bytes=int(pool[1]) * 1024 if pool else None,
                device_id=fields.get("Chip ID", "").partition("(")[2].rstrip(")") or None,
            )
        )
    return tuple(found)


def _listed(paste: Paste) -> tuple[Gpu, ...]:
    """rocm-smi -a and --show...: "GPU[0] : Card series: ..."."""
    cards: dict[int, dict[str, str]] = {}
    for index, name, value in LISTED.rows(paste.text):
        cards.setdefault(int(index), {}).setdefault(name.strip().lower(), value)
    return tuple(_card(index, fields) for index, fields in cards.items())


def _json(paste: Paste) -> tuple[Gpu, ...]:
    """rocm-smi --json."""
    cards = {
        int(index): {name.lower(): value for name, value in PAIR.rows(body)} for index, body in CARD.rows(paste.text)
    }
    return tuple(_card(index, fields) for index, fields in cards.items())


def _csv(paste: Paste) -> tuple[Gpu, ...]:
    """rocm-smi --csv."""
    match = CSV.search(paste.text)
    if not match:
        return ()
    head, *rows = match[0].strip().split("\n")
    names = [name.strip().lower() for name in head.split(",")]
    return tuple(
        _card(index, dict(zip(names, (value.strip() for value in row.split(",")), strict=False)))
        for index, row in enumerate(rows)
        if row.startswith("card") and not row.startswith("cardsystem")
    )


def _targets(paste: Paste) -> tuple[Gpu, ...]:
    """rocm_agent_enumerator prints the targets alone."""
    return tuple(
        gpu(target, index=index, architecture=target) for index, target in enumerate(BARE_TARGET.words(paste.text))
    )


def _card(index: int, fields: dict[str, str]) -> Gpu:
    names = [said for name in NAMES if (said := something(fields.get(name)))]
    name = next((one for one in names if not one.startswith("0x")), "")
    memory = next((fields[label] for label in VRAM if label in fields), None)
    target = something(fields.get("gfx version"))
    power = fields.get("average graphics package power (w)") or fields.get("current socket graphics package power (w)")
    heat = fields.get("temperature (sensor edge) (c)") or fields.get("temperature (sensor junction) (c)")
    return gpu(
        name,
        index=index,
        device_id=something(fields.get("device id") or fields.get("gpu id") or fields.get("card model")),
        architecture=target,
        memory_printed=memory,
        memory_bytes=int(memory) if memory and memory.isdigit() else size(memory),
        pci_address=something(fields.get("pci bus")),
        vbios=something(fields.get("vbios version")),
        uuid=something(fields.get("unique id")),
        power_watts=number(power),
        power_limit_watts=number(fields.get("max graphics package power (w)")),
        temperature=number(heat),
        utilization_percent=number(fields.get("gpu use (%)")),
    )


def _concise(paste: Paste) -> tuple[Gpu, ...]:
    """The table that rocm-smi prints without options."""
    found: list[Gpu] = []
    for line in paste.lines:
        if row := CONCISE.match(line):
            found.append(
                gpu(
                    "",
                    index=int(row[1]),
                    device_id=row[2],
                    temperature=float(row[3]),
                    power_watts=float(row[4]),
                )
            )
        elif found and (named := NAMED_UNDER.match(line)) and not found[-1].name:
            found[-1] = replace(found[-1], name=named[1])
    return tuple(found)


def _table(paste: Paste) -> tuple[Gpu, ...]:
    """amd-smi since ROCm 7 prints a table like nvidia-smi's."""
    if not TABLE_HEAD.search(paste.text):
        return ()
    rows = TABLE_ROW.rows(paste.text)
    sizes = re.findall(r"\b\d+/(\d+) MB\b", paste.text)
    return tuple(
        gpu(
            name.strip(),
            index=index,
            pci_address=address,
            memory_printed=f"{sizes[index]} MB" if index < len(sizes) else None,
            memory_bytes=size(f"{sizes[index]} MB") if index < len(sizes) else None,
        )
        for index, (address, name) in enumerate(rows)
    )


def _blocks(paste: Paste) -> tuple[Gpu, ...]:
    """amd-smi list and static: a block "GPU: 0" of indented names and values."""
    starts = [(match.start(), int(match[1])) for match in BLOCK.finditer(paste.text)]
    found: list[Gpu] = []
    for at, (start, index) in enumerate(starts):
        end = starts[at + 1][0] if at + 1 < len(starts) else len(paste.text)
        fields: dict[str, str] = {}
        for name, value in FIELD.rows(paste.text[start:end]):
            fields.setdefault(name.strip().lower(), value)
        memory = something(fields.get("size") or fields.get("vram_size") or fields.get("total_vram"))
        found.append(
            gpu(
                something(fields.get("market_name") or fields.get("product_name")) or "",
                index=index,
                pci_address=something(fields.get("bdf")),
                uuid=something(fields.get("uuid")),
                architecture=something(fields.get("target_graphics_version")),
                device_id=something(fields.get("device_id")),
                vbios=something(fields.get("part_number")),
                cores=count(fields.get("num_compute_units")),
                memory_printed=memory,
                memory_bytes=size(memory),
            )
        )
    return tuple(found)
