"""One installation on its way: the plan, the places, the lock, and who is told."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from dlcheck.host.process import Done, run
from dlcheck.installation.prepared import Failed, Prepared
from dlcheck.installers import journal, staging
from dlcheck.installers.places import Places


class Reporter(Protocol):
    """Who is told how it goes on."""

    def step(self, words: str) -> None:
        """A step begins."""

    def fetched(self, name: str, size: int) -> None:
        """So many more bytes of a wheel are here."""


@dataclass(frozen=True, slots=True)
class Work:
    """What every step of one run needs."""

    prepared: Prepared
    environ: Mapping[str, str]
    env: dict[str, str]
    places: Places
    reporter: Reporter
    notes: journal.Journal
    holding: tuple[int, ...] = ()
    """Open files of the target's lock, which every child inherits."""

    @property
    def target(self) -> str:
        """The environment's final place."""
        return self.prepared.plan.venv

    @property
    def stage(self) -> str:
        """Where it grows."""
        return staging.stage_of(self.target)

    def run(self, argv: tuple[str, ...], timeout: float) -> Done:
        """Run a program of an installer, which ends when dlcheck does, and holds the lock as long as it lives."""
        env = {**self.env, "PIP_CONFIG_FILE": os.devnull}
        # In a folder of dlcheck's own: python -m would import an ipykernel.py of the working directory instead.
        here = self.places.target(self.target)
        return run(argv, timeout=timeout, env=env, cwd=here, apart=True, kept=True, holding=self.holding)


def expect(done: Done, step: str) -> None:
    """Go on only if the process ended well; its last words otherwise."""
    if done.code == 0:
        return
    lines = [one.strip() for one in (done.errors or done.output).splitlines() if one.strip()]
    lines = [one for one in lines if not one.startswith("warning:")]
    words = "\n  ".join(lines)[-2000:] or done.failure or done.signal or "it did not end in time"
    full = [one for one in lines if "no space left" in one.lower() or "os error 28" in one.lower()]
    if full:
        raise OSError(errno.ENOSPC, "No space left on device", full[-1][:300])
    raise Failed(step, f"{os.path.basename(done.argv[0])} could not {step} the environment: {words}")
