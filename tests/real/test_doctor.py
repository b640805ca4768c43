"""The doctor on the real PyTorch, TensorFlow, Keras and JAX."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.survival import dlcheck

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def python() -> str:
    place = os.environ.get("DLCHECK_REAL_PYTHON")
    if not place:
        words = "DLCHECK_REAL_PYTHON names no interpreter with frameworks"
        pytest.fail(words) if os.environ.get("CI") else pytest.skip(words)
    return place


def doctor(python: str, *arguments: str, **variables: str) -> dict[str, Any]:
    done = dlcheck(
        "doctor", "--format", "json", "--python", python, "--timeout", "240", *arguments, timeout=600, **variables
    )
    assert done.returncode in (0, 1), done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


@pytest.fixture(scope="module")
def document(python: str) -> dict[str, Any]:
    return doctor(python, "--offline")


def test_everything_is_found_and_computes(document: dict[str, Any]):
    frameworks = document["facts"]["frameworks"]
    assert {"torch", "tensorflow", "keras", "jax"} <= set(frameworks)
    for name in ("torch", "tensorflow", "keras", "jax"):
        run = frameworks[name]["run"]
        assert run["result"] == "found", run
        assert run["stage"] == "done"
        assert run["version"]
    for name in ("torch", "tensorflow", "jax"):
        run = frameworks[name]["run"]
        assert run["computes"] is True
        assert run["devices"][0]["kind"] == "cpu"
        assert run["devices"][0]["error"] is None
    assert frameworks["tensorflow"]["run"]["eager"] is True
    assert frameworks["keras"]["run"]["details"]["tf.keras"] == frameworks["keras"]["version"]
    assert frameworks["torch"]["build"]["cuda"] is None


def test_a_healthy_environment_gets_no_warning(document: dict[str, Any]):
    bad = [
        (verdict["code"], one["message"])
        for verdict in document["verdicts"]
        for one in verdict["findings"]
        if one["severity"] != "note" and verdict["group"] in ("Python", "Frameworks", "GPU")
    ]
    assert bad == []
    assert document["summary"]["crashed"] == 0


def test_static_facts_agree_with_what_the_import_says(document: dict[str, Any], python: str):
    quick = doctor(python, "--quick")["facts"]["frameworks"]
    for name in ("torch", "tensorflow", "keras", "jax"):
        assert quick[name]["run"] is None
        assert quick[name]["version"] == document["facts"]["frameworks"][name]["version"]


@pytest.mark.parametrize("backend", ["torch", "jax"])
def test_keras_on_another_backend_starts_in_that_ones_child(python: str, backend: str):
    document = doctor(python, "--offline", "--select", "DL503,DL506", KERAS_BACKEND=backend)
    keras = document["facts"]["frameworks"]["keras"]
    assert (keras["backend"], keras["backend_source"]) == (backend, "KERAS_BACKEND")
    assert keras["run"]["result"] == "found"
    assert "tf.keras" not in keras["run"]["details"]
    assert document["exit_code"] == 0


def test_a_backend_that_is_not_there_is_named(python: str):
    document = doctor(python, "--quick", "--select", "DL506", KERAS_BACKEND="nonsense")
    assert document["primary_causes"] == ["keras-backend-not-installed"]


def test_a_real_framework_broken_by_a_missing_file_is_named(python: str, tmp_path: Path):
    """torch without torchgen, as an interrupted uv leaves it: a copy by hard links, one package taken out."""
    site = next((Path(python).parent.parent / "lib").glob("python3*/site-packages"))
    from tests.survival import Environment

    environment = Environment(tmp_path / "broken")
    for name in site.iterdir():
        if name.name.lower().startswith(
            (
                "torch",
                "typing_extensions",
                "sympy",
                "mpmath",
                "numpy",
                "filelock",
                "jinja2",
                "networkx",
                "fsspec",
                "markupsafe",
            )
        ):
            if name.name.startswith("torchgen"):
                continue
            subprocess.run(["cp", "-al", str(name), str(environment.site)], check=True)
    start = time.monotonic()
    document = json.loads(
        dlcheck(
            "doctor",
            "--offline",
            "--format",
            "json",
            "--venv",
            str(environment.folder),
            "--timeout",
            "200",
            timeout=300,
        ).stdout
    )
    assert time.monotonic() - start < 240
    assert "broken-partial-install" in document["primary_causes"]


def test_training_joins_the_report(python: str):
    document = doctor(python, "--offline", "--smoke", "--select", "DL503")
    trained = [one for one in document["verdicts"] if one["code"] == "DL590"]
    assert {one["subject"] for one in trained} >= {"torch", "tensorflow", "keras", "jax"}
    assert {one["status"] for one in trained if one["subject"] == "torch"} == {"passed"}
    assert len(document["smoke"]) > 40


def test_fix_mends_a_package_in_pieces_and_checks_again(tmp_path: Path):
    """A small real package, installed and then half removed, as an interrupted uv leaves it."""
    environment = tmp_path / "env"
    made = dlcheck("install", "packaging", "--venv", str(environment), "--yes", "--no-smoke", timeout=300)
    assert made.returncode == 0, made.stderr
    site = next(environment.glob("lib/python3*/site-packages"))
    for name in ("version.py", "tags.py"):
        (site / "packaging" / name).unlink()
    select = ("--select", "broken-partial-install", "--quick", "--venv", str(environment), "--format", "json")
    broken = dlcheck("doctor", *select)
    assert broken.returncode == 1
    planned = dlcheck("doctor", *select, "--fix", "--dry-run", timeout=300)
    assert planned.returncode == 1
    assert "packaging" in planned.stderr
    assert not (site / "packaging" / "version.py").exists(), "--dry-run changes nothing"
    mended = dlcheck("doctor", *select, "--fix", "--yes", timeout=300)
    assert mended.returncode == 0, mended.stderr
    assert json.loads(mended.stdout)["summary"]["errors"] == 0
    assert next(environment.glob("lib/python3*/site-packages/packaging/version.py")).exists()


def test_two_openmp_libraries_are_seen_in_the_memory_of_the_child(python: str, tmp_path: Path):
    source = tmp_path / "openmp.c"
    source.write_text("int nothing(void) { return 1; }\n")
    both = [tmp_path / "one" / "libiomp5.so", tmp_path / "other" / "libomp.so"]
    for place in both:
        place.parent.mkdir()
        subprocess.run(["cc", "-shared", "-fPIC", "-o", str(place), str(source)], check=True)
    found = doctor(python, "--offline", "--select", "DL510", LD_PRELOAD=":".join(map(str, both)))
    said = {one["subject"]: one["cause"] for verdict in found["verdicts"] for one in verdict["findings"]}
    assert said == dict.fromkeys(("torch", "tensorflow", "jax"), "duplicate-openmp-runtime")


def test_the_real_frameworks_load_one_openmp_and_no_foreign_cuda(document: dict[str, Any]):
    judged = {one["code"]: one["status"] for one in document["verdicts"]}
    assert {judged["DL510"], judged["DL709"]} <= {"passed", "skipped"}
