"""One line a group: what a healthy machine's report consists of. Pure words from facts; no format of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dlcheck.data.cpu_class import grade
from dlcheck.model import units
from dlcheck.model.device_facts import DeviceFacts, Gpu
from dlcheck.model.fact import Unknown, or_none
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Status, Verdict
from dlcheck.model.profile import Severity
from dlcheck.model.python_facts import FrameworkFacts
from dlcheck.model.report import Report

FRAMEWORK_LINES = {"tensorflow": "TensorFlow", "keras": "TensorFlow", "torch": "PyTorch", "jax": "JAX"}
_COMPANIONS = {"torchvision": "torch", "torchaudio": "torch", "tf_keras": "tensorflow", "jaxlib": "jax"}
_NOT_TRIED = "not looked at"
ORDER = ("Machine", "Internet", "Editor", "Python", "Frameworks", "TensorFlow", "PyTorch", "JAX", "GPU")


@dataclass(frozen=True, slots=True)
class GroupLine:
    """A group: its name, how it ended, and its words."""

    name: str
    sign: str
    """passed, note, warning, failed, unknown, crashed or skipped: the name of a sign of Style."""
    words: str
    verdicts: tuple[Verdict, ...]


def group_lines(report: Report) -> tuple[GroupLine, ...]:
    """The groups in the order of ORDER, then those that rules of others added."""
    groups: dict[str, list[Verdict]] = {}
    for verdict in report.verdicts:
        groups.setdefault(line_of(verdict), []).append(verdict)
    for name, title in FRAMEWORK_LINES.items():
        if _frameworks(report.facts).get(name) is not None:
            groups.setdefault(title, [])
    names = [name for name in ORDER if name in groups] + [name for name in groups if name not in ORDER]
    lines = []
    for name in names:
        verdicts = tuple(groups[name])
        sign = sign_of(verdicts)
        words = _words(name, report) or _asked_for(verdicts)
        if name == "Frameworks" and sign in ("passed", "skipped"):
            continue
        if not words and sign in ("passed", "skipped"):
            continue
        if name == "GPU" and sign in ("passed", "skipped") and words.startswith("none"):
            sign = "note"
        if name == "Internet" and sign == "passed" and words == _NOT_TRIED:
            sign = "skipped"
        lines.append(GroupLine(name, sign, words, verdicts))
    return tuple(lines)


def _asked_for(verdicts: Sequence[Verdict]) -> str:
    """What passed of rules that somebody added (an extension, an expectation): they want to see that it was judged."""
    added = [one for one in verdicts if not one.code.startswith("DL") or one.code.startswith("DL90")]
    return "; ".join(one.title[0].lower() + one.title[1:] for one in added if one.status is Status.PASSED)


def line_of(verdict: Verdict) -> str:
    """The group that a verdict is shown in: a framework's own line where it is about one."""
    subject = _COMPANIONS.get(verdict.subject, verdict.subject)
    if verdict.group == "Frameworks" and subject in FRAMEWORK_LINES:
        return FRAMEWORK_LINES[subject]
    return verdict.group


def sign_of(verdicts: Sequence[Verdict]) -> str:
    """The sign of the worst verdict."""
    counted = [one for one in verdicts if not one.suppressed]
    severities = [one.severity or verdict.severity for verdict in counted for one in verdict.findings]
    if Severity.ERROR in severities:
        return "failed"
    if any(one.status is Status.CRASHED for one in counted):
        return "crashed"
    if Severity.WARNING in severities:
        return "warning"
    if Severity.NOTE in severities:
        return "note"
    judged = [one for one in counted if one.status is not Status.SKIPPED]
    if counted and not judged:
        return "skipped"
    return "unknown" if judged and all(one.status is Status.UNKNOWN for one in judged) else "passed"


def _frameworks(facts: Facts) -> dict[str, FrameworkFacts]:
    return {} if isinstance(facts.frameworks, Unknown) else facts.frameworks


def _words(name: str, report: Report) -> str:
    facts = report.facts
    if name == "Machine":
        return _machine(facts)
    if name == "Internet":
        return _internet(facts)
    if name == "Editor":
        return _editor(facts)
    if name == "Python":
        return _python(facts)
    if name == "GPU":
        return _gpu(facts)
    for key in ("tensorflow", "torch", "jax"):
        if FRAMEWORK_LINES[key] == name:
            return _framework(key, facts)
    return ""


def _machine(facts: Facts) -> str:
    parts = []
    if not isinstance(facts.cpu, Unknown):
        found, how = grade(facts.cpu)
        name = or_none(facts.cpu.brand) or facts.cpu.architecture or "a processor"
        flags = or_none(facts.cpu.flags) or ()
        best = next((one for one in ("avx512f", "avx2", "avx") if one in flags), "")
        words = {"avx512f": "AVX-512", "avx2": "AVX2", "avx": "AVX"}.get(best, "")
        graded = "" if found == "unknown" else "below Core i3" if found == "below" else f"Core {found} class"
        graded += " by what it can do" if graded and how.startswith("instruction") else ""
        parts.append(f"{_short_brand(name)}{f' ({graded})' if graded else ''}{f', {words}' if words else ''}")
    if not isinstance(facts.memory, Unknown):
        total, limit = or_none(facts.memory.total_bytes), or_none(facts.memory.limit_bytes)
        if total is not None:
            parts.append(
                f"{units.memory(total)} RAM" + (f", {units.memory(limit)} allowed" if limit and limit < total else "")
            )
    if not isinstance(facts.disks, Unknown):
        free = next((or_none(one.free_bytes) for one in facts.disks if one.role == "environment"), None)
        if free is not None:
            parts.append(f"{units.disk(free)} free")
    return " · ".join(parts)


def _short_brand(name: str) -> str:
    for noise in ("(R)", "(TM)", "(tm)", "CPU ", " Processor", "with Radeon Graphics"):
        name = name.replace(noise, "")
    return " ".join(name.split(" @ ")[0].split())


def _internet(facts: Facts) -> str:
    if isinstance(facts.network, Unknown):
        return ""
    network = facts.network
    if not network.tried:
        return _NOT_TRIED
    answering = [one for one in network.indexes if one.reached and one.seconds is not None]
    local = [one for one in network.indexes if one.reached and one.seconds is None]
    parts = []
    if answering:
        best = min(answering, key=lambda one: one.seconds or 0.0)
        parts.append(f"package index answers in {units.duration(best.seconds or 0.0)}")
        if best.bytes_per_second:
            rate = best.bytes_per_second
            parts.append(f"{rate / 1e6:.1f} MB/s: 700 MB of frameworks in about {units.duration(700e6 / rate)}")
    if local:
        parts.append(units.counted(len(local), "local package source"))
    if network.proxies:
        parts.append(f"proxy {next(iter(network.proxies.values()))}")
    if not answering and not local:
        parts.append("no package source answers")
    return " · ".join(parts)


def _editor(facts: Facts) -> str:
    if isinstance(facts.workplace, Unknown):
        return ""
    workplace = facts.workplace
    names = [one.name for one in workplace.editors]
    own = [one for one in or_none(workplace.kernels) or () if one.is_target]
    words = ", ".join(names[:4]) or (f"inside {workplace.inside}" if workplace.inside else "")
    return words + (f' (kernel "{own[0].display_name or own[0].name}" uses this Python)' if own else "")


def _python(facts: Facts) -> str:
    if isinstance(facts.python, Unknown):
        return ""
    python = facts.python
    version = or_none(python.version)
    kind = {"venv": "in a virtual environment", "conda": "in a conda environment"}.get(python.environment or "", "")
    parts = [f"{version or 'version unknown'}{f' {kind}' if kind else ''}"]
    if not isinstance(facts.distributions, Unknown):
        parts.append(units.counted(len(facts.distributions), "package"))
    return ", ".join(parts)


def _framework(name: str, facts: Facts) -> str:
    found = _frameworks(facts).get(name)
    if found is None:
        return "not installed"
    parts = [or_none(found.version) or "version unknown"]
    build = or_none(found.build)
    if build is not None:
        kind = f"CUDA {build.cuda}" if build.cuda and build.cuda != "yes" else "CUDA" if build.cuda else ""
        kind = (
            kind or (f"ROCm {build.rocm}" if build.rocm else "") or (f"XPU {build.xpu}" if build.xpu else "") or "CPU"
        )
        parts[0] += f" ({kind} build)"
    keras = _frameworks(facts).get("keras")
    if name == "tensorflow" and keras is not None and keras.backend in ("tensorflow", None):
        parts.append(f"Keras {or_none(keras.version) or '?'}")
    elif keras is not None and keras.backend == name:
        parts.append(f"Keras {or_none(keras.version) or '?'} on it")
    run = or_none(found.run)
    if run is not None and run.result == "found":
        kinds = [one for one in or_none(run.devices) or () if not one.error]
        names = [
            one.kind.upper() if one.index is None or one.kind == "cpu" else f"{one.kind}:{one.index}" for one in kinds
        ]
        if name == "tensorflow" and run.eager:
            parts.append("eager")
        if names:
            parts.append(f"computes on {units.listed(names)}")
    elif run is not None:
        parts.append("cannot be used")
    return ", ".join(parts)


def _gpu(facts: Facts) -> str:
    if isinstance(facts.devices, Unknown):
        return ""
    found = _gpus(facts.devices)
    if found:
        names: dict[str, int] = {}
        for gpu in found:
            size = or_none(gpu.memory_bytes)
            name = f"{gpu.name}{f', {units.memory(size)}' if size else ''}"
            names[name] = names.get(name, 0) + 1
        return " · ".join(f"{count} x {name}" if count > 1 else name for name, count in names.items())
    cards = [one for one in or_none(facts.devices.pci) or () if one.vendor in ("10de", "1002") or one.name]
    if cards:
        return (
            ", ".join(one.name or f"PCI {one.vendor}:{one.device}" for one in cards[:3]) + "; no framework can use it"
        )
    return "none in this machine; training runs on the CPU"


def _gpus(devices: DeviceFacts) -> list[Gpu]:
    found: list[Gpu] = []
    for vendor in (devices.nvidia, devices.amd, devices.intel, devices.apple):
        if vendor is not None and not isinstance(vendor, Unknown):
            found += or_none(vendor.gpus) or ()
    return found
