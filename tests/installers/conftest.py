"""An index on this machine, and a home of its own for every test."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from index_server import Index, serve


@pytest.fixture
def index() -> Iterator[Index]:
    with serve() as served:
        yield served


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Environment variables of a person who has nothing yet."""
    environ = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path / "home"),
        "DLCHECK_CACHE_DIR": str(tmp_path / "cache"),
        "DLCHECK_STATE_DIR": str(tmp_path / "state"),
        "UV_CACHE_DIR": str(tmp_path / "uv"),
        "PIP_CONFIG_FILE": "/dev/null",
        "UV_NO_CONFIG": "1",
    }
    (tmp_path / "home").mkdir()
    return environ
