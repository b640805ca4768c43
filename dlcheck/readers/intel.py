"""Intel's tools: xpu-smi discovery (table of labels), sycl-ls, clinfo, torch.xpu's device properties, Windows' display
driver as environment scripts print it. The newer xpu-smi table reads as nvidia-smi's does (nvidia_table).
"""

from __future__ import annotations

import re
from dataclasses import replace

from dlcheck.model.device_facts import Gpu
from dlcheck.model.facts import Facts
from dlcheck.readers.figures import count, size
from dlcheck.readers.merge import join
from dlcheck.readers.parts import devices_of, gpu, intel, vendor_of
from dlcheck.readers.paste import Paste, something
from dlcheck.readers.pattern import Pattern

CELL = Pattern(
    r"^[ \t]*\|[ \t]*(\d*)[ \t]*\|[ \t]*([A-Z][\w ]{1,40}):[ \t]*([^|\n]*?)[ \t]*\|?[ \t]*$",
    re.MULTILINE,
    needs="Device Name",
)
SYCL = Pattern(
    r"^\[(?:ext_oneapi_)?(level_zero|opencl|cuda|hip|native_cpu)[\w:]*\]\[?[\w:]*\]?,? ?([^\n]+)$", re.MULTILINE
)
SYCL_GPU = Pattern(
    r"^\[(?:ext_oneapi_)?(level_zero|opencl|cuda|hip):gpu(?::\d+)?\](?:\[\w+:\d+\])?,? ?([^\n]+)$", re.MULTILINE
)
INTEL_NAME = Pattern(
    r"(Intel\(R\) (?:Arc|Iris|UHD|HD|Data Center|Graphics|Xe)[^\n,|\[]*?)(?:[ \t]{2,}|[ \t]+\d+\.\d|[ \t]*\[|,|[ \t]*\||$)",
    re.MULTILINE,
)
OPENCL = Pattern(r"^[ \t]*Device Name[ \t]{2,}(\S[^\n]*?)[ \t]*$", re.MULTILINE, needs="Device Name")
WINDOWS = Pattern(
    r"^[ \t]*GPU (\d+):[ \t]*(Intel[^\n]*?)[ \t]+Driver Version:[ \t]*(\S+)", re.MULTILINE, needs="Driver Version"
)
DRIVER = Pattern(
    r"^[ \t]*\|?[ \t]*[^\n|]*\|?[ \t]*Driver Version:?[ \t]+(\d[\w.-]*)", re.MULTILINE, needs="Driver Version"
)
LEVEL_ZERO = Pattern(
    r"Level Zero(?: Version)?:\s*(\d[\d.]*)", re.IGNORECASE, needs=("evel Zero", "EVEL ZERO", "evel zero")
)
JSON_NAME = Pattern(r'"device_name"\s{0,3}:\s{0,3}"(Intel[^"\n]+)"', needs='"device_name"')
PROPERTIES = Pattern(r"_XpuDeviceProperties\(name='([^'\n]+)'[^\n]*?total_memory=(\d+)\s*MB")


def read(paste: Paste) -> Facts | None:
    """Intel GPUs, their driver, and Level Zero's release."""
    if "Intel(R)" not in paste and "sycl" not in paste.low and "level_zero" not in paste:
        return None
    gpus: tuple[Gpu, ...] = ()
    for part in (_discovery, _json, _properties, _windows, _sycl, _opencl):
        gpus = gpus or part(paste)
    found = devices_of(gpus)
    level_zero = LEVEL_ZERO.search(paste.text)
    if not gpus and not level_zero:
        return None
    driver = WINDOWS.search(paste.text)
    opencl = DRIVER.search(paste.text)
    release = (
        driver[3] if driver else opencl[1] if opencl and any(vendor_of(one.name) == "intel" for one in gpus) else None
    )
    return Facts(devices=join(found, intel(driver=release, level_zero=level_zero[1] if level_zero else None)))


def _discovery(paste: Paste) -> tuple[Gpu, ...]:
    found: list[dict[str, str]] = []
    for number, name, value in CELL.rows(paste.text):
        if number or not found:
            found.append({})
        found[-1].setdefault(name.strip().lower(), value)
    return tuple(
        gpu(
            fields["device name"],
            index=index,
            pci_address=something(fields.get("pci bdf address")),
            uuid=something(fields.get("soc uuid") or fields.get("uuid")),
            device_id=something(fields.get("pci device id")),
            memory_printed=something(fields.get("memory physical size")),
            memory_bytes=size(something(fields.get("memory physical size"))),
            cores=count(fields.get("number of eus")),
        )
        for index, fields in enumerate(one for one in found if something(one.get("device name")))
    )


def _json(paste: Paste) -> tuple[Gpu, ...]:
    """xpu-smi discovery -j."""
    return tuple(gpu(name, index=index) for index, name in enumerate(JSON_NAME.words(paste.text)))


def _properties(paste: Paste) -> tuple[Gpu, ...]:
    """What torch.xpu.get_device_properties prints."""
    rows = PROPERTIES.rows(paste.text) if "_XpuDeviceProperties" in paste else []
    return tuple(
        gpu(name, index=at, memory_printed=f"{memory}MB", memory_bytes=int(memory) << 20)
        for at, (name, memory) in enumerate(rows)
    )


def _windows(paste: Paste) -> tuple[Gpu, ...]:
    return tuple(gpu(name, index=int(index)) for index, name, _ in WINDOWS.rows(paste.text))


def _sycl(paste: Paste) -> tuple[Gpu, ...]:
    """One line a device and backend; Level Zero's are those that frameworks use."""
    rows = SYCL_GPU.rows(paste.text) if ":gpu" in paste else []
    used = [words for backend, words in rows if backend == "level_zero"] or [words for _, words in rows]
    names = [match[1].strip() for words in used if (match := INTEL_NAME.search(words))]
    return tuple(gpu(name, index=at) for at, name in enumerate(names))


def _opencl(paste: Paste) -> tuple[Gpu, ...]:
    if "Number of platforms" not in paste and "Platform Name" not in paste:
        return ()
    names = [name for name in OPENCL.words(paste.text) if vendor_of(name) in {"intel", "amd"} or "NVIDIA" in name]
    graphics = [name for name in dict.fromkeys(names) if not re.search(r"CPU|Xeon|Ryzen|Core\(TM\)", name)]
    return tuple(replace(gpu(name), index=at) for at, name in enumerate(graphics))
