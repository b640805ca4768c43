"""Which frameworks an environment holds, from its files alone; and what their import said, added to it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dlcheck.frameworks import FRAMEWORKS, historic, keras
from dlcheck.frameworks.framework import Framework
from dlcheck.host import files
from dlcheck.model.codec import DecodeError, decode
from dlcheck.model.fact import Unknown
from dlcheck.model.python_facts import Distribution, FrameworkDevice, FrameworkFacts, ImportFacts

_VERSION = re.compile(r"""^__version__(?:\s*:[^=\n]*)?\s*=\s*(['"])([^'"\n]+)\1""", re.MULTILINE)


def look(
    distributions: Sequence[Distribution],
    site_packages: Sequence[str],
    environ: Mapping[str, str] = os.environ,
    frameworks: Sequence[Framework] = FRAMEWORKS,
) -> dict[str, FrameworkFacts]:
    """The installed frameworks by name. Nothing is imported."""
    by_name: dict[str, Distribution] = {}
    for one in distributions:
        if not (one.damaged or "").startswith("a leftover"):
            by_name.setdefault(one.name, one)
    found = historic.look_outside_python(environ)
    for framework in frameworks:
        facts = _look_at(framework, by_name, site_packages)
        if facts is not None:
            found[framework.name] = facts
    if "keras" in found:
        name, source = keras.backend(environ)
        found["keras"] = replace(found["keras"], backend=name, backend_source=source)
    return found


def _look_at(
    framework: Framework, by_name: Mapping[str, Distribution], site_packages: Sequence[str]
) -> FrameworkFacts | None:
    carriers = tuple(name for name in framework.distributions if name in by_name)
    folder = by_name[carriers[0]].location if carriers else None
    version: str | None = by_name[carriers[0]].version if carriers else None
    if folder is None:
        # conda packages and copied folders come without a dist-info; the module's own file tells.
        for place in site_packages:
            if framework.version_file and os.path.exists(os.path.join(place, framework.version_file)):
                folder, version = place, _version_in(os.path.join(place, framework.version_file))
                break
        else:
            return None
    build = framework.read_build(folder) if framework.read_build else None
    path = os.path.join(folder, framework.name)
    return FrameworkFacts(
        name=framework.name,
        distributions=carriers,
        version=version,
        path=path if os.path.isdir(path) else None,
        build=build,
        run=None,
    )


def _version_in(path: str) -> str | None:
    text = files.read(path)
    found = _VERSION.search(text) if isinstance(text, str) else None
    return found[2] if found else None


def read_answer(
    fields: Mapping[str, Any],
    *,
    timed_out: bool,
    code: int | None,
    signal: str | None,
    output: str,
    seconds: float,
) -> ImportFacts:
    """What a look_* script wrote, and how its process ended, as facts. A wrong shape is treated as no answer."""
    result = str(fields.get("result", "silent"))
    stage = str(fields.get("stage", "start"))
    if stage != "done" and result != "raised":
        result = "timeout" if timed_out else "crashed" if signal or code else "silent"
    devices: tuple[FrameworkDevice, ...] | Unknown
    try:
        devices = decode(tuple[FrameworkDevice, ...], fields.get("devices", []))
    except DecodeError as error:
        devices = Unknown(str(error))
    traceback, details = fields.get("traceback"), fields.get("details")
    libraries = fields.get("libraries")
    return ImportFacts(
        result=result,
        stage=stage,
        version=_text(fields.get("version")),
        seconds=_number(fields.get("seconds")) or (seconds if timed_out else None),
        eager=_flag(fields.get("eager")),
        computes=_flag(fields.get("computes")),
        devices=devices,
        gpu_available=_flag(fields.get("gpu_available")),
        error_type=_text(fields.get("error_type")),
        error=_text(fields.get("error")),
        traceback=tuple(str(line)[:500] for line in traceback[-60:]) if isinstance(traceback, list) else (),
        signal=signal,
        exit_code=code if result != "timeout" else None,
        output=tuple(line[:500] for line in output.splitlines()[-40:]),
        details={name: str(value)[:4000] for name, value in details.items()} if isinstance(details, dict) else {},
        libraries=tuple(str(path)[:1000] for path in libraries[:200]) if isinstance(libraries, list) else (),
    )


def _text(value: object) -> str | None:
    return str(value)[:8000] if value is not None else None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return decode(float, value)
    except DecodeError:
        return None


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None
