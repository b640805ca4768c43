"""What every start pays for: the command line may load its own frame, and nothing that gathers, judges or renders."""

from __future__ import annotations

import subprocess
import sys

LIGHT = ("dataclass", "errors", "style", "level", "shell")


def loaded(words: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{words}; import sys; print(*sys.modules)"], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_the_command_line_loads_only_its_frame():
    ours = {name for name in loaded("import dlcheck.cli.app") if name.startswith("dlcheck.") and ".cli" not in name}
    assert ours <= {"dlcheck.model", *(f"dlcheck.model.{name}" for name in LIGHT)}


def test_the_package_alone_loads_nothing():
    assert {name for name in loaded("import dlcheck") if name.startswith("dlcheck.")} == set()


def test_a_quick_doctor_loads_no_network_and_no_terminal_library():
    names = loaded("import sys; from dlcheck.cli.app import run; run(['doctor', '--quick', '--output', '/dev/null'])")
    assert not names & {"ssl", "http.client", "urllib.request", "rich", "pydantic", "email"}
