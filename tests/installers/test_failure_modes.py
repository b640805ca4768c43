"""What goes wrong around an installation, one test each: the network, the disks, the interpreter, the packages themselves.

What the index alone does wrong is in test_install.py, kills at random points in test_kill.py, two at once in
test_outliving.py, machines and requests that cannot be had in tests/test_selection.py.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from index_server import Index, serve, wheel
from running import Quiet, beside, go, is_whole, options, start, versions

from dlcheck.host.environments import look
from dlcheck.installation import install as verb
from dlcheck.installers import pip, staging, uv
from dlcheck.model.errors import DlcheckError
from dlcheck.model.plan import Installation, Options
from dlcheck.model.style import Style
from dlcheck.renderers import INSTALL_RENDERERS

SECRET = "s3cret-Pass"
METADATA = 16_384
"""Bytes at the end of a wheel that uv reads to resolve."""


@pytest.fixture(autouse=True)
def _no_second_tries(home: dict[str, str]) -> None:
    """uv asks three times more, seconds apart; one answer is enough here."""
    home["UV_HTTP_RETRIES"] = "0"


def failed(made: Options, home: dict[str, str]) -> Installation:
    done = go(made, home)
    assert (done.result, done.exit_code) == ("failed", 1), done
    assert done.failure
    assert "\n" not in done.failure.message
    assert "dlcheck-plan" not in done.failure.message
    return done


# The network: the name, the way there, whom one speaks to, and what one was told on the way.


def test_a_name_that_nobody_knows(tmp_path: Path, home: dict[str, str]):
    made = Options(requirements=("demo",), venv=str(tmp_path / "env"), index_url="https://nowhere.invalid/simple")
    done = failed(made, home)
    assert "nowhere.invalid" in done.failure.message
    assert "the name is not known here" in done.failure.message
    assert "DL2" in done.failure.hint


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_a_proxy_that_is_gone_is_named_with_its_variable(tmp_path: Path, home: dict[str, str], variable: str):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        home[variable] = f"http://user:{SECRET}@127.0.0.1:{closed.getsockname()[1]}"
        made = Options(requirements=("demo",), venv=str(tmp_path / "env"), index_url="https://nowhere.invalid/simple")
        done = failed(made, home)
    assert "cannot be reached" in done.failure.message
    assert variable in done.failure.hint
    assert SECRET not in repr(done)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the keys and certificates of an authority that nobody trusts, and of this machine's own address."""
    if shutil.which("openssl") is None:
        if os.environ.get("CI"):
            pytest.fail("openssl is needed for a certificate")
        pytest.skip("openssl is needed for a certificate")
    folder = tmp_path_factory.mktemp("tls")
    make = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2")
    for name, words in (
        ("authority", ("-subj", "/CN=authority.example", "-addext", "keyUsage=keyCertSign")),
        ("leaf", ("-subj", "/CN=middle.example", "-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=CA:FALSE",
                  "-CA", str(folder / "authority.crt"), "-CAkey", str(folder / "authority.key"))),
    ):  # fmt: skip
        files = ("-keyout", str(folder / f"{name}.key"), "-out", str(folder / f"{name}.crt"))
        subprocess.run([*make, *words, *files], check=True, capture_output=True)
    return folder


@pytest.fixture
def intercepted(certificate: Path) -> Iterator[Index]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "leaf.crt", certificate / "leaf.key")
    with serve(tls=context) as index:
        index.add("demo")
        yield index


def test_somebody_in_between_opens_the_connection(tmp_path: Path, home: dict[str, str], intercepted: Index):
    done = failed(options(tmp_path, intercepted, "demo"), home)
    assert "its certificate is not accepted" in done.failure.message
    assert "SSL_CERT_FILE" in done.failure.hint
    assert not (tmp_path / "env").exists()


def test_the_certificate_that_vouches_for_it_lets_it_through(
    tmp_path: Path, home: dict[str, str], intercepted: Index, certificate: Path
):
    home["SSL_CERT_FILE"] = str(certificate / "authority.crt")
    assert go(options(tmp_path, intercepted, "demo"), home).result == "installed"
    assert is_whole(tmp_path)


def test_a_wheel_over_a_connection_that_is_opened_on_the_way(
    tmp_path: Path, home: dict[str, str], intercepted: Index, certificate: Path
):
    """The plan was made before somebody stepped in between."""
    _, prepared = verb.plan(
        options(tmp_path, intercepted, "demo"), {**home, "SSL_CERT_FILE": str(certificate / "authority.crt")}
    )
    done = verb.install(prepared, home, Quiet())
    assert done.failure.step == "fetch"
    assert "the certificate is not accepted" in done.failure.message
    assert "SSL_CERT_FILE" in done.failure.hint


def test_a_network_that_is_lost_for_good(
    tmp_path: Path, index: Index, home: dict[str, str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("dlcheck.installers.wheelhouse.TRIES", 2)
    index.add("demo", files={"demo/big.bin": os.urandom(400_000)})
    size = len(index.wheels["demo-1.0-py3-none-any.whl"])
    _, prepared = verb.plan(options(tmp_path, index, "demo"), home)
    index.sent.clear()
    index.drop_after, index.drops = 150_000, 1
    index.gone_after_drops = True
    done = verb.install(prepared, home, Quiet())
    assert (done.failure.step, done.exit_code) == ("fetch", 1)
    assert "the same command goes on from it" in done.failure.kept
    assert not (tmp_path / "env").exists()
    assert not beside(tmp_path)
    index.gone_after_drops = False
    assert go(options(tmp_path, index, "demo"), home).result == "installed"
    assert index.total <= size * 1.01 + METADATA


def test_killed_while_fetching_only_the_rest_is_fetched(tmp_path: Path, index: Index, home: dict[str, str]):
    index.add("demo", files={"demo/big.bin": os.urandom(1_500_000)})
    size = len(index.wheels["demo-1.0-py3-none-any.whl"])
    index.bytes_per_second = 400_000
    process = start(tmp_path, index, home, "demo")
    deadline = time.monotonic() + 60
    while sum(one.stat().st_size for one in (tmp_path / "cache").rglob("*.part")) < 400_000:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    (part,) = (tmp_path / "cache").rglob("*.part")
    missing = size - part.stat().st_size
    assert 0 < missing < size
    time.sleep(0.2)
    index.bytes_per_second = None
    index.sent.clear()
    assert start(tmp_path, index, home, "demo").wait(120) == 0
    assert index.sent["demo-1.0-py3-none-any.whl"] <= missing * 1.01 + METADATA
    assert is_whole(tmp_path)


# What killed runs leave.


def test_three_kills_leave_no_more_than_one(tmp_path: Path, index: Index, home: dict[str, str]):
    index.add("demo", files={f"demo/part_{at}.bin": os.urandom(4000) for at in range(300)})
    for _ in range(3):
        process = start(tmp_path, index, home, "demo")
        deadline = time.monotonic() + 60
        while not beside(tmp_path) and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)
        process.kill()
        process.wait()
        assert len(beside(tmp_path)) <= 1
    assert start(tmp_path, index, home, "demo").wait(120) == 0
    assert not beside(tmp_path)
    assert not list((tmp_path / "cache").rglob("*.part*"))
    assert is_whole(tmp_path)


def test_parts_of_wheels_that_nobody_goes_on_with_age_out(tmp_path: Path, index: Index, home: dict[str, str]):
    index.add("demo")
    wheels = tmp_path / "cache/wheels"
    for name, days in (("old", 15), ("young", 13)):
        part = wheels / name / "x-1.0-py3-none-any.whl.part"
        part.parent.mkdir(parents=True)
        part.write_bytes(b"half")
        os.utime(part, (time.time() - days * 86_400,) * 2)
    assert go(options(tmp_path, index, "demo"), home).result == "installed"
    assert not (wheels / "old").exists()
    assert [one.name for one in (wheels / "young").iterdir()] == ["x-1.0-py3-none-any.whl.part"]


def test_killed_while_the_old_one_was_removed(tmp_path: Path, index: Index, home: dict[str, str]):
    index.add("demo")
    index.add("other")
    go(options(tmp_path, index, "demo"), home)
    old = Path(staging.old_of(str(tmp_path / "env")))
    shutil.copytree(tmp_path / "env", old, symlinks=True)
    shutil.rmtree(old / "lib")
    assert go(options(tmp_path, index, "demo"), home).result == "nothing-to-do"
    assert go(options(tmp_path, index, "other"), home).result == "installed"
    assert not old.exists()
    assert is_whole(tmp_path)


# Interpreters and variables.


def test_an_interpreter_without_venv_and_ensurepip_is_enough(tmp_path: Path, index: Index, home: dict[str, str]):
    """As Debian ships it: python3 without python3-venv."""
    index.add("demo")
    bare = tmp_path / "bare"
    base = Path(sys.base_prefix)
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    library = base / "lib" / version
    if not library.is_dir() or not (base / "bin" / version).exists():
        pytest.skip("the interpreter here is laid out otherwise")
    (bare / "bin").mkdir(parents=True)
    (bare / "lib" / version).mkdir(parents=True)
    shutil.copy(base / "bin" / version, bare / "bin" / version)
    for entry in library.iterdir():
        if entry.name not in ("venv", "ensurepip", "site-packages"):
            (bare / "lib" / version / entry.name).symlink_to(entry)
    python = bare / "bin" / version
    asked = subprocess.run([python, "-c", "import venv"], capture_output=True, text=True, check=False)
    assert "No module named 'venv'" in asked.stderr
    done = go(options(tmp_path, index, "demo", python=str(python)), home)
    assert done.result == "installed", done.failure
    assert is_whole(tmp_path)


def test_variables_of_other_tools_decide_nothing(tmp_path: Path, index: Index, home: dict[str, str]):
    index.add("demo")
    evil = tmp_path / "evil"
    evil.mkdir()
    (evil / "sitecustomize.py").write_text("raise SystemExit('PYTHONPATH was heard')")
    home |= {
        "PYTHONPATH": str(evil), "PYTHONHOME": "/nonsense", "PYTHONSTARTUP": "/nonsense", "CONDA_PREFIX": "/opt/conda",
        "PIP_TARGET": str(evil), "PIP_USER": "1", "UV_SYSTEM_PYTHON": "1", "UV_LINK_MODE": "nonsense",
    }  # fmt: skip
    for installer in ("uv", "pip"):
        done = go(options(tmp_path, index, "demo", installer=installer, venv=str(tmp_path / f"by-{installer}")), home)
        assert done.result == "installed", done.failure
        assert dict(look(str(tmp_path / f"by-{installer}")).distributions) == {"demo": "1.0"}
    assert [one.name for one in evil.iterdir()] == ["sitecustomize.py"]


@pytest.mark.parametrize("in_place", [False, True])
def test_a_python_of_the_system_and_a_home_are_no_targets(
    tmp_path: Path, index: Index, home: dict[str, str], in_place: bool
):
    index.add("demo")
    system = tmp_path / "usr"
    (system / "bin").mkdir(parents=True)
    (system / "bin/python").symlink_to(sys.executable)
    (system / "lib/python3.11/site-packages").mkdir(parents=True)
    (system / "lib/python3.11/EXTERNALLY-MANAGED").write_text("[externally-managed]\n")
    (tmp_path / "home/thesis.txt").write_text("years of work")
    for target in (system, tmp_path / "home"):
        before = sorted(target.rglob("*"))
        with pytest.raises(DlcheckError, match="is no virtual environment"):
            verb.plan(options(tmp_path, index, "demo", venv=str(target), in_place=in_place), home)
        assert sorted(target.rglob("*")) == before
    assert not index.asked


# The packages themselves.


def test_two_packages_that_own_one_file(tmp_path: Path, index: Index, home: dict[str, str]):
    """As tensorflow and tensorflow-cpu do: whichever is linked last wins, and nobody says so."""
    index.add("demo", files={"shared/__init__.py": b"first"})
    index.add("other", files={"shared/__init__.py": b"second"})
    done = failed(options(tmp_path, index, "demo", "other"), home)
    assert done.failure.step == "walk"
    assert "demo and other both own" in done.failure.message or "other and demo both own" in done.failure.message
    assert not (tmp_path / "env").exists()
    assert not beside(tmp_path)


def test_a_framework_that_does_not_train_never_takes_the_place(tmp_path: Path, index: Index, home: dict[str, str]):
    index.add("jax", "0.10.2", files={"jax/__init__.py": b"raise ImportError('libnothing.so.1: cannot open')\n"})
    index.add("jax", "0.10.1", files={"jax/__init__.py": b""})
    made = options(tmp_path, index, "jax==0.10.1", smoke=False)
    assert go(made, home).result == "installed"
    done = failed(options(tmp_path, index, "jax==0.10.2"), home)
    assert done.failure.step == "smoke"
    assert versions(tmp_path) == {"jax": "0.10.1"}
    assert is_whole(tmp_path)
    assert not beside(tmp_path)


# Where packages come from, and what is said about it.


def test_no_name_is_ever_taken_from_an_index_that_comes_later(tmp_path: Path, index: Index, home: dict[str, str]):
    """A dependency of a dependency too, by pip's configuration and by uv's."""
    index.add("demo", requires=("inner>=1",))
    index.add("inner", "1.0")
    with serve() as hostile:
        for name in ("demo", "inner"):
            hostile.add(name, "99.0", files={f"{name}/evil.py": b"evil"})
        for number, variables in enumerate((
            {"PIP_INDEX_URL": index.url, "PIP_EXTRA_INDEX_URL": hostile.url},
            {"UV_INDEX": index.url, "UV_DEFAULT_INDEX": hostile.url},
        )):  # fmt: skip
            made = Options(requirements=("demo",), venv=str(tmp_path / str(number)))
            done = go(made, {**home, **variables})
            assert done.result == "installed", done.failure
            assert dict(look(made.venv).distributions) == {"demo": "1.0", "inner": "1.0"}
        assert not hostile.sent


def test_a_pinned_build_is_taken_from_its_index_and_its_dependencies_are_not(
    tmp_path: Path, index: Index, home: dict[str, str], monkeypatch: pytest.MonkeyPatch
):
    """The folder of CPU builds holds a poisoned dependency, the index a poisoned build: neither is taken."""
    monkeypatch.setattr("dlcheck.installers.fetch.Client.answers", lambda *_: False)
    folder = tmp_path / "wheels"
    folder.mkdir()
    for name, data in (wheel("torch", "2.13.0+cpu", requires=("numpy",)), wheel("torch", "99.0")):
        (folder / name).write_bytes(data)
    index.add("torch", "2.13.0+cpu", files={"torch/evil.py": b"evil"})
    index.add("torch", "99.0", files={"torch/evil.py": b"evil"})
    index.add("numpy", "2.4.6")
    made = options(tmp_path, index, "torch", find_links=(str(folder),), smoke=False)
    assert go(made, home).result == "installed"
    assert versions(tmp_path) == {"torch": "2.13.0+cpu", "numpy": "2.4.6"}
    assert not list((tmp_path / "env").glob("lib/*/site-packages/torch/evil.py"))
    assert not any(name.startswith("torch-") for name in index.sent)


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_credentials_are_in_no_output_whatever_goes_wrong(tmp_path: Path, home: dict[str, str], installer: str):
    with serve() as index:
        index.add("demo")
        index.password = "another"
        url = index.url.replace("http://", f"http://user:{SECRET}@")
        made = Options(requirements=("demo",), venv=str(tmp_path / "env"), index_url=url, installer=installer)
        refused = failed(made, home)
        index.password = SECRET
        done, prepared = verb.plan(made, home)
        index.password = "changed"
        unfetched = verb.install(prepared, home, Quiet())
        assert unfetched.result == "failed"
    gone = failed(made, home)
    for document in (refused, done, unfetched, gone):
        for render in INSTALL_RENDERERS.values():
            assert SECRET not in render(document, Style(verbosity=1))
        assert SECRET not in repr(document)
    for root in ("env", "cache", "state", "home"):
        for path in (tmp_path / root).rglob("*"):
            assert not path.is_file() or SECRET.encode() not in path.read_bytes(), path


def test_credentials_are_in_no_command_line(tmp_path: Path, home: dict[str, str], monkeypatch: pytest.MonkeyPatch):
    from dlcheck.host import process

    started: list[tuple[str, ...]] = []
    original = process.Child.__init__

    def noted(self, argv, **more):
        started.append(tuple(argv))
        original(self, argv, **more)

    monkeypatch.setattr(process.Child, "__init__", noted)
    with serve() as index:
        index.add("demo")
        index.password = SECRET
        url = index.url.replace("http://", f"http://user:{SECRET}@")
        for installer in ("uv", "pip"):
            made = Options(
                requirements=("demo",), venv=str(tmp_path / f"by-{installer}"), index_url=url, installer=installer
            )
            assert go(made, home).result == "installed"
    assert any("compile" in argv for argv in started)
    assert any("--report" in argv for argv in started)
    assert not [argv for argv in started if SECRET in " ".join(argv)]


def test_commands_are_argument_lists_that_take_wheels_only(tmp_path: Path):
    """No shell reads them, no setup.py runs, no configuration but ours is read."""
    lists = (
        uv.sync_argv("/uv", str(tmp_path), "pylock.toml", "hardlink"),
        pip.install_argv("/python", "/env/python", "requirements.txt"),
    )
    assert "--no-build" in lists[0]
    assert "--no-config" in lists[0]
    assert "--offline" in lists[0]
    assert "--require-hashes" in lists[1]
    assert "--no-index" in lists[1]
    assert lists[1][lists[1].index("--only-binary") + 1] == ":all:"
