"""Healthy machines as reports describe them, composed here: nothing is wrong, so nothing is diagnosed."""

from __future__ import annotations

import pytest

from dlcheck.diagnose import diagnose_text

WINDOWS_TABLE = """+---------------------------------------------------------------------------------------+
| NVIDIA-SMI 537.58                 Driver Version: 537.58       CUDA Version: 12.2     |
|-----------------------------------------+----------------------+----------------------+
| GPU  Name                     TCC/WDDM  | Bus-Id        Disp.A | Volatile Uncorr. ECC |
| Fan  Temp   Perf          Pwr:Usage/Cap |         Memory-Usage | GPU-Util  Compute M. |
|=========================================+======================+======================|
|   0  NVIDIA GeForce RTX 3050      WDDM  | 00000000:01:00.0  On |                  N/A |
|  0%   38C    P8              9W / 130W  |    611MiB /  8192MiB |      3%      Default |
+-----------------------------------------+----------------------+----------------------+
"""
DETECTRON_RULES = """-------------------  -----------------------------------------------
sys.platform         linux
Python               3.9.12 (main, Apr  5 2022, 06:56:58) [GCC 7.5.0]
PyTorch              1.12.0 @/opt/env/lib/python3.9/site-packages/torch
PyTorch debug build  False
GPU available        Yes
GPU 0                NVIDIA A10 (arch=8.6)
Driver version       515.65.01
DETECTRON2_MODULE    not set
torchvision          0.13.0 @/opt/env/lib/python3.9/site-packages/torchvision
torchvision arch flags  3.5, 5.0, 6.0, 7.0, 7.5, 8.0, 8.6
-------------------  -----------------------------------------------
"""
VLLM = """Collecting environment information...
==============================
        System Info
==============================
OS                           : Ubuntu 22.04.5 LTS (x86_64)
GCC version                  : (Ubuntu 11.4.0-1ubuntu1~22.04) 11.4.0
Clang version                : Could not collect
CMake version                : version 3.30.3
Libc version                 : glibc-2.35

==============================
       PyTorch Info
==============================
PyTorch version              : 2.7.0+cu126
Is debug build               : False
CUDA used to build PyTorch   : 12.6
ROCM used to build PyTorch   : N/A

==============================
      Python Environment
==============================
Python version               : 3.12.10 (main, Apr  9 2025, 08:55:05) [GCC 11.4.0] (64-bit runtime)
Python platform              : Linux-5.15.0-139-generic-x86_64-with-glibc2.35

==============================
       CUDA / GPU Info
==============================
Is CUDA available            : True
CUDA runtime version         : 12.8.93
CUDA_MODULE_LOADING set to   : LAZY
GPU models and configuration :
GPU 0: NVIDIA A40
GPU 1: NVIDIA A40

Nvidia driver version        : 570.133.20
cuDNN version                : Could not collect
HIP runtime version          : N/A

==============================
          CPU Info
==============================
Architecture:                         x86_64
CPU(s):                               64
Vendor ID:                            GenuineIntel
Model name:                           Intel(R) Xeon(R) Gold 6326 CPU @ 2.90GHz
Thread(s) per core:                   2
Core(s) per socket:                   16
Socket(s):                            2

==============================
Versions of relevant libraries
==============================
[pip3] numpy==2.2.5
[pip3] torch==2.7.0+cu126
[conda] Could not collect

==============================
         vLLM Info
==============================
ROCM Version                 : Could not collect
Neuron SDK Version           : N/A
vLLM Version                 : 0.9.1
vLLM Build Flags:
  CUDA Archs: Not Set; ROCm: Disabled; Neuron: Disabled
"""
TF_ENV = """
== check python ===================================================
python version: 3.7.10
python branch:
python build version: ('default', 'Jun  4 2021 14:48:32')
python compiler version: GCC 7.5.0
python implementation: CPython


== check os platform ===============================================
os: Linux
os kernel version: #86~18.04.1-Ubuntu SMP Fri Jun 18 01:23:22 UTC 2021
os release version: 5.4.0-77-generic
os platform: Linux-5.4.0-77-generic-x86_64-with-debian-buster-sid
linux distribution: ('debian', 'buster/sid', '')
linux os distribution: ('debian', 'buster/sid', '')
mac version: ('', ('', '', ''), '')
uname: uname_result(system='Linux', node='n', release='5.4.0-77-generic', version='#86', machine='x86_64', processor='x86_64')
architecture: ('64bit', '')
machine: x86_64


== are we in docker =============================================
No

== compiler =====================================================
c++ (Ubuntu 7.5.0-3ubuntu1~18.04) 7.5.0
Copyright (C) 2017 Free Software Foundation, Inc.

== check pips ===================================================
numpy                         1.19.5
protobuf                      3.17.3
tensorflow-gpu                2.5.0
tensorflow-estimator          2.5.0

== check for virtualenv =========================================
False

== tensorflow import ============================================
tf.version.VERSION = 2.5.0
tf.version.GIT_VERSION = v2.5.0-rc3-213-ga4dfb8d1a71
tf.version.COMPILER_VERSION = 7.3.1 20180303

== env ==========================================================
LD_LIBRARY_PATH /usr/local/cuda-11.2/lib64
DYLD_LIBRARY_PATH is unset

== cuda libs  ===================================================
/usr/local/cuda-11.2/targets/x86_64-linux/lib/libcudart.so.11.2.152
"""
DETECTRON = """----------------------  ---------------------------------------------------------------
sys.platform            linux
Python                  3.8.10 (default, Nov 26 2021, 20:14:08) [GCC 9.3.0]
numpy                   1.21.4
detectron2              0.6 @/usr/local/lib/python3.8/dist-packages/detectron2
Compiler                GCC 7.3
CUDA compiler           CUDA 11.1
PyTorch                 1.10.0+cu111 @/usr/local/lib/python3.8/dist-packages/torch
PyTorch debug build     False
GPU available           Yes
GPU 0                   Tesla P100-PCIE-16GB (arch=6.0)
Driver version          460.32.03
CUDA_HOME               /usr/local/cuda
Pillow                  7.1.2
torchvision             0.11.1+cu111 @/usr/local/lib/python3.8/dist-packages/torchvision
cv2                     4.1.2
----------------------  ---------------------------------------------------------------
"""
JAX = """jax:    0.4.31
jaxlib: 0.4.31
numpy:  1.26.4
python: 3.10.14 (main, Apr  6 2024, 18:45:05) [GCC 9.4.0]
device info: NVIDIA A100-SXM4-40GB-2, 2 local devices"
process_count: 1
platform: uname_result(system='Linux', node='b', release='5.15.0-105-generic', version='#115', machine='x86_64')
"""
XPU = """PyTorch version: 2.8.0+xpu
Is debug build: False
CUDA used to build PyTorch: None
ROCM used to build PyTorch: N/A
OS: Ubuntu 24.04.2 LTS (x86_64)
Python version: 3.11.12 (main, Apr  9 2025, 08:55:54) [GCC 13.3.0] (64-bit runtime)
Is CUDA available: False
Is XPU available: True
XPU used to build PyTorch: 20250100
Intel GPU driver version:
* intel_opencl:	25.18.33578.15-1146~24.04
* level_zero:	1.21.9.0-1136~24.04
Intel GPU models onboard:
* Intel(R) Arc(TM) B580 Graphics
Intel GPU models detected:
* [0] _XpuDeviceProperties(name='Intel(R) Arc(TM) B580 Graphics', platform_name='Intel(R) oneAPI Unified Runtime over Level-Zero V2', type='gpu', driver_version='1.6.33578+15', total_memory=11605MB, max_compute_units=160)
"""
DEEPSPEED = """[2024-03-01 10:00:00,773] [INFO] [real_accelerator.py:161:get_accelerator] Setting ds_accelerator to cuda (auto detect)
--------------------------------------------------
DeepSpeed C++/CUDA extension op report
--------------------------------------------------
NOTE: Ops not installed will be just-in-time (JIT) compiled at
      runtime if needed. Op compatibility means that your system
      meet the required dependencies to JIT install the op.
--------------------------------------------------
JIT compiled ops requires ninja
ninja .................. [OKAY]
--------------------------------------------------
op name ................ installed .. compatible
--------------------------------------------------
 [WARNING]  async_io requires the dev libaio .so object and headers but these were not found.
 [WARNING]  async_io: please install the libaio-dev package with apt
async_io ............... [NO] ....... [NO]
fused_adam ............. [NO] ....... [OKAY]
cpu_adam ............... [NO] ....... [OKAY]
 [WARNING]  sparse_attn requires a torch version >= 1.5 and < 2.0 but detected 2.2
 [WARNING]  using untested triton version (2.2.0), only 1.0.0 is known to be compatible
sparse_attn ............ [NO] ....... [NO]
--------------------------------------------------
DeepSpeed general environment info:
torch install path ............... ['/opt/venv/lib/python3.10/site-packages/torch']
torch version .................... 2.2.1+cu121
deepspeed install path ........... ['/opt/venv/lib/python3.10/site-packages/deepspeed']
deepspeed info ................... 0.13.4, unknown, unknown
torch cuda version ............... 12.1
torch hip version ................ None
nvcc version ..................... 12.1
deepspeed wheel compiled w. ...... torch 2.2, cuda 12.1
shared memory (/dev/shm) size .... 251.50 GB
"""


@pytest.mark.parametrize(
    "text",
    [VLLM, TF_ENV, DETECTRON, DETECTRON_RULES, WINDOWS_TABLE, JAX, XPU, DEEPSPEED],
    ids=[
        "collect_env of vLLM",
        "tf_env",
        "detectron2",
        "detectron2 between rules",
        "nvidia-smi on Windows",
        "JAX",
        "XPU build",
        "ds_report",
    ],
)
def test_a_healthy_report_gets_no_diagnosis(text):
    assert [one.cause for one in diagnose_text(text).diagnoses] == []


@pytest.mark.parametrize(
    "error",
    [
        "ValueError: operand is larger than the maximum int32 index",
        "RuntimeError: none of the inputs has requires_grad=True",
        "RuntimeError: virtual CPUs were set before and cannot be set again",
        "ValueError: invalid distribution for the initializer: triangular",
        "ValueError: padding is not supported by OpenVINO for this shape",
        "ValueError: loading across versions: forward compatibility is not promised for this checkpoint",
        "NotImplementedError: cannot deserialize effect type Ordered",
        "CompressionError: unsupported compression method 97",
        "RuntimeError: The size of tensor a (3) must match the size of tensor b (4) at non-singleton dimension 1",
        "TypeError: fit() missing 1 required positional argument: 'y'",
    ],
)
def test_a_mistake_in_a_program_is_no_cause_of_the_machine(error: str):
    """Words that drivers, installers and Keras use in other senses."""
    frames = 'Traceback (most recent call last):\n  File "train.py", line 12, in <module>\n    model.fit(x, y)\n'
    assert [one.cause for one in diagnose_text(frames + error).diagnoses if one.confidence >= 0.5] == []


def test_memory_that_another_process_holds_is_told_from_a_card_kept_for_one():
    text = (
        "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.00 GiB. GPU 0 has a total capacity of 11.76 GiB of "
        "which 210.00 MiB is free. Process 913 has 8.41 GiB memory in use. Including non-PyTorch memory, this process has "
        "3.10 GiB memory in use."
    )
    assert [one.cause for one in diagnose_text(text).diagnoses][:2] == ["gpu-memory-already-taken", "gpu-out-of-memory"]
