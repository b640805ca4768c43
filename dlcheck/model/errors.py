"""The one exception that a user may see: wrong use. Whatever is wrong with the machine is data, never an exception."""

from __future__ import annotations


class DlcheckError(Exception):
    """Wrong use (exit code 2): what is wrong in one line, and what to do."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    @property
    def line(self) -> str:
        """Both in one line."""
        if not self.hint:
            return self.message
        return f"{self.message}{'' if self.message.endswith(('.', '?', ':')) else '.'} {self.hint}"
