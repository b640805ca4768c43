"""How fast downloads were is remembered by source, each for a month of its own."""

from __future__ import annotations

import json
import time
from pathlib import Path

from dlcheck.installers import speed
from dlcheck.installers.lock import LockedWheel

DAY = 86_400.0


def wheel(host: str) -> LockedWheel:
    name = "demo-1.0-py3-none-any.whl"
    return LockedWheel(
        name="demo", version="1.0", filename=name, address=f"https://{host}/{name}", sha256="a" * 64, size=1
    )


def test_a_download_from_one_source_does_not_renew_what_is_known_of_another(tmp_path: Path):
    seen = {"old.example": (1.0, time.time() - 31 * DAY), "older.example": (5.0, time.time() - 29 * DAY)}
    (tmp_path / "speed.json").write_text(json.dumps(seen))
    speed.note(str(tmp_path), [wheel("new.example")], fetched=4_000_000, seconds=2.0)
    assert speed.known(str(tmp_path)) == {"older.example": 5.0, "new.example": 2_000_000.0}
    kept = json.loads((tmp_path / "speed.json").read_text())
    assert kept["older.example"] == list(seen["older.example"])


def test_what_is_no_such_table_is_no_memory(tmp_path: Path):
    for text in ("", "[]", '{"a": 5}', '{"a": ["x", 1]}', "{"):
        (tmp_path / "speed.json").write_text(text)
        assert speed.known(str(tmp_path)) == {}
