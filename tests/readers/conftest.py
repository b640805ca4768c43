"""How tests look into what was read."""

from __future__ import annotations

from textwrap import dedent

import pytest

from dlcheck.model.facts import Facts
from dlcheck.readers import read_all


@pytest.fixture
def read():
    """The facts of a text that stands indented in a test."""

    def facts(text: str) -> Facts:
        found = read_all(dedent(text).strip("\n"))
        assert not [name for name in found.notes if name.startswith("reader failed")]
        return found

    return facts
