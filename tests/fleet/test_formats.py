from __future__ import annotations

import io
import json
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest

from dlcheck import fleet
from dlcheck.model.fleet import FleetReport
from dlcheck.model.style import Style
from dlcheck.renderers import FLEET_RENDERERS
from tests.fleet.made import doctor, facts, lines, smoke


@pytest.fixture(scope="module")
def drawn() -> FleetReport:
    documents = [doctor(f"n{at}", facts=facts(temperatures=(50.0 + at % 2,))) for at in range(1, 8)]
    documents += [
        doctor("n8", "driver-too-old", facts=facts(driver="570.86.10", temperatures=(95.0,))),
        doctor("n9", "thread-oversubscription", severity="warning", facts=facts(temperatures=(50.0,))),
        smoke("n9"),
        doctor("n10", schema_version=7),
    ]
    text = lines(*documents) + b"rubbish & <more> | `of` it\n"
    return fleet.report("-", stream=io.BytesIO(text), expect=tuple(f"n{at}" for at in range(1, 12)))


def shown(drawn: FleetReport, name: str, **style: bool) -> str:
    return FLEET_RENDERERS[name](drawn, Style(**style))  # type: ignore[arg-type]


def test_json_is_what_the_contract_says(drawn: FleetReport):
    document = json.loads(shown(drawn, "json"))
    assert document["nodes"] == {
        "expected": 11, "received": 9, "ok": 7, "warning": 1, "failed": 1, "missing": 1, "stale": 0, "unreadable": 2, "duplicate": 0,
    }  # fmt: skip
    assert {
        "schema_version",
        "dlcheck",
        "command",
        "created",
        "node",
        "exit_code",
        "causes",
        "drift",
        "outliers",
    } <= set(document)
    assert document["states"]["ok"] == "n[1-7]"
    assert [(one["node"], one["measure"], one["value"]) for one in document["outliers"]] == [
        ("n8", "temperature", 95.0)
    ]


def test_junit_has_a_case_a_node(drawn: FleetReport):
    (suite,) = ET.fromstring(shown(drawn, "junit"))
    cases = {case.get("name"): [child.tag for child in case] for case in suite}
    assert cases == {
        **{f"n{at}": [] for at in range(1, 8)},
        "n8": ["failure"], "n9": ["system-out"], "n10": ["error"], "n11": ["error"], "standard input, line 12": ["error"],
    }  # fmt: skip
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("12", "1", "3")


class Page(HTMLParser):
    """The cells of the heat map, and every tag that is never closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.open: list[str] = []
        self.heat = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "br"):
            self.open.append(tag)
        if tag == "table":
            self.heat = ("class", "heat") in attrs
        if tag == "tr" and self.heat:
            self.rows.append([])

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.heat and self.rows and data.strip() and {"td", "th"} & set(self.open):
            self.rows[-1].append(data)


def test_html_folds_equal_nodes_into_rows_of_the_heat_map(drawn: FleetReport):
    page = Page(shown(drawn, "html"))
    assert page.open == []
    assert page.rows == [
        ["Nodes", "State", "PyTorch", "CPU", "Memory", "smoke torch"],
        ["n8", "failed", "failed", "ok", "ok"],
        ["n11", "missing"],
        ["n10", "unreadable"],
        ["n9", "warning", "warning", "ok", "ok", "ok"],
        ["n[1-7]", "ok", "ok", "ok"],
    ]


def test_the_page_loads_nothing(drawn: FleetReport):
    page = shown(drawn, "html")
    assert "default-src 'none'" in page
    assert not any(word in page for word in ("http://", "https://", "src=", "@import"))


def test_markdown_tables_hold_together(drawn: FleetReport):
    text = shown(drawn, "markdown")
    for block in text.split("\n\n"):
        rows = [line for line in block.splitlines() if line.startswith("|")]
        widths = {len(row.replace("\\|", "").split("|")) for row in rows}
        assert len(widths) <= 1, block
    assert "| failed | 1 | `n8` |" in text


@pytest.mark.parametrize("unicode", [True, False])
def test_text_is_short_and_says_what_is_wrong(drawn: FleetReport, unicode: bool):
    text = shown(drawn, "text", unicode=unicode)
    assert unicode or text.isascii()
    for words in ("driver-too-old on 1 node: n8", "MISSING     n11: no report came", "n10: schema version 7 instead of 1", "570.86.10",
                  "n8 GPU 0: temperature 95", "7 of 11 nodes well"):  # fmt: skip
        assert words in text
    assert len(text.splitlines()) < 40


def test_quiet_is_silent_where_all_is_well():
    drawn = fleet.report("-", stream=io.BytesIO(lines(doctor("n1"))))
    assert FLEET_RENDERERS["text"](drawn, Style(verbosity=-1)) == ""


def test_verbose_has_a_line_a_node(drawn: FleetReport):
    text = FLEET_RENDERERS["text"](drawn, Style(verbosity=1))
    assert all(f" n{at} " in text for at in range(1, 12))


def test_a_large_fleet_stays_a_page():
    documents = [doctor(f"n{at}", *(["driver-too-old"] if at % 2 else [])) for at in range(3000)]
    drawn = fleet.report("-", stream=io.BytesIO(lines(*documents)))
    assert len(FLEET_RENDERERS["html"](drawn, Style())) < 80_000
    assert len(FLEET_RENDERERS["text"](drawn, Style())) < 3_000
    assert len(FLEET_RENDERERS["markdown"](drawn, Style())) < 10_000
