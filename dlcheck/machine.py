"""The facts that decide which builds can run, taken out of all the facts; and facts assumed for another machine."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace

from dlcheck.model.codec import encode
from dlcheck.model.device_facts import DeviceFacts, Gpu
from dlcheck.model.errors import DlcheckError
from dlcheck.model.fact import or_none
from dlcheck.model.facts import Facts
from dlcheck.model.plan import Machine, NvidiaGpu


def machine_of(facts: Facts) -> Machine:
    """What selection needs, from facts of this or a recorded machine; what nobody could look at counts as absent."""
    system, python, cpu = or_none(facts.system), or_none(facts.python), or_none(facts.cpu)
    devices = or_none(facts.devices) or DeviceFacts()
    name = system.name if system else "linux"
    flags = or_none(cpu.flags) if cpu else None
    architecture = (python.machine if python and python.machine else system.machine if system else None) or "x86_64"
    nvidia = or_none(devices.nvidia)
    amd = or_none(devices.amd)
    intel = or_none(devices.intel)
    works = nvidia is not None and (
        or_none(nvidia.nvml) is None or getattr(or_none(nvidia.nvml), "code", 0) in (0, None)
    )
    gpus = (or_none(nvidia.gpus) or or_none(nvidia.cuda_gpus) or ()) if nvidia else ()
    release = (system.distribution or "") if system else ""
    return Machine(
        system=name,
        architecture={"amd64": "x86_64"}.get(architecture.lower(), architecture.lower()),
        python=(or_none(python.version) if python else None) or "3",
        libc=system.libc if system and name == "linux" else None,
        macos=release.removeprefix("macOS").strip() or None if name == "macos" else None,
        implementation=(python.implementation if python else None) or "cpython",
        bits=(python.bits if python else None) or 64,
        free_threaded=bool(python and python.free_threaded),
        avx=("avx" in flags) if flags else None,
        driver=or_none(nvidia.driver) if nvidia and works and gpus else None,
        nvidia=tuple(_nvidia(one, at) for at, one in enumerate(gpus) if not one.lost),
        amd=tuple(
            dict.fromkeys(one.architecture for one in (or_none(amd.gpus) or () if amd else ()) if one.architecture)
        ),
        intel=tuple(one.name for one in (or_none(intel.gpus) or () if intel else ())),
    )


def _nvidia(gpu: Gpu, at: int) -> NvidiaGpu:
    parts = (gpu.architecture or "").split(".")
    capability = tuple(int(one) for one in parts) if all(one.isdigit() for one in parts) else None
    return NvidiaGpu(name=gpu.name, capability=capability, index=at if gpu.index is None else gpu.index)


def assume(machine: Machine, text: str) -> Machine:
    """The machine with what ``driver=580.65,sm=9.0`` says instead of what was found; sm=none takes the GPUs away.

    Several GPUs are written with plus signs: sm=8.6+12.0. gfx=gfx942 and python=3.12 are understood too.
    """
    for pair in text.split(","):
        key, mark, value = (part.strip() for part in pair.partition("="))
        if not mark or not value:
            raise DlcheckError(f"--assume {pair!r} is no assumption", "Write driver=580.65,sm=9.0")
        if key == "driver":
            if value != "none" and not re.fullmatch(r"\d{2,4}(\.\d{1,4}){0,3}", value):
                raise DlcheckError(f"--assume driver={value[:40]!r} is no release of a driver", "Write driver=580.65")
            machine = replace(machine, driver=None if value == "none" else value)
        elif key == "sm":
            machine = replace(machine, nvidia=() if value == "none" else _assumed(value))
        elif key == "gfx":
            machine = replace(machine, amd=() if value == "none" else tuple(value.split("+")))
        elif key == "python":
            machine = replace(machine, python=value)
        else:
            raise DlcheckError(f"--assume knows driver, sm, gfx and python, not {key!r}", "Write driver=580.65,sm=9.0")
    return machine


def _assumed(value: str) -> tuple[NvidiaGpu, ...]:
    gpus = []
    for at, one in enumerate(value.split("+")):
        parts = one.removeprefix("sm_").split(".")
        if len(parts) != 2 or not all(re.fullmatch(r"[0-9]{1,3}", part) for part in parts):
            raise DlcheckError(
                f"--assume sm={one[:40]!r} is no compute capability", "Write sm=9.0, or sm=8.6+12.0 for two GPUs."
            )
        gpus.append(
            NvidiaGpu(name=f"an assumed GPU of compute capability {one}", capability=tuple(map(int, parts)), index=at)
        )
    return tuple(gpus)


def digest(machine: Machine) -> str:
    """What identifies a machine as far as builds care: an environment chosen for another one is chosen anew."""
    text = json.dumps(encode(machine), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
