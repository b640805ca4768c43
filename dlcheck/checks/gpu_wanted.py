"""Whether there is a GPU to train on, where the profile asks for one."""

from __future__ import annotations

from collections.abc import Iterable

from dlcheck.checks import amd, intel, nvidia
from dlcheck.checks import gpu_facts as gpu
from dlcheck.checks.rule import rule
from dlcheck.model.device_facts import DeviceFacts
from dlcheck.model.fact import NotApplicable, Unknown, known, or_none
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Evidence, Finding, Fix, Rule, Safety
from dlcheck.model.profile import Profile, Severity

WITHOUT_GPU = (
    Fix("Run this on a machine with a GPU, or in a hosted notebook that lends one (Colab, Kaggle)."),
    Fix(
        "To work on the processor, ask for no GPU.",
        (("dlcheck", "doctor", "--profile", "learn"),),
        Safety.SAFE,
    ),
)
"""The catalogue's entry is about messages on machines that need no GPU; here one was asked for."""


@rule(
    "DL601",
    "A GPU is there where the profile asks for one",
    group="GPU",
    needs=("devices", "system", "container", "frameworks"),
    causes=("no-gpu-in-machine", "hosted-notebook-cpu-runtime"),
)
def gpu_asked_for(facts: Facts, profile: Profile) -> Iterable[Finding]:
    """A profile can want or require a GPU; without one training falls back to the processor, 10 to 100 times slower.

    Nothing is wrong with a machine without a GPU: profiles that do not ask for one skip this rule. Not counted are UHD
    and Iris graphics, the graphics within AMD's usual processors, cards too old for any build, and cards handed to a
    virtual machine. A GPU that some other fault keeps from working is there: its own rule says so. A hosted notebook
    has a GPU only when its runtime type says so.
    """
    if profile.gpu == "optional":
        raise NotApplicable("the profile does not ask for a GPU")
    system = or_none(facts.system)
    if system and system.wsl == 1:
        raise NotApplicable("WSL 1 reaches no GPU; another rule says so")
    devices = gpu.devices_of(facts)
    pci = known(devices.pci)
    if _accelerators(facts) or _there(facts, devices):
        return
    if any(isinstance(one, Unknown) for one in (devices.nvidia, devices.amd, devices.apple)):
        raise NotApplicable("nobody could look at the drivers")
    container = or_none(facts.container)
    hosted = container.hosted if container else None
    seen = tuple(gpu.card_name(one) for one in pci)
    on_purpose = hosted in ("colab", "kaggle")
    yield Finding(
        cause="hosted-notebook-cpu-runtime" if on_purpose else "no-gpu-in-machine",
        message=f"This {str(hosted).capitalize()} notebook runs on a machine without a GPU"
        if on_purpose
        else f"Profile {profile.name} asks for a GPU, and this machine has none that a framework can use",
        severity=Severity.ERROR if profile.gpu == "required" else Severity.WARNING,
        fixes=() if on_purpose else WITHOUT_GPU,
        evidence=(Evidence("devices.pci", ", ".join(seen) or "no display adapter, no accelerator"),),
    )


def _accelerators(facts: Facts) -> bool:
    """Whether a framework was seen to list an accelerator, of whatever kind."""
    runs = [or_none(one.run) for one in (or_none(facts.frameworks) or {}).values()]
    return any(one.kind != "cpu" for run in runs if run for one in or_none(run.devices) or ())


def _there(facts: Facts, devices: DeviceFacts) -> bool:
    """Whether bus or driver show a GPU that some build could use."""
    stack = or_none(devices.nvidia)
    cards = gpu.nvidia_cards(facts)
    if stack is not None and (gpu.any_gpu(stack) or gpu.counts(stack) or stack.jetson or gpu.is_wsl(facts)):
        return True
    if any(not nvidia.is_ancient(one) for one in cards):
        return True
    radeons = or_none(devices.amd)
    if radeons is not None and any(not one.integrated for one in or_none(radeons.gpus) or ()):
        return True
    if any(one.driver != "radeon" and amd.is_discrete(one) for one in gpu.cards_of(facts, "1002")):
        return True
    mac = or_none(devices.apple)
    if mac is not None and (or_none(mac.chip) or "").startswith("Apple"):
        return True
    return any(intel.XPU.fullmatch(one.device) for one in gpu.cards_of(facts, "8086"))


RULES: tuple[Rule, ...] = (gpu_asked_for,)
