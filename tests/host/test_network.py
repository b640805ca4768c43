"""The package sources, tried against servers of this machine."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from dlcheck.host.network import Look
from dlcheck.model.host_facts import IndexFacts, NetworkFacts
from dlcheck.model.sources import PackageSources, Setting, Source


class Index(http.server.BaseHTTPRequestHandler):
    """Answers with the status that its path begins with: /503/simple/pip/."""

    asked: ClassVar[list[tuple[str, str | None]]] = []

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers.get("Authorization")))
        status = int(self.path.replace("http://nowhere.invalid:80", "").split("/")[1])
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    listening = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Index)
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{listening.server_port}"
    listening.shutdown()
    listening.server_close()


def closed_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def look(
    address: str, *, offline: bool = False, environ: dict[str, str] | None = None, **settings: object
) -> NetworkFacts:
    sources = PackageSources(sources=(Source(address=address, role="index", origin="test", tool="pip"),), **settings)  # type: ignore[arg-type]
    return Look(sources, offline=offline, measure=False, environ=environ or {}).wait()


def only(facts: NetworkFacts) -> IndexFacts:
    (row,) = facts.indexes
    return row


def test_an_index_that_answers(server: str):
    row = only(look(f"http://{server}/200/simple"))
    assert (row.reached, row.step, row.status) == (True, None, 200)
    assert row.seconds is not None
    assert abs(row.clock_skew_seconds or 99) < 5


def test_credentials_are_used_and_never_shown(server: str):
    row = only(look(f"http://me:word@{server}/200/simple"))
    assert row.reached
    assert Index.asked[-1][1] == "Basic bWU6d29yZA=="
    assert "word" not in repr(row)


@pytest.mark.parametrize(("status", "reached"), [(404, True), (401, False), (403, False), (503, False)])
def test_what_the_server_says(server: str, status: int, reached: bool):
    row = only(look(f"http://{server}/{status}/simple"))
    assert (row.reached, row.step) == (reached, None if reached else "http")


def test_nobody_listens():
    row = only(look(f"http://127.0.0.1:{closed_port()}/simple"))
    assert (row.reached, row.step) == (False, "tcp")


def test_a_name_that_does_not_exist():
    row = only(look("https://nowhere.invalid/simple"))
    assert (row.reached, row.step) == (False, "dns")


def test_tls_that_is_none(server: str):
    row = only(look(f"https://{server}/200/simple"))
    assert (row.reached, row.step) == (False, "tls")


def test_a_proxy_that_is_down(server: str):
    proxy = Setting(value=f"http://127.0.0.1:{closed_port()}", origin="http_proxy")
    assert only(look("http://nowhere.invalid/200/simple", proxies={"http_proxy": proxy})).step == "proxy"
    bypassed = look(f"http://{server}/200/simple", proxies={"http_proxy": proxy}, environ={"no_proxy": "127.0.0.1"})
    assert only(bypassed).reached


def test_a_proxy_that_works(server: str):
    proxy = Setting(value=f"http://{server}", origin="http_proxy")
    assert only(look("http://nowhere.invalid/200/simple", proxies={"http_proxy": proxy})).reached


def test_a_folder(tmp_path: Path):
    assert only(look(str(tmp_path))).reached
    assert only(look(str(tmp_path / "gone"))).step == "file"


def test_offline_contacts_nobody(server: str):
    before = len(Index.asked)
    facts = look(f"http://{server}/200/simple", offline=True)
    assert facts.tried is False
    assert only(facts).reached is None
    assert len(Index.asked) == before


def test_a_certificate_file_that_is_gone():
    facts = look(
        "https://nowhere.invalid/simple", ca_files={"SSL_CERT_FILE": Setting(value="/gone.pem", origin="SSL_CERT_FILE")}
    )
    assert facts.missing_ca_files == ("SSL_CERT_FILE",)
