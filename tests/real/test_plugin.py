"""The documented example of an extension, built and installed beside dlcheck as anybody would do it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.real

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = ROOT / "tests" / "example_plugin"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> str:
    """``dlcheck`` of an environment that holds it, the example, and a framework of the example's kind."""
    folder = tmp_path_factory.mktemp("extended")
    framework = tmp_path_factory.mktemp("framework")
    (framework / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["flit_core>=3.9"]\nbuild-backend = "flit_core.buildapi"\n'
        '[project]\nname = "example-framework"\nversion = "2.0"\ndescription = "x"\n'
        '[tool.flit.module]\nname = "example_framework"\n'
    )
    (framework / "example_framework.py").write_text('__version__ = "2.0"\n')
    example = framework / "example"  # a copy: a build may leave files
    shutil.copytree(EXAMPLE, example)
    uv = shutil.which("uv") or str(Path(sys.executable).parent / "uv")
    python = str(folder / "bin" / "python")
    for step in (
        [uv, "venv", "-q", "--clear", "--python", sys.executable, str(folder)],
        [uv, "pip", "install", "-q", "--python", python, str(ROOT), str(example), str(framework)],
    ):
        done = subprocess.run(step, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr[-2000:]
    return str(folder / "bin" / "dlcheck")


def run(program: str, *words: str) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    command = [program, "doctor", "--offline", "--no-history", "--exit-zero", *words]
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=120)


def test_its_rule_its_framework_and_its_format_are_there(program: str):
    checked = str(Path(program).with_name("python"))
    done = run(program, "--venv", str(Path(program).parent.parent), "--select", "LAB01,DL5", "--format", "json")
    document = json.loads(done.stdout)
    assert document["target"]["python"] == checked
    verdicts = {one["code"]: one["status"] for one in document["verdicts"]}
    assert verdicts["LAB01"] in ("passed", "failed", "unknown")
    found = document["facts"]["frameworks"]["example"]
    assert (found["version"], found["run"]["result"]) == ("2.0", "found")
    codes = run(program, "--quick", "--format", "codes")
    assert codes.returncode == 0, codes.stderr
    assert all(line[:2].isupper() for line in codes.stdout.split())
    told = subprocess.run([program, "explain", "LAB01"], capture_output=True, text=True, timeout=60)
    assert "A training that swaps is slower" in told.stdout
