"""collect_env's layouts, composed here: the labels are PyTorch's, the machines are nobody's."""

from __future__ import annotations

import pytest

from dlcheck.model.device_facts import DeviceFacts, NvidiaFacts
from dlcheck.model.fact import Unknown
from dlcheck.readers import read_all

NEW = """Collecting environment information...
PyTorch version: 2.4.0+cu121
Is debug build: False
CUDA used to build PyTorch: 12.1
ROCM used to build PyTorch: N/A

OS: Debian GNU/Linux 12 (bookworm) (x86_64)
GCC version: (Debian 12.2.0-14) 12.2.0
Clang version: Could not collect
CMake version: version 3.25.1
Libc version: glibc-2.36

Python version: 3.11.2 (main, Mar 13 2023, 12:18:29) [GCC 12.2.0] (64-bit runtime)
Python platform: Linux-6.1.0-18-amd64-x86_64-with-glibc2.36
Is CUDA available: True
CUDA runtime version: 11.8.89
GPU models and configuration:
GPU 0: NVIDIA RTX A4500
GPU 1: NVIDIA RTX A4500

Nvidia driver version: 545.23.08
cuDNN version: Probably one of the following:
/usr/lib/x86_64-linux-gnu/libcudnn.so.8.9.2
/usr/lib/x86_64-linux-gnu/libcudnn_adv_infer.so.8.9.2
Is XNNPACK available: True
"""
OLD = """PyTorch version: 1.1.0
Is debug build: No
CUDA used to build PyTorch: None

OS: Mac OSX 10.14.5
GCC version: Could not collect
CMake version: Could not collect

Python version: 3.7
Is CUDA available: No
CUDA runtime version: No CUDA
GPU models and configuration: No CUDA
Nvidia driver version: No CUDA
cuDNN version: No CUDA
"""


def nvidia_of(text: str) -> NvidiaFacts:
    devices = read_all(text).devices
    assert isinstance(devices, DeviceFacts)
    assert isinstance(devices.nvidia, NvidiaFacts)
    return devices.nvidia


def test_new_layout():
    facts = read_all(NEW)
    torch = facts.frameworks["torch"]
    assert (torch.version, torch.build.cuda, torch.build.debug) == ("2.4.0+cu121", "12.1", False)
    assert torch.run.gpu_available is True
    assert facts.system.distribution == "Debian GNU/Linux 12 (bookworm) (x86_64)"
    assert (facts.system.name, facts.system.machine, facts.system.libc) == ("linux", "x86_64", "glibc-2.36")
    assert (facts.python.version, facts.python.bits) == ("3.11.2", 64)
    assert facts.toolchain.gcc == "(Debian 12.2.0-14) 12.2.0"
    assert facts.toolchain.nvcc == "11.8.89"
    assert "libcudnn.so.8.9.2" in facts.toolchain.cudnn
    nvidia = nvidia_of(NEW)
    assert nvidia.driver == "545.23.08"
    assert [(gpu.index, gpu.name) for gpu in nvidia.gpus] == [(0, "NVIDIA RTX A4500"), (1, "NVIDIA RTX A4500")]


def test_what_collect_env_could_not_see_stays_unknown():
    facts = read_all(NEW)
    assert isinstance(facts.toolchain.clang, Unknown)
    assert isinstance(nvidia_of(NEW).module, Unknown)
    assert isinstance(facts.memory, Unknown)


def test_old_layout_without_a_gpu():
    facts = read_all(OLD)
    assert facts.frameworks["torch"].version == "1.1.0"
    assert isinstance(facts.frameworks["torch"].run, Unknown), "CUDA is not asked for on a Mac, and MPS is not named"
    assert (facts.system.name, facts.python.version) == ("macos", "3.7")
    assert isinstance(facts.devices.nvidia, Unknown)


@pytest.mark.parametrize(
    "dress",
    [
        lambda line: f"> {line}",
        lambda line: f"2025-03-04T05:06:07.1234567Z {line}",
        lambda line: f"\x1b[32m{line}\x1b[0m",
        lambda line: f"{line}\r",
        lambda line: f"    {line}",
    ],
    ids=["quoted", "stamped", "coloured", "carriage returns", "indented"],
)
def test_dressed_texts_read_alike(dress):
    assert read_all("\n".join(dress(line) for line in NEW.splitlines())) == read_all(NEW)


def test_numbered_lines_read_alike():
    assert read_all("\n".join(f"{at:4} | {line}" for at, line in enumerate(NEW.splitlines(), 1))) == read_all(NEW)


@pytest.mark.parametrize("length", range(0, len(NEW), 61))
def test_cut_off_texts_are_read_as_far_as_they_go(length):
    read_all(NEW[:length])
    read_all(NEW[length:])


def test_a_mac_names_its_processor_below_the_label():
    assert read_all(OLD + "\nCPU:\nApple M2 Pro\n").cpu.brand == "Apple M2 Pro"


def test_xpu_build_is_no_cpu_build():
    facts = read_all(
        "PyTorch version: 2.8.0+xpu\nCUDA used to build PyTorch: None\nIs CUDA available: False\nIs XPU available: True\n"
    )
    assert facts.frameworks["torch"].build.xpu == "yes"
    assert facts.frameworks["torch"].run.gpu_available is True
