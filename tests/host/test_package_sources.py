"""pip's and uv's configuration, read from files and variables of a made-up home."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dlcheck.host.default_index import default_index
from dlcheck.host.package_sources import as_index_facts, local_path, package_sources, pip_files
from dlcheck.model.codec import encode
from dlcheck.model.sources import PackageSources


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home/.config/pip").mkdir(parents=True)
    (tmp_path / "home/.config/uv").mkdir(parents=True)
    (tmp_path / "work").mkdir()
    return tmp_path


def read(home: Path, **variables: str) -> PackageSources:
    environ = {"HOME": str(home / "home"), **variables}
    folder, etc = str(home / "work"), str(home / "etc")
    return package_sources(environ, prefix=str(home / "venv"), folder=folder, system="linux", etc=etc)


def shown(sources: PackageSources) -> list[tuple[str, str]]:
    return [(one.role, one.url) for one in sources.sources if one.origin != "default of pip"]


def test_user_file_and_command_section(home: Path):
    (home / "home/.config/pip/pip.conf").write_text(
        "[global]\nindex_url = https://a.example/simple\ntimeout = 20\ncert = /x.pem\n"
        "[install]\nextra-index-url =\n  https://b.example/simple\n  https://c.example/simple\nfind-links = ~/wheels\n"
        "trusted-host = b.example\n"
    )
    sources = read(home)
    assert shown(sources) == [
        ("find-links", "~/wheels"),
        ("index", "https://a.example/simple"),
        ("extra-index", "https://b.example/simple"),
        ("extra-index", "https://c.example/simple"),
    ]
    assert sources.timeout == 20
    assert sources.trusted_hosts == ("b.example",)
    assert sources.ca_files["pip cert"].value == "/x.pem"
    assert sources.sources[0].origin == str(home / "home/.config/pip/pip.conf")


def test_a_variable_replaces_the_file_and_is_named(home: Path):
    (home / "home/.config/pip/pip.conf").write_text("[global]\nindex-url = https://a.example/simple\n")
    sources = read(home, PIP_INDEX_URL="https://v.example/simple", PIP_NO_INDEX="1")
    assert [(one.url, one.origin) for one in sources.of("index")] == [("https://v.example/simple", "PIP_INDEX_URL")]
    assert sources.no_index


def test_pip_config_file_hides_the_users_file_and_devnull_hides_all(home: Path):
    (home / "home/.config/pip/pip.conf").write_text("[global]\nindex-url = https://a.example/simple\n")
    named = home / "other.conf"
    named.write_text("[global]\nfind-links = /o\n")
    assert shown(read(home, PIP_CONFIG_FILE=str(named))) == [("find-links", "/o")]
    assert shown(read(home, PIP_CONFIG_FILE="/dev/null")) == []


def test_the_site_file_of_the_environment_wins_over_the_users(home: Path):
    (home / "home/.config/pip/pip.conf").write_text("[global]\nindex-url = https://a.example/simple\n")
    (home / "venv").mkdir()
    (home / "venv/pip.conf").write_text("[global]\nindex-url = https://s.example/simple\n")
    assert shown(read(home)) == [("index", "https://s.example/simple")]


def test_uv_file_variables_and_credentials_by_name(home: Path):
    (home / "home/.config/uv/uv.toml").write_text(
        '[[index]]\nname = "corp-gpu"\nurl = "https://i.example/simple"\nexplicit = true\n'
        '[[index]]\nurl = "https://d.example/simple"\ndefault = true\n[pip]\nfind-links = ["/w"]\n'
    )
    sources = read(home, UV_INDEX_CORP_GPU_USERNAME="me", UV_INDEX_CORP_GPU_PASSWORD="p@ss/word")
    (index,) = sources.of("extra-index")
    assert index.address == "https://me:p%40ss%2Fword@i.example/simple"
    assert index.explicit
    assert "word" not in index.url
    # uv asks the default index last, whatever stands in its file.
    assert shown(sources) == [
        ("find-links", "/w"),
        ("extra-index", "https://***@i.example/simple"),
        ("index", "https://d.example/simple"),
    ]
    assert read(home, UV_DEFAULT_INDEX="https://e.example/simple").of("index")[0].url == "https://e.example/simple"


def test_uv_project_file_above_the_working_directory(home: Path):
    (home / "pyproject.toml").write_text('[tool.uv]\nindex-url = "https://p.example/simple"\n')
    assert ("index", "https://p.example/simple") in shown(read(home))
    (home / "work/uv.toml").write_text('find-links = ["/nearer"]\n')
    assert shown(read(home)) == [("find-links", "/nearer")]


def test_named_uv_indexes_in_a_variable(home: Path):
    sources = read(home, UV_INDEX="corp=https://i.example/simple https://j.example/?a=b")
    assert [(one.name, one.url) for one in sources.of("extra-index")] == [
        ("corp", "https://i.example/simple"),
        (None, "https://j.example/?a=b"),
    ]


def test_credentials_never_show(home: Path):
    secret = "hunter2very-secret"
    sources = read(
        home,
        PIP_INDEX_URL=f"https://user:{secret}@a.example/simple",
        PIP_EXTRA_INDEX_URL=f"https://{secret}@b.example/simple",
        HTTPS_PROXY=f"http://u:{secret}@proxy.example:3128",
    )
    assert secret not in repr(sources)
    assert secret not in json.dumps(encode(as_index_facts(sources)))
    assert secret not in sources.proxies["HTTPS_PROXY"].shown
    assert secret in sources.of("index")[0].address


def test_a_broken_file_is_told_and_the_rest_is_read(home: Path):
    (home / "home/.config/pip/pip.conf").write_text("index-url = no section\n")
    (home / "home/.config/uv/uv.toml").write_text("= = =\n")
    sources = read(home, PIP_FIND_LINKS="/w")
    assert len(sources.unreadable) == 2
    assert shown(sources) == [("find-links", "/w")]


def test_default_index_is_read_from_the_installed_pip(home: Path):
    module = home / "venv/lib/python3.11/site-packages/pip/_internal/models/index.py"
    module.parent.mkdir(parents=True)
    module.write_text('PyPI = PackageIndex("https://default.example/", file_storage_domain="f.example")\n')
    assert default_index(str(home / "venv")) == "https://default.example/simple"
    (index,) = read(home).of("index")
    assert (index.url, index.origin) == ("https://default.example/simple", "default of pip")


def test_local_sources_are_looked_at_without_network(home: Path):
    (home / "wheels dir").mkdir()
    facts = as_index_facts(
        read(home, PIP_FIND_LINKS=f"file://{home}/wheels%20dir {home}/gone", PIP_INDEX_URL="https://a.example")
    )
    assert [(one.role, one.reached, one.step) for one in facts] == [
        ("find-links", True, "file"),
        ("find-links", False, "file"),
        ("index", None, None),
    ]
    assert local_path("file:///a%20b") == "/a b"


def test_places_of_other_systems():
    environ = {"HOME": "/h", "APPDATA": "/h/app", "PROGRAMDATA": "/pd"}
    assert list(pip_files(environ, "/v", "win32")) == [
        "/pd/pip/pip.ini", "/h/pip/pip.ini", "/h/app/pip/pip.ini", "/v/pip.ini",
    ]  # fmt: skip
    assert list(pip_files(environ, None, "darwin"))[1:] == ["/h/.pip/pip.conf", "/h/.config/pip/pip.conf"]
