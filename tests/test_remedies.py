from __future__ import annotations

from dataclasses import replace

import pytest

from dlcheck.checks.gpu_builds import gpu_build
from dlcheck.data import cause
from dlcheck.model.device_facts import DeviceFacts, DriverCall, Gpu, NvidiaFacts, PciDevice
from dlcheck.model.fact import Unknown
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Finding, Fix, Safety, Status, Verdict
from dlcheck.model.host_facts import CpuFacts, SystemFacts
from dlcheck.model.profile import Severity
from dlcheck.model.python_facts import BuildFacts, FrameworkFacts, PythonFacts
from dlcheck.model.report import Target
from dlcheck.remedies import complete, on_their_gpu, substitutes
from tests.well import LEARN

LINUX = Facts(system=SystemFacts(name="linux", release="6.8.0-45-generic", user="ada"))


def with_gpu(capability: str, cuda: str, driver: str = "580.65.06") -> Facts:
    gpu = Gpu(name="GPU", index=0, architecture=capability)
    return replace(LINUX, devices=DeviceFacts(pci=(), nvidia=NvidiaFacts(driver=driver, cuda_driver=cuda, gpus=(gpu,))))


def completed(finding: Finding, facts: Facts) -> Finding:
    verdict = Verdict(
        code="DL999",
        title="",
        group="",
        subject=finding.subject,
        status=Status.FAILED,
        severity=Severity.ERROR,
        findings=(finding,),
    )
    return complete(verdict, facts, "/env/bin/python").findings[0]


@pytest.mark.parametrize(
    ("capability", "cuda", "variant"),
    [
        ("9.0", "13.0", "cu130"),
        ("7.5", "13.0", "cu130"),
        ("7.0", "13.0", "cu126"),
        ("6.1", "12.8", "cu126"),
        ("12.0", "12.8", "cu128"),
        ("12.0", "13.0", "cu130"),
    ],
)
def test_the_variant_fits_driver_and_card(capability: str, cuda: str, variant: str):
    values = substitutes(with_gpu(capability, cuda))
    assert values["variant"] == variant
    assert values["index"].endswith(f"/{variant}")
    assert values["cuda"] == ("cuda13" if variant == "cu130" else "cuda12")


CPU = BuildFacts()


@pytest.mark.parametrize(
    ("capability", "frameworks", "system", "variant", "apart"),
    [
        ("8.9", {"torch": CPU, "tensorflow": CPU}, "linux", "cu126", False),
        ("8.9", {"torch": CPU, "tensorflow": BuildFacts(cuda="12.5.1")}, "linux", "cu126", False),
        ("8.9", {"torch": CPU}, "linux", "cu130", False),
        ("8.9", {"tensorflow": CPU}, "linux", "cu126", False),
        ("8.9", {"torch": BuildFacts(cuda="13.0"), "tensorflow": CPU}, "linux", "cu130", True),
        ("12.0", {"torch": CPU, "tensorflow": CPU}, "linux", "cu130", True),
        ("8.9", {"torch": CPU, "tensorflow": CPU}, "windows", "cu130", False),
    ],
)
def test_an_environment_has_one_cuda_major(capability, frameworks, system, variant, apart):
    """TensorFlow's GPU build is of CUDA 12: PyTorch joins it, or TensorFlow gets an environment of its own."""
    facts = replace(
        with_gpu(capability, "13.0"),
        system=SystemFacts(name=system),
        frameworks={name: FrameworkFacts(name=name, version="2.1", build=build) for name, build in frameworks.items()},
    )
    assert substitutes(facts)["variant"] == variant
    stack = replace(facts.devices.nvidia, nvml=DriverCall(library="libnvidia-ml.so.1", code=0))
    judged = replace(facts, devices=replace(facts.devices, nvidia=stack), distributions=(), python=PythonFacts())
    found = {one.subject: one for one in gpu_build.judge(judged, LEARN)}
    assert [fix.commands[0][1:3] for one in found.values() for fix in one.fixes] == (
        [("install", "tensorflow")] if apart else []
    )


def test_no_gpu_gets_a_cpu_build_and_an_unknown_machine_none():
    assert substitutes(replace(LINUX, devices=DeviceFacts(pci=(), nvidia=None)))["variant"] == "cpu"
    assert "variant" not in substitutes(LINUX)
    amd = PciDevice(address="03:00.0", vendor="1002", device="744c", device_class="030000")
    assert "variant" not in substitutes(replace(LINUX, devices=DeviceFacts(pci=(amd,), nvidia=None)))


@pytest.mark.parametrize(
    ("system", "package", "words"),
    [
        ("linux", "torch", ["torch", "--index-url", "https://download.pytorch.org/whl/cpu"]),
        ("linux", "torch>=2 keras", ["torch>=2", "keras", "--extra-index-url", "https://download.pytorch.org/whl/cpu"]),
        ("linux", "tensorflow keras", ["tensorflow", "keras"]),
        ("windows", "torch", ["torch"]),
    ],
)
def test_a_machine_without_gpu_is_spared_cuda(system: str, package: str, words: list[str]):
    facts = replace(LINUX, system=SystemFacts(name=system), devices=DeviceFacts(pci=(), nvidia=None))
    found = completed(Finding(cause="framework-missing", message="", about={"package": package}), facts)
    assert found.fixes[1].commands == (("/env/bin/python", "-m", "pip", "install", *words),)


def test_other_values():
    facts = replace(with_gpu("9.0", "13.0"), cpu=CpuFacts(allowed_cpus=64, quota_cpus=3.5))
    values = substitutes(facts)
    assert (values["count"], values["kernel"], values["user"]) == ("3", "6.8.0-45-generic", "ada")
    assert (values["branch"], values["gpu"]) == ("580", "0")


def test_only_the_fixes_of_the_framework_that_it_is_about():
    found = completed(Finding(cause="cpu-only-build", subject="torch", message=""), with_gpu("9.0", "13.0"))
    lines = [" ".join(command) for fix in found.fixes for command in fix.commands]
    assert lines[0] == "dlcheck install torch --accelerator cu130"
    assert lines[-1].endswith("--index-url https://download.pytorch.org/whl/cu130")
    assert not any("jax" in line or "tensorflow" in line for line in lines)
    assert all(fix.safety is Safety.ENVIRONMENT for fix in found.fixes)
    jax = completed(Finding(cause="cpu-only-build", subject="jax", message=""), with_gpu("7.0", "13.0"))
    assert jax.fixes[0].commands == (("/env/bin/python", "-m", "pip", "install", "-U", "jax[cuda12]"),)


def test_a_requirement_becomes_words_and_a_package_its_module():
    about = {"package": "keras>=3 scikit-learn"}
    found = completed(Finding(cause="framework-missing", message="", about=about), LINUX)
    assert ("/env/bin/python", "-m", "pip", "install", "keras>=3", "scikit-learn") in found.fixes[1].commands
    keras = completed(Finding(cause="import-raises", message="", about={"package": "keras>=3"}), LINUX)
    assert "import keras" in keras.verify[0]
    sklearn = completed(Finding(cause="import-raises", message="", about={"package": "scikit-learn"}), LINUX)
    assert "import sklearn" in sklearn.verify[0]


def test_an_open_blank_keeps_a_fix_from_being_run():
    found = completed(Finding(cause="cpu-only-build", subject="torch", message=""), LINUX)
    assert found.fixes[0].commands[0][-1] == "VARIANT"
    assert {fix.safety for fix in found.fixes} == {Safety.MANUAL}


def test_own_fixes_win_and_wsl_is_not_linux():
    entry = cause("nvidia-driver-missing")
    assert entry is not None
    wsl = replace(LINUX, system=SystemFacts(name="linux", wsl=2))
    found = completed(Finding(cause="nvidia-driver-missing", message=""), wsl)
    assert [fix.text for fix in found.fixes] == ["Install the driver in Windows, never inside WSL."]
    own = completed(Finding(cause="nvidia-driver-missing", message="", fixes=(entry.fixes[0].fix,)), wsl)
    assert own.fixes == (entry.fixes[0].fix,)


def test_a_backend_that_does_not_exist_is_not_asked_of_pip():
    from dlcheck.checks.frameworks import keras_backend
    from tests.well import LEARN, WELL

    keras = replace(WELL.frameworks["keras"], backend="nonsense", backend_source="KERAS_BACKEND")
    torch: FrameworkFacts = WELL.frameworks["torch"]
    (found,) = keras_backend.judge(replace(WELL, frameworks={"keras": keras, "torch": torch}), LEARN)
    fixes = completed(found, LINUX).fixes
    assert not any("nonsense" in word for fix in fixes for command in fix.commands for word in command)
    assert fixes[1].commands == (("export", "KERAS_BACKEND=torch"),)
    wanted = replace(keras, backend="jax")
    (found,) = keras_backend.judge(replace(WELL, frameworks={"keras": wanted, "torch": torch}), LEARN)
    assert completed(found, LINUX).fixes[0].commands[0][-1] == "jax"


def without_pip(**more) -> Facts:
    python = PythonFacts(executable="/env/bin/python", environment="venv", pip=None)
    return replace(LINUX, python=replace(python, **more), distributions=())


def torch_anew() -> Finding:
    commands = (
        ("{python}", "-m", "pip", "uninstall", "-y", "torch"),
        ("{python}", "-m", "pip", "install", "--force-reinstall", "torch", "--index-url", "https://example.org/whl"),
        ("{python}", "-m", "venv", "other"),
    )
    fix = Fix("Install it anew.", commands, Safety.ENVIRONMENT)
    return Finding(cause="broken-partial-install", message="", fixes=(fix,), verify=("{python} -m pip check",))


def test_an_environment_without_pip_is_mended_with_uv():
    found = completed(torch_anew(), without_pip())
    assert found.fixes[0].commands == (
        ("uv", "pip", "uninstall", "--python", "/env/bin/python", "torch"),
        ("uv", "pip", "install", "--python", "/env/bin/python", "--reinstall", "torch", "--index-url", "https://example.org/whl"),
        ("/env/bin/python", "-m", "venv", "other"),
    )  # fmt: skip
    assert found.fixes[0].safety is Safety.ENVIRONMENT
    assert found.verify == ("uv pip check --python /env/bin/python",)


@pytest.mark.parametrize(
    "facts",
    [
        without_pip(pip="26.3"),
        without_pip(environment="conda"),
        without_pip(environment=None),
        replace(without_pip(), distributions=Unknown("not looked at")),
        LINUX,
    ],
)
def test_pip_stays_where_it_is_there_or_nobody_knows(facts: Facts):
    found = completed(torch_anew(), facts)
    assert found.fixes[0].commands[0][:4] == ("/env/bin/python", "-m", "pip", "uninstall")
    assert found.verify == ("/env/bin/python -m pip check",)


@pytest.mark.parametrize(
    ("target", "line", "typed"),
    [
        (Target(python="/e/bin/python", chosen_by="VIRTUAL_ENV", environment="/e"), "dlcheck smoke", "dlcheck smoke"),
        (Target(python="/e/bin/python", chosen_by="--venv", environment="/e"), "dlcheck smoke", "dlcheck smoke --venv /e"),
        (Target(python="/e/bin/python", chosen_by="--python", environment="/e"), "dlcheck doctor", "dlcheck doctor --python /e/bin/python"),
        (Target(python="/e/bin/python", chosen_by="--python", environment="/e"), "dlcheck install torch", "dlcheck install --venv /e torch"),
        (Target(python="/usr/bin/python3", chosen_by="--python"), "dlcheck install torch", "dlcheck install --python /usr/bin/python3 torch"),
        (Target(python="/usr/bin/python3", chosen_by="--python"), "dlcheck explain x", "dlcheck explain x"),
        (Target(python="/usr/bin/python3", chosen_by="--python"), "dlcheck smoke --venv /f", "dlcheck smoke --venv /f"),
    ],
)  # fmt: skip
def test_what_is_typed_means_the_target_that_was_chosen(target: Target, line: str, typed: str):
    assert target.aimed(line) == typed
    assert " ".join(target.aimed_words(tuple(line.split()))) == typed


@pytest.mark.parametrize(
    ("subjects", "gpus"),
    [
        (("GPU 1 (NVIDIA H100)",), ["1"]),
        (("GPU 1 (NVIDIA H100)", "GPU 1 (NVIDIA H100)"), ["1", "1"]),
        (("GPU 1 (NVIDIA H100)", "GPU 3 (NVIDIA H100)"), [None, None]),
        (("GPU 1 (NVIDIA H100)", "driver"), [None, None]),
        (("GPUs",), [None]),
    ],
)
def test_a_fix_names_the_gpu_where_the_cause_was_found_on_one_alone(subjects: tuple[str, ...], gpus: list[str | None]):
    blank = Verdict(code="DL621", title="", group="GPU", subject="", status=Status.FAILED, severity=Severity.ERROR)
    found = on_their_gpu(
        [replace(blank, findings=(Finding(cause="gpu-ecc-error", message="", subject=one),)) for one in subjects]
    )
    assert [one.about.get("gpu") for verdict in found for one in verdict.findings] == gpus
