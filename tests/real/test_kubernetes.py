"""The manifests under k8s/ against the types of the Kubernetes API. They were never applied to a cluster."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

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


@pytest.mark.parametrize("path", sorted((ROOT / "k8s").glob("*.yaml")), ids=lambda path: path.name)
def test_a_manifest_fits_the_api(path: Path):
    done = validate(path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "NOT RUN" in path.read_text()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("completionMode: Indexed", "completionModus: Indexed", "no such field"),
        ("completions: 8", "completions: eight", "int is expected"),
        ("image: registry.example/dlcheck:0.1.0", "image: 7", "str is expected"),
        ("topologyKey: kubernetes.io/hostname", "namespaces: []", "topologyKey"),
    ],
)
def test_a_wrong_manifest_would_be_seen(tmp_path: Path, old: str, new: str, words: str):
    text = (ROOT / "k8s" / "doctor-job.yaml").read_text()
    assert old in text
    (tmp_path / "job.yaml").write_text(text.replace(old, new))
    done = validate(tmp_path / "job.yaml")
    assert done.returncode == 1
    assert words in done.stdout
