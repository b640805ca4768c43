"""Facts of a pasted text, judged by the doctor's rules: what they may say, and what silence never proves."""

from __future__ import annotations

import pytest

from dlcheck.diagnose import diagnose_text

OLD_PROCESSOR = """processor\t: 0
vendor_id\t: GenuineIntel
model name\t: Intel(R) Core(TM)2 Duo CPU     T7300  @ 2.00GHz
flags\t\t: fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat sse sse2 ht tm pbe syscall nx lm ssse3 cx16
"""
NEW_PROCESSOR = OLD_PROCESSOR.replace("ssse3", "ssse3 avx avx2 fma")
HEALTHY = """PyTorch version: 2.6.0+cu124
Is debug build: False
CUDA used to build PyTorch: 12.4
OS: Ubuntu 24.04.1 LTS (x86_64)
Python version: 3.12.3 (main, Nov  6 2024, 18:32:19) [GCC 13.2.0] (64-bit runtime)
Is CUDA available: True
GPU models and configuration: GPU 0: NVIDIA GeForce RTX 4070
Nvidia driver version: 560.35.03
cuDNN version: /usr/lib/x86_64-linux-gnu/libcudnn.so.8.9.7
Versions of relevant libraries:
[pip3] numpy==1.26.4
[pip3] torch==2.6.0+cu124
[pip3] torchvision==0.21.0+cu124
[conda] Could not collect
"""


def test_a_processor_without_avx_is_told_by_its_flags():
    report = diagnose_text(OLD_PROCESSOR)
    assert [one.cause for one in report.diagnoses] == ["cpu-lacks-avx"]
    assert report.diagnoses[0].confidence <= 0.6, "nothing was said to fail"


def test_a_processor_with_avx_is_no_cause():
    assert diagnose_text(NEW_PROCESSOR).diagnoses == ()


def test_a_healthy_description_gets_no_diagnosis():
    assert diagnose_text(HEALTHY).diagnoses == ()


def test_an_error_beside_a_description_is_the_cause():
    text = HEALTHY + "\nRuntimeError: CUDA error: uncorrectable ECC error encountered\n"
    assert diagnose_text(text).diagnoses[0].cause == "gpu-ecc-error"


def listed(*packages: str) -> list[str]:
    """Causes named for a list of packages as pip freeze writes it."""
    return [one.cause for one in diagnose_text("\n".join(packages) + "\n").diagnoses]


@pytest.mark.parametrize(
    ("packages", "cause"),
    [
        (("torch==2.4.0", "torchvision==0.18.0", "pillow==10.4.0"), "torch-companion-mismatch"),
        (("torch==2.4.0", "torchaudio==2.3.0", "pillow==10.4.0"), "torch-companion-mismatch"),
        (("tensorflow==2.15.0", "keras==3.0.1"), "keras-tf-version-mismatch"),
        (("tensorflow==2.16.1", "keras==2.15.0"), "keras-tf-version-mismatch"),
        (("jax==0.4.30", "jaxlib==0.4.31"), "jax-jaxlib-mismatch"),
    ],
)
def test_a_list_of_packages_that_do_not_belong_together(packages: tuple[str, ...], cause: str):
    assert listed(*packages)[:1] == [cause]


@pytest.mark.parametrize(
    "packages",
    [
        ("torch==2.13.0+cu130", "torchvision==0.28.0+cu130", "torchaudio==2.11.0", "numpy==2.3.0"),
        ("torch==2.15.0", "torchvision==0.29.2", "numpy==2.3.0"),
        ("torch==2.0.0", "torchvision==0.15.1", "torchaudio==2.0.1", "numpy==1.26.4"),
        ("torch==1.13.1", "torchvision==0.14.1", "torchaudio==0.13.1", "numpy==1.24.4"),
        ("tensorflow==2.15.0", "keras==2.15.0"),
        ("tensorflow==2.21.0", "keras==3.15.1"),
        ("tensorflow==2.5.0", "keras-nightly==2.5.0.dev2021032900"),
        ("jax==0.10.2", "jaxlib==0.10.1"),
        ("torchvision==0.18.0", "numpy==1.26.4"),
    ],
)
def test_a_list_of_packages_that_fit_or_that_nobody_can_tell(packages: tuple[str, ...]):
    assert listed(*packages) == []


@pytest.mark.parametrize(
    ("vision", "torch", "named"),
    [
        ("0.15.2+cu118", "2.1.0+cu118", True),
        ("0.15.0.dev20221104", "1.14.0.dev20221104", False),
        ("0.12.0a0+c6c1fb6", "1.12.0a0+git539acb2", False),
    ],
)
def test_only_releases_are_known_to_ask_for_each_other(vision: str, torch: str, named: bool):
    text = f"numpy==1.26.4\npillow==10.0.0\nrequests==2.31.0\ntorch=={torch}\ntorchvision=={vision}\n"
    assert ("torch-companion-mismatch" in [one.cause for one in diagnose_text(text).diagnoses]) is named
