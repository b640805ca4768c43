"""A plan with what carrying it out needs beyond what may be shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dlcheck.model.environment import Environment
from dlcheck.model.plan import Failure, Machine, Options, Plan
from dlcheck.model.sources import PackageSources

if TYPE_CHECKING:
    from dlcheck.installers.lock import LockedWheel


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A plan, and what carrying it out needs beyond what may be shown."""

    plan: Plan
    options: Options
    target: Environment
    machine: Machine
    wheels: tuple[LockedWheel, ...] = ()
    sources: PackageSources = field(default_factory=PackageSources)
    uv: str | None = None
    python: str = ""
    """Version of the interpreter."""
    lock_text: str = ""
    """The resolved pylock.toml."""


class Unresolved(Exception):  # noqa: N818 - an outcome: no set of versions satisfies the wish
    """The resolver found no versions that go together; the message is its own, secrets masked."""

    def __init__(self, made: Plan, words: str) -> None:
        lines = [line.strip() for line in words.splitlines() if line.strip()]
        super().__init__("\n  ".join(["no versions that go together:", *lines]))
        self.plan = made
        self.hint = "Give fewer or other versions, or --index-url of an index that has them."


class Failed(Exception):  # noqa: N818 - an outcome, told to the person
    """It ends here; the target is as it was."""

    def __init__(self, step: str, message: str, hint: str | None = None, kept: str | None = None) -> None:
        from dlcheck.model.redact import mask_secrets

        super().__init__(message)
        self.failure = Failure(step=step, message=mask_secrets(message), hint=hint, kept=kept)
