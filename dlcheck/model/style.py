"""How a text may look where it will be read. Decided once, by the command line; renderers only obey."""

from __future__ import annotations

import re

from dlcheck.model.dataclass import dataclass
from dlcheck.model.shell import Shell


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """What the reader's terminal can show. The default is what every pipe and log can take."""

    color: bool = False
    unicode: bool = False
    width: int = 100
    verbosity: int = 0
    """-1 findings only, 0 the usual, 1 every check with its evidence."""
    shell: Shell = "posix"
    """Where the reader will type the commands."""
    program: str = "dlcheck"
    """How dlcheck is started from there, as it is typed: its name, or a path or words where the name is not on PATH."""

    def paint(self, text: str, *names: str) -> str:
        """The text in the named colours (bold, dim, red, green, yellow, blue, cyan), plain where colour is off."""
        if not self.color or not text:
            return text
        return "".join(f"\x1b[{_CODES[name]}m" for name in names) + text + "\x1b[0m"

    def sign(self, name: str) -> str:
        """The one-character sign of an outcome: passed, failed, warning, note, skipped, unknown, crashed."""
        return _SIGNS[name][0 if self.unicode else 1]

    def plain(self, text: str) -> str:
        """The text as it can be read and typed there: dlcheck's commands as they are started, and typographic signs replaced
        where the terminal cannot show them.
        """
        text = self.typed(text)
        if self.unicode:
            return text
        for sign, ascii_sign in _ASCII.items():
            text = text.replace(sign, ascii_sign)
        return text.encode("ascii", "backslashreplace").decode("ascii")

    def typed(self, text: str) -> str:
        """The text with the commands of dlcheck in it as they are started."""
        return text if self.program == "dlcheck" else _COMMAND.sub(lambda found: found[1] + self.program, text)


_COMMAND = re.compile(
    r"((?<![\w./\\%-])(?<!-m )|\x1b\[\d+m)dlcheck"
    r"(?= (?:devices|diagnose|diff|doctor|explain|fleet|install|mcp|smoke)\b)"
)
_CODES = {"bold": 1, "dim": 2, "red": 31, "green": 32, "yellow": 33, "blue": 34, "cyan": 36}
_SIGNS = {
    "passed": ("✓", "+"),
    "failed": ("✗", "x"),
    "warning": ("!", "!"),
    "note": ("·", "."),
    "skipped": ("-", "-"),
    "unknown": ("?", "?"),
    "crashed": ("✗", "x"),
}
_ASCII = {"·": "-", "–": "-", "—": "-", "≥": ">=", "≤": "<=", "×": "x", "→": "->", "…": "...", "°": "", "’": "'"}
