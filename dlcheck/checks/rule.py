"""The decorator that makes a plain function a rule."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable

from dlcheck.model.facts import SUBJECTS, Facts
from dlcheck.model.finding import Finding, Rule
from dlcheck.model.profile import Profile, Severity

Judge = Callable[[Facts, Profile], Iterable[Finding]]


def rule(
    code: str,
    title: str,
    *,
    group: str,
    needs: tuple[str, ...],
    causes: tuple[str, ...],
    severity: Severity = Severity.ERROR,
) -> Callable[[Judge], Rule]:
    """Make a rule of ``judge(facts, profile)``, which yields a Finding for each thing that is wrong.

    ``needs`` are the fields of Facts that it reads, ``causes`` every slug that it may name. Its docstring is what
    ``dlcheck explain CODE`` shows. Inside, ``known`` and ``present`` read facts; "does not apply here" is
    ``raise NotApplicable(why)``.
    """
    strange = set(needs) - set(SUBJECTS)
    if strange:
        raise ValueError(f"{code} needs {sorted(strange)}, which are no fields of Facts")

    def make(judge: Judge) -> Rule:
        return Rule(code, title, group, needs, severity, causes, inspect.cleandoc(judge.__doc__ or ""), judge)

    return make
