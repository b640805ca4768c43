"""One healthy laptop, which the tables of the rules' tests change in one place each."""

from __future__ import annotations

from dlcheck.model.device_facts import DeviceFacts
from dlcheck.model.facts import Facts
from dlcheck.model.host_facts import (
    ContainerFacts,
    CpuFacts,
    DiskFacts,
    EditorFacts,
    IndexFacts,
    KernelFacts,
    MemoryFacts,
    NetworkFacts,
    SystemFacts,
    ToolchainFacts,
    WorkplaceFacts,
)
from dlcheck.model.profile import Profile, Wanted
from dlcheck.model.python_facts import (
    BuildFacts,
    Distribution,
    FrameworkDevice,
    FrameworkFacts,
    ImportFacts,
    PythonFacts,
)

LEARN = Profile(name="learn", frameworks=(Wanted(name="tensorflow"), Wanted(name="keras"), Wanted(name="torch")))
SITE = "/home/someone/course/.venv/lib/python3.11/site-packages"


def imported(version: str) -> ImportFacts:
    return ImportFacts(
        result="found",
        stage="done",
        version=version,
        eager=True,
        computes=True,
        devices=(FrameworkDevice(kind="cpu"),),
        gpu_available=False,
    )


WELL = Facts(
    system=SystemFacts(
        name="linux",
        machine="x86_64",
        release="6.8.0-45-generic",
        distribution="Ubuntu 24.04",
        libc="glibc 2.39",
        node="laptop",
    ),
    cpu=CpuFacts(
        brand="AMD Ryzen 5 5600U with Radeon Graphics",
        architecture="x86_64",
        flags=("avx", "avx2", "f16c", "fma", "sse2", "sse4_2"),
        physical_cores=6,
        logical_cpus=12,
        allowed_cpus=12,
        load_1_minute=0.4,
    ),
    memory=MemoryFacts(
        total_bytes=16_000_000_000,
        available_bytes=11_000_000_000,
        swap_bytes=2_000_000_000,
        shared_memory_bytes=8_000_000_000,
        shared_memory_free_bytes=8_000_000_000,
        oom_kills=0,
    ),
    disks=(
        DiskFacts(
            role="environment",
            path=SITE,
            filesystem="ext4",
            total_bytes=500_000_000_000,
            free_bytes=210_000_000_000,
            free_inodes=20_000_000,
            writable=True,
            executable=True,
        ),
        DiskFacts(
            role="temporary",
            path="/tmp",
            filesystem="tmpfs",
            total_bytes=8_000_000_000,
            free_bytes=7_000_000_000,
            free_inodes=1_000_000,
            writable=True,
            executable=True,
        ),
        DiskFacts(
            role="home",
            path="/home/someone",
            filesystem="ext4",
            total_bytes=500_000_000_000,
            free_bytes=210_000_000_000,
            writable=True,
            executable=True,
        ),
    ),
    network=NetworkFacts(
        indexes=(
            IndexFacts(
                url="https://index.example/simple",
                source="pip: pip.conf",
                reached=True,
                status=200,
                seconds=0.048,
                clock_skew_seconds=0.2,
            ),
        )
    ),
    container=ContainerFacts(),
    workplace=WorkplaceFacts(
        editors=(EditorFacts(name="JupyterLab"), EditorFacts(name="VS Code")),
        kernels=(
            KernelFacts(
                name="dl",
                display_name="dl",
                python="/home/someone/course/.venv/bin/python",
                python_exists=True,
                is_target=True,
                path="/home/someone/.local/share/jupyter/kernels/dl/kernel.json",
            ),
        ),
    ),
    toolchain=ToolchainFacts(gcc="13.2.0", open_files_soft=1024, open_files_hard=1_048_576),
    variables={"VIRTUAL_ENV": "/home/someone/course/.venv"},
    python=PythonFacts(
        executable="/home/someone/course/.venv/bin/python",
        version="3.11.7",
        implementation="cpython",
        bits=64,
        machine="x86_64",
        platform="linux-x86_64",
        environment="venv",
        environment_name=".venv",
        prefix="/home/someone/course/.venv",
        base_prefix="/usr",
        ssl="present",
        writes_bytecode=True,
        site_packages=(SITE,),
        pip="25.1",
        pip_on_path="/home/someone/course/.venv/bin/python",
        headers=True,
    ),
    distributions=(
        Distribution(name="ipykernel", version="6.30.0", location=SITE),
        Distribution(name="keras", version="3.15.1", location=SITE, requires=("numpy",)),
        Distribution(name="numpy", version="2.4.6", location=SITE),
        Distribution(name="pip", version="25.1", location=SITE),
        Distribution(name="tensorflow-cpu", version="2.21.0", location=SITE, requires=("keras>=3.12", "numpy>=1.26")),
        Distribution(name="torch", version="2.13.0+cpu", location=SITE, requires=("filelock; python_version < '3.0'",)),
    ),
    shadows=(),
    devices=DeviceFacts(pci=()),
    frameworks={
        "tensorflow": FrameworkFacts(
            name="tensorflow",
            distributions=("tensorflow-cpu",),
            version="2.21.0",
            build=BuildFacts(),
            run=imported("2.21.0"),
        ),
        "keras": FrameworkFacts(
            name="keras",
            distributions=("keras",),
            version="3.15.1",
            backend="tensorflow",
            backend_source="default",
            run=imported("3.15.1"),
        ),
        "torch": FrameworkFacts(
            name="torch", distributions=("torch",), version="2.13.0+cpu", build=BuildFacts(), run=imported("2.13.0+cpu")
        ),
    },
)
