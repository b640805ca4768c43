"""What the configured sources hold of the builds that PyTorch's own index is known for."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from packaging.tags import Tag
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import InvalidVersion

from dlcheck.installers.at_once import AtOnce
from dlcheck.installers.fetch import Client, SourceError
from dlcheck.installers.lock import path_of
from dlcheck.model.plan import Offer, Wheel
from dlcheck.model.sources import PackageSources

_NAMES = ("torch", "torchvision", "torchaudio")
_ACCEPT = "application/vnd.pypi.simple.v1+json, text/html;q=0.5"


@dataclass(frozen=True, slots=True)
class Begun:
    """The pages that are being asked for, and PyTorch's own index."""

    sources: PackageSources
    asked: tuple[tuple[str, str], ...]
    """Shown and real address of each page."""
    pages: AtOnce[tuple[str, str], list[str]]
    reach: AtOnce[str, bool]


def begin(sources: PackageSources, client: Client | None, torch_index: str) -> Begun:
    """Begin to ask the configured indexes, and whether PyTorch's own index answers.

    ``client`` is None where nothing may be contacted. The default index is not asked: it takes no local versions.
    """
    asked: list[tuple[str, str]] = []
    for one in sources.sources:
        if not one.is_local and one.origin != "default of pip":
            pages = ("",) if one.role == "find-links" else tuple(f"/{name}/" for name in _NAMES)
            asked += [(one.url, one.address.rstrip("/") + page) for page in pages]
    if client is None:
        asked = []
    return Begun(
        sources,
        tuple(asked),
        AtOnce(lambda page: _listed(client, page[1]) if client else [], asked),
        AtOnce(lambda address: client is not None and client.answers(address), (f"{torch_index}cpu/torch/",)),
    )


def look(begun: Begun, tags: tuple[Tag, ...]) -> Offer:
    """Wheels with a local version in folders and configured indexes that an interpreter of these tags takes."""
    fits = frozenset(tags)
    wheels: list[Wheel] = []
    for one in begun.sources.sources:
        folder = path_of(one.address) if one.is_local else None
        if folder is not None:
            wheels += _named(one.url, _files(os.path.expanduser(folder), one.role), fits)
    for (url, _), files in zip(begun.asked, begun.pages.answers(), strict=True):
        wheels += _named(url, files, fits)
    return Offer(torch_index=begun.reach.answers()[0], wheels=tuple(wheels))


def _files(folder: str, role: str) -> Iterator[str]:
    """Names of wheels in a heap of them, or in the folders of a local index."""
    for name in ("",) if role == "find-links" else _NAMES:
        try:
            entries = os.listdir(os.path.join(folder, name))
        except OSError:
            continue
        for entry in entries:
            if entry.endswith(".whl"):
                yield entry
            elif entry == "index.html" and name:
                with open(os.path.join(folder, name, entry), encoding="utf-8", errors="replace") as stream:
                    yield from _in_page(stream.read())


def _listed(client: Client, address: str) -> list[str]:
    try:
        return list(_in_page(client.text(address, {"Accept": _ACCEPT})))
    except SourceError:
        return []


def _in_page(text: str) -> Iterator[str]:
    """Names of wheels with a local version in a page of an index, whether HTML or JSON."""
    for found in re.finditer(r"torch[a-z]*-[^\s\"'<>/#]*?(?:\+|%2[Bb])[^\s\"'<>/#]*?\.whl(?![.\w])", text):
        yield unquote(found[0])


def _named(source: str, files: Iterable[str], fits: frozenset[Tag]) -> list[Wheel]:
    """The wheels among ``files`` that this interpreter takes, newest first."""
    found = {}
    for name in files:
        try:
            project, version, _, tags = parse_wheel_filename(name)
        except (InvalidWheelFilename, InvalidVersion):
            continue
        if project in _NAMES and version.local and tags & fits:
            found[project, version] = Wheel(name=project, version=str(version), source=source)
    return [found[key] for key in sorted(found, key=lambda key: (key[0], key[1]), reverse=True)]
