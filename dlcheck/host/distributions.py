"""The distributions of an environment, read from their files. Nothing is imported and no process is started, so that an
environment whose Python cannot start is read just as well.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import replace

from dlcheck.host import files, record
from dlcheck.model.python_facts import Distribution

_HEAD = 262_144
"""Bytes of METADATA that are read; the headers stand before the description."""
_EGG = re.compile(r"^(?P<name>[^-]+)-(?P<version>[^-]+)(?:-py[\d.]+.*)?$")

# Modules of the working directory that hide what a deep-learning program imports.
SHADOWED = (
    *("torch", "torchvision", "torchaudio", "tensorflow", "keras", "jax", "jaxlib", "numpy", "scipy", "pandas"),
    *("sklearn", "matplotlib", "PIL", "cv2", "transformers", "triton", "h5py", "google", "absl", "six", "yaml"),
    *("random", "types", "typing", "copy", "enum", "queue", "signal", "string", "token", "tokenize", "struct", "ssl"),
    *("socket", "select", "platform", "operator", "numbers", "math", "logging", "json", "io", "inspect", "glob"),
    *("functools", "email", "datetime", "dataclasses", "contextlib", "collections", "code", "calendar", "abc", "ast"),
    *("argparse", "statistics", "secrets", "site", "test", "time", "uuid", "warnings", "weakref", "zipfile", "html"),
    *("http", "importlib", "multiprocessing", "profile", "pickle", "subprocess", "tempfile", "threading", "traceback"),
)


def look(site_packages: Sequence[str], *, walk: bool = True, quick: bool = False) -> tuple[Distribution, ...]:
    """The distributions of the folders, the first folder first; with ``walk``, each held against its RECORD.

    ``quick`` leaves out sizes and collisions.
    """
    found: list[Distribution] = []
    for folder in site_packages:
        whole = (record.walk_names(folder) if quick else record.walk(folder)) if walk else None
        by_folder = {one.folder: one for one in whole.distributions} if whole else {}
        fights = [one for one in (whole.collisions if whole else ()) if one.differing]
        for entry in files.names(folder):
            if entry.startswith("~"):
                found.append(_leftover(folder, entry))
                continue
            if entry.endswith(".dist-info"):
                one = _read(folder, entry, "METADATA")
            elif entry.endswith(".egg-info"):
                one = _read(folder, entry, "PKG-INFO")
            else:
                continue
            checked = by_folder.get(entry)
            if checked is not None:
                rivals = [
                    two.second if two.first == checked.name else two.first
                    for two in fights
                    if checked.name in (two.first, two.second)
                ]
                one = replace(
                    one,
                    missing_files=checked.missing,
                    changed_files=checked.changed,
                    missing_sample=checked.sample,
                    damaged=one.damaged or checked.damaged,
                    collides_with=tuple(rivals),
                )
            found.append(one)
    return tuple(found)


def _leftover(folder: str, entry: str) -> Distribution:
    """Pip renames what it is about to remove to ~name; such a folder is the trace of an interrupted pip."""
    name = entry.removesuffix(".dist-info").lstrip("~").partition("-")[0]
    return Distribution(
        name=record.normalise(name), location=os.path.join(folder, entry), damaged="a leftover of an interrupted pip"
    )


def _read(folder: str, entry: str, metadata: str) -> Distribution:
    stem = entry.rsplit(".", 1)[0]
    match = _EGG.match(stem)
    name, version = (match["name"], match["version"]) if match else (stem, None)
    place = os.path.join(folder, entry)
    path = os.path.join(place, metadata) if os.path.isdir(place) else place
    raw = _head(path)
    damaged = None
    fields: dict[str, list[str]] = {}
    if raw is None:
        damaged = f"no {metadata}"
    elif not raw.strip():
        damaged = f"empty {metadata}"
    else:
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            # The cut at _HEAD bytes may fall inside a character; anything earlier is damage.
            damaged = None if error.start > _HEAD - 4 else f"{metadata} is not UTF-8"
            text = raw.decode("utf-8", "replace")
        for line in text.replace("\r\n", "\n").partition("\n\n")[0].split("\n"):
            key, mark, value = line.partition(":")
            if mark and not line[0].isspace():
                fields.setdefault(key.lower(), []).append(value.strip())
    given = fields.get("name", [""])[0]
    return Distribution(
        name=record.normalise(given or name),
        version=next(iter(fields.get("version", ())), version),
        location=folder,
        installer=files.read_line(os.path.join(place, "INSTALLER")) if os.path.isdir(place) else None,
        requires=tuple(fields.get("requires-dist", ())),
        requires_python=next(iter(fields.get("requires-python", ())), None),
        damaged=damaged,
    )


def _head(path: str) -> bytes | None:
    try:
        return files.head(path, _HEAD)
    except OSError:
        return None


def shadows(folder: str, site_packages: Sequence[str]) -> tuple[str, ...]:
    """Files and packages of the working directory that Python would import instead of an installed or standard module.

    A folder without __init__.py loses against the installed package and does no harm. A folder that itself holds a
    whole environment (site-packages) is not a project.
    """
    real = os.path.realpath(folder)
    if real in {os.path.realpath(one) for one in site_packages}:
        return ()
    names = set(files.names(folder))
    found = [f"{name}.py" for name in SHADOWED if f"{name}.py" in names]
    found += [
        f"{name}{os.sep}"
        for name in SHADOWED
        if name in names and os.path.exists(os.path.join(folder, name, "__init__.py"))
    ]
    return tuple(sorted(found))


def guess_site_packages(environment: str) -> tuple[str, ...]:
    """Where an environment keeps its packages, for one whose Python cannot be asked."""
    if os.name == "nt":
        return (os.path.join(environment, "Lib", "site-packages"),)
    library = os.path.join(environment, "lib")
    return tuple(
        os.path.join(library, name, "site-packages")
        for name in files.names(library)
        if name.startswith("python") and os.path.isdir(os.path.join(library, name, "site-packages"))
    )
