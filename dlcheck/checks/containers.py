"""Containers and batch jobs: what of the machine's GPUs they were given."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dlcheck.checks import gpu_facts as gpu
from dlcheck.checks.nvidia_cards import version
from dlcheck.checks.rule import rule
from dlcheck.model.fact import NotApplicable, known, or_none
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Evidence, Finding, Rule
from dlcheck.model.host_facts import ContainerFacts
from dlcheck.model.profile import Profile, Severity

GROUP = "Container"


def _container(facts: Facts) -> ContainerFacts:
    found = known(facts.container)
    if not found.kind:
        raise NotApplicable("this is no container")
    return found


def _wants_gpu(facts: Facts, profile: Profile) -> bool:
    """Whether a GPU is meant to be used: the profile says so, or a framework is built for one."""
    builds = [or_none(one.build) for one in (or_none(facts.frameworks) or {}).values()]
    return profile.gpu != "optional" or any(one and (one.cuda or one.rocm) for one in builds)


@rule(
    "DL800",
    "The container was given the machine's GPU",
    group=GROUP,
    needs=("container", "devices", "frameworks", "variables"),
    causes=("container-started-without-gpu",),
)
def gpu_given(facts: Facts, profile: Profile) -> Iterable[Finding]:
    """A container sees the cards of its host on the bus, but may use only those it was started with (docker run --gpus all).

    Judged by the device nodes: NVIDIA_VISIBLE_DEVICES reads "void" on purpose where CDI passes the devices. An error where a
    framework is built for a GPU or the profile asks for one, else a note: a CPU container on a GPU machine may be
    meant. Source: NVIDIA container toolkit.
    """
    container = _container(facts)
    devices = gpu.devices_of(facts)
    cards = gpu.nvidia_cards(facts)
    stack = known(devices.nvidia)
    nodes = stack.nodes if stack else {}
    if devices.dxg == "ok" or any(re.search(r"/nvidia\d+$", path) for path in nodes):
        return
    if stack is not None and (gpu.answers(stack.nvml) or gpu.counts(stack)):
        return
    if not cards:
        raise NotApplicable("the machine of this container shows no NVIDIA GPU")
    pod = container.kind == "kubernetes"
    asked = gpu.variable(facts, "NVIDIA_VISIBLE_DEVICES")
    how = "the pod asks for none" if pod else "it was started without one"
    yield Finding(
        cause="container-started-without-gpu",
        severity=None if _wants_gpu(facts, profile) else Severity.NOTE,
        message=f"The machine has {gpu.card_name(cards[0])}, this container has no GPU: {how}",
        evidence=(
            *gpu.card_evidence(cards[:2]),
            Evidence("devices.nvidia.nodes", "no /dev/nvidia0 or another"),
            *((Evidence("variables.NVIDIA_VISIBLE_DEVICES", asked or "set and empty"),) if asked is not None else ()),
        ),
    )


@rule(
    "DL801",
    "The container's image brings no driver of its own",
    group=GROUP,
    needs=("container", "devices"),
    causes=("driver-packages-in-container",),
)
def no_driver_inside(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """The driver's libraries are lent by the host and fit its kernel module; packages of another release in the image hide them.

    Judged where libcuda does not start: a libcuda of another release than the loaded module, cuda-compat left out.
    Source: NVIDIA container toolkit.
    """
    _container(facts)
    stack = gpu.nvidia_of(facts)
    if gpu.counts(stack):
        return
    module = known(stack.module)
    if module is None:
        raise NotApplicable("the kernel module's release is not to be seen")
    foreign = {
        path: release
        for path, release in stack.libraries.items()
        if release and "compat" not in path and version(release) != version(module)
    }
    call = or_none(stack.libcuda)
    if foreign and call is not None and call.code not in (0, 804):
        yield Finding(
            cause="driver-packages-in-container",
            message=f"The image brings NVIDIA driver {next(iter(foreign.values()))}, the machine runs {module}",
            evidence=(
                Evidence("devices.nvidia.module", module),
                *(Evidence("devices.nvidia.libraries", path) for path in foreign),
            ),
        )


@rule(
    "DL802",
    "The host's driver satisfies the image's CUDA",
    group=GROUP,
    needs=("container", "devices", "variables"),
    causes=("driver-too-old",),
    severity=Severity.WARNING,
)
def image_requirement(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """Images of NVIDIA say in NVIDIA_REQUIRE_CUDA which CUDA the driver must support: blanks mean "or", commas "and".

    The engine refuses such a container at its start, unless NVIDIA_DISABLE_REQUIRE is set or CDI passed the devices. A
    CUDA that starts overrides this. Source: NVIDIA container toolkit (requirements).
    """
    _container(facts)
    asked = known(facts.variables).get("NVIDIA_REQUIRE_CUDA")
    if not asked:
        raise NotApplicable("the image names no requirement")
    stack = gpu.nvidia_of(facts)
    supported = or_none(stack.cuda_driver)
    if gpu.counts(stack):
        return
    if not supported:
        raise NotApplicable("the driver's CUDA version is not known")
    least = [version(one)[:2] for one in re.findall(r"cuda>=(\d+\.\d+)", asked)]
    if least and all(version(supported)[:2] < one for one in least):
        yield Finding(
            cause="driver-too-old",
            message=f"The image asks for a driver for CUDA {'.'.join(map(str, min(least)))}; this one is for {supported}",
            evidence=(
                Evidence("variables.NVIDIA_REQUIRE_CUDA", asked),
                Evidence("devices.nvidia.cuda_driver", supported),
            ),
        )


@rule(
    "DL803",
    "Docker on this machine can pass GPUs on",
    group=GROUP,
    needs=("container", "devices", "toolchain", "system"),
    causes=("nvidia-container-toolkit-missing",),
    severity=Severity.NOTE,
)
def toolkit(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """The option --gpus of Docker needs NVIDIA's container toolkit or a CDI specification. Without containers nobody needs it.

    Read: the toolkit's programs and the specifications under /etc/cdi and /run/cdi. Docker itself is not asked, because its socket
    often needs rights. Source: NVIDIA container toolkit.
    """
    if or_none(facts.container) is None or known(facts.container).kind or gpu.is_wsl(facts):
        raise NotApplicable("this is judged on the machine itself")
    docker = or_none(known(facts.toolchain).docker)
    stack = gpu.nvidia_of(facts)
    if not docker or gpu.system_of(facts) != "linux":
        raise NotApplicable("Docker is not installed")
    if stack.container_toolkit is False and gpu.answers(stack.nvml):
        yield Finding(
            cause="nvidia-container-toolkit-missing",
            message="Docker is here and NVIDIA's container toolkit is not: containers will not reach the GPU",
            evidence=(Evidence("toolchain.docker", docker), Evidence("devices.nvidia.container_toolkit", "not found")),
        )


@rule(
    "DL804",
    "The batch job was given a GPU",
    group=GROUP,
    needs=("container", "devices", "frameworks", "variables"),
    causes=("scheduler-gave-no-gpu",),
)
def job_gpu(facts: Facts, profile: Profile) -> Iterable[Finding]:
    """Slurm gives a job the GPUs that it asks for (--gres=gpu:1 or --gpus=1) and hides the others.

    Judged on a node with NVIDIA cards: no GPU opens or answers, and neither CUDA_VISIBLE_DEVICES nor the scheduler's own variables
    name one. Numbers are not compared: inside the job they start at 0. Source: Slurm's page on generic resources.
    """
    container = known(facts.container)
    if not container.scheduler:
        raise NotApplicable("this is no batch job")
    stack = gpu.nvidia_of(facts)
    mask = gpu.variable(facts, "CUDA_VISIBLE_DEVICES")
    given = or_none(container.scheduler_gpus)
    if mask is not None or given is not None or gpu.counts(stack) or gpu.any_gpu(stack):
        return
    if not gpu.nvidia_cards(facts):
        raise NotApplicable("this node shows no NVIDIA GPU")
    yield Finding(
        cause="scheduler-gave-no-gpu",
        severity=None if _wants_gpu(facts, profile) else Severity.NOTE,
        message=f"This node has {gpu.card_name(gpu.nvidia_cards(facts)[0])}, and {container.scheduler} gave the job none",
        evidence=(Evidence("container.scheduler_gpus", "none"), *gpu.card_evidence(gpu.nvidia_cards(facts)[:1])),
    )


@rule(
    "DL805",
    "What containers are told of the GPU is up to date",
    group=GROUP,
    needs=("container", "devices"),
    causes=("cdi-spec-stale",),
    severity=Severity.WARNING,
)
def description_fresh(facts: Facts, _profile: Profile) -> Iterable[Finding]:
    """A CDI file lists the driver's libraries by their full names. After an update of the driver they no longer exist.

    Engines that pass GPUs by such a file (podman, Docker with CDI) then start no container with a GPU. Toolkits from 1.18 on renew
    /var/run/cdi by a service. Source: NVIDIA container toolkit (nvidia-cdi-refresh, nvcdi).
    """
    if gpu.container_kind(facts):
        raise NotApplicable("the files of the host count")
    stack = gpu.nvidia_of(facts)
    if not stack.cdi:
        raise NotApplicable("no CDI file describes an NVIDIA GPU")
    driver = or_none(stack.driver) or or_none(stack.module)
    if not driver:
        raise NotApplicable("the release of the driver is not known")
    for path, release in stack.cdi.items():
        if release and version(release) != version(driver):
            yield Finding(
                cause="cdi-spec-stale",
                subject=path,
                message=f"{path} tells containers to mount driver {release}, and the driver is {driver}",
                evidence=(
                    Evidence("devices.nvidia.cdi", f"{path}: {release}"),
                    Evidence("devices.nvidia.driver", driver),
                ),
                about={"path": path},
            )


RULES: tuple[Rule, ...] = (
    gpu_given,
    no_driver_inside,
    image_requirement,
    toolkit,
    job_gpu,
    description_fresh,
)
