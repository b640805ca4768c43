"""A package index on this machine that can throttle, drop, truncate, corrupt and lie; and tiny wheels to put on it."""

from __future__ import annotations

import base64
import functools
import hashlib
import html
import io
import re
import ssl
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from packaging.utils import canonicalize_name


def wheel(
    name: str,
    version: str = "1.0",
    *,
    files: dict[str, bytes] | None = None,
    requires: tuple[str, ...] = (),
    packed: bool = False,
) -> tuple[str, bytes]:
    """File name and bytes of a pure wheel; every file is in RECORD. ``packed``: compressed, as real ones are."""
    folder = name.replace("-", "_")
    info = f"{folder}-{version}.dist-info"
    content = dict(
        files or {f"{folder}/__init__.py": f"version = {version!r}\n".encode(), f"{folder}/data.bin": bytes(2000)}
    )
    metadata = [
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}",
        *(f"Requires-Dist: {one}" for one in requires),
    ]
    content[f"{info}/METADATA"] = ("\n".join(metadata) + "\n").encode()
    content[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    rows = [f"{path},sha256={_digest(data)},{len(data)}" for path, data in content.items()]
    content[f"{info}/RECORD"] = ("\n".join([*rows, f"{info}/RECORD,,"]) + "\n").encode()
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as archive:
        for path, data in content.items():
            entry = zipfile.ZipInfo(path)
            entry.external_attr = (0o100755 if "/scripts/" in path else 0o100644) << 16
            archive.writestr(entry, data, archive.compression)
    return f"{folder}-{version}-py3-none-any.whl", stream.getvalue()


@functools.lru_cache(maxsize=1000)
def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


@dataclass
class Index:
    """The server's goods and its vices."""

    url: str = ""
    wheels: dict[str, bytes] = field(default_factory=dict)
    sent: dict[str, int] = field(default_factory=dict)
    """Bytes of bodies by file name."""
    requests: list[tuple[str, str | None]] = field(default_factory=list)
    """Path and Range header of every request for a wheel."""
    asked: list[str] = field(default_factory=list)
    """Path of every request whatever."""
    password: str | None = None
    drop_after: int | None = None
    """Close the connection after so many bytes, ``drops`` times."""
    drops: int = 1
    gone_after_drops: bool = False
    """Whether every connection is closed without an answer once all drops have happened."""
    sizes: bool = True
    """Whether it says how long a file is."""
    truncate: int | None = None
    """Say 200 and a short Content-Length: a cut file that looks whole."""
    corrupt: int = 0
    """How many answers have a byte turned around."""
    status: int | None = None
    failures: int = 0
    """How many answers have ``status`` instead of the file."""
    ranges: bool = True
    bytes_per_second: float | None = None
    silent_after: int | None = None
    """Keep the connection and say nothing more after so many bytes of a file."""
    lies: bool = False
    """The page gives another hash than the file has."""

    def add(self, name: str, version: str = "1.0", **options) -> None:
        filename, data = wheel(name, version, **options)
        self.wheels[filename] = data

    @property
    def total(self) -> int:
        return sum(self.sent.values())

    def page(self, project: str) -> str:
        rows = []
        for filename, data in self.wheels.items():
            if canonicalize_name(filename.split("-")[0]) == project:
                digest = _sha256(data + b"x" if self.lies else data)
                rows.append(f'<a href="../../files/{html.escape(filename)}#sha256={digest}">{filename}</a>')
        return "<!DOCTYPE html><html><body>" + "\n".join(rows) + "</body></html>"


@contextmanager
def serve(index: Index | None = None, tls: ssl.SSLContext | None = None) -> Iterator[Index]:
    """Serve the index on a free port of the loopback interface."""
    index = index or Index()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"index": index}))
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    index.url = f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}/simple"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield index
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    index: Index
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self.do_GET(body=False)

    def do_GET(self, *, body: bool = True) -> None:
        self.index.asked.append(self.path)
        if self.index.gone_after_drops and self.index.drops == 0:
            self.close_connection = True
            return
        if self.index.password is not None:
            token = base64.b64encode(f"user:{self.index.password}".encode()).decode()
            if self.headers.get("Authorization") != f"Basic {token}":
                self._answer(401, b"", {"WWW-Authenticate": 'Basic realm="x"'})
                return
        parts = self.path.strip("/").split("/")
        if parts[0] == "simple":
            page = self.index.page(parts[1]) if len(parts) > 1 else ""
            known = "href" in page
            self._answer(200 if known else 404, page.encode() if body else b"", {"Content-Type": "text/html"})
            return
        data = self.index.wheels.get(parts[-1])
        if data is None:
            self._answer(404, b"", {})
            return
        self._file(parts[-1], data, body=body)

    def _file(self, name: str, data: bytes, *, body: bool) -> None:
        index = self.index
        span = self.headers.get("Range")
        if body:
            index.requests.append((name, span))
        if body and index.failures > 0:
            index.failures -= 1
            self._answer(index.status or 503, b"", {})
            return
        if body and index.corrupt > 0:
            index.corrupt -= 1
            middle = len(data) // 2
            data = data[:middle] + bytes([data[middle] ^ 255]) + data[middle + 1 :]
        if index.truncate is not None:
            data = data[: index.truncate]
        headers = {"Content-Type": "application/octet-stream", "Accept-Ranges": "bytes" if index.ranges else "none"}
        status = 200
        if span and index.ranges:
            found = re.fullmatch(r"bytes=(\d*)-(\d*)", span)
            start = int(found[1]) if found[1] else len(data) - int(found[2])
            end = min(int(found[2]), len(data) - 1) if found[1] and found[2] else len(data) - 1
            if start >= len(data):
                self._answer(416, b"", {"Content-Range": f"bytes */{len(data)}"})
                return
            headers["Content-Range"] = f"bytes {start}-{end}/{len(data)}"
            data, status = data[start : end + 1], 206
        if not body:
            self._answer(status, data, headers, body=False, name=name)
            return
        cut = None
        if index.drop_after is not None and index.drops > 0 and len(data) > index.drop_after:
            index.drops -= 1
            cut = index.drop_after
        self._answer(status, data, headers, cut=cut, name=name)

    def _answer(
        self,
        status: int,
        data: bytes,
        headers: dict[str, str],
        *,
        body: bool = True,
        cut: int | None = None,
        name: str = "",
    ) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        if self.index.sizes or not name:
            self.send_header("Content-Length", str(len(data)))
        else:
            self.close_connection = True
            self.send_header("Connection", "close")
        self.end_headers()
        if not body:
            return
        sent = data if cut is None else data[:cut]
        try:
            for at in range(0, len(sent), 16384):
                block = sent[at : at + 16384]
                if name and self.index.silent_after is not None and at >= self.index.silent_after:
                    time.sleep(60)
                self.wfile.write(block)
                if name:
                    self.index.sent[name] = self.index.sent.get(name, 0) + len(block)
                if self.index.bytes_per_second:
                    time.sleep(len(block) / self.index.bytes_per_second)
            self.wfile.flush()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        if cut is not None:
            self.close_connection = True
            self.connection.close()
