"""A folder that an installation is aimed at: what lies there, and who made it."""

from __future__ import annotations

from dataclasses import field

from dlcheck.model.dataclass import dataclass

MANIFEST = "dlcheck.json"
"""File in an environment that dlcheck made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What dlcheck wrote into an environment that it made."""

    schema: int
    plan: str
    """Id of the plan that made it."""
    created: str
    python: str
    """Version, three numbers."""
    installer: str
    accelerator: str
    """What was chosen: cpu, cu126 ..."""
    asked: str
    """What was asked for: auto, or the same."""
    machine: str
    """Digest of what the choice rests on: driver, GPUs, interpreter."""
    requirements: tuple[str, ...]
    """All wishes so far, in a person's words."""
    distributions: dict[str, str] = field(default_factory=dict)
    """Name to version of all that the lock named."""
    records: dict[str, str] = field(default_factory=dict)
    """dist-info folder to SHA-256 of its RECORD, as they stood when every file had been held against them."""
    wheels: dict[str, str] = field(default_factory=dict)
    """Name to SHA-256 of the wheel that it came from."""
    trained: tuple[str, ...] = ()
    """Frameworks that were seen to train in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """A folder as a target."""

    folder: str
    state: str
    """absent, empty, managed (dlcheck made it), foreign (a virtual environment of another maker), conda, or other."""
    python: str | None = None
    """Its interpreter."""
    version: str | None = None
    """Version of its interpreter, as pyvenv.cfg or the manifest says."""
    base: str | None = None
    """Interpreter that it was made from."""
    site_packages: str | None = None
    manifest: Manifest | None = None
    damage: str | None = None
    """Why its manifest or its interpreter cannot be used."""
    distributions: tuple[tuple[str, str], ...] = ()
    """Name (normalised) and version of what is installed, as the dist-info folders say."""
    requested: tuple[str, ...] = ()
    """Installed names that somebody asked for by name (REQUESTED), the rest came along."""
    by_hand: tuple[str, ...] = ()
    """Installed names that come from a folder, a file or an address (direct_url.json), not from an index."""
