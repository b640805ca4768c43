"""dlcheck install against an index of this machine: what it makes, what it refuses, what survives a bad index."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from index_server import Index, serve, wheel
from running import Quiet, beside, go, is_whole, options, versions

from dlcheck.host import record
from dlcheck.host.environments import look
from dlcheck.installation import install as verb
from dlcheck.installation import planning, resolving
from dlcheck.installation.fix import fix_plan, options_for
from dlcheck.installers import staging
from dlcheck.model.environment import MANIFEST
from dlcheck.model.errors import DlcheckError
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Finding
from dlcheck.model.plan import Installation, Options
from dlcheck.model.python_facts import Distribution, PythonFacts


def test_installs_proves_and_then_has_nothing_to_do(tmp_path: Path, index: Index, home: dict[str, str]):
    index.add("demo", requires=("other>=1",))
    index.add("other", "1.2")
    made = options(tmp_path, index, "demo")
    done = go(made, home)
    assert done.result == "installed", done.failure
    assert versions(tmp_path) == {"demo": "1.0", "other": "1.2"}
    assert is_whole(tmp_path)
    assert done.proof.files > 4
    manifest = json.loads((tmp_path / "env/dlcheck.json").read_text())
    assert manifest["requirements"] == ["demo"]
    assert not beside(tmp_path)
    before = index.total
    assert go(made, home).result == "nothing-to-do"
    assert index.total == before
    assert subprocess.run([tmp_path / "env/bin/python", "-c", "import demo, other"], check=False).returncode == 0


def test_a_lock_and_a_kernel_are_written_of_an_environment_that_is_as_it_should_be(
    tmp_path: Path, index: Index, home: dict[str, str]
):
    registers = b"import pathlib, sys\npathlib.Path(sys.prefix, 'kernel').write_text(' '.join(sys.argv[1:]))\n"
    index.add("ipykernel", files={"ipykernel/__init__.py": b"", "ipykernel/__main__.py": registers})
    index.add("demo")
    assert go(options(tmp_path, index, "demo", "ipykernel"), home).result == "installed"
    made, lock = (tmp_path / "env").stat().st_ino, tmp_path / "pylock.toml"
    done = go(options(tmp_path, index, "demo", lock=str(lock)), home)
    assert (done.result, done.written) == ("nothing-to-do", (str(lock),))
    assert 'name = "demo"' in lock.read_text()
    done = go(options(tmp_path, index, kernel="course"), home)
    assert (done.result, done.written) == ("nothing-to-do", ("Jupyter kernel course",))
    assert "--name course" in (tmp_path / "env/kernel").read_text()
    assert (tmp_path / "env").stat().st_ino == made


def test_a_lock_of_an_environment_that_its_wishes_would_no_longer_make_makes_it_anew(
    tmp_path: Path, index: Index, home: dict[str, str]
):
    index.add("demo")
    assert go(options(tmp_path, index, "demo"), home).result == "installed"
    index.add("demo", files={"demo/other.py": b"built again under the same version"})
    done = go(options(tmp_path, index, "demo", lock=str(tmp_path / "pylock.toml")), home)
    assert done.result == "installed"
    assert list((tmp_path / "env").glob("lib/*/site-packages/demo/other.py"))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def lengthen(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"a certificate of the company")


def flip(path: Path) -> None:
    """A byte becomes another one: the size stays."""
    content = path.read_bytes()
    path.write_bytes(bytes([content[0] ^ 255]) + content[1:])


def forget_a_row(path: Path) -> None:
    path.write_text("".join(path.read_text().splitlines(keepends=True)[1:]))


@pytest.mark.parametrize(
    ("damage", "pattern"),
    [
        (Path.unlink, "demo/data.bin"),
        (cut, "demo/data.bin"),
        (flip, "demo/data.bin"),
        (forget_a_row, "demo*.dist-info/RECORD"),
    ],
)
def test_a_run_with_nothing_to_do_sees_damage(tmp_path: Path, index: Index, home: dict[str, str], damage, pattern: str):
    index.add("demo")
    made = options(tmp_path, index, "demo")
    go(made, home)
    manifest = look(str(tmp_path / "env")).manifest
    site = staging.site_packages(str(tmp_path / "env"))
    assert manifest.records == record.digests(site)
    written = (tmp_path / "env" / MANIFEST).stat().st_mtime_ns
    assert record.has_all(site, since=written)
    damage(next(Path(site).glob(pattern)))
    assert not record.has_all(site, since=written) or manifest.records != record.digests(site)
    # A RECORD that lost a row is held against the files anew: those that it still names are whole.
    expected = "nothing-to-do" if damage is forget_a_row else "planned"
    assert verb.plan(made, home)[0].result == expected


def test_without_names_the_project_says_what_is_installed(
    tmp_path: Path, index: Index, home: dict[str, str], monkeypatch: pytest.MonkeyPatch
):
    index.add("demo", "1.0")
    index.add("demo", "2.0")
    index.add("other")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text('[tool.dlcheck.frameworks]\ndemo = "<2"\n')
    assert go(options(tmp_path, index), home).result == "installed"
    assert versions(tmp_path) == {"demo": "1.0"}
    assert go(options(tmp_path, index), home).result == "nothing-to-do"
    (tmp_path / "pyproject.toml").write_text('[tool.dlcheck.frameworks]\ndemo = ">=2"\nother = ""\n')
    assert go(options(tmp_path, index), home).result == "installed"
    assert versions(tmp_path) == {"demo": "2.0", "other": "1.0"}


def test_a_profile_that_names_nothing_is_told(tmp_path: Path, index: Index, home: dict[str, str]):
    with pytest.raises(DlcheckError, match="asks for no framework by name"):
        verb.plan(options(tmp_path, index, profile="ci"), home)
    with pytest.raises(DlcheckError, match="no profile"):
        verb.plan(options(tmp_path, index, profile="nonsense"), home)


def test_a_new_wish_keeps_the_earlier_ones(tmp_path: Path, index: Index, home: dict[str, str]):
    index.add("demo")
    index.add("other")
    go(options(tmp_path, index, "demo"), home)
    done = go(options(tmp_path, index, "other"), home)
    assert done.result == "installed"
    assert set(versions(tmp_path)) == {"demo", "other"}
    index.add("demo", "2.0")
    done = go(options(tmp_path, index, "demo==2.0"), home)
    assert done.plan.remove == ("demo==1.0",)
    assert versions(tmp_path) == {"demo": "2.0", "other": "1.0"}


def test_the_plan_shows_what_will_be_done_and_touches_nothing(tmp_path: Path, index: Index, home: dict[str, str]):
    index.add("demo")
    done, prepared = verb.plan(options(tmp_path, index, "demo"), home)
    assert done.result == "planned"
    assert prepared.plan.download_bytes == len(index.wheels["demo-1.0-py3-none-any.whl"])
    assert [one.id for one in prepared.plan.steps] == ["fetch", "stage", "link", "walk", "smoke", "swap"]
    assert not (tmp_path / "env").exists()
    assert not (tmp_path / "cache").exists()


def test_a_dropped_connection_is_gone_on_from(tmp_path: Path, index: Index, home: dict[str, str]):
    index.add("demo", files={"demo/big.bin": os.urandom(600_000)})
    size = len(index.wheels["demo-1.0-py3-none-any.whl"])
    index.drop_after, index.drops = 200_000, 2
    made = options(tmp_path, index, "demo")
    done, prepared = verb.plan(made, home)
    index.sent.clear()
    index.requests.clear()
    done = verb.install(prepared, home, Quiet())
    assert done.result == "installed", done.failure
    assert index.total <= size * 1.01
    assert [one[1] for one in index.requests][1:] == ["bytes=200000-", "bytes=400000-"]


def test_a_server_without_ranges_starts_anew(tmp_path: Path, index: Index, home: dict[str, str]):
    index.add("demo", files={"demo/big.bin": os.urandom(300_000)})
    index.ranges, index.drop_after = False, 100_000
    _, prepared = verb.plan(options(tmp_path, index, "demo"), home)
    index.drops = 1
    assert verb.install(prepared, home, Quiet()).result == "installed"
    assert is_whole(tmp_path)


@pytest.mark.parametrize(("vice", "times"), [("corrupt", 1), ("failures", 2)])
def test_one_bad_answer_is_overcome(tmp_path: Path, index: Index, home: dict[str, str], vice: str, times: int):
    index.add("demo")
    _, prepared = verb.plan(options(tmp_path, index, "demo"), home)
    setattr(index, vice, times)
    assert verb.install(prepared, home, Quiet()).result == "installed"
    assert is_whole(tmp_path)


@pytest.mark.parametrize(
    ("vice", "words"),
    [
        ({"corrupt": 99}, "other bytes than its hash says"),
        ({"truncate": 500}, "500 bytes"),
        ({"status": 403, "failures": 99}, "403"),
        ({"status": 404, "failures": 99}, "404"),
    ],
)
def test_what_cannot_be_overcome_leaves_the_old_environment(
    tmp_path: Path, index: Index, home: dict[str, str], vice, words: str
):
    index.add("demo")
    go(options(tmp_path, index, "demo"), home)
    index.add("demo", "2.0")
    _, prepared = verb.plan(options(tmp_path, index, "demo==2.0"), home)
    for name, value in vice.items():
        setattr(index, name, value)
    done = verb.install(prepared, home, Quiet())
    assert (done.result, done.exit_code, done.failure.step) == ("failed", 1, "fetch")
    assert words in done.failure.message
    assert versions(tmp_path) == {"demo": "1.0"}
    assert is_whole(tmp_path)
    assert not beside(tmp_path)


def test_an_index_that_lies_about_its_hashes(tmp_path: Path, index: Index, home: dict[str, str]):
    index.add("demo")
    index.lies = True
    done, prepared = verb.plan(options(tmp_path, index, "demo"), home)
    if prepared is not None:
        done = verb.install(prepared, home, Quiet())
    assert done.result == "failed"
    assert not (tmp_path / "env").exists()


def test_an_index_that_has_it_not_is_one_clear_answer(tmp_path: Path, index: Index, home: dict[str, str]):
    done = go(options(tmp_path, index, "no-such-thing"), home)
    assert (done.result, done.failure.step) == ("failed", "resolve")
    assert "no-such-thing" in done.failure.message


def test_no_index_at_all(tmp_path: Path, home: dict[str, str]):
    with serve() as gone:
        url = gone.url
    done = go(Options(requirements=("demo",), venv=str(tmp_path / "env"), index_url=url), home)
    assert done.result == "failed"
    assert not (tmp_path / "env").exists()


def test_a_same_named_package_on_a_later_index_never_wins(tmp_path: Path, index: Index, home: dict[str, str]):
    index.add("demo", "1.0")
    with serve() as hostile:
        hostile.add("demo", "99.0")
        home["PIP_INDEX_URL"], home["PIP_EXTRA_INDEX_URL"] = index.url, hostile.url
        done = go(Options(requirements=("demo",), venv=str(tmp_path / "env")), home)
        assert done.result == "installed", done.failure
        assert versions(tmp_path) == {"demo": "1.0"}
        assert not hostile.sent


def test_credentials_reach_the_index_and_nothing_else(tmp_path: Path, index: Index, home: dict[str, str]):
    secret = "s3cret-Pass"
    index.add("demo")
    index.password = secret
    url = index.url.replace("http://", f"http://user:{secret}@")
    made = Options(
        requirements=("demo",), venv=str(tmp_path / "env"), index_url=url, lock=str(tmp_path / "pylock.toml")
    )
    done = go(made, home)
    assert done.result == "installed", done.failure
    from dlcheck.model.style import Style
    from dlcheck.renderers import INSTALL_RENDERERS

    for render in INSTALL_RENDERERS.values():
        assert secret not in render(done, Style(verbosity=1))
    written = [
        path
        for root in ("env", "cache", "state")
        for path in (tmp_path / root).rglob("*")
        if path.is_file() and not path.is_symlink()
    ]
    for path in [*written, tmp_path / "pylock.toml"]:
        assert secret.encode() not in path.read_bytes(), path


def test_lock_then_frozen_gives_the_same_environment(tmp_path: Path, index: Index, home: dict[str, str]):
    index.add("demo", requires=("other",))
    index.add("other")
    lock = tmp_path / "pylock.toml"
    go(options(tmp_path, index, "demo", lock=str(lock)), home)
    index.add("other", "2.0")
    shutil.rmtree(tmp_path / "env")
    done = go(Options(lock=str(lock), frozen=True, venv=str(tmp_path / "env")), home)
    assert done.result == "installed", done.failure
    assert versions(tmp_path) == {"demo": "1.0", "other": "1.0"}
    assert go(Options(lock=str(lock), frozen=True, venv=str(tmp_path / "env")), home).result == "nothing-to-do"
    # The same version in another wheel is not what the lock names.
    index.add("other", "1.0", files={"other/__init__.py": b"another"})
    lock.unlink()
    shutil.rmtree(tmp_path / "uv")
    go(options(tmp_path, index, "demo", "other==1.0", lock=str(lock), venv=str(tmp_path / "second")), home)
    done = go(Options(lock=str(lock), frozen=True, venv=str(tmp_path / "env")), home)
    assert done.result == "installed", done.failure


def test_offline_a_plan_is_made_only_of_what_is_here(tmp_path: Path, index: Index, home: dict[str, str]):
    """uv remembers what the index had; the wheels were never fetched."""
    index.add("demo")
    assert verb.plan(options(tmp_path, index, "demo"), home)[0].result == "planned"
    done, prepared = verb.plan(options(tmp_path, index, "demo", offline=True), home)
    assert prepared is None
    assert "--offline): demo 1.0" in done.failure.message
    assert "--bundle" in done.failure.hint


def test_a_bundle_installs_without_any_network(tmp_path: Path, home: dict[str, str]):
    bundle = tmp_path / "bundle"
    with serve() as index:
        index.add("demo", requires=("other",))
        index.add("other")
        done = go(options(tmp_path, index, "demo", bundle=str(bundle)), home)
        assert done.exit_code == 0, done.failure
    assert sorted(one.name for one in bundle.iterdir()) == [
        "demo-1.0-py3-none-any.whl",
        "other-1.0-py3-none-any.whl",
        "pylock.toml",
    ]
    shutil.rmtree(tmp_path / "cache")
    shutil.rmtree(tmp_path / "uv")
    done = go(Options(lock=str(bundle / "pylock.toml"), frozen=True, offline=True, venv=str(tmp_path / "env")), home)
    assert done.result == "installed", done.failure
    assert is_whole(tmp_path)


def test_folders_named_from_here_are_those_of_here(tmp_path: Path, index: Index, home: dict[str, str]):
    """The installers work in a folder of dlcheck's own."""
    index.add("demo")
    here = Path(os.getcwd())
    for name in ("HOME", "DLCHECK_CACHE_DIR", "DLCHECK_STATE_DIR", "UV_CACHE_DIR"):
        home[name] = os.path.relpath(home[name], here)
    for installer in ("uv", "pip"):
        done = go(options(tmp_path, index, "demo", installer=installer, venv=str(tmp_path / f"by-{installer}")), home)
        assert done.result == "installed", done.failure
    assert (tmp_path / "uv").is_dir()
    assert not [one for one in (tmp_path / "state").rglob("*") if one.name == "uv"]


def test_offline_from_the_wheelhouse_folder(tmp_path: Path, index: Index, home: dict[str, str]):
    folder = tmp_path / "wheels"
    folder.mkdir()
    name, data = wheel("demo")
    (folder / name).write_bytes(data)
    made = options(tmp_path, index, "demo", find_links=(str(folder),), offline=True)
    assert go(made, home).result == "installed"
    assert not index.requests


@pytest.mark.parametrize("made_by", ["other", "foreign", "conda"])
def test_folders_of_others_are_left_alone(tmp_path: Path, index: Index, home: dict[str, str], made_by: str):
    env = tmp_path / "env"
    env.mkdir()
    (env / "thesis.txt").write_text("years of work")
    if made_by == "foreign":
        (env / "pyvenv.cfg").write_text("home = /usr/bin\n")
    if made_by == "conda":
        (env / "conda-meta").mkdir()
    with pytest.raises(DlcheckError):
        verb.plan(options(tmp_path, index, "demo"), home)
    assert (env / "thesis.txt").read_text() == "years of work"


def test_a_folder_that_cannot_be_written_to_is_told_before_any_work(tmp_path: Path, index: Index, home: dict[str, str]):
    index.add("demo")
    (tmp_path / "file").write_text("")
    done, prepared = verb.plan(options(tmp_path, index, "demo", venv=str(tmp_path / "file" / "env")), home)
    assert prepared is None
    assert (done.failure.step, done.exit_code) == ("rights", 1)
    assert not index.asked


def test_two_runs_at_once_one_waits(tmp_path: Path, index: Index, home: dict[str, str]):
    index.add("demo", files={"demo/big.bin": os.urandom(200_000)})
    made = options(tmp_path, index, "demo")
    prepared = [verb.plan(made, home)[1] for _ in range(2)]
    index.bytes_per_second = 400_000
    reporters = [Quiet(), Quiet()]
    results: list[Installation] = []
    threads = [
        threading.Thread(target=lambda at=at: results.append(verb.install(prepared[at], home, reporters[at])))
        for at in range(2)
    ]
    for thread in threads:
        thread.start()
        time.sleep(0.1)
    for thread in threads:
        thread.join()
    assert sorted(one.result for one in results) == ["failed", "installed"]
    assert any("changed by another run" in one.failure.message for one in results if one.failure)
    assert any("waiting" in step for one in reporters for step in one.steps)
    assert is_whole(tmp_path)


def test_a_broken_environment_of_ours_is_repaired(tmp_path: Path, index: Index, home: dict[str, str]):
    index.add("demo")
    made = options(tmp_path, index, "demo")
    go(made, home)
    for path in (tmp_path / "env").glob("lib/*/site-packages/demo/data.bin"):
        path.unlink()
    assert go(made, home).result == "installed"
    assert is_whole(tmp_path)


def test_recovery_between_two_renames(tmp_path: Path, index: Index, home: dict[str, str]):
    index.add("demo")
    made = options(tmp_path, index, "demo")
    go(made, home)
    env = str(tmp_path / "env")
    os.rename(env, staging.old_of(env))
    (tmp_path / ".env.dlcheck-stage").mkdir()
    assert go(made, home).result == "nothing-to-do"
    assert is_whole(tmp_path)


def foreign(tmp_path: Path, home: dict[str, str], index: Index, *wanted: str) -> Path:
    """An environment that a person made with uv, and what they installed into it."""
    from dlcheck.installers import uv

    tool = uv.find(os.environ)
    env = tmp_path / "env"
    subprocess.run([tool, "venv", "-q", "--allow-existing", env], check=True, env={**os.environ, **home})
    argv = [
        tool,
        "pip",
        "install",
        "-q",
        "--no-config",
        "--python",
        env / "bin/python",
        "--default-index",
        index.url,
        *wanted,
    ]
    subprocess.run(argv, check=True, env={**os.environ, **home})
    return next(env.glob("lib/*/site-packages"))


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_in_place_repairs_what_pip_and_uv_do_not_see(
    tmp_path: Path, index: Index, home: dict[str, str], installer: str
):
    index.add("demo", requires=("other",))
    index.add("other")
    index.add("mine")
    site = foreign(tmp_path, home, index, "demo", "mine")
    (site / "other/data.bin").unlink()
    (site / "~emo").mkdir()
    index.add("other", "2.0")
    done = go(options(tmp_path, index, "demo", in_place=True, installer=installer), home)
    assert done.result == "installed", done.failure
    assert versions(tmp_path) == {"demo": "1.0", "other": "1.0", "mine": "1.0"}
    assert is_whole(tmp_path)
    assert not (tmp_path / "env/dlcheck.json").exists()


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_in_place_a_namesake_goes(tmp_path: Path, index: Index, home: dict[str, str], installer: str):
    files = {"onnxruntime/__init__.py": b""}
    index.add("onnxruntime", files=files)
    index.add("onnxruntime-gpu", files={"onnxruntime/__init__.py": b"gpu"})
    foreign(tmp_path, home, index, "onnxruntime")
    done = go(options(tmp_path, index, "onnxruntime-gpu", in_place=True, installer=installer), home)
    assert done.result == "installed", done.failure
    assert versions(tmp_path) == {"onnxruntime-gpu": "1.0"}
    assert is_whole(tmp_path)


def offer_two_companions(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two torchvisions, each with its torch; PyTorch's own index is out of reach."""
    monkeypatch.setattr("dlcheck.installers.fetch.Client.answers", lambda *_: False)
    for version, torch in (("0.25.0", "2.10.0"), ("0.28.0", "2.13.0")):
        index.add("torchvision", f"{version}+cpu", requires=(f"torch=={torch}",))
        index.add("torch", f"{torch}+cpu")


def test_a_companion_of_another_torch_gives_way_and_torch_stays(
    tmp_path: Path, index: Index, home: dict[str, str], monkeypatch: pytest.MonkeyPatch
):
    offer_two_companions(index, monkeypatch)
    foreign(tmp_path, home, index, "torchvision==0.25.0+cpu")
    foreign(tmp_path, home, index, "--no-deps", "torch==2.13.0+cpu")
    facts = Facts(
        python=PythonFacts(prefix=str(tmp_path / "env"), environment="venv", version="3.11.7"),
        distributions=(Distribution(name="torch", version="2.13.0+cpu"),),
    )
    found = Finding(cause="torch-companion-mismatch", message="", subject="torchvision")
    made = replace(options_for([found], facts), index_url=index.url, smoke=False)
    done = go(made, home)
    assert done.result == "installed", done
    assert versions(tmp_path) == {"torch": "2.13.0+cpu", "torchvision": "0.28.0+cpu"}
    # Asked for by hand, the torch that is there decides too.
    foreign(tmp_path, home, index, "--no-deps", "torchvision==0.25.0+cpu")
    assert go(options(tmp_path, index, "torchvision", in_place=True, smoke=False), home).result == "installed"
    assert versions(tmp_path) == {"torch": "2.13.0+cpu", "torchvision": "0.28.0+cpu"}


def test_in_place_a_second_run_has_nothing_to_do_unless_something_is_broken(
    tmp_path: Path, index: Index, home: dict[str, str]
):
    index.add("demo")
    site = foreign(tmp_path, home, index, "demo")
    made = options(tmp_path, index, "demo", in_place=True)
    assert go(made, home).result == "nothing-to-do"
    (site / "demo/data.bin").unlink()
    assert go(made, home).result == "installed"
    # Another content of the same size is damage too.
    data = site / "demo/data.bin"
    whole = data.read_bytes()
    data.unlink()
    data.write_bytes(b"x" * len(whole))
    assert go(made, home).result == "installed"
    assert data.read_bytes() == whole
    assert verb.plan(made, home)[1] is None


def test_a_lock_of_an_environment_of_another_maker_is_announced_and_written(
    tmp_path: Path, index: Index, home: dict[str, str]
):
    index.add("demo")
    foreign(tmp_path, home, index, "demo")
    lock = str(tmp_path / "pylock.toml")
    made = options(tmp_path, index, "demo", in_place=True, lock=lock)
    announced, _ = verb.plan(made, home)
    assert (announced.result, [one.why for one in announced.plan.steps]) == ("nothing-to-do", [f"the lock {lock}"])
    assert go(made, home).written == (lock,)


def test_what_would_be_fixed_and_is_as_it_should_be_is_no_plan(tmp_path: Path, index: Index, home: dict[str, str]):
    index.add("demo")
    foreign(tmp_path, home, index, "demo")
    env = tmp_path / "env"
    python = PythonFacts(executable=str(env / "bin/python"), prefix=str(env), environment="venv", version="3.11.7")
    facts = Facts(python=python, distributions=(Distribution(name="demo", version="1.0"),))
    found = Finding(cause="ipykernel-missing", message="", about={"package": "demo"})
    assert fix_plan([found], facts, {**home, "UV_DEFAULT_INDEX": index.url}) is None


def test_nothing_is_begun_for_what_is_there_already(
    tmp_path: Path, index: Index, home: dict[str, str], monkeypatch: pytest.MonkeyPatch
):
    index.add("demo", requires=("other",))
    index.add("other")
    assert go(options(tmp_path, index, "demo"), home).result == "installed"
    monkeypatch.setattr(resolving, "begin", lambda *_: pytest.fail("the sources were asked"))
    assert go(options(tmp_path, index, "other"), home).result == "nothing-to-do"


def test_what_ends_the_look_is_told_not_what_was_begun_meanwhile(
    tmp_path: Path, index: Index, home: dict[str, str], monkeypatch: pytest.MonkeyPatch
):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    def refused(*_: object) -> None:
        raise DlcheckError("uv is not here")

    monkeypatch.setattr(planning, "look_for_builds", interrupted)
    monkeypatch.setattr(resolving, "begin", refused)
    with pytest.raises(KeyboardInterrupt):
        verb.plan(options(tmp_path, index, "demo"), home)


def test_a_companion_in_another_version_brings_its_torch_into_an_environment_of_ours(
    tmp_path: Path, index: Index, home: dict[str, str], monkeypatch: pytest.MonkeyPatch
):
    offer_two_companions(index, monkeypatch)
    go(options(tmp_path, index, "torchvision==0.28.0", smoke=False), home)
    assert versions(tmp_path) == {"torch": "2.13.0+cpu", "torchvision": "0.28.0+cpu"}
    done = go(options(tmp_path, index, "torchvision==0.25.0", smoke=False), home)
    assert done.result == "installed", done.plan.selection
    assert versions(tmp_path) == {"torch": "2.10.0+cpu", "torchvision": "0.25.0+cpu"}


def test_what_a_person_added_is_carried_over(tmp_path: Path, index: Index, home: dict[str, str]):
    from dlcheck.installers import uv

    index.add("demo")
    index.add("mine", requires=("beside",))
    index.add("beside")
    index.add("other")
    go(options(tmp_path, index, "demo"), home)
    argv = [uv.find(os.environ), "pip", "install", "-q", "--no-config", "--python", tmp_path / "env/bin/python"]
    subprocess.run([*argv, "--default-index", index.url, "mine"], check=True, env={**os.environ, **home})
    index.add("mine", "2.0")
    assert go(options(tmp_path, index, "other"), home).result == "installed"
    assert versions(tmp_path) == {"demo": "1.0", "mine": "1.0", "beside": "1.0", "other": "1.0"}


def test_pip_does_the_same_without_uv(tmp_path: Path, index: Index, home: dict[str, str]):
    index.add("demo", requires=("other",))
    scripts = "other-1.0.data/scripts/otherly"
    index.add("other", files={"other/__init__.py": b"", scripts: b"#!python\nprint('it runs')\n"})
    made = options(tmp_path, index, "demo", installer="pip")
    done = go(made, home)
    assert done.result == "installed", done.failure
    assert done.plan.installer == "pip"
    assert versions(tmp_path) == {"demo": "1.0", "other": "1.0"}
    assert is_whole(tmp_path)
    script = tmp_path / "env/bin/otherly"
    assert str(tmp_path / "env/bin/python") in script.read_text()
    assert subprocess.run([script], capture_output=True, text=True, check=True).stdout == "it runs\n"
    assert "dlcheck-stage" not in (tmp_path / "env/bin/activate").read_text()
    assert go(made, home).result == "nothing-to-do"


def test_pip_fetches_each_wheel_once(tmp_path: Path, index: Index, home: dict[str, str]):
    index.add("demo", files={"demo/big.bin": os.urandom(400_000)}, requires=("other",))
    index.add("other", files={"other/big.bin": os.urandom(400_000)})
    size = sum(len(one) for one in index.wheels.values())
    assert go(options(tmp_path, index, "demo", installer="pip"), home).result == "installed"
    assert index.total < 1.1 * size


def test_pip_takes_from_a_later_index_only_what_the_first_has_not(tmp_path: Path, index: Index, home: dict[str, str]):
    index.add("demo", requires=("inner", "common"))
    index.add("common", "1.0")
    with serve() as later:
        later.add("inner", "3.0")
        later.add("common", "99.0")
        later.add("demo", "99.0")
        home |= {"PIP_INDEX_URL": index.url, "PIP_EXTRA_INDEX_URL": later.url}
        done = go(Options(requirements=("demo",), venv=str(tmp_path / "env"), installer="pip"), home)
        assert done.result == "installed", done.failure
        assert versions(tmp_path) == {"demo": "1.0", "common": "1.0", "inner": "3.0"}
        assert [name for name in later.sent if not name.startswith("inner")] == []


VERSION = b"__version__ = '2.13.0+cpu'\ncuda: Optional[str] = %s\nhip: Optional[str] = None\n"


@pytest.mark.parametrize(("version", "ahead"), [("2.13.0", False), ("99.0.0", True)])
def test_where_the_wheel_says_otherwise_it_wins(
    tmp_path: Path, index: Index, home: dict[str, str], version: str, ahead: bool, monkeypatch: pytest.MonkeyPatch
):
    """A known version is asked once it is here, one that is newer than the data before it is fetched."""
    monkeypatch.setattr("dlcheck.installers.fetch.Client.answers", lambda *_: False)
    files = {"torch/__init__.py": b"", "torch/version.py": VERSION % b"'13.0'", "torch/big.bin": os.urandom(500_000)}
    index.add("torch", f"{version}+cpu", files=files)
    made = options(tmp_path, index, f"torch=={version}", accelerator="cpu", smoke=False)
    done, prepared = verb.plan(made, home)
    if ahead:
        assert prepared is None
        assert index.total < 200_000
    else:
        done = verb.install(prepared, home, Quiet())
    assert "its own table says CUDA 13.0" in done.failure.message
    assert not (tmp_path / "env").exists()
    index.add("torch", f"{version}+cpu", files=files | {"torch/version.py": VERSION % b"None"})
    home["UV_CACHE_DIR"] += "-fresh"
    assert go(made, home).result == "installed"


def test_the_time_is_told_at_the_speed_of_the_last_download(tmp_path: Path, index: Index, home: dict[str, str]):
    from dlcheck.model.style import Style
    from dlcheck.renderers import INSTALL_RENDERERS

    index.add("demo", files={"demo/big.bin": os.urandom(2_000_000)})
    index.add("other", files={"other/big.bin": os.urandom(4_000_000)})
    index.bytes_per_second = 2_000_000
    first, _ = verb.plan(options(tmp_path, index, "demo"), home)
    assert first.plan.bytes_per_second is None
    assert "about" not in INSTALL_RENDERERS["text"](first, Style())
    assert go(options(tmp_path, index, "demo"), home).result == "installed"
    later, _ = verb.plan(options(tmp_path, index, "other"), home)
    assert 300_000 < later.plan.bytes_per_second < 2_100_000
    assert " s at " in INSTALL_RENDERERS["text"](later, Style())
    assert later.plan.id == verb.plan(options(tmp_path, index, "other"), home)[0].plan.id


@pytest.mark.parametrize("change", [lengthen, flip])
@pytest.mark.parametrize("in_place", [False, True])
def test_a_change_in_one_environment_does_not_come_back_in_the_next(
    tmp_path: Path, index: Index, home: dict[str, str], in_place: bool, change
):
    """Both share their files with uv's cache by hard links: who writes into one has written into all."""
    index.add("demo")
    index.add("other")
    go(options(tmp_path, index, "demo", venv=str(tmp_path / "first")), home)
    (path,) = (tmp_path / "first").glob("lib/*/site-packages/demo/data.bin")
    before = path.read_bytes()
    change(path)
    if in_place:
        foreign(tmp_path, home, index, "other")
    said = Quiet()
    done = go(options(tmp_path, index, "demo", in_place=in_place), home, said)
    assert done.result == "installed", done.failure
    assert is_whole(tmp_path)
    assert path.read_bytes() != before
