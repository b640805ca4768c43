"""What releases ask of each other: the boundaries at which that changed, each with its neighbour on the other side."""

from __future__ import annotations

import pytest

from dlcheck.checks.declared import requires_of

ROWS = [
    ("torchvision", "0.8.2", ()),
    ("torchvision", "0.9.0", ("torch==1.8.*",)),
    ("torchvision", "0.14.1+cu117", ("torch==1.13.*",)),
    ("torchvision", "0.15.2", ("torch==2.0.*",)),
    ("torchvision", "0.28.0", ("torch==2.13.*",)),
    ("torchvision", "0.29.0", ()),
    ("torchvision", "1.9.0", ()),
    ("torchaudio", "0.7.2", ()),
    ("torchaudio", "0.8.1", ("torch==1.8.*",)),
    ("torchaudio", "0.13.1", ("torch==1.13.*",)),
    ("torchaudio", "1.0.0", ()),
    ("torchaudio", "2.0.2", ("torch==2.0.*",)),
    ("torchaudio", "2.10.0", ("torch==2.10.*",)),
    ("torchaudio", "2.11.0", ()),
    ("tensorflow", "2.5.3", ()),
    ("tensorflow", "2.6.0", ("keras==2.6.*",)),
    ("tensorflow-cpu", "2.15.1", ("keras==2.15.*",)),
    ("tensorflow-intel", "2.16.1", ("keras>=3.0",)),
    ("tensorflow", "1.15.5", ()),
    ("jax", "0.4.30", ("jaxlib<=0.4.30",)),
    ("jax", "0.4.30.post1", ()),
    ("torch", "2.13.0", ()),
    # No releases: whatever is of the same day goes with them.
    ("torchvision", "0.25.0.dev20260101", ()),
    ("torchaudio", "2.9.0a0+git1234567", ()),
    ("tensorflow", None, ()),
]


@pytest.mark.parametrize(("name", "version", "asked"), ROWS, ids=[f"{row[0]} {row[1]}" for row in ROWS])
def test_a_release_asks_for(name: str, version: str | None, asked: tuple[str, ...]):
    assert requires_of(name, version) == asked
