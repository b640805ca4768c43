"""Whether the package sources that pip and uv are configured with answer, and at which step they do not.

Each source is tried in a daemon thread of its own: name resolution cannot be cancelled, and must not hold up the rest.
"""

from __future__ import annotations

import email.utils
import http.client
import os
import re
import socket
import ssl
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dlcheck.host.package_sources import local_path, package_sources, shown_proxies
from dlcheck.model.host_facts import IndexFacts, NetworkFacts
from dlcheck.model.sources import PackageSources, Source

PROJECT = "pip"
"""A small project that every index has; its page stands for the index, whose own listing can be tens of megabytes."""
BIG_PROJECT = "numpy"
"""A project with wheels of more than SAMPLE bytes, for the measurement of throughput."""
SAMPLE = 2_097_152
_STEP = 5.0
"""Seconds that one step (name, connection, handshake, answer) may take."""


class Look:
    """A look at the network under way; ``wait`` gives the facts."""

    def __init__(self, sources: PackageSources, *, offline: bool, measure: bool, environ: Mapping[str, str]) -> None:
        self._sources = sources
        self._offline = offline
        rows = [IndexFacts(url=one.url, source=f"{one.tool}: {one.origin}", role=one.role) for one in sources.sources]
        self._rows = rows
        self._started = time.monotonic()
        self._threads: list[threading.Thread] = []
        context = _context(sources)
        for at, source in enumerate(sources.sources):
            if source.is_local:
                rows[at] = _look_local(rows[at], source)
            elif not offline and not sources.no_index:
                rows[at] = replace(rows[at], reached=False, step="dns", error="no answer in time")
                trial = threading.Thread(
                    target=_try,
                    args=(rows, at, source, _proxy_of(source, sources, environ), context, measure),
                    daemon=True,
                )
                trial.start()
                self._threads.append(trial)

    def wait(self) -> NetworkFacts:
        """The facts; a source that has not answered after four steps' time did not answer."""
        for thread in self._threads:
            thread.join(max(0.0, self._started + 4 * _STEP - time.monotonic()))
        files = {name: setting.shown for name, setting in self._sources.ca_files.items()}
        return NetworkFacts(
            indexes=tuple(self._rows),
            proxies=shown_proxies(self._sources),
            ca_files=files,
            missing_ca_files=tuple(name for name, path in files.items() if not os.path.exists(path)),
            trusted_hosts=self._sources.trusted_hosts,
            tried=not self._offline,
            no_index=self._sources.no_index,
        )


def start(*, prefix: str | None, offline: bool, measure: bool = False, environ: Mapping[str, str] = os.environ) -> Look:
    """Begin to try the sources that the environment at ``prefix`` would install from."""
    sources = package_sources(environ, prefix=prefix, folder=os.curdir)
    return Look(sources, offline=offline, measure=measure, environ=environ)


def _context(sources: PackageSources) -> ssl.SSLContext | str:
    """TLS settings with the certificates that pip and uv are told to use; the words of what is wrong with them."""
    context = ssl.create_default_context()
    for setting in sources.ca_files.values():
        try:
            if os.path.isdir(setting.value):
                context.load_verify_locations(capath=setting.value)
            elif os.path.exists(setting.value):
                context.load_verify_locations(cafile=setting.value)
        except (ssl.SSLError, OSError) as error:
            return f"{setting.origin} names {setting.shown}, which holds no certificates: {error}"
    return context


def _look_local(row: IndexFacts, source: Source) -> IndexFacts:
    there = os.path.exists(local_path(source.address))
    return replace(
        row, reached=there, step=None if there else "file", error=None if there else "there is no such folder"
    )


def _proxy_of(source: Source, sources: PackageSources, environ: Mapping[str, str]) -> str | None:
    """The proxy for a source: pip's own setting, else the variables, lower case first as urllib and curl do."""
    address = urllib.parse.urlsplit(source.address)
    host = address.hostname or ""
    bypass = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    if any(host == one.lstrip(".") or host.endswith("." + one.lstrip(".")) or one == "*" for one in _listed(bypass)):
        return None
    for name in (f"{address.scheme}_proxy", f"{address.scheme}_proxy".upper(), "all_proxy", "ALL_PROXY", "proxy"):
        setting = sources.proxies.get(name)
        if setting is not None and setting.value:
            return setting.value
    others = [one for name, one in sources.proxies.items() if "no" not in name.lower().split("_")[0]]
    return next((one.value for one in others if one.origin not in environ and "_" not in one.origin), None)


def _listed(bypass: str) -> list[str]:
    """The hosts of a no_proxy value, ports and blanks taken off."""
    return [one.strip().partition(":")[0] for one in bypass.split(",") if one.strip()]


def _try(  # noqa: PLR0917 - the arguments of a thread
    rows: list[IndexFacts],
    at: int,
    source: Source,
    proxy: str | None,
    context: ssl.SSLContext | str,
    measure: bool,
) -> None:
    """Go through the steps; the row always says how far it came."""
    address = urllib.parse.urlsplit(source.address)
    begun = time.monotonic()
    step = "proxy" if proxy else "dns"
    try:
        via = urllib.parse.urlsplit(proxy if "://" in proxy else f"http://{proxy}") if proxy else address
        host, port = via.hostname or "", via.port or (443 if via.scheme == "https" else 80)
        places = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        step = "proxy" if proxy else "tcp"
        rows[at] = replace(rows[at], step=step)
        connection = _connect(places)
        connection.settimeout(_STEP)
        step = "tls" if address.scheme == "https" else "http"
        rows[at] = replace(rows[at], step=step)
        client = _client(address, proxy, connection, context)
        step = "http"
        path = _page(address, PROJECT, bool(proxy))
        client.request("GET", path, headers=_headers(address))
        answer = client.getresponse()
        seconds = time.monotonic() - begun
        reached = answer.status < 500 and answer.status not in (401, 403, 407)
        rows[at] = replace(
            rows[at],
            reached=reached,
            step=None if reached else "proxy" if answer.status == 407 else "http",
            error=None if reached else f"HTTP {answer.status} {answer.reason}",
            status=answer.status,
            seconds=seconds,
            clock_skew_seconds=_skew(answer.headers.get("Date")),
        )
        client.close()
        if measure and reached:
            rows[at] = replace(rows[at], bytes_per_second=_throughput(source, proxy, context))
    except (OSError, http.client.HTTPException, ValueError) as error:
        rows[at] = replace(rows[at], reached=False, step=step, error=_words(error), seconds=time.monotonic() - begun)


def _connect(places: Sequence[tuple[Any, ...]]) -> socket.socket:
    failure: OSError = OSError("the name has no address")
    for family, kind, protocol, _, place in places[:4]:
        connection = socket.socket(family, kind, protocol)
        connection.settimeout(_STEP)
        try:
            connection.connect(place)
        except OSError as error:
            failure = error
            connection.close()
        else:
            return connection
    raise failure


def _client(
    address: urllib.parse.SplitResult, proxy: str | None, connection: socket.socket, context: ssl.SSLContext | str
) -> http.client.HTTPConnection:
    """A client that speaks over the connection, through a tunnel and TLS where the address asks for them."""
    host = address.hostname or ""
    client = http.client.HTTPConnection(host, address.port or (443 if address.scheme == "https" else 80), timeout=_STEP)
    if address.scheme == "https":
        if proxy:
            client.set_tunnel(host, address.port or 443, headers=_proxy_headers(proxy))
            client.sock = connection
            client._tunnel()  # type: ignore[attr-defined]  # noqa: SLF001 - http.client offers a tunnel only to connections it opens
        if isinstance(context, str):
            raise ssl.SSLError(context)
        client.sock = context.wrap_socket(client.sock if proxy else connection, server_hostname=host)
    else:
        client.sock = connection
    return client


def _page(address: urllib.parse.SplitResult, project: str, absolute: bool) -> str:
    path = f"{address.path.rstrip('/')}/{project}/"
    if absolute and address.scheme == "http":
        return f"http://{address.hostname}:{address.port or 80}{path}"
    return path


def _headers(address: urllib.parse.SplitResult) -> dict[str, str]:
    accept = "application/vnd.pypi.simple.v1+json, text/html;q=0.5"
    headers = {"Accept": accept, "User-Agent": "dlcheck", "Connection": "close"}
    if address.username:
        import base64

        pair = f"{urllib.parse.unquote(address.username)}:{urllib.parse.unquote(address.password or '')}"
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode("ascii")
    return headers


def _proxy_headers(proxy: str) -> dict[str, str]:
    via = urllib.parse.urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    return {"Proxy-Authorization": _headers(via)["Authorization"]} if via.username else {}


def _skew(date: str | None) -> float | None:
    """Seconds that the server's clock is ahead of ours."""
    try:
        return email.utils.parsedate_to_datetime(date).timestamp() - time.time() if date else None
    except (TypeError, ValueError):
        return None


def _throughput(source: Source, proxy: str | None, context: ssl.SSLContext | str) -> float | None:
    """Bytes per second over the first SAMPLE bytes of a wheel of BIG_PROJECT; None where the index offers none."""
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({"http": proxy, "https": proxy} if proxy else {}),
        urllib.request.HTTPSHandler(context=context if isinstance(context, ssl.SSLContext) else None),
    )
    address = urllib.parse.urlsplit(source.address)
    host = address.hostname or ""
    bare = address._replace(netloc=f"{host}:{address.port}" if address.port else host)
    page = urllib.parse.urlunsplit(bare._replace(path=f"{address.path.rstrip('/')}/{BIG_PROJECT}/"))
    headers = {**_headers(address), "Accept": "text/html"}
    try:
        with opener.open(urllib.request.Request(page, headers=headers), timeout=_STEP) as answer:  # noqa: S310 - http(s) alone
            links = re.findall(r'href="([^"#]+\.whl)', answer.read(16_000_000).decode("utf-8", "replace"))
        if not links:
            return None
        wheel = urllib.parse.urljoin(page, links[-1].replace("&amp;", "&"))
        request = urllib.request.Request(wheel, headers={**headers, "Range": f"bytes=0-{SAMPLE - 1}"})  # noqa: S310
        begun = time.monotonic()
        with opener.open(request, timeout=_STEP) as answer:
            got = len(answer.read(SAMPLE))
        return got / max(time.monotonic() - begun, 1e-6)
    except (OSError, http.client.HTTPException, ValueError):
        return None


def _words(error: BaseException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate is not trusted: {error.verify_message}"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return str(getattr(error, "strerror", None) or error)
