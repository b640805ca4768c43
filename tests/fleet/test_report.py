from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlcheck import fleet
from dlcheck.model.errors import DlcheckError
from dlcheck.model.fleet import FleetReport, NodeState
from dlcheck.model.style import Style
from dlcheck.renderers import FLEET_RENDERERS
from tests.fleet.made import doctor, facts, lines, smoke


def drawn(*documents: Any, expect: str | None = None, **options: Any) -> FleetReport:
    text = b"".join(one if isinstance(one, bytes) else lines(one) for one in documents)
    names = fleet.node_list(expect, "expect") if expect else None
    return fleet.report("-", stream=io.BytesIO(text), expect=names, **options)


def states(report: FleetReport) -> dict[str, str]:
    return {one.name: one.state.value for one in report.nodes}


def test_every_state_is_named():
    old = doctor("n5", created="2026-11-20T08:00:00Z")
    report = drawn(
        doctor("n1"),
        doctor("n2", "thread-oversubscription", severity="warning"),
        doctor("n3", "driver-too-old"),
        old,
        b'{"schema_version": 1, "node": "n6", "command": "doc\n',
        doctor("n7", schema_version=2),
        doctor("n1"),
        expect="n[1-7]",
    )
    assert states(report) == {
        "n1": "ok", "n2": "warning", "n3": "failed", "n4": "missing", "n5": "stale", "n6": "missing", "n7": "unreadable",
    }  # fmt: skip
    counts = report.counts
    assert (counts.expected, counts.received, counts.duplicate, counts.unreadable) == (7, 4, 1, 2)
    assert report.duplicates == ("n1",)
    assert [one.source for one in report.unreadable] == ["standard input, line 5"]
    assert report.exit_code == 1


def test_a_fleet_that_is_well_ends_with_zero():
    report = drawn(doctor("n1"), doctor("n2"), expect="n[1-2]")
    assert (report.exit_code, report.counts.ok) == (0, 2)


@pytest.mark.parametrize(
    ("fail_on", "severity", "code"),
    [("error", "error", 1), ("error", "warning", 0), ("warning", "warning", 1), ("never", "error", 0)],
)
def test_the_exit_code_follows_fail_on(fail_on: str, severity: str, code: int):
    assert drawn(doctor("n1", "driver-too-old", severity=severity), fail_on=fail_on).exit_code == code


def test_a_node_that_was_told_to_exit_zero_is_still_failed():
    assert states(drawn(doctor("n1", "driver-too-old", exit_code=0))) == {"n1": "failed"}


def test_could_not_finish_is_failed():
    assert states(drawn(doctor("n1", exit_code=3))) == {"n1": "failed"}


def test_equal_causes_become_one_line():
    report = drawn(
        *(doctor(f"n{at}", "driver-too-old") for at in (3, 7, 8, 9)), doctor("n1", "disk-full", severity="warning")
    )
    document = json.loads(FLEET_RENDERERS["json"](report, Style()))
    assert [(one["cause"], one["nodes"], one["count"]) for one in document["causes"]] == [
        ("driver-too-old", "n[3,7-9]", 4),
        ("disk-full", "n1", 1),
    ]
    text = FLEET_RENDERERS["text"](report, Style())
    assert "driver-too-old on 4 nodes: n[3,7-9]" in text


def test_a_consequence_is_no_cause_of_its_own():
    document = doctor("n1", "driver-too-old", "cuda-unavailable")
    document["primary_causes"] = ["driver-too-old"]
    document["verdicts"][3]["findings"][0]["because_of"] = ["driver-too-old"]
    assert [one.cause for one in drawn(document).causes] == ["driver-too-old"]


def test_what_is_suppressed_does_not_count():
    document = doctor("n1", "driver-too-old", summary={}, exit_code=0, primary_causes=[])
    document["verdicts"][2]["suppressed"] = True
    report = drawn(document)
    assert (states(report), report.causes) == ({"n1": "ok"}, ())


@pytest.mark.parametrize("missing", [(), ("status",)])
def test_that_a_suppressed_check_could_not_judge_does_not_count(missing: tuple[str, ...]):
    """By both ways through the verdicts: an odd one takes the long way."""
    document = doctor("n1")
    document["verdicts"][1] |= {"status": "crashed", "suppressed": True}
    odd = {name: value for name, value in document["verdicts"][0].items() if name not in missing}
    document["verdicts"].append(odd)
    (node,) = drawn(document).nodes
    assert "crashed" not in dict(node.areas).values()


def test_the_newest_of_two_counts_in_either_order():
    new, old = doctor("n1", created="2026-11-22T09:00:00Z"), doctor("n1", "driver-too-old")
    for pair in ((new, old), (old, new)):
        report = drawn(*pair)
        assert (states(report), report.counts.duplicate, report.causes) == ({"n1": "ok"}, 1, ())


def test_doctor_and_smoke_of_a_node_are_one_node():
    report = drawn(doctor("n1"), smoke("n1", status="failed"))
    assert (states(report), report.counts.duplicate) == ({"n1": "failed"}, 0)
    assert report.nodes[0].areas == {"CPU": "passed", "Memory": "passed", "smoke torch": "failed"}
    assert report.causes[0].cause == "device-computes-wrong"


def test_a_clock_ahead_does_not_age_the_others():
    report = drawn(doctor("n1"), doctor("n2", created="2199-01-01T00:00:00Z"))
    assert states(report) == {"n1": "ok", "n2": "ok"}


def test_since_makes_a_lone_old_report_stale():
    report = drawn(doctor("n1"), since=4_000_000_000.0)
    assert states(report) == {"n1": "stale"}


def test_a_stranger_is_named():
    report = drawn(doctor("n1"), doctor("n9"), expect="n1")
    assert any("n9" in note for note in report.notes)
    assert json.loads(FLEET_RENDERERS["json"](report, Style()))["unexpected"] == "n9"


def test_minorities_are_drift():
    documents = [doctor(f"n{at}", facts=facts()) for at in range(1, 8)]
    documents += [doctor("n8", facts=facts(driver="570.86.10")), doctor("n9", facts=facts(torch=None))]
    found = {one.fact: one for one in drawn(*documents).drift}
    assert set(found) == {"NVIDIA driver", "torch"}
    driver = found["NVIDIA driver"]
    assert (driver.majority, driver.count) == ("580.65.06", 8)
    assert [(one.value, one.nodes) for one in driver.minorities] == [("570.86.10", ("n8",))]
    assert [(one.value, one.nodes) for one in found["torch"].minorities] == [(None, ("n9",))]


def test_bios_kernel_firmware_and_lost_gpus_are_drift():
    odd = facts(temperatures=(50,) * 7)
    odd["system"] |= {"release": "6.8.0-44-generic", "bios": "2.3", "firmware": {"mlx5_0": "28.38.1000"}}
    usual = facts(temperatures=(50,) * 8)
    report = drawn(*(doctor(f"n{at}", facts=usual) for at in range(4)), doctor("n9", facts=odd))
    assert {one.fact for one in report.drift} == {"GPUs", "kernel", "BIOS", "firmware mlx5_0"}
    assert all(one.minorities[0].nodes == ("n9",) for one in report.drift)


def test_an_unknown_fact_is_no_drift():
    blind = facts()
    blind["devices"]["nvidia"]["driver"] = {"unknown": "no permission"}
    blind["frameworks"] = {"unknown": "not gathered"}
    assert drawn(*(doctor(f"n{at}", facts=facts()) for at in range(4)), doctor("n9", facts=blind)).drift == ()


def test_hot_devices_stand_out_within_their_model():
    documents = [doctor(f"n{at}", facts=facts(temperatures=(50 + at % 3, 51.0))) for at in range(8)]
    documents.append(doctor("n9", facts=facts(temperatures=(50.0, 90.0))))
    (one,) = drawn(*documents).outliers
    assert (one.node, one.subject, one.measure, one.value) == ("n9", "GPU 1", "temperature", 90.0)
    assert one.median == 51.0


def test_slow_and_wrong_devices_stand_out_and_fast_ones_do_not():
    documents = [smoke(f"n{at}", seconds=1 + at / 1000) for at in range(8)]
    documents += [smoke("slow", seconds=2.0), smoke("fast", seconds=0.4), smoke("wrong", deviation=1e-4)]
    assert {(one.node, one.measure) for one in drawn(*documents).outliers} == {
        ("slow", "throughput"),
        ("wrong", "loss deviation"),
    }


def test_four_devices_are_too_few_for_an_outlier():
    assert drawn(*(smoke(f"n{at}") for at in range(3)), smoke("slow", seconds=9)).outliers == ()


HOSTILE = [
    b"\x00\x00\x00",
    b"\xff\xfe\x00",
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b"[1, 2]",
    b"null",
    b'"n1"',
    b"{}",
    b'{"schema_version": NaN}',
    b'{"schema_version": ' + b"9" * 5000 + b"}",
    json.dumps(doctor("n1", exit_code=float("nan"))).encode(),
    *(
        json.dumps(doctor("n1") | change).encode()
        for change in (
            {"node": "../../etc/passwd"},
            {"node": "\x1b]0;owned\x07"},
            {"node": "<script>alert(1)</script>"},
            {"node": None},
            {"node": ["n1"]},
            {"node": "n" * 300},
            {"schema_version": True},
            {"schema_version": "1"},
            {"command": "install"},
            {"command": ["doctor"]},
            {"created": "yesterday"},
            {"created": 12},
            {"created": "9999-99-99T00:00:00Z"},
        )
    ),
]


@pytest.mark.parametrize("text", HOSTILE, ids=[str(at) for at in range(len(HOSTILE))])
def test_what_is_no_report_is_unreadable(text: bytes):
    report = drawn(doctor("good"), text + b"\n")
    assert report.counts.unreadable == 1
    assert states(report)["good"] == "ok"
    assert report.exit_code == 1
    for name, render in FLEET_RENDERERS.items():
        page = render(report, Style(unicode=True))
        assert "\x1b" not in page
        assert "<script>alert" not in page or name in ("text", "json")


def test_a_line_too_long_is_unreadable_and_the_next_is_read(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("dlcheck.fleet.MOST_BYTES", 20_000)
    monkeypatch.setattr("dlcheck.picture.digest.MOST_BYTES", 20_000)
    report = drawn(doctor("n1"), lines(doctor("n2", padding="x" * 90_000)), doctor("n3"))
    assert states(report) == {"n1": "ok", "n3": "ok"}
    assert "larger than" in report.unreadable[0].why


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
PLACES = st.lists(
    st.sampled_from(
        ["summary", "verdicts", "findings", "cause", "message", "primary_causes", "facts", "devices", "nvidia", "gpus",
         "frameworks", "system", "firmware", "status", "severity", "group", "exit_code", "dlcheck", "results", "seconds"]
    ),
    min_size=1, max_size=3,
)  # fmt: skip


@given(PLACES, JSON, st.booleans())
def test_nonsense_anywhere_never_crashes(places: list[str], nonsense: Any, trained: bool):
    def spoil(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: nonsense if key in places else spoil(item) for key, item in value.items()}
        return [spoil(item) for item in value] if isinstance(value, list) else value

    document = smoke("n1") if trained else doctor("n1", "driver-too-old", facts=facts(temperatures=(50.0,)))
    report = drawn(spoil(document), doctor("n2"))
    for render in FLEET_RENDERERS.values():
        assert "\x1b" not in render(report, Style(unicode=True))


@given(st.binary(max_size=200))
def test_any_bytes_never_crash(text: bytes):
    assert drawn(doctor("n1"), text + b"\n").counts.ok >= 1


def test_a_message_cannot_steer_the_terminal():
    document = doctor("n1", "driver-too-old")
    document["verdicts"][2]["findings"][0]["message"] = (
        "ok\x1b[2J\x1b]52;c;AAAA\x07\u202e\n\nall is well token=hf_abcdefghijklmnopqrstuvwx"
    )
    text = FLEET_RENDERERS["text"](drawn(document), Style(unicode=True))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "hf_abc" not in text
    assert "ok all is well" in text.replace("�", "")


def test_a_folder_holds_a_file_a_node(tmp_path: Path):
    (tmp_path / "n1.json").write_text(json.dumps(doctor("n1"), indent=2))
    (tmp_path / "n2").mkdir()
    (tmp_path / "n2" / "doctor.json").write_text('{"schema_version": 1, "no')
    (tmp_path / "n3.json").write_text("")
    (tmp_path / "more.jsonl").write_bytes(lines(doctor("n4"), doctor("n5")))
    (tmp_path / ".dlcheck-tmp.json").write_text("half")
    (tmp_path / "notes.txt").write_text("not a report")
    (tmp_path / "link.json").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "pipe.json")
    report = fleet.report(str(tmp_path), expect=tuple(f"n{at}" for at in range(1, 7)))
    assert states(report) == {
        "n1": "ok", "n2": "unreadable", "n3": "unreadable", "n4": "ok", "n5": "ok", "n6": "missing",
    }  # fmt: skip
    assert report.nodes[2].why == "empty"


def test_one_pretty_report_may_come_through_a_pipe():
    assert states(drawn(json.dumps(doctor("n1"), indent=2).encode())) == {"n1": "ok"}


@pytest.mark.parametrize("text", ["", "n[1-", "# only a comment\n", "a/b"])
def test_a_list_of_nodes_that_is_none_is_wrong_use(tmp_path: Path, text: str):
    path = tmp_path / "nodes"
    path.write_text(text)
    with pytest.raises(DlcheckError):
        fleet.expected_nodes(str(path))


def test_the_list_of_nodes_may_have_comments(tmp_path: Path):
    path = tmp_path / "nodes"
    path.write_text("n[1-2] # rack 1\n\n# rack 2\nn7,n8\n")
    assert fleet.expected_nodes(str(path)) == ("n1", "n2", "n7", "n8")


@pytest.mark.parametrize("source", ["/no/such/place", ""])
def test_no_such_source_is_wrong_use(source: str):
    with pytest.raises(DlcheckError):
        fleet.report(source)


def test_no_report_at_all_is_wrong_use_unless_nodes_are_expected(tmp_path: Path):
    with pytest.raises(DlcheckError):
        fleet.report(str(tmp_path))
    report = fleet.report(str(tmp_path), expect=("n1", "n2"))
    assert states(report) == {"n1": "missing", "n2": "missing"}


def test_state_ranks_are_an_order():
    assert sorted(state.rank for state in NodeState) == list(range(len(NodeState)))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hello\n\nworld\n", "holds no report in 2 lines (the first: not JSON"),
        ('{"a": 1}\n', "line 1 holds no report: names no node"),
        ("", "no report was found"),
    ],
)
def test_a_file_in_which_nothing_is_a_report_is_wrong_use_in_one_line(tmp_path: Path, text: str, words: str):
    (tmp_path / "notes.txt").write_text(text)
    with pytest.raises(DlcheckError) as raised:
        fleet.report(str(tmp_path / "notes.txt"))
    assert words in raised.value.message
    assert "\n" not in raised.value.message
    with pytest.raises(DlcheckError):
        fleet.report("-", stream=io.BytesIO(text.encode()))


def test_a_folder_of_broken_reports_is_a_picture_and_so_is_a_file_that_names_a_node(tmp_path: Path):
    (tmp_path / "x.json").write_text('{"a": 1}')
    assert fleet.report(str(tmp_path)).exit_code == 1
    (tmp_path / "x.json").write_text('{"node": "n1", "schema_version": 2}')
    assert states(fleet.report(str(tmp_path / "x.json"))) == {"n1": "unreadable"}
