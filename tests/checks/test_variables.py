"""Variables that frameworks read: tables of a value and what the rule says of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dlcheck import profiles
from dlcheck.checks import gpu_builds, variables
from dlcheck.checks.judge import judge
from dlcheck.model.device_facts import DeviceFacts, DriverCall, Gpu, NvidiaFacts
from dlcheck.model.fact import Unknown
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Status
from dlcheck.model.host_facts import ContainerFacts
from dlcheck.model.profile import Severity
from dlcheck.model.python_facts import BuildFacts, Distribution, FrameworkDevice, FrameworkFacts, ImportFacts
from tests.well import LEARN, WELL

BY_CODE = {rule.code: rule for rule in variables.RULES}
E, W, N = Severity.ERROR, Severity.WARNING, Severity.NOTE
PASSED, SKIPPED = Status.PASSED, Status.SKIPPED
CARD = Gpu(name="NVIDIA GeForce RTX 4090", index=0)
STACK = NvidiaFacts(
    nvml=DriverCall(library="libnvidia-ml.so.1", code=0),
    libcuda=DriverCall(library="libcuda.so.1", code=0),
    cuda_devices=1,
    gpus=(CARD,),
)
CUDA_TORCH = FrameworkFacts(name="torch", version="2.13.0+cu130", build=BuildFacts(cuda="13.0"), run=None)
JAX = FrameworkFacts(name="jax", version="0.10.2", run=None)
PLUGIN = Distribution(name="jax-cuda13-plugin", version="0.10.2")


def plain(**changes: Any) -> Facts:
    """The healthy laptop, which has no GPU."""
    return replace(WELL, **changes)


def with_gpu(*, torch: FrameworkFacts = CUDA_TORCH, **changes: Any) -> Facts:
    """The same with an NVIDIA card, a CUDA build of PyTorch that nobody imported, and JAX with its plugin."""
    fields: dict[str, Any] = {
        "frameworks": {"torch": torch, "jax": JAX},
        "devices": DeviceFacts(pci=(), nvidia=STACK),
        "distributions": (PLUGIN,),
    }
    return replace(WELL, **{**fields, **changes})


def lists(kind: str, error: str | None = None) -> FrameworkFacts:
    """The CUDA build of PyTorch, seen to list a device."""
    run = ImportFacts(result="found", gpu_available=True, devices=(FrameworkDevice(kind=kind, index=0, error=error),))
    return replace(CUDA_TORCH, run=run)


def cpu(**changes: Any) -> Any:
    return replace(WELL.cpu, **changes)  # type: ignore[type-var]


ALLOCATOR: list[tuple[str, Any]] = [
    # Each value was given to torch 2.13's own setter; "ok" there is PASSED here.
    ("max_split_size_mb:abc", ("allocator-setting-invalid", W)),
    ("max_split_size_mb=128", ("allocator-setting-invalid", W)),
    ("max_split_size_mb:10", ("allocator-setting-invalid", W)),
    ("max_split_size_mb:20", PASSED),
    ("max_split_size_mb: 128", PASSED),
    ("expandable_segments:true", ("allocator-setting-invalid", W)),
    ("expandable_segments:1", ("allocator-setting-invalid", W)),
    ("expandable_segments", ("allocator-setting-invalid", W)),
    ("expandable_segments:True", PASSED),
    (" expandable_segments : True", PASSED),
    ("expandable_segments:True,", PASSED),
    ("garbage_collection_threshold:1.5", ("allocator-setting-invalid", W)),
    ("garbage_collection_threshold:much", ("allocator-setting-invalid", W)),
    ("garbage_collection_threshold:0.8,max_split_size_mb:128", PASSED),
    ("garbage_collection_threshold:8e-1", PASSED),
    ("roundup_power2_divisions:[256:1,512:2,>:8]", PASSED),
    ("backend:cudaMallocAsync", PASSED),
    ("of_a_release_to_come:7", PASSED),
    ("'expandable_segments:True'", ("allocator-setting-invalid", W)),
    ("  ", SKIPPED),
]


@pytest.mark.parametrize(("value", "expected"), ALLOCATOR)
def test_the_memory_setting_is_read_as_pytorch_reads_it(value: str, expected: Any):
    for name in ("PYTORCH_ALLOC_CONF", "PYTORCH_CUDA_ALLOC_CONF"):
        says("DL520", with_gpu(variables={name: value}), expected)


BAD = {"PYTORCH_CUDA_ALLOC_CONF": "max_split_size_mb=128"}
ROWS: list[tuple[str, Facts, Any]] = [
    ("DL520", plain(variables=BAD), SKIPPED),  # a build for the processor does not read it
    ("DL520", with_gpu(variables=BAD, torch=lists("cuda")), PASSED),  # it was seen to work
    ("DL520", with_gpu(variables=BAD, torch=lists("cuda", "RuntimeError: ASSERT")), ("allocator-setting-invalid", W)),
    ("DL520", with_gpu(variables=BAD, frameworks={"jax": JAX}), SKIPPED),
    # DL521 threads and instructions
    ("DL521", plain(variables={"OMP_NUM_THREADS": "1"}), ("thread-variable-wrong", W)),
    ("DL521", plain(variables={"MKL_NUM_THREADS": "1"}), ("thread-variable-wrong", W)),
    ("DL521", with_gpu(variables={"OMP_NUM_THREADS": "1"}, torch=lists("cuda")), ("thread-variable-wrong", N)),
    ("DL521", plain(variables={"OMP_NUM_THREADS": "1", "TORCHELASTIC_RUN_ID": "a"}), PASSED),
    ("DL521", plain(variables={"OMP_NUM_THREADS": "1"}, cpu=cpu(allowed_cpus=2)), PASSED),
    ("DL521", plain(variables={"OMP_NUM_THREADS": "1"}, cpu=cpu(quota_cpus=1.0)), PASSED),
    ("DL521", plain(variables={"OMP_NUM_THREADS": "1"}, cpu=cpu(allowed_cpus=Unknown("closed"))), PASSED),
    ("DL521", plain(variables={"OMP_NUM_THREADS": "6"}), PASSED),
    ("DL521", plain(variables={"OMP_NUM_THREADS": "6,2"}), PASSED),
    ("DL521", plain(variables={"OMP_NUM_THREADS": "64"}), PASSED),  # MKL caps it at the CPUs
    ("DL521", plain(variables={"OMP_NUM_THREADS": "12"}, cpu=cpu(quota_cpus=2.0)), ("thread-variable-wrong", W)),
    ("DL521", plain(variables={"OMP_NUM_THREADS": "auto"}), ("thread-variable-wrong", W)),
    ("DL521", plain(variables={"OPENBLAS_NUM_THREADS": ""}), ("thread-variable-wrong", W)),
    ("DL521", plain(variables={"OMP_NUM_THREADS": "1"}, frameworks={}), SKIPPED),
    ("DL521", plain(variables={"ATEN_CPU_CAPABILITY": "default"}), ("cpu-capability-lowered", W)),
    ("DL521", plain(variables={"ATEN_CPU_CAPABILITY": "default"}, cpu=cpu(flags=("sse2",))), PASSED),
    ("DL521", plain(variables={"ATEN_CPU_CAPABILITY": "avx2"}), PASSED),
    ("DL521", plain(variables={"ATEN_CPU_CAPABILITY": "avx2"}, cpu=cpu(flags=("avx2", "avx512f"))), ("cpu-capability-lowered", N)),
    # DL522 JAX
    ("DL522", with_gpu(variables={"JAX_PLATFORMS": "cpu"}), ("jax-variable-wrong", W)),
    ("DL522", with_gpu(variables={"JAX_PLATFORM_NAME": "cpu"}), ("jax-variable-wrong", W)),
    ("DL522", with_gpu(variables={"JAX_PLATFORMS": "cuda"}), PASSED),
    ("DL522", with_gpu(variables={"JAX_PLATFORMS": "cuda,cpu"}), PASSED),
    ("DL522", with_gpu(variables={"JAX_PLATFORMS": "cuda"}, distributions=()), ("jax-variable-wrong", E)),
    ("DL522", with_gpu(variables={"JAX_PLATFORMS": "cuda,cpu"}, distributions=()), PASSED),
    ("DL522", with_gpu(variables={"JAX_PLATFORMS": "cpu"}, distributions=()), PASSED),  # another rule: a CPU build
    ("DL522", with_gpu(variables={"JAX_PLATFORMS": "tpu"}), ("jax-variable-wrong", E)),
    ("DL522", with_gpu(variables={"JAX_PLATFORMS": "someones_plugin"}), PASSED),
    ("DL522", plain(variables={"JAX_PLATFORMS": "cpu"}), SKIPPED),  # no JAX
    ("DL522", with_gpu(variables={"JAX_PLATFORMS": ""}), SKIPPED),
    # DL523 switches for finding faults
    ("DL523", with_gpu(variables={"CUDA_LAUNCH_BLOCKING": "1"}), ("debug-variable-set", W)),
    ("DL523", with_gpu(variables={"CUDA_LAUNCH_BLOCKING": "0"}), PASSED),
    ("DL523", plain(variables={"CUDA_LAUNCH_BLOCKING": "1"}), PASSED),
    ("DL523", with_gpu(variables={"JAX_DISABLE_JIT": "True"}), ("debug-variable-set", W)),
    ("DL523", plain(variables={"JAX_DISABLE_JIT": "True"}), PASSED),
    ("DL523", with_gpu(variables={"NCCL_DEBUG": "INFO"}), PASSED),
    # DL524 Hugging Face
    ("DL524", plain(variables={"HF_HUB_OFFLINE": "1"}, distributions=(Distribution(name="transformers"),)), ("hf-offline-flag", N)),
    ("DL524", plain(variables={"TRANSFORMERS_OFFLINE": "yes"}, distributions=(Distribution(name="huggingface-hub"),)), ("hf-offline-flag", N)),
    ("DL524", plain(variables={"HF_HUB_OFFLINE": "0"}, distributions=(Distribution(name="transformers"),)), PASSED),
    ("DL524", plain(variables={"HF_HUB_OFFLINE": "1"}), SKIPPED),
    ("DL524", plain(variables={"HF_HUB_OFFLINE": "1"}, distributions=(Distribution(name="transformers"),), container=ContainerFacts(scheduler="slurm")), SKIPPED),
]  # fmt: skip


@pytest.mark.parametrize(("code", "facts", "expected"), ROWS, ids=[f"{row[0]}-{at}" for at, row in enumerate(ROWS)])
def test_table(code: str, facts: Facts, expected: Any):
    says(code, facts, expected)


def says(code: str, facts: Facts, expected: Any) -> None:
    (verdict,) = judge(facts, LEARN, [BY_CODE[code]], "2026-01-01")
    if isinstance(expected, Status):
        assert verdict.status is expected, verdict
        return
    assert [(one.cause, one.severity) for one in verdict.findings] == [expected], verdict


def test_a_jax_that_was_told_to_stay_on_the_cpu_has_no_broken_plugin():
    silent = replace(JAX, run=ImportFacts(result="found", gpu_available=False))
    facts = with_gpu(frameworks={"jax": silent}, variables={"JAX_PLATFORMS": "cpu"})
    told, untold = (
        judge(one, LEARN, [gpu_builds.framework_lists_gpu], "2026-01-01")[0]
        for one in (facts, replace(facts, variables={}))
    )
    assert told.status is PASSED
    assert [one.cause for one in untold.findings] == ["jax-plugin-mismatch"]


def test_a_build_job_may_hold_its_threads_down():
    facts = plain(variables={"OMP_NUM_THREADS": "1"})
    (verdict,) = judge(facts, profiles.load("ci"), [BY_CODE["DL521"]], "2026-01-01")
    assert [one.severity for one in verdict.findings] == [N]


def test_every_rule_of_the_file_is_seen_both_ways():
    for wanted in (True, False):
        seen = {code for code, _, expected in ROWS if isinstance(expected, Status) is wanted}
        assert set(BY_CODE) <= seen
