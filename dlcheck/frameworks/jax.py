"""JAX."""

from __future__ import annotations

from dlcheck.frameworks.framework import Framework

FRAMEWORK = Framework(name="jax", title="JAX", distributions=("jax",), script="look_jax", trains=True)
COMPANIONS = (
    Framework(name="jaxlib", title="jaxlib", distributions=("jaxlib",)),
    *(
        Framework(name=name.replace("-", "_"), title=name, distributions=(name,))
        for name in (
            "jax-cuda12-plugin",
            "jax-cuda12-pjrt",
            "jax-cuda13-plugin",
            "jax-cuda13-pjrt",
            "jax-rocm60-plugin",
            "jax-rocm7-plugin",
            "jax-metal",
        )
    ),
)
