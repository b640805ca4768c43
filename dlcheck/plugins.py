"""Extensions by other packages, through entry points. Loaded when they are needed; a broken one is a finding, never a crash.

    [project.entry-points."dlcheck.rules"]        a Rule, or a tuple of them
    [project.entry-points."dlcheck.renderers"]    render(report, style) -> str; its name is the value of --format
    [project.entry-points."dlcheck.frameworks"]   a frameworks.Framework; with ``module``, it is imported as the others are

Codes of foreign rules do not begin with DL. Reports reach a foreign format masked and anonymised.
"""

from __future__ import annotations

import functools
import os
import re
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from dlcheck.host import files
from dlcheck.model.errors import DlcheckError
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Finding, Rule
from dlcheck.model.profile import Profile, Severity
from dlcheck.model.redact import anonymise
from dlcheck.model.report import Report
from dlcheck.model.style import Style

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from dlcheck.frameworks import Framework

CODE = re.compile(r"(?!DL\d)[A-Z]{2,8}\d{2,4}")
Broken = dict[str, str]
"""Name of an extension to what is wrong with it."""
_DISABLE = "Update or uninstall the extension, or choose another --format."


def rules() -> tuple[Rule, ...]:
    """Every foreign rule, and DL990 where an extension of any kind is broken."""
    found: list[Rule] = []
    broken: Broken = {}
    for entry in _entries("rules"):
        offered = _load(entry, broken)
        for one in offered if isinstance(offered, (tuple, list)) else (offered,):
            if offered is None:
                continue
            fault = _fault(one, found)
            if fault:
                broken[_name(entry)] = fault
            else:
                found.append(one)
    _formats(broken)
    _frameworks(broken)
    if broken:
        found.append(working(broken))
    return tuple(found)


def _fault(rule: object, others: Iterable[Rule]) -> str | None:
    if not isinstance(rule, Rule):
        return f"it offers {type(rule).__name__}, not a Rule"
    if not CODE.fullmatch(rule.code):
        return f"the code {rule.code} is not two to eight capitals (other than DL) and two to four digits"
    if any(one.code == rule.code for one in others):
        return f"the code {rule.code} is taken by another extension"
    return None


def render(name: str) -> Callable[[Report, Style], str] | None:
    """The foreign format of that name; None where there is none. ``DlcheckError`` where it does not work."""
    broken: Broken = {}
    found = _formats(broken, name)
    if broken:
        whose, fault = next(iter(broken.items()))
        raise DlcheckError(f"the format {name} of the extension {whose} does not work: {fault}", _DISABLE)
    return functools.partial(_rendered, name, found[name]) if found else None


def _rendered(name: str, offered: Callable[..., object], report: Report, style: Style) -> str:
    try:
        return str(offered(anonymise(report), style))
    except Exception as error:  # whatever a foreign package does
        raise DlcheckError(f"the format {name} does not work: {_words(error)}", _DISABLE) from error


def _formats(broken: Broken, name: str | None = None) -> dict[str, Callable[..., object]]:
    """The formats that can be called, or the one of that name."""
    found: dict[str, Callable[..., object]] = {}
    for entry in _entries("renderers"):
        if name in (None, entry.name):
            offered = _load(entry, broken)
            if callable(offered):
                found[entry.name] = offered
            elif offered is not None:
                broken[_name(entry)] = f"it offers {type(offered).__name__}, not a function render(report, style)"
    return found


def render_names() -> tuple[str, ...]:
    """Names of foreign formats; nothing is loaded."""
    return tuple(sorted({entry.name for entry in _entries("renderers")}))


def frameworks() -> tuple[Framework, ...]:
    """Foreign frameworks: recognised, shown, and imported in the checked interpreter where they name their module."""
    return _frameworks({})


def _frameworks(broken: Broken) -> tuple[Framework, ...]:
    from dlcheck.frameworks import FRAMEWORKS, Framework

    found: list[Framework] = []
    for entry in _entries("frameworks"):
        offered = _load(entry, broken)
        if not isinstance(offered, Framework):
            if offered is not None:
                broken[_name(entry)] = f"it offers {type(offered).__name__}, not a Framework"
        elif offered.script is not None:
            broken[_name(entry)] = "its Framework names a script, and those are dlcheck's own: name the module"
        elif any(offered.name == one.name for one in (*FRAMEWORKS, *found)):
            broken[_name(entry)] = f"a framework {offered.name} is there already"
        else:
            found.append(offered)
    return tuple(found)


def _entries(group: str) -> list[EntryPoint]:
    if not _declared(tuple(sys.path), os.getcwd()):
        return []
    from importlib.metadata import entry_points

    return sorted(entry_points(group=f"dlcheck.{group}"), key=lambda entry: (entry.name, entry.value))


@functools.cache
def _declared(path: tuple[str, ...], here: str) -> bool:
    """Whether any installed distribution offers an extension: a look at small files, where the import of
    importlib.metadata would take as long as the rest of a start. The working directory is no place for extensions: it may
    be anybody's.
    """
    for folder in path:
        if os.path.abspath(folder or here) == here:
            continue
        try:
            names = [name for name in os.listdir(folder) if name.endswith((".dist-info", ".egg-info"))]
        except OSError:
            continue
        for name in names:
            try:
                if b"[dlcheck." in files.head(os.path.join(folder, name, "entry_points.txt"), 65_536):
                    return True
            except OSError:
                continue
    return False


def _load(entry: EntryPoint, broken: Broken) -> object | None:
    try:
        loaded: object = entry.load()
    except BaseException as error:  # whatever a foreign package does at its import, SystemExit too
        if isinstance(error, KeyboardInterrupt):
            raise
        broken[_name(entry)] = _words(error)
        return None
    return loaded


def _words(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]


def _name(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist else entry.value


def working(broken: Broken) -> Rule:
    """DL990, which finds the extensions that are broken."""

    def judge(facts: Facts, profile: Profile) -> Iterable[Finding]:  # noqa: ARG001 - every rule is called alike
        for name, fault in broken.items():
            message = f"The extension {name} does not work: {fault}"
            yield Finding(cause="plugin-broken", message=message, subject=name, about={"package": name})

    words = "Extensions of dlcheck (entry points dlcheck.rules, dlcheck.renderers, dlcheck.frameworks) load and are well formed."
    return Rule("DL990", "Extensions work", "Extensions", (), Severity.WARNING, ("plugin-broken",), words, judge)
