"""The levels of a smoke run. Apart from the rest, since the command line needs them at every start."""

from __future__ import annotations

import enum


class Level(str, enum.Enum):
    """How long a smoke run may look."""

    QUICK = "quick"
    STANDARD = "standard"
    LONG = "long"
