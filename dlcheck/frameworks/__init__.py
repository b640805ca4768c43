"""One file a framework: which distributions carry it, what its files say of the build, which script looks at it."""

from __future__ import annotations

from dlcheck.frameworks import historic, jax, keras, tensorflow, torch
from dlcheck.frameworks.framework import Framework

FRAMEWORKS: tuple[Framework, ...] = (
    tensorflow.FRAMEWORK,
    keras.FRAMEWORK,
    torch.FRAMEWORK,
    jax.FRAMEWORK,
    *torch.COMPANIONS,
    *tensorflow.COMPANIONS,
    *jax.COMPANIONS,
    *historic.HISTORIC,
)

__all__ = ["FRAMEWORKS", "Framework"]
