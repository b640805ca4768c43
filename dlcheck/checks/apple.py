"""Macs: Apple silicon, Rosetta, Metal, and the end of builds for Intel."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dlcheck.checks import gpu_facts as gpu
from dlcheck.checks.nvidia_cards import version
from dlcheck.checks.rule import rule
from dlcheck.model.device_facts import AppleFacts
from dlcheck.model.fact import CannotJudge, NotApplicable, known, or_none
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Evidence, Finding, Rule
from dlcheck.model.profile import Profile, Severity

GROUP = "GPU"
# torch 2.12 raised its wheels to macOS 14 (tag macosx_14_0_arm64); MPS itself began with macOS 12.3.
MPS_SINCE = ((2, 12), (14, 0)), ((0, 0), (12, 3))


def _mac(facts: Facts) -> AppleFacts | None:
    if gpu.system_of(facts) != "macos":
        raise NotApplicable("this is no Mac")
    devices = or_none(facts.devices)
    return or_none(devices.apple) if devices else None


def _is_silicon(facts: Facts) -> bool | None:
    """Whether the chip is Apple's; None where nobody could tell."""
    mac = _mac(facts)
    chip = or_none(mac.chip) if mac else None
    system = or_none(facts.system)
    if chip:
        return chip.startswith("Apple")
    return True if system and system.machine == "arm64" else None


@rule(
    "DL670",
    "Python on Apple silicon is native",
    group=GROUP,
    needs=("devices", "system", "python"),
    causes=("x86-python-on-apple-silicon",),
)
def native_python(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """An Intel Python runs on Apple silicon through Rosetta, gets Intel wheels, no Metal, and crashes in code that needs AVX.

    Compared: the chip's name, which sysctl tells, with the machine that the checked interpreter names. Source: Apple's
    article on the Rosetta translation environment.
    """
    silicon = _is_silicon(facts)
    machine = known(facts.python).machine
    if machine != "x86_64":
        return
    if silicon is None:
        raise CannotJudge("the chip's name is not known")
    if silicon:
        yield Finding(
            cause="x86-python-on-apple-silicon",
            message="This Python is an Intel program that Apple silicon translates (Rosetta)",
            evidence=(
                Evidence("devices.apple.chip", or_none((_mac(facts) or AppleFacts()).chip) or "arm64"),
                Evidence("python.machine", machine),
            ),
        )


@rule(
    "DL671",
    "PyTorch reaches the Mac's GPU (Metal)",
    group=GROUP,
    needs=("devices", "system", "frameworks"),
    causes=("macos-too-old-for-mps", "metal-device-not-visible"),
    severity=Severity.WARNING,
)
def metal(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """PyTorch computes on Apple's GPUs through MPS. It needs macOS 12.3, from PyTorch 2.12 on macOS 14, and a Metal device.

    Virtual machines, sandboxes and sessions without a screen often have no Metal device. Source: wheel tags of PyTorch,
    Apple's page on PyTorch with Metal.
    """
    mac = _mac(facts)
    torch = known(facts.frameworks).get("torch")
    if torch is None or not _is_silicon(facts):
        raise NotApplicable("no PyTorch on Apple silicon")
    run = known(torch.run)
    if run is None or run.result != "found" or run.gpu_available is None:
        raise NotApplicable("PyTorch was not asked")
    if run.gpu_available or any(one.kind == "mps" for one in or_none(run.devices) or ()):
        return
    system = or_none(facts.system)
    macos = (or_none(mac.macos) if mac else None) or _macos_in(system.distribution if system else None)
    number = version(or_none(torch.version) or "0.0")[:2]
    least = next(minimum for since, minimum in MPS_SINCE if number >= since)
    if macos and version(macos)[:2] < least:
        yield Finding(
            cause="macos-too-old-for-mps",
            subject="torch",
            message=f"macOS {macos} is too old for this PyTorch's MPS, which needs {least[0]}.{least[1]}",
            evidence=(Evidence("devices.apple.macos", macos),),
        )
        return
    yield Finding(
        cause="metal-device-not-visible",
        subject="torch",
        message="PyTorch has MPS, macOS is new enough, and this process gets no Metal device",
        evidence=(
            Evidence("frameworks.torch.run.gpu_available", "false"),
            Evidence("devices.apple.macos", macos or "?"),
        ),
    )


def _macos_in(text: str | None) -> str | None:
    found = re.search(r"\d+(\.\d+)+", text or "")
    return found[0] if found else None


@rule(
    "DL672",
    "The frameworks still have builds for this Mac",
    group=GROUP,
    needs=("devices", "system", "python", "frameworks"),
    causes=("macos-intel-wheels-ended",),
    severity=Severity.WARNING,
)
def intel_mac(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """PyTorch 2.2.2 and TensorFlow 2.16.2 were the last with wheels for Intel Macs. What is installed goes on to work.

    A note where a framework is installed, a warning where one has still to be found. Source: the wheels' tags.
    """
    silicon = _is_silicon(facts)
    if silicon or known(facts.python).machine != "x86_64":
        return
    if silicon is None:
        raise CannotJudge("the chip's name is not known")
    here = [name for name in ("torch", "tensorflow") if name in known(facts.frameworks)]
    yield Finding(
        cause="macos-intel-wheels-ended",
        severity=Severity.NOTE if here else None,
        message="This is an Intel Mac; PyTorch after 2.2.2 and TensorFlow after 2.16.2 have no wheels for it",
        evidence=(Evidence("python.machine", "x86_64"),),
    )


@rule(
    "DL673",
    "Metal plugins fit their frameworks",
    group=GROUP,
    needs=("system", "distributions", "frameworks"),
    causes=("metal-plugin-version-mismatch",),
    severity=Severity.WARNING,
)
def plugins(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """tensorflow-metal and jax-metal have not followed their frameworks; beside a newer one the import fails or no GPU is listed.

    tensorflow-metal names no range of TensorFlow, so only what really happened is judged. Source: the plugins' own
    metadata; JAX's installation page lists no GPU for Macs.
    """
    if gpu.system_of(facts) != "macos":
        raise NotApplicable("this is no Mac")
    names = {one.name: one.version for one in known(facts.distributions)}
    frameworks = known(facts.frameworks)
    for plugin, name in (("tensorflow-metal", "tensorflow"), ("jax-metal", "jax")):
        framework = frameworks.get(name)
        if plugin not in names or framework is None:
            continue
        run = or_none(framework.run)
        if run is None:
            continue
        failed = run.result != "found" or run.gpu_available is False
        if failed:
            yield Finding(
                cause="metal-plugin-version-mismatch",
                subject=name,
                severity=Severity.ERROR if run.result != "found" else None,
                message=f"{plugin} {names[plugin]} does not work with {name} {or_none(framework.version) or ''}",
                evidence=(
                    Evidence(f"distributions.{plugin}", names[plugin] or "?"),
                    Evidence(f"{name}.run", run.result),
                ),
            )


@rule(
    "DL674",
    "MPS variables leave macOS its memory",
    group=GROUP,
    needs=("system", "variables"),
    causes=("mps-watermark",),
    severity=Severity.NOTE,
)
def watermark(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """PYTORCH_MPS_HIGH_WATERMARK_RATIO=0.0 lifts the limit on GPU memory, after which the whole system can stall.

    A low watermark above the high one is refused by PyTorch. Source: PyTorch's page on MPS environment variables.
    """
    if gpu.system_of(facts) != "macos":
        raise NotApplicable("this is no Mac")
    variables = known(facts.variables)
    high = variables.get("PYTORCH_MPS_HIGH_WATERMARK_RATIO")
    low = variables.get("PYTORCH_MPS_LOW_WATERMARK_RATIO")
    ratio, least = _number(high), _number(low)
    if ratio is not None and (ratio == 0.0 or (least is not None and least > ratio) or (least is None and ratio < 1.4)):
        yield Finding(
            cause="mps-watermark",
            message="The limit of GPU memory is lifted"
            if ratio == 0.0
            else "The low watermark lies above the high one",
            evidence=(
                Evidence("variables.PYTORCH_MPS_HIGH_WATERMARK_RATIO", high or ""),
                Evidence("variables.PYTORCH_MPS_LOW_WATERMARK_RATIO", low or "not set (1.4)"),
            ),
        )


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


RULES: tuple[Rule, ...] = (
    native_python,
    metal,
    intel_mac,
    plugins,
    watermark,
)
