"""NVML and libcuda asked for real, through stand-ins built with cc: well, sick, forbidden, hanging, crashing, old."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from dlcheck.devices import Look
from dlcheck.model.device_facts import DeviceFacts, NvidiaFacts
from dlcheck.model.fact import Unknown

SOURCE = Path(__file__).with_name("stub.c")
COMPILER = shutil.which("cc") or shutil.which("gcc")


def build(folder: Path, *flags: str) -> Path:
    """A folder with both libraries, under the names the loader looks for."""
    assert COMPILER is not None
    for name in ("libnvidia-ml", "libcuda"):
        real = folder / f"{name}.so.580.95.05"
        subprocess.run(
            [COMPILER, "-shared", "-fPIC", "-w", *flags, "-Wl,-soname," + name + ".so.1", "-o", str(real), str(SOURCE)],
            check=True,
        )
        (folder / f"{name}.so.1").symlink_to(real.name)
    return folder


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if COMPILER is None:
        if os.environ.get("CI"):
            pytest.fail("a C compiler is needed for the stand-ins of NVIDIA's libraries")
        pytest.skip("no C compiler: the stand-ins of NVIDIA's libraries cannot be built")
    return build(tmp_path_factory.mktemp("libraries"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A machine without anything of NVIDIA's but the stand-ins."""
    (tmp_path / "sys" / "class").mkdir(parents=True)
    return tmp_path


def look(
    monkeypatch: pytest.MonkeyPatch, root: Path, libraries: Path, fault: str = "", timeout: float = 30.0
) -> DeviceFacts:
    monkeypatch.setenv("LD_LIBRARY_PATH", str(libraries))
    monkeypatch.setenv("DLCHECK_STUB", fault)
    return Look(timeout, root=str(root)).wait()


def nvidia(facts: DeviceFacts) -> NvidiaFacts:
    assert isinstance(facts.nvidia, NvidiaFacts)
    return facts.nvidia


def test_a_healthy_gpu_is_described(monkeypatch, root, libraries):
    found = nvidia(look(monkeypatch, root, libraries))
    assert found.driver == "580.95.05"
    assert found.cuda_driver == "13.0"
    assert (found.nvml.code, found.libcuda.code, found.cuda_devices) == (0, 0, 2)
    assert found.nvml.path == str(libraries / "libnvidia-ml.so.580.95.05")
    assert found.libraries[str(libraries / "libcuda.so.580.95.05")] == "580.95.05"
    first = found.gpus[0]
    assert (first.name, first.uuid, first.pci_address) == ("NVIDIA Stub 100", "GPU-one", "0000:01:00.0")
    assert (first.architecture, first.memory_bytes, first.memory_free_bytes) == ("9.0", 1000, 400)
    assert (first.temperature, first.utilization_percent, first.persistence) == (40.0, 7.0, True)
    assert (first.throttle_reasons, first.ecc_uncorrected, first.mig_enabled) == (("gpu_idle",), 0, False)
    assert (first.compute_mode, first.inforom, first.lost) == ("default", "valid", False)
    assert [one.architecture for one in found.cuda_gpus] == ["9.0", "9.0"]


@pytest.mark.parametrize(
    ("fault", "code", "error", "cuda"),
    [
        ("mismatch", 18, "NVML_ERROR_LIB_RM_VERSION_MISMATCH", 803),
        ("unloaded", 9, "NVML_ERROR_DRIVER_NOT_LOADED", 100),
        ("forbidden", 4, "NVML_ERROR_NO_PERMISSION", 0),
        ("unknown", 999, "NVML_ERROR_UNKNOWN", 999),
        ("fabric", 0, None, 802),
    ],
)
def test_return_codes_are_kept(monkeypatch, root, libraries, fault, code, error, cuda):
    found = nvidia(look(monkeypatch, root, libraries, fault))
    assert (found.nvml.code, found.nvml.error, found.libcuda.code) == (code, error, cuda)
    if code:
        assert isinstance(found.gpus, Unknown)


def test_a_lost_gpu_leaves_the_others(monkeypatch, root, libraries):
    found = nvidia(look(monkeypatch, root, libraries, "lost"))
    assert [one.lost for one in found.gpus] == [True, True]
    assert found.gpus[0].uuid == "GPU-one"
    assert isinstance(found.gpus[1].recovery_action, Unknown)
    assert found.gpus[1].recovery_action.why == "NVML_ERROR_GPU_IS_LOST"


def test_no_gpu_at_all(monkeypatch, root, libraries):
    found = nvidia(look(monkeypatch, root, libraries, "empty"))
    assert found.nvml.code == 0
    assert found.gpus == ()


@pytest.mark.parametrize(
    ("fault", "field", "value"),
    [
        ("ecc", "ecc_uncorrected", 3),
        ("ecc", "rows_remapped_pending", True),
        ("hot", "throttle_reasons", ("sw_thermal_slowdown", "hw_thermal_slowdown")),
        ("hot", "temperature", 95.0),
        ("mig", "mig_uuids", ("MIG-one",)),
        ("mig", "mig_devices", 1),
        ("exclusive", "compute_mode", "exclusive_process"),
        ("inforom", "inforom", "corrupted"),
    ],
)
def test_what_ails_a_gpu(monkeypatch, root, libraries, fault, field, value):
    assert getattr(nvidia(look(monkeypatch, root, libraries, fault)).gpus[0], field) == value


def test_a_driver_that_hangs_costs_the_time_limit_and_no_more(monkeypatch, root, libraries):
    start = time.monotonic()
    found = nvidia(look(monkeypatch, root, libraries, "hang", timeout=2.0))
    assert time.monotonic() - start < 6.0
    assert (found.nvml.ended, found.nvml.stage) == ("timeout", "init")
    assert (found.libcuda.ended, found.libcuda.stage) == ("timeout", "init")
    assert isinstance(found.gpus, Unknown)


def test_a_device_that_hangs_leaves_its_stage(monkeypatch, root, libraries):
    found = nvidia(look(monkeypatch, root, libraries, "slow device", timeout=3.0))
    assert (found.nvml.ended, found.nvml.stage) == ("timeout", "device 0")
    assert found.driver == "580.95.05"


def test_a_driver_that_crashes_takes_nobody_with_it(monkeypatch, root, libraries):
    found = nvidia(look(monkeypatch, root, libraries, "crash"))
    assert (found.nvml.ended, found.nvml.stage) == ("SIGABRT", "init")
    assert (found.libcuda.ended, found.libcuda.stage) == ("SIGABRT", "init")


def test_an_old_driver_lacks_functions(monkeypatch, root, libraries, tmp_path_factory):
    old = build(tmp_path_factory.mktemp("old"), "-DWITHOUT_SYMBOLS")
    found = nvidia(look(monkeypatch, root, old))
    assert found.nvml.code == 0
    assert (found.gpus[0].architecture, found.gpus[0].throttle_reasons) == (None, ())


def test_a_library_that_is_none(monkeypatch, root, tmp_path):
    for name in ("libnvidia-ml.so.1", "libcuda.so.1"):
        (tmp_path / name).write_text("no library")
    found = nvidia(look(monkeypatch, root, tmp_path))
    assert found.nvml.code is None
    assert "libnvidia-ml.so.1" in found.nvml.error
    assert found.libcuda.code is None


def test_nothing_of_nvidia_starts_no_child(monkeypatch, root):
    monkeypatch.setattr("dlcheck.devices.Question", None)
    found = Look(5.0, root=str(root), loader_path="").wait()
    assert found == DeviceFacts(pci=())
