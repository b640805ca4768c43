"""Faults of the network: servers on this machine that answer wrongly, late or not at all, and a machine without network."""

from __future__ import annotations

import http.server
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from tests import survival
from tests.faults.planting import Planted, alarms, assert_named

pytestmark = pytest.mark.skipif(os.name != "posix", reason="servers in threads of POSIX")
NETWORK = ("--select", "DL2", "--timeout", "15")


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
def serving(certificate: Path | None = None, **answers: Any) -> Iterator[int]:
    """The port of such an index on this machine."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Planted", (Index,), answers))
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


@pytest.fixture
def planted(tmp_path: Path) -> Planted:
    return Planted(tmp_path)


def look(planted: Planted, **variables: str) -> dict[str, Any]:
    """The doctor with its network rules; no proxy of the outer machine reaches in."""
    names = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
    clean = {name: "UNSET" for one in names for name in (one, one.upper())}
    clean |= dict.fromkeys(
        ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT", "PIP_CONFIG_FILE"), "UNSET"
    )
    return examine_online(planted, **{**clean, "PIP_CONFIG_FILE": "/dev/null", **variables})


def examine_online(planted: Planted, **variables: str) -> dict[str, Any]:
    environment = {"HOME": str(planted.home), **variables}
    done = survival.dlcheck("doctor", "--format", "json", "--venv", str(planted.folder), *NETWORK, **environment)
    assert "Traceback" not in done.stderr, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


ANSWERS: list[tuple[str, dict[str, Any], str, str]] = [
    ("a server that fails", {"status": 503}, "index-server-fault", "error"),
    ("a server that wants a password", {"status": 401}, "index-server-fault", "error"),
    ("a server that forbids", {"status": 403}, "index-server-fault", "error"),
    ("an hour behind", {"ahead": 3600.0}, "clock-skew", "warning"),
    ("two years behind", {"ahead": 63e6}, "clock-skew", "error"),
    ("a day and more ahead", {"ahead": -1e5}, "clock-skew", "error"),
]


@pytest.mark.parametrize(("what", "answers", "cause", "severity"), ANSWERS, ids=[row[0] for row in ANSWERS])
def test_an_index(what, answers, cause, severity, planted: Planted):
    with serving(**answers) as port:
        document = look(planted, PIP_INDEX_URL=f"http://127.0.0.1:{port}/simple")
    assert_named(document, cause, severity)


def test_an_index_that_never_answers(planted: Planted):
    begun = time.monotonic()
    with serving(wait=30.0) as port:
        document = look(planted, PIP_INDEX_URL=f"http://127.0.0.1:{port}/simple")
    assert alarms(document), document["verdicts"]
    assert document["exit_code"] == 1
    assert time.monotonic() - begun < 30


def test_a_healthy_index_gives_no_alarm(planted: Planted):
    with serving() as port:
        document = look(planted, PIP_INDEX_URL=f"http://127.0.0.1:{port}/simple")
    assert alarms(document) == {}


def test_a_healthy_index_without_that_project_gives_no_alarm(planted: Planted):
    with serving(status=404) as port:
        document = look(planted, PIP_INDEX_URL=f"http://127.0.0.1:{port}/simple")
    assert alarms(document) == {}


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


@pytest.mark.parametrize(("what", "variables", "cause"), ADDRESSES, ids=[row[0] for row in ADDRESSES])
def test_a_way_where(what, variables, cause, planted: Planted):
    assert_named(look(planted, **variables(free_port())), cause, "error")


def test_a_proxy_that_wants_a_password(planted: Planted):
    with serving(status=407) as port:
        document = look(planted, PIP_INDEX_URL="http://index.invalid/simple", http_proxy=f"http://127.0.0.1:{port}")
    assert_named(document, "proxy-misconfigured", "error", besides=("index-trust",))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and certificate of an authority that nobody trusts, for this machine's own address."""
    if shutil.which("openssl") is None:
        if os.environ.get("CI"):
            pytest.fail("openssl is needed for a certificate")
        pytest.skip("no openssl")
    place = tmp_path_factory.mktemp("tls") / "both.pem"
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


@pytest.mark.real
def test_a_connection_that_somebody_opens_on_the_way(planted: Planted, certificate: Path):
    with serving(certificate) as port:
        document = look(planted, PIP_INDEX_URL=f"https://127.0.0.1:{port}/simple")
    assert_named(document, "tls-proxy-ca-untrusted", "error")


@pytest.mark.real
def test_the_same_with_its_authority_trusted_gives_no_alarm(planted: Planted, certificate: Path):
    with serving(certificate) as port:
        trusted = str(certificate.with_name("shown.pem"))
        document = look(planted, PIP_INDEX_URL=f"https://127.0.0.1:{port}/simple", PIP_CERT=trusted)
    assert alarms(document) == {}


@pytest.mark.real
def test_a_port_that_speaks_no_tls(planted: Planted):
    with serving() as port:
        document = look(planted, PIP_INDEX_URL=f"https://127.0.0.1:{port}/simple")
    assert_named(document, "tls-proxy-ca-untrusted", "error")


@pytest.mark.real
@pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("unshare"),
    reason="a network namespace needs root on Linux",
)
@pytest.mark.parametrize(
    ("what", "address"),
    [("no network at all", "https://index.example/simple"), ("an address, no route", "https://192.0.2.7/simple")],
)
def test_a_machine_with(what, address, planted: Planted, monkeypatch):
    real = subprocess.run
    monkeypatch.setattr(survival.subprocess, "run", lambda command, **more: real(["unshare", "-n", *command], **more))
    document = look(planted, PIP_INDEX_URL=address)
    found = alarms(document)
    assert set(found) <= {"dns-failure", "network-blocked", "no-internet"}
    assert found
    assert "error" in found.values()
