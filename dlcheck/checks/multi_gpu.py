"""Several GPUs and several machines: what joins them, and the variables that steer it."""

from __future__ import annotations

from collections.abc import Iterable

from dlcheck.checks import gpu_facts as gpu
from dlcheck.checks.rule import rule
from dlcheck.model.device_facts import InterconnectFacts
from dlcheck.model.fact import NotApplicable, known, or_none
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Evidence, Finding, Rule
from dlcheck.model.profile import Profile, Severity

GROUP = "GPU"
LAUNCHERS = ("TORCHELASTIC_RUN_ID", "SLURM_PROCID", "PMI_RANK", "PMIX_RANK", "OMPI_COMM_WORLD_RANK")


def _links(facts: Facts) -> InterconnectFacts:
    found = known(gpu.devices_of(facts).interconnect)
    if found is None:
        raise NotApplicable("counts beside several GPUs")
    return found


@rule(
    "DL820",
    "NCCL_SOCKET_IFNAME names a network interface that is here",
    group=GROUP,
    needs=("devices", "variables"),
    causes=("nccl-wrong-network-interface",),
    severity=Severity.WARNING,
)
def interface(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """NCCL and Gloo talk over the interfaces that the variable names; without a match several processes cannot start together.

    Entries are beginnings of names (eth matches eth0), "=" asks for the exact name, "^" excludes. Source: NCCL
    (socket.cc).
    """
    links = _links(facts)
    variables = known(facts.variables)
    for name in ("NCCL_SOCKET_IFNAME", "GLOO_SOCKET_IFNAME"):
        value = variables.get(name) or links.nccl_config.get(name)
        here = known(links.interfaces)
        if not value or value.startswith("^") or not here:
            continue
        exact = value.startswith("=")
        entries = [one.strip() for one in value.lstrip("=").split(",") if one.strip()]
        if not any(one == entry if exact else one.startswith(entry) for entry in entries for one in here):
            yield Finding(
                cause="nccl-wrong-network-interface",
                message=f"{name} is {value!r}, and no network interface here matches it",
                evidence=(Evidence(f"variables.{name}", value), Evidence("interfaces", ", ".join(sorted(here)))),
            )


@rule(
    "DL821",
    "InfiniBand ports with a cable are active",
    group=GROUP,
    needs=("devices",),
    causes=("ib-port-down",),
    severity=Severity.WARNING,
)
def infiniband(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """A port whose link is up but not active waits for a subnet manager. Ports without a cable are down on purpose.

    Read: state and phys_state of each port in sysfs. Source: the kernel's documentation of sysfs-class-infiniband.
    """
    ports = known(_links(facts).infiniband)
    if not ports:
        raise NotApplicable("no InfiniBand adapter")
    for one in ports:
        if one.physical == "LinkUp" and one.state != "ACTIVE":
            yield Finding(
                cause="ib-port-down",
                subject=f"{one.device}/{one.port}",
                message=f"Port {one.port} of {one.device} has a link and is {one.state}: no subnet manager made it active",
                evidence=(Evidence("devices.interconnect.infiniband", f"{one.state}, {one.physical}"),),
            )


@rule(
    "DL822",
    "All NVLinks of equal cards are up",
    group=GROUP,
    needs=("devices",),
    causes=("nvlink-down",),
    severity=Severity.WARNING,
)
def nvlink(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """A card with fewer active NVLinks than its siblings of the same model slows every job across them.

    Cards without any active link have no bridge, which is no fault. Source: nvmlDeviceGetNvLinkState.
    """
    gpus = gpu.gpus_of(facts)
    for one in gpus:
        down = or_none(one.nvlink_down)
        siblings = [or_none(other.nvlink_down) for other in gpus if other.name == one.name and other is not one]
        least = min((count for count in siblings if count is not None), default=None)
        if down is not None and least is not None and down > least:
            yield Finding(
                cause="nvlink-down",
                subject=gpu.where(one),
                message=f"{gpu.where(one)} has {down - least} NVLink{'s' if down - least > 1 else ''} fewer up than its siblings",
                evidence=(Evidence("devices.nvidia.gpus.nvlink_down", f"{down}, siblings {least}"),),
            )


@rule(
    "DL823",
    "GPUs that work together are equal",
    group=GROUP,
    needs=("devices",),
    causes=("mixed-gpus",),
    severity=Severity.NOTE,
)
def mixed(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """A job across unequal GPUs runs at the pace and with the memory of the least; and CUDA numbers the fastest 0.

    Only a note: a small card for the screen beside a large one is common. Source: CUDA programming guide (CUDA_DEVICE_ORDER).
    """
    gpus = gpu.gpus_of(facts)
    names = dict.fromkeys(one.name for one in gpus if not one.lost)
    if len(names) > 1:
        yield Finding(
            cause="mixed-gpus",
            message=f"The GPUs differ: {', '.join(names)}. CUDA_VISIBLE_DEVICES chooses among them",
            evidence=(Evidence("devices.nvidia.gpus", ", ".join(one.name for one in gpus)),),
        )


@rule(
    "DL824",
    "GPUs of a server reach each other's memory",
    group=GROUP,
    needs=("devices", "system"),
    causes=("p2p-unavailable",),
    severity=Severity.NOTE,
)
def peers(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """Without peer access GPUs exchange data through main memory. Judged where the answers of two GPUs differ by direction.

    GeForce cards and virtual machines have none by design. Source: nvmlDeviceGetP2PStatus.
    """
    gpus = {str(one.index): one for one in gpu.gpus_of(facts) if one.index is not None}
    system = or_none(facts.system)
    if len(gpus) < 2 or (system and system.hypervisor):
        raise NotApplicable("counts on machines with several GPUs")
    for index, one in gpus.items():
        for other, state in one.peers.items():
            back = gpus[other].peers.get(index) if other in gpus else None
            if back is not None and state != "ok" and back == "ok":
                yield Finding(
                    cause="p2p-unavailable",
                    subject=gpu.where(one),
                    message=f"{gpu.where(one)} does not reach GPU {other}'s memory, though GPU {other} reaches its: {state}",
                    evidence=(Evidence("devices.nvidia.gpus.peers", f"{index} to {other}: {state}"),),
                )


@rule(
    "DL825",
    "No NCCL variable slows NVLink down",
    group=GROUP,
    needs=("devices", "variables"),
    causes=("nccl-p2p-broken",),
    severity=Severity.NOTE,
)
def disabled(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """NCCL_P2P_DISABLE=1 and NCCL_SHM_DISABLE=1 are cures for a defect; left behind beside NVLink they cost speed.

    Source: NCCL's page on environment variables.
    """
    gpus = gpu.gpus_of(facts)
    variables = known(facts.variables)
    joined = any(or_none(one.nvlink_down) is not None for one in gpus)
    for name in ("NCCL_P2P_DISABLE", "NCCL_SHM_DISABLE"):
        if joined and len(gpus) > 1 and variables.get(name) == "1":
            yield Finding(
                cause="nccl-p2p-broken",
                message=f"{name}=1 keeps NCCL from the fast way between these GPUs",
                evidence=(Evidence(f"variables.{name}", "1"),),
            )


@rule(
    "DL826",
    "No launcher's variables are left behind",
    group=GROUP,
    needs=("variables",),
    causes=("launcher-variables-left",),
    severity=Severity.NOTE,
)
def launcher(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """WORLD_SIZE above 1 without a launcher makes a single program wait for others that never come.

    Training services of clouds set it in every container on purpose, so it stays a note, and may be meant. Source:
    torch.distributed (environment variable initialisation).
    """
    variables = known(facts.variables)
    size = variables.get("WORLD_SIZE", "")
    if size.isdigit() and int(size) > 1 and not any(name in variables for name in LAUNCHERS):
        yield Finding(
            cause="launcher-variables-left",
            message=f"WORLD_SIZE is {size}, and no launcher is at work: a program may wait for the others",
            evidence=(Evidence("variables.WORLD_SIZE", size),),
        )


@rule(
    "DL827",
    "Adapters can write into GPU memory (GPUDirect RDMA)",
    group=GROUP,
    needs=("devices", "container"),
    causes=("gpudirect-missing",),
    severity=Severity.NOTE,
)
def gpudirect(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """With the module nvidia_peermem, or NVIDIA's open kernel module, InfiniBand writes into GPU memory without a detour.

    Judged on machines with active InfiniBand and several GPUs whose kernel module is the proprietary one. Only jobs
    across machines gain from it. Source: NVIDIA's GPUDirect documentation; worded as a possibility.
    """
    ports = [one for one in known(_links(facts).infiniband) if one.state == "ACTIVE" and one.layer == "InfiniBand"]
    stack = gpu.nvidia_of(facts)
    if not ports or len(gpu.gpus_of(facts)) < 2 or gpu.container_kind(facts):
        raise NotApplicable("counts on machines with InfiniBand and several GPUs")
    if stack.module_flavour == "proprietary" and not _links(facts).peermem:
        yield Finding(
            cause="gpudirect-missing",
            message="The module nvidia_peermem is not loaded: InfiniBand may reach GPU memory only through main memory",
            evidence=(Evidence("devices.interconnect.peermem", "not loaded"),),
        )


RULES: tuple[Rule, ...] = (interface, infiniband, nvlink, mixed, peers, disabled, launcher, gpudirect)
