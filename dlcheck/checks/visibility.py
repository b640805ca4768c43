"""Which devices a program is allowed to see: CUDA_VISIBLE_DEVICES and its relatives."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dlcheck.checks import gpu_facts as gpu
from dlcheck.checks.rule import rule
from dlcheck.model.device_facts import Gpu
from dlcheck.model.fact import NotApplicable, known, or_none
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Evidence, Finding, Rule
from dlcheck.model.profile import Profile, Severity

GROUP = "GPU"


@rule(
    "DL610",
    "CUDA_VISIBLE_DEVICES names a device",
    group=GROUP,
    needs=("devices", "variables", "container", "system"),
    causes=("cuda-visible-devices-hides-gpu", "mig-instance-not-selected", "scheduler-gave-no-gpu"),
)
def visible_devices(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """The variable lists the GPUs that CUDA shows, by number, UUID or MIG UUID; nothing after the first bad entry counts.

    Empty or -1 hides every GPU. Numbers count from 0 in CUDA's own order (fastest first unless CUDA_DEVICE_ORDER says
    PCI_BUS_ID). A scheduler sets the variable on purpose, so inside a job only an empty one is judged. On Windows an
    empty variable is an unset one. Source: CUDA programming guide, torch.cuda._parse_visible_devices.
    """
    stack = gpu.nvidia_of(facts)
    variables = known(facts.variables)
    gpus = or_none(stack.gpus) or ()
    if "CUDA_VISIBLE_DEVICES" not in variables:
        yield from _instance_missing(gpus)
        return
    value = variables["CUDA_VISIBLE_DEVICES"].strip()
    container = or_none(facts.container)
    scheduler = container.scheduler if container else None
    evidence = (Evidence("variables.CUDA_VISIBLE_DEVICES", value or "set and empty"),)
    if not value and gpu.system_of(facts) == "windows":
        return
    if not value and scheduler:
        yield Finding(
            cause="scheduler-gave-no-gpu",
            message=f"This {scheduler} job was given no GPU: CUDA_VISIBLE_DEVICES is empty",
            evidence=evidence,
        )
        return
    first = value.split(",")[0].strip()
    problem = _problem(first, gpus)
    if problem is None or (scheduler and value):
        return
    on_purpose = value in ("", "-1", "NoDevFiles")
    count = len(gpus)
    beside = f" this machine's {count} GPU{'s' if count > 1 else ''}" if count else " every NVIDIA GPU"
    yield Finding(
        cause="cuda-visible-devices-hides-gpu",
        message=f"CUDA_VISIBLE_DEVICES {problem}, which hides{beside} from every framework",
        severity=Severity.WARNING if on_purpose else None,
        evidence=evidence,
    )


def _instance_missing(gpus: tuple[Gpu, ...]) -> Iterable[Finding]:
    """A card in MIG mode computes only through an instance of it."""
    in_mig = [one for one in gpus if one.mig_enabled is True]
    if in_mig and len(in_mig) == len(gpus) and all(one.mig_devices == 0 for one in in_mig):
        yield Finding(
            cause="mig-instance-not-selected",
            message=f"{gpu.where(in_mig[0])} is in MIG mode and has no instance, so that CUDA has nothing to run on",
            evidence=(Evidence("devices.nvidia.gpus.mig_devices", "0"),),
        )


def _problem(first: str, gpus: tuple[Gpu, ...]) -> str | None:
    """What is wrong with the first entry, in words; None where it names a device or nobody can tell."""
    if not first:
        return "is set and empty"
    if re.fullmatch(r"-\d+", first):
        return f"is {first}"
    if re.fullmatch(r"\d+", first):
        return f"names GPU {first}, and there are {len(gpus)}" if gpus and int(first) >= len(gpus) else None
    if first.startswith("GPU-"):
        uuids = [one.uuid for one in gpus if one.uuid]
        return f"names {first}, which no GPU here has" if uuids and not _matches(first, uuids) else None
    if first.startswith("MIG-"):
        known_uuids = [uuid for one in gpus for uuid in (or_none(one.mig_uuids) or ())]
        gone = known_uuids and first.count("/") == 0 and first not in known_uuids
        return f"names {first}, which no MIG instance here has" if gone else None
    return f"is {first!r}, which is neither a number nor a UUID"


def _matches(prefix: str, uuids: list[str]) -> bool:
    return sum(1 for uuid in uuids if uuid.startswith(prefix)) == 1


@rule(
    "DL650",
    "The device variables of AMD and Intel leave a device",
    group=GROUP,
    needs=("devices", "variables"),
    causes=("device-mask-hides-gpu",),
)
def other_masks(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """HIP_VISIBLE_DEVICES, ROCR_VISIBLE_DEVICES, ZE_AFFINITY_MASK and ONEAPI_DEVICE_SELECTOR choose devices too.

    ROCR_VISIBLE_DEVICES applies first, and HIP counts within what it leaves: torch refuses to start when HIP's list is the longer
    one. Source: torch/cuda/__init__.py, the oneAPI documentation.
    """
    devices = gpu.devices_of(facts)
    if known(devices.amd) is None and known(devices.intel) is None:
        raise NotApplicable("no AMD and no Intel GPU in this machine")
    variables = known(facts.variables)
    amd, intel = or_none(devices.amd), or_none(devices.intel)
    for name in ("HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "GPU_DEVICE_ORDINAL"):
        value = variables.get(name)
        if value is not None and amd is not None and value.strip() in ("", "-1"):
            yield _hidden(name, value, "AMD")
    hip, rocr = (_entries(variables.get(f"{name}_VISIBLE_DEVICES")) for name in ("HIP", "ROCR"))
    if hip and rocr and len(hip) > len(rocr):
        yield Finding(
            cause="device-mask-hides-gpu",
            message=f"HIP_VISIBLE_DEVICES lists {len(hip)} devices and ROCR_VISIBLE_DEVICES only {len(rocr)}",
            evidence=tuple(
                Evidence(f"variables.{name}", variables[name])
                for name in ("HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES")
            ),
        )
    selector = variables.get("ONEAPI_DEVICE_SELECTOR", "")
    if selector and intel is not None and not re.search(r"level_zero|\*|gpu", selector.lower()):
        yield _hidden("ONEAPI_DEVICE_SELECTOR", selector, "Intel")


def _entries(value: str | None) -> list[str]:
    return [one for one in (value or "").split(",") if one.strip()]


def _hidden(name: str, value: str, vendor: str) -> Finding:
    return Finding(
        cause="device-mask-hides-gpu",
        message=f"{name} is {value!r}, which leaves no {vendor} GPU to any program",
        evidence=(Evidence(f"variables.{name}", value or "set and empty"),),
    )


RULES: tuple[Rule, ...] = (
    visible_devices,
    other_masks,
)
