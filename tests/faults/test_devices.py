"""Faults of NVIDIA's driver, planted in stand-ins of its libraries that the doctor loads as it would load the real ones."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.faults.planting import Planted, alarms, assert_named

SOURCE = Path(__file__).parents[1] / "devices" / "stub.c"
COMPILER = shutil.which("cc") or shutil.which("gcc")
pytestmark = [pytest.mark.real, pytest.mark.skipif(os.name != "posix", reason="libraries of POSIX")]


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with libnvidia-ml.so.1 and libcuda.so.1 of one release."""
    if COMPILER is None:
        if os.environ.get("CI"):
            pytest.fail("a C compiler is needed for the stand-ins of NVIDIA's libraries")
        pytest.skip("no C compiler: the stand-ins of NVIDIA's libraries cannot be built")
    folder = tmp_path_factory.mktemp("libraries")
    for name in ("libnvidia-ml", "libcuda"):
        real = folder / f"{name}.so.580.95.05"
        subprocess.run(
            [COMPILER, "-shared", "-fPIC", "-w", f"-Wl,-soname,{name}.so.1", "-o", str(real), str(SOURCE)], check=True
        )
        (folder / f"{name}.so.1").symlink_to(real.name)
    return folder


@pytest.fixture
def planted(tmp_path: Path) -> Planted:
    """PyTorch built for CUDA 13.0, which the driver serves."""
    planted = Planted(tmp_path)
    (planted.site / "torch" / "version.py").write_text("__version__ = '2.13.0+cu130'\ncuda: str = '13.0'\nhip = None\n")
    return planted


FAULTS = [
    ("libraries and kernel module of two releases", "mismatch", {}, "driver-library-mismatch", "error"),
    ("NVML refuses this user", "forbidden", {}, "nvidia-device-permission", "error"),
    ("a card is lost", "lost", {}, "gpu-fallen-off-bus", "error"),
    ("the driver hangs", "hang", {}, "driver-defect", "error"),
    ("the driver hangs at its first card", "slow device", {}, "driver-defect", "error"),
    ("the driver's libraries crash", "crash", {}, "driver-defect", "error"),
    ("too hot", "hot", {}, "gpu-throttled", "error"),
    ("uncorrectable memory errors", "ecc", {}, "gpu-ecc-error", "error"),
    ("the InfoROM is corrupted", "inforom", {}, "inforom-corrupt", "warning"),
    ("reserved for one process", "exclusive", {}, "gpu-exclusive-compute-mode", "note"),
    ("the fabric is not up", "fabric", {}, "fabric-manager-not-running", "error"),
    ("CUDA_VISIBLE_DEVICES empty", "", {"CUDA_VISIBLE_DEVICES": ""}, "cuda-visible-devices-hides-gpu", "warning"),
    ("CUDA_VISIBLE_DEVICES=-1", "", {"CUDA_VISIBLE_DEVICES": "-1"}, "cuda-visible-devices-hides-gpu", "warning"),
    ("CUDA_VISIBLE_DEVICES=NoDevFiles", "", {"CUDA_VISIBLE_DEVICES": "NoDevFiles"}, "cuda-visible-devices-hides-gpu", "warning"),
    ("CUDA_VISIBLE_DEVICES names a third of two", "", {"CUDA_VISIBLE_DEVICES": "2"}, "cuda-visible-devices-hides-gpu", "error"),
    ("CUDA_VISIBLE_DEVICES names an unknown UUID", "", {"CUDA_VISIBLE_DEVICES": "GPU-nobody"}, "cuda-visible-devices-hides-gpu", "error"),
    ("CUDA_VISIBLE_DEVICES names an ambiguous UUID", "", {"CUDA_VISIBLE_DEVICES": "GPU-"}, "cuda-visible-devices-hides-gpu", "error"),
    ("CUDA_VISIBLE_DEVICES names no MIG instance", "mig", {"CUDA_VISIBLE_DEVICES": "MIG-nobody"}, "cuda-visible-devices-hides-gpu", "error"),
    ("CUDA_VISIBLE_DEVICES=cuda:0", "", {"CUDA_VISIBLE_DEVICES": "cuda:0"}, "cuda-visible-devices-hides-gpu", "error"),
    ("CUDA_VISIBLE_DEVICES=all", "", {"CUDA_VISIBLE_DEVICES": "all"}, "cuda-visible-devices-hides-gpu", "error"),
    ("a scheduler gave no GPU", "", {"CUDA_VISIBLE_DEVICES": "", "SLURM_JOB_ID": "7"}, "scheduler-gave-no-gpu", "error"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "fault", "variables", "cause", "severity"), FAULTS, ids=[row[0] for row in FAULTS])
def test_driver(what, fault, variables, cause, severity, planted: Planted, libraries: Path):
    begun = time.monotonic()
    document = planted.examine(
        "--quick", "--timeout", "5", LD_LIBRARY_PATH=str(libraries), DLCHECK_STUB=fault, **variables
    )
    assert_named(document, cause, severity)
    assert time.monotonic() - begun < 25


HEALTHY = [
    ("two cards", "", {}),
    ("cards in MIG mode with an instance", "mig", {}),
    ("the first card chosen by number", "", {"CUDA_VISIBLE_DEVICES": "0"}),
    ("both in the other order", "", {"CUDA_VISIBLE_DEVICES": "1,0"}),
    ("a card chosen by its UUID", "", {"CUDA_VISIBLE_DEVICES": "GPU-two"}),
    ("a card chosen by the beginning of its UUID", "", {"CUDA_VISIBLE_DEVICES": "GPU-t"}),
    ("a MIG instance chosen", "mig", {"CUDA_VISIBLE_DEVICES": "MIG-one"}),
    ("one of two given by a scheduler", "", {"CUDA_VISIBLE_DEVICES": "1", "SLURM_JOB_ID": "7"}),
    ("driver libraries in an image on a machine without a card", "unloaded", {}),
]


@pytest.mark.parametrize(("what", "fault", "variables"), HEALTHY, ids=[row[0] for row in HEALTHY])
def test_a_healthy_driver_gives_no_alarm(what, fault, variables, planted: Planted, libraries: Path):
    document = planted.examine("--quick", LD_LIBRARY_PATH=str(libraries), DLCHECK_STUB=fault, **variables)
    assert alarms(document) == {}
    assert document["exit_code"] == 0


def test_a_cpu_build_beside_a_working_driver(tmp_path: Path, libraries: Path):
    planted = Planted(tmp_path)
    (planted.site / "torch" / "version.py").write_text("__version__ = '2.13.0+cpu'\ncuda = None\nhip = None\n")
    assert_named(planted.examine("--quick", LD_LIBRARY_PATH=str(libraries), DLCHECK_STUB=""), "cpu-only-build", "error")


def test_a_driver_too_old_for_the_build(tmp_path: Path, libraries: Path):
    """The stand-in is of release 580, which serves CUDA 13.0; this build asks for a CUDA of a later line."""
    planted = Planted(tmp_path)
    (planted.site / "torch" / "version.py").write_text("__version__ = '3.0.0+cu140'\ncuda: str = '14.0'\nhip = None\n")
    assert_named(planted.examine("--quick", LD_LIBRARY_PATH=str(libraries), DLCHECK_STUB=""), "driver-too-old", "error")
