"""What releases of well-known packages ask of each other: for a list that tells names and versions and nothing else.

An installed distribution says it itself (Requires-Dist), and is never looked up here. Sources: METADATA of the wheels
of torchvision 0.8 to 0.29, torchaudio 0.8 to 2.10, TensorFlow 2.6 to 2.21, jax 0.4 to 0.10; data/builds.toml.
"""

from __future__ import annotations

import re

_LAST_VISION = 28
"""From 0.29 on torchvision serves several releases of PyTorch."""
_LAST_AUDIO = 10
"""From 2.11 on torchaudio is no longer bound to a release of PyTorch."""


def requires_of(name: str, version: str | None) -> tuple[str, ...]:
    """The requirements of a release that tell it from its neighbours; empty for all that are not known here.

    A nightly or a build from source is no release: its neighbour of the same day has whatever number it has.
    """
    found = re.fullmatch(r"(\d+)\.(\d+)\.\d+(?:\.post\d+)?(?:\+\S+)?", version or "")
    if not found:
        return ()
    major, minor = int(found[1]), int(found[2])
    if name == "torchvision" and major == 0 and 9 <= minor <= _LAST_VISION:
        # 0.9 to 0.14 came with PyTorch 1.8 to 1.13, 0.15 with 2.0.
        return (f"torch==1.{minor - 1}.*",) if minor < 15 else (f"torch==2.{minor - 15}.*",)
    if name == "torchaudio" and (major, minor) <= (2, _LAST_AUDIO):
        return (f"torch=={1 if major == 0 else major}.{minor}.*",) if (major, minor) >= (0, 8) and major != 1 else ()
    if (
        name in ("tensorflow", "tensorflow-cpu", "tensorflow-gpu", "tensorflow-intel", "tensorflow-macos")
        and major == 2
    ):
        return (f"keras==2.{minor}.*",) if 6 <= minor < 16 else ("keras>=3.0",) if minor >= 16 else ()
    if name == "jax" and re.fullmatch(r"\d+\.\d+\.\d+", version or ""):
        return (f"jaxlib<={version}",)
    return ()
