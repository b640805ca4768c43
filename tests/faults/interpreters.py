"""Interpreters from 3.6 to 3.13: those too old are named, the others give no alarm."""

from __future__ import annotations

from dataclasses import replace

from tests.faults.imports import ONLY, importing
from tests.faults.planting import Case, nothing


def of(release: str, case: Case) -> Case:
    return replace(case, release=release, needs=(f"python {release}",))


DROPPED = importing("import distutils.version\n")
NEWER = importing("match 1:\n    case 1:\n        pass\n")
FAULTS = (
    of("3.6", Case("interpreters", "Python 3.6", nothing, "python-too-old", torch="1.10.0")),
    of("3.7", Case("interpreters", "Python 3.7", nothing, "python-too-old", torch="1.10.0")),
    of("3.8", Case("interpreters", "Python 3.8", nothing, "python-too-old", "warning")),
    of("3.12", Case("interpreters", "distutils under 3.12", DROPPED, "stdlib-module-removed", arguments=ONLY)),
    of("3.13", Case("interpreters", "distutils under 3.13", DROPPED, "stdlib-module-removed", arguments=ONLY)),
    of("3.8", Case("interpreters", "a newer syntax under 3.8", NEWER, "import-raises", arguments=ONLY)),
)
HEALTHY = tuple(
    of(release, Case("interpreters", f"Python {release}", nothing))
    for release in ("3.9", "3.10", "3.11", "3.12", "3.13")
)
