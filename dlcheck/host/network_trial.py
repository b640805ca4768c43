"""One package source, tried step by step: name, proxy, connection, TLS, HTTP."""

from __future__ import annotations

import email.utils
import http.client
import os
import re
import socket
import ssl
import time
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dlcheck.host.network import STEP
from dlcheck.model.host_facts import IndexFacts
from dlcheck.model.sources import PackageSources, Source

PROJECT = "pip"
"""A small project that every index has; its page stands for the index, whose own listing can be tens of megabytes."""
BIG_PROJECT = "numpy"
"""A project with wheels of more than SAMPLE bytes, for the measurement of throughput."""
SAMPLE = 2_097_152


class Trial:
    """Tries one source; its row always says how far it came, since a thread cannot be stopped."""

    def __init__(
        self, rows: list[IndexFacts], at: int, source: Source, sources: PackageSources, environ: Mapping[str, str]
    ) -> None:
        self._rows = rows
        self._at = at
        self._source = source
        self._sources = sources
        self._proxy = _proxy_of(source, sources, environ)

    def _note(self, **fields: Any) -> None:
        self._rows[self._at] = replace(self._rows[self._at], **fields)

    def run(self, *, measure: bool) -> None:
        """Go through the steps; with ``measure``, take the throughput too."""
        proxy = self._proxy
        address = urllib.parse.urlsplit(self._source.address)
        begun = time.monotonic()
        try:
            via = urllib.parse.urlsplit(proxy if "://" in proxy else f"http://{proxy}") if proxy else address
            host, port = via.hostname or "", via.port or (443 if via.scheme == "https" else 80)
            self._note(step="proxy" if proxy else "dns")
            places = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            self._note(step="proxy" if proxy else "tcp")
            connection = _connect(places)
            self._note(step="tls" if address.scheme == "https" else "http")
            context = _context(self._sources)
            client = _client(address, proxy, connection, context)
            self._note(step="http")
            client.request("GET", _page(address, PROJECT, bool(proxy)), headers=_headers(address))
            answer = client.getresponse()
            reached = answer.status < 500 and answer.status not in (401, 403, 407)
            self._note(
                reached=reached,
                step=None if reached else "proxy" if answer.status == 407 else "http",
                error=None if reached else f"HTTP {answer.status} {answer.reason}",
                status=answer.status,
                seconds=time.monotonic() - begun,
                clock_skew_seconds=_skew(answer.headers.get("Date")),
            )
            client.close()
            if measure and reached:
                self._note(bytes_per_second=_throughput(self._source, proxy, context))
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._note(reached=False, error=_words(error), seconds=time.monotonic() - begun)


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


def _connect(places: Sequence[tuple[Any, ...]]) -> socket.socket:
    failure: OSError = OSError("the name has no address")
    for family, kind, protocol, _, place in places[:4]:
        connection = socket.socket(family, kind, protocol)
        connection.settimeout(STEP)
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
    client = http.client.HTTPConnection(host, address.port or (443 if address.scheme == "https" else 80), timeout=STEP)
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
        with opener.open(_request(page, headers), timeout=STEP) as answer:
            links = re.findall(r'href="([^"#]+\.whl)', answer.read(16_000_000).decode("utf-8", "replace"))
        if not links:
            return None
        wheel = urllib.parse.urljoin(page, links[-1].replace("&amp;", "&"))
        if urllib.parse.urlsplit(wheel).scheme not in ("http", "https"):
            return None
        # The page may name a wheel on any host; the index's password is for the index.
        same = urllib.parse.urlsplit(wheel)[:2] == urllib.parse.urlsplit(page)[:2]
        given = {**(headers if same else {}), "Range": f"bytes=0-{SAMPLE - 1}"}
        request = _request(wheel, given)
        begun = time.monotonic()
        with opener.open(request, timeout=STEP) as answer:
            got = len(answer.read(SAMPLE))
        return got / max(time.monotonic() - begun, 1e-6)
    except (OSError, http.client.HTTPException, ValueError):
        return None


def _request(address: str, headers: dict[str, str]) -> urllib.request.Request:
    """A request whose password stays with the host it is meant for, wherever that redirects to."""
    request = urllib.request.Request(address)  # noqa: S310 - the callers ask for http(s) alone
    for name, value in headers.items():
        (request.add_unredirected_header if name == "Authorization" else request.add_header)(name, value)
    return request


def _words(error: BaseException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate is not trusted: {error.verify_message}"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return str(getattr(error, "strerror", None) or error)
