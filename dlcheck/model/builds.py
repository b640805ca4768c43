"""The table of published builds (data/builds.toml): which exist, and what each needs."""

from __future__ import annotations

from dataclasses import field

from dlcheck.model.dataclass import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One published version of a framework. Dictionaries are by platform: linux_x86_64, win_amd64, macos_arm64 ..."""

    framework: str
    version: str
    python: dict[str, str]
    """CPython versions with a wheel, blank-separated, "3.14t" for the free-threaded one."""
    source: str
    confidence: str
    least_system: dict[str, str] = field(default_factory=dict)
    """glibc on Linux, macOS version on a Mac."""
    default: dict[str, str] = field(default_factory=dict)
    """torch: CUDA version of the wheel on the default index, or "cpu"."""
    companions: dict[str, str] = field(default_factory=dict)
    """torch: versions of torchvision and torchaudio that go with it, oldest first."""
    before_numpy_2: bool = False
    cuda: str | None = None
    """TensorFlow: CUDA version of its GPU wheel."""
    sm: str = ""
    ptx: str = ""
    cpu_name: dict[str, str] = field(default_factory=dict)
    """TensorFlow: name of the distribution without GPU code."""
    extras: str = ""
    """JAX: extras that bring CUDA."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A build of torch on PyTorch's own index."""

    framework: str
    minor: str
    name: str
    """Last part of the index's address: cu126, rocm7.2, xpu."""
    platform: str
    source: str
    confidence: str
    cuda: str | None = None
    sm: str = ""
    ptx: str = ""
    gfx: str = ""
    xpu: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LeastDriver:
    """The oldest NVIDIA driver that runs every toolkit of a CUDA major."""

    cuda_major: int
    linux: str
    windows: str
    source: str
    confidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Toolkit:
    """The driver that came with a toolkit: from it on, PTX that this toolkit made can be compiled."""

    cuda: str
    linux: str
    windows: str
    source: str
    confidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class XpuNames:
    """Regular expressions over names of Intel GPUs."""

    supported: str
    unsupported: str
    source: str
    confidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """A distribution that people still ask for and that is no longer the one to have."""

    name: str
    instead: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildTable:
    """The whole table. Releases stand newest first."""

    schema: int
    as_of: str
    torch_index: str
    driver: tuple[LeastDriver, ...]
    toolkit: tuple[Toolkit, ...]
    xpu: XpuNames
    gone: tuple[Gone, ...]
    release: tuple[Release, ...]
    variant: tuple[Variant, ...]
