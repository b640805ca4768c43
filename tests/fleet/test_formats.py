from __future__ import annotations

import io
import json
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from dlcheck import fleet
from dlcheck.model.fleet import (
    Counts,
    Drift,
    FleetNode,
    FleetReport,
    FoldedCause,
    Minority,
    NodeState,
    Outlier,
    Unreadable,
)
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


def text(fields: dict[str, Any], verbosity: int = 0) -> str:
    base = {"version": "0.1.0", "created": "2026-11-22T08:00:00Z", "node": "head", "counts": Counts(expected=1, received=1, ok=1), "nodes": (FleetNode(name="n1", state=NodeState.OK),)}  # fmt: skip
    return FLEET_RENDERERS["text"](
        FleetReport(**{**base, **fields}), Style(unicode=True, width=80, verbosity=verbosity)
    )  # type: ignore[arg-type]


def cause(at: int, severity: str = "error", message: str = "") -> FoldedCause:
    return FoldedCause(cause=f"cause-{at}", nodes=("n1",), severity=severity, message=message)


def outlier(measure: str, value: float = 95.0) -> Outlier:
    return Outlier(
        measure=measure, model="H200", node="n1", subject="gpu 0", value=value, median=1.0, mad=1.0, score=9.0
    )


MANY_DRIFTS = tuple(
    Drift(fact=f"fact {at}", majority="1", count=9, minorities=tuple(Minority(None if other else "2", ("n1",)) for other in range(7)))
    for at in range(21)
)  # fmt: skip
LOST = tuple(FleetNode(name=f"n{at}", state=NodeState.MISSING, why=f"reason {at}") for at in range(22))
ROWS: tuple[tuple[dict[str, Any], tuple[str, ...], tuple[str, ...]], ...] = (
    ({}, ("The node is well.", "Read in 0.0 s"), ("DRIFT", "OUTLIER", "CAUSE")),
    ({"engine": "ray"}, ("fleet through ray", "Took 0.0 s"), ()),
    ({"counts": Counts(expected=3, ok=3)}, ("All 3 nodes are well.",), ()),
    ({"causes": tuple(cause(at) for at in range(25))}, ("cause-19", "and 5 more causes"), ("cause-20",)),
    ({"causes": (cause(1, "warning", "some words"),)}, ("WARN", "some words", "dlcheck explain cause-1"), ("CAUSE",)),
    ({"drift": MANY_DRIFTS}, ("fact 0: 1 on 9 nodes", "not there", "and 2 more values", "and 1 more facts"), ("fact 20",)),
    ({"nodes": LOST}, ("MISSING", "reason 0", "and 2 more reasons"), ("reason 21",)),
    ({"unreadable": (Unreadable(source="x.json", why="no JSON"),)}, ("UNREADABLE  x.json: no JSON",), ()),
    ({"duplicates": ("n1",), "counts": Counts(expected=1, ok=1, duplicate=2)}, ("duplicate", "the newest counts"), ()),
    ({"notes": ("one hop",)}, ("  one hop",), ()),
    ({"counts": Counts(expected=9, ok=4, failed=2, missing=1, stale=1, warning=1)}, ("2 failed, 1 missing, 1 stale, 1 with warnings; 4 of 9 nodes well.",), ()),
    ({"outliers": (outlier("temperature"),)}, ("95 °C, median 1 °C",), ("more outliers",)),
    ({"outliers": (outlier("power"),)}, ("95 W, median 1 W",), ()),
    ({"outliers": (outlier("throughput"),)}, ("95 steps/s",), ()),
    ({"outliers": (outlier("bandwidth", 95e9),)}, ("95 GB/s, median 1e-09 GB/s",), ()),
    ({"outliers": (outlier("loss deviation", 0.5),) * 23}, ("5.0e-01", "and 3 more outliers"), ()),
)  # fmt: skip


@pytest.mark.parametrize(("fields", "said", "unsaid"), ROWS)
def test_every_part_of_the_text_is_there_when_it_has_something_to_say(
    fields: dict[str, Any], said: tuple[str, ...], unsaid: tuple[str, ...]
):
    shown_text = text(fields)
    assert [words for words in said if words not in shown_text] == []
    assert [words for words in unsaid if words in shown_text] == []


def test_quiet_leaves_warnings_and_the_well_out_and_verbose_names_every_node():
    nodes = (FleetNode(name="n1", state=NodeState.OK), FleetNode(name="n2", state=NodeState.FAILED, causes=("bad",)))
    fields = {"nodes": nodes, "exit_code": 1, "causes": (cause(1, "warning"), cause(2)), "drift": MANY_DRIFTS[:1]}
    quiet = text(fields, -1)
    assert "cause-2" in quiet
    assert [word for word in ("cause-1 ", "DRIFT", " ok ") if word in quiet] == []
    assert "n2           bad" in text(fields, 1)
    assert text({}, -1) == ""
