"""A working directory whose files have the names of all that Python and dlcheck import. See SECURITY.md."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dlcheck.host import interpreter
from dlcheck.model.errors import DlcheckError
from dlcheck.profiles import load
from tests.survival import ROOT, Environment

BEFORE_ITS_FIRST_LINE = (
    "runpy", "importlib", "types", "warnings", "pkgutil", "contextlib", "collections", "functools", "operator", "keyword",
    "reprlib", "dlcheck",
)  # fmt: skip
"""What Python itself imports to start a module with -m, depending on its version; the module's own name among it."""
OTHERS = (
    "sitecustomize", "usercustomize", "dlcheck", "typer", "click", "rich", "psutil", "cpuinfo", "pynvml", "packaging",
    "platformdirs", "filelock", "uv", "tomli", "torch", "tensorflow", "keras", "jax", "numpy", "typing_extensions", "shellingham",
)  # fmt: skip
NAMES = tuple(sorted({*sys.stdlib_module_names, *OTHERS} - {"__future__", "builtins", "sys"}))
SAFE = ("-P",) if sys.version_info >= (3, 11) else ()

WAYS = {
    # As pip and uv write it: the folder of the script stands first on the path, not the working directory.
    "dlcheck": ("{script}",),
    "python -P -m dlcheck": (sys.executable, *SAFE, "-m", "dlcheck"),
    "python -m dlcheck": (sys.executable, "-m", "dlcheck"),
}
COMMANDS = (
    ("doctor", "--offline", "--venv", "{env}", "--timeout", "20"),
    ("doctor", "--quick", "--venv", "{env}", "--format", "html"),
    ("diagnose", "error.log"),
    ("smoke", "--venv", "{env}", "--timeout", "20"),
    ("devices",),
    ("explain", "DL501"),
    ("diff", "--list"),
    ("fleet", "report", "."),
    ("install", "torch", "--dry-run", "--offline", "--find-links", "."),
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    environment = Environment(folder / "env")
    environment.add("torch", "__version__ = '2.13.0'\n", version="2.13.0")
    (folder / "bin").mkdir()
    (folder / "bin" / "dlcheck").write_text(
        f"#!{sys.executable}\nimport re\nimport sys\nfrom dlcheck.__main__ import main\n"
        "if __name__ == '__main__':\n    sys.exit(main())\n"
    )
    (folder / "bin" / "dlcheck").chmod(0o755)
    return folder


def set_traps(folder: Path, names: tuple[str, ...]) -> Path:
    """Each name as a module that leaves a mark; the folder for the marks."""
    work, marks = folder / "work", folder / "marks"
    for one in (work, marks):
        one.mkdir(exist_ok=True)
    for old in (*work.glob("*.py"), *marks.iterdir()):
        old.unlink()
    for name in names:
        words = f"import posix\nposix.close(posix.open({str(marks / name)!r}, posix.O_CREAT | posix.O_WRONLY))\n"
        (work / f"{name}.py").write_text(words)
    (work / "evil.pth").write_text(f"import posix; posix.mkdir({str(marks / 'pth')!r})\n")
    (work / "dlcheck.toml").write_text('command = ["/bin/false"]\n')
    (work / "error.log").write_text(
        "RuntimeError: CUDA error: no kernel image is available for execution on the device\n"
    )
    return marks


@pytest.mark.skipif(os.name != "posix", reason="scripts as POSIX starts them")
@pytest.mark.parametrize(
    ("way", "arguments"),
    # Without -P the lines are the same as with it, but for the start: one command shows that.
    [(way, words) for way in WAYS for words in COMMANDS if way != "python -m dlcheck" or words[0] == "doctor"],
    ids=lambda one: one if isinstance(one, str) else " ".join(one[:2]),
)
def test_no_module_of_the_working_directory_is_imported(way: str, arguments: tuple[str, ...], place: Path):
    if "-P" in way and not SAFE:
        pytest.skip("-P is new in Python 3.11")
    exempt = BEFORE_ITS_FIRST_LINE if way == "python -m dlcheck" else ()
    marks = set_traps(place, tuple(name for name in NAMES if name not in exempt))
    words = [word.format(script=place / "bin" / "dlcheck", env=place / "env") for word in (*WAYS[way], *arguments)]
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(place), "XDG_STATE_HOME": str(place / "state")}
    done = subprocess.run(
        words, cwd=place / "work", env=environ, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode in (0, 1, 2), done.stderr
    assert "Traceback" not in done.stderr
    assert "defect of dlcheck" not in done.stderr
    assert [path.name for path in marks.iterdir()] == []


@pytest.mark.skipif(os.name != "posix", reason="scripts as POSIX starts them")
@pytest.mark.parametrize("entry", ["", "."])
def test_a_pythonpath_that_names_the_working_directory_by_accident(entry: str, place: Path):
    """``PYTHONPATH=$PYTHONPATH:/x`` holds an empty entry. What Python and the console script import before dlcheck's first
    line is beyond it; what a student calls random.py or json.py is not.
    """
    marks = set_traps(place, ("json", "random", "torch", "typing", "typer", "tempfile", "select", "signal", "string"))
    environ = {**os.environ, "PYTHONPATH": f"{entry}{os.pathsep}{ROOT}", "HOME": str(place)}
    argv = [str(place / "bin" / "dlcheck"), "doctor", "--quick", "--python", sys.executable, "--format", "json"]
    done = subprocess.run(
        argv, cwd=place / "work", env=environ, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode in (0, 1), done.stderr
    assert json.loads(done.stdout)["summary"]["crashed"] == 0
    # The checked interpreter has that PYTHONPATH too, and imports json.py for its own part: that is what is reported.
    assert {path.name for path in marks.iterdir()} <= {
        "json",
        "random",
        "typing",
        "tempfile",
        "select",
        "signal",
        "string",
    }


def test_no_extension_of_the_working_directory_is_loaded(place: Path):
    marks = set_traps(place, ("evil",))
    info = place / "work" / "evil-1.0.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[dlcheck.rules]\nevil = evil:rules\n[dlcheck.renderers]\nevil = evil:render\n"
    )
    environ = {**os.environ, "PYTHONPATH": f"{os.pathsep}{ROOT}", "HOME": str(place)}
    argv = [str(place / "bin" / "dlcheck"), "doctor", "--quick", "--venv", str(place / "env"), "--format", "json"]
    done = subprocess.run(
        argv, cwd=place / "work", env=environ, capture_output=True, text=True, timeout=120, check=False
    )
    assert "DL990" not in done.stdout
    assert json.loads(done.stdout)["command"] == "doctor"
    assert not list(marks.iterdir())


def test_a_folder_called_dlcheck_does_not_keep_the_working_directory_on_the_path(place: Path):
    marks = set_traps(place, ("json", "typer"))
    (place / "work" / "dlcheck").mkdir(exist_ok=True)
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(place)}
    argv = [sys.executable, "-m", "dlcheck", "explain", "DL501"]
    done = subprocess.run(
        argv, cwd=place / "work", env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    (place / "work" / "dlcheck").rmdir()
    assert done.returncode == 0, done.stderr
    assert not list(marks.iterdir())


ODD = (
    "[tool]\ndlcheck = 5\n", "[tool.dlcheck]\ngpu = 7\n", "[tool.dlcheck]\n__class__ = 'x'\n",
    "[tool.dlcheck]\nname = '../../x'\n",  "[tool.dlcheck.severity]\n'' = 'error'\n",
    "[tool.dlcheck.ignore]\nDL501 = 5\n", "[tool.dlcheck.frameworks]\ntorch = '>=' \n", "a = " + "[" * 100_000,
    "a = " + "9" * 10_000,  "\0", "[tool.dlcheck]\ncpu_class = '\x1b[2J'\n", "a = 2026-99-99", "=" * 10_000,
    "[tool.dlcheck]\nprofile = 'train'\n", "[tool.dlcheck]\nprofile = '/etc/passwd'\n",
)  # fmt: skip


@pytest.mark.parametrize("text", ODD, ids=lambda text: text[:30].replace("\n", " "))
def test_an_odd_pyproject_is_refused_in_one_line(text: str, tmp_path: Path):
    (tmp_path / "pyproject.toml").write_text(text, "utf-8")
    with pytest.raises(DlcheckError) as refused:
        load("learn", str(tmp_path / "pyproject.toml"))
    assert "\n" not in refused.value.message
    assert len(refused.value.message) < 1000


EMPTY = ("", "[tool]\n", "tool = 5\n", "a" + ".a" * 5_000 + " = 1")


@pytest.mark.parametrize("text", EMPTY, ids=lambda text: text[:30].replace("\n", " "))
def test_a_pyproject_without_settings_changes_nothing(text: str, tmp_path: Path):
    (tmp_path / "pyproject.toml").write_text(text, "utf-8")
    assert load("learn", str(tmp_path / "pyproject.toml")) == load("learn")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can give files away")
def test_the_environment_of_another_user_in_a_folder_open_to_all_is_not_started(tmp_path: Path):
    """As in /tmp: its Python would run with the rights of whoever asks for a diagnosis there."""
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "pyvenv.cfg").write_text("home = /usr/bin\n")
    tmp_path.chmod(0o1777)
    assert interpreter.choose(environ={}, folder=str(tmp_path)).chosen_by == ".venv"
    os.lchown(tmp_path / ".venv", 65534, 65534)
    with pytest.raises(DlcheckError, match="belongs to another user"):
        interpreter.choose(environ={}, folder=str(tmp_path))
    assert interpreter.choose(venv=str(tmp_path / ".venv"), environ={}).chosen_by == "--venv"
    tmp_path.chmod(0o755)
    assert interpreter.choose(environ={}, folder=str(tmp_path)).chosen_by == ".venv"
