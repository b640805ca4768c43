"""Fetches wheels: resumed across runs, held against size and sha256, never half in place.

A wheel lies under its hash in the wheelhouse; while it is on its way it is a ``.part`` file beside it. What a killed run
has fetched is asked for again only from where it ended (Range with If-Range); a server that sends the whole file instead
starts it anew.
"""

from __future__ import annotations

import base64
import email.message
import functools
import http.client
import netrc
import os
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import IO, Any
from urllib.parse import unquote, urlsplit, urlunsplit

from dlcheck.model.redact import mask_secrets


class SourceError(Exception):
    """A source did not give what was asked for. ``kind``: dns, tcp, tls, proxy, http, timeout, content, disk."""

    def __init__(self, kind: str, message: str, status: int | None = None) -> None:
        super().__init__(mask_secrets(message))
        self.kind = kind
        self.status = status


class _SameHost(urllib.request.HTTPRedirectHandler):
    """Follows redirects, but takes no password to another host, and does not leave https."""

    def redirect_request(  # noqa: PLR0917 - the signature of urllib
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        made = super().redirect_request(req, fp, code, msg, headers, newurl)
        old, new = urlsplit(req.full_url), urlsplit(newurl)
        if old.scheme == "https" and new.scheme != "https":
            raise SourceError("http", f"{old.hostname} redirects to an address without TLS")
        if made is not None and (old.scheme, old.netloc) != (new.scheme, new.netloc):
            made.remove_header("Authorization")
        return made


class _Certified(urllib.request.HTTPSHandler):
    """Reads the certificates when they are first needed: that takes 40 ms, which a run without downloads saves."""

    def __init__(self, context_of: Callable[[str], ssl.SSLContext]) -> None:
        urllib.request.AbstractHTTPHandler.__init__(self)
        self._context_of = context_of

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(http.client.HTTPSConnection, req, context=self._context_of(req.full_url))


class Client:
    """Reads addresses through the proxies and certificates of an environment. Safe to share between threads."""

    def __init__(self, env: Mapping[str, str], *, timeout: float = 30.0, insecure_hosts: tuple[str, ...] = ()) -> None:
        self.timeout = timeout
        self._insecure = frozenset(insecure_hosts)
        proxies = {
            scheme: env.get(f"{scheme}_proxy") or env.get(f"{scheme.upper()}_PROXY") or env.get("ALL_PROXY") or ""
            for scheme in ("http", "https")
        }
        self._no_proxy = env.get("no_proxy") or env.get("NO_PROXY") or ""
        self._proxies = {scheme: value for scheme, value in proxies.items() if value}
        self._certificates = (
            env.get("SSL_CERT_FILE") or env.get("REQUESTS_CA_BUNDLE") or None,
            env.get("SSL_CERT_DIR") if not env.get("SSL_CERT_FILE") else None,
        )
        self._lock = threading.Lock()
        self._netrc = _read_netrc(env)

    def open(
        self, address: str, headers: Mapping[str, str] | None = None, method: str = "GET"
    ) -> http.client.HTTPResponse:
        """The response; ``SourceError`` for everything that is none, an HTTP error included."""
        url, authorization = self._without_credentials(address)
        request = urllib.request.Request(url, method=method, headers=dict(headers or {}))  # noqa: S310 - scheme checked below
        if urlsplit(url).scheme not in ("http", "https"):
            raise SourceError("http", f"{url}: only http and https are fetched")
        request.add_header("User-Agent", "dlcheck")
        request.add_header("Accept-Encoding", "identity")
        if authorization:
            request.add_unredirected_header("Authorization", authorization)
        try:
            response: http.client.HTTPResponse = self._opener(url).open(request, timeout=self.timeout)
        except urllib.error.HTTPError as error:
            with error:
                raise SourceError("http", f"{_host(url)} answers {error.code} {error.reason}", error.code) from None
        except (urllib.error.URLError, OSError, http.client.HTTPException) as error:
            raise explained(error, url) from None
        return response

    def _context_of(self, url: str) -> ssl.SSLContext:
        if urlsplit(url).hostname in self._insecure:
            return ssl._create_unverified_context()  # noqa: S323, SLF001 - the person's trusted-host setting names this host
        with self._lock:
            return self._verified

    @functools.cached_property
    def _verified(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._certificates[0], capath=self._certificates[1])

    def _opener(self, url: str) -> urllib.request.OpenerDirector:
        direct = _bypasses(urlsplit(url).hostname or "", self._no_proxy)
        return urllib.request.build_opener(
            urllib.request.ProxyHandler({} if direct else self._proxies), _Certified(self._context_of), _SameHost()
        )

    def _without_credentials(self, address: str) -> tuple[str, str | None]:
        parts = urlsplit(address)
        user, password = parts.username, parts.password
        host = parts.hostname or ""
        if user is None and self._netrc is not None and (found := self._netrc.authenticators(host)):
            user, password = found[0], found[2]
        else:
            user, password = user and unquote(user), password and unquote(password)
        netloc = parts.netloc.rpartition("@")[2]
        url = urlunsplit((parts.scheme, netloc, parts.path, parts.query, ""))
        if not user and not password:
            return url, None
        token = base64.b64encode(f"{user or ''}:{password or ''}".encode()).decode("ascii")
        return url, f"Basic {token}"

    def size(self, address: str) -> int | None:
        """Bytes of the file as the server says without sending it; None where it does not say."""
        try:
            with self.open(address, method="HEAD") as response:
                return _length(response.headers)
        except SourceError:
            return None

    def text(self, address: str, headers: Mapping[str, str] | None = None, limit: int = 32_000_000) -> str:
        """The document at an address, cut at ``limit`` bytes."""
        try:
            with self.open(address, headers) as response:
                return response.read(limit).decode("utf-8", "replace")
        except (OSError, http.client.HTTPException) as error:
            raise explained(error, address) from None

    def answers(self, address: str) -> bool:
        """Whether the address can be had at all; an HTTP error other than 404 and 410 counts as no."""
        try:
            with self.open(address, method="HEAD"):
                return True
        except SourceError:
            return False


def explained(error: BaseException, url: str) -> SourceError:
    """The error in words, with the step that failed."""
    import socket

    reason = getattr(error, "reason", error)
    host = _host(url)
    if isinstance(error, SourceError):
        return error
    if isinstance(reason, ssl.SSLError):
        return SourceError(
            "tls",
            f"{host}: the certificate is not accepted ({getattr(reason, 'verify_message', None) or reason.reason})",
        )
    if isinstance(reason, socket.gaierror):
        return SourceError("dns", f"{host}: the name is not known here ({reason.strerror})")
    if isinstance(reason, TimeoutError):
        return SourceError("timeout", f"{host}: no answer in time")
    if isinstance(reason, ConnectionError):
        return SourceError("tcp", f"{host}: {reason.strerror or type(reason).__name__}")
    if "tunnel" in str(reason).lower() or "proxy" in str(reason).lower():
        return SourceError("proxy", f"the proxy refuses {host}: {reason}")
    return SourceError("tcp", f"{host}: {reason or type(reason).__name__}")


def _host(url: str) -> str:
    return urlsplit(url).hostname or url


def _length(headers: email.message.Message) -> int | None:
    value = headers.get("Content-Length", "")
    return int(value) if value.isdigit() else None


def _bypasses(host: str, no_proxy: str) -> bool:
    if host in ("localhost", "127.0.0.1", "::1"):
        return True
    for entry in (one.strip().lstrip(".").lower() for one in no_proxy.split(",")):
        if entry and (entry == "*" or host.lower() == entry or host.lower().endswith("." + entry)):
            return True
    return False


def _read_netrc(env: Mapping[str, str]) -> netrc.netrc | None:
    path = env.get("NETRC") or os.path.join(env.get("HOME") or os.path.expanduser("~"), ".netrc")
    try:
        return netrc.netrc(path)
    except (OSError, netrc.NetrcParseError, UnicodeDecodeError):
        return None
