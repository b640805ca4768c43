"""The manifests of the repository against the schemas of the Kubernetes API. They were never applied to a cluster."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from dlcheck import fleet
from tests.real.setup_fleet import program

pytestmark = pytest.mark.real

ROOT = Path(__file__).parents[2]


def validate(path: Path) -> subprocess.CompletedProcess[str]:
    python = program("kubernetes")
    if not python.exists():
        words = f"not installed: {python}; run tests/real/setup_fleet.py kubernetes"
        pytest.fail(words) if os.environ.get("CI") else pytest.skip(words)
    argv = [str(python), str(Path(__file__).with_name("validate_manifest.py")), str(path)]
    return subprocess.run(argv, capture_output=True, text=True, timeout=120)


MANIFESTS = sorted((*(ROOT / "k8s").glob("*.yaml"), *(ROOT / "integrations" / "kubernetes").glob("*.yaml")))


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_a_manifest_fits_the_api(path: Path):
    done = validate(path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "fit 1.29 to" in done.stdout
    assert "NOT RUN" in path.read_text().upper()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("completionMode: Indexed", "completionModus: Indexed", "'completionModus' was unexpected"),
        ("completions: 8", "completions: eight", "'eight' is not of type 'integer'"),
        ("image: registry.example/dlcheck:0.1.0", "image: 7", "7 is not of type 'string'"),
        ("topologyKey: kubernetes.io/hostname", "namespaces: []", "'topologyKey' is a required property"),
        ("memory: 2Gi", "memory: [2]", "not valid under any"),
        ("- operator: Exists", "- operators: Exists", "'operators' was unexpected"),
        ("apiVersion: batch/v1", "apiVersion: batch/v9", "Couldn't find schema"),
    ],
)
def test_a_wrong_manifest_would_be_seen(tmp_path: Path, old: str, new: str, words: str):
    text = (ROOT / "k8s" / "doctor-job.yaml").read_text()
    assert old in text
    (tmp_path / "job.yaml").write_text(text.replace(old, new))
    done = validate(tmp_path / "job.yaml")
    assert done.returncode == 1
    assert words in done.stdout


def test_the_command_of_a_pod_leaves_a_report_that_fleet_report_reads(tmp_path: Path):
    """The shell line of the manifest as it stands, with another folder and another name of the program."""
    text = (ROOT / "k8s" / "doctor-job.yaml").read_text()
    (line,) = re.findall(r"^ +(timeout .*dlcheck doctor .*)$", text, re.MULTILINE)
    line = line.replace("/reports/", f"{tmp_path}/").replace(" dlcheck ", f" {shlex.quote(sys.executable)} -m dlcheck ")
    for node in ("gpu-1", "gpu-2"):
        done = subprocess.run(
            ["sh", "-c", line], env={**os.environ, "DLCHECK_NODE": node}, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
    report = fleet.report(str(tmp_path), expect=("gpu-1", "gpu-2", "gpu-3"))
    assert [one.name for one in report.nodes if one.state.value == "missing"] == ["gpu-3"]
    assert report.counts.received == 2
