"""The scripts under slurm/ with a stand-in for dlcheck; tests/real/test_slurm_hooks.py lets slurmd call them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

SLURM = Path(__file__).parents[2] / "slurm"
CRITICAL = "DLCHECK CRITICAL: 1 error; the driver isn't new enough (driver-too-old) $(touch /tmp/x) | errors=1;;1"


def check(folder: Path, script: str, body: str, **settings: str) -> subprocess.CompletedProcess[str]:
    stand_in = folder / "dlcheck"
    stand_in.write_text(f"#!/bin/sh\n{body}\n")
    stand_in.chmod(0o755)
    environment = {
        "PATH": os.environ["PATH"],
        "SLURMD_NODENAME": "n3",
        "DLCHECK": str(stand_in),
        "DLCHECK_LOG": str(folder / "log"),
        "DLCHECK_SETTINGS": str(folder / "settings"),
    } | settings
    return subprocess.run([str(SLURM / script)], env=environment, capture_output=True, text=True, timeout=30)


def test_a_node_that_is_well_is_not_worth_a_word(tmp_path: Path):
    done = check(tmp_path, "check-node.sh", "echo 'DLCHECK OK: No issues found | errors=0'")
    assert (done.returncode, done.stdout, (tmp_path / "log").exists()) == (0, "", False)


def test_the_drain_command_is_printed_for_the_administrator(tmp_path: Path):
    done = check(tmp_path, "check-node.sh", f"cat <<'END'\n{CRITICAL}\nEND\nexit 1")
    assert done.returncode == 1
    assert (
        "to drain it: scontrol update nodename=n3 state=drain reason='dlcheck: CRITICAL: 1 error; the driver isnt new enough"
        " (driver-too-old) (touch /tmp/x)'" in done.stdout
    )
    assert "to drain it" in (tmp_path / "log").read_text()


def test_dlcheck_is_asked_quickly_and_offline(tmp_path: Path):
    check(tmp_path, "check-node.sh", f'echo "$@" >{tmp_path}/asked', DLCHECK_OPTIONS="--profile train")
    assert (tmp_path / "asked").read_text().split() == (
        ["doctor", "--quick", "--offline", "--no-history", "--format", "nagios", "--profile", "train"]
    )


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("sleep 30", "no answer within 1 s"),
        ("exit 3", "exit code 3"),
        ("echo 'dlcheck: no such option' >&2; exit 2", "exit code 2: dlcheck: no such option"),
        ("exec /no/such/program", "cannot be run there"),
    ],
)
def test_what_could_not_be_judged_proposes_nothing(tmp_path: Path, body: str, words: str):
    done = check(tmp_path, "check-node.sh", body, DLCHECK_LIMIT="1")
    assert done.returncode == 0
    assert "n3 was not judged" in done.stdout
    assert words in done.stdout
    assert "scontrol" not in done.stdout


@pytest.mark.parametrize(
    ("setting", "code"), [("", 0), ("DLCHECK_PROLOG_MAY_FAIL=no", 0), ("DLCHECK_PROLOG_MAY_FAIL=yes", 1)]
)
def test_the_prolog_fails_only_where_the_administrator_wants_it(tmp_path: Path, setting: str, code: int):
    (tmp_path / "settings").write_text(setting + "\n")
    assert check(tmp_path, "prolog.sh", "echo 'DLCHECK CRITICAL: x'; exit 1").returncode == code
    assert check(tmp_path, "prolog.sh", "exit 0").returncode == 0
    assert check(tmp_path, "healthcheck.sh", "echo 'DLCHECK CRITICAL: x'; exit 1").returncode == 0


def test_no_hook_runs_scontrol():
    for path in SLURM.glob("*.sh"):
        for line in path.read_text().splitlines():
            assert "scontrol" not in line or line.lstrip().startswith(("#", "tell "))
