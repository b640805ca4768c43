"""Wrong use: one line that names what is wrong, a hint that fits the command, exit code 2, and never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.survival import ROOT


def dlcheck(*words: str, cwd: Path | None = None, before: str = "pass") -> subprocess.CompletedProcess[str]:
    program = f"{before}; from dlcheck.__main__ import main; main()"
    return subprocess.run(
        [sys.executable, "-c", program, *words], capture_output=True, text=True, check=False, cwd=cwd, timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("doctor", "--nope"), "dlcheck doctor --help shows"),
        (("fleet", "run", "--nope"), "dlcheck fleet run --help shows"),
        (("--nope",), "dlcheck --help shows"),
        (("doctr",), "No such command 'doctr'. Did you mean 'doctor'? dlcheck --help"),
        (("install", "--dry-run", "--accelerator", "VARIANT", "torch"), "--accelerator VARIANT: there is no such"),
        (("smoke", "--device", "cuda:0,nope"), "--device nope: there is no such device"),
        (("doctor", "--timeout", "nan"), "'--timeout': a finite number is expected. dlcheck doctor --help"),
        (("smoke", "--timeout", "inf"), "'--timeout': a finite number is expected. dlcheck smoke --help"),
        (("smoke", "--plot", "curves.gif"), "--plot curves.gif: only .svg and .png can be drawn"),
    ],
)
def test_what_is_wrong_and_where_help_is(words: tuple[str, ...], said: str, tmp_path: Path):
    done = dlcheck(*words, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert done.stderr.startswith("dlcheck: ")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("words", [(), ("fleet",)])
def test_a_command_that_lacks_its_command_shows_its_help(words: tuple[str, ...]):
    done = dlcheck(*words)
    assert done.returncode == 2
    assert done.stderr.startswith(" ".join(("Usage: dlcheck", *words)))
    assert "--help shows" not in done.stderr


def test_a_working_directory_that_was_deleted(tmp_path: Path):
    if os.name != "posix":
        pytest.skip("Windows keeps a folder that is in use")
    gone = tmp_path / "gone"
    gone.mkdir()
    done = dlcheck(
        "doctor", "--quick", cwd=tmp_path, before=f"import os; os.chdir({str(gone)!r}); os.rmdir({str(gone)!r})"
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "working directory" in done.stderr


def test_an_interrupt_while_modules_are_read():
    traps = (
        "import sys; from importlib.abc import MetaPathFinder; "
        "trap = type('Trap', (MetaPathFinder,), {'find_spec': lambda *words: "
        "(_ for _ in ()).throw(KeyboardInterrupt) if words[1] == 'typer' else None}); sys.meta_path.insert(0, trap())"
    )
    done = dlcheck("doctor", before=traps)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "dlcheck: interrupted\n")


def test_the_line_of_named_nodes_is_shown_where_no_slurm_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    done = dlcheck("fleet", "run", "--dry-run", "--nodes", "n[1-3]", "--", "doctor", "--quick")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("srun ")
    assert "n[1-3]" in done.stdout
    done = dlcheck("fleet", "run", "--dry-run", "--", "doctor", "--quick")
    assert (done.returncode, done.stdout) == (2, "")


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("{}", "nothing in it is known of a machine"),
        ('{"hello": "world"}', "nothing in it is known of a machine"),
        ('{"facts": 3}', "nothing in it is known of a machine"),
        ('{"schema_version": 1, "command": "diagnose", "facts": {}}', "nothing in it is known of a machine"),
        ('{"schema_version": 99, "facts": {"system": {"name": "linux"}}}', "schema version 99"),
    ],
)
def test_a_document_without_facts_is_no_healthy_machine(document: str, said: str, tmp_path: Path):
    Path(tmp_path, "facts.json").write_text(document)
    done = dlcheck("doctor", "--facts", "facts.json", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
