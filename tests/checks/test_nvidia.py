"""The rules about NVIDIA's stack: each bad row names its cause, each healthy row passes, what nobody saw is unknown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dlcheck.checks import RULES
from dlcheck.checks.built import shares_twelve
from dlcheck.checks.cuda_path import first_broken
from dlcheck.checks.judge import judge
from dlcheck.checks.nvidia_cards import capability_of, generation_of, runs
from dlcheck.model.device_facts import AmdFacts, AppleFacts, DeviceFacts, DriverCall, Gpu, NvidiaFacts, PciDevice
from dlcheck.model.fact import Unknown
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Status
from dlcheck.model.host_facts import ContainerFacts, SystemFacts
from dlcheck.model.profile import Profile
from dlcheck.model.python_facts import (
    BuildFacts,
    Distribution,
    FrameworkDevice,
    FrameworkFacts,
    ImportFacts,
    PythonFacts,
)

CARD = PciDevice(
    address="0000:01:00.0",
    vendor="10de",
    device="2684",
    device_class="030000",
    driver="nvidia",
    name="AD102 [GeForce RTX 4090]",
)
GPU = Gpu(
    name="NVIDIA GeForce RTX 4090",
    index=0,
    uuid="GPU-1111",
    pci_address="0000:01:00.0",
    architecture="8.9",
    memory_bytes=25_757_220_864,
)
STACK = NvidiaFacts(
    driver="580.65.06",
    module="580.65.06",
    module_flavour="open",
    cuda_driver="13.0",
    nodes={"/dev/nvidia0": "ok", "/dev/nvidiactl": "ok", "/dev/nvidia-uvm": "ok"},
    nvml=DriverCall(library="libnvidia-ml.so.1", code=0, path="/usr/lib64/libnvidia-ml.so.580.65.06"),
    libcuda=DriverCall(library="libcuda.so.1", code=0, path="/usr/lib64/libcuda.so.580.65.06"),
    cuda_devices=1,
    gpus=(GPU,),
    cuda_gpus=(GPU,),
    libraries={
        "/usr/lib64/libcuda.so.580.65.06": "580.65.06",
        "/usr/lib64/libnvidia-ml.so.580.65.06": "580.65.06",
    },
)
TORCH = FrameworkFacts(
    name="torch",
    version="2.13.0+cu130",
    distributions=("torch",),
    build=BuildFacts(
        cuda="13.0", architectures=("sm_75", "sm_80", "sm_86", "sm_90", "sm_100", "sm_120", "compute_120")
    ),
    run=ImportFacts(
        result="found",
        stage="done",
        gpu_available=True,
        devices=(FrameworkDevice(kind="cuda", index=0, name="NVIDIA GeForce RTX 4090"),),
    ),
)
WELL = Facts(
    system=SystemFacts(name="linux", machine="x86_64"),
    container=ContainerFacts(),
    variables={},
    python=PythonFacts(version="3.12.3", machine="x86_64"),
    distributions=(Distribution(name="torch", version="2.13.0+cu130", installer="pip"),),
    devices=DeviceFacts(pci=(CARD,), nvidia=STACK),
    frameworks={"torch": TORCH},
)
PROFILE = Profile(name="learn")
NONE = Facts(
    system=SystemFacts(name="linux"),
    container=ContainerFacts(),
    variables={},
    distributions=(),
    python=PythonFacts(),
    frameworks={"torch": replace(TORCH, build=BuildFacts(), run=None)},
    devices=DeviceFacts(pci=()),
)


def with_stack(facts: Facts = WELL, **fields: object) -> Facts:
    """The facts with other fields in the NVIDIA stack."""
    return replace(facts, devices=replace(facts.devices, nvidia=replace(facts.devices.nvidia, **fields)))


def with_card(facts: Facts = WELL, **fields: object) -> Facts:
    return replace(facts, devices=replace(facts.devices, pci=(replace(CARD, **fields),)))


def with_torch(facts: Facts = WELL, **fields: object) -> Facts:
    return replace(facts, frameworks={"torch": replace(TORCH, **fields)})


def no_answer() -> Facts:
    """WSL, which shows no card and no module, with both libraries answering an error that names no reason."""
    facts = with_stack(
        module=None,
        nvml=DriverCall(library="libnvidia-ml.so.1", code=999, error="NVML_ERROR_UNKNOWN"),
        libcuda=DriverCall(library="libcuda.so.1", code=999, error="CUDA_ERROR_UNKNOWN"),
        cuda_devices=None,
        gpus=(),
        nodes={},
        libraries={"/usr/lib/wsl/lib/libcuda.so.1.1": ""},
    )
    return replace(facts, system=SystemFacts(name="linux", wsl=2), devices=replace(facts.devices, pci=(), dxg="ok"))


def no_module(**fields: object) -> Facts:
    """A card whose kernel module is not loaded: nothing above it answers."""
    dead = {
        "driver": None,
        "module": None,
        "module_flavour": None,
        "nodes": {},
        "gpus": Unknown("NVML did not list its GPUs"),
        "cuda_gpus": Unknown("libcuda did not list its GPUs"),
        "cuda_devices": None,
        "module_file": True,
        "kernel_headers": True,
        "nvml": DriverCall(library="libnvidia-ml.so.1", code=9, error="NVML_ERROR_DRIVER_NOT_LOADED"),
        "libcuda": DriverCall(library="libcuda.so.1", code=100, error="CUDA_ERROR_NO_DEVICE"),
    }
    return with_stack(with_card(driver=None), **{**dead, **fields})


def call(code: int | None, error: str = "", **fields: object) -> DriverCall:
    return DriverCall(library=fields.pop("library", "libcuda.so.1"), code=code, error=error, **fields)


def found(facts: Facts, code: str = "", profile: Profile = PROFILE) -> set[str]:
    """Causes that the rules of the GPU group name, notes and the summary rule left out."""
    causes = set()
    for verdict in judge(facts, profile, [one for one in RULES if one.group == "GPU"], "2026-11-22"):
        assert verdict.status is not Status.CRASHED, verdict.why
        if verdict.code != "DL600" and verdict.code.startswith(code):
            causes |= {one.cause for one in verdict.findings if one.severity.value != "note"}
    return causes


INSIDE = ContainerFacts(kind="docker")
BAD = {
    "no driver at all": (
        no_module(libraries={}, module_file=False, nvml=None, libcuda=None),
        "nvidia-driver-missing",
        "kernel module",
    ),
    "nouveau": (with_card(no_module(), driver="nouveau"), "nouveau-owns-gpu", "kernel module"),
    "not loaded": (no_module(), "nvidia-module-not-loaded", "kernel module"),
    "other kernel": (no_module(module_file=False), "nvidia-module-missing-for-kernel", "kernel module"),
    "secure boot": (no_module(secure_boot=True), "secure-boot-rejects-module", "kernel module"),
    "prime intel": (no_module(prime="intel"), "optimus-gpu-powered-off", "kernel module"),
    "mismatch": (
        with_stack(
            nvml=call(18, "NVML_ERROR_LIB_RM_VERSION_MISMATCH", library="libnvidia-ml.so.1"),
            libcuda=call(803, "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH"),
            cuda_devices=None,
            gpus=Unknown("NVML did not list its GPUs"),
            cuda_gpus=Unknown("libcuda did not list its GPUs"),
            module="575.57.08",
        ),
        "driver-library-mismatch",
        "kernel module",
    ),
    "flavour": (
        with_stack(
            with_card(device="2b85", name="GB202 [GeForce RTX 5090]"),
            gpus=(),
            cuda_gpus=(),
            cuda_devices=None,
            libcuda=call(100, "CUDA_ERROR_NO_DEVICE"),
            module_flavour="proprietary",
        ),
        "wrong-kernel-module-flavour",
        "kernel module",
    ),
    "dropped": (
        with_stack(
            with_card(device="1b06", name="GP102 [GeForce GTX 1080 Ti]"),
            gpus=(),
            cuda_gpus=(),
            cuda_devices=None,
            libcuda=call(100, "CUDA_ERROR_NO_DEVICE"),
            module="595.45.04",
            module_flavour="proprietary",
        ),
        "gpu-unsupported-by-driver-release",
        "kernel module",
    ),
    "uvm": (
        with_stack(
            nodes={"/dev/nvidia0": "ok", "/dev/nvidiactl": "ok"},
            libcuda=call(999, "CUDA_ERROR_UNKNOWN"),
            cuda_devices=None,
        ),
        "nvidia-uvm-device-missing",
        "device nodes",
    ),
    "permission": (
        with_stack(
            nodes={"/dev/nvidia0": "Permission denied", "/dev/nvidiactl": "Permission denied"},
            nvml=call(4, "NVML_ERROR_NO_PERMISSION", library="libnvidia-ml.so.1"),
            libcuda=call(100, "CUDA_ERROR_NO_DEVICE"),
            cuda_devices=None,
        ),
        "nvidia-device-permission",
        "device nodes",
    ),
    "lost by the container": (
        replace(
            with_stack(
                nodes={"/dev/nvidia0": "Operation not permitted", "/dev/nvidiactl": "Operation not permitted"},
                nvml=call(999, "NVML_ERROR_UNKNOWN", library="libnvidia-ml.so.1"),
                libcuda=call(100, "CUDA_ERROR_NO_DEVICE"),
                cuda_devices=None,
            ),
            container=INSIDE,
        ),
        "container-lost-gpu",
        "device nodes",
    ),
    "loader": (
        with_stack(libcuda=call(None, "libcuda.so.1: cannot open shared object file"), cuda_devices=None),
        "libcuda-not-on-loader-path",
        "libcuda",
    ),
    "stub": (
        with_stack(libcuda=call(34, "CUDA_ERROR_STUB_LIBRARY"), cuda_devices=None),
        "cuda-stub-library-loaded",
        "libcuda",
    ),
    "compat": (
        with_stack(libcuda=call(804, path="/usr/local/cuda/compat/libcuda.so.1"), cuda_devices=None),
        "cuda-compat-unusable",
        "libcuda",
    ),
    "fabric": (with_stack(libcuda=call(802), cuda_devices=None), "fabric-manager-not-running", "cuInit"),
    "exclusive": (with_stack(libcuda=call(46), cuda_devices=None), "gpu-exclusive-compute-mode", "cuInit"),
    "suspend": (
        with_stack(libcuda=call(999), cuda_devices=None, suspends=2),
        "nvidia-uvm-broken-after-suspend",
        "cuInit",
    ),
    "cuInit hangs": (
        with_stack(libcuda=call(None, ended="timeout", stage="init"), cuda_devices=None),
        "driver-defect",
        "cuInit",
    ),
    "NVML lost": (
        with_stack(nvml=call(15, "NVML_ERROR_GPU_IS_LOST", library="libnvidia-ml.so.1")),
        "gpu-fallen-off-bus",
        "NVML",
    ),
    "hidden": (
        replace(WELL, variables={"CUDA_VISIBLE_DEVICES": ""}),
        "cuda-visible-devices-hides-gpu",
        "visible devices",
    ),
    "hidden number": (
        replace(WELL, variables={"CUDA_VISIBLE_DEVICES": "3"}),
        "cuda-visible-devices-hides-gpu",
        "visible devices",
    ),
    "mig without instance": (
        with_stack(gpus=(replace(GPU, mig_enabled=True, mig_devices=0),)),
        "mig-instance-not-selected",
        "visible devices",
    ),
    "job without GPU": (
        replace(WELL, container=ContainerFacts(scheduler="slurm"), variables={"CUDA_VISIBLE_DEVICES": ""}),
        "scheduler-gave-no-gpu",
        "visible devices",
    ),
    "CPU build": (
        with_torch(version="2.13.0+cpu", build=BuildFacts(), run=None),
        "cpu-only-build",
        "framework build",
    ),
    "ROCm build": (with_torch(build=BuildFacts(rocm="7.2"), run=None), "wrong-vendor-build", "framework build"),
    "old driver": (
        with_torch(with_stack(driver="550.54.14", cuda_driver="12.4"), run=None),
        "driver-too-old",
        "framework build",
    ),
    "no code": (
        with_torch(build=BuildFacts(cuda="12.6", architectures=("sm_50", "sm_60")), run=None),
        "gpu-too-new-for-build",
        "framework build",
    ),
    "PTX of a newer CUDA": (
        with_torch(
            with_stack(cuda_driver="12.4"), build=BuildFacts(cuda="12.8", architectures=("compute_80",)), run=None
        ),
        "driver-too-old",
        "framework build",
    ),
    "no answer, and no module to be seen": (
        no_answer(),
        "driver-not-answering",
        "NVML",
    ),
    "PyTorch refuses": (
        with_torch(
            run=ImportFacts(result="found", gpu_available=False, details={"cuda_error": "RuntimeError: strange"})
        ),
        "gpu-not-seen-by-framework",
        "framework",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_first_broken_layer_and_its_cause(name: str):
    facts, cause, layer = BAD[name]
    if not facts.devices.nvidia.cuda_devices:
        facts = with_torch(facts, run=None)
    assert cause in found(facts)
    broken = first_broken(facts, PROFILE)
    assert broken is not None
    assert (broken.step, broken.finding.cause) == (layer, cause)


def test_layers_that_rules_about_containers_and_imports_judge():
    bare = with_stack(module=None, nodes={}, nvml=None, libcuda=None, cuda_devices=None, gpus=(), libraries={})
    run = ImportFacts(result="raised", error_type="OSError", error="libcudnn.so.9: cannot open shared object file")
    for facts, layer, cause in (
        (replace(bare, container=INSIDE), "device nodes", "container-started-without-gpu"),
        (with_torch(run=run), "framework", "cuda-libs-missing"),
        (replace(WELL, frameworks={"keras": FrameworkFacts(name="keras", run=run)}), "", ""),
    ):
        broken = first_broken(facts, PROFILE)
        assert ((broken.step, broken.finding.cause) if broken else ("", "")) == (layer, cause)


FINE = {
    "well": WELL,
    "no GPU": NONE,
    "not quick": with_torch(run=None),
    "code of 8.6 on 8.9": with_torch(build=BuildFacts(cuda="12.8", architectures=("sm_86",)), run=None),
    "newer minor toolkit": with_torch(
        with_stack(driver="535.54.03", cuda_driver="12.2"),
        build=BuildFacts(cuda="12.8", architectures=("sm_86",)),
        run=None,
    ),
    "seen working": with_torch(with_stack(driver="470.10")),
    "given to a virtual machine": replace(
        with_card(driver="vfio-pci"),
        devices=replace(WELL.devices, pci=(replace(CARD, driver="vfio-pci"),), nvidia=None),
    ),
    "a number of several": replace(
        with_stack(gpus=(GPU, replace(GPU, index=1, uuid="GPU-2222"))), variables={"CUDA_VISIBLE_DEVICES": "1,0"}
    ),
    "UUID prefix": replace(WELL, variables={"CUDA_VISIBLE_DEVICES": "GPU-11"}),
    "job of a scheduler": replace(
        WELL, container=ContainerFacts(scheduler="slurm"), variables={"CUDA_VISIBLE_DEVICES": "5"}
    ),
    "empty on Windows": replace(WELL, system=SystemFacts(name="windows"), variables={"CUDA_VISIBLE_DEVICES": ""}),
    "no uvm node, CUDA works": with_stack(nodes={"/dev/nvidia0": "ok", "/dev/nvidiactl": "ok"}),
    "compat that works": with_stack(
        driver="535.54.03", libcuda=call(0, path="/usr/local/cuda/compat/libcuda.so.1"), cuda_driver="13.0"
    ),
    "Jetson without NVML": replace(
        with_stack(
            jetson="NVIDIA Jetson AGX Orin",
            nvml=call(None, "no such file", library="libnvidia-ml.so.1"),
            gpus=(),
            nodes={},
        ),
        devices=DeviceFacts(pci=(), nvidia=replace(STACK, jetson="Orin", nvml=None, gpus=(), nodes={})),
        frameworks={},
    ),
}


@pytest.mark.parametrize("name", FINE)
def test_healthy_machines_get_no_warning(name: str):
    assert found(FINE[name]) == set()
    assert first_broken(FINE[name], PROFILE) is None


def test_what_nobody_saw_is_unknown():
    facts = Facts(devices=Unknown("not gathered"))
    verdicts = judge(facts, PROFILE, [one for one in RULES if one.code.startswith("DL60")], "2026-11-22")
    statuses = {one.code: one.status for one in verdicts}
    assert set(statuses.values()) <= {Status.UNKNOWN, Status.SKIPPED}
    assert statuses["DL602"] is Status.UNKNOWN


def test_unreadable_module_directory_is_not_called_missing():
    facts = no_module(module=Unknown("/proc is not mounted"))
    verdicts = judge(facts, PROFILE, [one for one in RULES if one.code == "DL602"], "2026-11-22")
    assert [one.status for one in verdicts] == [Status.UNKNOWN]


@pytest.mark.parametrize(
    ("container", "gpu", "cause", "severity"),
    [
        (ContainerFacts(), "wanted", "no-gpu-in-machine", "warning"),
        (ContainerFacts(), "required", "no-gpu-in-machine", "error"),
        (ContainerFacts(hosted="colab"), "required", "hosted-notebook-cpu-runtime", "error"),
    ],
)
def test_a_gpu_that_the_profile_asks_for(container, gpu, cause, severity):
    verdicts = judge(
        replace(NONE, container=container),
        Profile(name="train", gpu=gpu),
        [one for one in RULES if one.code == "DL601"],
        "2026-11-22",
    )
    assert [(one.cause, one.severity.value) for one in verdicts[0].findings] == [(cause, severity)]
    assert not found(NONE, "DL601")


GAUDI = FrameworkFacts(
    name="torch", run=ImportFacts(result="found", devices=(FrameworkDevice(kind="hpu", index=0, name="Gaudi"),))
)


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        (replace(NONE, system=SystemFacts(name="linux", wsl=1)), Status.SKIPPED),
        (replace(NONE, devices=DeviceFacts(pci=(), nvidia=Unknown("closed"))), Status.SKIPPED),
        (replace(NONE, devices=DeviceFacts(pci=(), amd=AmdFacts(gpus=(Gpu(name="Instinct", integrated=False),)))), Status.PASSED),
        (replace(NONE, devices=DeviceFacts(pci=(), amd=AmdFacts(gpus=(Gpu(name="Radeon", integrated=True),)))), Status.FAILED),
        (replace(NONE, devices=DeviceFacts(pci=(), apple=AppleFacts(chip="Apple M3"))), Status.PASSED),
        (replace(NONE, devices=DeviceFacts(pci=(), apple=AppleFacts(chip="Intel Core i5"))), Status.FAILED),
        (replace(NONE, devices=DeviceFacts(pci=(), nvidia=NvidiaFacts(nvml=None, libcuda=None, gpus=(GPU,)))), Status.PASSED),
        (replace(NONE, devices=DeviceFacts(pci=(), nvidia=NvidiaFacts(nvml=None, libcuda=None, gpus=()))), Status.FAILED),
        (replace(NONE, devices=DeviceFacts(pci=(), nvidia=replace(STACK, gpus=(), cuda_devices=1))), Status.PASSED),
        (replace(NONE, devices=DeviceFacts(pci=(), nvidia=replace(STACK, gpus=(), cuda_devices=0))), Status.FAILED),
        # An accelerator that no rule knows, and that PyTorch computes on.
        (replace(NONE, frameworks={"torch": GAUDI}), Status.PASSED),
    ],
)  # fmt: skip
def test_what_counts_as_a_gpu_that_the_profile_asks_for(facts: Facts, status: Status):
    (verdict,) = judge(facts, Profile(name="train", gpu="required"), [one for one in RULES if one.code == "DL601"], "")
    assert verdict.status is status, verdict


@pytest.mark.parametrize(
    ("name", "capability"),
    [
        ("NVIDIA H100 80GB HBM3", (9, 0)),
        ("NVIDIA L40S", (8, 9)),
        ("NVIDIA RTX 6000 Ada Generation", (8, 9)),
        ("Quadro RTX 6000", (7, 5)),
        ("NVIDIA RTX A6000", (8, 6)),
        ("NVIDIA A100-SXM4-80GB", (8, 0)),
        ("Tesla P100-PCIE-16GB", (6, 0)),
        ("NVIDIA GeForce GTX TITAN X", (5, 2)),
        ("NVIDIA TITAN Xp", (6, 1)),
        ("Quadro K620", (5, 0)),
        ("Tesla K80", (3, 7)),
        ("NVIDIA GB10", (12, 1)),
        ("NVIDIA GeForce RTX 5090", (12, 0)),
        ("Orin (nvgpu)", (8, 7)),
        ("llvmpipe", None),
    ],
)
def test_capability_by_name(name, capability):
    assert capability_of(Gpu(name=name)) == capability


@pytest.mark.parametrize(
    ("number", "name"),
    [("2684", "Ada"), ("2b85", "Blackwell"), ("2330", "Hopper"), ("20b0", "Ampere"), ("1eb8", "Turing"), ("1db6", "Volta"),
     ("1b06", "Pascal"), ("13c2", "Maxwell"), ("102d", "Kepler"), ("0000", None)],
)  # fmt: skip
def test_generation_by_pci_number(number, name):
    generation = generation_of(replace(CARD, device=number))
    assert (generation.name if generation else None) == name


@pytest.mark.parametrize(
    ("system", "frameworks", "shares"),
    [
        ("linux", {"tensorflow": BuildFacts(cuda="12.5")}, True),
        ("linux", {"tensorflow": BuildFacts(cuda="12.5"), "torch": BuildFacts(cuda="12.8")}, True),
        ("linux", {"tensorflow": BuildFacts(cuda="12.5"), "torch": BuildFacts(cuda="13.0")}, False),
        ("linux", {"torch": BuildFacts(cuda="12.8")}, False),
        ("linux", {"tensorflow": Unknown("no file")}, False),
        ("windows", {"tensorflow": BuildFacts(cuda="12.5")}, False),
    ],
)
def test_beside_tensorflow_only_cuda_12_may_come(system: str, frameworks: dict[str, object], shares: bool):
    found = {name: FrameworkFacts(name=name, version="2.0", build=build) for name, build in frameworks.items()}
    assert shares_twelve(replace(WELL, system=SystemFacts(name=system), frameworks=found)) is shares


@pytest.mark.parametrize(
    ("codes", "device", "served"),
    [
        (("sm_86", "sm_90"), (8, 9), "native"),
        (("sm_80",), (8, 6), "native"),
        (("sm_86",), (8, 0), "none"),
        (("sm_90", "compute_90"), (12, 0), "ptx"),
        (("sm_90a",), (9, 0), "native"),
        (("sm_90a",), (10, 0), "none"),
        (("sm_100f",), (10, 3), "native"),
        (("sm_80", "sm_86"), (8, 7), "none"),
        (("sm_120",), (12, 1), "native"),
        (("compute_52",), (6, 1), "ptx"),
        (("sm_101",), (11, 0), "native"),
        (("sm_101a",), (11, 0), "native"),
        (("sm_100a",), (11, 0), "none"),
        (("gfx1100", "sm_x", "sm_86"), (8, 6), "native"),
        (("gfx1100",), (8, 6), "none"),
    ],
)
def test_code_for_a_capability(codes, device, served):
    assert runs(codes, device) == served
