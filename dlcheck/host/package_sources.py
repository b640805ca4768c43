"""Where pip and uv get packages from: their configuration files and variables, read without starting either.

pip: "Configuration" in its manual and pip/_internal/configuration.py (26.3): global, user, site file, then the file that
PIP_CONFIG_FILE names, then PIP_* variables; a later one replaces an earlier one; the section of the command replaces
[global]. uv: "Configuration files" and "Environment variables" in its manual: variables, then the project's file, the
user's, the system's.
"""

from __future__ import annotations

import configparser
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, unquote

from dlcheck.host import files
from dlcheck.host.default_index import default_index
from dlcheck.model.host_facts import IndexFacts
from dlcheck.model.sources import PackageSources, Setting, Source

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
_CA_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


@dataclass(slots=True)
class _Reading:
    """What has been read so far."""

    sources: list[Source] = field(default_factory=list)
    no_index: bool = False
    proxies: dict[str, Setting] = field(default_factory=dict)
    ca_files: dict[str, Setting] = field(default_factory=dict)
    trusted_hosts: list[str] = field(default_factory=list)
    timeouts: list[float] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    read: list[str] = field(default_factory=list)


def package_sources(
    environ: Mapping[str, str],
    *,
    prefix: str | None = None,
    folder: str | None = None,
    system: str = sys.platform,
    etc: str = "/etc",
) -> PackageSources:
    """The sources of pip and uv for the environment at ``prefix``, seen from the working directory ``folder``.

    No network, no process. Where neither tool names an index, pip's own default stands at the end, read from the files
    of the pip that lies in ``prefix`` or beside this interpreter.
    """
    reading = _Reading()
    for name in _PROXY_VARIABLES:
        for spelling in (name, name.lower()):
            if environ.get(spelling):
                reading.proxies[spelling] = Setting(value=environ[spelling], origin=spelling)
    for name in _CA_VARIABLES:
        if environ.get(name):
            reading.ca_files[name] = Setting(value=environ[name], origin=name)
    _read_uv(reading, environ, uv_files(environ, folder, system, etc))
    _read_pip(reading, environ, pip_files(environ, prefix, system, etc))
    _add_default(reading, prefix)
    unique: dict[tuple[str, str], Source] = {}
    for one in reading.sources:
        unique.setdefault((one.address.rstrip("/"), one.role), one)
    return PackageSources(
        sources=tuple(sorted(unique.values(), key=_place)),
        no_index=reading.no_index,
        proxies=reading.proxies,
        ca_files=reading.ca_files,
        trusted_hosts=tuple(dict.fromkeys(reading.trusted_hosts)),
        timeout=max(reading.timeouts, default=None),
        unreadable=tuple(reading.unreadable),
        read=tuple(reading.read),
    )


def _place(one: Source) -> int:
    """Where it stands when a name is looked for: uv asks its default index last, further ones of pip follow the main one."""
    if one.role == "extra-index":
        return 1 if one.tool == "uv" else 3
    return 0 if one.role == "find-links" else 2


def as_index_facts(sources: PackageSources) -> tuple[IndexFacts, ...]:
    """The sources as facts that may be shown: credentials masked, a local folder looked at, nothing contacted."""
    return tuple(
        IndexFacts(
            url=one.url,
            source=one.origin,
            role=one.role,
            reached=os.path.exists(local_path(one.address)) if one.is_local else None,
            step="file" if one.is_local else None,
        )
        for one in sources.sources
    )


def local_path(address: str) -> str:
    """The path of a local source, whether written as a path or as a file: URL."""
    if not address.startswith("file:"):
        return os.path.expanduser(address)
    # As urllib.request.url2pathname does, without the tenth of a second that its import costs at every start.
    path = unquote(re.sub(r"^file:(//(localhost)?)?", "", address))
    return re.sub(r"^/+(?=[A-Za-z]:)", "", path).replace("/", os.sep) if os.name == "nt" else path


def pip_files(
    environ: Mapping[str, str], prefix: str | None, system: str = sys.platform, etc: str = "/etc"
) -> Iterator[str]:
    """Paths at which pip looks for its configuration, the weakest first."""
    home = environ.get("HOME") or os.path.expanduser("~")
    name = "pip.ini" if system == "win32" else "pip.conf"
    named = environ.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return
    if system == "win32":
        yield os.path.join(environ.get("PROGRAMDATA", "C:\\ProgramData"), "pip", name)
        user = [
            os.path.join(home, "pip", name),
            os.path.join(environ.get("APPDATA", os.path.join(home, "AppData", "Roaming")), "pip", name),
        ]
    elif system == "darwin":
        yield os.path.join("/Library/Application Support/pip", name)
        library = os.path.join(home, "Library/Application Support/pip")
        new = library if os.path.isdir(library) else os.path.join(home, ".config/pip")
        user = [os.path.join(home, ".pip", name), os.path.join(new, name)]
    else:
        for one in (environ.get("XDG_CONFIG_DIRS") or f"{etc}/xdg").split(os.pathsep):
            yield os.path.join(one, "pip", name)
        yield os.path.join(etc, name)
        configuration = environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
        user = [os.path.join(home, ".pip", name), os.path.join(configuration, "pip", name)]
    if not (named and os.path.exists(named)):
        yield from user
    if prefix:
        yield os.path.join(prefix, name)
    if named:
        yield named


def _read_pip(reading: _Reading, environ: Mapping[str, str], paths: Iterable[str]) -> None:
    options: dict[str, Setting] = {}
    sections: dict[str, dict[str, Setting]] = {"global": {}, "install": {}}
    for path in paths:
        if not os.path.isfile(path):
            continue
        parser = configparser.RawConfigParser()
        try:
            parser.read_string(files.whole(path, files.LIMIT).decode("utf-8-sig"), path)
        except (OSError, UnicodeDecodeError, configparser.Error) as error:
            reading.unreadable.append(f"{path}: {getattr(error, 'strerror', None) or type(error).__name__}")
            continue
        reading.read.append(path)
        for section, known in sections.items():
            if parser.has_section(section):
                for key, value in parser.items(section):
                    known[_option(key)] = Setting(value=value, origin=path)
    options = {**sections["global"], **sections["install"]}
    for name, value in environ.items():
        if name.startswith("PIP_") and name != "PIP_CONFIG_FILE" and value:
            options[_option(name.removeprefix("PIP_"))] = Setting(value=value, origin=name)
    for option, role in (("find-links", "find-links"), ("index-url", "index"), ("extra-index-url", "extra-index")):
        if found := options.get(option):
            reading.sources += [
                Source(address=one, role=role, origin=found.origin, tool="pip") for one in found.value.split()
            ]
    if found := options.get("no-index"):
        reading.no_index |= found.value.strip().lower() in ("1", "true", "yes", "on", "t", "y")
    if found := options.get("proxy"):
        reading.proxies["pip proxy"] = found
    if found := options.get("cert"):
        reading.ca_files["pip cert"] = found
    if found := options.get("trusted-host"):
        reading.trusted_hosts += found.value.split()
    if found := options.get("timeout") or options.get("default-timeout"):
        _add_timeout(reading, found.value)


def _option(name: str) -> str:
    return name.strip().lower().replace("_", "-").removeprefix("--")


def _add_timeout(reading: _Reading, value: str) -> None:
    try:
        reading.timeouts.append(float(value))
    except ValueError:
        reading.unreadable.append(f"timeout: {value!r} is no number")


def uv_files(
    environ: Mapping[str, str], folder: str | None, system: str = sys.platform, etc: str = "/etc"
) -> Iterator[str]:
    """Paths of the configuration that uv would read, the strongest first. In one folder uv.toml hides pyproject.toml."""
    if environ.get("UV_NO_CONFIG", "").lower() in ("1", "true", "yes", "on", "t", "y"):
        return
    if environ.get("UV_CONFIG_FILE"):
        yield environ["UV_CONFIG_FILE"]
        return
    here = os.path.abspath(folder or os.getcwd())
    while True:
        for name in ("uv.toml", "pyproject.toml"):
            path = os.path.join(here, name)
            if os.path.isfile(path):
                yield path
                here = os.path.dirname(os.path.abspath(os.sep))
                break
        if here == os.path.dirname(here):
            break
        here = os.path.dirname(here)
    home = environ.get("HOME") or os.path.expanduser("~")
    if system == "win32":
        yield os.path.join(environ.get("APPDATA", home), "uv", "uv.toml")
        yield os.path.join(environ.get("PROGRAMDATA", "C:\\ProgramData"), "uv", "uv.toml")
        return
    yield os.path.join(environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config"), "uv", "uv.toml")
    for one in (environ.get("XDG_CONFIG_DIRS") or f"{etc}/xdg").split(os.pathsep):
        yield os.path.join(one, "uv", "uv.toml")
    yield os.path.join(etc, "uv/uv.toml")


def _read_uv(reading: _Reading, environ: Mapping[str, str], paths: Iterable[str]) -> None:
    for name, role in (
        ("UV_FIND_LINKS", "find-links"),
        ("UV_INDEX", "extra-index"),
        ("UV_DEFAULT_INDEX", "index"),
        ("UV_INDEX_URL", "index"),
        ("UV_EXTRA_INDEX_URL", "extra-index"),
    ):
        for entry in re.split(r"[,\s]+", environ.get(name, "")) if environ.get(name) else ():
            label, separator, address = entry.partition("=")
            named = bool(separator) and "/" not in label
            _add_uv(reading, environ, address if named else entry, role, origin=name, name=label if named else None)
    if environ.get("UV_NO_INDEX"):
        reading.no_index = True
    reading.trusted_hosts += (environ.get("UV_INSECURE_HOST") or "").split()
    if environ.get("UV_HTTP_TIMEOUT"):
        _add_timeout(reading, environ["UV_HTTP_TIMEOUT"])
    for path in paths:
        if not os.path.isfile(path):
            continue
        try:
            table = tomllib.loads(files.whole(path, files.LIMIT).decode("utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            reading.unreadable.append(f"{path}: {getattr(error, 'strerror', None) or type(error).__name__}")
            continue
        if path.endswith("pyproject.toml"):
            table = _table(_table(table.get("tool")).get("uv"))
        if table:
            reading.read.append(path)
            _read_uv_table(reading, environ, {**table, **_table(table.get("pip"))}, path)


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _read_uv_table(reading: _Reading, environ: Mapping[str, str], table: dict[str, Any], path: str) -> None:
    for one in table.get("index") or ():
        if isinstance(one, dict) and isinstance(one.get("url"), str):
            role = "index" if one.get("default") else "extra-index"
            _add_uv(
                reading,
                environ,
                one["url"],
                role,
                origin=path,
                name=one.get("name"),
                explicit=bool(one.get("explicit")),
            )
    for key, role in (("find-links", "find-links"), ("index-url", "index"), ("extra-index-url", "extra-index")):
        values = table.get(key) or ()
        for address in [values] if isinstance(values, str) else values:
            _add_uv(reading, environ, str(address), role, origin=path)
    reading.no_index |= table.get("no-index") is True
    reading.trusted_hosts += [str(one) for one in table.get("allow-insecure-host") or ()]


def _add_uv(
    reading: _Reading,
    environ: Mapping[str, str],
    address: str,
    role: str,
    *,
    origin: str,
    name: str | None = None,
    explicit: bool = False,
) -> None:
    """Add a source of uv's configuration; the strongest setting of the one default index wins."""
    if role == "index" and any(one.role == "index" and one.tool == "uv" for one in reading.sources):
        return
    variable = "UV_INDEX_" + re.sub(r"[^A-Z0-9]", "_", (name or "").upper())
    user, password = environ.get(f"{variable}_USERNAME"), environ.get(f"{variable}_PASSWORD")
    if name and (user or password) and "://" in address and "@" not in address:
        scheme, _, rest = address.partition("://")
        address = f"{scheme}://{quote(user or '', safe='')}:{quote(password or '', safe='')}@{rest}"
    reading.sources.append(Source(address=address, role=role, origin=origin, tool="uv", name=name, explicit=explicit))


def _add_default(reading: _Reading, prefix: str | None) -> None:
    """The index that is asked where nothing else is configured, as the installed pip itself names it."""
    if any(one.role == "index" for one in reading.sources):
        return
    address = default_index(prefix)
    if address:
        reading.sources.append(Source(address=address, role="index", origin="default of pip", tool="pip"))


def with_options(
    found: PackageSources, *, find_links: tuple[str, ...] = (), index_url: str | None = None, folder: str = "."
) -> PackageSources:
    """The sources with those of a command line: its folders come first, its index replaces the configured ones."""
    links = [
        Source(
            address=one if "://" in one else os.path.abspath(os.path.join(folder, os.path.expanduser(one))),
            role="find-links",
            origin="--find-links",
            tool="dlcheck",
        )
        for one in find_links
    ]
    kept = [one for one in found.sources if index_url is None or one.role == "find-links"]
    if index_url is not None:
        kept.append(Source(address=index_url, role="index", origin="--index-url", tool="dlcheck"))
    return replace(found, sources=(*links, *kept), no_index=found.no_index and index_url is None)


def shown_proxies(sources: PackageSources) -> dict[str, str]:
    """Proxies by name, credentials masked, as NetworkFacts has them."""
    return {name: setting.shown for name, setting in sources.proxies.items()}
