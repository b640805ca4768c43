"""The doctor survives the disease: frameworks that raise, crash, hang, talk and lie, and interpreters that do not start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.survival import BIN, ROOT, Environment, causes, dlcheck, doctor, listen_to_interrupts

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
TORCH = "__version__ = '2.13.0'\n"


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    return Environment(tmp_path / "env")


BAD = [
    ("raises", "raise ImportError('libcudart.so.12: cannot open shared object file')", "cuda-libs-missing"),
    ("raises oddly", "raise RuntimeError('nobody has seen this')", "import-raises"),
    ("lacks a part", "import torchgen.model", "broken-partial-install"),
    ("segfaults", "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "import-crashes"),
    ("dies of SIGILL", "import os, signal; os.kill(os.getpid(), signal.SIGILL)", "cpu-lacks-avx"),
    ("is killed", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "import-killed-for-memory"),
    ("aborts", "import os; os.abort()", "import-crashes"),
    ("ends silently", "import os; os._exit(0)", "import-silent"),
    ("exits", "import sys; sys.exit(5)", "import-raises"),
    ("recurses", "def f(): return f()\nf()", "import-raises"),
]


@pytest.mark.parametrize(("what", "source", "cause"), BAD, ids=[row[0] for row in BAD])
def test_an_import_that(what: str, source: str, cause: str, environment: Environment):
    environment.add("torch", TORCH + source, version="2.13.0")
    document = doctor(environment)
    assert causes(document).get(cause) == "error", causes(document)
    assert "framework-missing" not in {one for one, severity in causes(document).items() if severity == "error"}
    assert document["exit_code"] == 1
    assert document["summary"]["crashed"] == 0


def test_a_hang_costs_its_time_limit_and_leaves_nothing(environment: Environment):
    mark = f"dlcheck-test-{os.getpid()}"
    sleeper = f"import subprocess, sys, time\nsubprocess.Popen([sys.executable, '-c', 'import time; time.sleep(99) # {mark}'])\ntime.sleep(99)"
    environment.add("torch", TORCH + sleeper)
    start = time.monotonic()
    document = doctor(environment, "--timeout", "2")
    assert time.monotonic() - start < 20
    assert causes(document)["import-hangs"] == "error"
    assert not running(mark)


def below(mark: str, folder: str) -> list[int]:
    """Numbers of the running processes whose command line holds both."""
    found = []
    for one in running(mark):
        try:
            if folder in " ".join(one.cmdline()):
                found.append(one.pid)
        except psutil.Error:
            continue
    return found


def appear(processes: Callable[[], list[int]]) -> None:
    """Wait until there are such processes. A busy machine takes its time to start them; a signal sent before means nothing."""
    end = time.monotonic() + 60
    while not processes():
        assert time.monotonic() < end, "the child was never started"
        time.sleep(0.05)


def running(mark: str) -> list[psutil.Process]:
    found = []
    for one in psutil.process_iter():
        try:
            if any(mark in word for word in one.cmdline()) and one.status() != psutil.STATUS_ZOMBIE:
                found.append(one)
        except psutil.Error:
            continue
    return found


def test_a_framework_that_talks_does_not_reach_the_document(environment: Environment):
    talk = "import sys\nfor _ in range(20000):\n    print('{' * 100)\n    print('noise' * 20, file=sys.stderr)\n"
    environment.add("torch", talk + "raise RuntimeError('after much talk')")
    document = doctor(environment)
    assert causes(document)["import-raises"] == "error"
    run = document["facts"]["frameworks"]["torch"]["run"]
    assert run["error"] == "after much talk"
    assert len(run["output"]) <= 40


def test_a_pth_that_kills_the_start_is_found(environment: Environment):
    (environment.site / "evil.pth").write_text("import os; os._exit(7)\n")
    document = doctor(environment)
    assert causes(document)["python-cannot-start"] == "error"
    assert document["primary_causes"] == ["python-cannot-start"]
    assert document["facts"]["python"]["version"] == ".".join(str(one) for one in sys.version_info[:3])


def test_packages_of_an_interpreter_that_cannot_start_are_still_read(environment: Environment):
    environment.add("torch", TORCH, version="2.13.0")
    (environment.site / "evil.pth").write_bytes(b"\xff\xfe import nothing\n")
    document = doctor(environment)
    assert "python-cannot-start" in causes(document)
    assert document["facts"]["frameworks"]["torch"]["version"] == "2.13.0"


def test_an_environment_whose_python_is_gone(environment: Environment):
    for name in ("python", "python3", f"python3.{sys.version_info[1]}"):
        (environment.folder / BIN / name).unlink(missing_ok=True)
    environment.python.symlink_to("/nowhere/python3")
    assert causes(doctor(environment))["env-python-missing"] == "error"


def test_damaged_metadata_and_half_removed_packages(environment: Environment):
    environment.add("torch", TORCH, version="2.13.0")
    (environment.site / "torch" / "__init__.py").unlink()
    (environment.site / "~orch").mkdir()
    bad = environment.site / "odd-1.0.dist-info"
    bad.mkdir()
    (bad / "METADATA").write_bytes(b"Name: odd\nAuthor: \xff\n\n")
    document = doctor(environment, "--quick")
    messages = [
        one["message"]
        for verdict in document["verdicts"]
        for one in verdict["findings"]
        if one["cause"] == "broken-partial-install"
    ]
    assert any("torch lacks 1 file" in one for one in messages), messages
    assert any("left behind by an interrupted pip" in one for one in messages), messages
    assert any("not UTF-8" in one for one in messages), messages


def test_the_last_place_where_a_home_could_be(environment: Environment, tmp_path: Path):
    for home in ("UNSET", "/nonexistent", str(tmp_path / "file")):
        (tmp_path / "file").write_text("")
        document = doctor(environment, "--quick", HOME=home)
        assert document["command"] == "doctor"


def test_a_working_directory_full_of_traps(environment: Environment, tmp_path: Path):
    trap = tmp_path / "trap"
    trap.mkdir()
    for name in ("json", "torch", "typing", "site", "sitecustomize", "usercustomize", "typer", "dlcheck"):
        (trap / f"{name}.py").write_text("open('SPRUNG', 'w').close()\n")
    python = sys.executable
    done = subprocess.run(
        [python, "-P" if sys.version_info >= (3, 11) else "-I", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); from dlcheck.cli.app import main; sys.argv[1:] = ['doctor', '--quick', '--venv', {str(environment.folder)!r}]; main()"],
        cwd=trap, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "torch.py" in done.stdout
    assert not (trap / "SPRUNG").exists()


def test_ctrl_c_ends_everything_at_once(environment: Environment):
    mark = f"dlcheck-interrupt-{os.getpid()}"
    environment.add("torch", TORCH + f"import time; time.sleep(99) # {mark}")
    child = subprocess.Popen(
        [sys.executable, "-m", "dlcheck", "doctor", "--offline", "--venv", str(environment.folder)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}, start_new_session=True, preexec_fn=listen_to_interrupts,
    )  # fmt: skip
    folder = str(environment.folder)
    appear(lambda: below("look_torch", folder))
    start = time.monotonic()
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=20)
    assert child.returncode == 130
    assert errors.strip().endswith("dlcheck: interrupted")
    assert "Traceback" not in errors
    assert time.monotonic() - start < 10
    assert not below("look_torch", folder)


def test_an_interrupt_that_meets_a_dataclass_being_made_ends_in_the_code_too(tmp_path: Path):
    """CPython would end by the signal: it takes an interrupt inside of a string that exec runs for unhandled."""
    (tmp_path / "interrupted.py").write_text(
        "import dlcheck.__main__ as d, dlcheck.cli.app as a\na.main = lambda: exec('raise KeyboardInterrupt')\nd.main()\n"
    )
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(tmp_path)))}
    done = subprocess.run([sys.executable, "-m", "interrupted"], capture_output=True, text=True, check=False, env=variables)  # fmt: skip
    assert (done.returncode, done.stderr) == (130, "dlcheck: interrupted\n")


def test_a_killed_doctor_leaves_no_child(environment: Environment):
    environment.add("torch", TORCH + "import time; time.sleep(99)")
    child = subprocess.Popen(
        [sys.executable, "-m", "dlcheck", "doctor", "--offline", "--venv", str(environment.folder)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": str(ROOT)}, start_new_session=True,
    )  # fmt: skip
    folder = str(environment.folder)

    def mine() -> list[int]:
        return below("start.py", folder)

    appear(mine)
    time.sleep(0.5)
    child.kill()
    child.wait()
    for _ in range(100):
        if not mine():
            return
        time.sleep(0.05)
    pytest.fail(f"left behind: {mine()}")


def test_a_dumb_terminal_and_an_old_code_page(environment: Environment):
    for variables in ({"TERM": "dumb"}, {"PYTHONIOENCODING": "cp1252"}, {"PYTHONIOENCODING": "ascii"}):
        done = dlcheck("doctor", "--quick", "--venv", str(environment.folder), **variables)
        assert done.returncode == 1
        assert done.stdout.isascii() or "PYTHONIOENCODING" in variables
        assert "\x1b" not in done.stdout
        assert "framework-missing" in done.stdout


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device of Linux")
@pytest.mark.parametrize(
    ("shell", "words"), [(">/dev/full", "No space left on device"), (">&-", "standard output is closed")]
)
def test_an_output_that_cannot_be_written_is_said_in_one_line(shell: str, words: str):
    done = subprocess.run(
        ["sh", "-c", f'exec "$0" -m dlcheck explain DL101 {shell}', sys.executable],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (3, f"dlcheck: cannot write the output: {words}\n")


def test_a_reader_that_goes_away_does_not_change_the_exit_code(tmp_path: Path):
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as gone:
        done = subprocess.run([sys.executable, "-m", "dlcheck", "explain", "DL101"], cwd=ROOT, stdout=gone, stderr=-1)
    assert (done.returncode, done.stderr) == (0, b"")
