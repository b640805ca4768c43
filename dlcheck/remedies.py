"""The catalogue's remedies for a cause, for this machine: those that hold here, with their blanks filled."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from dlcheck import data
from dlcheck.checks import built
from dlcheck.checks.intel import XPU
from dlcheck.model.cause import PLACES
from dlcheck.model.device_facts import DeviceFacts
from dlcheck.model.fact import Unknown, or_none
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Finding, Fix, Verdict
from dlcheck.model.placeholder import fill, filled
from dlcheck.model.report import Target

MODULES = {
    "tensorflow-cpu": "tensorflow",
    "tensorflow-gpu": "tensorflow",
    "scikit-learn": "sklearn",
    "opencv-python": "cv2",
    "opencv-python-headless": "cv2",
    "pillow": "PIL",
    "protobuf": "google.protobuf",
    "pyyaml": "yaml",
    "flash-attn": "flash_attn",
    "onnxruntime-gpu": "onnxruntime",
}
"""Packages that are imported under another name than their own."""
NEWEST_FOR_CU126 = 9.0
"""Compute capability that PyTorch's builds of CUDA 12.6 end with (their architecture list)."""


def complete(verdict: Verdict, facts: Facts, python: str) -> Verdict:
    """The verdict with the remedies of the catalogue where its findings bring none of their own.

    ``python`` is the checked interpreter, as commands shall name it.
    """
    if not verdict.findings:
        return verdict
    return replace(verdict, findings=tuple(_completed(one, facts, python) for one in verdict.findings))


def on_their_gpu(verdicts: Sequence[Verdict]) -> tuple[Verdict, ...]:
    """The verdicts with the number of the GPU in what their findings are about, where a cause was found on one alone."""
    places: dict[str, set[str]] = {}
    for verdict in verdicts:
        for one in verdict.findings:
            places.setdefault(one.cause, set()).add(_gpu_of(one))
    only = {cause: next(iter(found)) for cause, found in places.items() if len(found) == 1 and "" not in found}
    return tuple(
        replace(
            verdict,
            findings=tuple(
                replace(one, about={"gpu": only[one.cause], **one.about}) if one.cause in only else one
                for one in verdict.findings
            ),
        )
        for verdict in verdicts
    )


def _gpu_of(finding: Finding) -> str:
    found = re.match(r"GPU (\d+)\b", finding.subject)
    return found[1] if found else ""


def remedied(verdict: Verdict, facts: Facts, target: Target) -> Verdict:
    """The verdict with its remedies, as they are typed for this target."""
    return _aimed(complete(verdict, facts, target.python), target)


def _aimed(verdict: Verdict, target: Target) -> Verdict:
    """The verdict with every command of dlcheck for the target that a person chose (``Target.aimed``)."""
    return replace(
        verdict,
        findings=tuple(
            replace(
                one,
                fixes=tuple(
                    replace(fix, commands=tuple(map(target.aimed_words, fix.commands))) if fix.commands else fix
                    for fix in one.fixes
                ),
                verify=tuple(map(target.aimed, one.verify)),
            )
            for one in verdict.findings
        ),
    )


def _completed(finding: Finding, facts: Facts, python: str) -> Finding:
    values = {**substitutes(facts), "python": python, **names(finding), **finding.about}
    if "requirement" in values:
        values["package"] = _bare(values["requirement"])
    entry = data.cause(finding.cause)
    words = surroundings(facts) | ({values.get("package", ""), finding.subject} & set(PLACES["framework"]))
    fixes = tuple(filled(one, values) for one in finding.fixes) or (entry.fixes_for(words, values) if entry else ())
    if values.get("variant") == "cpu" and words & {"linux", "wsl"}:
        fixes = tuple(_without_cuda(one, python, values["index"]) for one in fixes)
    verify = tuple(fill(one, values) for one in finding.verify or (entry.verify if entry else ()))
    if lacks_pip(facts):
        fixes = tuple(_with_uv(one, python) for one in fixes)
        verify = tuple(
            re.sub(rf"^{re.escape(python)} -m pip (install|check|show|list)\b", _UV_WORDS.format(python), one)
            for one in verify
        )
    return replace(finding, fixes=fixes, verify=verify)


def _without_cuda(fix: Fix, python: str, index: str) -> Fix:
    """The fix with PyTorch's index of CPU builds: on Linux a plain "pip install torch" brings gigabytes of CUDA libraries.

    Beside other packages the index is an additional one; there too 2.13.0+cpu is newer than 2.13.0 (PEP 440).
    """
    commands = []
    for command in fix.commands:
        names_ = {_bare(word) for word in command[4:] if not word.startswith("-")}
        if command[:4] == (python, "-m", "pip", "install") and "torch" in names_ and not _INDEX & set(command):
            alone = names_ <= {"torch", "torchvision", "torchaudio"}
            command = (*command, "--index-url" if alone else "--extra-index-url", index)  # noqa: PLW2901 - the same
        commands.append(command)
    return replace(fix, commands=tuple(commands))


_INDEX = {"--index-url", "--extra-index-url", "--find-links"}
_UV_WORDS = r"uv pip \1 --python {}"
_UV_OPTION = {"--force-reinstall": "--reinstall", "--no-cache-dir": "--no-cache"}
"""Options of pip that uv spells otherwise. Source: uv's reference of its commands, "uv pip install", as of 0.13."""


def lacks_pip(facts: Facts) -> bool:
    """Whether the checked interpreter is that of a virtual environment that is known to hold no pip: uv makes such."""
    python = or_none(facts.python)
    if python is None or python.environment != "venv" or python.startup_error:
        return False
    return python.pip is None and not isinstance(facts.distributions, Unknown)


def _with_uv(fix: Fix, python: str) -> Fix:
    """The fix with uv's commands in the place of pip's, which would end with "No module named pip"."""
    commands = []
    for command in fix.commands:
        verb = command[3] if command[:3] == (python, "-m", "pip") and len(command) > 3 else ""
        if verb in ("install", "uninstall"):
            words = (_UV_OPTION.get(word, word) for word in command[4:] if word not in ("-y", "--yes"))
            command = ("uv", "pip", verb, "--python", python, *words)  # noqa: PLW2901 - the same command, in uv's words
        commands.append(command)
    return replace(fix, commands=tuple(commands))


def names(finding: Finding) -> dict[str, str]:
    """The package that a finding is about, as pip is asked for it and as Python imports it; empty where it names none."""
    subject = finding.subject if finding.subject in PLACES["framework"] else ""
    requirement = finding.about.get("package", subject)
    if not requirement:
        return {}
    module = MODULES.get(_bare(requirement), _bare(requirement).replace("-", "_"))
    return {"requirement": requirement, "module": module}


def _bare(requirement: str) -> str:
    """The name of the first package of a requirement: keras for "keras>=3 torch"."""
    return re.split(r"[\s<>=!~;\[]", requirement.strip(), maxsplit=1)[0]


def surroundings(facts: Facts) -> frozenset[str]:
    """The words of CauseFix.where that hold."""
    found = set()
    if not isinstance(facts.system, Unknown):
        found.add("wsl" if facts.system.wsl else facts.system.name)
    if not isinstance(facts.container, Unknown):
        if facts.container.kind:
            found.add("container")
        if facts.container.hosted:
            found.add("notebook")
    if not isinstance(facts.python, Unknown) and facts.python.environment == "conda":
        found.add("conda")
    if not isinstance(facts.workplace, Unknown) and facts.workplace.inside in ("jupyter", "colab", "kaggle"):
        found.add("notebook")
    return frozenset(found)


def substitutes(facts: Facts) -> dict[str, str]:
    """What the blanks stand for that the facts themselves tell."""
    values: dict[str, str] = {}
    system = or_none(facts.system)
    if system and system.release:
        values["kernel"] = system.release
    if system and system.user:
        values["user"] = system.user
    cpu = or_none(facts.cpu)
    allowed = or_none(cpu.allowed_cpus) if cpu else None
    if cpu and allowed:
        values["count"] = str(max(1, min(allowed, int(or_none(cpu.quota_cpus) or allowed))))
    devices = or_none(facts.devices)
    if devices:
        values.update(_of_devices(devices, twelve=built.shares_twelve(facts)))
    if "variant" in values:
        values["index"] = f"https://download.pytorch.org/whl/{values['variant']}"
    return values


def _of_devices(devices: DeviceFacts, *, twelve: bool) -> dict[str, str]:
    """The builds that fit the GPUs and their driver; nothing where that cannot be told.

    ``twelve``: what else is in the environment is of CUDA 12, and a build of CUDA 13 would break it.
    """
    nvidia = or_none(devices.nvidia)
    if nvidia is None:
        # Names of PyTorch's ROCm variants change with its releases: left to dlcheck install.
        cards = or_none(devices.pci) or ()
        if any(one.vendor == "8086" and XPU.fullmatch(one.device) for one in cards):
            return {"variant": "xpu"}
        return {} if any(one.vendor == "1002" for one in cards) else {"variant": "cpu"}
    values = {}
    gpus = or_none(nvidia.gpus) or ()
    if len(gpus) == 1 and gpus[0].index is not None:
        values["gpu"] = str(gpus[0].index)
    driver = or_none(nvidia.driver) or or_none(nvidia.module) or ""
    if driver.partition(".")[0].isdigit():
        values["branch"] = driver.partition(".")[0]
    major = (or_none(nvidia.cuda_driver) or "").partition(".")[0]
    if not major.isdigit():
        return values
    told = (one.architecture or "" for one in gpus)
    capabilities = [float(one) for one in told if re.fullmatch(r"\d+\.\d", one)]
    # Sources: CUDA 13 needs driver 580 and capability 7.5; Blackwell (10.0 on) needs CUDA 12.8, any other GPU runs on
    # 12.6, whose wheels every driver of CUDA 12 serves (minor version compatibility).
    thirteen = int(major) >= 13 and min(capabilities, default=7.5) >= 7.5
    if thirteen and not (twelve and max(capabilities, default=0) <= NEWEST_FOR_CU126):
        return {**values, "variant": "cu130", "cuda": "cuda13"}
    return {**values, "variant": "cu128" if max(capabilities, default=0) >= 10 else "cu126", "cuda": "cuda12"}
