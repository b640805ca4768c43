"""pylock.toml (PEP 751): which wheels an interpreter takes from it, and the same lock with local addresses."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from urllib.request import url2pathname

from packaging.markers import default_environment
from packaging.pylock import Pylock, PylockSelectError, PylockValidationError
from packaging.tags import Tag, compatible_tags, cpython_tags, platform_tags
from packaging.utils import InvalidWheelFilename, is_normalized_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from dlcheck.model.errors import DlcheckError
from dlcheck.model.redact import mask_secrets
from dlcheck.model.sources import PackageSources

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedWheel:
    """The wheel that is taken for one package of a lock."""

    name: str
    version: str
    filename: str
    address: str
    """URL or path, credentials included."""
    sha256: str
    size: int | None = None


def read(path: str, python: str, *, free_threaded: bool = False) -> tuple[LockedWheel, ...]:
    """The wheels of the lock for CPython ``python`` (3.11.7) on this system.

    ``DlcheckError`` where the file is no lock, has a package without a wheel that fits, or a wheel without a sha256.
    """
    try:
        with open(path, "rb") as stream:
            lock = Pylock.from_dict(tomllib.load(stream))
    except OSError as error:
        raise DlcheckError(f"cannot read {path}: {error.strerror}") from None
    except (ValueError, RecursionError, PylockValidationError) as error:
        raise DlcheckError(f"{path} is no pylock.toml: {error}") from None
    folder = os.path.dirname(os.path.abspath(path))
    try:
        chosen = list(
            lock.select(environment=_environment(python), tags=list(tags(python, free_threaded=free_threaded)))
        )
    except PylockSelectError as error:
        raise DlcheckError(f"{path} does not fit Python {python} here: {error}") from None
    return tuple(_wheel(package, item, folder, path) for package, item in chosen)


def _wheel(package: Any, item: Any, folder: str, path: str) -> LockedWheel:
    digest = (getattr(item, "hashes", None) or {}).get("sha256")
    address = getattr(item, "url", None) or getattr(item, "path", None)
    if not address or not getattr(item, "filename", "").endswith(".whl"):
        raise DlcheckError(f"{path}: {package.name} has no wheel", "dlcheck installs wheels only.")
    if not digest:
        raise DlcheckError(
            f"{path}: {item.filename} has no sha256", "A lock without hashes proves nothing; write it again."
        )
    if "://" not in address and not os.path.isabs(address):
        address = os.path.join(folder, address)
    return checked(
        name=package.name,
        version=str(package.version or ""),
        filename=item.filename,
        address=address,
        sha256=digest,
        size=item.size if item.size is not None else _size_here(address),
    )


def checked(**fields: Any) -> LockedWheel:
    """The wheel of these fields, if each may become part of a path or a line: they come from an index or a foreign lock.

    ``DlcheckError`` for a file name that leads into another folder, a hash that is none, and the like.
    """
    wheel = LockedWheel(**fields)
    try:
        parse_wheel_filename(wheel.filename)
        sound = is_normalized_name(wheel.name) and str(Version(wheel.version)) != ""
    except (InvalidWheelFilename, InvalidVersion):
        sound = False
    sound = sound and wheel.address.isprintable() and os.path.basename(wheel.filename) == wheel.filename
    if not sound or not re.fullmatch(r"[0-9a-f]{64}", wheel.sha256):
        words = f"{wheel.name!r} {wheel.version!r}, {wheel.filename!r}, sha256 {wheel.sha256!r}"
        raise DlcheckError(f"the source offers what is no wheel: {words}", "Take another index or lock.")
    return wheel


def _size_here(address: str) -> int | None:
    path = path_of(address)
    try:
        return os.path.getsize(path) if path else None
    except OSError:
        return None


def path_of(address: str) -> str | None:
    """The local path of an address, None for one on the network."""
    if "://" not in address:
        return address
    return url2pathname(urlsplit(address).path) if address.startswith("file:") else None


def sha256_of(path: str) -> str:
    """The sha256 of a file's bytes, in hexadecimal digits; ``OSError`` where it cannot be read."""
    digest = hashlib.sha256()
    buffer = bytearray(1 << 20)
    view = memoryview(buffer)
    with open(path, "rb", buffering=0) as stream:
        while count := stream.readinto(buffer):
            digest.update(view[:count])
    return digest.hexdigest()


def with_credentials(wheels: tuple[LockedWheel, ...], sources: PackageSources) -> tuple[LockedWheel, ...]:
    """The wheels with the user information of the source on the same host, which a lock leaves out."""
    known = {}
    for source in sources.sources:
        parts = urlsplit(source.address)
        user, mark, host = parts.netloc.rpartition("@")
        if mark:
            known[parts.scheme, host] = user
    made = []
    for one in wheels:
        parts = urlsplit(one.address)
        user = known.get((parts.scheme, parts.netloc), "")
        made.append(replace(one, address=urlunsplit(parts._replace(netloc=f"{user}@{parts.netloc}"))) if user else one)
    return tuple(made)


def tags(python: str, *, free_threaded: bool = False) -> tuple[Tag, ...]:
    """The wheel tags that CPython ``python`` takes on this system, best first."""
    version = tuple(int(one) for one in python.split(".")[:2])
    abi = f"cp{version[0]}{version[1]}" + ("t" if free_threaded else "")
    platforms = list(platform_tags())
    return (
        *cpython_tags(version, abis=[abi], platforms=platforms),
        *compatible_tags(version, interpreter=abi, platforms=platforms),
    )


def _environment(python: str) -> Any:
    environment: Any = default_environment()
    short = ".".join(python.split(".")[:2])
    return {**environment, "python_version": short, "python_full_version": python, "implementation_version": python}


def local_lock(wheels: tuple[LockedWheel, ...], places: dict[str, str], python: str, *, relative: bool = False) -> str:
    """A pylock.toml of exactly these wheels as they lie on this machine, or (``relative``) beside the lock."""
    where = {one.sha256: places[one.sha256] if relative else _url(places[one.sha256]) for one in wheels}
    return _text(wheels, where, python, "path" if relative else "url")


def as_text(wheels: tuple[LockedWheel, ...], python: str) -> str:
    """A pylock.toml of these wheels at their addresses, passwords masked."""
    return _text(wheels, {one.sha256: mask_secrets(_url(one.address)) for one in wheels}, python, "url")


def _url(address: str) -> str:
    from pathlib import Path

    return address if "://" in address else Path(address).absolute().as_uri()


def _string(value: str) -> str:
    """A TOML basic string; JSON's escapes are among TOML's."""
    return json.dumps(value)


def _text(wheels: tuple[LockedWheel, ...], where: dict[str, str], python: str, key: str) -> str:
    lines = [
        'lock-version = "1.0"',
        'created-by = "dlcheck"',
        f'requires-python = "=={".".join(python.split(".")[:2])}.*"',
    ]
    for one in wheels:
        size = f", size = {one.size}" if one.size is not None else ""
        lines += [
            "",
            "[[packages]]",
            f'name = "{one.name}"',
            f'version = "{one.version}"',
            f"wheels = [{{ {key} = {_string(where[one.sha256])}{size}, hashes = {{ sha256 = {_string(one.sha256)} }} }}]",
        ]
    return "\n".join(lines) + "\n"
