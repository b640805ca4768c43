"""dlcheck: does deep learning work on this machine, and if not, why not.

In a notebook: ``dlcheck.check()``, ``dlcheck.smoke_test()`` and ``dlcheck.diagnose_text(text)`` give objects that show
themselves; ``%load_ext dlcheck`` gives ``%dlcheck doctor``, ``%dlcheck smoke`` and ``%%dlcheck diagnose``.
"""

from __future__ import annotations

# Imports nothing: this runs before __main__ takes a hostile working directory off the path.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from dlcheck.notebook import check, diagnose_text, load_ipython_extension, smoke_test

__version__ = "0.1.0"
__all__ = ["__version__", "check", "diagnose_text", "load_ipython_extension", "smoke_test"]


def __getattr__(name: str) -> object:
    """The functions for notebooks, imported at their first use: ``import dlcheck`` costs next to nothing."""
    if name in __all__:
        from dlcheck import notebook

        return getattr(notebook, name)
    raise AttributeError(f"module 'dlcheck' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
