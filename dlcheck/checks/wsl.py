"""The Windows Subsystem for Linux: how it reaches the GPU of Windows."""

from __future__ import annotations

from collections.abc import Iterable

from dlcheck.checks import gpu_facts as gpu
from dlcheck.checks.rule import rule
from dlcheck.model.device_facts import DeviceFacts
from dlcheck.model.fact import NotApplicable, known, or_none, present
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Evidence, Finding, Rule
from dlcheck.model.profile import Profile, Severity

GROUP = "GPU"
LENT = "/usr/lib/wsl/"


def _wsl(facts: Facts) -> int:
    system = known(facts.system)
    if not system.wsl:
        raise NotApplicable("this is not the Windows Subsystem for Linux")
    return system.wsl


def _devices(facts: Facts) -> DeviceFacts:
    if gpu.container_kind(facts):
        raise NotApplicable("inside a container the files of Windows are lent by the engine")
    return gpu.devices_of(facts)


@rule(
    "DL680",
    "WSL is version 2",
    group=GROUP,
    needs=("system", "frameworks"),
    causes=("windows-too-old-for-wsl-gpu",),
    severity=Severity.NOTE,
)
def version_two(facts: Facts, profile: Profile) -> Iterable[Finding]:
    """WSL 1 translates system calls and has no GPU at all; WSL 2 is a virtual machine that Windows lends its GPU to.

    A note, or a warning where the profile asks for a GPU or a framework is built for one. Source: Microsoft's pages on WSL.
    """
    if _wsl(facts) != 1:
        return
    builds = [or_none(one.build) for one in (or_none(facts.frameworks) or {}).values()]
    wanted = profile.gpu != "optional" or any(one and (one.cuda or one.rocm) for one in builds)
    yield Finding(
        cause="windows-too-old-for-wsl-gpu",
        severity=Severity.WARNING if wanted else None,
        message="This is WSL 1, which cannot reach a GPU",
        evidence=(Evidence("system.wsl", "1"),),
    )


@rule(
    "DL681",
    "WSL's way to the GPU (/dev/dxg) is open",
    group=GROUP,
    needs=("system", "devices", "container", "frameworks"),
    causes=("windows-too-old-for-wsl-gpu",),
    severity=Severity.WARNING,
)
def way_open(facts: Facts, profile: Profile) -> Iterable[Finding]:
    """/dev/dxg is how WSL 2 reaches the GPU. It lacks under an old Windows or WSL, or where nested settings switch it off.

    It exists on machines without a usable GPU as well, so that its presence proves nothing. Source: Microsoft's pages on WSL.
    """
    if _wsl(facts) != 2:
        raise NotApplicable("only WSL 2 has it")
    said = known(_devices(facts).dxg)
    if said == "ok":
        return
    builds = [or_none(one.build) for one in (or_none(facts.frameworks) or {}).values()]
    wanted = profile.gpu != "optional" or any(one and (one.cuda or one.rocm or one.xpu) for one in builds)
    yield Finding(
        cause="windows-too-old-for-wsl-gpu",
        severity=None if wanted else Severity.NOTE,
        message="/dev/dxg is missing: Windows lends this WSL no GPU" if said is None else f"/dev/dxg: {said}",
        evidence=(Evidence("devices.dxg", said or "missing"),),
    )


@rule(
    "DL682",
    "Windows lends WSL a whole driver",
    group=GROUP,
    needs=("system", "devices", "container"),
    causes=("wsl-driver-files-incomplete",),
)
def whole_driver(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """Windows shows its NVIDIA driver's libraries in /usr/lib/wsl/lib. NVML there without libcuda is half a driver.

    Neither of the two means that Windows has no NVIDIA GPU. Source: NVIDIA's container toolkit, which mounts the same files.
    """
    _wsl(facts)
    lent = _devices(facts).wsl_libraries
    if lent is None:
        raise NotApplicable("Windows lends no libraries")
    has_cuda = any(name.startswith("libcuda.so.1") for name in lent)
    has_nvml = any(name.startswith("libnvidia-ml.so.1") for name in lent)
    if has_cuda != has_nvml:
        missing = "libnvidia-ml.so.1" if has_cuda else "libcuda.so.1"
        yield Finding(
            cause="wsl-driver-files-incomplete",
            message=f"Of the driver that Windows lends to WSL, {missing} is missing",
            evidence=(Evidence("devices.wsl_libraries", ", ".join(lent)),),
        )


@rule(
    "DL683",
    "No Linux driver hides the one of Windows",
    group=GROUP,
    needs=("system", "devices", "container"),
    causes=("linux-driver-installed-in-wsl",),
)
def no_linux_driver(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """Inside WSL the driver comes from Windows. A Linux driver installed there puts a libcuda before it that finds no GPU.

    Judged by the file that a child really loaded, and where none was loaded by the files that lie about; copies in Windows'
    own folder are right. Source: NVIDIA's guide for CUDA on WSL.
    """
    _wsl(facts)
    devices = _devices(facts)
    stack = or_none(devices.nvidia)
    if stack is None:
        raise NotApplicable(gpu.NO_NVIDIA)
    call = or_none(stack.libcuda)
    if call is not None and call.code == 0:
        return
    loaded = call.path if call else None
    others = [path for path in stack.libraries if not path.startswith(LENT) and "libcuda" in path]
    wrong = loaded if loaded and not loaded.startswith(LENT) and "/stubs/" not in loaded else None
    if wrong or (others and not loaded):
        yield Finding(
            cause="linux-driver-installed-in-wsl",
            message=f"A Linux NVIDIA driver lies inside WSL ({wrong or others[0]}) and hides that of Windows",
            evidence=tuple(Evidence("devices.nvidia.libraries", path) for path in ([wrong] if wrong else others)),
        )


@rule(
    "DL684",
    "WSL gets enough of the machine's memory",
    group="Machine",
    needs=("system", "memory"),
    causes=("wsl-memory-cap",),
    severity=Severity.WARNING,
)
def memory_cap(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """WSL 2 is given half of the memory of Windows unless .wslconfig says otherwise: 8 GB become less than 4.

    Judged below 7 GiB, where an 8 GB machine's whole memory would be more. Source: Microsoft's page on .wslconfig.
    """
    if _wsl(facts) != 2:
        raise NotApplicable("WSL 1 shares the memory of Windows")
    total = present(known(facts.memory).total_bytes, "the size of the memory is not known")
    if total < 7 * 2**30:
        yield Finding(
            cause="wsl-memory-cap",
            message=f"WSL may use {total / 2**30:.1f} GiB; by default it gets half of what Windows has",
            evidence=(Evidence("memory.total_bytes", str(total)),),
        )


RULES: tuple[Rule, ...] = (version_two, way_open, whole_driver, no_linux_driver, memory_cap)
