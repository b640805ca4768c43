"""What no kernel let us plant is said under the results, loudly: such a run proves less than one that planted all."""

from __future__ import annotations

import collections
from typing import Any

import pytest

from tests.faults.needs import KERNEL


def pytest_terminal_summary(terminalreporter: Any) -> None:
    refused = collections.Counter(
        report.longrepr[2].partition(KERNEL)[2]
        for report in terminalreporter.stats.get("skipped", [])
        if isinstance(report, pytest.TestReport) and isinstance(report.longrepr, tuple) and KERNEL in report.longrepr[2]
    )
    if refused:
        terminalreporter.section("cases of the fault zoo that this kernel refused", sep="!", red=True)
        for part, count in sorted(refused.items()):
            terminalreporter.write_line(f"{count} case{'s' if count > 1 else ''} not planted: no {part}")
