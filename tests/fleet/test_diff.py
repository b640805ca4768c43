from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import pytest

from dlcheck import fleet, fleet_history, history
from dlcheck.cli import app
from dlcheck.model.errors import DlcheckError
from dlcheck.model.fleet import FleetReport
from dlcheck.model.style import Style
from dlcheck.renderers import fleet_diff
from tests.fleet.made import doctor, facts, lines


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def picture(*documents: dict[str, Any], expect: str | None = None) -> FleetReport:
    names = fleet.node_list(expect, "expect") if expect else None
    return fleet.report("-", stream=io.BytesIO(lines(*documents)), expect=names)


def kept(*documents: dict[str, Any], expect: str | None = None) -> None:
    assert fleet_history.keep(picture(*documents, expect=expect)) == ()


def test_who_turned_bad_and_what_changed_there():
    well = [doctor(f"n{at}", facts=facts()) for at in range(1, 6)]
    kept(*well, expect="n[1-5]")
    kept(
        doctor("n1", facts=facts()),
        doctor("n2", "driver-too-old", facts=facts(driver="570.86.10")),
        doctor("n3", "driver-too-old", facts=facts(driver="570.86.10")),
        doctor("n4", facts=facts(torch="2.12.0")),
        expect="n[1-5]",
    )
    found = fleet_history.compare("previous", "last")
    assert [(one.node, one.appeared) for one in found.worse] == [
        ("n2", ("driver-too-old",)),
        ("n3", ("driver-too-old",)),
        ("n5", ()),
    ]
    assert found.worse[0].changed == (("NVIDIA driver", "580.65.06", "570.86.10"),)
    assert found.worse[2].after is not None
    assert found.worse[2].after.value == "missing"
    assert [one.changed for one in found.other] == [(("torch", "2.13.0", "2.12.0"),)]
    assert (found.same, found.exit_code) == (1, 1)
    text = fleet_diff("text", found, Style(unicode=True))
    assert "n[2-3]  ok → failed" in text
    assert "changed there: NVIDIA driver 580.65.06 → 570.86.10" in text
    back = fleet_history.compare("2", "1")
    assert ([one.node for one in back.better], back.worse, back.exit_code) == (["n2", "n3", "n5"], (), 0)
    assert json.loads(fleet_diff("json", back, Style()))["better"][0]["after"] == "ok"


def test_folders_of_reports_can_be_compared(tmp_path: Path):
    for name, document in (("a", doctor("n1")), ("b", doctor("n1", "driver-too-old"))):
        (tmp_path / name).mkdir()
        (tmp_path / name / "n1.json").write_text(json.dumps(document))
    assert [one.node for one in fleet_history.compare(str(tmp_path / "a"), str(tmp_path / "b")).worse] == ["n1"]


def test_a_bad_picture_names_the_comparison_once_there_is_an_earlier_run():
    well, bad = picture(doctor("n1")), picture(doctor("n1", "driver-too-old"))
    assert fleet_history.with_comparison(bad).steps == ()
    fleet_history.keep(well)
    assert fleet_history.with_comparison(well).steps == ()
    assert [one.argv for one in fleet_history.with_comparison(bad).steps] == [("dlcheck", "fleet", "diff")]


def test_the_command_line_keeps_lists_and_compares(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    source = tmp_path / "r.jsonl"
    source.write_bytes(lines(doctor("n1")))
    assert app.run(["fleet", "report", str(source)]) == 0
    source.write_bytes(lines(doctor("n1", "driver-too-old")))
    assert app.run(["fleet", "report", str(source), "--no-history"]) == 1
    assert app.run(["fleet", "diff"]) == 2
    assert app.run(["fleet", "report", str(source)]) == 1
    assert app.run(["fleet", "diff"]) == 1
    assert app.run(["fleet", "diff", "--list"]) == 0
    assert app.run(["fleet", "diff", "last", "last", "--format", "json"]) == 0
    assert app.run(["fleet", "diff", "7", "last"]) == 2
    assert "no run 7" in capsys.readouterr().err


def test_the_file_is_private_and_bounded():
    for at in range(3):
        kept(doctor(f"n{at}"))
    path = fleet_history.place()
    assert os.stat(path).st_mode & 0o777 == 0o600
    assert len(fleet_history.runs()) == 3
    assert history.MOST_RUNS >= fleet_history.MOST_RUNS


def test_a_damaged_file_is_set_aside_with_a_notice():
    kept(doctor("n1"))
    path = Path(fleet_history.place())
    path.write_bytes(b"no database" * 1000)
    (notice,) = fleet_history.keep(fleet.report("-", stream=io.BytesIO(lines(doctor("n1")))))
    assert "set aside" in notice
    assert len(fleet_history.runs()) == 1
    assert any("damaged" in other.name for other in path.parent.iterdir())


def test_nothing_kept_is_wrong_use():
    with pytest.raises(DlcheckError, match="has been kept yet"):
        fleet_history.compare("previous", "last")


def test_ten_thousand_nodes_take_little_room():
    documents = [doctor(f"n{at}", facts=facts()) for at in range(10_000)]
    kept(*documents)
    assert os.path.getsize(fleet_history.place()) < 400_000
