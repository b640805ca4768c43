"""dlcheck devices: one row a device, whoever sees it; the document fits its schema."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from dlcheck import data, device_table
from dlcheck.cli import app
from dlcheck.host import recording
from dlcheck.model.device_table import DeviceTable
from dlcheck.model.style import Style
from dlcheck.renderers import DEVICE_RENDERERS
from tests.well import WELL

MACHINES = Path(__file__).parent / "machines"


def table(name: str) -> DeviceTable:
    facts = recording.read(str(MACHINES / f"{name}.json"))
    return device_table.table(facts, recording.target_of(facts))


def rows(name: str) -> list[tuple[str, str | None, dict[str, str | None]]]:
    """Vendor, address and what frameworks call it, of each device but the processor."""
    return [
        (row.vendor, row.pci.address if row.pci else None, row.frameworks)
        for row in table(name).rows
        if row.vendor != "cpu"
    ]


def test_a_gpu_that_all_see_is_one_row():
    assert rows("rtx4090-ubuntu") == [
        ("nvidia", "0000:01:00.0", {"torch": "cuda:0", "tensorflow": "gpu:0", "jax": "gpu:0"})
    ]
    row = table("rtx4090-ubuntu").rows[1]
    assert (row.driver_name, row.causes) == ("nvidia 580.95.05", ())
    assert table("rtx4090-ubuntu").rows[0].frameworks["torch"] == "cpu"


def test_eight_gpus_are_eight_rows():
    assert [seen["torch"] for _, _, seen in rows("h100-hgx")] == [f"cuda:{at}" for at in range(8)]
    assert {row.vendor for row in table("h100-hgx").rows} == {"cpu", "nvidia"}


@pytest.mark.parametrize(
    ("name", "seen", "cause"),
    [
        ("rtx4070-windows-cpu-build", {"torch": None}, "cpu-only-build"),
        ("nouveau", {"torch": None}, "nouveau-owns-gpu"),
        ("docker-without-gpus-flag", {"torch": None}, "container-started-without-gpu"),
        ("rx7900xtx-cuda-build", {"torch": None}, "wrong-vendor-build"),
        ("arc-b580-without-runtime", {"torch": None}, "xpu-runtime-missing-or-old"),
        ("mac-virtual-machine", None, None),
        ("rx7900xtx-rocm", {"torch": "rocm:0"}, None),
        ("arc-b580-xpu", {"torch": "xpu:0"}, None),
        ("macbook-m3", {"torch": "mps"}, None),
        ("laptop-uhd620", {"torch": None}, None),
        ("jetson-orin", {"torch": "cuda:0"}, None),
    ],
)
def test_who_sees_it_and_why_not(name, seen, cause):
    found = [row for row in table(name).rows if row.vendor != "cpu"]
    assert [row.frameworks for row in found] == ([] if seen is None else [seen])
    assert [row.causes for row in found] == ([] if seen is None else [(cause,) if cause else ()])


@pytest.mark.parametrize("name", sorted(path.stem for path in MACHINES.glob("*.json")))
def test_every_machine_has_a_table_that_fits_the_schema(name):
    made = table(name)
    document = json.loads(DEVICE_RENDERERS["json"](made, Style()))
    jsonschema.Draft202012Validator(data.schema("devices")).validate(document)
    text = DEVICE_RENDERERS["text"](made, Style(width=100))
    assert text.isascii()
    assert max(len(line) for line in text.splitlines()[1:]) <= 140
    for row in made.rows:
        assert row.name[:10] in text or not row.name.isascii()


def test_command(capsys):
    assert app.run(["devices", "--facts", str(MACHINES / "nouveau.json")]) == 0
    said = capsys.readouterr()
    assert "01:00.0  nouveau  -" in said.out
    assert "dlcheck explain nouveau-owns-gpu" in said.out
    assert app.run(["devices", "--facts", "no-such-file"]) == 2


def test_a_driver_without_a_device_is_a_row():
    facts = recording.read(str(MACHINES / "wsl2-linux-driver-inside.json"))
    (row,) = [one for one in device_table.table(facts, recording.target_of(facts)).rows if one.vendor != "cpu"]
    assert (row.name, row.driver_name, row.causes) == ("NVIDIA GPU", "no answer", ("linux-driver-installed-in-wsl",))


def test_no_accelerator_is_said():
    target = recording.target_of(WELL)
    assert "No accelerator" in DEVICE_RENDERERS["text"](device_table.table(WELL, target), Style())


@pytest.mark.parametrize("width", [40, 60, 80, 120])
@pytest.mark.parametrize("name", ["h100-hgx", "rx7900xtx-cuda-build", "h100-hgx-lost-gpu"])
def test_no_line_is_wider_than_the_terminal(name: str, width: int):
    made = table(name)
    text = DEVICE_RENDERERS["text"](made, Style(width=width))
    assert max(map(len, text.splitlines())) <= width, text
    for row in made.rows:
        assert text.count(row.name[:12]), "every device is there"
    for called in {seen for row in made.rows for seen in row.frameworks.values() if seen}:
        assert called in text
