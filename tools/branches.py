#!/usr/bin/env python3
"""Which branches of checks/, readers/, model/ and renderers/ no test of the parts takes; fails below a share.

    python tools/branches.py                the four folders, with what each file leaves out
    python tools/branches.py --least 95     exit code 1 where a folder has less; a step of tests/run.py
    python tools/branches.py -- tests/checks -x     other tests, or options of pytest

Counting branches makes tests slower: those that start processes are left out, since the four folders are pure and what they
do is tested without any, and so are those that hold a limit of time. Whether tests pass is not judged here.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("checks", "readers", "model", "renderers")
LEFT_OUT = (
    *("real", "faults", "cli", "host", "hostile", "devices", "installers", "fleet/test_engines.py", "fleet/test_hooks.py"),
    *(f"test_{name}.py" for name in ("architecture", "history", "integrations", "notebook", "plugins", "race", "smoke_plot")),
)  # fmt: skip
"""Tests that start processes, below tests/."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--least", type=float, default=0.0, help="per cent of each folder's branches")
    parser.add_argument("tests", nargs="*", help="paths and options for pytest instead of the tests of the parts")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "coverage.json")
        tests = given.tests or ["-n", "2", *(f"--ignore=tests/{name}" for name in LEFT_OUT)]
        argv = [sys.executable, "-m", "pytest", "-q", "-m", "not real", "-k", "not less_than_a_second", *tests, "--cov-branch",
                "--cov-report=", f"--cov-report=json:{path}", *(f"--cov=dlcheck.{name}" for name in FOLDERS)]  # fmt: skip
        environ = {**os.environ, "PYTHONPATH": str(ROOT), "COVERAGE_FILE": str(Path(folder, "data"))}
        code = subprocess.run(argv, cwd=ROOT, env=environ, check=False).returncode
        if not path.exists():
            return code or 1
        found = json.loads(path.read_text("utf-8"))["files"]
    return max(show(name, found, given.least) for name in FOLDERS)


def show(name: str, found: dict[str, dict[str, object]], least: float) -> int:
    """Print a folder's share and its files' gaps; 1 where the share is too small."""
    files = {path: one for path, one in found.items() if Path(path).parent.name == name}
    every = sum(one["summary"]["num_branches"] for one in files.values())
    taken = sum(one["summary"]["covered_branches"] for one in files.values())
    share = 100 * taken / every if every else 0.0
    print(f"{name}: {taken} of {every} branches, {share:.1f} %")
    for path, one in sorted(files.items()):
        if one["missing_branches"]:
            gaps = ", ".join(f"{start}-{end}" for start, end in one["missing_branches"][:20])
            print(f"  {path}: {gaps}")
    return int(share < least)


if __name__ == "__main__":
    sys.exit(main())
