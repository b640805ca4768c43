"""Facts of a machine: system, processor, memory, disks, network, container, editors. Sizes are bytes, times seconds."""

from __future__ import annotations

from dataclasses import field

from dlcheck.model.dataclass import dataclass
from dlcheck.model.fact import Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemFacts:
    """The operating system as the running process sees it."""

    name: str
    """linux, windows, macos, or what the platform calls itself, in lower case."""
    machine: str | None = None
    """Architecture of the kernel: x86_64, aarch64, arm64, AMD64 ..."""
    release: str | None = None
    """Kernel release, such as 6.8.0-45-generic."""
    distribution: str | None = None
    """What the system calls itself, such as Debian GNU/Linux 12 (bookworm) or macOS 14.5."""
    libc: str | None = None
    """glibc or musl, a blank, and the version of the running C library (os.confstr; platform.libc_ver describes the
    interpreter's binary instead and can be wrong)."""
    wsl: int | None = None
    """1 or 2 inside the Windows Subsystem for Linux, else None."""
    hypervisor: str | None = None
    """A name, or "yes", where the system runs in a virtual machine."""
    node: str | None = None
    """Name of the machine in a fleet (DLCHECK_NODE, SLURMD_NODENAME, else the host name)."""
    user: str | None = None
    """Login name, known so that it can be taken out of what is shared."""
    named: bool | None = None
    """Whether the user's number has an entry with a name; None where users have no numbers."""
    home: str | None = None
    """The user's home folder, for the same reason."""
    build: str | None = None
    """Build as Windows or macOS prints it, such as 10.0.19045 N/A Build 19045."""
    platform: str | None = None
    """platform.platform() of Python, where a text shows it."""
    maker: str | None = None
    """Who made the machine, and which product it is, as its firmware says."""
    product: str | None = None
    bios: str | Unknown | None = None
    """Version and date of the firmware of the board (/sys/class/dmi/id/bios_version, bios_date)."""
    firmware: dict[str, str] = field(default_factory=dict)
    """Firmware of the network adapters by name (/sys/class/infiniband/*/fw_ver)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmPart:
    """One core type of an ARM processor, as /proc/cpuinfo gives it (0x41 / 0xd0c)."""

    implementer: str
    part: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuFacts:
    """The processor and how much of it this process may use."""

    brand: str | Unknown | None = None
    """The brand string with runs of blanks squeezed to one; None where the system names none (most ARM kernels)."""
    architecture: str | None = None
    arm_parts: tuple[ArmPart, ...] = ()
    flags: tuple[str, ...] | Unknown = ()
    """Instruction sets in the spelling of Linux (/proc/cpuinfo), sorted."""
    physical_cores: int | Unknown | None = None
    logical_cpus: int | Unknown | None = None
    """Logical processors of the machine."""
    allowed_cpus: int | Unknown | None = None
    """Logical processors in this process's affinity mask."""
    quota_cpus: float | Unknown | None = None
    """CPUs that the control group's quota gives (quota / period), None without a quota."""
    load_1_minute: float | Unknown | None = None
    vendor: str | None = None
    """GenuineIntel, AuthenticAMD, ARM ... as the processor calls itself."""
    models: tuple[str, ...] = ()
    """Names of all core types, where a processor has several."""
    sockets: int | None = None
    cores_per_socket: int | None = None
    threads_per_core: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryFacts:
    """Main memory and what limits it."""

    total_bytes: int | Unknown | None = None
    """As the kernel reports it: an 8 GB module shows about 7.6 GiB."""
    available_bytes: int | Unknown | None = None
    limit_bytes: int | Unknown | None = None
    """The lowest limit among the control groups of this process and their ancestors; None without one."""
    limit_source: str | None = None
    swap_bytes: int | Unknown | None = None
    shared_memory_bytes: int | Unknown | None = None
    """Size of /dev/shm."""
    shared_memory_free_bytes: int | Unknown | None = None
    total_printed: str | None = None
    """The total in the words of the text it was read from: 16095276 kB, 503.71 GB."""
    oom_kills: int | Unknown | None = None
    """Processes of this control group that the kernel ended for lack of memory."""
    shared_memory_orphans: tuple[str, ...] = ()
    """Files that PyTorch made in /dev/shm for processes that are no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskFacts:
    """One place on a disk that deep learning needs, by its role."""

    role: str
    """environment, temporary, home or cache."""
    path: str
    filesystem: str | Unknown | None = None
    total_bytes: int | Unknown | None = None
    free_bytes: int | Unknown | None = None
    free_inodes: int | Unknown | None = None
    """None where the file system does not count inodes (btrfs, ZFS report 0 in all)."""
    writable: bool | Unknown | None = None
    """What an attempt to create a file answered, not what the mode bits say."""
    executable: bool | Unknown | None = None
    """False on a file system mounted noexec."""
    read_only: bool | None = None
    """Whether the file system is mounted so that nothing can be written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexFacts:
    """One package source and how it answered."""

    url: str
    """Without credentials."""
    source: str
    """Where the setting stands: pip.conf, PIP_INDEX_URL, uv.toml, default of pip ..."""
    role: str = "index"
    """index, extra-index or find-links."""
    reached: bool | None = None
    """None where nobody tried (offline, a local folder)."""
    step: str | None = None
    """The step that failed: dns, proxy, tcp, tls, http, file."""
    error: str | None = None
    status: int | None = None
    seconds: float | None = None
    """Time to the first byte of the answer."""
    bytes_per_second: float | None = None
    """Measured only on request."""
    clock_skew_seconds: float | None = None
    """Server's Date header less this machine's clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkFacts:
    """Package sources as pip and uv are configured, and whether they answer."""

    indexes: tuple[IndexFacts, ...] = ()
    proxies: dict[str, str] = field(default_factory=dict)
    """Variable or option name to value, credentials masked."""
    ca_files: dict[str, str] = field(default_factory=dict)
    """Variable or option name to the path it names."""
    missing_ca_files: tuple[str, ...] = ()
    """Names (keys of ca_files) whose path does not exist."""
    trusted_hosts: tuple[str, ...] = ()
    tried: bool = True
    """False with --offline: nothing was contacted."""
    no_index: bool = False
    """Whether a setting (PIP_NO_INDEX, UV_OFFLINE) forbids every index."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerFacts:
    """What encloses this process."""

    kind: str | None = None
    """docker, podman, kubernetes, apptainer, lxc ... None outside a container."""
    hosted: str | None = None
    """colab, kaggle, paperspace, sagemaker, codespaces ... None elsewhere."""
    scheduler: str | None = None
    """slurm, pbs, lsf, sge, ray ... of the running job."""
    scheduler_gpus: str | Unknown | None = None
    """What the scheduler says it gave, such as SLURM_JOB_GPUS; None where it gave none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EditorFacts:
    """An editor or notebook program found here."""

    name: str
    version: str | None = None
    path: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelFacts:
    """A Jupyter kernel: which interpreter it starts."""

    name: str
    display_name: str | None = None
    python: str | None = None
    """argv[0] of kernel.json."""
    python_exists: bool | Unknown | None = None
    is_target: bool | None = None
    """Whether it starts the interpreter that is being checked."""
    path: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFacts:
    """A Jupyter server of this user that runs."""

    address: str
    """What it listens on: localhost, 0.0.0.0 ..."""
    port: int | None = None
    asks: bool = True
    """Whether it asks for a token or a password; the token itself is never kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkplaceFacts:
    """Editors and notebooks: those installed, and the one this process runs inside of."""

    editors: tuple[EditorFacts, ...] = ()
    inside: str | None = None
    """vscode, pycharm, jupyter, colab, spyder ... or None in a plain terminal."""
    kernels: tuple[KernelFacts, ...] | Unknown = ()
    servers: tuple[ServerFacts, ...] = ()
    hub: bool = False
    """Whether this runs below a JupyterHub, which asks for the password in the servers' place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolchainFacts:
    """Compilers and toolkits beside the frameworks. Versions as the tool prints them; None = looked, not there."""

    gcc: str | Unknown | None = None
    clang: str | Unknown | None = None
    cmake: str | Unknown | None = None
    nvcc: str | Unknown | None = None
    """CUDA version of the nvcc on PATH; the wheels do not need it."""
    rocm: str | Unknown | None = None
    docker: str | Unknown | None = None
    open_files_soft: int | Unknown | None = None
    open_files_hard: int | Unknown | None = None
    processes_limit: int | None = None
    """Processes and threads that the control groups of this process allow; None without a limit."""
    locked_memory_bytes: int | None = None
    """Memory that this process may lock at most (hard limit); None without a limit."""
    nvcc_newest_gcc: int | None = None
    """Newest major version of gcc that the toolkit of the nvcc on PATH takes, as its host_config.h says."""
    missing_files: dict[str, str] = field(default_factory=dict)
    """Variable to the path or program that it names and that is not there (CUDA_HOME, CC, LD_PRELOAD ...)."""
    cudnn: str | Unknown | None = None
    """Release of the cuDNN that the system has installed (a text may name the library's file); wheels bring their own."""
    conda: str | Unknown | None = None
