"""What an installation is going to be: the wish, the chosen builds, and the plan that is shown and then carried out."""

from __future__ import annotations

from dlcheck.model.dataclass import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class NvidiaGpu:
    """A GPU as far as a build cares."""

    name: str
    capability: tuple[int, ...] | None
    """Compute capability, such as (8, 9); None where the driver did not say."""
    index: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What decides which builds can run: the facts of a machine and an interpreter, and nothing else."""

    system: str
    """linux, windows, macos."""
    architecture: str
    """x86_64, aarch64, or whatever the machine calls itself."""
    python: str
    """Three numbers and a suffix: 3.11.7."""
    libc: str | None = None
    """glibc or musl, a blank, and the version; None where nobody could look, and outside Linux."""
    macos: str | None = None
    implementation: str = "cpython"
    bits: int = 64
    free_threaded: bool = False
    avx: bool | None = None
    driver: str | None = None
    """Release of the NVIDIA driver; None without one that works."""
    nvidia: tuple[NvidiaGpu, ...] = ()
    amd: tuple[str, ...] = ()
    """gfx targets of AMD GPUs whose driver works."""
    intel: tuple[str, ...] = ()
    """Names of Intel GPUs."""

    @property
    def platform(self) -> str:
        """The table's key: linux_x86_64, linux_aarch64, win_amd64, macos_arm64, macos_x86_64 ..."""
        if self.system == "windows":
            return "win_amd64" if self.architecture in ("x86_64", "amd64") else f"win_{self.architecture}"
        if self.system == "macos":
            return "macos_arm64" if self.architecture in ("arm64", "aarch64") else f"macos_{self.architecture}"
        return f"{self.system}_{self.architecture}"

    @property
    def python_tag(self) -> str:
        """The interpreter as the table writes it: 3.11, 3.14t."""
        return ".".join(self.python.split(".")[:2]) + ("t" if self.free_threaded else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """A Python that lies on this machine."""

    path: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wheel:
    """A wheel that a local folder or a configured index is seen to hold."""

    name: str
    version: str
    source: str
    """Address of the folder or index; credentials masked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What the sources of this machine have, as far as it was looked at."""

    torch_index: bool | None = None
    """Whether PyTorch's own index answers; None where nobody tried, which counts as no."""
    wheels: tuple[Wheel, ...] = ()
    """Wheels of torch and its companions with a local version (2.13.0+cpu), fit for this interpreter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is wanted."""

    requirements: tuple[str, ...]
    """As in PEP 508, nothing but names, extras and versions."""
    accelerator: str = "auto"
    """auto, cpu, cuXXX, rocmX.Y, xpu or mps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a person may say about an installation."""

    requirements: tuple[str, ...] = ()
    """Empty: what the profile asks for and the environment lacks."""
    profile: str = "learn"
    """Name of a built-in profile, or path of a file."""
    venv: str | None = None
    python: str | None = None
    accelerator: str = "auto"
    installer: str = "auto"
    find_links: tuple[str, ...] = ()
    index_url: str | None = None
    offline: bool = False
    lock: str | None = None
    frozen: bool = False
    bundle: str | None = None
    kernel: str | None = None
    smoke: bool = True
    in_place: bool = False
    reinstall: tuple[str, ...] = ()
    """Distributions that are installed anew although their version is there."""
    uninstall: tuple[str, ...] = ()
    """Distributions that shall go, in place."""
    assume: str | None = None

    @property
    def wants_lock(self) -> bool:
        """Whether a lock shall be written, not read."""
        return bool(self.lock) and not self.frozen


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """A chosen build of a framework."""

    framework: str
    variant: str
    """cpu, cu130, rocm7.2, xpu, mps."""
    requirements: tuple[str, ...]
    """What the resolver is told, as in PEP 508."""
    pinned: tuple[str, ...] = ()
    """Distributions that come from ``index`` and from nowhere else."""
    index: str | None = None
    """Address of the index or folder for ``pinned``; None: the configured sources."""
    version: str | None = None
    """None: the newest that the sources have for this interpreter."""
    cuda_major: int | None = None
    least_driver: str | None = None
    gpus: tuple[int, ...] = ()
    """Indexes of the GPUs that it runs on."""
    source: str = ""
    as_of: str = ""
    confidence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A build that was looked at and not taken."""

    build: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A wish that cannot be had here, and what could be."""

    requirement: str
    reason: str
    versions: tuple[str, ...] = ()
    """Versions of it that this interpreter can have, oldest and newest of an unbroken run."""
    pythons: tuple[str, ...] = ()
    """Pythons that the wanted version has wheels for here."""
    interpreters: tuple[str, ...] = ()
    """Paths of interpreters of this machine that would do."""
    instead: str | None = None
    """Requirement that does what was meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The builds for a request on a machine, and everything that a person may ask about the choice."""

    accelerator: str
    """cpu, cu126, rocm7.2, xpu, mps."""
    reason: str
    builds: tuple[Build, ...] = ()
    others: tuple[str, ...] = ()
    """Requirements that no table row concerns."""
    rejected: tuple[Rejected, ...] = ()
    warnings: tuple[str, ...] = ()
    refusals: tuple[Refusal, ...] = ()

    @property
    def requirements(self) -> tuple[str, ...]:
        """All that the resolver is told."""
        return tuple(one for build in self.builds for one in build.requirements) + self.others


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """One wheel of the lock."""

    name: str
    version: str
    filename: str
    url: str
    """Credentials masked."""
    source: str
    """Where it comes from, in words: find-links, your index, PyTorch's index, already here."""
    size: int | None = None
    sha256: str | None = None
    here: bool = False
    """Whether it lies in the wheelhouse already."""
    unpacked: int = 0
    """Estimated bytes on the disk once installed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that is done. ``argv`` is empty where dlcheck does it itself."""

    id: str
    why: str
    argv: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    download_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskNeed:
    """What the installation needs at its peak on one file system."""

    path: str
    role: str
    needed_bytes: int
    free_bytes: int | None = None

    @property
    def is_short(self) -> bool:
        """Whether it is known to have less than is needed."""
        return self.free_bytes is not None and self.needed_bytes > self.free_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that is going to happen. ``--dry-run`` shows this object; carrying out takes the same object."""

    id: str
    python: str
    """The interpreter that the environment is made from."""
    venv: str
    installer: str
    accelerator: str
    reason: str
    mode: str = "create"
    """create, replace, in-place or nothing."""
    requirements: tuple[str, ...] = ()
    selection: Selection | None = None
    artifacts: tuple[Artifact, ...] = ()
    remove: tuple[str, ...] = ()
    """Distributions, as name==version, that will no longer be there or change their version."""
    keep: int = 0
    """Distributions that are there already in the wanted version."""
    download_bytes: int = 0
    here_bytes: int = 0
    environment_bytes: int = 0
    disks: tuple[DiskNeed, ...] = ()
    bytes_per_second: float | None = None
    steps: tuple[Step, ...] = ()
    sources: tuple[str, ...] = ()
    """Where packages come from, masked, each with the place of its setting."""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why an installation ended without its environment; the old one is as it was."""

    step: str
    """resolve, space, fetch, stage, link, walk, smoke, swap ..."""
    message: str
    hint: str | None = None
    kept: str | None = None
    """What a next run goes on from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What was seen to work in the environment before it took its place."""

    files: int = 0
    """Files held against RECORD."""
    trained: tuple[str, ...] = ()
    """Framework, version and device, such as "torch 2.13.0 on cpu"."""
    failed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """An installation, planned or carried out."""

    version: str
    created: str
    node: str
    plan: Plan
    result: str
    """nothing-to-do, planned, installed or failed."""
    exit_code: int = 0
    failure: Failure | None = None
    proof: Proof | None = None
    seconds: float = 0.0
    written: tuple[str, ...] = ()
    """Files written besides the environment: a lock, a bundle, a kernel."""
    python: str = ""
    """The environment's interpreter."""
