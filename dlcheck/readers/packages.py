"""Lists of installed packages: pip list, pip freeze, pip show, uv, conda list, conda env export, pixi, poetry show, and the last
lines of collect_env.

pip list prints columns since 9.0 (and "name (version)" before it); conda list prints name, version, build, channel;
`conda list --export` joins them with "=", `--explicit` prints addresses of archives.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace

from dlcheck.model.facts import Facts
from dlcheck.model.python_facts import Distribution
from dlcheck.readers.parts import distribution, frameworks_among, normal
from dlcheck.readers.paste import Paste
from dlcheck.readers.pattern import Pattern

Row = tuple[str, str | None, str | None, str | None]
"""Name, version, build or channel, installer."""
NAME = r"[A-Za-z0-9_][\w.-]{0,80}"
VERSION = r"v?\d[\w.!+*-]{0,60}"
PIP_HEAD = Pattern(r"^\|?\s*Package\s+\|?\s*Version\b")
CONDA_HEAD = Pattern(r"^#?\s*Name\s+Version\s+Build")
NAME_ONLY = Pattern(rf"{NAME}$")
VERSION_ONLY = Pattern(rf"{VERSION}$")
BUILD = Pattern(r"(?:\w[\w.+-]*_\w+|\d{1,3}|mkl|main|conda_forge|openblas)$")
FROZEN = Pattern(rf"^(?:[-+~*]\s+)?({NAME})(?:\[[\w,.-]*\])?\s?={{2,3}}\s?({VERSION})\s*(?:[;#,\\].*)?$")
GONE = Pattern(rf"^- ({NAME})==({VERSION})")
EXPORTED = Pattern(rf"^(?:- )?(?:[\w-]+::)?({NAME})=({VERSION})(?:=(\S+))?$")
ARCHIVE = Pattern(rf"/(?:linux|osx|win|noarch)[\w-]*/({NAME})-({VERSION})-([\w.+]+)\.(?:tar\.bz2|conda)\b")
LEGACY = Pattern(rf"^({NAME}) \(({VERSION})(?:, [^)]*)?\)$")
LABELLED = Pattern(r"^\[(pip\d?|conda|uv)\]\s+(\S.*)$")
AT_FILE = Pattern(rf"^({NAME}) @ \S+?(?:/{NAME}-({VERSION}?)(?:-(?:cp|py|pp)\d\S*\.whl|\.tar\.gz))?(?:[#@]\S*)?$")
DESCRIBED = Pattern(rf"^({NAME}) +(?:\(!\) )?({VERSION}) {{2,}}[A-Z]\w")
TREE = Pattern(rf"^[│├└─ ]*[├└]── ({NAME}) v({VERSION})")
JSON_ROW = Pattern(r'\{[^{}]{0,400}"version"[^{}]{0,400}\}')
INSTALLED = Pattern(r"^Successfully installed (.+)$")
SATISFIED = Pattern(
    rf"^Requirement already (?:satisfied|up-to-date)[^:]*: ({NAME})[^(]*?(?: in (\S+))? (?:\(from [^)]*\) )?\(({VERSION})\)$"
)
SHOWN = Pattern(rf"^Name:[ \t]*({NAME})[ \t]*\nVersion:[ \t]*({VERSION})", re.MULTILINE)
LOCKED = Pattern(rf'^name = "({NAME})"\nversion = "({VERSION})"', re.MULTILINE)
RUN = 5
"""Rows without a heading that make a list; fewer may be prose."""


def read(paste: Paste) -> Facts | None:
    """The distributions listed, and the frameworks among them."""
    rows = [*_rows(paste), *_blocks(paste)]
    found: dict[str, Distribution] = {}
    others: dict[str, list[str]] = {}
    for name, version, channel, installer in rows:
        key = normal(name)
        known = found.get(key)
        if known is None:
            found[key] = distribution(name, version, channel, installer)
        elif known.version != version and version:
            others.setdefault(key, []).append(version)
        elif channel and not known.channel:
            found[key] = replace(known, channel=channel)
    if not found:
        return None
    distributions = tuple(found.values())
    frameworks = frameworks_among(distributions)
    return Facts(
        distributions=distributions,
        frameworks=frameworks or Facts().frameworks,
        notes={"packages listed": str(len(rows)), **_other_versions(others)},
    )


def _other_versions(others: dict[str, list[str]]) -> dict[str, str]:
    """Pip and conda may list one package with two versions, and a text two environments: the first is believed, since
    only a list that names folders could tell whether both lie in one.
    """
    return {f"also listed: {name}": ", ".join(dict.fromkeys(versions)) for name, versions in others.items()}


def _rows(paste: Paste) -> Iterator[Row]:
    section = None
    run: list[Row] = []
    for raw in paste.lines:
        line = raw.strip()
        if len(line) < 3:
            continue
        if line[0] in "-=|─━" and not line.strip("-=|+ ─━"):
            continue
        if "Version" in line and PIP_HEAD.match(line):
            section = "pip"
            continue
        if "Version" in line and CONDA_HEAD.match(line):
            section = "conda"
            continue
        row = _row(line, section)
        if row is None:
            if not line.startswith("#"):
                section = None
            yield from run if _is_list(run) else ()
            run = []
        elif section or row[3] != "?":
            yield row
        else:
            run.append(row)
    yield from run if _is_list(run) else ()


def _is_list(run: list[Row]) -> bool:
    """Enough rows, of different names, with versions of more than one number: steps of a training log are not."""
    return len({row[0] for row in run}) >= RUN and 2 * sum("." in (row[1] or "") for row in run) >= len(run)


def _row(line: str, section: str | None) -> Row | None:
    """The row of a list; its installer is "?" where only its neighbours can tell that it is one."""
    if len(line) > 400:
        return None
    if line[0] == "[" and line[1:4] in {"pip", "con", "uv]"} and (match := LABELLED.match(line)):
        return _labelled(match[1], match[2])
    if "=" in line and (row := _joined(line)):
        return row
    if line.endswith((".bz2", ".conda")) or "#" in line[-40:]:
        match = ARCHIVE.search(line)
        return (match[1], match[2], match[3], "conda") if match else None
    if " @ " in line and (match := AT_FILE.match(line)):
        return (match[1], match[2] or None, None, "pip")
    if "── " in line and (match := TREE.match(line)):
        return (match[1], match[2], None, "uv")
    return _columns(line, section)


def _joined(line: str) -> Row | None:
    """Name and version joined by "==" (pip) or "=" (conda)."""
    if match := FROZEN.match(line):
        return None if GONE.match(line) and "- " in line[:2] else (match[1], match[2], None, "pip")
    if match := EXPORTED.match(line):
        return (match[1], match[2], match[3], "conda" if match[3] or line.startswith("- ") else "?")
    return None


def _columns(line: str, section: str | None) -> Row | None:
    """Name and version in columns, told by the heading, or by neighbours of the same shape."""
    words = line.lstrip("| ").split(None, 3)
    if len(words) > 2 and words[1] == "|":
        del words[1]
    if len(words) < 2 or words[0][0] in "[(<{" or not (words[1][0].isdigit() or words[1][0] in "v("):
        return None
    name, version, rest = words[0], words[1], [word for word in words[2:] if word != "|"]
    if version[0] == "(" and (match := LEGACY.match(line)):
        return (match[1], match[2], None, "?")
    if not NAME_ONLY.match(name) or not VERSION_ONLY.match(version):
        return None
    if section == "conda":
        return (name, version, " ".join(rest) or None, "pip" if "pypi" in rest else "conda")
    if section == "pip":
        return (name, version, None, "pip")
    if not rest:
        return (name, version, None, "?")
    if BUILD.match(rest[0]) and " " not in rest[-1]:
        return (name, version, " ".join(rest), "?")
    return None if len(rest) > 1 and not DESCRIBED.match(line) else (name, version, None, "?")


def _labelled(label: str, rest: str) -> Row | None:
    """collect_env's "[pip3] torch==2.1.0", "[pip] torch (1.0.0)", "[conda] torch 2.1.0 pypi_0 pypi"."""
    if match := FROZEN.match(rest) or LEGACY.match(rest):
        return (match[1], match[2], None, "pip")
    row = _columns(rest, "conda")
    return row and (row[0], row[1], row[2], "conda" if label == "conda" else "pip")


def _blocks(paste: Paste) -> Iterator[Row]:
    """What needs more than one line or names several packages on one."""
    text = paste.text
    if "\nVersion:" in text:
        for name, version in SHOWN.rows(text):
            yield (name, version, None, "pip")
    if '"version"' in text:
        yield from _json_rows(text)
    if "\nversion = " in text:
        for name, version in LOCKED.rows(text):
            yield (name, version, None, "uv")
    if "Successfully installed" in text or "Requirement already" in text:
        for raw in paste.lines:
            line = raw.strip()
            if match := INSTALLED.match(line):
                for item in match[1].split():
                    name, _, version = item.rpartition("-")
                    if name and version[:1].isdigit():
                        yield (name, version, None, "pip")
            elif line.startswith("Requirement") and (match := SATISFIED.match(line)):
                yield (match[1], match[3], None, "pip")


def _json_rows(text: str) -> Iterator[Row]:
    for block in JSON_ROW.words(text):
        try:
            row = json.loads(block)
        except ValueError:
            continue
        name, version = row.get("name"), row.get("version")
        if isinstance(name, str) and isinstance(version, str) and re.fullmatch(VERSION, version):
            yield (name, version, row.get("channel") if isinstance(row.get("channel"), str) else None, "pip")
