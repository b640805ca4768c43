"""What a code or a cause means. The words come from the rules themselves and from the catalogue of causes."""

from __future__ import annotations

import difflib
import json
import os
import platform
import re
import time
from collections.abc import Iterable

from dlcheck import __version__, data
from dlcheck.model.cause import Cause
from dlcheck.model.errors import DlcheckError
from dlcheck.model.explanation import Explanation, RuleWords
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Rule


def explain(name: str) -> Explanation:
    """The explanation of a rule's code (DL512) or a cause's slug (driver-too-old), in any case of letters.

    The beginning of codes (DL1, DL60) gives a catalogue of the rules that begin so. Raises DlcheckError with the closest
    names where there is no such code or cause.
    """
    rules = _rules()
    wanted = name.strip()
    code, slug = wanted.upper(), wanted.lower().replace("_", "-").replace(" ", "-")
    rule = next((one for one in rules if one.code == code), None)
    if rule:
        only = data.cause(rule.causes[0]) if len(rule.causes) == 1 else None
        near = (*only.near, *only.explains) if only else ()
        return _explanation(code, rules=(rule,), causes=(only,) if only else (), mentioned=(*rule.causes, *near))
    block = tuple(one for one in rules if one.code.startswith(code)) if re.fullmatch(r"DL\d{0,2}", code) else ()
    if block:
        return _explanation(None, rules=tuple(sorted(block, key=lambda one: one.code)))
    cause = data.cause(slug)
    if cause is None:
        raise DlcheckError(f"there is no code or cause {name!r}", _hint(code, slug, rules))
    naming = tuple(one for one in rules if slug in one.causes)
    return _explanation(slug, rules=naming, causes=(cause,), mentioned=(*cause.near, *cause.explains))


def catalogue() -> Explanation:
    """Every rule, in the order of the codes, and every cause, family by family."""
    causes = [cause for slug in sorted(data.cause_slugs()) if (cause := data.cause(slug))]
    return _explanation(
        None,
        rules=tuple(sorted(_rules(), key=lambda one: one.code)),
        causes=tuple(sorted(causes, key=lambda one: one.family)),
    )


def schema(name: str | None) -> str:
    """The JSON Schema of a document, by the command that writes it; all of them in one object without a name."""
    names = data.schema_names()
    if name is None:
        return _json({one: data.schema(one) for one in names})
    wanted = name.strip().lower().removesuffix(".json").replace(" ", "-")
    wanted = "fleet-report" if wanted == "fleet-run" else wanted
    if wanted not in names:
        raise DlcheckError(f"there is no schema {name!r}", f"There are: {', '.join(names)}.")
    return _json(data.schema(wanted))


def _rules() -> tuple[Rule, ...]:
    """Every rule that a report can hold: those of this package, of --against, and of extensions."""
    from dlcheck import expectation, plugins, training_verdicts
    from dlcheck.checks import RULES

    foreign = {one.code: one for one in (plugins.working({}), *plugins.rules())}
    return (*RULES, training_verdicts.rule(), *expectation.rules(Facts(), "FILE"), *foreign.values())


def _explanation(
    asked: str | None, *, rules: tuple[Rule, ...], causes: tuple[Cause, ...] = (), mentioned: Iterable[str] = ()
) -> Explanation:
    titles = {slug: cause.title for slug in mentioned if (cause := data.cause(slug))}
    return Explanation(
        version=__version__,
        created=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        node=os.environ.get("SLURMD_NODENAME") or platform.node() or "localhost",
        data_date=data.DATA_DATE,
        asked=asked,
        rules=tuple(_words(one) for one in rules),
        causes=causes,
        titles=titles,
    )


def _words(rule: Rule) -> RuleWords:
    return RuleWords(
        code=rule.code,
        title=rule.title,
        group=rule.group,
        severity=rule.severity,
        causes=rule.causes,
        explanation=rule.explanation,
    )


def _hint(code: str, slug: str, rules: tuple[Rule, ...]) -> str:
    codes = [one.code for one in rules]
    slugs = sorted(data.cause_slugs())
    close = difflib.get_close_matches(code, codes, n=3, cutoff=0.7) if code.startswith("DL") else []
    close += difflib.get_close_matches(slug, slugs, n=3, cutoff=0.6)
    words = set(slug.split("-")) - {"", "not", "no", "too", "missing", "is", "the"}
    close += sorted((one for one in slugs if words & set(one.split("-"))), key=lambda one: -_common(words, one))
    close = list(dict.fromkeys(close))[:4]
    said = f"Did you mean {', '.join(close)}? " if close else ""
    return said + "dlcheck explain --list shows all."


def _common(words: set[str], slug: str) -> int:
    return len(words & set(slug.split("-")))


def _json(document: object) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
