"""Facts of the checked interpreter, its distributions and its frameworks."""

from __future__ import annotations

from dataclasses import field

from dlcheck.model.dataclass import dataclass
from dlcheck.model.fact import NOT_GATHERED, Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonFacts:
    """The interpreter that is being checked, as it describes itself."""

    executable: str | None = None
    version: str | Unknown | None = None
    """Three numbers and a suffix: 3.11.7, 3.14.0rc2."""
    implementation: str | None = None
    """cpython, pypy, graalpy ..."""
    bits: int | None = None
    machine: str | None = None
    """Architecture of this very process: x86_64 under Rosetta on an arm64 Mac."""
    platform: str | None = None
    """sysconfig.get_platform(), such as linux-x86_64."""
    translated: bool | None = None
    """Whether it runs under Rosetta (sysctl.proc_translated); None where the system has no such thing."""
    environment: str | None = None
    """venv, conda, or None for a Python outside any environment."""
    environment_name: str | None = None
    prefix: str | None = None
    base_prefix: str | None = None
    externally_managed: bool = False
    """PEP 668: the system's package manager owns it."""
    free_threaded: bool = False
    ssl: str | Unknown | None = None
    """OpenSSL's version; None where the interpreter was built without ssl."""
    writes_bytecode: bool | None = None
    path: tuple[str, ...] = ()
    """sys.path as a script started by this user would see it, less the script's own folder."""
    site_packages: tuple[str, ...] = ()
    user_site: str | None = None
    """The user's site directory where it exists and is enabled."""
    pip: str | Unknown | None = None
    """Version of the pip inside this environment."""
    pip_on_path: str | Unknown | None = None
    """Interpreter that the `pip` command on PATH belongs to; None without such a command."""
    startup_error: str | None = None
    """Last words of an interpreter that cannot start with its site-packages."""
    stdlib_missing: tuple[str, ...] = ()
    """Standard modules that this build lacks (ssl, sqlite3, lzma, ctypes, bz2)."""
    headers: bool | None = None
    """Whether Python.h is there (Triton and extensions compile against it)."""
    loaded: dict[str, str] = field(default_factory=dict)
    """Frameworks that are imported in the very process that looks (a notebook's kernel) to the version they call themselves."""
    writable_by_all: tuple[str, ...] = ()
    """Folders that programs or packages are loaded from and that every user may change; "." for the current one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """One installed distribution, as its files tell; nothing was imported."""

    name: str
    """Normalised as in PEP 503."""
    version: str | None = None
    location: str | None = None
    installer: str | None = None
    requires: tuple[str, ...] = ()
    requires_python: str | None = None
    top_level: tuple[str, ...] = ()
    missing_files: int = 0
    """Rows of RECORD (byte code left out) whose file is not there."""
    changed_files: int = 0
    """Files of another size than RECORD says."""
    missing_sample: tuple[str, ...] = ()
    damaged: str | None = None
    """What is wrong with its metadata: no RECORD, no METADATA, unreadable, a leftover of an interrupted pip ..."""
    collides_with: tuple[str, ...] = ()
    """Distributions that claim the same paths with other contents: the one installed last has won."""
    channel: str | None = None
    """conda channel or index, where the source says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameworkDevice:
    """A device as a framework lists it."""

    kind: str
    """cpu, cuda, rocm, xpu, mps, gpu, tpu."""
    name: str | None = None
    index: int | None = None
    memory_bytes: int | None = None
    architecture: str | None = None
    """NVIDIA: compute capability such as 8.9; AMD: gfx target."""
    error: str | None = None
    """What a first small product on it ended with; None where its value was right, or nobody tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildFacts:
    """What a framework's files say of the build: torch/version.py, TensorFlow's build_info.py, wheel tags."""

    cuda: str | None = None
    cudnn: str | None = None
    rocm: str | None = None
    xpu: str | None = None
    debug: bool | None = None
    git: str | None = None
    architectures: tuple[str, ...] = ()
    """GPU architectures with code in the wheel: sm_90, compute_120, gfx1100."""
    flags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportFacts:
    """What really happened when a child imported the framework."""

    result: str
    """found, missing, raised, crashed, timeout or silent (ended without an answer)."""
    stage: str | None = None
    """The step it was in: import, eager, tensor, devices, keras; done when it came through."""
    version: str | None = None
    seconds: float | None = None
    eager: bool | None = None
    computes: bool | None = None
    """Whether a first small product had the right value."""
    devices: tuple[FrameworkDevice, ...] | Unknown = ()
    gpu_available: bool | None = None
    """torch.cuda.is_available(), or whether the device list holds an accelerator."""
    error_type: str | None = None
    error: str | None = None
    traceback: tuple[str, ...] = ()
    signal: str | None = None
    exit_code: int | None = None
    output: tuple[str, ...] = ()
    """Last lines of what it wrote on stdout and stderr."""
    details: dict[str, str] = field(default_factory=dict)
    """Framework's own words by name: tf.keras version, cuDNN version, CPU capability, warnings ..."""
    libraries: tuple[str, ...] = ()
    """Files of CUDA's and OpenMP's libraries that the loader had mapped at the end, links resolved (Linux)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameworkFacts:
    """One framework in the checked environment."""

    name: str
    """Name of the framework: torch, tensorflow, keras, jax, torchvision ..."""
    distributions: tuple[str, ...] = ()
    """Names of the installed distributions that carry it."""
    version: str | Unknown | None = None
    path: str | None = None
    build: BuildFacts | Unknown | None = None
    backend: str | None = None
    """Keras only: the backend it is set to."""
    backend_source: str | None = None
    run: ImportFacts | Unknown | None = NOT_GATHERED
    """None where importing was not tried (--quick)."""
