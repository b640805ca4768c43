from __future__ import annotations

import shlex
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlcheck.model.shell import quote

LINES = [
    (["python", "-m", "pip", "install", "torch==2.13.0"], "posix", "python -m pip install torch==2.13.0"),
    (["pip", "install", "jax[cuda13]"], "posix", "pip install 'jax[cuda13]'"),
    (["pip", "install", "jax[cuda13]"], "powershell", "pip install 'jax[cuda13]'"),
    (["pip", "install", "jax[cuda13]"], "cmd", "pip install jax[cuda13]"),
    (["pip", "install", "numpy<2"], "posix", "pip install 'numpy<2'"),
    (["pip", "install", "numpy<2"], "powershell", "pip install 'numpy<2'"),
    (["pip", "install", "numpy<2"], "cmd", 'pip install "numpy<2"'),
    (["python", "-c", "print('a b')"], "posix", "python -c \"print('a b')\""),
    (["python", "-c", "print('a b')"], "powershell", "python -c 'print(''a b'')'"),
    (["python", "-c", "print('a b')"], "cmd", "python -c \"print('a b')\""),
    (["C:\\a b\\python.exe", "-V"], "powershell", "& 'C:\\a b\\python.exe' -V"),
    (["C:\\a b\\python.exe", "-V"], "cmd", '"C:\\a b\\python.exe" -V'),
    (["echo", "$HOME"], "posix", "echo '$HOME'"),
    (["echo", "$HOME"], "powershell", "echo '$HOME'"),
    (["echo", "it's $5"], "posix", "echo 'it'\"'\"'s $5'"),
    (["echo", ""], "posix", "echo ''"),
    (["echo", ""], "powershell", "echo ''"),
    (["echo", ""], "cmd", 'echo ""'),
    (["a", "b&c"], "cmd", 'a "b&c"'),
    (["a", "b;c"], "powershell", "a 'b;c'"),
]


@pytest.mark.parametrize(("argv", "shell", "line"), LINES)
def test_lines(argv: list[str], shell: str, line: str):
    assert quote(argv, shell) == line


@given(st.lists(st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"])), min_size=1))
def test_posix_splits_back(argv: list[str]):
    assert shlex.split(quote(argv)) == argv


@given(st.lists(st.text('ab "\\&<', max_size=12), min_size=1, max_size=3))
def test_cmd_splits_back_as_the_c_runtime_does(argv: list[str]):
    assert _split_as_windows(quote(argv, "cmd")) == argv


def test_a_real_shell_agrees():
    words = ["it's", "a b", "$HOME", "`x`", "a!b", '"', "\\", "*", "numpy<2", "new\nline"]
    line = quote([sys.executable, "-c", "import sys; print(sys.argv[1:])", *words])
    done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == repr(words)


def _split_as_windows(line: str) -> list[str]:
    """The rules of CommandLineToArgvW for words after the first."""
    words: list[str] = []
    word, quoted, started, at = "", False, False, 0
    while at < len(line):
        slashes = 0
        while at < len(line) and line[at] == "\\":
            slashes, at = slashes + 1, at + 1
        started = started or slashes > 0
        if at < len(line) and line[at] == '"':
            word += "\\" * (slashes // 2)
            if slashes % 2:
                word += '"'
            else:
                quoted, started = not quoted, True
            at += 1
            continue
        word += "\\" * slashes
        if at == len(line):
            break
        if line[at] == " " and not quoted:
            if started:
                words.append(word)
            word, started = "", False
        else:
            word, started = word + line[at], True
        at += 1
    return [*words, word] if started else words
