"""Output formats: each a module with a pure ``render(report, style) -> str``. A new format is a file and one line here."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dlcheck.model.redact import anonymise, mask_report
from dlcheck.model.report import Report
from dlcheck.model.style import Style

if TYPE_CHECKING:
    from dlcheck.model.device_table import DeviceTable
    from dlcheck.model.diagnosis import DiagnosisReport
    from dlcheck.model.explanation import Explanation
    from dlcheck.model.fleet import FleetDiff, FleetReport
    from dlcheck.model.plan import Installation
    from dlcheck.model.smoke import SmokeReport

Render = Callable[[Report, Style], str]


def _private(module: str) -> Render:
    """A format for the person's own eyes: secrets are masked, names and paths stay. Imported at its first use."""

    def render(report: Report, style: Style) -> str:
        made: str = importlib.import_module(f"{__name__}.{module}").render(mask_report(report), style)
        return made

    return render


def _shared(module: str) -> Render:
    """A format meant to be shown to others: user, host, home and serial numbers are masked too."""

    def render(report: Report, style: Style) -> str:
        made: str = importlib.import_module(f"{__name__}.{module}").render(anonymise(report), style)
        return made

    return render


RENDERERS: dict[str, Render] = {
    "text": _private("text"),
    "json": _private("json"),
    "junit": _shared("junit"),
    "sarif": _shared("sarif"),
    "github": _shared("github"),
    "markdown": _shared("markdown"),
    "html": _shared("html"),
    "nagios": _shared("nagios"),
    "prometheus": _shared("prometheus"),
}
"""Every value of --format and what it renders with. Text and JSON are private, the rest is shared."""


def _retold(name: str, retell: str) -> Callable[[Any, Style], str]:
    """A format of doctor for another kind of run, which is retold as a Report first."""

    def render(run: object, style: Style) -> str:
        return RENDERERS[name](getattr(importlib.import_module(f"{__name__}.retold"), retell)(run), style)

    return render


RETOLD = ("junit", "sarif", "github", "markdown", "html", "nagios", "prometheus")


def _smoke(module: str) -> Callable[[SmokeReport, Style], str]:
    """A format of the smoke run alone."""

    def render(run: SmokeReport, style: Style) -> str:
        clean = anonymise(run) if module == "html" else mask_report(run)
        made: str = importlib.import_module(f"{__name__}.smoke_{module}").render(clean, style)
        return made

    return render


SMOKE_RENDERERS: dict[str, Callable[[SmokeReport, Style], str]] = {
    **{name: _retold(name, "of_smoke") for name in RETOLD},
    **{name: _smoke(name) for name in ("text", "json", "html")},
}
"""Every value of --format of dlcheck smoke."""


def _fleet(module: str) -> Callable[[FleetReport, Style], str]:
    """A format of the fleet's picture. What nodes wrote was masked when it was read; their names are its subject."""

    def render(report: FleetReport, style: Style) -> str:
        made: str = importlib.import_module(f"{__name__}.fleet_{module}").render(report, style)
        return made

    return render


FLEET_RENDERERS: dict[str, Callable[[FleetReport, Style], str]] = {
    **{name: _retold(name, "of_fleet") for name in ("sarif", "github", "nagios", "prometheus")},
    **{name: _fleet(name) for name in ("text", "json", "junit", "markdown", "html")},
}
"""Every value of --format of dlcheck fleet."""


def fleet_diff(name: str, diff: FleetDiff, style: Style) -> str:
    """The change between two runs of a fleet in a format: text or json."""
    made: str = importlib.import_module(f"{__name__}.fleet_diff_{name}").render(diff, style)
    return made


def _diagnosis(module: str) -> Callable[[DiagnosisReport, Style], str]:
    """A format of diagnose: secrets are masked in the quoted lines, and people in what is made to be shared."""

    def render(report: DiagnosisReport, style: Style) -> str:
        clean = anonymise(report) if module == "markdown" else mask_report(report)
        made: str = importlib.import_module(f"{__name__}.diagnosis_{module}").render(clean, style)
        return made

    return render


DIAGNOSIS_RENDERERS = {name: _diagnosis(name) for name in ("text", "json", "markdown")}
"""Every value of --format of dlcheck diagnose."""


def _explanation(module: str) -> Callable[[Explanation, Style], str]:
    """A format of explain: words of the catalogue, which hold nothing private."""

    def render(found: Explanation, style: Style) -> str:
        made: str = importlib.import_module(f"{__name__}.explanation_{module}").render(found, style)
        return made

    return render


EXPLANATION_RENDERERS = {name: _explanation(name) for name in ("text", "json", "markdown")}
"""Every value of --format of dlcheck explain."""


def _install(module: str) -> Callable[[Installation, Style], str]:
    """A format of install: secrets are masked wherever they stand."""

    def render(done: Installation, style: Style) -> str:
        made: str = importlib.import_module(f"{__name__}.install_{module}").render(mask_report(done), style)
        return made

    return render


INSTALL_RENDERERS = {name: _install(name) for name in ("text", "json")}
"""Every value of --format of dlcheck install."""


def _devices(module: str) -> Callable[[DeviceTable, Style], str]:
    """A format of devices: secrets are masked wherever they stand."""

    def render(table: DeviceTable, style: Style) -> str:
        made: str = importlib.import_module(f"{__name__}.devices_{module}").render(mask_report(table), style)
        return made

    return render


DEVICE_RENDERERS = {name: _devices(name) for name in ("text", "json")}
"""Every value of --format of dlcheck devices."""
