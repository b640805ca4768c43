"""Intel GPUs that PyTorch's XPU device serves: Arc, Core Ultra, Flex and Max. Older graphics in processors are none of them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dlcheck.checks import gpu_facts as gpu
from dlcheck.checks.nvidia_cards import version
from dlcheck.checks.rule import rule
from dlcheck.model.device_facts import IntelFacts, PciDevice
from dlcheck.model.fact import NotApplicable, known, or_none
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Evidence, Finding, Rule
from dlcheck.model.profile import Profile, Severity

GROUP = "GPU"
NO_XPU = "no Intel GPU that PyTorch's XPU device serves (UHD and Iris Xe graphics are none)"
# PCI device numbers of Intel's list of graphics: Alchemist, Battlemage, Data Center Flex and Max, and the graphics of
# Core Ultra: Meteor Lake, Arrow Lake, Lunar Lake, Panther Lake.
XPU = re.compile(
    r"56[9abc][0-9a-f]|e2[01][0-9a-f]|0b[d][0-9a-f]|0b6[0-9a-f]|7d[4d5][0-9a-f]|7d67|64[a8b]0|b0[89ab][0-9a-f]"
)
DISCRETE = re.compile(r"56[9abc][0-9a-f]|e2[01][0-9a-f]|0b[d6][0-9a-f]")


def xpu_cards(facts: Facts) -> tuple[PciDevice, ...]:
    """Intel's GPUs on the PCI bus that PyTorch's XPU device serves; nothing to judge without one."""
    found = tuple(one for one in gpu.cards_of(facts, "8086") if XPU.fullmatch(one.device))
    if not found:
        raise NotApplicable(NO_XPU)
    return found


def _intel(facts: Facts) -> IntelFacts:
    return known(gpu.devices_of(facts).intel) or IntelFacts()


@rule(
    "DL660",
    "An Intel GPU has its kernel driver",
    group=GROUP,
    needs=("devices", "system", "container"),
    causes=("xpu-runtime-missing-or-old",),
    severity=Severity.WARNING,
)
def driver(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """The kernel modules i915 and xe drive Intel's GPUs; a card newer than the kernel stays without one.

    Source: PCI identifiers of Intel's graphics, PyTorch's notes on XPU. Least kernels are not published as a table, so none is
    named here.
    """
    if gpu.system_of(facts) != "linux" or gpu.is_wsl(facts) or gpu.container_kind(facts):
        raise NotApplicable("the driver lies outside of this system")
    for card in xpu_cards(facts):
        if or_none(card.driver) is None:
            yield Finding(
                cause="xpu-runtime-missing-or-old",
                subject=gpu.card_name(card),
                message=f"{gpu.card_name(card)} has no kernel driver: this kernel is probably older than the card",
                evidence=gpu.card_evidence((card,)),
            )


def _xpu_build(facts: Facts) -> bool:
    torch = known(facts.frameworks).get("torch")
    build = or_none(torch.build) if torch else None
    return bool(build and build.xpu)


@rule(
    "DL661",
    "Intel's compute runtime (Level Zero) is installed",
    group=GROUP,
    needs=("devices", "frameworks", "system"),
    causes=("xpu-runtime-missing-or-old",),
)
def level_zero(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """PyTorch's XPU build reaches the GPU through libze_loader, which loads libze_intel_gpu; both come from the system.

    Judged where an XPU build is installed and did not list the GPU itself. Source: Ubuntu's packages libze1 and
    libze-intel-gpu1, PyTorch's notes on XPU.
    """
    if gpu.system_of(facts) != "linux":
        raise NotApplicable("the runtime comes with the driver on this system")
    if not gpu.is_wsl(facts):
        xpu_cards(facts)
    if not _xpu_build(facts):
        raise NotApplicable("no XPU build of PyTorch is installed")
    stack = _intel(facts)
    run = or_none(known(facts.frameworks)["torch"].run)
    if run is not None and run.gpu_available:
        return
    missing = [
        name
        for name, path in (("libze_loader", stack.level_zero), ("libze_intel_gpu", stack.gpu_runtime))
        if known(path) is None
    ]
    if missing:
        yield Finding(
            cause="xpu-runtime-missing-or-old",
            message=f"PyTorch's XPU build finds no GPU: {' and '.join(missing)} of Intel's runtime are not installed",
            evidence=tuple(Evidence(f"devices.intel.{name}", "not found in the usual folders") for name in missing),
        )


@rule(
    "DL662",
    "The nodes of Intel's driver can be opened",
    group=GROUP,
    needs=("devices", "frameworks", "system"),
    causes=("render-group-missing",),
)
def permission(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """Computing opens /dev/dri/renderD*, which belongs to the group render. Each is really opened here.

    Source: the udev rules of systemd (group render), PyTorch's notes on XPU.
    """
    if gpu.is_wsl(facts):
        raise NotApplicable("WSL reaches the GPU through /dev/dxg")
    xpu_cards(facts)
    nodes = _intel(facts).nodes
    if nodes and all(said == "Permission denied" for said in nodes.values()) and _xpu_build(facts):
        yield Finding(
            cause="render-group-missing",
            message=f"This user may not open {', '.join(sorted(nodes))}",
            evidence=tuple(Evidence(f"devices.intel.nodes.{path}", said) for path, said in sorted(nodes.items())),
        )


@rule(
    "DL663",
    "PyTorch beside an Intel Arc GPU is an XPU build",
    group=GROUP,
    needs=("devices", "frameworks"),
    causes=("xpu-build-missing",),
    severity=Severity.NOTE,
)
def build(facts: Facts, profile: Profile) -> Iterable[Finding]:
    """Intel's Arc, Flex and Max cards compute with PyTorch's XPU build, which lies on PyTorch's own index.

    A note in general, since many take such a GPU for the screen; a warning for a card of its own where the profile asks for
    a GPU. Source: PyTorch's notes on XPU.
    """
    cards = xpu_cards(facts)
    if or_none(gpu.devices_of(facts).nvidia) is not None:
        raise NotApplicable("there is an NVIDIA GPU as well")
    torch = known(facts.frameworks).get("torch")
    if torch is None:
        raise NotApplicable("PyTorch is not installed")
    found = known(torch.build)
    if found is not None and not found.xpu:
        wanted = profile.gpu != "optional" and any(DISCRETE.fullmatch(one.device) for one in cards)
        yield Finding(
            cause="xpu-build-missing",
            subject="torch",
            severity=Severity.WARNING if wanted else None,
            message=f"PyTorch is no XPU build, so that it does not use {gpu.card_name(cards[0])}",
            evidence=(*gpu.card_evidence(cards), Evidence("frameworks.torch.build.xpu", "none")),
        )


@rule(
    "DL664",
    "No retired Intel extension is installed",
    group=GROUP,
    needs=("distributions",),
    causes=("extension-framework-mismatch",),
    severity=Severity.WARNING,
)
def extension(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """intel-extension-for-pytorch ended: PyTorch has the XPU device itself. Each release fits one minor of PyTorch only.

    Source: the extension's own announcement (its last release is for PyTorch 2.8).
    """
    versions = {one.name: one.version for one in known(facts.distributions)}
    ipex, torch = versions.get("intel-extension-for-pytorch"), versions.get("torch")
    if not ipex or not torch:
        raise NotApplicable("the extension is not installed")
    if version(ipex)[:2] != version(torch)[:2]:
        yield Finding(
            cause="extension-framework-mismatch",
            message=f"intel-extension-for-pytorch {ipex} is made for another PyTorch than {torch}, and has ended",
            evidence=(
                Evidence("distributions.intel-extension-for-pytorch", ipex),
                Evidence("distributions.torch", torch),
            ),
        )


RULES: tuple[Rule, ...] = (
    driver,
    level_zero,
    permission,
    build,
    extension,
)
