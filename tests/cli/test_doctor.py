"""What scripts rely on: exit codes, the document, wrong use in one line."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import jsonschema
import pytest

from dlcheck.cli.doctor import FORMATS
from dlcheck.data import FOLDER
from dlcheck.model.codec import encode
from dlcheck.renderers import RENDERERS
from tests.survival import Environment, dlcheck, doctor
from tests.well import WELL


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    return Environment(tmp_path_factory.mktemp("doctor") / "env")


@pytest.fixture
def healthy(tmp_path: Path) -> str:
    path = tmp_path / "facts.json"
    path.write_text(json.dumps({"facts": encode(WELL)}))
    return str(path)


WRONG = [
    (("doctor", "--frob"), "No such option"),
    (("frobnicate",), "No such command"),
    (("doctor", "--python", "/no/such/python"), "there is no such file"),
    (("doctor", "--python", "/etc/hostname"), "/etc/hostname"),
    (("doctor", "--python", "/bin/ls"), "is no Python interpreter"),
    (("doctor", "--python", "/usr"), "is a folder"),
    (("doctor", "--venv", "/usr/share"), "is no virtual environment"),
    (("doctor", "--python", "a", "--venv", "b"), "two interpreters"),
    (("doctor", "--profile", "nonsense"), "there is no profile nonsense"),
    (("doctor", "--select", "DL999"), "no rule has the code"),
    (("doctor", "--ignore", "nonsense"), "no rule has the code"),
    (("doctor", "--facts", "/no/such/file"), "cannot read"),
    (("doctor", "--facts", "/etc/passwd"), "holds no facts"),
    (("doctor", "--timeout", "-5"), "Invalid value"),
    (("doctor", "--format", "xml"), "there is no format 'xml' that works"),
    (("doctor", "--quick", "--output", "/no/such/folder/x"), "cannot write"),
]


@pytest.mark.parametrize(("arguments", "words"), WRONG, ids=[" ".join(row[0][:3]) for row in WRONG])
def test_wrong_use_is_one_clear_line_and_exit_2(arguments: tuple[str, ...], words: str):
    done = dlcheck(*arguments)
    assert done.returncode == 2, done
    assert done.stdout == ""
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 2
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("memory_bytes = 'much'", "memory_bytes must be of type int"),
        ("frobnicate = 1", "there is no setting frobnicate"),
        ("= 1", "is no TOML"),
        ("[ignore]\nDL110 = ''", "needs a reason"),
        ("[ignore]\nnonsense = 'why'", "neither a rule's code nor a cause"),
        ("[severity]\nDL110 = 'fatal'", "none of note, warning, error"),
        ("[frameworks]\ntorch = 'newest'", "no version specifier"),
        ("gpu = 'maybe'", "gpu must be one of"),
        ("profile = 'none'", "is none of learn"),
    ],
)
def test_a_wrong_profile_is_named(tmp_path: Path, text: str, words: str):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    done = dlcheck("doctor", "--quick", "--profile", str(path))
    assert done.returncode == 2
    assert words in done.stderr


def test_a_project_that_names_a_profile_is_told_where_that_is_chosen(tmp_path: Path, healthy: str):
    (tmp_path / "pyproject.toml").write_text("[tool.dlcheck]\nprofile = 'train'\n")
    done = dlcheck("doctor", "--facts", healthy, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "profile is no setting of a project" in done.stderr
    assert "--profile" in done.stderr


def test_a_healthy_machine_ends_with_0_and_no_issues(healthy: str):
    done = dlcheck("doctor", "--facts", healthy)
    assert done.returncode == 0
    assert "No issues found." in done.stdout
    assert dlcheck("doctor", "--facts", healthy, "-q").stdout == ""


def test_an_empty_environment_is_an_error(environment: Environment):
    document = doctor(environment, "--quick")
    assert document["exit_code"] == 1
    assert document["primary_causes"] == ["framework-missing"]


@pytest.mark.parametrize(
    ("arguments", "code"), [((), 1), (("--fail-on", "never"), 0), (("--exit-zero",), 0), (("--ignore", "DL501"), 0)]
)
def test_the_exit_code_is_the_same_in_every_format(environment: Environment, arguments: tuple[str, ...], code: int):
    for form in ("text", "json", "junit", "github"):
        done = dlcheck("doctor", "--quick", "--venv", str(environment.folder), "--format", form, *arguments)
        assert done.returncode == code, (form, done.stderr)


def test_the_document_keeps_its_schema(environment: Environment):
    document = doctor(environment)
    jsonschema.validate(document, json.loads((FOLDER / "schemas" / "doctor.json").read_text("utf-8")))
    for name in (
        "schema_version",
        "dlcheck",
        "command",
        "created",
        "node",
        "exit_code",
        "profile",
        "target",
        "summary",
        "primary_causes",
        "verdicts",
        "facts",
        "timings",
        "data_date",
    ):
        assert name in document
    assert set(document["summary"]) == {
        "passed",
        "errors",
        "warnings",
        "notes",
        "skipped",
        "unknown",
        "crashed",
        "suppressed",
    }
    assert document["target"]["chosen_by"] == "--venv"


def test_recorded_facts_replay_as_they_were(environment: Environment, tmp_path: Path):
    saved = tmp_path / "saved.json"
    first = doctor(environment, "--quick", "--save-facts", str(saved))
    again = json.loads(dlcheck("doctor", "--facts", str(saved), "--format", "json").stdout)
    assert again["facts"] == json.loads(saved.read_text())["facts"]
    failing = [
        [one["code"] for one in document["verdicts"] if one["status"] == "failed"] for document in (first, again)
    ]
    assert failing[0] == failing[1]


def test_only_the_chosen_rules_are_judged_and_only_their_facts_gathered(environment: Environment):
    document = doctor(environment, "--select", "DL110")
    assert [one["code"] for one in document["verdicts"]] == ["DL110"]
    assert document["facts"]["devices"] == {"unknown": "not gathered"}
    assert "look_torch" not in document["timings"]


def test_an_option_that_is_given_twice_counts_twice(environment: Environment):
    document = doctor(environment, "--quick", "--select", "DL110", "--select", "DL402, DL501")
    assert {one["code"] for one in document["verdicts"]} == {"DL110", "DL402", "DL501"}
    document = doctor(environment, "--quick", "--select", "DL402,DL501", "--ignore", "DL501", "--ignore", "DL402")
    assert document["summary"]["suppressed"] > 0
    assert document["exit_code"] == 0


def test_ignored_findings_are_counted(environment: Environment):
    plain = doctor(environment, "--quick")["summary"]
    for ignored in ("DL501", "DL501,DL110"):  # DL110 finds nothing here
        document = doctor(environment, "--quick", "--ignore", ignored)
        assert document["summary"] == {**plain, "errors": plain["errors"] - 1, "suppressed": 1}
        assert document["exit_code"] == 0


def test_the_target_is_chosen_as_the_contract_says(environment: Environment, tmp_path: Path):
    project = tmp_path / "project"
    project.mkdir()
    (project / ".venv").symlink_to(environment.folder)

    def chosen(**variables: str) -> str:
        done = dlcheck("doctor", "--select", "DL402", "--format", "json", cwd=project, **variables)
        return str(json.loads(done.stdout)["target"]["chosen_by"])

    assert chosen() == ".venv"
    assert chosen(CONDA_PREFIX=str(environment.folder)) == "CONDA_PREFIX"
    assert chosen(CONDA_PREFIX=str(environment.folder), VIRTUAL_ENV=str(environment.folder)) == "VIRTUAL_ENV"
    assert chosen(VIRTUAL_ENV="/no/such/folder") == ".venv"
    done = dlcheck("doctor", "--select", "DL402", "--format", "json", cwd=tmp_path)
    assert json.loads(done.stdout)["target"]["chosen_by"] == "dlcheck's own"


def test_output_goes_to_a_file_whole(environment: Environment, tmp_path: Path):
    path = tmp_path / "report.json"
    done = dlcheck("doctor", "--quick", "--venv", str(environment.folder), "--format", "json", "--output", str(path))
    assert done.stdout == ""
    assert json.loads(path.read_text())["command"] == "doctor"
    assert os.listdir(tmp_path) == ["report.json"]


def test_pyproject_adds_to_the_profile(environment: Environment, tmp_path: Path):
    (tmp_path / "pyproject.toml").write_text("[tool.dlcheck.ignore]\nframework-missing = 'made later by the build'\n")
    done = dlcheck("doctor", "--quick", "--venv", str(environment.folder), cwd=tmp_path)
    assert done.returncode == 0


def test_every_format_can_be_asked_for():
    assert set(FORMATS.split(", ")[:-1]) == set(RENDERERS)


@pytest.mark.parametrize("arguments", [("--version",), ("--help",), ("doctor", "--help"), ()])
def test_help_and_version_need_no_error(arguments: tuple[str, ...]):
    done = dlcheck(*arguments)
    assert done.returncode in (0, 2 if not arguments else 0)
    assert "Traceback" not in done.stderr


def test_the_package_imports_without_typer_and_rich():
    words = "import sys; sys.modules.update(typer=None, rich=None); import dlcheck, dlcheck.doctor, dlcheck.renderers.text, dlcheck.host.interpreter; print('fine')"
    import subprocess

    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=False)
    assert done.stdout == "fine\n", done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--dry-run",), "belong to --fix"),
        (("--fix", "--facts", "x"), "nothing can be mended"),
        (("--smoke", "--facts", "x"), "nothing can be mended"),
    ],
)
def test_flags_that_need_others(healthy: str, arguments: tuple[str, ...], words: str):
    given = [healthy if word == "x" else word for word in arguments]
    done = dlcheck("doctor", "--quick", *given)
    assert done.returncode == 2
    assert words in done.stderr


def test_fix_has_nothing_to_do_where_nothing_is_broken(environment: Environment):
    done = dlcheck("doctor", "--quick", "--venv", str(environment.folder), "--select", "DL402", "--fix", "--yes")
    assert done.returncode == 0
    assert "Nothing that was found can be mended" in done.stderr
