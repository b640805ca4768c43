from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "integrations"
YAML = [ROOT / "action.yml", ROOT / ".pre-commit-hooks.yaml", *sorted(FOLDER.rglob("*.y*ml"))]
posix = pytest.mark.skipif(os.name == "nt", reason="a POSIX shell")


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        ("vendor.github-actions", ROOT / "action.yml"),
        *(("vendor.gitlab-ci", one) for one in FOLDER.glob("gitlab/*.y*ml")),
    ],
)
def test_it_fits_the_schema_of_its_makers(schema: str, path: Path, tmp_path: Path):
    def valid(one: Path) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(one)]
        return subprocess.run(words, capture_output=True, text=True, timeout=60)

    done = valid(path)
    assert done.returncode == 0, done.stdout + done.stderr
    wrong = tmp_path / path.name
    wrong.write_text(
        path.read_text("utf-8").replace("script:", "skript: 5\nscript2:").replace("using:", "usingg:"), "utf-8"
    )
    assert valid(wrong).returncode == 1, "a misspelt key would be seen"


@pytest.fixture
def dlcheck(tmp_path: Path) -> str:
    """A program of that name, as an installation would leave it."""
    program = tmp_path / "dlcheck"
    program.write_text(
        f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(ROOT))} exec {shlex.quote(sys.executable)} -m dlcheck "$@"\n'
    )
    program.chmod(0o755)
    return str(program)


def run(script: str, folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=folder,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize("path", YAML, ids=lambda path: path.name)
def test_every_yaml_can_be_read(path: Path):
    assert load(path)


def test_the_action_never_pastes_an_input_into_a_script():
    action = load(ROOT / "action.yml")
    assert action["runs"]["using"] == "composite"
    for step in action["runs"]["steps"]:
        assert "${{" not in step["run"], "an input is data, not code"
        assert step["shell"] == "bash"
    used = set(re.findall(r"inputs\.([\w-]+)", (ROOT / "action.yml").read_text()))
    assert used == set(action["inputs"])
    for output in action["outputs"].values():
        assert re.search(r"steps\.doctor\.outputs\.(report|sarif|junit)", output["value"])


@posix
@pytest.mark.parametrize(("fail_on", "code"), [("never", 0), ("error", 1)])
def test_the_action_checks_and_reports(tmp_path: Path, dlcheck: str, fail_on: str, code: int):
    step = load(ROOT / "action.yml")["runs"]["steps"][1]
    assert set(step["env"]) == {"DLCHECK_PYTHON", "DLCHECK_PROFILE", "DLCHECK_FAIL_ON", "DLCHECK_ARGUMENTS"}
    files = {name: str(tmp_path / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    done = run(
        step["run"],
        tmp_path,
        DLCHECK=dlcheck,
        DLCHECK_PYTHON=sys.executable,
        DLCHECK_PROFILE="ci",
        DLCHECK_FAIL_ON=fail_on,
        DLCHECK_ARGUMENTS="--offline --quick --select DL5",
        RUNNER_TEMP=str(tmp_path),
        **files,
    )
    assert done.returncode == code, done.stderr
    assert "::error title=" in done.stdout
    outputs = dict(line.split("=", 1) for line in Path(files["GITHUB_OUTPUT"]).read_text().splitlines())
    assert json.loads(Path(outputs["report"]).read_text())["exit_code"] == code
    assert json.loads(Path(outputs["sarif"]).read_text())["version"] == "2.1.0"
    assert ET.parse(outputs["junit"]).getroot().tag == "testsuites"
    assert Path(files["GITHUB_STEP_SUMMARY"]).read_text().startswith("### dlcheck doctor: ")


@posix
def test_the_gitlab_job_fails_after_it_has_written_its_report(tmp_path: Path, dlcheck: str):
    job = load(FOLDER / "gitlab" / "dlcheck.yml")[".dlcheck"]
    place = tmp_path / ".dlcheck-7" / "bin"
    place.mkdir(parents=True)
    (place / "dlcheck").symlink_to(dlcheck)
    script = "\n".join(job["script"][2:])  # the first two lines install
    done = run(
        script,
        tmp_path,
        CI_BUILDS_DIR=str(tmp_path),
        CI_JOB_ID="7",
        DLCHECK_PYTHON=sys.executable,
        DLCHECK_PROFILE="ci",
    )
    assert done.returncode == 1, done.stderr
    assert ET.parse(tmp_path / job["artifacts"]["reports"]["junit"]).getroot().get("failures") != "0"


@posix
@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("DLCHECK OK: x", 0),
        ("DLCHECK WARNING: x", 1),
        ("DLCHECK CRITICAL: x", 2),
        ("DLCHECK UNKNOWN: x", 3),
        ("sh: not found", 3),
    ],
)
def test_the_plugin_ends_as_monitors_expect(tmp_path: Path, line: str, code: int):
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\necho '{line}'\n")
    program.chmod(0o755)
    done = subprocess.run(
        [FOLDER / "nagios" / "check_dlcheck"],
        env={**os.environ, "DLCHECK": str(program)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (code, line + "\n")


@posix
def test_the_plugin_runs_for_real(dlcheck: str):
    command = [FOLDER / "nagios" / "check_dlcheck", "--python", sys.executable]
    done = subprocess.run(command, env={**os.environ, "DLCHECK": dlcheck}, capture_output=True, text=True)
    assert done.stdout.startswith("DLCHECK ")
    assert done.returncode in (0, 1, 2)


def test_every_command_line_that_is_written_somewhere_is_understood(dlcheck: str):
    """Options of the commands in all these files, held against --help."""
    shown = subprocess.run(
        [dlcheck, "doctor", "--help"], capture_output=True, text=True, env={**os.environ, "COLUMNS": "200"}
    ).stdout
    known = set(re.findall(r"(--?[a-z][\w-]*)", shown)) | {"-q", "-v"}
    for path in (*YAML, FOLDER / "docker" / "Dockerfile", FOLDER / "nagios" / "check_dlcheck", FOLDER / "README.md"):
        for line in re.sub(r"\\\n", " ", path.read_text("utf-8")).splitlines():
            if match := re.search(r"dlcheck\"?,? \"?doctor\b(.*)", line):
                options = set(re.findall(r"(?<![\w-])(--[a-z][a-z-]+)", match[1]))
                assert options <= known, f"{path.name}: {options - known}"


def test_the_hook_is_what_pre_commit_reads():
    (hook,) = load(ROOT / ".pre-commit-hooks.yaml")
    assert set(hook) <= {"id", "name", "description", "entry", "args", "language", "pass_filenames", "files"}
    assert re.search(hook["files"], "requirements-dev.txt")
    assert re.search(hook["files"], "uv.lock")
    assert not re.search(hook["files"], "src/main.py")


def test_cloud_init_and_kubernetes_have_the_shape_their_readers_want():
    text = (FOLDER / "cloud-init" / "user-data.yaml").read_text()
    assert text.startswith("#cloud-config\n")
    script = yaml.safe_load(text)["write_files"][0]["content"]
    assert subprocess.run(["sh", "-n"], input=script, text=True).returncode == 0
    pod = load(FOLDER / "kubernetes" / "init-container.yaml")
    (init,) = pod["spec"]["initContainers"]
    assert init["image"] == pod["spec"]["containers"][0]["image"], "another image has another environment"
    assert init["command"][:2] == ["/opt/dlcheck/bin/dlcheck", "doctor"]
