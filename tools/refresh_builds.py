"""For maintainers: holds dlcheck/data/builds.toml against the package index, and prints what would have to change.

    python tools/refresh_builds.py [--index URL] [--framework torch] [--newest N]

Wheels are read by range requests, never whole: the zip directory, torch/version.py, TensorFlow's build_info.py. The GPUs
that a torch was compiled for stand in no text file: they are the string behind torch.cuda.get_arch_list(), in
libtorch_python.so, of which as much is read as it takes to come to it (some megabytes of a wheel of hundreds). JAX states
none, its table is that of its installation page. Nothing is written: a person looks at the lines and edits the table, with
the date. A claim is never widened by what could not be read: such a file is named, and counts as a failure (exit code 1).
"""

from __future__ import annotations

import argparse
import io
import os
import re
import sys
import zipfile
from collections.abc import Iterator

from packaging.utils import parse_wheel_filename
from packaging.version import Version

from dlcheck.host.package_sources import package_sources
from dlcheck.installation.builds import releases, table
from dlcheck.installers.fetch import Client, SourceError
from dlcheck.installers.inside_wheel import RemoteFile
from dlcheck.installers.surroundings import surroundings
from dlcheck.model.builds import Release, Variant

NAMES = {"torch": "torch", "tensorflow": "tensorflow", "jax": "jaxlib"}
"""Framework, and the distribution whose wheels say which Pythons and systems it has."""
INSIDE = {
    "torch": ("torch/version.py", r"^cuda: Optional\[str\] = (?:'([\d.]+)'|None)|^cuda = '([\d.]+)'"),
    "tensorflow": ("tensorflow/python/platform/build_info.py", r"""['"]cuda_version['"]\s*[:,]\s*['"]([\d.]+)"""),
}
LIBRARY = "torch/lib/libtorch_python.so"
_NAME = rb"(?:sm|compute)_\d+[a-z]?"
_LISTED = re.compile(rb"\0(%b(?: %b)+)\0" % (_NAME, _NAME))
_LONGEST = 1000
"""Bytes of such a list, far more than any has had."""


class Unsaid(Exception):  # noqa: N818 - no error: the wheel says nothing in a form known here
    """A wheel that does not say what was looked for."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--index", help="default: the index that pip is configured with")
    parser.add_argument("--framework", choices=sorted(NAMES), action="append")
    parser.add_argument("--newest", type=int, default=3, help="how many of the newest releases are read (default 3)")
    options = parser.parse_args()
    sources = package_sources(os.environ, prefix=sys.prefix)
    index = options.index or next((one.address for one in sources.of("index")), None)
    if index is None:
        print("no index is configured; give --index")
        return 2
    client = Client(surroundings(os.environ, sources))
    failures = 0
    for framework in options.framework or sorted(NAMES):
        failures += look(client, index.rstrip("/"), framework, options.newest)
    print(f"{failures} could not be read" if failures else "everything could be read")
    return 1 if failures else 0


def look(client: Client, index: str, framework: str, newest: int) -> int:
    """Compare one framework; how many files could not be read."""
    known = {one.version: one for one in releases(table(), framework)}
    try:
        wheels = listed(client, f"{index}/{NAMES[framework]}/")
    except SourceError as error:
        print(f"{framework}: {error}")
        return 1
    stable = sorted((one for one in wheels if not Version(one).is_prerelease), key=Version, reverse=True)
    for version in stable:
        if version not in known and Version(version) > max(map(Version, known)):
            print(f"{framework} {version}: NEW, not in the table of {table().as_of}")
    failures = 0
    for version in stable[:newest]:
        for line in compared(known.get(version), version, framework, wheels[version]):
            print(line)
        failures += inside(client, framework, version, wheels[version], known.get(version))
    return failures


def listed(client: Client, address: str) -> dict[str, dict[str, str]]:
    """Version to file name to address, of the wheels on a page of the index."""
    from urllib.parse import unquote, urljoin

    found: dict[str, dict[str, str]] = {}
    for href in re.findall(r'href="([^"#]+\.whl)', client.text(address, {"Accept": "text/html"})):
        name = unquote(href.rpartition("/")[2])
        version = str(parse_wheel_filename(name)[1])
        found.setdefault(version, {})[name] = urljoin(address, href)
    return found


def platforms(files: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Platform of the table and Python of each wheel."""
    for name in files:
        for tag in parse_wheel_filename(name)[3]:
            python = re.fullmatch(r"cp(\d)(\d+)", tag.interpreter)
            if python is None:
                continue
            free = "t" if tag.abi.endswith("t") else ""
            system = re.match(r"(manylinux|win|macosx).*?_(x86_64|aarch64|amd64|arm64)$", tag.platform)
            if system:
                kind = {"manylinux": "linux", "win": "win", "macosx": "macos"}[system[1]]
                yield f"{kind}_{system[2]}", f"{python[1]}.{python[2]}{free}"


def compared(known: Release | None, version: str, framework: str, files: dict[str, str]) -> Iterator[str]:
    """Lines about Pythons that the index has and the table has not, and the other way round."""
    if known is None:
        return
    seen: dict[str, set[str]] = {}
    for platform, python in platforms(files):
        seen.setdefault(platform, set()).add(python)
    for platform in sorted(set(seen) | set(known.python)):
        table_says = set(known.python.get(platform, "").split())
        for python in sorted(seen.get(platform, set()) - table_says):
            if not (framework == "jax" and table_says):
                yield f"{framework} {version} {platform}: Python {python} has a wheel that the table lacks"
        for python in sorted(table_says - seen.get(platform, set())):
            yield f"{framework} {version} {platform}: the table says Python {python}, the index has no such wheel"


def inside(client: Client, framework: str, version: str, files: dict[str, str], known: Release | None) -> int:
    """Read toolkit and GPU architectures out of one Linux wheel; how much of it was not possible."""
    if framework not in INSIDE:
        return 0
    path, pattern = INSIDE[framework]
    name = next((one for one in sorted(files) if "manylinux" in one and "x86_64" in one), None)
    if name is None:
        return 0
    failures = 0
    try:
        remote = RemoteFile(client, files[name])
        with zipfile.ZipFile(io.BufferedReader(remote, 1 << 19)) as archive:
            text = archive.read(path).decode("utf-8", "replace")
            found = re.search(pattern, text, re.MULTILINE)
            if found is None:
                raise Unsaid(f"{path} says nothing of CUDA in a form known here")
            cuda = next((one for one in found.groups() if one), "cpu")
            print(toolkit(framework, version, cuda, known))
            if cuda != "cpu":
                for line in difference(framework, version, cuda, known, architectures(framework, archive, text)):
                    print(line)
    except (SourceError, OSError, KeyError, zipfile.BadZipFile, Unsaid) as error:
        print(f"{framework} {version}: {name} could not be read ({error}); its claims stay as they are, and no wider")
        failures = 1
    else:
        print(f"{framework} {version}: {remote.read_bytes:,} bytes of {name} were read")
    return failures


def toolkit(framework: str, version: str, cuda: str, known: Release | None) -> str:
    """The CUDA of the wheel against that of the table."""
    says = (known.default.get("linux_x86_64") if framework == "torch" else known.cuda) if known else None
    same = says is not None and cuda.startswith(says)
    return f"{framework} {version}: CUDA {cuda}, the table says {says}{'' if same else '   <-- look'}"


def architectures(framework: str, archive: zipfile.ZipFile, text: str) -> set[str]:
    """What the wheel has code for, as sm_90 (machine code) and compute_90 (PTX). ``Unsaid`` where it cannot be told."""
    if framework == "tensorflow":
        found = re.search(r"cuda_compute_capabilities['\"]\s*[:,]\s*\[([^\]]*)\]", text)
        names = set(re.findall(r"(?:sm|compute)_\d+[a-z]?", found[1])) if found else set()
        if not names:
            raise Unsaid("build_info.py names no GPU architectures")
        return names
    with archive.open(LIBRARY) as stream:
        tail = b""
        while block := stream.read(1 << 20):
            if listed := _LISTED.search(tail + block):
                return set(listed[1].decode("ascii").split())
            tail = (tail + block)[-_LONGEST:]
    raise Unsaid(f"{LIBRARY} names no GPU architectures in a form known here")


def difference(framework: str, version: str, cuda: str, known: Release | None, has: set[str]) -> Iterator[str]:
    """Architectures that the wheel has and the table lacks, and those that the table claims and the wheel has not."""
    head = f"{framework} {version} CUDA {cuda}"
    row: Release | Variant | None = known
    if framework == "torch":
        minor = ".".join(version.split(".")[:2])
        wanted = ("torch", minor, "linux_x86_64", f"cu{cuda.replace('.', '')}")
        rows = table().variant
        row = next((one for one in rows if (one.framework, one.minor, one.platform, one.name) == wanted), None)
    if row is None:
        yield f"{head}: {' '.join(sorted(has, key=natural))}; the table has no such row   <-- look"
        return
    claimed = {f"sm_{one}" for one in row.sm.split()} | {f"compute_{one}" for one in row.ptx.split()}
    if more := sorted(has - claimed, key=natural):
        yield f"{head}: the wheel has {' '.join(more)}, which the table lacks   <-- look"
    if less := sorted(claimed - has, key=natural):
        yield f"{head}: the table claims {' '.join(less)}, which the wheel has not   <-- take it out"
    if has == claimed:
        yield f"{head}: {' '.join(sorted(has, key=natural))}, as the table says"


def natural(name: str) -> tuple[str, int, str]:
    """sm_90 before sm_100."""
    kind, _, number = name.partition("_")
    return kind, int(re.sub(r"\D", "", number)), number


if __name__ == "__main__":
    sys.exit(main())
