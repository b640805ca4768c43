"""Causes that are easily confused, told apart both ways: the same message, and what else the text shows."""

from __future__ import annotations

import pytest

from dlcheck.diagnose import diagnose_text

NO_DRIVER = "RuntimeError: Found no NVIDIA driver on your system."
MISMATCH = "Failed to initialize NVML: Driver/library version mismatch"
SMI_DOWN = "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver."
UNKNOWN = "RuntimeError: CUDA unknown error - this may be due to an incorrectly set up environment"
NO_MATCH = "ERROR: No matching distribution found for torch"
HASHES = "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE."
MISSING = "Could not load dynamic library 'libcudnn.so.8'; dlerror: libcudnn.so.8: cannot open shared object file"
CUDART = "ImportError: libcudart.so.12: cannot open shared object file: No such file or directory"
BLOCKED = "Failed to initialize NVML: GPU access blocked by the operating system"
BUSY = "RuntimeError: CUDA error: all CUDA-capable devices are busy or unavailable"
NO_KERNEL = "RuntimeError: CUDA error: no kernel image is available for execution on the device"
NO_MODULE = "ModuleNotFoundError: No module named 'torch'"
DLL = 'OSError: [WinError 1114] DLL initialization routine failed. Error loading "C:\\venv\\torch\\lib\\c10.dll"'
CPU_TORCH = ">>> torch.version.cuda\nNone\n>>> torch.cuda.is_available()\nFalse\nNVIDIA GeForce RTX 3060"

PAIRS = [
    (NO_DRIVER, "", "nvidia-driver-missing"),
    (NO_DRIVER, "docker run -it my-image python train.py", "container-started-without-gpu"),
    (NO_DRIVER, "File /content/train.py", "hosted-notebook-cpu-runtime"),
    (NO_DRIVER, "nix-shell -p python3Packages.torch", "libcuda-not-on-loader-path"),
    (
        NO_DRIVER,
        "| NVIDIA-SMI 560.35.03   Driver Version: 560.35.03   CUDA Version: 12.6 |",
        "libcuda-not-on-loader-path",
    ),
    (MISMATCH, "", "driver-library-mismatch"),
    (MISMATCH, "only inside the container; on the host nvidia-smi works", "driver-packages-in-container"),
    (SMI_DOWN, "", "nvidia-module-not-loaded"),
    (
        SMI_DOWN,
        "modprobe: FATAL: Module nvidia not found in directory /lib/modules/6.8.0",
        "nvidia-module-missing-for-kernel",
    ),
    (SMI_DOWN, "modprobe: ERROR: could not insert 'nvidia': Key was rejected by service", "secure-boot-rejects-module"),
    (SMI_DOWN, "Kernel driver in use: nouveau", "nouveau-owns-gpu"),
    (SMI_DOWN, "the kernel was updated this morning", "nvidia-module-missing-for-kernel"),
    (UNKNOWN, "since the laptop woke up from suspend", "nvidia-uvm-broken-after-suspend"),
    (UNKNOWN, "ls: cannot access '/dev/nvidia-uvm': No such file or directory", "nvidia-uvm-device-missing"),
    (UNKNOWN, "crw-rw---- 1 root video 195, 0 /dev/nvidia0\nwith sudo it works every time", "nvidia-device-permission"),
    (NO_MATCH, "Python 3.14.0\n(from versions: none)", "python-too-new-for-wheel"),
    (NO_MATCH, "Python 3.9 [MSC v.1929 32 bit (Intel)]\n(from versions: none)", "python-32bit"),
    (NO_MATCH, "FROM python:3.12-alpine\n(from versions: none)", "musl-libc-no-wheels"),
    (
        NO_MATCH,
        "--index-url https://download.pytorch.org/whl/cu199\n(from versions: none)",
        "wheel-index-does-not-exist",
    ),
    (NO_MATCH, "macOS 14, MacBook Pro with Intel Core i7", "macos-intel-wheels-ended"),
    (f"{NO_MATCH}==1.10.0", "(from versions: 2.2.0, 2.2.1, 2.3.0)", "pinned-release-too-old-for-python"),
    (HASHES, "Using cached torch-2.5.1-cp312-cp312-linux_x86_64.whl (906 MB)", "corrupted-download"),
    (HASHES, "━━━━━━╸━━━━━━━━━━━ 120.0/780.4 MB 1.1 MB/s eta 0:09:20", "download-interrupted"),
    (HASHES, "everybody here sees it, from several networks", "index-server-fault"),
    (MISSING, "", "cuda-libs-missing"),
    (MISSING, "$ find / -name 'libcudnn*'\n/opt/cudnn/lib/libcudnn.so.8", "cuda-libs-not-on-loader-path"),
    (
        MISSING,
        "pip install tensorflow[and-cuda]\ntf.config.list_physical_devices('GPU') -> []",
        "tf-pip-cuda-libs-not-found",
    ),
    (
        MISSING,
        "only in the jupyter notebook; in the terminal, with the same python, it works",
        "notebook-kernel-missing-env-vars",
    ),
    (CUDART, "import flash_attn_2_cuda\ntorch 2.4.0+cu118", "extension-cuda-major-mismatch"),
    (BLOCKED, "WSL2; sudo apt install nvidia-utils-535", "linux-driver-installed-in-wsl"),
    (BLOCKED, "WSL2; Windows nvidia-smi: Tesla P40  TCC", "wsl-gpu-in-tcc-mode"),
    (BUSY, "| 0  Tesla V100 | E. Process |", "gpu-exclusive-compute-mode"),
    (BUSY, "GPU 0: GRID T4-8C, License Status: Unlicensed", "vgpu-unlicensed"),
    (NO_KERNEL, "NVIDIA GeForce RTX 5080", "gpu-too-new-for-build"),
    (NO_KERNEL, "Tesla K80", "gpu-too-old-for-build"),
    (NO_KERNEL, "GeForce GTX 680, compute capability 3.0", "gpu-too-old-for-any-build"),
    (NO_MODULE, "pip install torch\nSuccessfully installed torch-2.6.0", "installed-for-other-python"),
    (NO_MODULE, "in jupyter; in the terminal the import works", "notebook-kernel-other-python"),
    (DLL, "", "vc-runtime-missing-or-old"),
    (
        DLL,
        "from PyQt6 import QtWidgets comes before import torch; the other way round it works",
        "older-vc-runtime-loaded-first",
    ),
    (CPU_TORCH, "Ubuntu 22.04, pip install torch", "cpu-only-build"),
    (CPU_TORCH, "pytorch-2.3.0-py3.12_cpu_0  pytorch\ncpuonly 2.0", "conda-picked-cpu-build"),
    (
        CPU_TORCH,
        "Attempting uninstall: torch\n Found existing installation: torch 2.4.0+cu124",
        "dependency-replaced-gpu-build",
    ),
    (CPU_TORCH, "aarch64, GH200", "aarch64-default-wheel-is-cpu"),
    (CPU_TORCH, "NVIDIA Jetson Orin, JetPack 6", "jetson-needs-vendor-wheel"),
]


@pytest.mark.parametrize(
    ("message", "surroundings", "cause"), PAIRS, ids=[f"{at}-{one[2]}" for at, one in enumerate(PAIRS)]
)
def test_the_surroundings_decide(message: str, surroundings: str, cause: str):
    report = diagnose_text(f"{message}\n{surroundings}\n")
    assert report.diagnoses
    assert report.diagnoses[0].cause == cause, [(one.cause, one.confidence) for one in report.diagnoses]


def test_a_machine_without_a_gpu_is_no_alarm():
    report = diagnose_text(f"{NO_DRIVER}\nThis server has no NVIDIA GPU, it is CPU only.")
    assert report.diagnoses == ()
    assert [one.cause for one in report.harmless] == ["no-gpu-in-machine"]


@pytest.mark.parametrize("text", ["No CUDA GPUs are available", "Killed", "MemoryError", "No devices were found"])
def test_an_ambiguous_message_gets_little_confidence(text: str):
    assert all(one.confidence < 0.6 for one in diagnose_text(text).diagnoses)
