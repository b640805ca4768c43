"""Judges a machine and an interpreter: gather what the rules need, judge, make a Report."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone

from dlcheck import __version__, data, plugins
from dlcheck.checks import RULES
from dlcheck.checks.import_failure import UNNAMED
from dlcheck.checks.judge import fold, judge, primary
from dlcheck.gather import Way, gather
from dlcheck.model.errors import DlcheckError
from dlcheck.model.fact import Unknown
from dlcheck.model.facts import SUBJECTS, Facts
from dlcheck.model.finding import Finding, Rule, Status, Verdict
from dlcheck.model.profile import Ignore, Profile, Severity
from dlcheck.model.python_facts import FrameworkFacts
from dlcheck.model.report import Report, Target
from dlcheck.remedies import on_their_gpu, remedied

ALWAYS = ("system", "container", "python")
"""Subjects that every report is made from: the words and the fixes depend on them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """What to examine, and how."""

    profile: Profile
    target: Target
    way: Way = field(default_factory=Way)
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    fail_on: str = "error"
    """error, warning or never."""
    facts: Facts | None = None
    """Recorded facts to judge instead of this machine."""
    expected: Facts | None = None
    """Facts of a golden machine (--against), and ..."""
    expected_source: str = ""
    """... where they were read."""
    everything: bool = False
    """Look at every subject, also those that no chosen rule needs."""


def examine(examination: Examination) -> Report:
    """One report. Nothing is printed; whatever is wrong with the machine is in the report."""
    start = time.perf_counter()
    offered = (*RULES, *plugins.rules())
    if examination.expected is not None:
        from dlcheck import expectation

        offered += expectation.rules(examination.expected, examination.expected_source)
    rules = choose_rules(offered, examination.select)
    profile = examination.profile
    if examination.ignore:
        asked = tuple(Ignore(target=one, reason="--ignore") for one in _targets(offered, examination.ignore))
        profile = replace(profile, ignores=(*profile.ignores, *asked))
    timings: dict[str, float] = {}
    facts = examination.facts
    if facts is None:
        facts, timings = gather(
            SUBJECTS if examination.everything else needed(rules), examination.target, examination.way
        )
    report = make_report(facts, profile, rules, target=examination.target, fail_on=examination.fail_on)
    timings["total"] = round(time.perf_counter() - start, 4)
    return replace(report, timings=timings)


def needed(rules: Sequence[Rule]) -> Collection[str]:
    """The subjects that the rules and the report need."""
    return {*ALWAYS, *(subject for rule in rules for subject in rule.needs)}


def choose_rules(rules: Sequence[Rule], words: Sequence[str]) -> tuple[Rule, ...]:
    """The rules whose code begins with, or whose causes include, one of the words; all where there are none."""
    if not words:
        return tuple(rules)
    for word in words:
        if word.upper() == "DL590":
            raise DlcheckError(
                "DL590 is judged by training, not by the doctor's look", "dlcheck doctor --smoke, or dlcheck smoke"
            )
        if not any(rule.code.startswith(word.upper()) or word in rule.causes for rule in rules):
            raise DlcheckError(f"no rule has the code, the prefix or the cause {word}", "dlcheck explain --list")
    return tuple(
        rule for rule in rules if any(rule.code.startswith(word.upper()) or word in rule.causes for word in words)
    )


def _targets(rules: Sequence[Rule], words: Sequence[str]) -> tuple[str, ...]:
    """What a profile would name: of causes themselves, of codes and prefixes the codes."""
    causes = tuple(word for word in words if any(word in rule.causes for rule in rules))
    codes = tuple(word for word in words if word not in causes)
    return (*causes, *(one.code for one in choose_rules(rules, codes) if codes))


def make_report(
    facts: Facts, profile: Profile, rules: Sequence[Rule], *, target: Target, fail_on: str = "error"
) -> Report:
    """The report on facts, wherever they come from."""
    now = datetime.now(timezone.utc)
    judged = (named(one, facts) for one in judge(facts, profile, rules, now.date().isoformat()))
    verdicts = fold(tuple(judged), data.cause)
    verdicts = tuple(remedied(verdict, facts, target) for verdict in on_their_gpu(verdicts))
    version = facts.python.version if not isinstance(facts.python, Unknown) else None
    node = facts.system.node if not isinstance(facts.system, Unknown) else None
    report = Report(
        version=__version__,
        command="doctor",
        created=now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        node=node or "unknown",
        profile=profile.name,
        target=replace(target, version=version if isinstance(version, str) else None),
        verdicts=verdicts,
        facts=facts,
        data_date=data.DATA_DATE,
        primary_causes=primary(verdicts),
    )
    return replace(report, exit_code=exit_code(report, fail_on))


SURE = 0.6
"""Least confidence with which a framework's own words replace a cause that says less."""


def named(verdict: Verdict, facts: Facts) -> Verdict:
    """The verdict with the cause that the framework's own words speak of, read as a pasted text would be."""
    if isinstance(facts.frameworks, Unknown) or verdict.code not in ("DL503", "DL614"):
        return verdict
    return replace(verdict, findings=tuple(_named(one, facts.frameworks.get(one.subject)) for one in verdict.findings))


def _named(finding: Finding, framework: FrameworkFacts | None) -> Finding:
    run = None if framework is None or isinstance(framework.run, Unknown) else framework.run
    if run is None or finding.cause not in (*UNNAMED, "gpu-not-seen-by-framework"):
        return finding
    from dlcheck.diagnose import diagnose_text

    error = f"{run.error_type}: {run.error}" if run.error_type else run.details.get("cuda_error", "")
    # Whose import a missing module is says the exception; the way there leads through every package.
    before = () if finding.cause == "dependency-pins-conflict" else (*run.output, *run.traceback)
    found = diagnose_text("\n".join((*before, error))).diagnoses
    return replace(finding, cause=found[0].cause) if found and found[0].confidence >= SURE else finding


def exit_code(report: Report, fail_on: str) -> int:
    """0, 1 for findings at or above ``fail_on``, 3 where a rule crashed and nothing was found."""
    bar = {"error": Severity.ERROR.rank, "warning": Severity.WARNING.rank, "never": 99}[fail_on]
    worst = max(
        (
            (one.severity or verdict.severity).rank
            for verdict in report.verdicts
            if not verdict.suppressed
            for one in verdict.findings
        ),
        default=-1,
    )
    if worst >= bar:
        return 1
    return 3 if any(one.status is Status.CRASHED and not one.suppressed for one in report.verdicts) else 0
