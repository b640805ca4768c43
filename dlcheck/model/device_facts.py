"""Facts of accelerators: as PCI shows them, as the driver reports them. Sizes are bytes, temperatures degrees Celsius."""

from __future__ import annotations

from dataclasses import field

from dlcheck.model.dataclass import dataclass
from dlcheck.model.fact import NOT_GATHERED, Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class PciDevice:
    """A display adapter or processing accelerator on the PCI bus."""

    address: str
    vendor: str
    """Four hexadecimal digits: 10de NVIDIA, 1002 AMD, 8086 Intel."""
    device: str
    device_class: str
    """Six hexadecimal digits: 0300xx VGA, 0302xx 3D, 0380xx other display, 1200xx processing accelerator."""
    driver: str | Unknown | None = None
    """Kernel driver bound to it: nvidia, nouveau, vfio-pci, amdgpu, i915, xe ..."""
    name: str | None = None
    power_state: str | None = None
    """runtime_status of the kernel: active, suspended; or D3cold."""
    link_width: int | None = None
    link_width_max: int | None = None
    errors: int | None = None
    """Non-fatal and fatal PCIe errors that the kernel counted (aer_dev_nonfatal, aer_dev_fatal); None without AER."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gpu:
    """One GPU as its driver reports it."""

    name: str
    index: int | None = None
    uuid: str | None = None
    pci_address: str | None = None
    memory_bytes: int | Unknown | None = None
    memory_free_bytes: int | Unknown | None = None
    architecture: str | None = None
    """NVIDIA: compute capability such as 8.9; AMD: gfx target such as gfx1100; Intel, Apple: the family's name."""
    temperature: float | Unknown | None = None
    power_watts: float | Unknown | None = None
    power_limit_watts: float | Unknown | None = None
    power_default_watts: float | Unknown | None = None
    utilization_percent: float | Unknown | None = None
    throttle_reasons: tuple[str, ...] | Unknown = ()
    """Names of the reasons in force, NVML's spelling without its prefix: hw_thermal_slowdown, sw_power_cap ..."""
    ecc_enabled: bool | Unknown | None = None
    ecc_uncorrected: int | Unknown | None = None
    """Uncorrected errors since the driver was loaded (volatile)."""
    rows_remapped_failure: bool | Unknown | None = None
    rows_remapped_pending: bool | Unknown | None = None
    retired_pages: int | None = None
    """Pages retired for single and double bit errors (before Ampere)."""
    retirement_pending: bool | None = None
    mig_enabled: bool | Unknown | None = None
    mig_devices: int | Unknown | None = None
    compute_mode: str | Unknown | None = None
    """default, exclusive_process or prohibited."""
    persistence: bool | Unknown | None = None
    recovery_action: str | Unknown | None = None
    """NVML field GPU_RECOVERY_ACTION: none, reset, reboot, drain_p2p, drain_and_reset."""
    link_width: int | Unknown | None = None
    link_width_max: int | Unknown | None = None
    nvlink: str | None = None
    """How a text tells the state of its links: "12 active", inactive."""
    nvlink_down: int | Unknown | None = None
    fabric_state: str | Unknown | None = None
    vbios: str | Unknown | None = None
    processes: tuple[str, ...] | Unknown = ()
    """Programs that hold memory on it, each as "pid name bytes"."""
    memory_printed: str | None = None
    """The size in the words of the text it was read from, such as 81559MiB."""
    mig_profiles: tuple[str, ...] = ()
    """Profiles of its MIG devices, such as MIG 3g.40gb."""
    device_id: str | None = None
    """PCI device number, such as 0x74a1."""
    driver_model: str | None = None
    """Windows: WDDM, TCC or MCDM."""
    cores: int | None = None
    """Multiprocessors, compute units, or GPU cores of an Apple chip."""
    lost: bool = False
    """The driver knows it and cannot reach it (NVML error GPU_IS_LOST or UNKNOWN)."""
    temperature_slowdown: float | Unknown | None = None
    """Where the card begins to slow itself down."""
    ecc_threshold_exceeded: bool | Unknown | None = None
    """NVML's own word that the SRAM error threshold is exceeded."""
    mig_pending: bool | Unknown | None = None
    """MIG mode after the next reset, where it can have one."""
    mig_uuids: tuple[str, ...] | Unknown = ()
    inforom: str | Unknown | None = None
    """valid or corrupted."""
    licence: str | Unknown | None = None
    """vGPU licence: licensed, unlicensed; None where none is asked for."""
    integrated: bool | None = None
    """Part of the processor; None where nobody says."""
    driver: str | Unknown | None = None
    """Its own driver's version where the system keeps one a card (Windows)."""
    peers: dict[str, str] = field(default_factory=dict)
    """Other GPU's index to NVML's peer-to-peer status: ok, chipset_not_supported, disabled_by_regkey ..."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverCall:
    """What a call into a driver library answered."""

    library: str
    """libnvidia-ml.so.1, libcuda.so.1, nvml.dll ..."""
    path: str | None = None
    """The file that the loader mapped."""
    code: int | None = None
    """The library's own return code; 0 is success, None where it was never reached."""
    error: str | None = None
    """The name of the code (CUDA_ERROR_NO_DEVICE, NVML_ERROR_DRIVER_NOT_LOADED) or the loader's words."""
    ended: str | None = None
    """How the child that called it ended where it gave no code: timeout, or the signal's name."""
    stage: str | None = None
    """The step it was in when it ended so: load, init, count, device 0 ..."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NvidiaFacts:
    """The NVIDIA stack from the kernel module up to libcuda."""

    driver: str | Unknown | None = None
    """Release of the user-space driver, such as 580.65.06."""
    module: str | Unknown | None = None
    """Release of the loaded kernel module (/proc/driver/nvidia/version); None where none is loaded."""
    module_flavour: str | None = None
    """open or proprietary."""
    cuda_driver: str | Unknown | None = None
    """Highest CUDA version the driver supports, such as 13.0."""
    nodes: dict[str, str] = field(default_factory=dict)
    """Device node to "ok", or to the words of the error that opening it gave."""
    nvml: DriverCall | Unknown | None = NOT_GATHERED
    libcuda: DriverCall | Unknown | None = NOT_GATHERED
    cuda_devices: int | Unknown | None = None
    """Devices that cuDeviceGetCount counts."""
    smi: str | None = None
    """Release of the nvidia-smi that spoke; another one than the driver's inside some containers."""
    management_library: str | None = None
    """Release of NVML, where nvidia-smi prints it apart from the driver's."""
    gpu_count: int | None = None
    """GPUs attached, as the driver counts them."""
    gpus: tuple[Gpu, ...] | Unknown = ()
    kernel_log: tuple[str, ...] | Unknown = ()
    """Lines of the kernel log that name NVRM or Xid."""
    nvswitches: int | None = None
    fabric_manager: str | Unknown | None = None
    secure_boot: bool | Unknown | None = None
    blacklisted_nouveau: bool | None = None
    module_file: bool | Unknown | None = None
    """Whether a module nvidia was built for the running kernel (/lib/modules); None where nobody needed to look."""
    kernel_headers: bool | Unknown | None = None
    """Whether the running kernel's headers are installed, which building the module needs."""
    libraries: dict[str, str] = field(default_factory=dict)
    """Driver library files in the loader's folders (resolved path) to the release in their names, "" without one."""
    cuda_gpus: tuple[Gpu, ...] | Unknown = ()
    """The GPUs that libcuda lists, with name, memory and compute capability; CUDA_VISIBLE_DEVICES applies."""
    jetson: str | None = None
    """Name of the Jetson board; its GPU is no PCI device."""
    suspends: int | Unknown | None = None
    """Successful suspends since the system started."""
    preserves_memory: bool | None = None
    """Parameter PreserveVideoMemoryAllocations of the kernel module."""
    prime: str | None = None
    """Hybrid laptop's choice, as prime-select keeps it: nvidia, intel, on-demand."""
    persistenced: bool | None = None
    """Whether nvidia-persistenced runs."""
    container_toolkit: bool | None = None
    """Whether NVIDIA's container toolkit (or a CDI specification) is installed here."""
    cdi: dict[str, str] = field(default_factory=dict)
    """File that tells containers what to mount (CDI) to the driver release in the names of its libraries, "" without one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AmdFacts:
    """The AMD stack: amdgpu, KFD and the ROCm runtime."""

    module: str | Unknown | None = None
    """"loaded", a version, or None where amdgpu is not loaded."""
    rocm: str | Unknown | None = None
    hip: str | None = None
    miopen: str | None = None
    kernel_log: tuple[str, ...] = ()
    """Lines of the kernel log that name amdgpu or kfd and an error."""
    nodes: dict[str, str] = field(default_factory=dict)
    gpus: tuple[Gpu, ...] | Unknown = ()
    """The nodes of KFD's topology that compute; their architecture is the gfx target."""
    topology: str | Unknown | None = None
    """"present" where KFD shows its topology; None where the kernel has none."""
    dxg_runtime: bool | None = None
    """WSL: whether librocdxg is installed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntelFacts:
    """Intel graphics: kernel driver and the Level Zero runtime."""

    module: str | Unknown | None = None
    level_zero: str | Unknown | None = None
    """Path of libze_loader where it is found."""
    driver: str | None = None
    """Release of the compute driver (xpu-smi, clinfo), or of the Windows display driver."""
    oneapi: str | None = None
    gpu_runtime: str | Unknown | None = None
    """Path of libze_intel_gpu, the driver that the loader loads."""
    nodes: dict[str, str] = field(default_factory=dict)
    gpus: tuple[Gpu, ...] | Unknown = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AppleFacts:
    """Apple silicon or a Mac with another GPU."""

    chip: str | Unknown | None = None
    metal: str | Unknown | None = None
    macos: str | Unknown | None = None
    gpus: tuple[Gpu, ...] | Unknown = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedLibrary:
    """A CUDA library file that the loader would find before, or instead of, the wheels' own."""

    name: str
    """SONAME, such as libcudnn.so.9."""
    path: str
    version: str | None = None
    """As its real file name says."""
    source: str = "LD_LIBRARY_PATH"


@dataclass(frozen=True, slots=True, kw_only=True)
class InfinibandPort:
    """A port of an InfiniBand or RoCE adapter."""

    device: str
    port: int
    state: str
    """ACTIVE, DOWN, INIT ..."""
    physical: str
    """LinkUp, Polling, Disabled ..."""
    rate: str | None = None
    layer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InterconnectFacts:
    """What joins several GPUs, in one machine and between machines."""

    infiniband: tuple[InfinibandPort, ...] | Unknown = ()
    interfaces: dict[str, str] | Unknown = field(default_factory=dict)
    """Network interface to its state: up, down, unknown."""
    iommu: str | None = None
    """off, passthrough or translating."""
    numa_balancing: bool | None = None
    peermem: bool | None = None
    """Whether the module nvidia_peermem is loaded."""
    nccl_config: dict[str, str] = field(default_factory=dict)
    """Settings of /etc/nccl.conf and ~/.nccl.conf."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceFacts:
    """Accelerators by vendor. A vendor is None where nothing of it was found."""

    pci: tuple[PciDevice, ...] | Unknown = NOT_GATHERED
    nvidia: NvidiaFacts | Unknown | None = None
    amd: AmdFacts | Unknown | None = None
    intel: IntelFacts | Unknown | None = None
    apple: AppleFacts | Unknown | None = None
    other: tuple[str, ...] = ()
    """Accelerators of other kinds that a text names (TPU, NPU ...)."""
    dxg: str | Unknown | None = None
    """/dev/dxg, through which WSL 2 reaches the GPU of Windows: "ok", or the words of the error opening it gave."""
    wsl_libraries: tuple[str, ...] | None = None
    """Names of the files that Windows lends in /usr/lib/wsl/lib; None outside WSL."""
    loader_libraries: tuple[SharedLibrary, ...] | Unknown = ()
    """CUDA libraries in the folders of LD_LIBRARY_PATH."""
    interconnect: InterconnectFacts | Unknown | None = None
