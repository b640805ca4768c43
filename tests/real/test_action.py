"""The action's first step for real: dlcheck is built from this tree and installed into an environment of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.real

ROOT = Path(__file__).parent.parent.parent


def test_the_action_installs_what_it_ships(tmp_path: Path):
    step = yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"][0]
    environ = {
        **{name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_ENV": str(tmp_path / "env"),
        "DLCHECK_FROM": "",
        "DLCHECK_ACTION": str(ROOT),
        "DLCHECK_BASE": sys.executable,
    }
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", step["run"]],
        env=environ,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
    )
    if done.returncode and not os.environ.get("CI"):
        pytest.skip(f"nothing can be installed here: {done.stderr.strip()[-300:]}")
    assert done.returncode == 0, done.stderr
    program = (tmp_path / "env").read_text().strip().removeprefix("DLCHECK=")
    shown = subprocess.run([program, "--version"], env=environ, capture_output=True, text=True, timeout=120)
    assert shown.stdout.startswith("dlcheck "), shown.stderr
