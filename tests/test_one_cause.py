"""Ten symptoms, one cause: what the report names, and what it folds under it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dlcheck.checks import RULES
from dlcheck.checks.judge import fold, primary
from dlcheck.data import cause
from dlcheck.doctor import make_report
from dlcheck.model.device_facts import DeviceFacts, DriverCall, Gpu, NvidiaFacts, PciDevice
from dlcheck.model.finding import Finding, Status, Verdict
from dlcheck.model.profile import Severity
from dlcheck.model.report import Report, Target
from dlcheck.model.style import Style
from dlcheck.renderers import RENDERERS
from tests.well import LEARN, WELL

CARD = PciDevice(
    address="0000:01:00.0", vendor="10de", device="2786", device_class="030000", driver="nvidia", name="RTX 4070"
)
GPU = Gpu(name="NVIDIA GeForce RTX 4070", index=0, architecture="8.9", memory_bytes=12_878_610_432)
DRIVEN = NvidiaFacts(
    driver="580.65.06",
    module="580.65.06",
    cuda_driver="13.0",
    nvml=DriverCall(library="libnvidia-ml.so.1", code=0),
    libcuda=DriverCall(library="libcuda.so.1", code=0),
    cuda_devices=1,
    gpus=(GPU,),
    cuda_gpus=(GPU,),
    nodes={"/dev/nvidia0": "ok", "/dev/nvidiactl": "ok", "/dev/nvidia-uvm": "ok"},
)


def with_nvidia(**changes: object) -> Report:
    devices = DeviceFacts(pci=(CARD,), nvidia=replace(DRIVEN, **changes))
    target = Target(python="/env/bin/python", chosen_by="VIRTUAL_ENV", environment="/env")
    return make_report(replace(WELL, devices=devices), LEARN, RULES, target=target)


def test_a_cpu_build_beside_a_gpu_is_one_cause_with_the_commands_of_both_frameworks():
    report = with_nvidia()
    assert report.primary_causes == ("cpu-only-build",)
    text = RENDERERS["text"](report, Style(width=80))
    assert text.count("CAUSE") == 1
    assert "\n           dlcheck install torch --accelerator cu126\n" in text
    assert "\n           /env/bin/python -m pip install 'tensorflow[and-cuda]'\n" in text
    assert ".." not in text
    assert "VARIANT" not in text


def verdict(slug: str, severity: Severity = Severity.ERROR, because_of: tuple[str, ...] = ()) -> Verdict:
    found = Finding(cause=slug, message=slug, because_of=because_of)
    return Verdict(
        code="DL999", title="", group="", subject="", status=Status.FAILED, severity=severity, findings=(found,)
    )


def primary_of(*slugs: str) -> tuple[str, ...]:
    return primary(fold([verdict(slug) for slug in slugs], cause))


@pytest.mark.parametrize(
    ("found", "root"),
    [
        (
            ("nvidia-module-not-loaded", "secure-boot-rejects-module", "gpu-not-seen-by-framework"),
            "secure-boot-rejects-module",
        ),
        (("import-raises", "numpy-abi-mismatch", "gpu-not-seen-by-framework", "training-raises"), "numpy-abi-mismatch"),
        (("framework-missing", "import-raises", "env-python-missing", "pip-missing"), "env-python-missing"),
        (("smoke-timeout", "gpu-fallen-off-bus", "nvidia-module-not-loaded", "pcie-errors"), "gpu-fallen-off-bus"),
        (("network-blocked", "dns-failure", "no-internet", "index-server-fault"), "no-internet"),
        (("import-hangs", "swapping", "low-free-ram", "low-ram"), "low-ram"),
        (
            ("gpu-not-seen-by-framework", "nvidia-driver-missing", "container-started-without-gpu"),
            "container-started-without-gpu",
        ),
        (("framework-missing", "keras-backend-not-installed"), "framework-missing"),
        (("broken-partial-install", "no-disk-space", "import-raises"), "no-disk-space"),
    ],
)
def test_the_root_is_named(found: tuple[str, ...], root: str):
    assert primary_of(*found) == (root,)


def test_independent_causes_stay_apart():
    assert set(primary_of("network-blocked", "framework-missing")) == {"network-blocked", "framework-missing"}
    assert set(primary_of("cpu-only-build", "nvidia-driver-missing")) == {"cpu-only-build", "nvidia-driver-missing"}


def test_a_summary_of_the_same_cause_does_not_explain_it_away():
    verdicts = (verdict("cpu-only-build"), verdict("cpu-only-build", Severity.NOTE, because_of=("cpu-only-build",)))
    assert primary(verdicts) == ("cpu-only-build",)
