"""For maintainers: holds dlcheck/data/builds.toml against the package index, and prints what would have to change.

    python tools/refresh_builds.py [--index URL] [--framework torch] [--newest N]

Only the ends of wheels are read, by range requests: the zip directory, METADATA, torch/version.py, TensorFlow's
build_info.py. No wheel is fetched whole, nothing is written: a person looks at the lines and edits the table, with the
date. A claim is never widened by what could not be read: such a file is named, and counts as a failure (exit code 1).
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
from dlcheck.model.builds import Release

NAMES = {"torch": "torch", "tensorflow": "tensorflow", "jax": "jaxlib"}
"""Framework, and the distribution whose wheels say which Pythons and systems it has."""
INSIDE = {
    "torch": ("torch/version.py", r"^cuda: Optional\[str\] = (?:'([\d.]+)'|None)|^cuda = '([\d.]+)'"),
    "tensorflow": ("tensorflow/python/platform/build_info.py", r"""['"]cuda_version['"]\s*[:,]\s*['"]([\d.]+)"""),
}


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
    """Read the CUDA version out of one Linux wheel; 1 where that was not possible."""
    if framework not in INSIDE:
        return 0
    path, pattern = INSIDE[framework]
    name = next((one for one in sorted(files) if "manylinux" in one and "x86_64" in one), None)
    if name is None:
        return 0
    try:
        remote = RemoteFile(client, files[name])
        with zipfile.ZipFile(io.BufferedReader(remote, 1 << 16)) as archive:
            text = archive.read(path).decode("utf-8", "replace")
    except (SourceError, OSError, KeyError, zipfile.BadZipFile) as error:
        print(f"{framework} {version}: {name} could not be read ({error}); its claims stay as they are")
        return 1
    found = re.search(pattern, text, re.MULTILINE)
    if found is None:
        print(f"{framework} {version}: {path} says nothing of CUDA in a form known here; its claims stay as they are")
        return 1
    cuda = next((one for one in found.groups() if one), "cpu")
    says = (known.default.get("linux_x86_64") if framework == "torch" else known.cuda) if known else None
    same = says is not None and cuda.startswith(says)
    print(
        f"{framework} {version}: CUDA {cuda}, the table says {says}{'' if same else '   <-- look'} ({remote.read_bytes} bytes read)"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
