"""pip: what installs where uv does not run. Slower; the guarantees are the same.

pip asks every index and takes the highest version of a name wherever it finds it. So it is given the main index alone, and
folders. A name that the main index does not have at all is then looked for on the further ones, in their order, and the
page of that one name is given to pip beside the main index: a name that the main index has is never taken from elsewhere.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence

from packaging.utils import canonicalize_name

from dlcheck.host.process import Done, run
from dlcheck.installers.fetch import Client
from dlcheck.installers.lock import LockedWheel, checked, path_of, sha256_of
from dlcheck.installers.uv import RESOLVE_SECONDS, Question, address

_QUIET = ("--disable-pip-version-check", "--no-input", "--quiet")


def source_variables(question: Question, pages: Sequence[str] = ()) -> dict[str, str]:
    """The sources as variables of pip: a command line would show their passwords to everybody.

    ``pages`` are those of single names on further indexes.
    """
    sources = question.sources
    links = [*(address(one.address) for one in sources.of("find-links")), *pages]
    for build in question.builds:
        if build.index and build.pinned:
            flat = "://" not in build.index or build.index.startswith("file:")
            links += [address(build.index)] if flat else [f"{build.index.rstrip('/')}/{name}/" for name in build.pinned]
    main = next(iter(sources.of("index")), None)
    variables = {"PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": " ".join(one.replace(" ", "%20") for one in links)}
    if main is not None:
        variables["PIP_INDEX_URL"] = address(main.address)
    if sources.no_index or question.offline:
        variables["PIP_NO_INDEX"] = "1"
    if sources.trusted_hosts:
        variables["PIP_TRUSTED_HOST"] = " ".join(sources.trusted_hosts)
    for name, option in (("pip cert", "PIP_CERT"), ("pip proxy", "PIP_PROXY")):
        setting = sources.ca_files.get(name) or sources.proxies.get(name)
        if setting is not None:
            variables[option] = setting.value
    return {name: value for name, value in variables.items() if value}


def resolve(
    question: Question, env: Mapping[str, str], client: Client | None = None
) -> tuple[Done, tuple[LockedWheel, ...]]:
    """Ask pip what it would install; how it ended, and the wheels with their hashes.

    Of a wheel pip reads the metadata alone, by ranges where the index does not serve it apart (fast-deps): the wheels
    themselves are fetched once, later, by dlcheck. ``client`` asks further indexes for names that the main one lacks.
    """
    report = os.path.join(question.folder, "report.json")
    wanted = os.path.join(question.folder, "requirements.txt")
    with open(wanted, "w", encoding="utf-8") as stream:
        stream.write("\n".join(question.requirements) + "\n")
    kept = os.path.join(question.folder, "constraints.txt")
    names = {
        one.split("=")[0].split("<")[0].split(">")[0].split("[")[0].strip().lower() for one in question.requirements
    }
    with open(kept, "w", encoding="utf-8") as stream:
        stream.write("".join(f"{name}=={version}\n" for name, version in question.preferred if name not in names))
    argv = (
        "install", *_QUIET, "--dry-run", "--ignore-installed",
        "--use-feature", "fast-deps", "--only-binary", ":all:", "--report", report, "-r", wanted,
    )  # fmt: skip
    pages: list[str] = []
    tool = _newest(question.python)

    def ask(words: tuple[str, ...]) -> Done:
        nonlocal tool
        while True:
            # -I hides PIP_* from Python, not from pip.
            variables = {**env, **source_variables(question, pages)}
            argv = (*tool, *words)
            done = run(argv, timeout=RESOLVE_SECONDS, env=variables, cwd=question.folder, apart=True, kept=True)
            page = _page_of_missing(done, question, client)
            if page is not None and page not in pages:
                pages.append(page)
            elif "--python" in tool and "does not support python" in done.errors:
                tool = _own(question.python)
            else:
                return done

    # What is there stays where it can; if not, pip chooses freely.
    done = ask((*argv, "-c", kept))
    if done.code != 0 and question.preferred:
        done = ask(argv)
    if done.code != 0:
        return done, ()
    with open(report, encoding="utf-8") as stream:
        entries = json.load(stream)["install"]
    return done, tuple(_wheel(one) for one in entries)


def _newest(python: str) -> tuple[str, ...]:
    """The command of the pip beside dlcheck, which is as new as dlcheck; where there is none, that of the interpreter.

    A dry run of older ones (23.2) fetches whole wheels to throw them away; that of 26.3 does not.
    """
    if importlib.util.find_spec("pip") is None:
        return _own(python)
    return (sys.executable, "-I", "-m", "pip", "--python", python)


def _own(python: str) -> tuple[str, ...]:
    return (python, "-I", "-m", "pip")


def _page_of_missing(done: Done, question: Question, client: Client | None) -> str | None:
    """The page, on the first further index that has it, of a name that pip found nowhere; None where there is none."""
    found = re.search(r"No matching distribution found for ([A-Za-z0-9][\w.-]*)", done.errors or done.output)
    if done.code == 0 or found is None or client is None or "(from versions: none)" not in done.errors + done.output:
        return None
    name = canonicalize_name(found[1])
    for one in question.sources.of("extra-index"):
        page = f"{one.address.rstrip('/')}/{name}/"
        if not one.is_local and client.answers(page):
            return page
    return None


def _wheel(entry: dict[str, dict[str, object]]) -> LockedWheel:
    url = str(entry["download_info"]["url"])
    info = entry["download_info"].get("archive_info")
    hashes = info.get("hashes", {}) if isinstance(info, dict) else {}
    path = path_of(url)
    digest = hashes.get("sha256") or (sha256_of(path) if path else "")
    size = os.path.getsize(path) if path else None
    from urllib.parse import unquote, urlsplit

    filename = unquote(urlsplit(url).path.rpartition("/")[2])
    return checked(
        name=canonicalize_name(str(entry["metadata"]["name"])),
        version=str(entry["metadata"]["version"]),
        filename=filename,
        address=url,
        sha256=str(digest),
        size=size,
    )


def venv_argv(python: str, folder: str, prompt: str) -> tuple[str, ...]:
    """The command that makes an empty environment; without pip, which would cost seconds (ensurepip)."""
    return (python, "-I", "-m", "venv", "--without-pip", "--prompt", prompt, folder)


def install_argv(python: str, environment_python: str, requirements: str, *, anew: bool = False) -> tuple[str, ...]:
    """The command that puts exactly the named wheels into the environment, by the pip of the interpreter beside it.

    ``anew``: although their versions are there.
    """
    return (
        python, "-I", "-m", "pip", "--python", environment_python, "install", *_QUIET, "--no-deps", "--no-index",
        "--no-compile", "--only-binary", ":all:", "--require-hashes", *(("--force-reinstall",) if anew else ()),
        "-r", requirements,
    )  # fmt: skip


def uninstall_argv(python: str, environment_python: str, names: Iterable[str]) -> tuple[str, ...]:
    """The command that takes distributions out of the environment."""
    return (python, "-I", "-m", "pip", "--python", environment_python, "uninstall", *_QUIET, "--yes", *names)


def requirements_file(wheels: Iterable[LockedWheel], paths: Mapping[str, str]) -> str:
    """The lock in pip's words: each wheel by its path and hash."""
    from pathlib import Path

    lines = [f"{one.name} @ {Path(paths[one.sha256]).absolute().as_uri()} --hash=sha256:{one.sha256}" for one in wheels]
    return "\n".join(lines) + "\n"
