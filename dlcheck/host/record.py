"""Walks the RECORD files of a site-packages folder: the only way to see that an installed package is not whole.

pip and uv believe a ``*.dist-info`` folder. An interrupted uv, and a full disk under uv, leave that folder complete and
the package behind it in pieces; both tools then say "already satisfied" for ever. Format of RECORD: the packaging
specification "Recording installed projects" (path, hash as ``sha256=`` and URL-safe base64 without padding, size).
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from dlcheck.host import files, hashing
from dlcheck.model.record import Collision, DistributionFiles, EnvironmentFiles

SAMPLE = 5
MOST_BYTES = 16_000_000
"""Of a RECORD; that of TensorFlow with its 20,000 files has 3 million."""
_KEEPS_NO_RECORD = ("debian", "rpm", "dpkg", "portage", "zypper", "pacman", "apk")
"""INSTALLER of system package managers, which leave RECORD out on purpose."""
_Row = tuple[str, str, str]
"""Path, hash and size, as they stand in RECORD."""


@dataclass(slots=True)
class _Reading:
    """One dist-info folder while it is being looked at."""

    name: str
    version: str | None
    folder: str
    rows: list[_Row] = field(default_factory=list)
    damaged: str | None = None
    missing: int = 0
    changed: int = 0
    sample: list[str] = field(default_factory=list)
    found: list[hashing.Job] = field(default_factory=list)
    """The files that are there in their size and have a hash in RECORD."""

    @property
    def is_whole(self) -> bool:
        """Whether nothing was found to be wrong so far."""
        return not (self.missing or self.changed or self.damaged)

    def note(self, path: str, *, missing: bool) -> None:
        """Count a path that is not as RECORD says."""
        if missing:
            self.missing += 1
        else:
            self.changed += 1
        if len(self.sample) < SAMPLE:
            self.sample.append(path)


def walk(
    site_packages: str,
    *,
    deep: bool = False,
    only: Iterable[str] | None = None,
    progress: Callable[[int], None] | None = None,
    proved: set[str] | None = None,
) -> EnvironmentFiles:
    """Hold every distribution of the folder against its RECORD: existence and size, with ``deep`` the hashes too.

    About 0.15 s for 33,000 files; the hashes of 2.6 GiB take two seconds of processor time more. ``only`` limits the walk
    to distributions of these names (normalised); ``progress`` is told the bytes hashed, piece by piece. ``proved`` holds
    what is known of distributions whose files were hashed before (host.hashing), and gets those that are hashed now. A
    folder that is not there or cannot be listed is an environment without distributions.
    """
    try:
        entries = sorted(os.listdir(site_packages))
    except OSError:
        entries = []
    wanted = None if only is None else {normalise(name) for name in only}
    readings = [
        _read(site_packages, entry)
        for entry in entries
        if entry.endswith(".dist-info")
        and not entry.startswith("~")
        and (wanted is None or normalise(entry.removesuffix(".dist-info").partition("-")[0]) in wanted)
    ]
    for one in readings:
        _look(site_packages, one, kept=deep)
    if deep:
        _hash_all(site_packages, readings, progress or (lambda _: None), proved)
    names = [one.name for one in readings]
    return EnvironmentFiles(
        folder=site_packages,
        distributions=tuple(
            DistributionFiles(
                name=one.name,
                version=one.version,
                folder=one.folder,
                files=len(one.rows),
                missing=one.missing,
                changed=one.changed,
                sample=tuple(one.sample),
                damaged=one.damaged,
            )
            for one in readings
        ),
        leftovers=tuple(entry for entry in entries if entry.startswith("~")),
        duplicates=tuple(sorted({name for name in names if names.count(name) > 1})),
        collisions=tuple(_collisions(readings)),
        deep=deep,
    )


def digests(site_packages: str) -> dict[str, str]:
    """SHA-256 of every RECORD, by dist-info folder; an empty text where one cannot be read."""
    found = {}
    try:
        entries = os.listdir(site_packages)
    except OSError:
        entries = []
    for entry in entries:
        if not entry.endswith(".dist-info") or entry.startswith("~"):
            continue
        try:
            content = files.whole(os.path.join(site_packages, entry, "RECORD"), MOST_BYTES)
            found[entry] = hashlib.sha256(content).hexdigest()
        except OSError:
            found[entry] = ""
    return found


def has_all(site_packages: str, *, since: int) -> bool:
    """Whether every file is there in its size, and none was written to after ``since`` (nanoseconds, as st_mtime_ns).

    For an environment that was whole then and whose RECORDs are the same still: nothing is hashed or counted, and no owners
    are compared. The first file that is not as it should be ends it.
    """
    prefix, stat = site_packages + os.sep, os.stat
    try:
        entries = os.listdir(site_packages)
        for entry in entries:
            if entry.startswith("~"):
                return False
            if not entry.endswith(".dist-info"):
                continue
            text = files.whole(os.path.join(site_packages, entry, "RECORD"), MOST_BYTES).decode("utf-8")
            for line in text.splitlines():
                path, _, size = line.rsplit(",", 2) if line[:1] != '"' else next(csv.reader([line]))
                if path.endswith(".pyc"):
                    continue
                found = stat(prefix + path)
                if size not in ("", str(found.st_size)) or found.st_mtime_ns > since:
                    return False
    except (OSError, ValueError, csv.Error):
        return False
    return bool(entries)


def walk_names(site_packages: str) -> EnvironmentFiles:
    """As ``walk``, by the names in each folder alone: no sizes, no collisions, a third of the time."""
    try:
        entries = sorted(os.listdir(site_packages))
    except OSError:
        entries = []
    listed: dict[str, frozenset[str]] = {}
    found = []
    moved = _moved(site_packages)
    for entry in entries:
        if not entry.endswith(".dist-info") or entry.startswith("~"):
            continue
        reading = _Reading(normalise(entry.removesuffix(".dist-info").partition("-")[0]), None, entry)
        promised, reading.damaged = _by_folder(os.path.join(site_packages, entry))
        for folder, names in promised.items():
            if moved(folder):
                continue
            if folder not in listed:
                listed[folder] = _names_in(site_packages + os.sep + folder)
            # One difference of sets for a whole folder: 33,000 files are looked at in a tenth of a second.
            for name in sorted(names.difference(listed[folder])):
                reading.note(folder + name, missing=True)
        count = sum(len(names) for names in promised.values())
        found.append(
            DistributionFiles(
                name=reading.name,
                version=None,
                folder=entry,
                files=count,
                missing=reading.missing,
                sample=tuple(reading.sample),
                damaged=reading.damaged,
            )
        )
    return EnvironmentFiles(
        folder=site_packages,
        distributions=tuple(found),
        leftovers=tuple(entry for entry in entries if entry.startswith("~")),
    )


_ROW = re.compile(r'^([^",\n]*/)?([^",/\n]+),', re.MULTILINE)
"""Folder (with its slash) and name of an unquoted row of RECORD."""


def _by_folder(home: str) -> tuple[dict[str, set[str]], str | None]:
    """The names that RECORD promises, by folder, byte code left out; and what is wrong with it. Quoted rows are rare, and
    are read as CSV.
    """
    try:
        text = files.whole(os.path.join(home, "RECORD"), MOST_BYTES).decode("utf-8").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError):
        text = '"'
    failure = None
    pairs: Iterable[tuple[str, str]] = _ROW.findall(text)
    if '"' in text:
        rows, failure = _rows(os.path.join(home, "RECORD"))
        pairs = [(row[0][: row[0].rfind("/") + 1], row[0].rpartition("/")[2]) for row in rows]
        if failure == "no RECORD" and _installer(home) in _KEEPS_NO_RECORD:
            failure = None
    promised: dict[str, set[str]] = {}
    for folder, name in pairs:
        if folder in promised:
            promised[folder].add(name)
        elif not folder.endswith("__pycache__/"):
            promised[folder] = {name}
    if not promised and not failure:
        failure = "empty RECORD" if text != '"' else None
    return promised, failure if _has_text(os.path.join(home, "METADATA")) else "no METADATA"


def _moved(site_packages: str) -> Callable[[str], bool]:
    """Whether a row names what packagers put elsewhere: in python3/dist-packages Debian ships the RECORD of its build, whose
    scripts (scripts-3.10/distro, ../scripts/pip) lie in /usr/bin.
    """
    debian = site_packages.rstrip("/").endswith("python3/dist-packages")
    return lambda row: debian and row.startswith(("../", "scripts"))


def _names_in(folder: str) -> frozenset[str]:
    try:
        return frozenset(os.listdir(folder))
    except (OSError, ValueError):
        return frozenset()


def normalise(name: str) -> str:
    """A distribution's name as in PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


def paths_of(site_packages: str, folder: str) -> tuple[str, ...]:
    """Absolute paths of the files that the dist-info ``folder`` owns, byte code rows included; empty without RECORD."""
    rows, _ = _rows(os.path.join(site_packages, folder, "RECORD"))
    return tuple(os.path.normpath(os.path.join(site_packages, row[0])) for row in rows)


def _read(site_packages: str, folder: str) -> _Reading:
    name, _, version = folder.removesuffix(".dist-info").partition("-")
    reading = _Reading(normalise(name), version or None, folder)
    home = os.path.join(site_packages, folder)
    rows, failure = _rows(os.path.join(home, "RECORD"))
    moved = _moved(site_packages)
    reading.rows = [row for row in rows if not row[0].endswith(".pyc") and not moved(row[0])]
    if not os.path.isdir(home):
        reading.damaged = "is not a folder"
    elif not _has_text(os.path.join(home, "METADATA")):
        reading.damaged = "no METADATA"
    elif failure and not (failure == "no RECORD" and _installer(home) in _KEEPS_NO_RECORD):
        reading.damaged = failure
    return reading


def _rows(path: str) -> tuple[list[_Row], str | None]:
    try:
        text = files.whole(path, MOST_BYTES).decode("utf-8")
        lines = csv.reader(io.StringIO(text, newline=""))
        rows = [(row[0], row[1], row[2]) for row in lines if len(row) >= 3 and row[0]]
    except FileNotFoundError:
        return [], "no RECORD"
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        return [], f"unreadable RECORD: {getattr(error, 'strerror', None) or type(error).__name__}"
    return (rows, None) if rows else ([], "empty RECORD")


def _has_text(path: str) -> bool:
    try:
        return os.stat(path).st_size > 0
    except OSError:
        return False


def _installer(home: str) -> str:
    try:
        return files.head(os.path.join(home, "INSTALLER"), 100).decode("utf-8", "replace").strip().lower()
    except OSError:
        return ""


def _look(site_packages: str, reading: _Reading, *, kept: bool) -> None:
    """Existence and size of every row; ``kept``: what there is to hash, 20 MB for a large environment."""
    prefix = site_packages + os.sep
    stat = os.stat
    for path, digest, size in reading.rows:
        try:
            found = stat(prefix + path)
        except (OSError, ValueError):
            reading.note(path, missing=True)
            continue
        if size and size != str(found.st_size):
            reading.note(path, missing=False)
        elif kept and digest:
            reading.found.append((path, digest, found))


def _hash_all(
    site_packages: str, readings: list[_Reading], progress: Callable[[int], None], proved: set[str] | None
) -> None:
    """Hash what is there in the size that RECORD says; the rest was counted by its size."""
    marks = [hashing.fingerprint(one.found) if proved is not None else None for one in readings]
    wanted = [
        [job for job in one.found if job[2].st_nlink == 1] if proved and mark in proved else one.found
        for one, mark in zip(readings, marks, strict=True)
    ]
    wrong = hashing.differing(site_packages, [job for jobs in wanted for job in jobs], progress)
    for reading, jobs, mark in zip(readings, wanted, marks, strict=True):
        for path, digest, _ in jobs:
            if (path, digest) in wrong:
                reading.note(path, missing=False)
        if proved is not None and mark and reading.is_whole:
            proved.add(mark)


def _collisions(readings: list[_Reading]) -> Iterator[Collision]:
    owners: dict[str, tuple[_Reading, str]] = {}
    found: dict[tuple[str, str], list[tuple[str, bool]]] = {}
    for reading in readings:
        for path, digest, _ in reading.rows:
            earlier, its_digest = owners.setdefault(path, (reading, digest))
            # Two dist-info folders of one name are a duplicate, which is told as such.
            if earlier is not reading and earlier.name != reading.name:
                differs = bool(its_digest and digest and its_digest != digest)
                found.setdefault((earlier.name, reading.name), []).append((path, differs))
    for (first, second), paths in found.items():
        yield Collision(
            first=first,
            second=second,
            paths=len(paths),
            differing=sum(differs for _, differs in paths),
            sample=tuple(path for path, _ in sorted(paths, key=lambda one: not one[1])[:SAMPLE]),
        )
