from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from dlcheck.diff import read
from dlcheck.model.change import Run
from dlcheck.model.codec import encode
from dlcheck.model.device_facts import DeviceFacts, Gpu, NvidiaFacts
from dlcheck.model.fact import Unknown
from dlcheck.model.facts import Facts
from dlcheck.model.host_facts import DiskFacts, MemoryFacts, SystemFacts
from dlcheck.model.python_facts import BuildFacts, Distribution, FrameworkFacts, PythonFacts
from dlcheck.model.style import Style
from dlcheck.picture.changes import difference
from dlcheck.renderers import diff_json, diff_text

GPU = Gpu(name="NVIDIA H200", index=0, pci_address="0000:04:00.0", uuid="GPU-1", memory_bytes=150_000_000_000)
WELL = Facts(
    system=SystemFacts(name="linux", release="6.8.0-45-generic", libc="glibc 2.36"),
    memory=MemoryFacts(total_bytes=64_000_000_000, limit_bytes=None),
    disks=(DiskFacts(role="environment", path="/e", free_bytes=100_000_000_000, writable=True),),
    python=PythonFacts(version="3.11.7", executable="/e/bin/python", prefix="/e"),
    distributions=(
        Distribution(name="torch", version="2.13.0"),
        Distribution(name="numpy", version="2.3.0"),
        Distribution(name="rich", version="14.0"),
    ),
    devices=DeviceFacts(nvidia=NvidiaFacts(driver="580.65.06", cuda_driver="13.0", gpus=(GPU,))),
    frameworks={"torch": FrameworkFacts(name="torch", version="2.13.0", build=BuildFacts(cuda="13.0"))},
    variables={"OMP_NUM_THREADS": "4"},
)


def run(facts: Facts = WELL, verdicts: list[dict[str, Any]] | None = None, **more: Any) -> Run:
    document = {
        "schema_version": 1,
        "dlcheck": "0.1.0",
        "command": "doctor",
        "created": "2026-11-22T08:00:00Z",
        "node": "n1",
        "exit_code": 0,
        "profile": "learn",
        "target": {"python": "/e/bin/python"},
        "facts": encode(facts),
        "verdicts": verdicts or [],
        **more,
    }
    return read(json.loads(json.dumps(document)), "test")


def verdict(
    code: str, status: str, cause: str = "", subject: str = "", message: str = "", fact: str = ""
) -> dict[str, Any]:
    findings = []
    if status == "failed":
        findings = [
            {"cause": cause, "message": message, "severity": "error", "evidence": [{"fact": fact, "value": "x"}]}
        ]
    return {
        "code": code,
        "title": code,
        "subject": subject,
        "status": status,
        "severity": "error",
        "findings": findings,
    }


def changed(**subjects: Any) -> Facts:
    return replace(WELL, **subjects)


def nvidia(**fields: Any) -> DeviceFacts:
    return DeviceFacts(nvidia=replace(WELL.devices.nvidia, **fields))


def packages(**versions: str) -> tuple[Distribution, ...]:
    return tuple(Distribution(name=name, version=version) for name, version in versions.items())


def test_a_run_and_itself_share_everything():
    found = difference(run(), run())
    assert (found.changes, found.worse, found.better, found.notes) == ((), (), (), ())
    assert "Nothing that dlcheck looks at changed." in diff_text.render(found, Style())


@pytest.mark.parametrize(
    ("after", "kind", "what", "words"),
    [
        (changed(devices=nvidia(driver="535.104.05")), "driver", "NVIDIA driver", ("580.65.06", "535.104.05")),
        (changed(devices=nvidia(gpus=())), "device", "GPU 0000:04:00.0 NVIDIA H200", ("there", None)),
        (changed(devices=nvidia(gpus=(replace(GPU, lost=True),))), "device", "GPU 0000:04:00.0 NVIDIA H200 lost", ("no", "yes")),
        (changed(system=SystemFacts(name="linux", release="6.8.0-47-generic", libc="glibc 2.36")), "kernel", "kernel", ("6.8.0-45-generic", "6.8.0-47-generic")),
        (changed(distributions=packages(torch="2.12.0", numpy="2.3.0", rich="14.0")), "package", "torch", ("2.13.0", "2.12.0")),
        (changed(distributions=packages(torch="2.13.0", rich="14.0")), "package", "numpy", ("2.3.0", None)),
        (changed(variables={"OMP_NUM_THREADS": "4", "CUDA_VISIBLE_DEVICES": ""}), "variable", "CUDA_VISIBLE_DEVICES", (None, "empty")),
        (changed(variables={"OMP_NUM_THREADS": "4", "CUDA_VISIBLE_DEVICES": "-1"}), "variable", "CUDA_VISIBLE_DEVICES", (None, "-1")),
        (changed(memory=MemoryFacts(total_bytes=64_000_000_000, limit_bytes=2_000_000_000)), "limit", "memory limit", (None, "2.0 GB")),
        (changed(python=replace(WELL.python, version="3.12.1")), "python", "Python", ("3.11.7", "3.12.1")),
        (
            changed(frameworks={"torch": replace(WELL.frameworks["torch"], build=BuildFacts(cuda=None))}),
            "package",
            "CUDA build of torch",
            ("13.0", None),
        ),
        (
            changed(disks=(DiskFacts(role="environment", path="/e", free_bytes=1_000_000_000, writable=True),)),
            "disk",
            "free space for environment",
            ("100.0 GB", "1.0 GB"),
        ),
        (
            changed(disks=(DiskFacts(role="environment", path="/e", free_bytes=100_000_000_000, writable=False),)),
            "disk",
            "environment is writable",
            ("yes", "no"),
        ),
    ],
)  # fmt: skip
def test_one_change_is_found_and_is_the_only_one(
    after: Facts, kind: str, what: str, words: tuple[str | None, str | None]
):
    (change,) = difference(run(), run(after)).changes
    assert (change.kind, change.what, (change.before, change.after)) == (kind, what, words)


def test_a_stack_that_went_takes_its_gpus_with_it():
    found = difference(run(), run(changed(devices=DeviceFacts(nvidia=None)))).changes
    assert [one.what for one in found] == ["GPU 0000:04:00.0 NVIDIA H200", "NVIDIA stack"]


@pytest.mark.parametrize("subject", [name for name in Facts.__dataclass_fields__ if name != "notes"])
def test_what_could_not_be_seen_is_no_change(subject: str):
    blind = replace(WELL, **{subject: Unknown("nobody looked")})
    assert difference(run(), run(blind)).changes == ()
    assert difference(run(blind), run()).changes == ()


def test_a_fact_that_could_not_be_read_is_no_change():
    blind = changed(devices=nvidia(driver=Unknown("no permission"), gpus=Unknown("no NVML")))
    assert difference(run(), run(blind)).changes == ()


def test_the_likeliest_explanation_stands_first():
    after = changed(
        distributions=packages(torch="2.13.0", numpy="2.3.1", rich="14.1"),
        devices=nvidia(driver="535.104.05"),
        variables={"OMP_NUM_THREADS": "8"},
    )
    failing = [
        verdict("DL601", "failed", "driver-too-old", message="the driver is too old", fact="devices.nvidia.driver")
    ]
    found = difference(run(verdicts=[verdict("DL601", "passed")]), run(after, failing))
    assert [one.what for one in found.changes] == ["NVIDIA driver", "numpy", "OMP_NUM_THREADS", "rich"]
    assert [key for key, _ in found.worse] == ["DL601"]


def test_a_failure_that_speaks_of_a_package_lifts_it():
    after = changed(distributions=packages(torch="2.13.0", numpy="2.3.0", rich="15.0"), variables={})
    failing = [verdict("DL410", "failed", "package-conflict", message="rich 15.0 is not what others want")]
    assert difference(run(), run(after)).changes[0].what == "OMP_NUM_THREADS"
    found = difference(run(verdicts=[verdict("DL410", "passed")]), run(after, failing))
    assert {one.what: one.weight for one in found.changes} == {"rich": 55, "OMP_NUM_THREADS": 55}


def test_what_failed_before_is_not_new():
    failing = [verdict("DL601", "failed", "driver-too-old", "torch")]
    found = difference(run(verdicts=failing), run(verdicts=failing))
    assert found.worse == ()
    other = [verdict("DL601", "failed", "driver-defect", "torch")]
    assert [key for key, _ in difference(run(verdicts=failing), run(verdicts=other)).worse] == ["DL601 torch"]


def test_what_passes_again_is_told():
    found = difference(run(verdicts=[verdict("DL601", "failed", "x")]), run(verdicts=[verdict("DL601", "passed")]))
    assert [key for key, _ in found.better] == ["DL601"]
    skipped = difference(run(verdicts=[verdict("DL601", "failed", "x")]), run(verdicts=[verdict("DL601", "skipped")]))
    assert skipped.better == (), "nobody looked again"


def smoke(status: str = "passed", deviation: float = 1e-7, seconds: float = 1.0) -> dict[str, Any]:
    return {
        "framework": "torch",
        "device": "cuda:0",
        "task": "mlp",
        "dtype": "float32",
        "status": status,
        "deviation": {"loss": deviation, "gradient": 0.0, "weights": 0.0},
        "seconds": {"train": seconds},
    }


@pytest.mark.parametrize(
    ("result", "what"),
    [
        (smoke("failed"), "torch cuda:0 mlp float32"),
        (smoke(deviation=3e-4), "deviation of torch cuda:0 mlp float32"),
        (smoke(seconds=2.5), "time of torch cuda:0 mlp float32"),
        (smoke(deviation=2e-7, seconds=1.2), None),
    ],
)
def test_trainings_are_compared(result: dict[str, Any], what: str | None):
    found = difference(run(results=[smoke()]), run(results=[result]))
    assert [one.what for one in found.changes] == ([what] if what else [])


def test_two_machines_are_named():
    found = difference(run(), run(node="n2", profile="train", target={"python": "/other"}))
    assert found.notes == (
        "two machines: n1 and n2",
        "judged against two profiles: learn and train",
        "two interpreters: /e/bin/python and /other",
    )


def test_the_text_says_it_in_order():
    after = changed(
        devices=nvidia(driver="535.104.05"), distributions=packages(torch="2.13.0", numpy="2.3.0", rich="14.1")
    )
    failing = [verdict("DL601", "failed", "driver-too-old", message="driver 535 is too old")]
    found = difference(run(verdicts=[verdict("DL601", "passed")]), run(after, failing, exit_code=1))
    text = diff_text.render(found, Style())
    assert text.splitlines()[3:] == [
        "Fails now, and did not:",
        "  x DL601  driver 535 is too old (driver-too-old)",
        "",
        "What changed, the likeliest explanation first:",
        "  driver  NVIDIA driver  580.65.06 -> 535.104.05",
        "  and 1 more that seldom matters; -v shows them.",
    ]
    assert "rich" in diff_text.render(found, Style(verbosity=1))


def test_the_json_holds_it_all_and_no_secret():
    token = "hf_" + "Aa1" * 8
    found = difference(run(), run(changed(variables={"OMP_NUM_THREADS": token})))
    document = json.loads(diff_json.render(found, version="0", created="2026-11-22T00:00:00Z", exit_code=0))
    assert document["command"] == "diff"
    assert document["changes"][0]["after"] == "***"
    assert token not in json.dumps(document) + diff_text.render(found, Style(verbosity=1))
