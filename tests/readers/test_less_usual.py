"""Texts that are pasted less often: what one place of the facts must be, a row a text."""

from __future__ import annotations

import re
from functools import reduce
from typing import Any

import pytest

from dlcheck.model.device_facts import AppleFacts, DeviceFacts, Gpu
from dlcheck.model.facts import Facts
from dlcheck.readers import read_all
from dlcheck.readers.clean import clean
from dlcheck.readers.merge import join
from dlcheck.readers.parts import build_of, devices_of, gpu


def at(facts: Facts, path: str) -> Any:
    """``devices.nvidia.driver`` or ``notes[xid]`` of the facts; a number picks of a tuple."""
    return reduce(_step, re.findall(r"\[[^\]]*\]|[^.\[]+", path), facts)


def _step(value: Any, name: str) -> Any:
    if name.startswith("["):
        return value.get(name[1:-1])
    if name == "names":
        return tuple(one.name for one in value)
    return value[int(name)] if name.isdigit() else getattr(value, name)


INXI = """System:
  Host: box Kernel: 6.8.0-45-generic arch: x86_64 bits: 64
  Desktop: GNOME v: 46 Distro: Ubuntu 24.04 LTS (Noble)
CPU:
  Info: 8-core model: AMD Ryzen 7 5800X bits: 64 type: MT MCP
Info:
  Memory: total: 32 GiB available: 31.25 GiB used: 4 GiB
Graphics:
  Device-1: NVIDIA GA104 [GeForce RTX 3070] driver: nvidia v: 550.107.02
  Device-2: AMD Navi 23 driver: amdgpu v: kernel
"""
LSHW = """  *-display
       description: VGA compatible controller
       product: GA104 [GeForce RTX 3070]
       vendor: NVIDIA Corporation
  *-processor
       product: Intel(R) Core(TM) i7-9700 CPU
"""
LSMOD = """Module                  Size  Used by
amdgpu              12345678  10
nvidia_drm             12345  2
"""
NPU = """| npu-smi 24.1.rc2                 Version: 24.1.rc2                                |
| NPU   Name                | Health        | Power(W)    Temp(C)
| 0     910B3               | OK            | 90          50
| 1     910B3               | Warning       | 91          51
"""
DCGM = """| 0      | Name: NVIDIA A100-SXM4-80GB      |
|        | PCI Bus ID: 00000000:07:00.0     |
|        | Device UUID: GPU-11111111-2222-3333-4444-555555555555 |
"""
AMD_LOG = """[    1.000001] Linux version 6.8.0-45-generic (builder)
[    1.100001] smpboot: CPU0: AMD EPYC 7543 32-Core Processor (family: 0x19)
[    1.200001] Memory: 32000000K/33554432K available (1K kernel code)
[    1.300001] Hypervisor detected: KVM
[    5.100001] amdgpu 0000:03:00.0: amdgpu: GPU reset begin
[    5.200001] [drm] amdgpu version: 6.8.5 ROCm
"""
TF_ENV = """== check python ===================================================
python version: 3.10.12
(3, 10, 12, 'final', 0)
== check os platform ===============================================
linux distribution: ('Ubuntu', '22.04', 'jammy')
os release version: 5.15.0-100-generic
machine: x86_64
== are we in docker =============================================
c++ (Ubuntu 11.4.0-1ubuntu1) 11.4.0
== check pips ===================================================
numpy                     1.26.4
tensorflow                2.15.0
== tensorflow import ============================================
tf.version.VERSION = 2.15.0
LD_LIBRARY_PATH /usr/local/cuda/lib64
DYLD_LIBRARY_PATH is unset
== cuda libs  ===================================================
/usr/local/cuda-12.2/lib64/libcudart.so.12.2.140
"""
TF_LOG = """Successfully opened dynamic library libcudart.so.11.0
Could not load dynamic library 'libcudnn.so.8'; dlerror: none
kernel reported version is: 470.57.2
libcuda reported version is: 470.103.1
StreamExecutor device (0): Tesla V100-SXM2-16GB, Compute Capability 7.0
"""
CUDNN_HEADER = "#define CUDNN_MAJOR 8\n#define CUDNN_MINOR 9\n#define CUDNN_PATCHLEVEL 7\n"
FABRIC = "Fabric Manager version is : 550.90.07\nNumber of GPUs: 8\nNumber of GPUs: 6\n"
DMON = "# gpu   pwr gtemp mtemp    sm\n# Idx     W     C     C     %\n    0    70    40     -     0\n    1    71    41     -     0\n"
CLI = "NVRM version:   550.90.07\nCUDA version:   12.4\nDevice Index:   0\nModel:          NVIDIA L4\nModel:          NVIDIA L4\n"
QUERY = "index, name, driver_version\n0, NVIDIA L4, 550.90.07\n1, NVIDIA L4, 550.90.07\nbye, now\n"
FREE = "              total        used        free      shared  buff/cache   available\nMem:       32000000     1000000    20000000      100000     2000000    30000000\n"
OLD_FREE = "             total       used       free     shared\nMem:            15          9          6          0\nSwap:            2          0          2\n"
SESSION = """>>> import torch
>>> torch.cuda.is_available()
True
>>> torch.cuda.get_device_capability()
(8, 6)
>>> torch.backends.cudnn.version()
8902
>>> torch.cuda.device_count()
2
"""
DF = """Filesystem      Size  Used Avail Use% Mounted on
/dev/sda1       100G   60G   40G  60% /
shm              64M     0   64M   0% /dev/shm
"""

ROWS: tuple[tuple[str, str, Any], ...] = (
    (INXI, "system.distribution", "Ubuntu 24.04 LTS (Noble)"),
    (INXI, "system.release", "6.8.0-45-generic"),
    (INXI, "cpu.brand", "AMD Ryzen 7 5800X"),
    (INXI, "memory.total_bytes", int(31.25 * 2**30)),
    (INXI, "devices.nvidia.driver", "550.107.02"),
    (INXI, "devices.nvidia.gpus.names", ("NVIDIA GA104 [GeForce RTX 3070]",)),
    (INXI, "devices.amd.gpus.names", ("AMD Navi 23",)),
    ("Distro: Fedora 40\n", "system.distribution", "Fedora 40"),
    (LSHW, "devices.nvidia.gpus.names", ("GA104 [GeForce RTX 3070]",)),
    (LSHW, "cpu.brand", "Intel(R) Core(TM) i7-9700 CPU"),
    (LSMOD, "devices.amd.module", "loaded"),
    (LSMOD, "notes[kernel modules loaded]", "amdgpu, nvidia_drm"),
    ("SecureBoot enabled\n", "devices.nvidia.secure_boot", True),
    ("SecureBoot disabled\n", "devices.nvidia.secure_boot", False),
    ("  nvidia.com/gpu:  4\n  nvidia.com/gpu.product=Tesla-T4\n", "notes[nvidia.com/gpu]", "4"),
    ("  nvidia.com/gpu:  4\n  nvidia.com/gpu.product=Tesla-T4\n", "devices.nvidia.gpus.names", ("Tesla T4",)),
    ("NodeName=n1 Gres=gpu:a100:8\n", "notes[generic resources of Slurm]", "gpu:a100:8"),
    (" Server Version: 27.1.1\n Runtimes: nvidia runc\n Total Memory: 62.5GiB\n", "toolchain.docker", "27.1.1"),
    (" Server Version: 27.1.1\n Runtimes: nvidia runc\n Total Memory: 62.5GiB\n", "notes[docker runtimes]", "nvidia runc"),
    (" Server Version: 27.1.1\n Runtimes: nvidia runc\n Total Memory: 62.5GiB\n", "memory.total_printed", "62.5GiB"),
    ("Name           DriverVersion\nNVIDIA GeForce RTX 3070  31.0.15.3699\n", "devices.nvidia.driver", "536.99"),
    (NPU, "devices.other", ("910B3", "910B3")),
    (NPU, "notes[npu health]", "OK, Warning"),
    (NPU, "notes[npu driver]", "24.1.rc2"),
    (NPU.partition("\n")[2], "notes[npus]", "2"),
    (NPU.partition("\n")[2], "notes[npu driver]", None),
    (DCGM, "devices.nvidia.gpus.0.pci_address", "00000000:07:00.0"),
    (AMD_LOG, "devices.amd.module", "6.8.5"),
    (AMD_LOG, "devices.amd.kernel_log", ("[    5.100001] amdgpu 0000:03:00.0: amdgpu: GPU reset begin",)),
    (AMD_LOG, "system.hypervisor", "KVM"),
    (AMD_LOG, "memory.total_bytes", 33554432 * 1024),
    (AMD_LOG, "cpu.brand", "AMD EPYC 7543 32-Core Processor (family: 0x19)"),
    ("nvidia-nvswitch3: SXid (PCI:0000:c4:00.0): 20034, Fatal, Link 30\nNVRM: x\n", "notes[sxid]", "20034"),
    ("CPU: AMD Ryzen 5 3600 6-Core Processor (3593.25-MHz K8-class CPU)\n", "cpu.brand", "AMD Ryzen 5 3600 6-Core Processor"),
    (TF_ENV, "python.version", "3.10.12"),
    (TF_ENV, "system.distribution", "Ubuntu 22.04 jammy"),
    (TF_ENV, "system.release", "5.15.0-100-generic"),
    (TF_ENV, "toolchain.gcc", "(Ubuntu 11.4.0-1ubuntu1) 11.4.0"),
    (TF_ENV, "frameworks[tensorflow].version", "2.15.0"),
    (TF_ENV, "variables[LD_LIBRARY_PATH]", "/usr/local/cuda/lib64"),
    (TF_ENV, "variables[DYLD_LIBRARY_PATH]", None),
    (TF_ENV, "notes[cuda libraries]", "/usr/local/cuda-12.2/lib64/libcudart.so.12.2.140"),
    (TF_LOG, "notes[libraries opened]", "libcudart.so.11.0"),
    (TF_LOG, "notes[libraries not found]", "libcudnn.so.8"),
    (TF_LOG, "devices.nvidia.module", "470.57.2"),
    (TF_LOG, "devices.nvidia.driver", "470.103.1"),
    (TF_LOG, "devices.nvidia.gpus.0.architecture", "7.0"),
    ("CUDA/cuDNN version: 11.2/8.1\n", "toolchain.cudnn", "8.1"),
    ("CUDA/cuDNN version: 11.2\n", "toolchain.nvcc", "11.2"),
    ("CUDA/cuDNN version: whatever the image has\n", "notes[cuda/cudnn]", "whatever the image has"),
    (CUDNN_HEADER, "toolchain.cudnn", "8.9.7"),
    ("CUDA Version 10.2.89\n", "toolchain.nvcc", "10.2.89"),
    (FABRIC, "devices.nvidia.fabric_manager", "550.90.07"),
    (FABRIC, "devices.nvidia.gpu_count", 8),
    (DMON, "notes[gpu indices]", "0, 1"),
    (CLI, "devices.nvidia.cuda_driver", "12.4"),
    (CLI, "devices.nvidia.gpus.names", ("NVIDIA L4", "NVIDIA L4")),
    (QUERY, "devices.nvidia.gpus.names", ("NVIDIA L4", "NVIDIA L4")),
    ("# R36 (release), REVISION: 4.0, GCID: 1, BOARD: generic\n", "notes[jetson linux]", "R36.4.0"),
    ("# R36 (release), REVISION: 4.0, GCID: 1, BOARD: generic\n", "system.product", "NVIDIA Jetson"),
    ("Jetpack: 6.1\n", "notes[jetpack]", "6.1"),
    ("NCCL version 2.21.5+cuda12.4\n", "notes[nccl]", "2.21.5+cuda12.4"),
    (FREE, "memory.total_bytes", 32000000 * 1024),
    (FREE, "memory.available_bytes", 30000000 * 1024),
    (OLD_FREE, "memory.swap_bytes", 2 << 30),
    (DF, "memory.shared_memory_bytes", 64 << 20),
    (SESSION, "notes[compute capability]", "8.6"),
    (SESSION, "notes[devices that torch counts]", "2"),
    (SESSION, "frameworks[torch].build.cudnn", "8902"),
    ("Darwin mini 23.6.0 Darwin Kernel Version 23.6.0: root:xnu/RELEASE_ARM64 arm64\n", "system.release", "23.6.0"),
    ('NAME="Void"\nID="void"\nVERSION="2024"\n', "system.distribution", "Void 2024"),
    ("uname_result(system='Linux', node='n', release='5.15.0-1', version='#1', machine='x86_64')\n", "system.machine", "x86_64"),
    ("DMI: Dell Inc. PowerEdge R750/0X, BIOS 1.2\nManufacturer: GenuineIntel\n", "system.product", "Dell Inc. PowerEdge R750/0X, BIOS 1.2"),
    ("Name: torch\nVersion: 2.4.1\nSummary: x\n", "distributions.names", ("torch",)),
    ('[\n {"name": "torch", "version": "2.4.1", "channel": "pytorch"},\n {"name": "x", "version": 3},\n {"version" bad}\n]\n', "distributions.0.channel", "pytorch"),
    ('[[package]]\nname = "torch"\nversion = "2.4.1"\n', "distributions.0.version", "2.4.1"),
    ("Successfully installed torch-2.4.1 typing-extensions-4.12 odd\n", "distributions.names", ("torch", "typing-extensions")),
    ("Requirement already satisfied: numpy in ./lib (1.26.4)\n", "distributions.0.version", "1.26.4"),
)  # fmt: skip


@pytest.mark.parametrize(("text", "path", "value"), ROWS, ids=[f"{at} {row[1]}" for at, row in enumerate(ROWS)])
def test_a_text_says(text: str, path: str, value: Any):
    assert at(read_all(text), path) == value


CLEANED = (
    ("a^[[31mred^[[0m\n", "ared\n"),
    ("a\x1b[31mred\x1b[0m\n", "ared\n"),
    ("o\x08over\n", "over\n"),
    ("a\x00b\u200bc\n", "abc\n"),
    ("_bk;t=1700000000000line\n", "line\n"),
    ("a&nbsp;&lt;b&gt;\n", "a <b>\n"),
    ("driver\uff1a\u3000550\n", "driver: 550\n"),
    ("a\u00a0b\nc\u00a0d\n", "a b\nc d\n"),
    ("app-1  | one\napp-1  | two\napp-1  | three\n", "one\ntwo\nthree\n"),
    ("app-1  | one\napp-1  | two\n", "app-1  | one\napp-1  | two\n"),
    ("1 | one\n2 | two\n3 | three\n4 | four\n", "one\ntwo\nthree\nfour\n"),
    ("1 | one\n2 | two\n9 | nine\n", "1 | one\n2 | two\n9 | nine\n"),
    ("```console\nwords\n```\n", "\nwords\n\n"),
)


@pytest.mark.parametrize(("text", "cleaned"), CLEANED)
def test_what_surrounds_a_text_goes_and_its_lines_stay(text: str, cleaned: str):
    assert clean(text).rstrip("\n") == cleaned.rstrip("\n")


BUILDS = (
    ("2.4.1+cu121", None, "cuda", "12.1"),
    ("2.4.1", "py3.11_cuda12.1_cudnn8.9.2_0", "cudnn", "8.9.2"),
    ("2.4.1", "py3.11_cuda11.8_0", "cuda", "11.8"),
    ("2.4.1+rocm6.1", None, "rocm", "6.1"),
    ("2.8.0+xpu", None, "xpu", "yes"),
)


@pytest.mark.parametrize(("version", "built", "field", "value"), BUILDS)
def test_a_version_tells_its_build(version: str, built: str | None, field: str, value: str):
    assert getattr(build_of(version, built), field) == value


def test_gpus_stand_under_the_vendor_that_their_names_tell():
    found = devices_of(tuple(map(gpu, ("Radeon RX 7900", "Arc A770", "HL-225", "Apple M2 Max", "GeForce GTX 1080"))))
    assert found.amd.gpus[0].name == "Radeon RX 7900"
    assert found.intel.gpus[0].name == "Arc A770"
    assert found.other == ("HL-225",)
    assert found.apple.gpus[0].name == "Apple M2 Max"
    assert found.nvidia.gpus[0].name == "GeForce GTX 1080"


A, B = Gpu(name="NVIDIA L4", index=0), Gpu(name="NVIDIA H200", index=1)
SAME = (
    ((Gpu(name="L4", uuid="GPU-1"),), (Gpu(name="NVIDIA L4", uuid="GPU-1", index=3),), ("NVIDIA L4",)),
    ((Gpu(name="L4", uuid="GPU-1"),), (Gpu(name="L4", uuid="GPU-2", index=1),), ("L4", "L4")),
    ((Gpu(name="L4", pci_address="00000000:0A:00.0"),), (Gpu(name="L4", pci_address="0000:0a:00.0"),), ("L4",)),
    ((A,), (Gpu(name="L4"),), ("NVIDIA L4",)),
    ((A, B), (Gpu(name="L4"),), ("NVIDIA L4", "NVIDIA H200")),
    ((A,), (B,), ("NVIDIA L4", "NVIDIA H200")),
)


@pytest.mark.parametrize(("first", "second", "names"), SAME)
def test_gpus_that_two_readers_name_are_counted_once(
    first: tuple[Gpu, ...], second: tuple[Gpu, ...], names: tuple[str, ...]
):
    one, other = (DeviceFacts(pci=(), apple=AppleFacts(gpus=gpus)) for gpus in (first, second))
    assert tuple(gpu.name for gpu in join(one, other).apple.gpus) == names


MORE: tuple[tuple[str, str, Any], ...] = (
    ("== check python ===\nmachine: x86_64\n", "system.machine", "x86_64"),
    ("== check pips ===\nnothing here\n", "notes", {}),
    ("Platform: Linux-5.15.0-100-generic-x86_64-with-glibc2.35\n", "system.name", "linux"),
    ('{"name": "torch", "version": "2.4.1"}\n{"name": "torch", "version": "2.5.0"}\n', "distributions.0.version", "2.4.1"),
    (">>> torch.cuda.get_device_name(0)\n'NVIDIA L4'\n", "devices.nvidia.gpus.names", ("NVIDIA L4",)),
    (">>> onnxruntime.get_available_providers()\n['CPUExecutionProvider']\n", "notes[providers of ONNX Runtime]", "['CPUExecutionProvider']"),
    (">>> jax.devices()\n[CpuDevice(id=0)]\n", "notes[devices that the framework lists]", "[CpuDevice(id=0)]"),
    ("GPU 0: NVIDIA L4 (UUID: GPU-1)\nNVLink information as all links are inactive\n", "devices.nvidia.gpus.0.name", "NVIDIA L4"),
    ("Distro: Arch\n  Device-1: NVIDIA GA104 driver: nouveau v: kernel\n", "devices.nvidia.gpus.names", ("NVIDIA GA104",)),
    ("uname_result(system='Linux', node='n', release='5.15.0-1', version='#1', machine='x86_64')\nOS: Linux\n", "system.release", "5.15.0-1"),
    ("Error importing torch: No module named 'torch'\n", "notes[missing module]", "torch"),
    ("Error importing torch: libcupti.so.12: cannot open\n", "frameworks[torch].run.error", "libcupti.so.12: cannot open"),
    ("conda version : 24.11.1\nactive environment : base\nsolver : libmamba (default)\npython version : 3.12.7.final.0\n", "notes[conda solver]", "libmamba (default)"),
    ("conda version : 24.11.1\nactive environment : dl\npython version : 3.12.7\nvirtual packages : __cuda=12.4=0\n", "devices.nvidia.cuda_driver", "12.4"),
    ("conda version : 24.11.1\nplatform : osx-arm64\nbase environment : /opt/conda\n", "system.name", "macos"),
    (" Server Version: 27.1.1\n Docker Root Dir: /var/lib/docker\n", "toolchain.docker", "27.1.1"),
    ("Number of platforms 1\n  Platform Name  Intel(R) OpenCL\n  Device Name  Intel(R) Arc(TM) A770 Graphics\n", "devices.intel.gpus.names", ("Intel(R) Arc(TM) A770 Graphics",)),
    ("              total        used        free      shared  buff/cache   available\nSwap:       2000000     0    2000000\n", "memory", Facts().memory),
    ("Filesystem      Size  Used Avail Use% Mounted on\n/dev/sda1       100G   60G   40G  60% /\n", "disks.0.total_bytes", 100 << 30),
    ("<nvidia_smi_log>\n<driver_version>550.54</driver_version>\n<gpu id=\"00000000:01:00.0\">\n<product_name>Tesla T4</product_name>\n<pci/>\n<supported_clocks><value>1</value></supported_clocks>\n</gpu>\n</nvidia_smi_log>\n", "devices.nvidia.gpus.names", ("Tesla T4",)),
    ("torch.version.cuda: 12.4\ntorch.cuda.is_available(): False\n", "frameworks[torch].run.gpu_available", False),
    ("PyTorch version: 2.4.1\nCUDA available: no\ncuDNN version: unknown\n", "frameworks[torch].run.gpu_available", False),
    ("pip 24.0 from /home/a/miniconda3/envs/dl/lib/python3.11/site-packages/pip (python 3.11)\n", "python.environment_name", "dl"),
    ("  File \"C:\\envs\\dl\\Lib\\site-packages\\torch\\x.py\", line 1\n", "system.name", "windows"),
    ("### GPU\n\n### Python version\n\n3.11.4\n", "python.version", "3.11.4"),
    ("SLURM_JOB_ID=1\nRunning on Kaggle\n/kaggle/input/x.csv\n", "container.hosted", "kaggle"),
)  # fmt: skip


@pytest.mark.parametrize(("text", "path", "value"), MORE, ids=[f"{at} {row[1]}" for at, row in enumerate(MORE)])
def test_a_short_text_says(text: str, path: str, value: Any):
    assert at(read_all(text), path) == value
