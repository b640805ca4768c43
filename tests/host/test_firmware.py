from __future__ import annotations

from pathlib import Path

import pytest

from dlcheck.host import system


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("sys.platform", "linux")
    return tmp_path


def test_firmware_of_board_and_adapters_is_read(root: Path):
    for path, text in {
        "sys/class/dmi/id/bios_version": "2.4.1\n",
        "sys/class/dmi/id/bios_date": "03/14/2026\n",
        "sys/class/infiniband/mlx5_0/fw_ver": "28.39.1002\n",
        "sys/class/infiniband/mlx5_1/node_desc": "x\n",
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    found = system.look(str(root), {"DLCHECK_NODE": "n7", "SLURMD_NODENAME": "n8"})
    assert (found.bios, found.firmware, found.node) == ("2.4.1 03/14/2026", {"mlx5_0": "28.39.1002"}, "n7")


def test_a_machine_without_them_has_none(root: Path):
    found = system.look(str(root), {"SLURMD_NODENAME": "n8"})
    assert (found.bios, found.firmware, found.node) == (None, {}, "n8")
