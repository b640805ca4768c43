"""How a text may look where it will be read. Decided once, by the command line; renderers only obey."""

from __future__ import annotations

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
    """How dlcheck is started from there: its name, or the path where the name is not on PATH."""

    def paint(self, text: str, *names: str) -> str:
        """The text in the named colours (bold, dim, red, green, yellow, blue, cyan), plain where colour is off."""
        if not self.color or not text:
            return text
        return "".join(f"\x1b[{_CODES[name]}m" for name in names) + text + "\x1b[0m"

    def sign(self, name: str) -> str:
        """The one-character sign of an outcome: passed, failed, warning, note, skipped, unknown, crashed."""
        return _SIGNS[name][0 if self.unicode else 1]

    def plain(self, text: str) -> str:
        """The text with typographic signs replaced where the terminal cannot show them."""
        if self.unicode:
            return text
        for sign, ascii_sign in _ASCII.items():
            text = text.replace(sign, ascii_sign)
        return text.encode("ascii", "backslashreplace").decode("ascii")


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
