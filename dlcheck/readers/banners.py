"""What programs say of the machine when they start: gpustat, nvitop, ComfyUI, bitsandbytes, Ultralytics, and whatever prints its
name with its version between rules.
"""

from __future__ import annotations

import re

from dlcheck.model.facts import Facts
from dlcheck.readers import labels
from dlcheck.readers.figures import size
from dlcheck.readers.merge import join
from dlcheck.readers.parts import devices_of, distribution, gpu, memory, nvidia
from dlcheck.readers.paste import Paste
from dlcheck.readers.pattern import Pattern

GPUSTAT = Pattern(
    r"^[ \t]*\[(\d{1,3})\] ([^|\n]{4,50}?)[ \t]*\|[^|\n]{1,60}\|[ \t]*[\d?]+[ \t]*/[ \t]*(\d+)[ \t]*MB\b",
    re.MULTILINE,
    needs=" MB",
)
GPUSTAT_HEAD = Pattern(r"^\S+[ \t]+\w{3} \w{3}[ \t]+\d+ \d\d:\d\d:\d\d \d{4}[ \t]+(\d{3}\.[\d.]+\d)$", re.MULTILINE)
COMFYUI = Pattern(r"Total VRAM (\d+) MB, total RAM (\d+) MB", needs="Total VRAM ")
CAPABILITY = Pattern(r"highest_compute_capability=\((\d+), (\d+)\)", needs="highest_compute_capability")
ULTRALYTICS = Pattern(
    r"\bUltralytics (?:YOLO\S* )?v?(\d+\.\d+\.\d+\S*)|\bUltralytics YOLOv(\d+\.\d+\.\d+)", needs="Ultralytics"
)
NVITOP = Pattern(r"NVITOP \S+\s+Driver Version: (\d[\d.]+)\s+CUDA Driver Version: (\d+\.\d+)", needs="NVITOP ")
NVITOP_ROW = Pattern(
    r"^[\u2502|][ \t]+(\d+)[ \t]+(\S[^\u2502|\n]*?)[ \t]+(?:On|Off)[ \t]+[\u2502|]", re.MULTILINE, needs="\u2502"
)
SETUP = Pattern(
    r"Setup complete[^(\n]*\((\d+) CPUs, ([\d.]+ GB) RAM, ([\d.]+/[\d.]+ GB) disk\)", needs="Setup complete"
)
TITLE = re.compile(r"^[=\-*# \t]{0,80}([A-Za-z][\w-]{1,30}) v?(\d+\.\d+[\w.+]{0,30})[=\-*# \t]{0,80}$")
KNOWN = frozenset(labels.PACKAGES)


def read(paste: Paste) -> Facts | None:
    """What the banners tell; None where there is none."""
    parts = [facts for part in (_gpustat, _started, _titles) if (facts := part(paste))]
    return join(*parts) if parts else None


def _gpustat(paste: Paste) -> Facts | None:
    rows = GPUSTAT.rows(paste.text)
    if not rows:
        return None
    gpus = tuple(
        gpu(name.strip(), index=int(index), memory_printed=f"{total} MB", memory_bytes=size(total, "M"))
        for index, name, total in rows
    )
    facts = Facts(devices=devices_of(gpus))
    head = GPUSTAT_HEAD.search(paste.text)
    return join(facts, Facts(devices=nvidia(driver=head[1]))) if head else facts


def _started(paste: Paste) -> Facts | None:
    facts = Facts()
    if match := NVITOP.search(paste.text):
        gpus = tuple(gpu(name, index=int(index)) for index, name in NVITOP_ROW.rows(paste.text))
        facts = join(Facts(devices=devices_of(gpus)), Facts(devices=nvidia(driver=match[1], cuda_driver=match[2])))
    if match := COMFYUI.search(paste.text):
        total = memory(total_bytes=size(match[2], "M"), total_printed=f"{match[2]} MB")
        facts = join(facts, Facts(memory=total, notes={"memory of the GPU": f"{match[1]} MB"}))
    if match := CAPABILITY.search(paste.text):
        facts = join(facts, Facts(notes={"highest compute capability": f"{match[1]}.{match[2]}"}))
    if match := ULTRALYTICS.search(paste.text):
        facts = join(facts, Facts(distributions=(distribution("ultralytics", match[1] or match[2]),)))
    if match := SETUP.search(paste.text):
        notes = {"CPUs counted": match[1], "disk used": match[3]}
        facts = join(facts, Facts(memory=memory(total_bytes=size(match[2]), total_printed=match[2]), notes=notes))
    return facts if facts != Facts() else None


def _titles(paste: Paste) -> Facts | None:
    """A name and its version on a line of their own: "xFormers 0.0.28", "==== bitsandbytes v0.44.1 ===="."""
    found: dict[str, str] = {}
    for line in paste.lines:
        if 5 < len(line) < 160 and (match := TITLE.match(line)) and match[1].lower() in KNOWN:
            found.setdefault(match[1].lower(), match[2].rstrip("."))
    return Facts(distributions=tuple(distribution(*one) for one in found.items())) if found else None
