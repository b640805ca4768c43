"""Layouts that hold pairs without a colon between them, and the banners of programs."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    "text",
    [
        """
        -------------------  ---------------------------
        Python               3.10.2 (default) [GCC 9.4.0]
        PyTorch              2.1.1+cu118 @/env/torch
        -------------------  ---------------------------
        """,
        """
        | What    | Which       |
        |:--------|-------------|
        | Python  | 3.10.2      |
        | PyTorch | 2.1.1+cu118 |
        """,
        "version: v1.2 \u2022 python: 3.10.2 \u2022 torch: 2.1.1+cu118 \u2022 gradio: 4.1.0",
        "{'python_version': '3.10.2', 'torch_version': '2.1.1+cu118', 'ok': True}",
    ],
    ids=["rules", "markdown", "bullets", "dictionary"],
)
def test_a_pair_is_read_in_every_layout(read, text):
    facts = read(text)
    assert (facts.python.version, facts.frameworks["torch"].version) == ("3.10.2", "2.1.1+cu118")


def test_tables_of_wmic(read):
    facts = read(
        """
        C:\\>wmic path win32_videocontroller get name,driverversion
        DriverVersion  Name
        32.0.15.6614   NVIDIA GeForce RTX 2070

        C:\\>wmic cpu get name
        Name
        AMD Ryzen 5 3600 6-Core Processor
        """
    )
    assert [one.name for one in facts.devices.nvidia.gpus] == ["NVIDIA GeForce RTX 2070"]
    assert (facts.devices.nvidia.driver, facts.cpu.brand) == ("566.14", "AMD Ryzen 5 3600 6-Core Processor")


def test_lines_beside_a_logo(read):
    facts = read(
        """
             .::::.          OS: Debian GNU/Linux 12 x86_64
           .:/::::-          Kernel: 6.1.0-26-amd64
          `/::::::/`         CPU: Intel Xeon E-2288G (16) @ 5.000GHz
           -::::::-          Memory: 1800MiB / 64210MiB
        """
    )
    assert (facts.system.release, facts.memory.total_printed) == ("6.1.0-26-amd64", "64210MiB")


def test_banners(read):
    facts = read(
        """
        box1   Mon Feb  3 09:12:45 2025  560.35.03
        [0] NVIDIA RTX A4000 | 41'C,   0 % |   812 / 16376 MB | ana(800M)
        [1] NVIDIA RTX A4000 | 40'C,   0 % |     4 / 16376 MB |
        """
    )
    assert facts.devices.nvidia.driver == "560.35.03"
    assert [(one.index, one.memory_bytes) for one in facts.devices.nvidia.gpus] == [(0, 16376 << 20), (1, 16376 << 20)]
    started = read("Total VRAM 12282 MB, total RAM 32581 MB\npytorch version: 2.5.1+cu124")
    assert started.memory.total_bytes == 32581 << 20
    titled = read("========= bitsandbytes v0.43.1 =========\nCUDASpecs(highest_compute_capability=(8, 9), x=1)")
    assert [(one.name, one.version) for one in titled.distributions] == [("bitsandbytes", "0.43.1")]
    assert titled.notes["highest compute capability"] == "8.9"
    checked = read(
        "Ultralytics 8.3.1 \U0001f680 Python-3.12.4 torch-2.4.1+cpu CPU\nSetup complete (8 CPUs, 15.6 GB RAM, 40.1/50.0 GB disk)"
    )
    assert (checked.python.version, checked.memory.total_printed) == ("3.12.4", "15.6 GB")
    assert "ultralytics" in [one.name for one in checked.distributions]


def test_what_a_session_is_asked_of_any_package(read):
    facts = read(
        """
        >>> import onnxruntime as ort; ort.__version__
        '1.19.2'
        >>> torch.backends.cudnn.version()
        90100
        >>> torch.cuda.get_device_capability()
        (8, 6)
        """
    )
    assert [(one.name, one.version) for one in facts.distributions] == [("onnxruntime", "1.19.2")]
    assert facts.notes["compute capability"] == "8.6"
