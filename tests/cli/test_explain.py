"""dlcheck explain as a person and a script meet it."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys

import jsonschema
import pytest

from dlcheck import data, expectation
from dlcheck.checks import RULES
from dlcheck.cli import app

CODE = RULES[0].code


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.delenv("FORCE_COLOR", raising=False)

    def start(*arguments: str) -> tuple[int, str, str]:
        code = app.run(["explain", *arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return start


def test_a_cause_in_text(run):
    code, out, err = run("driver-too-old")
    assert (code, err) == (0, "")
    words = [
        "driver too old",
        "MEANS",
        "WHY",
        "FIX",
        "CHECK",
        "jax[cuda12]",
        "gpu-unsupported-by-driver-release",
        "Found by:",
    ]
    at = [out.lower().replace("is too old", "too old").find(word.lower()) for word in words]
    assert -1 not in at
    assert all(len(line) <= 100 for line in out.splitlines() if '"' not in line)
    assert "{" not in out


def test_a_code_with_one_cause_tells_how_it_is_mended(run):
    _, told, _ = run("driver-too-old")
    code, out, _ = run("DL611")
    assert code == 0
    assert out.index("The NVIDIA driver is new enough") < out.index("MEANS") < out.index("FIX") < out.index("CHECK")
    fixes = told[told.index("  FIX") : told.index("  CHECK")]
    assert fixes in out
    _, out, _ = run("DL611", "--format", "markdown")
    assert out.index("# DL611") < out.index("## The NVIDIA driver is too old") < out.index("### Fix")
    _, out, _ = run("DL503")
    assert "is mended: dlcheck explain import-raises" in out


@pytest.mark.skipif(sys.platform == "win32", reason="locales as POSIX has them")
@pytest.mark.parametrize(
    ("locale", "ascii_"),
    [({"LANG": "C"}, True), ({"LC_ALL": "POSIX"}, True), ({}, False), ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, False)],
)
def test_the_c_locale_is_heard_where_somebody_asks_for_it(locale: dict[str, str], ascii_: bool):
    kept = {
        name: value for name, value in os.environ.items() if name not in ("LANG", "LC_ALL", "LC_CTYPE", "PYTHONUTF8")
    }
    kept.pop("PYTHONIOENCODING", None)
    done = subprocess.run(
        [sys.executable, "-m", "dlcheck", "explain", "DL611"], env={**kept, **locale}, capture_output=True, check=True
    )
    assert (b" - GPU - " in done.stdout) is ascii_


def test_commands_stand_alone_and_can_be_pasted(run):
    _, out, _ = run("numpy-abi-mismatch")
    assert "\n           python -m pip install 'numpy<2'\n" in out


def test_windows_commands_are_for_powershell(run):
    _, out, _ = run("debug-variable-set")
    assert "\n           unset VARIABLE\n" in out
    assert "\n           Remove-Item Env:VARIABLE\n" in out
    assert "VARIABLE is the environment variable" in out


@pytest.mark.parametrize("name", [CODE, CODE.lower()])
def test_a_rule_in_text(run, name: str):
    code, out, _ = run(name)
    assert code == 0
    assert out.startswith(CODE)
    assert RULES[0].title in out
    assert all(slug in out for slug in RULES[0].causes)


@pytest.mark.parametrize("name", ["Driver-Too-Old", "driver_too_old", " driver too old "])
def test_a_slug_may_be_written_loosely(run, name: str):
    assert run(name)[0] == 0


@pytest.mark.parametrize(
    ("name", "close"),
    [("driver-to-old", "driver-too-old"), ("numpy", "numpy-abi-mismatch"), (CODE + "9", CODE), ("", "--list")],
)
def test_an_unknown_name_is_wrong_use(run, name: str, close: str):
    code, out, err = run(name) if name else run()
    assert (code, out) == (2, "")
    assert close in err
    assert "Traceback" not in err


def test_a_name_that_resembles_nothing(run):
    code, _, err = run("qqqqqq")
    assert code == 2
    assert "Did you mean" not in err
    assert "--list" in err


def test_the_list_has_every_rule_and_every_cause_once(run):
    code, out, _ = run("--list")
    assert code == 0
    first = [line.split()[0] for line in out.splitlines() if re.match(r"  \S", line)]
    assert sorted(first) == sorted(
        [*(one.code for one in RULES), *expectation.CODES, "DL590", "DL990", *data.cause_slugs()]
    )


@pytest.mark.parametrize("code", [*expectation.CODES, "DL590", "DL990"])
def test_a_code_that_only_some_reports_hold_is_explained_too(run, code: str):
    assert run(code)[1].startswith(code)


@pytest.mark.parametrize("format_", ["text", "markdown", "json"])
def test_the_beginning_of_codes_lists_its_block(run, format_: str):
    code, out, _ = run("dl11", "--format", format_)
    block = [one.code for one in RULES if one.code.startswith("DL11")]
    assert code == 0
    assert sorted(set(re.findall(r"DL\d{3}", out))) == block
    assert "causes" not in out or format_ == "json"


def test_every_family_has_a_heading():
    from dlcheck.explain import catalogue
    from dlcheck.renderers.explanation_text import FAMILIES

    assert {one.family for one in catalogue().causes} <= set(FAMILIES)


def test_list_and_a_name_exclude_each_other(run):
    assert run("--list", "driver-too-old")[0] == 2


@pytest.mark.parametrize("arguments", [("--list",), ("driver-too-old",), (CODE,)])
def test_json_keeps_its_schema(run, arguments: tuple[str, ...]):
    code, out, err = run(*arguments, "--format", "json")
    assert (code, err) == (0, "")
    document = json.loads(out)
    jsonschema.Draft202012Validator(data.schema("explain")).validate(document)
    if arguments == ("--list",):
        assert len(document["causes"]) == len(data.cause_slugs())
        assert document["asked"] is None
    else:
        assert document["asked"] == arguments[0]


def test_markdown(run):
    _, out, _ = run("cpu-only-build", "--format", "markdown")
    assert out.startswith("# ")
    assert "```sh\ndlcheck install torch --accelerator VARIANT\n```" in out
    _, out, _ = run("--list", "--format", "markdown")
    rows = [line for line in out.splitlines() if line.startswith("| ")]
    assert len(rows) == 4 + len(RULES) + len((*expectation.CODES, "DL590", "DL990")) + len(data.cause_slugs())
    assert run(CODE, "--format", "markdown")[1].startswith(f"# {CODE}: ")


@pytest.mark.parametrize("name", data.schema_names())
def test_schemas_are_printed_and_sound(run, name: str):
    code, out, _ = run("--schema", name)
    assert code == 0
    schema = json.loads(out)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert {"schema_version", "dlcheck", "command", "created", "node", "exit_code"} <= set(schema["required"])


def test_all_schemas_in_one(run):
    assert set(json.loads(run("--schema")[1])) == set(data.schema_names()) >= {"doctor", "diagnose", "explain"}


def test_an_unknown_schema_is_wrong_use(run):
    code, out, err = run("--schema", "everything")
    assert (code, out) == (2, "")
    assert "doctor" in err


def test_into_a_file(run, tmp_path):
    target = tmp_path / "cause.txt"
    assert run("low-ram", "--output", str(target))[:2] == (0, "")
    assert target.read_text("utf-8").startswith("There is little memory (RAM)")
    assert run("low-ram", "--output", str(tmp_path / "no" / "file"))[0] == 2


def test_ascii_where_the_terminal_wants_it(monkeypatch: pytest.MonkeyPatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    assert app.run(["explain", CODE]) == 0
    stream.seek(0)
    assert f"{CODE} - " in stream.read()
