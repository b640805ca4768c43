"""The operating system, and what of a container, a scheduler or a hosted notebook encloses this process."""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Mapping

from dlcheck.host import files
from dlcheck.model.fact import Unknown
from dlcheck.model.host_facts import ContainerFacts, SystemFacts

_NAMES = {"darwin": "macos", "win32": "windows", "linux": "linux", "cygwin": "windows"}
# What each job scheduler sets in a job, and in which variable it says which GPUs it gave.
_SCHEDULERS = (
    ("slurm", "SLURM_JOB_ID", ("SLURM_JOB_GPUS", "SLURM_STEP_GPUS", "SLURM_GPUS_ON_NODE", "GPU_DEVICE_ORDINAL")),
    ("pbs", "PBS_JOBID", ("PBS_GPUFILE",)),
    ("lsf", "LSB_JOBID", ("LSB_GPU_ALLOCATION",)),
    ("sge", "SGE_TASK_ID", ("SGE_HGR_gpu",)),
)
_HOSTED = (
    ("colab", ("COLAB_RELEASE_TAG", "COLAB_JUPYTER_IP")),
    ("kaggle", ("KAGGLE_KERNEL_RUN_TYPE", "KAGGLE_URL_BASE")),
    ("paperspace", ("PAPERSPACE_NOTEBOOK_REPO_ID", "PAPERSPACE_FQDN", "PAPERSPACE_CLUSTER_ID")),
    ("sagemaker", ("SAGEMAKER_INTERNAL_IMAGE_URI", "SM_CURRENT_HOST")),
    ("databricks", ("DATABRICKS_RUNTIME_VERSION",)),
    ("codespaces", ("CODESPACES",)),
    ("gitpod", ("GITPOD_WORKSPACE_ID",)),
)


def look(root: str = "/", environ: Mapping[str, str] = os.environ) -> SystemFacts:
    """The system that this process runs on. ``root`` stands for / in tests."""
    name = _NAMES.get(sys.platform, sys.platform)
    release = platform.release()
    return SystemFacts(
        name=name,
        machine=platform.machine() or None,
        release=release or None,
        distribution=_distribution(name, root),
        libc=_libc(root) if name == "linux" else None,
        wsl=_wsl(release, root) if name == "linux" else None,
        hypervisor=_hypervisor(root) if name == "linux" else None,
        bios=_bios(root) if name == "linux" else None,
        firmware=_firmware(root) if name == "linux" else {},
        named=_named(root) if os.name == "posix" else None,
        node=environ.get("DLCHECK_NODE") or environ.get("SLURMD_NODENAME") or platform.node() or None,
    )


def _named(root: str) -> bool:
    """Whether this user's number has an entry: in /etc/passwd, else wherever the system keeps its users."""
    number = str(os.getuid())
    text = files.read(os.path.join(root, "etc/passwd"))
    if isinstance(text, str) and any(line.split(":")[2:3] == [number] for line in text.splitlines()):
        return True
    import pwd

    try:
        pwd.getpwuid(int(number))
    except (KeyError, OSError):
        return False
    return True


def look_container(root: str = "/", environ: Mapping[str, str] = os.environ) -> ContainerFacts:
    """Container, hosted notebook and scheduler, each by signs that nothing else leaves."""
    scheduler: str | None = None
    gpus: str | Unknown | None = None
    for name, job, given in _SCHEDULERS:
        if environ.get(job):
            scheduler = name
            gpus = next((environ[one] for one in given if environ.get(one)), None)
            break
    return ContainerFacts(
        kind=_container(root, environ),
        hosted=next((name for name, signs in _HOSTED if any(environ.get(one) for one in signs)), None),
        scheduler=scheduler,
        scheduler_gpus=gpus,
    )


def _container(root: str, environ: Mapping[str, str]) -> str | None:
    """The kind of container. /.dockerenv alone proves nothing: virtual machines made from images keep it."""
    if environ.get("KUBERNETES_SERVICE_HOST"):
        return "kubernetes"
    if os.path.exists(os.path.join(root, "run/.containerenv")):
        return "podman"
    if environ.get("APPTAINER_CONTAINER") or environ.get("SINGULARITY_CONTAINER"):
        return "apptainer"
    declared = environ.get("container") or files.read_line(os.path.join(root, "run/systemd/container"))
    if declared:
        return declared
    groups = files.read(os.path.join(root, "proc/1/cgroup"))
    mounts = files.read(os.path.join(root, "proc/self/mountinfo"))
    signs = f"{groups if isinstance(groups, str) else ''}\n{mounts if isinstance(mounts, str) else ''}"
    for word, kind in (
        ("kubepods", "kubernetes"),
        ("/docker", "docker"),
        ("containerd", "containerd"),
        ("/lxc", "lxc"),
    ):
        if re.search(rf"{word}[/-]", signs):
            return kind
    if os.path.exists(os.path.join(root, ".dockerenv")) and " / / " in signs and "overlay" in signs:
        return "docker"
    return None


def _distribution(name: str, root: str) -> str | None:
    if name == "linux":
        text = files.read(os.path.join(root, "etc/os-release"))
        found = re.search(r'^PRETTY_NAME="?([^"\n]+)', text, re.MULTILINE) if isinstance(text, str) else None
        return found[1] if found else None
    if name == "macos":
        return f"macOS {platform.mac_ver()[0]}".strip()
    if name == "windows":
        return f"Windows {platform.release()} {platform.version()}".strip()
    return None


def _libc(root: str) -> str | None:
    try:
        version = os.confstr("CS_GNU_LIBC_VERSION")
    except (AttributeError, ValueError, OSError):
        version = None
    if version:
        return version
    musl = [one for one in files.names(os.path.join(root, "lib")) if one.startswith("ld-musl-")]
    return "musl" if musl else None


def _wsl(release: str, root: str) -> int | None:
    version = files.read_line(os.path.join(root, "proc/version")) or ""
    if "microsoft" not in f"{release} {version}".lower():
        return None
    return 2 if "WSL2" in f"{release} {version}" or "microsoft-standard" in release else 1


def _hypervisor(root: str) -> str | None:
    vendor = files.read_line(os.path.join(root, "sys/class/dmi/id/sys_vendor")) or ""
    product = files.read_line(os.path.join(root, "sys/class/dmi/id/product_name")) or ""
    known = {"QEMU": "KVM", "VMware": "VMware", "innotek": "VirtualBox", "Xen": "Xen", "Amazon EC2": "EC2"}
    for sign, name in {**known, "Google": "Google Compute Engine", "Microsoft Corporation Virtual": "Hyper-V"}.items():
        if sign in f"{vendor} {product}":
            return name
    text = files.read(os.path.join(root, "proc/cpuinfo"))
    return "yes" if isinstance(text, str) and re.search(r"^flags\s*:.*\bhypervisor\b", text, re.MULTILINE) else None


def _bios(root: str) -> str | None:
    """Version and date of the board's firmware; a fleet compares it. World-readable, unlike the serial numbers beside it."""
    words = [files.read_line(os.path.join(root, "sys/class/dmi/id", one)) for one in ("bios_version", "bios_date")]
    return " ".join(word for word in words if word) or None


def _firmware(root: str) -> dict[str, str]:
    """Firmware of InfiniBand and RoCE adapters, by device."""
    folder = os.path.join(root, "sys/class/infiniband")
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return {}
    found = {name: files.read_line(os.path.join(folder, name, "fw_ver")) for name in names}
    return {name: version for name, version in found.items() if version}
