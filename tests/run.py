#!/usr/bin/env python3
"""Sets up everything the tests need, below .venv-test, and runs them. Needs Python >= 3.10 and nothing else.

    python3 tests/run.py               all tests, the real frameworks' too
    python3 tests/run.py --fast        without the real parts: no download of frameworks
    python3 tests/run.py [...] ARGS    further arguments go to pytest

The environment with the real frameworks is made by `dlcheck install` itself.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".venv-test"
BIN = "Scripts" if os.name == "nt" else "bin"
FRAMEWORKS = ("torch==2.13.0", "tensorflow-cpu", "keras", "jax")
FLEET = ("ansible", "ray", "kubernetes")


def step(words: str) -> None:
    print(f"\n--- {words} ({time.strftime('%H:%M:%S')})", flush=True)


def run(*argv: str | Path, **more: str) -> int:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **more}
    # Without byte code every child of every test compiles its frameworks anew.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return subprocess.run([str(word) for word in argv], cwd=ROOT, env=environment, check=False).returncode


def must(*argv: str | Path, **more: str) -> None:
    code = run(*argv, **more)
    if code:
        sys.exit(f"tests/run.py: {' '.join(str(word) for word in argv[:6])} ended with {code}")


def pytest(python: Path, *arguments: str, **more: str) -> int:
    """Run tests. What failed is run once more, alone, and both results stay in the log: tests that kill, interrupt and
    time processes can meet a machine that is busy with something else, and a real defect fails twice.
    """
    code = run(python, "-m", "pytest", "-q", *arguments, **more)
    if code == 1:
        step("what failed, once more and alone")
        code = run(python, "-m", "pytest", "-q", "--last-failed", "--last-failed-no-failures", "none", *(
            word for at, word in enumerate(arguments) if word != "-n" and arguments[at - 1] != "-n"
        ), **more)  # fmt: skip
    return code


def make_tools() -> Path:
    python = HOME / "tools" / BIN / "python"
    if not python.exists():
        step("an environment for the test tools")
        venv.EnvBuilder(with_pip=True, clear=True).create(HOME / "tools")
    step("test tools")
    must(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--editable", ".[test]",
         "--constraint", "tests/constraints.txt")  # fmt: skip
    return python


def make_frameworks(tools: Path) -> Path:
    python = HOME / "real" / BIN / "python"
    step("PyTorch, TensorFlow, Keras and JAX for the CPU, by dlcheck install")
    must(tools, "-m", "dlcheck", "install", *FRAMEWORKS, "--venv", HOME / "real", "--accelerator", "cpu", "--yes")
    return python


def main() -> int:
    arguments = sys.argv[1:]
    fast = "--fast" in arguments
    arguments = [word for word in arguments if word != "--fast"]
    tools = make_tools()
    step("static checks")
    must(tools, "-m", "ruff", "check", ".")
    must(tools, "-m", "ruff", "format", "--check", ".")
    must(tools, "-m", "mypy")
    step("tests of the parts")
    code = pytest(tools, "-n", "2", "-m", "not real", *arguments)
    if fast or code:
        return code
    if not arguments:
        step("branches that the tests of the parts take")
        must(tools, "tools/branches.py", "--least", "95")
    real = make_frameworks(tools)
    step("Ansible, Ray and the schemas of Kubernetes, each in an environment of its own")
    must(tools, "tests/real/setup_fleet.py", *FLEET, DLCHECK_TEST_CACHE=str(HOME / "fleet"))
    step("tests with real frameworks, installers, daemons and browsers")
    return pytest(tools, "-m", "real", "--durations=25", *arguments,
                  DLCHECK_REAL_PYTHON=str(real), DLCHECK_TEST_CACHE=str(HOME / "fleet"))  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
