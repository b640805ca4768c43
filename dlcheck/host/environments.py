"""Looks at the folder that an installation is aimed at. No process is started; nothing is written."""

from __future__ import annotations

import glob
import json
import os
import re

from dlcheck.host import files
from dlcheck.host.record import normalise
from dlcheck.model.codec import decode
from dlcheck.model.environment import MANIFEST, Environment, Manifest

MOST_BYTES = 16_000_000
"""Of a manifest: it names every file that it made, a few hundred thousand bytes."""


def look(folder: str) -> Environment:
    """What lies at ``folder``: nothing, an environment of ours, another's, or something that must not be touched."""
    folder = os.path.abspath(os.path.expanduser(folder))
    if not os.path.lexists(folder):
        return Environment(folder=folder, state="absent")
    if not os.path.isdir(folder):
        return Environment(folder=folder, state="other")
    settings = _settings(os.path.join(folder, "pyvenv.cfg"))
    if os.path.isdir(os.path.join(folder, "conda-meta")):
        return _environment(folder, "conda", {})
    if settings is None:
        return Environment(folder=folder, state="other" if os.listdir(folder) else "empty")
    return _environment(folder, "foreign", settings)


def _environment(folder: str, state: str, settings: dict[str, str]) -> Environment:
    manifest, damage = _manifest(os.path.join(folder, MANIFEST))
    names = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
    python = os.path.join(folder, *names)
    if not os.path.exists(python):
        damage = damage or "its interpreter is gone"
    sites = [
        place for part in ("lib/python3*", "Lib") for place in glob.glob(f"{glob.escape(folder)}/{part}/site-packages")
    ]
    site = sites[0] if sites else None
    distributions, requested, by_hand = _installed(site)
    version = settings.get("version_info") or settings.get("version") or (manifest.python if manifest else None)
    found = re.search(r"python(3\.\d+)", site or "")
    return Environment(
        folder=folder,
        state="managed" if manifest else state,
        python=python,
        version=".".join(version.split(".")[:3]) if version else found[1] if found else None,
        base=_base(settings, python),
        site_packages=site,
        manifest=manifest,
        damage=damage,
        distributions=distributions,
        requested=requested,
        by_hand=by_hand,
    )


def _settings(path: str) -> dict[str, str] | None:
    text = files.read(path)
    if not isinstance(text, str):
        return None
    pairs = (line.partition("=") for line in text.splitlines())
    return {key.strip().lower(): value.strip() for key, mark, value in pairs if mark}


def _base(settings: dict[str, str], python: str) -> str | None:
    """The interpreter behind the environment: what its link points to, else what ``home`` holds."""
    real = os.path.realpath(python)
    if real != os.path.abspath(python) and os.path.exists(real):
        return real
    home = settings.get("home")
    if not home:
        return None
    name = "python.exe" if os.name == "nt" else "python3"
    return os.path.join(home, name)


def _manifest(path: str) -> tuple[Manifest | None, str | None]:
    try:
        return decode(Manifest, json.loads(files.whole(path, MOST_BYTES))), None
    except FileNotFoundError:
        return None, None
    except (OSError, ValueError, RecursionError):
        return None, f"its {MANIFEST} cannot be read"


def _installed(site: str | None) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...], tuple[str, ...]]:
    """Names and versions by the folders' names, as pip and uv write them; those with REQUESTED, with direct_url.json."""
    found: list[tuple[str, str]] = []
    requested: list[str] = []
    by_hand: list[str] = []
    try:
        entries = sorted(os.listdir(site)) if site else []
    except OSError:
        entries = []
    for entry in entries:
        stem, _, suffix = entry.rpartition(".")
        if suffix not in ("dist-info", "egg-info", "egg-link") or entry.startswith("~"):
            continue
        name, _, rest = stem.partition("-")
        version = rest.split("-")[0]
        if suffix == "dist-info":
            found.append((normalise(name), version))
            if os.path.exists(os.path.join(site or "", entry, "REQUESTED")):
                requested.append(normalise(name))
        if suffix != "dist-info" or os.path.exists(os.path.join(site or "", entry, "direct_url.json")):
            by_hand.append(normalise(name))
    return tuple(found), tuple(requested), tuple(by_hand)
