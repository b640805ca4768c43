from __future__ import annotations

import re
from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from dlcheck.model.report import Report
from dlcheck.model.style import Style
from dlcheck.renderers import RENDERERS

FIGURE = re.compile(r"(?:'[^'=]+'|[^\s'=]+)=-?\d+(?:\.\d+)?(?:s|us|ms|%|B|KB|MB|TB|c)?(?:;[\d.:~@]*){0,4}")


def nagios(report: Report) -> str:
    return RENDERERS["nagios"](report, Style())


def metrics(report: Report) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """Metrics by name as a reader of the exposition format sees them; what promtool refuses is refused here too."""
    text = RENDERERS["prometheus"](report, Style())
    assert text.endswith("\n")
    found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for family in text_string_to_metric_families(text):
        assert family.name not in found, "a metric stands in one block"
        assert re.fullmatch(r"dlcheck_[a-z_]+", family.name)
        assert family.documentation
        assert family.type == "gauge"
        samples = found.setdefault(family.name, {})
        for sample in family.samples:
            key = tuple(sorted(sample.labels.items()))
            assert key not in samples, "a series stands there once"
            samples[key] = sample.value
    return found


@pytest.mark.parametrize("which", ["healthy", "sick", "hostile"])
def test_the_status_line_keeps_to_the_guidelines(which: str, request: pytest.FixtureRequest):
    text = nagios(request.getfixturevalue(which))
    first = text.splitlines()[0]
    words, bar, figures = first.partition(" | ")
    assert re.match(r"DLCHECK (OK|WARNING|CRITICAL|UNKNOWN): ", words)
    assert bar
    for figure in figures.split(" "):
        assert FIGURE.fullmatch(figure), figure
    assert text.count("|") == 1
    assert len(text) <= 4096


def test_states(healthy: Report, sick: Report):
    def state(*codes: str) -> str:
        report = replace(sick, verdicts=tuple(one for one in sick.verdicts if one.code in codes))
        return nagios(report).split()[1]

    assert nagios(healthy).startswith("DLCHECK OK: No issues found.")
    assert [state("DL512"), state("DL102"), state("DL401"), state("DL513"), state("DL102", "DL513")] == [
        "CRITICAL:",
        "WARNING:",
        "OK:",
        "UNKNOWN:",
        "UNKNOWN:",
    ]


def test_metrics_say_what_the_report_says(sick: Report):
    found = metrics(sick)
    assert found["dlcheck_exit_code"] == {(): 1}
    assert found["dlcheck_findings"][(("severity", "error"),)] == 2
    assert found["dlcheck_checks"][(("status", "failed"),)] == 4
    assert sum(found["dlcheck_checks"].values()) == len(sick.verdicts)
    causes = {dict(key)["cause"]: dict(key)["primary"] for key in found["dlcheck_cause"]}
    assert causes == {"cpu-only-build": "1", "gpu-not-used": "0", "little-memory": "1", "old-pip": "1"}
    assert list(found["dlcheck_gpu_memory_bytes"].values()) == [150e9]
    assert found["dlcheck_run_timestamp_seconds"] == {(): 1795334400}
    assert found["dlcheck_run_duration_seconds"] == {(): 1.5}


@pytest.mark.parametrize("which", ["healthy", "hostile"])
def test_metrics_can_be_read(which: str, request: pytest.FixtureRequest):
    assert metrics(request.getfixturevalue(which))["dlcheck_info"]


def test_a_label_comes_back_as_it_was(sick: Report):
    name = 'back\\slash "quoted"\nline'
    (key,) = metrics(replace(sick, profile=name))["dlcheck_info"]
    assert dict(key)["profile"] == name


def test_an_unreadable_time_is_nought(sick: Report):
    assert metrics(replace(sick, created="yesterday"))["dlcheck_run_timestamp_seconds"] == {(): 0}
