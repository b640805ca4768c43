"""dlcheck diagnose as a person types it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

OLD_DRIVER = "RuntimeError: The NVIDIA driver on your system is too old (found version 11040)."
SCHEMA = json.loads((Path(__file__).parents[2] / "dlcheck/data/schemas/diagnose.json").read_text("utf-8"))


def dlcheck(*arguments: str, text: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "dlcheck", "diagnose", *arguments], input=text, capture_output=True, timeout=60
    )


def test_a_cause_is_exit_code_one_and_nothing_is_said_beside_the_document():
    done = dlcheck(text=OLD_DRIVER.encode())
    assert (done.returncode, done.stderr) == (1, b"")
    out = done.stdout.decode()
    assert out.index("CAUSE") < out.index("FIX") < out.index("CHECK") < out.index("MORE")
    assert "line 1" in out


def test_no_cause_is_exit_code_zero():
    done = dlcheck("-", text=b"a quiet day")
    assert done.returncode == 0
    assert b"No known cause" in done.stdout


@pytest.mark.parametrize("text", [OLD_DRIVER.encode(), b"", b"\xff\xfe\x00\x01", OLD_DRIVER.encode("utf-16")])
def test_json_keeps_to_its_schema(text: bytes):
    done = dlcheck("-", "--format", "json", text=text)
    document = json.loads(done.stdout)
    jsonschema.validate(document, SCHEMA)
    assert done.returncode == document["exit_code"] == bool(document["diagnoses"])


def test_several_files_and_the_line_that_spoke(tmp_path: Path):
    quiet, loud = tmp_path / "quiet.log", tmp_path / "loud.log"
    quiet.write_text("all is well\n")
    loud.write_text(f"one\ntwo\n{OLD_DRIVER}\n")
    done = dlcheck(str(quiet), str(loud), "-v")
    assert done.returncode == 1
    assert f"{loud}:3" in done.stdout.decode().replace("\n", "")


@pytest.mark.parametrize("arguments", [("missing.log",), (".",), ("--format", "xml"), ("--nonsense",)])
def test_wrong_use_is_one_line_and_exit_code_two(arguments: tuple[str, ...]):
    done = dlcheck(*arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"Traceback" not in done.stderr
    assert done.stderr.startswith(b"dlcheck: ")


@pytest.mark.parametrize(
    ("text", "code", "words"), [(b"", 0, b"nothing came in"), (bytes(range(256)) * 9, 2, b"is not a text")]
)
def test_what_is_no_text_is_said(text: bytes, code: int, words: bytes):
    done = dlcheck(text=text)
    assert done.returncode == code
    assert words in done.stderr


def test_a_log_with_a_hole_is_still_a_text():
    assert dlcheck(text=OLD_DRIVER.encode() + b"\0" * 4096).returncode == 1


def test_secrets_in_the_quoted_lines_are_masked():
    done = dlcheck("--format", "json", text=f"HF_TOKEN=hf_abcdefghijklmnopqrstuvwx {OLD_DRIVER}".encode())
    assert b"hf_abcdefghijkl" not in done.stdout
