"""Metrics for the textfile collector of Prometheus' node exporter: write them with ``--output NAME.prom``, which is atomic."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timezone

from dlcheck.model.fact import Unknown, or_none
from dlcheck.model.finding import Status
from dlcheck.model.report import Report
from dlcheck.model.style import Style
from dlcheck.renderers.overview import gpus
from dlcheck.renderers.problems import found_in

Sample = tuple[dict[str, str], float]


def render(report: Report, style: Style) -> str:  # noqa: ARG001 - the same for every reader
    """The report in the text exposition format. Every metric is a gauge, and begins with ``dlcheck_``."""
    lines: list[str] = []
    for name, description, samples in _metrics(report):
        unique = {tuple(sorted(labels.items())): (labels, value) for labels, value in samples}
        if not unique:
            continue
        lines += [f"# HELP dlcheck_{name} {_help(description)}", f"# TYPE dlcheck_{name} gauge"]
        for labels, value in unique.values():
            inside = ",".join(f'{key}="{_label(text)}"' for key, text in labels.items())
            lines.append(f"dlcheck_{name}{f'{{{inside}}}' if inside else ''} {value:.15g}")
    return "\n".join(lines) + "\n"


def _metrics(report: Report) -> Iterable[tuple[str, str, list[Sample]]]:
    summary = report.summary
    python = report.target.version or "unknown"
    who = {"version": report.version, "profile": report.profile, "python": python, "command": report.command}
    yield "info", "What ran, and against what.", [(who, 1)]
    yield "run_timestamp_seconds", "When the report was made, seconds since 1970.", [({}, _seconds(report.created))]
    yield "run_duration_seconds", "How long it took.", [({}, report.timings.get("total", 0.0))]
    yield "exit_code", "The exit code: 0 well, 1 findings, 3 could not finish.", [({}, report.exit_code)]
    findings = {"error": summary.errors, "warning": summary.warnings, "note": summary.notes}
    yield "findings", "Findings by severity.", [({"severity": kind}, count) for kind, count in findings.items()]
    ends = {
        "passed": summary.passed,
        "failed": sum(one.status is Status.FAILED and not one.suppressed for one in report.verdicts),
        "skipped": summary.skipped,
        "unknown": summary.unknown,
        "crashed": summary.crashed,
        "suppressed": summary.suppressed,
    }
    yield "checks", "Checks by how they ended.", [({"status": status}, count) for status, count in ends.items()]
    causes = {
        (one.finding.cause, one.severity.value): ("0" if one.finding.because_of else "1") for one in found_in(report)
    }
    yield (
        "cause",
        "1 for each cause that was found; primary is 0 where another cause explains it.",
        [({"cause": slug, "severity": kind, "primary": primary}, 1) for (slug, kind), primary in causes.items()],
    )
    yield from _devices(report)
    frameworks = {} if isinstance(report.facts.frameworks, Unknown) else report.facts.frameworks
    versions = [
        ({"framework": name, "version": or_none(one.version) or "unknown"}, 1.0) for name, one in frameworks.items()
    ]
    yield "framework_info", "Installed frameworks.", versions


def _devices(report: Report) -> Iterable[tuple[str, str, list[Sample]]]:
    devices = [
        ({"gpu": str(number if gpu.index is None else gpu.index), "name": gpu.name, "vendor": vendor}, gpu)
        for number, (vendor, gpu) in enumerate(gpus(report.facts))
    ]
    for name, description, field in (
        ("gpu_memory_bytes", "Memory of the GPU.", "memory_bytes"),
        ("gpu_memory_free_bytes", "Free memory of the GPU.", "memory_free_bytes"),
        ("gpu_temperature_celsius", "Temperature of the GPU.", "temperature"),
        ("gpu_power_watts", "Power that the GPU draws.", "power_watts"),
        ("gpu_utilization_percent", "Load of the GPU.", "utilization_percent"),
        ("gpu_ecc_uncorrected", "Uncorrected memory errors since the driver was loaded.", "ecc_uncorrected"),
    ):
        known = [(labels, or_none(getattr(gpu, field))) for labels, gpu in devices]
        yield name, description, [(labels, float(value)) for labels, value in known if value is not None]
    yield "gpu_lost", "1 where the driver cannot reach the GPU.", [(labels, float(gpu.lost)) for labels, gpu in devices]


def _seconds(moment: str) -> float:
    try:
        return datetime.strptime(moment, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc).timestamp()
    except ValueError:
        return 0.0


def _label(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _help(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")
