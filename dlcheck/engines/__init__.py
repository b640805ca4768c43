"""Where a fleet run goes. One interface, one file each: no daemon and no scheduler of our own.

An engine has ``survey(launch) -> Survey`` (which nodes there are, and which of them cannot be asked), ``command(launch,
nodes) -> argv`` (what it would run) and ``collect(launch, nodes) -> Returned`` (run it, in bounded time).
"""

from __future__ import annotations

import importlib
from typing import Protocol, cast

from dlcheck.model.launch import Launch, Returned, Survey

ENGINES = ("slurm", "ansible", "ray")
"""Every value of --engine; each is a module of this folder."""


class Engine(Protocol):
    """What a module of this folder offers."""

    def survey(self, launch: Launch) -> Survey:
        """The nodes, and why some cannot be asked. ``DlcheckError`` where the engine itself is not here."""

    def command(self, launch: Launch, nodes: tuple[str, ...]) -> tuple[str, ...]:
        """The engine's own command line."""

    def collect(self, launch: Launch, nodes: tuple[str, ...]) -> Returned:
        """Run it and bring back what the nodes wrote; ends in bounded time whatever the nodes do."""


def engine(name: str) -> Engine:
    """The engine of that name, imported at its first use."""
    return cast("Engine", importlib.import_module(f"{__name__}.{name}"))
