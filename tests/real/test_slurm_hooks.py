"""slurmd itself calls the scripts under slurm/; the node must stay as it is."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.real.cluster import cluster, require

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("slurm")]

SLURM = Path(__file__).parents[2] / "slurm"
MORE = """\
HealthCheckProgram={folder}/healthcheck.sh
HealthCheckInterval=1
HealthCheckNodeState=ANY
Prolog={folder}/prolog.sh
PrologFlags=Alloc
"""


def test_slurmd_calls_the_hooks_and_no_node_is_drained(tmp_path: Path):
    require()
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("healthcheck.sh", "prolog.sh"):
        (hooks / name).write_text(
            f"#!/bin/sh\nexport DLCHECK_SETTINGS={tmp_path}/settings CALLER={name}\nexec {SLURM / name}\n"
        )
        (hooks / name).chmod(0o755)
    stand_in = tmp_path / "dlcheck"
    stand_in.write_text(
        '#!/bin/sh\nif [ $SLURMD_NODENAME = n2 ]; then echo "DLCHECK CRITICAL: $CALLER (gpu-fallen-off)"; exit 1; fi\n'
    )
    stand_in.chmod(0o755)
    (tmp_path / "settings").write_text(f"export DLCHECK={stand_in} DLCHECK_LOG={tmp_path}/log\n")
    (tmp_path / "slurm").mkdir()
    with cluster(tmp_path / "slurm", 2, MORE.format(folder=hooks)) as running:
        assert sorted(running.command("srun", "-N2", "sh", "-c", "echo $SLURMD_NODENAME").split()) == ["n1", "n2"]
        log = tmp_path / "log"
        running.until(
            lambda: (
                log.exists()
                and {"healthcheck.sh", "prolog.sh"}
                <= {word for word in log.read_text().split() if word.endswith(".sh")}
            )
        )
        states = running.command("sinfo", "-h", "-N", "-o", "%N %T").split()
    lines = log.read_text().splitlines()
    assert any(
        "to drain it: scontrol update nodename=n2 state=drain reason='dlcheck: CRITICAL: prolog.sh (gpu-fallen-off)'"
        in line
        for line in lines
    )
    assert not any("n1" in line for line in lines)
    assert states[::2] == ["n1", "n2"]
    assert not any("drain" in state or "down" in state for state in states)


def test_the_check_runs_the_real_dlcheck(tmp_path: Path):
    import subprocess

    environment = dict(os.environ) | {
        "DLCHECK": f"{sys.executable} -m dlcheck",
        "DLCHECK_SETTINGS": str(tmp_path / "none"),
    }
    environment |= {"SLURMD_NODENAME": "n3", "DLCHECK_LIMIT": "60"}
    done = subprocess.run([str(SLURM / "check-node.sh")], env=environment, capture_output=True, text=True, timeout=90)
    assert done.returncode in (0, 1)
    assert "not judged" not in done.stdout
    assert done.returncode == 0 or "scontrol update nodename=n3 state=drain reason='dlcheck: CRITICAL" in done.stdout
