"""The judge of the race: one rule for all, on answers made up for it; and a table of words that leaves no cause out."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.race.ground import lay
from benchmarks.race.judge import judge, judge_health, judge_own, usual
from benchmarks.race.measure import MOST, measure
from benchmarks.race.rivals import RIVALS
from benchmarks.race.words import WORDS, names
from dlcheck import data
from tests.faults.planting import Case, nothing
from tests.faults.zoo import FAULTS, HEALTHY

CUDA = next(one for one in RIVALS if one.name == "cuda-doctor")
CASE = Case("imports", "made up", nothing, "glibc-too-old")
WELL = "✗ GPU001  nvidia-smi unavailable\nfacts: 1.0\n"


def answer(output: str = "", errors: str = "", code: int | None = 0) -> dict[str, Any]:
    return {"output": output, "errors": errors, "code": code}


@pytest.mark.parametrize(
    ("run", "outcome"),
    [
        (answer(WELL + "the import says: GLIBC_2.34 not found\n"), "hit"),
        (answer(WELL + "✗ TORCH005  something is broken\n"), "wrong"),
        (answer(WELL.replace("1.0", "2.0")), "silent"),
        (answer(errors="Traceback (most recent call last):\nImportError: GLIBC_2.34 not found\n", code=1), "crash"),
        (answer(code=-11), "crash"),
        (answer(WELL, code=None), "hang"),
    ],
)
def test_outcomes(run: dict[str, Any], outcome: str):
    verdict = judge(CUDA, CASE, run, usual([answer(WELL)]))
    assert verdict["outcome"] == outcome
    assert verdict["words_in_crash"] == (outcome == "crash" and "GLIBC" in run["errors"])


def test_words_that_are_printed_on_healthy_environments_too_name_nothing():
    told = answer("see also GLIBC_2.34\n")
    assert judge(CUDA, CASE, told, usual([told]))["outcome"] == "silent"


def test_alarms_on_healthy_environments():
    assert judge_health(CUDA, answer(WELL))["outcome"] == "only what is true here"
    assert judge_health(CUDA, answer(WELL + "✗ TORCH005  broken\n"))["outcome"] == "false alarm"
    assert judge_health(CUDA, answer("facts\n"))["outcome"] == "quiet"
    assert judge_health(CUDA, answer(code=-6))["outcome"] == "crash"


def test_dlcheck_has_to_put_the_cause_first_and_every_alarm_counts():
    def document(primary: list[str], *causes: str) -> dict[str, Any]:
        findings = [{"cause": one, "severity": "error"} for one in causes]
        return {"verdicts": [{"findings": findings}], "primary_causes": primary}

    run = answer(code=1)
    assert judge_own(CASE, document(["glibc-too-old"], "glibc-too-old"), run)["outcome"] == "hit"
    assert judge_own(CASE, document(["low-ram"], "low-ram", "glibc-too-old"), run)["outcome"] == "wrong"
    assert judge_own(CASE, document([]), run)["outcome"] == "silent"
    assert judge_own(CASE, None, run)["outcome"] == "crash"
    assert judge_own(Case("healthy", "", nothing), document([], "low-ram"), run)["outcome"] == "false alarm"


def test_every_cause_of_the_zoo_has_words_and_is_one_of_dlchecks():
    planted = {case.cause for case in FAULTS}
    assert planted <= WORDS.keys()
    assert planted | WORDS.keys() <= data.cause_slugs()
    for rival in RIVALS:
        assert rival.causes | rival.imports <= data.cause_slugs()
    assert len({str(case) for case in (*FAULTS, *HEALTHY)}) == len(FAULTS) + len(HEALTHY)


def test_the_raw_error_of_a_framework_counts_as_naming_it():
    assert names("libstdcxx-too-old", "ImportError: libstdc++.so.6: version `GLIBCXX_3.4.30' not found")
    assert not names("libstdcxx-too-old", "PyTorch is not installed")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_who_waits_is_ended_and_who_works_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("benchmarks.race.measure.WINDOWS", 100)
    (tmp_path / "work").mkdir()
    variables = dict(os.environ)
    waits = measure((sys.executable, "-c", "import time; time.sleep(60)"), variables, tmp_path / "work", 0.5)
    assert waits.code is None
    assert waits.wall < 10
    works = "import time\nend = time.process_time() + 1.2\nwhile time.process_time() < end: pass\nprint('done')"
    done = measure((sys.executable, "-c", works), variables, tmp_path / "work", 1.0)
    assert (done.code, done.output) == (0, "done\n")
    assert done.cpu > 1


def test_what_a_fault_left_alone_becomes_real_and_nothing_else(tmp_path: Path):
    real, planted = tmp_path / "real" / "torch", tmp_path / "planted" / "torch"
    for folder in (real, planted):
        folder.mkdir(parents=True)
    for name, text in (("__init__.py", "real"), ("version.py", "v = 1\n"), ("nn.py", "real nn")):
        (real / name).write_text(text)
    (planted / "__init__.py").write_text("__version__ = '2.13.0'\n")
    (planted / "nn.py").write_text("the fault")
    lay(real, planted)
    assert (planted / "__init__.py").read_text() == "real"
    assert (planted / "nn.py").read_text() == "the fault"
    assert (planted / "version.py").read_text().startswith("v = 1\n")
    (planted / "__init__.py").write_text("raise ImportError\n")
    lay(real, planted)
    assert (planted / "__init__.py").read_text() == "raise ImportError\n"
    assert (real / "nn.py").read_text() == "real nn"


def test_who_talks_without_end_fills_no_disk(tmp_path: Path):
    (tmp_path / "run").mkdir()
    found = measure(("/bin/sh", "-c", "yes loading"), dict(os.environ), tmp_path / "run", 0.2)
    assert found.code is None
    assert len(found.output) <= MOST
    assert (tmp_path / "stdout").stat().st_size < 100 * MOST
