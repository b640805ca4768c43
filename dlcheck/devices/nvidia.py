"""The NVIDIA stack: kernel module, device nodes, driver libraries, NVML and libcuda."""

from __future__ import annotations

import os
import re
from typing import Any

from dlcheck.devices import files
from dlcheck.host.interpreter import Answer
from dlcheck.model.codec import DecodeError, decode
from dlcheck.model.device_facts import DriverCall, Gpu, NvidiaFacts, PciDevice
from dlcheck.model.fact import Unknown

RELEASE = re.compile(r"\b(\d{3,}\.\d+(?:\.\d+)?)\b")
# Where distributions, WSL, NixOS, Jetson and NVIDIA's containers keep the driver's libraries.
LIBRARY_FOLDERS = (
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu/nvidia",
    "/usr/lib/aarch64-linux-gnu/tegra",
    "/usr/lib64",
    "/usr/lib",
    "/usr/lib/wsl/lib",
    "/usr/local/nvidia/lib64",
    "/run/opengl-driver/lib",
)
LIBRARIES = ("libcuda.so.1", "libnvidia-ml.so.1")
SECURE_BOOT = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
SHIM_STATE = "/sys/firmware/efi/efivars/MokSBStateRT-605dab50-e046-4300-abb6-3dd810dd8b23"


def node_paths(root: str = "/") -> tuple[str, ...]:
    """The device nodes of NVIDIA's driver that exist."""
    return tuple(
        path
        for path in files.places(root, "/dev/nvidia*", "/dev/nvidia-caps/nvidia-cap*")
        if re.fullmatch(r"nvidia(\d+|ctl|-uvm|-cap\d+)", os.path.basename(path))
    )


def libraries(root: str = "/", loader_path: str = "") -> dict[str, str]:
    """Driver libraries in the usual folders and in LD_LIBRARY_PATH: resolved file to its release, "" without one."""
    found: dict[str, str] = {}
    extra = tuple(folder for folder in loader_path.split(":") if folder)
    for folder in (*extra, *(files.below(root, one) for one in LIBRARY_FOLDERS)):
        for name in LIBRARIES:
            path = os.path.join(folder, name)
            if os.path.exists(path):
                real = os.path.realpath(path)
                release = RELEASE.search(os.path.basename(real).partition(".so.")[2])
                found[real] = release[1] if release else ""
    return found


def jetson(root: str = "/") -> str | None:
    """The board's name where it is one of NVIDIA's Tegra boards."""
    model = files.words(files.below(root, "/proc/device-tree/model")) or ""
    kinds = files.words(files.below(root, "/proc/device-tree/compatible")) or ""
    if "nvidia,tegra" in kinds or "Jetson" in model:
        return model or "Jetson"
    return None


def look(root: str, pci: tuple[PciDevice, ...], held: dict[str, str]) -> NvidiaFacts:
    """What files tell; ``held`` are the libraries. NVML and libcuda are asked by children."""
    version = files.words(files.below(root, "/proc/driver/nvidia/version"))
    module = RELEASE.search(version or "")
    loaded = module[1] if module else files.words(files.below(root, "/sys/module/nvidia/version"))
    parameters = files.words(files.below(root, "/proc/driver/nvidia/params")) or ""
    kept = re.search(r"^PreserveVideoMemoryAllocations: (\d+)", parameters, re.MULTILINE)
    prime = files.words(files.below(root, "/etc/prime-discrete"))
    return NvidiaFacts(
        module=loaded,
        module_flavour=("open" if "Open Kernel Module" in version else "proprietary") if version else None,
        libraries=held,
        module_file=None if loaded else _module_file(root),
        kernel_headers=None if loaded else os.path.exists(files.below(root, f"/lib/modules/{_kernel()}/build")),
        secure_boot=_secure_boot(root),
        blacklisted_nouveau=_blacklists_nouveau(root),
        jetson=jetson(root),
        suspends=files.number(files.below(root, "/sys/power/suspend_stats/success")),
        preserves_memory=bool(int(kept[1])) if kept else None,
        prime={"on": "nvidia", "off": "intel"}.get(prime, prime) if prime else None,
        persistenced=os.path.exists(files.below(root, "/run/nvidia-persistenced/socket")),
        nvswitches=sum(1 for one in pci if one.vendor == "10de" and one.device_class.startswith("0680")),
        fabric_manager=_fabric_manager(root),
        container_toolkit=_container_toolkit(root),
        cdi=_container_descriptions(root),
        kernel_log=kernel_log(root),
    )


def _kernel() -> str:
    return os.uname().release if hasattr(os, "uname") else ""


def _module_file(root: str) -> bool | Unknown:
    """Whether a kernel module of NVIDIA was built for the running kernel."""
    folder = files.below(root, f"/lib/modules/{_kernel()}")
    if not os.path.isdir(folder):
        return Unknown("/lib/modules holds nothing of the running kernel, as in a container")
    listed = files.words(os.path.join(folder, "modules.dep")) or ""
    if re.search(r"(?m)^[^:\n]*/nvidia(-current)?\.ko[.\w]*:", listed):
        return True
    return bool(files.places(root, f"/lib/modules/{_kernel()}/updates/dkms/nvidia*.ko*"))


def _secure_boot(root: str) -> bool | Unknown | None:
    """Whether the firmware enforces signatures: byte 4 of the EFI variable, unless shim's own state switches it off."""
    try:
        with open(files.below(root, SECURE_BOOT), "rb") as stream:
            value = stream.read(5)
    except FileNotFoundError:
        return None
    except OSError as error:
        return Unknown(f"the EFI variable SecureBoot cannot be read: {error.strerror}")
    try:
        with open(files.below(root, SHIM_STATE), "rb") as stream:
            shim = stream.read(5)
    except OSError:
        shim = b""
    return len(value) == 5 and value[4] == 1 and not (len(shim) == 5 and shim[4] == 1)


def _blacklists_nouveau(root: str) -> bool:
    paths = files.places(root, "/etc/modprobe.d/*.conf", "/usr/lib/modprobe.d/*.conf", "/lib/modprobe.d/*.conf")
    return any(re.search(r"(?m)^\s*blacklist\s+nouveau\b", files.words(path) or "") for path in paths)


def _fabric_manager(root: str) -> str | None:
    """Say running or installed; None where the fabric manager is not there."""
    if os.path.exists(files.below(root, "/run/nvidia-fabricmanager")) or os.path.exists(
        files.below(root, "/var/run/nvidia-fabricmanager/nv-fabricmanager.pid")
    ):
        return "running"
    return "installed" if os.path.exists(files.below(root, "/usr/bin/nv-fabricmanager")) else None


_CDI = ("/etc/cdi/*.y*ml", "/var/run/cdi/*.y*ml", "/run/cdi/*.y*ml")


def _container_descriptions(root: str) -> dict[str, str]:
    """The CDI files that are about NVIDIA's GPUs; /var/run is mostly a link to /run, and counts once."""
    found = {}
    for path in {os.path.realpath(one) for one in files.places(root, *_CDI)}:
        text = files.words(path) or ""
        if "nvidia.com/gpu" in text:
            release = re.search(r"libcuda\.so\.(\d{3}\.\d+(?:\.\d+)?)", text)
            found[path] = release[1] if release else ""
    return dict(sorted(found.items()))


def _container_toolkit(root: str) -> bool:
    tools = ("/usr/bin/nvidia-ctk", "/usr/bin/nvidia-container-runtime", "/usr/bin/nvidia-container-cli")
    specs = files.places(root, *_CDI)
    return bool(specs) or any(os.path.exists(files.below(root, path)) for path in tools)


def kernel_log(root: str = "/", pattern: str = r"NVRM|Xid|SXid|nouveau|nvidia") -> tuple[str, ...] | Unknown:
    """The last 200 lines of the kernel's ring buffer that match; most systems let only the administrator read it."""
    wanted = re.compile(pattern)
    lines: list[str] = []
    try:
        descriptor = os.open(files.below(root, "/dev/kmsg"), os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        return Unknown(f"the kernel log cannot be read: {error.strerror}")
    try:
        while record := os.read(descriptor, 8192):
            # A record is "level,sequence,microseconds,flags;text".
            text = record.decode("utf-8", "replace").partition(";")[2].partition("\n")[0]
            if wanted.search(text):
                lines.append(text)
    except (BlockingIOError, BrokenPipeError):
        pass
    except OSError as error:
        return Unknown(f"the kernel log cannot be read: {error.strerror}")
    finally:
        os.close(descriptor)
    return tuple(lines[-200:])


def call_of(answer: Answer) -> DriverCall:
    """What a call into a driver library answered, or how the child that made it ended."""
    fields = answer.fields
    code = fields.get("code")
    ended = None if answer.complete else "timeout" if answer.done.timed_out else answer.done.signal or "silence"
    words = fields.get("error") or answer.done.failure
    return DriverCall(
        library=str(fields.get("library") or "the driver library"),
        path=fields.get("path"),
        code=code if isinstance(code, int) else None,
        error=str(words) if words else None,
        ended=ended,
        stage=None if ended is None else answer.stage,
    )


def gpus_of(answer: Answer, who: str) -> tuple[Gpu, ...] | Unknown:
    """The GPUs in an answer; Unknown where nobody could list them."""
    rows: Any = answer.fields.get("gpus")
    if rows is None:
        return Unknown(f"{who} did not list its GPUs")
    try:
        return decode(tuple[Gpu, ...] | Unknown, rows, who)  # type: ignore[arg-type]
    except DecodeError as error:
        return Unknown(f"{who} answered something strange: {error}")


def text_of(value: object) -> str | Unknown | None:
    """A word of an answer: itself, or Unknown where the child says why it does not know."""
    if isinstance(value, dict):
        return Unknown(str(value.get("unknown")))
    return str(value) if value else None


def on_windows() -> dict[str, str]:
    """The driver libraries of Windows that exist."""
    folder = os.path.join(os.environ.get("WINDIR", r"C:\Windows"), "System32")
    return {
        os.path.join(folder, name): "" for name in ("nvcuda.dll", "nvml.dll") if os.path.exists(folder + "\\" + name)
    }
