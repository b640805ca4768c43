"""A plan with what carrying it out needs beyond what may be shown."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from dlcheck.model.environment import Environment
from dlcheck.model.plan import Failure, Machine, Options, Plan, Step
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


def steps_besides(options: Options) -> tuple[Step, ...]:
    """What is yet to be written of an environment that is as it should be: a lock, a Jupyter kernel."""
    lock = (Step(id="lock", why=f"the lock {options.lock}"),) if options.wants_lock else ()
    kernel = (Step(id="kernel", why=f"Jupyter kernel {options.kernel}"),) if options.kernel else ()
    return lock + kernel


class Unresolved(Exception):  # noqa: N818 - an outcome: there is no plan that could be carried out
    """No plan can be made: no versions go together, a source does not answer, the target cannot be written to."""

    def __init__(self, made: Plan, failure: Failure) -> None:
        from dlcheck.model.redact import mask_secrets

        super().__init__(mask_secrets(failure.message))
        self.plan = made
        self.failure = replace(failure, message=mask_secrets(failure.message))


class Failed(Exception):  # noqa: N818 - an outcome, told to the person
    """It ends here; the target is as it was."""

    def __init__(self, step: str, message: str, hint: str | None = None, kept: str | None = None) -> None:
        from dlcheck.model.redact import mask_secrets

        super().__init__(message)
        self.failure = Failure(step=step, message=mask_secrets(message), hint=hint, kept=kept)
