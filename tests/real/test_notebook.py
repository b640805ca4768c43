"""A real notebook, run by nbclient in a real ipykernel, in an environment of its own."""

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
PACKAGES = ("ipykernel", "nbclient", "nbformat", "psutil", "packaging", "platformdirs", "py-cpuinfo", "nvidia-ml-py")
CELLS = (
    "import dlcheck",
    "found = dlcheck.check(quick=True, offline=True)\nfound",
    "print(found.report.target.python)",
    "dlcheck.diagnose_text(\"ModuleNotFoundError: No module named 'torch'\")",
    "%load_ext dlcheck",
    "%dlcheck doctor --quick --offline",
    "%%dlcheck diagnose\nRuntimeError: CUDA error: no kernel image is available for execution on the device",
    "%dlcheck diagnose /there/is/no/such/file",
    "[fix.text for one in found.report.findings for fix in one.fixes]",
)
RUN = """
import json, sys
import nbclient, nbformat
notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(one) for one in json.load(open(sys.argv[1]))])
nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
json.dump([cell["outputs"] for cell in notebook.cells], open(sys.argv[2], "w"))
"""


def environment(folder: Path, *more: str) -> str:
    """An interpreter with a kernel and what dlcheck needs without its command line: no Typer, no Rich."""
    made = str(folder / "bin" / "python")
    packages = [*PACKAGES, *more]
    uv = shutil.which("uv") or str(Path(sys.executable).parent / "uv")
    if os.path.exists(uv):
        steps = [
            [uv, "venv", "-q", "--clear", "--python", sys.executable, str(folder)],
            [uv, "pip", "install", "-q", "--python", made, *packages],
        ]
    else:
        steps = [[sys.executable, "-m", "venv", str(folder)], [made, "-m", "pip", "install", "-q", *packages]]
    for step in steps:
        done = subprocess.run(step, capture_output=True, text=True, timeout=300)
        if done.returncode:
            words = f"no environment with a kernel: {done.stderr.strip()[-300:]}"
            if os.environ.get("CI"):
                pytest.fail(words)
            pytest.skip(words)
    return made


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    return environment(tmp_path_factory.mktemp("kernel"))


def test_a_notebook_shows_what_was_found(python: str, tmp_path: Path):
    (tmp_path / "cells.json").write_text(json.dumps(CELLS))
    environ = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "JUPYTER_PATH": os.path.join(os.path.dirname(os.path.dirname(python)), "share", "jupyter"),
    }
    command = [python, "-W", "ignore", "-c", RUN, "cells.json", "out.json"]
    done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr[-2000:]
    outputs = json.loads((tmp_path / "out.json").read_text())

    def html(cell: int) -> str:
        (output,) = outputs[cell]
        assert output["output_type"] == "execute_result"
        assert "text/plain" in output["data"]
        return str(output["data"]["text/html"])

    assert outputs[0] == []
    assert html(1).startswith('<div class="dlcheck">')
    assert os.path.samefile(outputs[2][0]["text"].strip(), python), "the kernel's own interpreter was checked"
    assert "framework-missing" in html(1)
    # An environment that uv made holds no pip: %pip would end with "No module named pip" there.
    has_pip = any(Path(python).parent.parent.glob("lib/python3*/site-packages/pip"))
    assert ("%pip install" if has_pip else "%sx uv pip install") in html(1)
    assert "Then restart the kernel." in html(1)
    assert "module-not-found" in html(3) or "framework-missing" in html(3) or "article" in html(3)
    assert html(5).startswith('<div class="dlcheck">')
    assert "<article" in html(6)
    assert "cannot read /there/is/no/such/file" in outputs[7][0]["text"]
