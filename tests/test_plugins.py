from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from dlcheck import plugins

ROOT = Path(__file__).parent.parent
EXAMPLE = Path(__file__).parent / "example_plugin"


def install(folder: Path, name: str, entries: str, module: str = "") -> None:
    """What an installed package leaves: its module and its metadata."""
    metadata = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(entries)
    if module:
        (folder / f"{name.replace('-', '_')}.py").write_text(module)


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """The documented example, installed."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]
    groups = project["entry-points"].items()
    entries = "".join(
        f"[{group}]\n" + "".join(f"{key} = {value}\n" for key, value in table.items()) for group, table in groups
    )
    install(tmp_path, project["name"], entries, (EXAMPLE / "src" / "dlcheck_example.py").read_text())
    return tmp_path


def dlcheck(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(folder)))}
    command = [sys.executable, "-m", "dlcheck", *arguments]
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=120)


def test_the_example_adds_a_rule_a_format_and_a_framework(example: Path):
    quick = ("doctor", "--quick", "--offline", "--no-history", "--exit-zero")
    done = dlcheck(example, *quick, "--select", "LAB01", "-v")
    assert "LAB01" in done.stdout, done.stderr
    assert "Swap is off" in done.stdout
    codes = dlcheck(example, *quick, "--format", "codes")
    assert codes.returncode == 0, codes.stderr
    assert all(line[:2].isupper() for line in codes.stdout.split())
    (example / "example_framework-2.0.dist-info").mkdir()
    (example / "example_framework-2.0.dist-info" / "METADATA").write_text("Name: example-framework\nVersion: 2.0\n")
    wrong = dlcheck(example, *quick, "--format", "code")
    assert wrong.returncode == 2
    assert "codes" in wrong.stderr


BROKEN = {
    "raises": "raise RuntimeError('it is broken')\n",
    "leaves": "import sys\nsys.exit(5)\n",
    "other": "RULES = ('DL101', 5)\n",
    "code": "from dlcheck.checks import RULES\n",
    "nothing": "",
}


@pytest.mark.parametrize("group", ["rules", "renderers", "frameworks"])
@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_extension_is_a_finding_and_never_a_crash(tmp_path: Path, kind: str, group: str):
    install(tmp_path, "broken-thing", f"[dlcheck.{group}]\nx = broken_thing:RULES\n", BROKEN[kind] or "x = 1\n")
    done = dlcheck(tmp_path, "doctor", "--quick", "--offline", "--no-history", "--select", "DL990", "--format", "json")
    assert done.returncode == 0, done.stderr
    assert '"cause": "plugin-broken"' in done.stdout
    assert "The extension broken-thing does not work: " in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("module", "words"),
    [
        ("1 / 0\n", "the format x of the extension broken-format does not work: ZeroDivisionError: division by zero"),
        ("render = 5\n", "the format x of the extension broken-format does not work: it offers int, not a function"),
        ("def render(report, style):\n    return report.nothing\n", "the format x does not work: AttributeError: "),
    ],
)
def test_a_broken_format_is_wrong_use_that_names_it(tmp_path: Path, module: str, words: str):
    install(tmp_path, "broken-format", "[dlcheck.renderers]\nx = broken_format:render\n", module)
    done = dlcheck(tmp_path, "doctor", "--quick", "--offline", "--no-history", "--select", "DL101", "--format", "x")
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("module", "result"),
    [("__version__ = '2.1'\n", "found"), ("raise OSError('no library')\n", "raised"), (None, "missing")],
)
def test_the_framework_of_an_extension_is_imported_in_the_checked_interpreter(
    example: Path, tmp_path_factory: pytest.TempPathFactory, module: str | None, result: str
):
    environment = tmp_path_factory.mktemp("checked")
    venv.EnvBuilder(with_pip=False).create(environment)
    (site,) = environment.glob("lib/python*/site-packages")
    (site / "example_framework-2.0.dist-info").mkdir()
    (site / "example_framework-2.0.dist-info" / "METADATA").write_text("Name: example-framework\nVersion: 2.0\n")
    if module is not None:
        (site / "example_framework.py").write_text(module)
    done = dlcheck(
        example, "doctor", "--offline", "--no-history", "--select", "DL5", "--venv", str(environment), "--format=json"
    )
    document = json.loads(done.stdout)
    found = document["facts"]["frameworks"]["example"]
    assert (found["version"], found["run"]["result"]) == ("2.1" if result == "found" else "2.0", result)
    named = [
        one["message"] for verdict in document["verdicts"] for one in verdict["findings"] if one["subject"] == "example"
    ]
    assert bool(named) is (result != "found"), "what does not import is a finding, as of any framework"


def test_a_rule_that_crashes_is_told_and_the_others_judge_on(tmp_path: Path):
    module = (
        (EXAMPLE / "src" / "dlcheck_example.py")
        .read_text()
        .replace("    swap = present(", "    1 / 0\n    swap = present(")
    )
    install(tmp_path, "crashing-rule", "[dlcheck.rules]\nx = crashing_rule:RULES\n", module)
    done = dlcheck(
        tmp_path, "doctor", "--quick", "--offline", "--no-history", "--select", "LAB01,DL1", "--format", "json"
    )
    assert '"ZeroDivisionError: division by zero"' in done.stdout
    assert '"passed"' in done.stdout


def test_without_extensions_there_is_nothing():
    assert plugins.rules() == ()
    assert plugins.render("nope") is None
    assert plugins.render_names() == ()
    assert plugins.frameworks() == ()
