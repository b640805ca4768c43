"""An index or a lock that was made to harm: paths in the names of files, lines in addresses, other hosts behind links."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

import pytest
import tomllib

from dlcheck.host import network_trial
from dlcheck.installers import lock, pip
from dlcheck.model.errors import DlcheckError
from dlcheck.model.sources import Source

GOOD = {"name": "evil", "version": "1.0", "filename": "evil-1.0-py3-none-any.whl", "address": "https://host/evil-1.0-py3-none-any.whl", "sha256": "a" * 64}  # fmt: skip
BAD = (
    {"filename": "../../evil-1.0-py3-none-any.whl"},
    {"filename": "/etc/cron.d/evil-1.0-py3-none-any.whl"},
    {"filename": "evil.whl"},
    {"filename": "evil-1.0-py3-none-any.whl\n"},
    {"sha256": "../../../tmp/x"},
    {"sha256": "A" * 64},
    {"sha256": ""},
    {"name": 'evil"\nversion = "2'},
    {"name": "../evil"},
    {"name": ""},
    {"version": '1.0"\n[tool]'},
    {"version": "../1"},
    {"address": 'https://host/x"\n[[packages]]\nname = "other'},
    {"address": "https://host/\x1b[2J"},
)


def test_a_sound_wheel_passes():
    assert lock.checked(**GOOD).filename == GOOD["filename"]


@pytest.mark.parametrize("change", BAD, ids=repr)
def test_what_would_leave_its_folder_or_its_line_is_refused(change: dict[str, str]):
    with pytest.raises(DlcheckError, match="what is no wheel"):
        lock.checked(**{**GOOD, **change})


def test_pip_names_a_file_of_another_folder():
    entry = {
        "metadata": {"name": "evil", "version": "1.0"},
        "download_info": {
            "url": "https://host/..%2f..%2fevil-1.0-py3-none-any.whl",
            "archive_info": {"hashes": {"sha256": "a" * 64}},
        },
    }
    with pytest.raises(DlcheckError):
        pip._wheel(entry)


LOCKS = (
    "[" * 100_000, "a = " + "[" * 100_000, "lock-version = 1", 'lock-version = "1.0"', "\0", "packages = 5", "=" * 1000,
    'lock-version = "1.0"\ncreated-by = "x"\npackages = [{ name = "a", version = "1", wheels = [{ url = "http://h/../../a-1-py3-none-any.whl", hashes = { sha256 = "../../x" } }] }]',
    'lock-version = "1.0"\ncreated-by = "x"\npackages = [{ name = "a", version = "1", wheels = [{ path = "../../../etc/a.whl", hashes = { sha256 = "0" } }] }]',
    'lock-version = "1.0"\ncreated-by = "x"\npackages = [{ name = "a", version = "1", sdist = { url = "http://h/a.tar.gz", hashes = { sha256 = "0" } } }]',
)  # fmt: skip


@pytest.mark.parametrize("text", LOCKS, ids=lambda text: text[:40].replace("\n", " "))
def test_a_hostile_lock_is_one_line(text: str, tmp_path: Path):
    (tmp_path / "pylock.toml").write_text(text, "utf-8")
    with pytest.raises(DlcheckError) as refused:
        lock.read(str(tmp_path / "pylock.toml"), "3.11.7")
    assert "\n" not in refused.value.message


def test_a_written_lock_says_what_it_was_given():
    odd = lock.checked(**{**GOOD, "address": "https://host/a b'\\\"c/evil-1.0-py3-none-any.whl"})
    again = tomllib.loads(lock.as_text((odd,), "3.11.7"))
    assert [wheel["url"] for one in again["packages"] for wheel in one["wheels"]] == [odd.address]


class _Host(http.server.BaseHTTPRequestHandler):
    seen: ClassVar[list[tuple[str, str | None]]] = []
    links: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.seen.append((self.headers["Host"], self.headers.get("Authorization")))
        self.send_response(302 if self.path.startswith("/moved") else 200)
        if self.path.startswith("/moved"):
            self.send_header("Location", self.links[1])
        self.end_headers()
        self.wfile.write(f'<a href="{self.links[0]}">x</a>'.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def host() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Host) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        _Host.seen.clear()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("link", ["http://localhost:{port}/x.whl", "/moved/x.whl"])
def test_the_password_of_an_index_stays_with_it(link: str, host: str):
    """A page may link to, and redirect to, any host: "localhost" is another one than 127.0.0.1 here."""
    port = urlsplit(f"//{host}").port
    _Host.links[:] = [link.format(port=port), f"http://localhost:{port}/x.whl"]
    source = Source(address=f"http://user:secret@{host}/simple", role="index", origin="test", tool="pip")
    assert network_trial._throughput(source, None, "") is not None
    assert _Host.seen[0] == (host, "Basic dXNlcjpzZWNyZXQ=")
    assert {given for name, given in _Host.seen if name != host} == {None}
    assert any(name != host for name, _ in _Host.seen)


@pytest.mark.parametrize("link", ["file:///dev/zero.whl", "ftp://127.0.0.1/x.whl", "data:,x.whl"])
def test_a_page_cannot_have_a_local_file_read(link: str, host: str):
    _Host.links[:] = [link, ""]
    source = Source(address=f"http://{host}/simple", role="index", origin="test", tool="pip")
    assert network_trial._throughput(source, None, "") is None
    assert len(_Host.seen) == 1
