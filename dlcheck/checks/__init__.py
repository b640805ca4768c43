"""Pure rules, one file a subject. A new rule is a function in its subject's file and one line here.

Codes: DL1xx machine, DL2xx network, DL3xx editors and notebooks, DL4xx Python and its packages, DL5xx frameworks,
DL6xx devices and drivers, DL7xx CUDA libraries and toolchain, DL8xx containers and clusters. A code is never reused.
"""

from __future__ import annotations

from dlcheck.model.finding import Rule

RULES: tuple[Rule, ...] = ()
