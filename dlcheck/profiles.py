"""Finds and reads profiles: built-in ones by name, files by path, and what [tool.dlcheck] of a project adds."""

from __future__ import annotations

import os
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from dlcheck import data
from dlcheck.model.errors import DlcheckError
from dlcheck.model.profile import Ignore, Profile, Severity, Wanted

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

BUILT_IN = ("learn", "train", "infer", "ci")
GPU_WISHES = ("optional", "wanted", "required")
_TABLES = {"frameworks", "severity", "ignore", "variables"}


def load(name: str = "learn", project: str | None = None) -> Profile:
    """The profile of a built-in name or a TOML file, with what [tool.dlcheck] of ``project`` (a pyproject.toml) adds."""
    base = _of_file(name)
    if project is None or not os.path.exists(project):
        return base
    table = _parse(project).get("tool", {})
    added = table.get("dlcheck") if isinstance(table, dict) else None
    return base if added is None else _merge(base, added, f"{project}, [tool.dlcheck]")


def _of_file(name: str) -> Profile:
    if name in BUILT_IN:
        return _merge(Profile(name=name), data.load(f"profiles/{name}.toml"), name)
    if not os.path.exists(name):
        raise DlcheckError(
            f"there is no profile {name}", f"Built in: {', '.join(BUILT_IN)}; or give the path of a TOML file."
        )
    table = _parse(name)
    parent = table.pop("profile", "learn")
    if parent not in BUILT_IN:
        raise DlcheckError(f"{name}: profile = {parent!r} is none of {', '.join(BUILT_IN)}")
    base = replace(_of_file(parent), name=Path(name).stem)
    return _merge(base, table, name)


def _parse(path: str) -> dict[str, Any]:
    try:
        with open(path, "rb") as stream:
            return tomllib.load(stream)
    except OSError as error:
        raise DlcheckError(f"cannot read {path}: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise DlcheckError(f"{path} is no TOML: {error}") from error


def _merge(base: Profile, table: object, where: str) -> Profile:
    """The profile with the table's settings on top; whatever the table means otherwise is wrong use, by its name."""
    if not isinstance(table, dict):
        raise DlcheckError(f"{where}: a table is expected")
    plain = {one.name: getattr(base, one.name) for one in fields(Profile) if one.name not in _NO_SETTING}
    changed: dict[str, Any] = {}
    for key, value in table.items():
        if key in _TABLES:
            continue
        if key == "profile":
            raise DlcheckError(f"{where}: profile is no setting of a project", "Choose the profile with --profile.")
        if key not in plain:
            raise DlcheckError(
                f"{where}: there is no setting {key}", f"There are {', '.join(sorted({*plain, *_TABLES}))}."
            )
        if type(value) is not type(plain[key]):
            raise DlcheckError(f"{where}: {key} must be of type {type(plain[key]).__name__}")
        changed[key] = value
    if changed.get("gpu", base.gpu) not in GPU_WISHES:
        raise DlcheckError(f"{where}: gpu must be one of {', '.join(GPU_WISHES)}")
    return replace(
        base,
        **changed,
        frameworks=_frameworks(base, table.get("frameworks"), where),
        severities={**base.severities, **_severities(table.get("severity", {}), where)},
        ignores=(*base.ignores, *_ignores(table.get("ignore", {}), where)),
        variables={**base.variables, **_strings(table.get("variables", {}), f"{where}: [variables]")},
    )


_NO_SETTING = {"name", "frameworks", "severities", "ignores", "variables"}
"""Fields of a profile that are no plain value in a file: the file's own name, and what the tables become."""


def _strings(table: object, where: str) -> dict[str, str]:
    if not isinstance(table, dict) or not all(isinstance(one, str) for one in table.values()):
        raise DlcheckError(f"{where}: names and strings are expected")
    return table


def _frameworks(base: Profile, table: object, where: str) -> tuple[Wanted, ...]:
    """[frameworks]: name = "specifier", "required" or "required SPECIFIER"; naming any replaces the base's list."""
    if table is None:
        return base.frameworks
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    wanted = []
    for name, words in _strings(table, f"{where}: [frameworks]").items():
        required = words.startswith("required")
        versions = words.removeprefix("required").strip()
        try:
            SpecifierSet(versions)
        except InvalidSpecifier:
            raise DlcheckError(f"{where}: [frameworks] {name}: {versions!r} is no version specifier") from None
        wanted.append(Wanted(name=name, versions=versions, required=required))
    return tuple(wanted)


def _severities(table: object, where: str) -> dict[str, Severity]:
    given = {}
    for target, word in _strings(table, f"{where}: [severity]").items():
        _known(target, f"{where}: [severity]")
        try:
            given[target] = Severity(word)
        except ValueError:
            raise DlcheckError(f"{where}: [severity] {target}: {word!r} is none of note, warning, error") from None
    return given


def _ignores(table: object, where: str) -> list[Ignore]:
    """[ignore]: CODE or cause = "reason", or = {reason = "...", until = DATE}; a reason is owed to the next reader."""
    if not isinstance(table, dict):
        raise DlcheckError(f"{where}: [ignore] must be a table of codes or causes, each with a reason")
    found = []
    for target, value in table.items():
        _known(target, f"{where}: [ignore]")
        given = {"reason": value} if isinstance(value, str) else value
        if not isinstance(given, dict) or not str(given.get("reason", "")).strip():
            raise DlcheckError(f"{where}: [ignore] {target} needs a reason")
        until = str(given.get("until", ""))
        if until and not (len(until) == 10 and until[4] == until[7] == "-"):
            raise DlcheckError(f"{where}: [ignore] {target}: until must be a date such as 2027-01-31")
        found.append(Ignore(target=target, reason=str(given["reason"]), until=until))
    return found


def _known(target: str, where: str) -> None:
    from dlcheck.checks import RULES  # here: most profiles name no rule, and the rules take longest to load

    if target not in data.cause_slugs() and all(rule.code != target for rule in RULES):
        raise DlcheckError(
            f"{where}: {target} is neither a rule's code nor a cause", "dlcheck explain --list shows all."
        )
