"""The smoke run as one page, with its curves."""

from __future__ import annotations

from dlcheck.model.smoke import SmokeReport
from dlcheck.model.style import Style
from dlcheck.renderers.curves import figures
from dlcheck.renderers.html import body
from dlcheck.renderers.page import fragment, page
from dlcheck.renderers.problems import headline
from dlcheck.renderers.retold import of_smoke


def render(smoke: SmokeReport, style: Style) -> str:  # noqa: ARG001 - the same for every reader
    """The whole document."""
    report = of_smoke(smoke)
    return page(f"dlcheck smoke: {headline(report)}", body(report, figures=figures(smoke)))


def render_fragment(smoke: SmokeReport) -> str:
    """A part of a notebook."""
    return fragment(body(of_smoke(smoke), copyable=False, figures=figures(smoke)))
