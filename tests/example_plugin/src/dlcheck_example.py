"""An extension of dlcheck: a laboratory that wants swap off, a format of its own, and a framework of its own."""

from __future__ import annotations

from collections.abc import Iterator

from dlcheck.checks.rule import rule
from dlcheck.frameworks import Framework
from dlcheck.model.fact import known, present
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Evidence, Finding, Fix, Safety
from dlcheck.model.profile import Profile, Severity
from dlcheck.model.report import Report
from dlcheck.model.style import Style


@rule(
    "LAB01",
    "Swap is off",
    group="Laboratory",
    needs=("memory",),
    causes=("swap-is-on",),
    severity=Severity.WARNING,
)
def swap_is_off(facts: Facts, profile: Profile) -> Iterator[Finding]:
    """A training that swaps is slower than one that fails, and nobody notices. Our machines have none."""
    swap = present(known(facts.memory).swap_bytes, "this system does not say how much swap it has")
    if swap:
        yield Finding(
            cause="swap-is-on",
            message=f"{swap / 1e9:.1f} GB of swap are on.",
            evidence=(Evidence("memory.swap_bytes", str(swap)),),
            fixes=(Fix("Switch it off.", (("sudo", "swapoff", "-a"),), Safety.ROOT),),
            verify=("swapon --show",),
        )


RULES = (swap_is_off,)


def render_codes(report: Report, style: Style) -> str:
    """--format codes: the codes of what failed, a line each."""
    return "".join(f"{verdict.code}\n" for verdict in report.verdicts if verdict.findings)


FRAMEWORK = Framework(name="example", title="Example", distributions=("example-framework",), module="example_framework")
"""It is recognised by its distribution, and doctor imports its module in the checked interpreter, in a child of its own."""
