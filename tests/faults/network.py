"""Faults of the network: servers on this machine that answer wrongly, late or not at all, and a machine without network."""

from __future__ import annotations

import contextlib
import http.server
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path
from typing import Any

from tests.faults.planting import Case, Ground, Plant, Planted, in_namespace

NETWORK = ("--select", "DL2", "--timeout", "15")
PROXIES = tuple(name for one in ("http_proxy", "https_proxy", "all_proxy", "no_proxy") for name in (one, one.upper()))
BUNDLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT")
CLEAN = {**dict.fromkeys((*PROXIES, *BUNDLES), "UNSET"), "PIP_CONFIG_FILE": "/dev/null"}
"""No proxy and no index of the outer machine reaches in."""


class Index(http.server.BaseHTTPRequestHandler):
    """A package index that answers every page with ``status``, ``ahead`` seconds off the true time, after ``wait``."""

    status = 200
    ahead = 0.0
    wait = 0.0

    def do_GET(self) -> None:
        time.sleep(self.wait)
        self.send_response_only(self.status)
        self.send_header("Date", formatdate(time.time() + self.ahead, usegmt=True))
        self.send_header("Content-Length", "13")
        self.end_headers()
        self.wfile.write(b"<html></html>")

    def log_message(self, *_: Any) -> None:
        """Silent."""


@contextmanager
def serving(certificate: Path | None = None, kind: type[Index] = Index, **answers: Any) -> Iterator[int]:
    """The port of such an index on this machine."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Planted", (kind,), answers))
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


ANSWERS: list[tuple[str, dict[str, Any], str, str]] = [
    ("a server that fails", {"status": 503}, "index-server-fault", "error"),
    ("a server that wants a password", {"status": 401}, "index-server-fault", "error"),
    ("a server that forbids", {"status": 403}, "index-server-fault", "error"),
    ("an hour behind", {"ahead": 3600.0}, "clock-skew", "warning"),
    ("two years behind", {"ahead": 63e6}, "clock-skew", "error"),
    ("a day and more ahead", {"ahead": -1e5}, "clock-skew", "error"),
]


def answering(**answers: Any) -> Plant:
    """An index that answers so."""

    @contextmanager
    def alive() -> Iterator[Ground]:
        with serving(**answers) as port:
            yield Ground({**CLEAN, "PIP_INDEX_URL": f"http://127.0.0.1:{port}/simple"})

    def plant(planted: Planted, folder: Path) -> AbstractContextManager[Ground]:
        return alive()

    return plant


def behind_a_proxy(status: int) -> Plant:
    """An index behind a proxy of this machine that answers so."""

    @contextmanager
    def alive() -> Iterator[Ground]:
        with serving(status=status) as port:
            proxy = f"http://127.0.0.1:{port}"
            yield Ground({**CLEAN, "PIP_INDEX_URL": "http://index.invalid/simple", "http_proxy": proxy})

    def plant(planted: Planted, folder: Path) -> AbstractContextManager[Ground]:
        return alive()

    return plant


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


ADDRESSES: list[tuple[str, Callable[[int], dict[str, str]], str]] = [
    ("nobody listens", lambda port: {"PIP_INDEX_URL": f"http://127.0.0.1:{port}/simple"}, "network-blocked"),
    ("a name that nobody has", lambda _: {"PIP_INDEX_URL": "https://index.invalid/simple"}, "dns-failure"),
    ("a proxy that is down", lambda port: {"PIP_INDEX_URL": "https://index.example/simple", "https_proxy": f"http://127.0.0.1:{port}"}, "proxy-misconfigured"),
    ("a proxy whose name nobody has", lambda _: {"PIP_INDEX_URL": "https://index.example/simple", "https_proxy": "http://proxy.invalid:3128"}, "proxy-misconfigured"),
    ("a folder of wheels that is gone", lambda _: {"PIP_INDEX_URL": "file:///nonexistent/wheels"}, "index-configuration"),
]  # fmt: skip


def asking(variables: Callable[[int], dict[str, str]], before: tuple[str, ...] = ()) -> Plant:
    """Variables that send the doctor somewhere; they get the number of a port on which nobody listens."""
    return lambda *_: Ground({**CLEAN, **variables(free_port())}, before=before)


def names_only_broken(planted: Planted, folder: Path) -> Ground:
    """The network is there, the server of names is not: nobody listens where resolv.conf points."""
    (folder / "resolv.conf").write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
    before = in_namespace(f"mount --bind {folder / 'resolv.conf'} /etc/resolv.conf")
    return Ground({**CLEAN, "PIP_INDEX_URL": "https://index.example/simple"}, before=before)


def make_certificate(folder: Path) -> Path:
    """Key and certificate, in one file, of an authority that nobody trusts, for this machine's own address."""
    place = folder / "both.pem"
    key, shown = place.with_name("key.pem"), place.with_name("shown.pem")
    words = [
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=DNS:localhost,IP:127.0.0.1",
    ]
    subprocess.run(["openssl", "req", *words, "-keyout", str(key), "-out", str(shown)], check=True, capture_output=True)
    place.write_text(key.read_text() + shown.read_text())
    return place


def encrypted(*, trusted: bool = False, spoken: bool = True) -> Plant:
    """An index behind https whose certificate nobody knows, or that speaks no TLS at all."""

    @contextmanager
    def alive(folder: Path) -> Iterator[Ground]:
        certificate = make_certificate(folder) if spoken else None
        with serving(certificate) as port:
            known = {"PIP_CERT": str(folder / "shown.pem")} if trusted else {}
            yield Ground({**CLEAN, **known, "PIP_INDEX_URL": f"https://127.0.0.1:{port}/simple"})

    def plant(planted: Planted, folder: Path) -> AbstractContextManager[Ground]:
        return alive(folder)

    return plant


def online(case: Case) -> Case:
    arguments = (*NETWORK, "--measure") if case.cause == "slow-network" else NETWORK
    return replace(case, family="network", arguments=arguments, online=True)


class Trickle(Index):
    """An index that is quick to answer and sends wheels at 100 KB a second."""

    def do_GET(self) -> None:
        if not self.path.endswith((".whl", "/numpy/")):
            super().do_GET()
            return
        wheel = self.path.endswith(".whl")
        page = b'<a href="numpy-2.4.6-cp311-cp311-linux_x86_64.whl">numpy</a>'
        self.send_response_only(206 if wheel else 200)
        self.send_header("Content-Length", str(300_000 if wheel else len(page)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(b"" if wheel else page)
            for _ in range(30 if wheel else 0):
                self.wfile.write(bytes(10_000))
                time.sleep(0.1)


NOWHERE = [
    ("no network at all", "https://index.example/simple"),
    ("an address, no route", "https://192.0.2.7/simple"),
]
FAULTS = tuple(
    online(case)
    for case in (
        *(Case("", f"an index: {what}", answering(**answers), cause, severity) for what, answers, cause, severity in ANSWERS),
        Case("", "an index that never answers", answering(wait=30.0), "index-server-fault", limit=30),
        Case("", "an index that sends 100 KB a second", answering(kind=Trickle), "slow-network", "note"),
        *(Case("", what, asking(variables), cause) for what, variables, cause in ADDRESSES),
        Case("", "only the server of names is away", names_only_broken, "dns-failure", needs=("mounts",)),
        Case(
            "", "a proxy that wants a password", behind_a_proxy(407), "proxy-misconfigured", besides=("index-trust",)
        ),
        Case("", "a connection that somebody opens on the way", encrypted(), "tls-proxy-ca-untrusted", needs=("openssl",)),
        Case("", "a port that speaks no TLS", encrypted(spoken=False), "tls-proxy-ca-untrusted"),
        *(
            Case(
                "", what, asking(lambda _, address=address: {"PIP_INDEX_URL": address}, in_namespace(":", "-n")),  # type: ignore[misc]
                "network-blocked", others=("dns-failure", "no-internet"), besides=("no-internet",), needs=("networks",),
            )
            for what, address in NOWHERE
        ),
    )
)  # fmt: skip
HEALTHY = tuple(
    online(case)
    for case in (
        Case("", "a healthy index", answering()),
        Case("", "a healthy index without that project", answering(status=404)),
        Case("", "an authority that is trusted", encrypted(trusted=True), needs=("openssl",)),
    )
)
