"""What a person reads of an installation."""

from __future__ import annotations

import json
from dataclasses import replace

from dlcheck.model.plan import (
    Artifact,
    DiskNeed,
    Failure,
    Installation,
    Plan,
    Proof,
    Refusal,
    Rejected,
    Selection,
    Step,
)
from dlcheck.model.style import Style
from dlcheck.renderers import INSTALL_RENDERERS

PLAN = Plan(
    id="1",
    python="/usr/bin/python3",
    venv="/w/.venv",
    installer="uv",
    accelerator="cpu",
    reason="no GPU that a framework can use",
    requirements=("torch", "keras"),
    selection=Selection(
        accelerator="cpu",
        reason="",
        others=("keras",),
        rejected=(Rejected(build="torch 2.15.0 cu132", reason="no driver"),),
    ),
    artifacts=(
        Artifact(
            name="torch",
            version="2.13.0+cpu",
            filename="t.whl",
            url="https://u:secretword@i.example/t.whl",
            source="find-links",
            size=191_794_682,
        ),
        Artifact(
            name="keras",
            version="3.15.1",
            filename="k.whl",
            url="https://i.example/k.whl",
            source="your index",
            size=1_000_000,
        ),
    ),
    download_bytes=192_794_682,
    environment_bytes=790_000_000,
    disks=(DiskNeed(path="/w", role="environment", needed_bytes=10**9, free_bytes=10**8),),
    steps=(Step(id="fetch", why="wheels", packages=("torch==2.13.0+cpu",), download_bytes=192_794_682),),
)


def shown(style: Style = Style(), **fields) -> str:  # noqa: B008 - frozen
    done = Installation(
        **{
            "version": "0.1.0",
            "created": "2026-11-22T08:00:00Z",
            "node": "n",
            "plan": PLAN,
            "result": "planned",
            **fields,
        }
    )
    return INSTALL_RENDERERS["text"](done, style)


def test_a_plan_names_what_comes_and_what_it_costs():
    text = shown()
    assert "no GPU that a framework can use -> CPU builds; -v shows what was rejected" in text
    assert "torch 2.13.0+cpu" in text
    assert "192 MB" in text
    assert "193 MB to download, 790 MB on disk" in text
    assert "Nothing was changed" in text
    assert "100 MB free, 1.0 GB are needed" in text
    assert text.isascii()


def test_rejected_builds_and_steps_with_v():
    text = shown(Style(verbosity=1))
    assert "Rejected  torch 2.15.0 cu132: no driver" in text
    assert "Step      fetch" in text
    assert "secretword" not in text


def test_a_refusal_says_what_would_do():
    refusal = Refusal(
        requirement="tensorflow==2.0.0", reason="wheels for Python 2.7 to 3.7 only", versions=("2.12.0", "2.21.0"),
        pythons=("3.6", "3.7"), interpreters=("/usr/bin/python3.7",),
    )  # fmt: skip
    plan = Plan(
        **{name: getattr(PLAN, name) for name in PLAN.__dataclass_fields__}
        | {"selection": Selection(accelerator="cpu", reason="", refusals=(refusal,))}
    )
    text = shown(plan=plan, result="failed", exit_code=1)
    assert "This Python can have: 2.12.0 to 2.21.0" in text
    assert "dlcheck install tensorflow==2.0.0 --python /usr/bin/python3.7 --venv .venv-tensorflow" in text
    assert "Nothing was downloaded or changed." in text


def test_a_finished_installation_says_how_to_begin():
    proof = Proof(files=33000, trained=("torch 2.13.0 on cpu",))
    text = shown(result="installed", proof=proof, python="/w/.venv/bin/python")
    assert "33000 files are what their packages say" in text
    assert "In this shell:  source /w/.venv/bin/activate\n" in text
    assert "In VS Code:     Python: Select Interpreter -> /w/.venv/bin/python\n" in text
    assert "--kernel dl\n" in text
    text = shown(result="installed", python=r"C:\my env\Scripts\python.exe", written=("Jupyter kernel course",))
    assert r"In PowerShell:  & 'C:\my env\Scripts\Activate.ps1'" in text
    assert "In Jupyter:     choose the Jupyter kernel course\n" in text


def test_a_failure_a_bundle_and_nothing_to_do():
    failure = Failure(
        step="fetch", message="i.example answers 403", hint="Another source.", kept="What was fetched stays."
    )
    assert "i.example answers 403\n  Another source.\n  What was fetched stays." in shown(
        result="failed", exit_code=1, failure=failure
    )
    assert "--frozen --lock /b/pylock.toml --offline" in shown(written=("/b", "/b/pylock.toml"))
    assert "Nothing to do" in shown(result="nothing-to-do")
    assert shown(Style(verbosity=-1), result="nothing-to-do") == ""


def test_json_has_the_contracts_fields_and_no_secret():
    done = Installation(version="0.1.0", created="2026-11-22T08:00:00Z", node="n", plan=PLAN, result="planned")
    text = INSTALL_RENDERERS["json"](done, Style())
    document = json.loads(text)
    assert (document["schema_version"], document["command"], document["result"]) == (1, "install", "planned")
    assert {"python", "venv", "installer", "accelerator", "reason", "steps"} <= set(document["plan"])
    assert document["plan"]["steps"] == [
        {"id": "fetch", "argv": [], "why": "wheels", "packages": ["torch==2.13.0+cpu"], "download_bytes": 192_794_682}
    ]
    assert "secretword" not in text


def test_refusals_name_interpreters_or_how_to_get_one():
    no_interpreter = Refusal(requirement="torch==1.0", reason="no wheel", pythons=("3.6", "3.7"))
    instead = Refusal(requirement="tensorflow-gpu", reason="it is gone", versions=("2.0", "2.21"), instead="tensorflow")
    text = shown(plan=replace(PLAN, selection=replace(PLAN.selection, refusals=(no_interpreter, instead))))
    assert "It has wheels for Python: 3.6, 3.7" in text
    assert "uv python install 3.7" in text
    assert "This Python can have: 2.0 to 2.21" in text
    assert "dlcheck install tensorflow\n" in text
    assert text.endswith("Nothing was downloaded or changed.\n")


def test_a_long_plan_counts_what_it_does_not_name():
    many = tuple(replace(PLAN.artifacts[1], name=f"part-{at}", size=None) for at in range(9))
    plan = replace(
        PLAN, artifacts=many, here_bytes=5_000, remove=("old==1",), warnings=("beware",), bytes_per_second=10e6, mode="in-place"
    )  # fmt: skip
    text = shown(plan=plan)
    assert "and 4 more" in text
    assert "? MB" in text
    assert "(5 kB already here)" in text
    assert "goes or changes: old==1" in text
    assert "beware" in text
    assert "about 19 s at 10.0 MB/s" in text
    assert "cannot swap it" in text
    assert "about 3 min" in shown(plan=replace(plan, bytes_per_second=1e6))
    assert "1.0 GB free" in shown(
        plan=replace(plan, disks=(replace(PLAN.disks[0], free_bytes=10**9, needed_bytes=2 * 10**9),))
    )
    assert "are needed" not in shown(plan=replace(plan, disks=(replace(PLAN.disks[0], free_bytes=None),)))


def test_an_empty_plan_and_an_accelerator_are_named():
    text = shown(plan=replace(PLAN, artifacts=(), selection=None, accelerator="cu130", download_bytes=0))
    assert "cu130 builds" in text
    assert "0 kB to download" in text
    assert "rejected" not in shown(Style(verbosity=1), plan=replace(PLAN, selection=None))


def test_quiet_says_only_what_failed():
    quiet = Style(verbosity=-1)
    assert shown(quiet) == ""
    assert "no room" in shown(quiet, result="failed", exit_code=1, failure=Failure(step="space", message="no room"))


def test_every_part_of_a_failure_and_of_a_proof_is_said():
    failure = Failure(step="fetch", message="the wheel broke off", hint="try again", kept="3 wheels are kept")
    text = shown(result="failed", exit_code=1, failure=failure)
    assert [line.strip() for line in text.splitlines()][-2:] == ["try again", "3 wheels are kept"]
    assert "not installed" in shown(result="failed", exit_code=1)
    bare = shown(result="installed", seconds=3.0)
    assert "2 packages" in bare
    assert "files are what" not in bare
    untrained = shown(result="installed", proof=Proof(files=7), written=("dlcheck.lock",))
    assert "7 files" in untrained
    assert "trained:" not in untrained
    assert "written: dlcheck.lock" in untrained


def test_what_would_be_written_is_told_until_it_is():
    plan = replace(PLAN, mode="nothing", steps=(Step(id="lock", why="the lock /w/pylock.toml"),))
    done = Installation(version="1", created="", node="", plan=plan, result="nothing-to-do")
    show, style = INSTALL_RENDERERS["text"], Style()
    assert "Would write: the lock /w/pylock.toml" in show(done, style)
    assert "Would write" not in show(replace(done, written=("/w/pylock.toml",)), style)


def test_the_kernel_of_an_environment_of_another_maker_is_asked_for_in_place():
    done = Installation(
        version="1",
        created="",
        node="",
        plan=replace(PLAN, mode="in-place"),
        result="installed",
        python="/w/.venv/bin/python",
    )
    words = INSTALL_RENDERERS["text"](done, Style())
    assert "dlcheck install ipykernel --in-place --venv /w/.venv --kernel dl" in words
