"""One line for Nagios, Icinga, Zabbix and their kin, in the plugin guidelines' form: ``SERVICE STATE: words | figures``.

The state is in the words; the exit code stays that of dlcheck, since 2 means wrong use there and CRITICAL here. A monitor maps
it with the wrapper in integrations/nagios.
"""

from __future__ import annotations

from dlcheck.model.fact import or_none
from dlcheck.model.profile import Severity
from dlcheck.model.report import Report
from dlcheck.model.style import Style
from dlcheck.renderers.overview import gpus
from dlcheck.renderers.problems import headline, problems

_LENGTH = 4000
"""Nagios reads 4 KB of a plugin's output, and older versions one line of it."""


def render(report: Report, style: Style) -> str:  # noqa: ARG001 - the same for every reader
    """The status line with performance data, then a line a cause."""
    found = [one for one in problems(report) if one.severity is not Severity.NOTE]
    said = f"{headline(report)} " + "; ".join(f"{one.title} ({one.slug})" for one in found)
    lines = [f"DLCHECK {state(report)}: {_words(said)} | {_figures(report)}"]
    for one in found:
        lines.extend(
            _words(f"{one.severity.value}: {message} - dlcheck explain {one.slug}") for message in one.messages
        )
    text = ""
    for line in lines:
        if len(text) + len(line) > _LENGTH:
            break
        text += line + "\n"
    return text


def state(report: Report) -> str:
    """OK, WARNING, CRITICAL or UNKNOWN."""
    summary = report.summary
    if summary.errors:
        return "CRITICAL"
    if summary.crashed:
        return "UNKNOWN"
    return "WARNING" if summary.warnings else "OK"


def _figures(report: Report) -> str:
    """``'label'=value[unit]`` as the guidelines write it."""
    summary = report.summary
    figures = [
        f"errors={summary.errors};;1",
        f"warnings={summary.warnings};1",
        f"unknown={summary.unknown}",
        f"time={report.timings.get('total', 0.0):.3f}s",
    ]
    for number, (_, gpu) in enumerate(gpus(report.facts)):
        temperature, free = or_none(gpu.temperature), or_none(gpu.memory_free_bytes)
        label = f"gpu{number if gpu.index is None else gpu.index}"
        figures += [f"{label}_temperature={temperature:.0f}"] if temperature is not None else []
        figures += [f"{label}_memory_free={free}B"] if free is not None else []
    return " ".join(figures)


def _words(text: str) -> str:
    """One line without the bar, after which figures begin."""
    return text.replace("|", "/").replace("\n", " ").strip()[: _LENGTH // 2]
