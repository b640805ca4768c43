"""An argument list as one line that a person can paste into a shell. For reading only: dlcheck runs argument lists."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from typing import Literal

Shell = Literal["posix", "powershell", "cmd"]

_POWERSHELL_BARE = re.compile(r"[\w./:\\=+~-]+", re.ASCII)
_CMD_BARE = re.compile(r"[\w./:\\=+~@,{}\[\]-]+", re.ASCII)
_KEPT_BETWEEN_DOUBLE_QUOTES = re.compile(r'[^"$`\\!]*')


def quote(argv: Sequence[str], shell: Shell = "posix") -> str:
    """The line that starts ``argv`` in a POSIX shell, in PowerShell or in cmd.exe.

    cmd.exe replaces ``%NAME%`` even between quotes, and PowerShell before 7.3 loses double quotes inside an argument;
    neither has a remedy on one line, so commands of this package hold neither.
    """
    if shell == "posix":
        return " ".join(_posix(word) for word in argv)
    if shell == "powershell":
        line = " ".join(_powershell(word) for word in argv)
        return f"& {line}" if line.startswith("'") else line
    return " ".join(_cmd(word) for word in argv)


def _posix(word: str) -> str:
    """As shlex does, but with double quotes around single ones where that means the same and reads better."""
    if "'" in word and _KEPT_BETWEEN_DOUBLE_QUOTES.fullmatch(word):
        return f'"{word}"'
    return shlex.quote(word)


def _powershell(word: str) -> str:
    if _POWERSHELL_BARE.fullmatch(word):
        return word
    return "'" + word.replace("'", "''") + "'"


def _cmd(word: str) -> str:
    """Quoted so that the C runtime of the started program splits the line back into the same words."""
    if _CMD_BARE.fullmatch(word):
        return word
    escaped = re.sub(r'(\\*)"', r'\1\1\\"', word)
    return '"' + re.sub(r"(\\+)\Z", r"\1\1", escaped) + '"'
