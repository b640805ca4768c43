"""`nvidia-smi -q` and `nvidia-smi -q -x`: one long description a GPU, as an indented text or as XML.

Both carry the same fields under nearly the same names ("FB Memory Usage / Total", fb_memory_usage/total), so both are
first turned into names and values, and one mapping makes a GPU of them. Releases differ in which fields exist and in
the width of the first column, never in the names of those read here; 610 added "KMD Version" and "CUDA UMD Version".
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from dlcheck.model.device_facts import Gpu
from dlcheck.model.facts import Facts
from dlcheck.readers.figures import count, number, size, switch
from dlcheck.readers.merge import join
from dlcheck.readers.parts import devices_of, gpu, nvidia
from dlcheck.readers.paste import Paste, something
from dlcheck.readers.pattern import Pattern

Fields = dict[str, str]
GPU_HEAD = Pattern(r"^\s*GPU ([0-9A-Fa-f]{4,8}:[0-9A-Fa-f]{2}:[0-9A-Fa-f]{2}\.[0-9A-Fa-f])\s*$")
TAG = Pattern(r"<(/?)(\w+)([^<>]*)>([^<]*)")
BUS = Pattern(r'id="([0-9A-Fa-f:.]+)"')
SIGNS = Pattern(r"[^a-z0-9/]+")
REASON = Pattern(r"clocks_(?:throttle|event)_reasons?/(?:clocks_(?:throttle|event)_reason_)?(\w+)$")
REASONS = {
    "sw_power_cap": "sw_power_cap",
    "hw_slowdown": "hw_slowdown",
    "hw_thermal_slowdown": "hw_thermal_slowdown",
    "hw_power_brake_slowdown": "hw_power_brake_slowdown",
    "sw_thermal_slowdown": "sw_thermal_slowdown",
    "sync_boost": "sync_boost",
}
NOTED = (
    "ecc_mode/current",
    "mig_mode/current",
    "retired_pages",
    "remapped_rows",
    "product_architecture",
    "gsp_firmware_version",
)
DEPTH = 12
SKIPPED = {"supported_mem_clock", "supported_graphics_clock", "value"}
SAME = {f"{time}_{what}": time for time in ("current", "pending") for what in ("mig", "ecc", "dm")}


def read(paste: Paste) -> Facts | None:
    """Facts of the description; None where the text holds none."""
    if "<nvidia_smi_log" in paste or "<product_name>" in paste or "</gpu>" in paste:
        head, blocks = _xml(paste.text)
    elif "Attached GPUs" in paste or "NVSMI LOG" in paste or ("Product Name" in paste and "FB Memory Usage" in paste):
        head, blocks = _indented(paste.lines)
    else:
        return None
    gpus = tuple(_gpu(index, address, fields) for index, (address, fields) in enumerate(blocks))
    attached = count(head.get("attached_gpus"))
    driver = something((head.get("kmd_version") or head.get("driver_version") or "").split("[")[0])
    cuda = something((head.get("cuda_umd_version") or head.get("cuda_version") or "").split("[")[0])
    notes = {
        f"gpu {index} {name.replace('_', ' ').replace('/', ': ')}": value
        for index, (_, fields) in enumerate(blocks)
        for name, value in fields.items()
        if name.startswith(NOTED) and "histogram" not in name
    }
    found = nvidia(driver=driver, cuda_driver=cuda, gpu_count=attached)
    return Facts(devices=join(devices_of(gpus), found), notes=notes)


@functools.cache
def _name(words: str) -> str:
    return SIGNS.sub("_", words.lower()).strip("_")


def _indented(lines: list[str]) -> tuple[Fields, list[tuple[str, Fields]]]:
    """The names are the headings a line stands under, joined with "/"; where indents are lost, the last heading."""
    head: Fields = {}
    blocks: list[tuple[str, Fields]] = []
    path: list[tuple[int, str]] = []
    flat = not any(line.startswith(" ") for line in lines if " : " in line)
    for line in lines:
        start = GPU_HEAD.match(line) if "GPU " in line else None
        if start:
            blocks.append((start[1], {}))
            path = []
            continue
        name, colon, value = line.partition(":")
        if not name.strip() or len(name) > 90:
            continue
        indent = len(name) - len(name.lstrip())
        while path and path[-1][0] >= indent and not (flat and colon):
            path.pop()
        key = _name(name)
        if not colon:
            path = [*path[:DEPTH], (indent, key)]
            continue
        fields = blocks[-1][1] if blocks else head
        fields.setdefault("/".join([*(one for _, one in path), key]), value.strip())
        if flat:
            fields.setdefault(key, value.strip())
    return head, blocks


def _xml(text: str) -> tuple[Fields, list[tuple[str, Fields]]]:
    """Read with one expression: a pasted document is often cut off, where an XML parser would give up."""
    head: Fields = {}
    blocks: list[tuple[str, Fields]] = []
    path: list[str] = []
    for closing, tag, attributes, value in TAG.rows(text):
        if tag == "nvidia_smi_log":
            path = []
            continue
        if tag in SKIPPED:
            continue
        if closing:
            if tag in path:
                del path[len(path) - 1 - path[::-1].index(tag) :]
            continue
        if tag == "gpu" and (bus := BUS.search(attributes)):
            blocks.append((bus[1], {}))
            path = []
        elif not attributes.endswith("/"):
            path = [*path[:DEPTH], tag]
            if value.strip():
                (blocks[-1][1] if blocks else head).setdefault("/".join(_same_name(path)), value.strip())
    return head, blocks


def _same_name(path: list[str]) -> Iterator[str]:
    """The XML calls "Current" current_mig, current_ecc or current_dm."""
    for name in path:
        yield SAME.get(name, name)


def _gpu(index: int, address: str, fields: Fields) -> Gpu:
    memory = something(fields.get("fb_memory_usage/total"))
    facts = gpu(
        fields.get("product_name", ""),
        index=index,
        pci_address=address,
        uuid=something(fields.get("gpu_uuid") or fields.get("uuid")),
        memory_printed=memory,
        memory_bytes=size(memory),
        memory_free_bytes=size(something(fields.get("fb_memory_usage/free"))),
        persistence=switch(fields.get("persistence_mode")),
        vbios=something(fields.get("vbios_version")),
        compute_mode=(something(fields.get("compute_mode")) or "").lower() or None,
        temperature=number(fields.get("temperature/gpu_current_temp") or fields.get("temperature/gpu_temp")),
        utilization_percent=number(fields.get("utilization/gpu") or fields.get("utilization/gpu_util")),
        ecc_enabled=switch(fields.get("ecc_mode/current")),
        ecc_uncorrected=_uncorrected(fields),
        rows_remapped_failure=switch(_under(fields, "remapped_rows", "failure")),
        rows_remapped_pending=switch(_under(fields, "remapped_rows", "pending")),
        mig_enabled=switch(fields.get("mig_mode/current")),
        link_width=count(_under(fields, "pci", "current_link_width", "link_width/current")),
        link_width_max=count(_under(fields, "pci", "max_link_width", "link_width/max")),
        recovery_action=(something(fields.get("gpu_recovery_action")) or "").lower().replace(" ", "_") or None,
        driver_model=something(fields.get("driver_model/current")),
    )
    facts = _power(facts, fields)
    reasons = _reasons(fields)
    if reasons is not None:
        facts = replace(facts, throttle_reasons=reasons)
    pages = [count(_under(fields, "retired_pages", word)) for word in ("single_bit", "double_bit")]
    pending = switch(_under(fields, "retired_pages", "pending"))
    if any(one is not None for one in pages):
        facts = replace(facts, retired_pages=sum(one or 0 for one in pages), retirement_pending=pending)
    return facts


def _under(fields: Fields, heading: str, *words: str) -> str | None:
    """The first field under the heading whose name holds one of the words and says something."""
    for name, value in fields.items():
        if name.startswith(heading) and any(word in name for word in words) and something(value):
            return value
    return None


def _power(facts: Gpu, fields: Fields) -> Gpu:
    heads = ("gpu_power_readings", "power_readings")
    found: dict[str, Any] = {
        field: next(
            (
                number(fields[name])
                for head in heads
                for word in words
                if something(fields.get(name := f"{head}/{word}"))
            ),
            None,
        )
        for field, words in (
            ("power_watts", ("power_draw", "average_power_draw", "instantaneous_power_draw", "instant_power_draw")),
            ("power_limit_watts", ("current_power_limit", "power_limit", "enforced_power_limit")),
            ("power_default_watts", ("default_power_limit",)),
        )
    }
    return replace(facts, **{name: value for name, value in found.items() if value is not None})


def _reasons(fields: Fields) -> tuple[str, ...] | None:
    """Names of the reasons that are active; None where the text does not list them."""
    states = {match[1]: value for name, value in fields.items() if "reason" in name and (match := REASON.search(name))}
    if not states:
        return None
    return tuple(REASONS[name] for name, value in states.items() if name in REASONS and value.strip() == "Active")


def _uncorrected(fields: Fields) -> int | None:
    """Uncorrected errors since the driver was loaded: DRAM and SRAM, or before Ampere the double bit total."""
    found = [
        count(value)
        for name, value in fields.items()
        if name.startswith("ecc_errors/volatile")
        and ("uncorrectable" in name or name.endswith("double_bit/total"))
        and "threshold" not in name
        and something(value)
    ]
    known = [one for one in found if one is not None]
    return sum(known) if known else None
