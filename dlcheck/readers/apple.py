"""Macs: system_profiler's displays and hardware, as text or JSON."""

from __future__ import annotations

import re

from dlcheck.model.facts import Facts
from dlcheck.readers.figures import count, size
from dlcheck.readers.merge import join
from dlcheck.readers.parts import apple, cpu, gpu, memory, system, vendor_of
from dlcheck.readers.paste import Paste
from dlcheck.readers.pattern import Pattern

CHIPSET = Pattern(r'^[ \t]*"?(?:Chipset Model|sppci_model|_name)"?[ \t]*:[ \t]*"?([^"\n]+?)"?,?[ \t]*$', re.MULTILINE)
CORES = Pattern(r'"?(?:Total Number of Cores|sppci_cores)"?\s*:\s*"?(\d+)')
METAL = Pattern(r'"?(?:Metal Support|Metal Family|spdisplays_mtlgpufamilysupport)"?\s*:\s*"?([^"\n]+)')
MEMORY = Pattern(r"VRAM[^:\n]*:\s*(\d+\s*[GM]B)")


def read(paste: Paste) -> Facts | None:
    """GPUs of the Mac, Metal's support, the chip and the memory."""
    found = Facts()
    chip = (
        paste.value("chip", "processor name") if paste.names("model identifier", "hardware overview", "chip") else None
    )
    if chip and ("Apple" in chip or paste.names("model identifier")):
        overview = Facts(
            cpu=cpu(brand=chip, physical_cores=count(paste.value("total number of cores"))),
            memory=memory(total_bytes=size(paste.value("memory")), total_printed=paste.value("memory")),
            system=system(name="macos", product=paste.value("model identifier", "model name")),
        )
        found = join(found, overview)
        if "Apple" in chip:
            found = join(found, Facts(devices=apple(chip=chip)))
    chipsets = list(CHIPSET.finditer(paste.text)) if "hipset Model" in paste or "sppci_model" in paste else []
    gpus = []
    for at, row in enumerate(chipsets):
        end = chipsets[at + 1].start() if at + 1 < len(chipsets) else len(paste.text)
        block = paste.text[row.end() : end]
        cores, memory_size = CORES.search(block), MEMORY.search(block)
        gpus.append(
            gpu(
                row[1].strip(),
                index=at,
                cores=int(cores[1]) if cores else None,
                memory_printed=memory_size[1] if memory_size else None,
                memory_bytes=size(memory_size[1]) if memory_size else None,
            )
        )
    if gpus:
        metal = METAL.search(paste.text)
        own = next((one.name for one in gpus if vendor_of(one.name) == "apple"), None)
        facts = apple(gpus=tuple(gpus), metal=metal[1].strip() if metal else None, chip=own)
        found = join(found, Facts(devices=facts, system=system(name="macos")))
    return found if found != Facts() else None
