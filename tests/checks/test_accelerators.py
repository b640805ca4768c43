"""Every rule about accelerators, containers and CUDA libraries: a bad row for each of its causes, on a recorded machine.

That healthy machines pass is what tests/machines holds; what nobody saw is held by test_rules.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from dlcheck.checks import RULES
from dlcheck.checks.judge import judge
from dlcheck.host import recording
from dlcheck.model.device_facts import DeviceFacts, DriverCall, InterconnectFacts, NvidiaFacts, SharedLibrary
from dlcheck.model.fact import Unknown
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Status
from dlcheck.model.host_facts import ContainerFacts, SystemFacts, ToolchainFacts
from dlcheck.model.profile import Profile
from dlcheck.model.python_facts import BuildFacts, Distribution, FrameworkFacts, ImportFacts

MACHINES = Path(__file__).parents[1] / "machines"
Change = Callable[[Facts], Facts]


def machine(name: str) -> Facts:
    return recording.read(str(MACHINES / f"{name}.json"))


def nvidia(**fields: object) -> Change:
    """The machine with other fields in its NVIDIA stack."""
    return lambda facts: devices(nvidia=replace(facts.devices.nvidia, **fields))(facts)


def gpu(at: int = 0, **fields: object) -> Change:
    """The machine with other fields in one NVIDIA GPU."""

    def change(facts: Facts) -> Facts:
        gpus = list(facts.devices.nvidia.gpus)
        gpus[at] = replace(gpus[at], **fields)
        return nvidia(gpus=tuple(gpus))(facts)

    return change


def devices(**fields: object) -> Change:
    return lambda facts: replace(facts, devices=replace(facts.devices, **fields))


def amd(**fields: object) -> Change:
    return lambda facts: devices(amd=replace(facts.devices.amd, **fields))(facts)


def links(**fields: object) -> Change:
    return lambda facts: devices(interconnect=replace(facts.devices.interconnect, **fields))(facts)


def card(**fields: object) -> Change:
    return lambda facts: devices(pci=(replace(facts.devices.pci[0], **fields), *facts.devices.pci[1:]))(facts)


def variables(**values: str) -> Change:
    return lambda facts: replace(facts, variables=values)


def torch(**fields: object) -> Change:
    def change(facts: Facts) -> Facts:
        framework = facts.frameworks["torch"]
        build = replace(
            framework.build, **{k: v for k, v in fields.items() if k in ("cuda", "rocm", "xpu", "architectures")}
        )
        rest = {k: v for k, v in fields.items() if k not in ("cuda", "rocm", "xpu", "architectures")}
        return replace(facts, frameworks={**facts.frameworks, "torch": replace(framework, build=build, **rest)})

    return change


def torch_refusing(words: str) -> Change:
    """PyTorch imports, lists no GPU, and says why when it is told to start CUDA."""
    run = ImportFacts(result="found", gpu_available=False, details={"cuda_error": words})
    return lambda facts: replace(
        facts, frameworks={**facts.frameworks, "torch": replace(facts.frameworks["torch"], run=run)}
    )


def tools(**fields: object) -> Change:
    return lambda facts: replace(facts, toolchain=replace(ToolchainFacts(gcc="13.2.0"), **fields))


def compiling(*, headers: bool = True, **fields: object) -> Change:
    """Triton beside PyTorch, and what there is to compile with."""
    return both(
        tools(**fields),
        lambda facts: replace(
            facts,
            python=replace(facts.python, headers=headers),
            distributions=(*facts.distributions, Distribution(name="triton", version="3.7.0")),
        ),
    )


def ranges(have: str, extra: str = "and-cuda", cuda: str | None = "12.5.1") -> Change:
    """TensorFlow of a CUDA build and JAX's plugin, which ask for a cuDNN in their extras; ``have`` is the installed one."""
    asked = f'nvidia-cudnn-cu12<10.0,>=9.3.0.75; extra == "{extra}"'
    carrier = "tensorflow" if extra == "and-cuda" else "jax-cuda12-plugin"
    return lambda facts: replace(
        facts,
        frameworks={
            "tensorflow": FrameworkFacts(
                name="tensorflow", version="2.21.0", distributions=("tensorflow",), build=BuildFacts(cuda=cuda)
            ),
            "jax": FrameworkFacts(name="jax", version="0.10.2", run=None),
        },
        distributions=(
            Distribution(name=carrier, version="1", requires=(asked, "numpy>=2")),
            Distribution(name="nvidia-cudnn-cu12", version=have),
        ),
    )


def wheels(*names: str, requires: tuple[str, ...] = ()) -> Change:
    """The machine with these distributions, each as name==version; ``requires`` are those of torch."""

    def change(facts: Facts) -> Facts:
        found = [Distribution(name=one.split("==")[0], version=one.split("==")[1]) for one in names]
        found.append(Distribution(name="torch", version="2.8.0", requires=requires))
        return replace(facts, distributions=tuple(found))

    return change


def both(*changes: Change) -> Change:
    def change(facts: Facts) -> Facts:
        for one in changes:
            facts = one(facts)
        return facts

    return change


def same(facts: Facts) -> Facts:
    return facts


DEAD = {"cuda_devices": None, "cuda_gpus": (), "libcuda": DriverCall(library="libcuda.so.1", code=100)}
DOCKER = ContainerFacts(kind="docker")
XID = "NVRM: Xid (PCI:0000:1b:00): {}, pid=1, name=python, words"
WSL2 = SystemFacts(name="linux", wsl=2)
NO_GPU = lambda code, **fields: nvidia(**{**DEAD, "libcuda": DriverCall(library="libcuda.so.1", code=code), **fields})  # noqa: E731


def framework(name: str, **fields: object) -> Change:
    """The machine with one framework alone, changed; its run lists no GPU unless ``fields`` say otherwise."""

    def change(facts: Facts) -> Facts:
        one = facts.frameworks[name]
        run = replace(one.run, devices=one.run.devices[:1], gpu_available=False)
        return replace(facts, frameworks={name: replace(one, **{"run": run, **fields})})

    return change


LAYERS: list[tuple[str, str, Change, str, str]] = [
    ("DL602", "fresh-ubuntu-rtx3060", same, "nvidia-driver-missing", "error"),
    ("DL602", "laptop-fermi-nouveau", same, "nvidia-driver-missing", "note"),
    ("DL602", "windows-nvidia-without-driver", same, "nvidia-driver-missing", "error"),
    ("DL602", "nouveau", same, "nouveau-owns-gpu", "error"),
    ("DL602", "module-not-loaded", same, "nvidia-module-not-loaded", "error"),
    ("DL602", "kernel-updated", same, "nvidia-module-missing-for-kernel", "error"),
    ("DL602", "secure-boot", same, "secure-boot-rejects-module", "error"),
    ("DL602", "laptop-prime-intel", same, "optimus-gpu-powered-off", "error"),
    ("DL603", "driver-updated-not-restarted", same, "driver-library-mismatch", "error"),
    (
        "DL603",
        "driver-updated-not-restarted",
        lambda facts: replace(facts, container=DOCKER),
        "driver-packages-in-container",
        "error",
    ),
    ("DL604", "rtx5090-proprietary-module", same, "wrong-kernel-module-flavour", "error"),
    ("DL604", "gtx1080ti-driver-595", same, "gpu-unsupported-by-driver-release", "error"),
    (
        "DL604",
        "rtx5090-proprietary-module",
        nvidia(module="550.54.14", module_flavour="open"),
        "gpu-unsupported-by-driver-release",
        "error",
    ),
    ("DL605", "no-uvm-node", same, "nvidia-uvm-device-missing", "error"),
    ("DL605", "no-permission", same, "nvidia-device-permission", "error"),
    ("DL605", "docker-lost-gpu", same, "container-lost-gpu", "error"),
    ("DL605", "no-permission", nvidia(nodes={"/dev/nvidia0": "opening it did not end"}), "driver-defect", "error"),
    ("DL606", "stub-in-ld-library-path", same, "cuda-stub-library-loaded", "error"),
    ("DL606", "docker-compat-on-geforce", same, "cuda-compat-unusable", "error"),
    (
        "DL606",
        "after-suspend",
        nvidia(libcuda=DriverCall(library="libcuda.so.1", error="cannot open shared object file")),
        "libcuda-not-on-loader-path",
        "error",
    ),
    ("DL606", "after-suspend", nvidia(libcuda=None, libraries={}), "nvidia-driver-missing", "error"),
    (
        "DL606",
        "docker-lost-gpu",
        nvidia(libcuda=DriverCall(library="libcuda.so.1", error="no such file"), libraries={}),
        "container-started-without-gpu",
        "error",
    ),
    ("DL607", "after-suspend", same, "nvidia-uvm-broken-after-suspend", "error"),
    ("DL607", "after-suspend", NO_GPU(802), "fabric-manager-not-running", "error"),
    ("DL607", "after-suspend", NO_GPU(46), "gpu-exclusive-compute-mode", "error"),
    ("DL607", "after-suspend", NO_GPU(2), "gpu-memory-already-taken", "error"),
    ("DL607", "after-suspend", NO_GPU(36), "driver-too-old", "error"),
    ("DL607", "after-suspend", NO_GPU(999, suspends=0), "driver-defect", "error"),
    (
        "DL607",
        "after-suspend",
        both(NO_GPU(304), lambda facts: replace(facts, container=DOCKER)),
        "container-lost-gpu",
        "error",
    ),
    (
        "DL607",
        "after-suspend",
        both(NO_GPU(100), lambda facts: replace(facts, container=ContainerFacts(scheduler="slurm"))),
        "scheduler-gave-no-gpu",
        "error",
    ),
    (
        "DL607",
        "wsl2-rtx4070",
        both(NO_GPU(100), torch(run=None)),
        "wsl-driver-files-incomplete",
        "error",
    ),
    (
        "DL608",
        "rtx4090-ubuntu",
        nvidia(nvml=DriverCall(library="libnvidia-ml.so.1", code=16)),
        "gpu-fallen-off-bus",
        "error",
    ),
    ("DL608", "no-permission", same, "nvidia-device-permission", "error"),
    ("DL608", "docker-lost-gpu", same, "container-lost-gpu", "error"),
    ("DL608", "driver-hangs", same, "driver-defect", "error"),
    (
        "DL608",
        "rtx4090-ubuntu",
        nvidia(nvml=DriverCall(library="libnvidia-ml.so.1", code=27)),
        "driver-defect",
        "error",
    ),
    (
        "DL609",
        "h100-hgx",
        lambda facts: nvidia(gpus=facts.devices.nvidia.gpus[:7])(facts),
        "gpu-fallen-off-bus",
        "error",
    ),
    ("DL610", "gpu-hidden-by-variable", same, "cuda-visible-devices-hides-gpu", "warning"),
    ("DL610", "rtx4090-ubuntu", variables(CUDA_VISIBLE_DEVICES="GPU-9"), "cuda-visible-devices-hides-gpu", "error"),
    ("DL610", "rtx4090-ubuntu", variables(CUDA_VISIBLE_DEVICES="zero"), "cuda-visible-devices-hides-gpu", "error"),
    ("DL610", "a100-mig", variables(CUDA_VISIBLE_DEVICES="MIG-9"), "cuda-visible-devices-hides-gpu", "error"),
    (
        "DL608",
        "wsl2-rtx4070",
        NO_GPU(999, nvml=DriverCall(library="libnvidia-ml.so.1", code=999), gpus=()),
        "driver-not-answering",
        "error",
    ),
    ("DL603", "rtx4090-ubuntu", NO_GPU(803), "driver-library-mismatch", "error"),
    ("DL605", "rtx4090-ubuntu", NO_GPU(999, nodes={}), "nvidia-uvm-device-missing", "error"),
    ("DL607", "after-suspend", NO_GPU(999, nvml=None, suspends=0), "driver-not-answering", "error"),
    ("DL610", "a100-mig-without-instance", same, "mig-instance-not-selected", "error"),
    ("DL610", "slurm-job-without-gpu", variables(CUDA_VISIBLE_DEVICES=""), "scheduler-gave-no-gpu", "error"),
    ("DL611", "old-driver-cu130", same, "driver-too-old", "error"),
    ("DL612", "rtx5090-old-torch", same, "gpu-too-new-for-build", "error"),
    ("DL612", "kaggle-p100-new-torch", same, "gpu-too-old-for-build", "error"),
    ("DL612", "kaggle-p100-new-torch", gpu(architecture="3.0"), "gpu-too-old-for-any-build", "note"),
    ("DL612", "rtx5090", torch(architectures=("sm_90", "compute_90")), "ptx-jit-slow-start", "note"),
    (
        "DL612",
        "rtx5090",
        both(torch(architectures=("compute_90",), cuda="13.0"), nvidia(cuda_driver="12.8")),
        "driver-too-old",
        "warning",
    ),
    ("DL613", "rtx4070-windows-cpu-build", same, "cpu-only-build", "error"),
    ("DL613", "gh200-cpu-wheel", same, "aarch64-default-wheel-is-cpu", "error"),
    ("DL613", "jetson-orin-generic-wheel", same, "jetson-needs-vendor-wheel", "error"),
    (
        "DL613",
        "rtx4070-windows-cpu-build",
        lambda facts: replace(
            facts, distributions=tuple(replace(one, installer="conda") for one in facts.distributions)
        ),
        "conda-picked-cpu-build",
        "error",
    ),
    ("DL613", "rtx3060-windows-tensorflow", framework("tensorflow"), "windows-native-gpu-unsupported", "note"),
    ("DL613", "rtx4070-windows-cpu-build", torch(rocm="7.2"), "wrong-vendor-build", "error"),
    ("DL613", "rtx4070-windows-cpu-build", torch(xpu="2025"), "wrong-vendor-build", "error"),
    ("DL614", "tensorflow-without-cuda-libraries", same, "cuda-libs-missing", "error"),
    ("DL614", "rtx4090-ubuntu", framework("tensorflow"), "tf-pip-cuda-libs-not-found", "error"),
    ("DL614", "rtx4090-ubuntu", framework("jax"), "jax-plugin-mismatch", "error"),
    ("DL614", "rtx4090-ubuntu", torch_refusing("RuntimeError: strange"), "gpu-not-seen-by-framework", "error"),
]
ROWS: list[tuple[str, str, Change, str, str]] = [
    ("DL620", "h100-hgx", gpu(lost=True), "gpu-fallen-off-bus", "error"),
    ("DL620", "h100-hgx", gpu(recovery_action="reset"), "gpu-needs-reset", "error"),
    ("DL621", "h100-hgx", gpu(ecc_uncorrected=1), "gpu-ecc-error", "error"),
    ("DL621", "h100-hgx", gpu(ecc_threshold_exceeded=True), "gpu-ecc-error", "error"),
    ("DL621", "h100-hgx", gpu(rows_remapped_failure=True), "gpu-ecc-error", "error"),
    ("DL621", "h100-hgx", gpu(rows_remapped_pending=True), "gpu-ecc-error", "note"),
    ("DL622", "rtx4090-ubuntu", gpu(throttle_reasons=("sw_thermal_slowdown",)), "gpu-throttled", "warning"),
    ("DL622", "rtx4090-ubuntu", gpu(throttle_reasons=("hw_power_brake_slowdown",)), "gpu-throttled", "error"),
    ("DL622", "rtx4090-ubuntu", gpu(temperature=90.0), "gpu-throttled", "error"),
    ("DL623", "rtx4090-ubuntu", gpu(power_limit_watts=300.0), "power-limit-lowered", "note"),
    ("DL624", "rtx4090-ubuntu", gpu(link_width=4), "pcie-link-degraded", "note"),
    ("DL624", "rtx4090-ubuntu", gpu(link_width=4, utilization_percent=95.0), "pcie-link-degraded", "warning"),
    ("DL625", "rtx4090-ubuntu", card(errors=3), "pcie-errors", "warning"),
    ("DL626", "h100-hgx", nvidia(kernel_log=(XID.format(79),)), "gpu-fallen-off-bus", "error"),
    ("DL626", "h100-hgx", nvidia(kernel_log=(XID.format(95),)), "gpu-ecc-error", "error"),
    ("DL626", "h100-hgx", nvidia(kernel_log=(XID.format(119),)), "gpu-needs-reset", "error"),
    ("DL626", "h100-hgx", nvidia(kernel_log=(XID.format(74),)), "nvlink-down", "warning"),
    ("DL626", "h100-hgx", nvidia(kernel_log=("NVRM: BAR1 is 0M @ 0x0",)), "bios-bar-settings", "error"),
    ("DL628", "rtx4090-ubuntu", gpu(memory_free_bytes=2**29), "gpu-memory-already-taken", "warning"),
    ("DL629", "rtx4090-ubuntu", gpu(compute_mode="prohibited"), "gpu-exclusive-compute-mode", "error"),
    ("DL629", "rtx4090-ubuntu", gpu(compute_mode="exclusive_process"), "gpu-exclusive-compute-mode", "note"),
    ("DL630", "a100-mig", gpu(mig_pending=False), "mig-mode-pending", "warning"),
    (
        "DL631",
        "h100-hgx",
        both(gpu(fabric_state="in_progress"), nvidia_dead := nvidia(**DEAD)),
        "fabric-manager-not-running",
        "error",
    ),
    (
        "DL631",
        "h100-hgx",
        both(nvidia(gpus=(), fabric_manager=None), nvidia_dead),
        "fabric-manager-not-running",
        "error",
    ),
    (
        "DL632",
        "h100-hgx",
        both(*(gpu(at, persistence=False) for at in range(8)), nvidia(persistenced=False)),
        "persistence-off",
        "note",
    ),
    ("DL633", "rtx4090-ubuntu", gpu(licence="Unlicensed (Unrestricted)"), "vgpu-unlicensed", "warning"),
    ("DL634", "rtx4090-ubuntu", gpu(inforom="corrupted"), "inforom-corrupt", "warning"),
    ("DL640", "rx7900xtx-rocm", card(driver=None), "amdgpu-driver-missing", "warning"),
    ("DL640", "rx7900xtx-rocm", card(driver="radeon"), "rocm-gpu-dropped", "note"),
    ("DL641", "rx7900xtx-rocm", amd(gpus=(), topology=None), "kfd-missing", "warning"),
    ("DL641", "rx7900xtx-rocm", amd(gpus=()), "rocm-gpu-dropped", "warning"),
    ("DL642", "rx7900xtx-rocm", amd(nodes={"/dev/kfd": "Permission denied"}), "rocm-device-permission", "error"),
    (
        "DL642",
        "rx7900xtx-rocm",
        amd(nodes={"/dev/kfd": "ok", "/dev/dri/renderD128": "Permission denied"}),
        "rocm-device-permission",
        "error",
    ),
    (
        "DL643",
        "rx7900xtx-rocm",
        torch(architectures=("gfx942:sramecc+:xnack-", "gfx90a")),
        "rocm-gfx-unsupported",
        "error",
    ),
    ("DL643", "rx580-rocm", same, "rocm-gpu-dropped", "error"),
    ("DL644", "rx7900xtx-rocm", torch(rocm=None, cuda="13.0"), "wrong-vendor-build", "warning"),
    ("DL644", "rx7900xtx-rocm", torch(rocm=None), "cpu-only-build", "warning"),
    (
        "DL644",
        "rx7900xtx-rocm",
        both(
            torch(rocm=None),
            lambda facts: replace(facts, system=SystemFacts(name="windows")),
            card(name="AMD Radeon RX 7900 XTX"),
        ),
        "amd-gpu-on-windows-no-build",
        "note",
    ),
    (
        "DL645",
        "rx7900xtx-rocm",
        lambda facts: amd(
            gpus=(replace(facts.devices.amd.gpus[0], name="iGPU", integrated=True), *facts.devices.amd.gpus)
        )(facts),
        "rocm-igpu-first",
        "note",
    ),
    ("DL646", "mi300x", links(iommu="translating"), "nccl-p2p-broken", "warning"),
    (
        "DL647",
        "mi300x",
        lambda facts: amd(gpus=(replace(facts.devices.amd.gpus[0], ecc_uncorrected=2),))(facts),
        "gpu-ecc-error",
        "error",
    ),
    ("DL648", "rx6700xt-override", variables(HSA_OVERRIDE_GFX_VERSION="11.0.0"), "hsa-override-wrong", "warning"),
    ("DL648", "rx7900xtx-rocm", variables(HSA_OVERRIDE_GFX_VERSION="11.0.0"), "hsa-override-wrong", "note"),
    (
        "DL649",
        "rx7900xtx-rocm",
        lambda facts: replace(
            facts,
            system=WSL2,
            devices=DeviceFacts(pci=(), dxg="ok"),
            frameworks={"torch": replace(facts.frameworks["torch"], run=None)},
        ),
        "rocm-wsl-runtime-missing",
        "warning",
    ),
    ("DL650", "rx7900xtx-rocm", variables(HIP_VISIBLE_DEVICES="-1"), "device-mask-hides-gpu", "error"),
    (
        "DL650",
        "rx7900xtx-rocm",
        variables(HIP_VISIBLE_DEVICES="0,1", ROCR_VISIBLE_DEVICES="0"),
        "device-mask-hides-gpu",
        "error",
    ),
    ("DL650", "arc-b580-xpu", variables(ONEAPI_DEVICE_SELECTOR="opencl:cpu"), "device-mask-hides-gpu", "error"),
    ("DL660", "arc-b580-xpu", card(driver=None), "xpu-runtime-missing-or-old", "warning"),
    ("DL661", "arc-b580-without-runtime", same, "xpu-runtime-missing-or-old", "error"),
    (
        "DL662",
        "arc-b580-xpu",
        lambda facts: devices(intel=replace(facts.devices.intel, nodes={"/dev/dri/renderD128": "Permission denied"}))(
            facts
        ),
        "render-group-missing",
        "error",
    ),
    ("DL663", "arc-b580-xpu", torch(xpu=None), "xpu-build-missing", "note"),
    (
        "DL664",
        "laptop-iris-xe",
        wheels("intel-extension-for-pytorch==2.7.0"),
        "extension-framework-mismatch",
        "warning",
    ),
    ("DL670", "macbook-m1-rosetta", same, "x86-python-on-apple-silicon", "error"),
    ("DL671", "macos-13-new-torch", same, "macos-too-old-for-mps", "warning"),
    ("DL671", "mac-virtual-machine", same, "metal-device-not-visible", "warning"),
    ("DL672", "mac-intel", same, "macos-intel-wheels-ended", "note"),
    ("DL672", "mac-intel", lambda facts: replace(facts, frameworks={}), "macos-intel-wheels-ended", "warning"),
    (
        "DL673",
        "macbook-m3",
        lambda facts: replace(
            facts,
            distributions=(Distribution(name="jax-metal", version="0.1.1"),),
            frameworks={
                "jax": replace(
                    machine("rtx4090-ubuntu").frameworks["jax"],
                    run=replace(facts.frameworks["torch"].run, result="raised"),
                )
            },
        ),
        "metal-plugin-version-mismatch",
        "error",
    ),
    ("DL674", "macbook-m3", variables(PYTORCH_MPS_HIGH_WATERMARK_RATIO="0.0"), "mps-watermark", "note"),
    ("DL680", "wsl1", same, "windows-too-old-for-wsl-gpu", "warning"),
    ("DL681", "wsl2-rtx4070", devices(dxg=None), "windows-too-old-for-wsl-gpu", "warning"),
    ("DL682", "wsl2-rtx4070", devices(wsl_libraries=("libnvidia-ml.so.1",)), "wsl-driver-files-incomplete", "error"),
    ("DL683", "wsl2-linux-driver-inside", same, "linux-driver-installed-in-wsl", "error"),
    ("DL700", "cudnn-in-ld-library-path", same, "ld-library-path-shadows-wheel-libs", "error"),
    (
        "DL700",
        "cudnn-in-ld-library-path",
        devices(loader_libraries=(SharedLibrary(name="libcudnn.so.9", path="/opt/libcudnn.so.9", version="9.14.0"),)),
        "ld-library-path-shadows-wheel-libs",
        "warning",
    ),
    ("DL701", "stub-in-ld-library-path", same, "cuda-stub-library-loaded", "warning"),
    (
        "DL702",
        "rtx4090-ubuntu",
        wheels("nvidia-cublas-cu11==11.1", "nvidia-cublas-cu12==12.8"),
        "two-cuda-wheel-families",
        "warning",
    ),
    (
        "DL703",
        "rtx4090-ubuntu",
        wheels("nvidia-cublas-cu12==12.4.5.8", requires=("nvidia-cublas-cu12==12.8.4.1; x",)),
        "cuda-libs-older-than-build",
        "error",
    ),
    (
        "DL703",
        "rtx4090-ubuntu",
        wheels("nvidia-cudnn-cu12==8.9.7.29", requires=("nvidia-cudnn-cu12==9.10.2.21",)),
        "cudnn-major-mismatch",
        "error",
    ),
    (
        "DL703",
        "rtx4090-ubuntu",
        wheels("nvidia-cublas-cu12==12.8.4.1", requires=("nvidia-cublas-cu12==12.8.4.1", "nvidia-nccl-cu12==2.27.3")),
        "cuda-libs-missing",
        "error",
    ),
    (
        "DL704",
        "rtx4090-ubuntu",
        lambda facts: replace(facts, toolchain=replace(facts.toolchain, nvcc="11.5")),
        "nvcc-torch-cuda-mismatch",
        "note",
    ),
    ("DL705", "rtx4090-ubuntu", ranges("9.1.0.70"), "cuda-libs-older-than-build", "error"),
    ("DL705", "rtx4090-ubuntu", ranges("9.1.0.70", "with-cuda"), "cuda-libs-older-than-build", "error"),
    ("DL705", "rtx4090-ubuntu", ranges("10.1.0"), "cudnn-major-mismatch", "error"),
    ("DL706", "rtx4090-ubuntu", compiling(gcc=None), "no-c-compiler", "note"),
    ("DL706", "rtx4090-ubuntu", compiling(headers=False), "python-headers-missing", "note"),
    ("DL707", "rtx4090-ubuntu", tools(nvcc="12.4", nvcc_newest_gcc=12), "host-compiler-too-new", "note"),
    (
        "DL708",
        "rtx4090-ubuntu",
        tools(missing_files={"CUDA_HOME": "/usr/local/cuda-11"}),
        "override-variable-wrong",
        "note",
    ),
    ("DL708", "rtx4090-ubuntu", tools(missing_files={"LD_PRELOAD": "/gone.so"}), "override-variable-wrong", "warning"),
    ("DL800", "docker-without-gpus-flag", same, "container-started-without-gpu", "error"),
    ("DL800", "docker-cpu-image-on-gpu-host", same, "container-started-without-gpu", "note"),
    (
        "DL801",
        "docker-gpu",
        nvidia(**{**DEAD, "libraries": {"/usr/lib/libcuda.so.535.1.0": "535.1.0"}}),
        "driver-packages-in-container",
        "error",
    ),
    (
        "DL802",
        "docker-gpu",
        both(variables(NVIDIA_REQUIRE_CUDA="cuda>=13.5 brand=tesla"), nvidia_dead),
        "driver-too-old",
        "warning",
    ),
    (
        "DL803",
        "rtx4090-ubuntu",
        both(
            lambda facts: replace(facts, toolchain=replace(facts.toolchain, docker="29.0")),
            nvidia(container_toolkit=False),
        ),
        "nvidia-container-toolkit-missing",
        "note",
    ),
    ("DL804", "slurm-job-without-gpu", same, "scheduler-gave-no-gpu", "error"),
    ("DL805", "rtx4090-ubuntu", nvidia(cdi={"/etc/cdi/nvidia.yaml": "535.183.01"}), "cdi-spec-stale", "warning"),
    ("DL820", "h100-hgx", variables(NCCL_SOCKET_IFNAME="eth7"), "nccl-wrong-network-interface", "warning"),
    ("DL820", "h100-hgx", links(nccl_config={"NCCL_SOCKET_IFNAME": "=ibs"}), "nccl-wrong-network-interface", "warning"),
    ("DL821", "h100-hgx-port-without-subnet-manager", same, "ib-port-down", "warning"),
    ("DL822", "h100-hgx", gpu(3, nvlink_down=2), "nvlink-down", "warning"),
    ("DL823", "h100-hgx", gpu(name="NVIDIA T400"), "mixed-gpus", "note"),
    (
        "DL824",
        "h100-hgx",
        both(gpu(0, peers={"1": "chipset_not_supported"}), gpu(1, peers={"0": "ok"})),
        "p2p-unavailable",
        "note",
    ),
    ("DL825", "h100-hgx", variables(NCCL_P2P_DISABLE="1"), "nccl-p2p-broken", "note"),
    ("DL826", "h100-hgx", variables(WORLD_SIZE="8"), "launcher-variables-left", "note"),
    (
        "DL827",
        "h100-hgx",
        both(nvidia(module_flavour="proprietary"), links(peermem=False)),
        "gpudirect-missing",
        "note",
    ),
    (
        "DL684",
        "wsl2-rtx4070",
        lambda facts: replace(facts, memory=replace(facts.memory, total_bytes=4 * 2**30)),
        "wsl-memory-cap",
        "warning",
    ),
]


ROWS += LAYERS


def verdicts(code: str, facts: Facts):
    rule = next(one for one in RULES if one.code == code)
    return judge(facts, Profile(name="learn"), [rule], "2026-11-22")


@pytest.mark.parametrize(
    ("code", "name", "change", "cause", "severity"),
    ROWS,
    ids=[f"{row[0]}-{row[3]}-{at}" for at, row in enumerate(ROWS)],
)
def test_a_bad_machine_names_its_cause(code, name, change, cause, severity):
    found = [
        (one.cause, one.severity.value) for verdict in verdicts(code, change(machine(name))) for one in verdict.findings
    ]
    assert set(found) == {(cause, severity)}


def test_every_cause_of_every_rule_about_accelerators_has_a_row():
    here = {(row[0], row[3]) for row in ROWS}
    # The summary of the layers names what they name; the profile's wish is in test_nvidia, what is mapped in test_loaded.
    elsewhere = {"DL600", "DL601", "DL709"}
    wanted = {
        (rule.code, cause)
        for rule in RULES
        if rule.code[:3] in ("DL6", "DL7", "DL8") and rule.code not in elsewhere
        for cause in rule.causes
    }
    assert wanted <= here


FINE: list[tuple[str, str, Change]] = [
    ("DL622", "rtx4090-ubuntu", gpu(throttle_reasons=("sw_power_cap", "hw_slowdown"))),
    ("DL626", "h100-hgx", nvidia(kernel_log=tuple(XID.format(number) for number in (13, 31, 43, 45, 63, 92, 94, 154)))),
    ("DL628", "rtx4090-ubuntu", gpu(memory_bytes=2**31, memory_free_bytes=10**8)),
    ("DL631", "h100-hgx", gpu(fabric_state="not_supported")),
    ("DL631", "h100-hgx", gpu(fabric_state="in_progress")),
    ("DL643", "rx7900xtx-rocm", torch(architectures=("gfx11-generic",))),
    ("DL643", "mi300x", torch(architectures=("gfx942:sramecc+:xnack-",))),
    ("DL642", "ryzen-apu-laptop", same),
    ("DL644", "ryzen-apu-laptop", torch(cuda="13.0")),
    ("DL663", "laptop-iris-xe", same),
    (
        "DL700",
        "cudnn-in-ld-library-path",
        devices(
            loader_libraries=(
                SharedLibrary(name="libcudnn.so.8", path="/opt/libcudnn.so.8", version="8.9.7"),
                SharedLibrary(name="libcudnn.so.9", path="/opt/libcudnn.so.9", version="9.10.2"),
            )
        ),
    ),
    ("DL702", "rtx4090-ubuntu", wheels("nvidia-cublas-cu12==12.8", "nvidia-cudnn-cu13==9.1")),
    ("DL703", "rtx4090-ubuntu", wheels("nvidia-cublas-cu12==12.8.4.1", requires=("nvidia-cublas-cu12==12.8.4.1",))),
    ("DL820", "h100-hgx", variables(NCCL_SOCKET_IFNAME="ens,ib")),
    ("DL820", "h100-hgx", variables(NCCL_SOCKET_IFNAME="^docker")),
    ("DL822", "h100-hgx", both(*(gpu(at, nvlink_down=1) for at in range(8)))),
    ("DL826", "h100-hgx", variables(WORLD_SIZE="8", SLURM_PROCID="0")),
    ("DL705", "rtx4090-ubuntu", ranges("9.20.0.48")),
    ("DL705", "rtx4090-ubuntu", ranges("9.1.0.70", cuda=None)),
    ("DL706", "rtx4090-ubuntu", compiling()),
    ("DL706", "rtx4090-ubuntu", compiling(gcc=None, clang="18.1")),
    ("DL706", "cloud-vm-no-gpu", compiling(gcc=None, headers=False)),
    ("DL707", "rtx4090-ubuntu", tools(nvcc="12.9", nvcc_newest_gcc=14)),
    ("DL707", "rtx4090-ubuntu", both(tools(nvcc="12.4", nvcc_newest_gcc=12), variables(CC="gcc-12"))),
    ("DL708", "rtx4090-ubuntu", tools()),
    (
        "DL805",
        "rtx4090-ubuntu",
        nvidia(driver="580.65.06", cdi={"/etc/cdi/nvidia.yaml": "580.65.06", "/run/cdi/x.yaml": ""}),
    ),
    ("DL805", "docker-gpu", nvidia(cdi={"/etc/cdi/nvidia.yaml": "535.183.01"})),
    ("DL803", "docker-gpu", same),
    ("DL804", "slurm-job-one-gpu", same),
    ("DL801", "docker-gpu", same),
    ("DL821", "h100-hgx", links(infiniband=())),
    ("DL650", "rx7900xtx-rocm", variables(HIP_VISIBLE_DEVICES="0", ROCR_VISIBLE_DEVICES="0,1")),
]


@pytest.mark.parametrize(("code", "name", "change"), FINE, ids=[f"{row[0]}-{at}" for at, row in enumerate(FINE)])
def test_what_only_looks_bad_passes(code, name, change):
    (verdict,) = verdicts(code, change(machine(name)))
    assert verdict.status in (Status.PASSED, Status.SKIPPED), verdict


@pytest.mark.parametrize(
    ("code", "name", "change"),
    [
        ("DL620", "rtx4090-ubuntu", nvidia(gpus=Unknown("nobody asked"), nvml=Unknown("nobody asked"))),
        (
            "DL602",
            "rtx4090-ubuntu",
            both(nvidia(nvml=None, libcuda=None, module=Unknown("/proc is hidden")), card(driver=None)),
        ),
        ("DL643", "rx7900xtx-rocm", amd(gpus=Unknown("KFD's files cannot be read"))),
        ("DL820", "h100-hgx", devices(interconnect=Unknown("no sysfs"))),
        ("DL700", "cudnn-in-ld-library-path", devices(loader_libraries=Unknown("not looked"))),
        ("DL606", "after-suspend", nvidia(libcuda=Unknown("nobody asked"))),
        (
            "DL613",
            "rtx4090-ubuntu",
            nvidia(gpus=Unknown("x"), cuda_gpus=Unknown("x"), nvml=Unknown("x"), libcuda=Unknown("x")),
        ),
        ("DL801", "docker-gpu", nvidia(**{**DEAD, "module": Unknown("/proc is hidden")})),
    ],
)
def test_what_nobody_could_read_is_unknown(code, name, change):
    (verdict,) = verdicts(code, change(machine(name)))
    assert verdict.status is Status.UNKNOWN, verdict


@pytest.mark.parametrize(
    ("name", "causes"),
    [
        ("laptop-uhd620", {"no-gpu-in-machine"}),
        ("laptop-iris-xe", {"no-gpu-in-machine"}),
        ("laptop-fermi-nouveau", {"no-gpu-in-machine"}),
        ("laptop-vm-passthrough", {"no-gpu-in-machine"}),
        ("ryzen-apu-laptop", {"no-gpu-in-machine"}),
        ("mac-intel", {"no-gpu-in-machine"}),
        ("vm-with-driver-and-no-card", {"no-gpu-in-machine"}),
        ("colab-cpu", {"hosted-notebook-cpu-runtime"}),
        ("rtx4090-ubuntu", set()),
        ("rtx4090-windows", set()),
        ("wsl2-rtx4070", set()),
        ("jetson-orin", set()),
        ("mi300x", set()),
        ("arc-b580-xpu", set()),
        ("macbook-m3", set()),
        ("nouveau", set()),
        ("rx7900xtx-no-permission", set()),
        ("docker-without-gpus-flag", set()),
    ],
)
def test_a_gpu_that_some_build_could_use(name, causes):
    rule = next(one for one in RULES if one.code == "DL601")
    found = judge(machine(name), Profile(name="train", gpu="required"), [rule], "2026-11-22")
    assert {one.cause for verdict in found for one in verdict.findings} == causes


def test_interconnect_is_asked_only_beside_gpus():
    facts = devices(interconnect=None)(machine("laptop-uhd620"))
    assert verdicts("DL820", facts)[0].status is Status.SKIPPED
    assert isinstance(machine("h100-hgx").devices.interconnect, InterconnectFacts)
    assert isinstance(machine("h100-hgx").devices.nvidia, NvidiaFacts)
