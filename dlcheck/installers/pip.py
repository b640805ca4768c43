"""pip: what installs where uv does not run. Slower, and it downloads wheels to resolve; the guarantees are the same.

pip asks every index and takes the highest version of a name wherever it finds it. So only the main index is given to it,
and folders; a further index is left out, and the plan says so.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping

from packaging.utils import canonicalize_name

from dlcheck.host.process import Done, run
from dlcheck.installers.lock import LockedWheel, checked, path_of
from dlcheck.installers.uv import RESOLVE_SECONDS, Question, address

_QUIET = ("--disable-pip-version-check", "--no-input", "--quiet")


def source_variables(question: Question) -> dict[str, str]:
    """The sources as variables of pip: a command line would show their passwords to everybody."""
    sources = question.sources
    links = [address(one.address) for one in sources.of("find-links")]
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


def resolve(question: Question, env: Mapping[str, str]) -> tuple[Done, tuple[LockedWheel, ...]]:
    """Ask pip what it would install; how it ended, and the wheels with their hashes."""
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
        question.python, "-I", "-m", "pip", "install", *_QUIET, "--dry-run", "--ignore-installed",
        "--only-binary", ":all:", "--report", report, "-r", wanted,
    )  # fmt: skip
    variables = {**env, **source_variables(question)}
    # -I hides PIP_* from Python, not from pip. What is there stays where it can; if not, pip chooses freely.
    done = run((*argv, "-c", kept), timeout=RESOLVE_SECONDS, env=variables, cwd=question.folder, apart=True)
    if done.code != 0 and question.preferred:
        done = run(argv, timeout=RESOLVE_SECONDS, env=variables, cwd=question.folder, apart=True)
    if done.code != 0:
        return done, ()
    with open(report, encoding="utf-8") as stream:
        entries = json.load(stream)["install"]
    return done, tuple(_wheel(one) for one in entries)


def _wheel(entry: dict[str, dict[str, object]]) -> LockedWheel:
    url = str(entry["download_info"]["url"])
    info = entry["download_info"].get("archive_info")
    hashes = info.get("hashes", {}) if isinstance(info, dict) else {}
    path = path_of(url)
    digest = hashes.get("sha256") or (_sha256(path) if path else "")
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


def _sha256(path: str) -> str:
    with open(path, "rb") as stream:
        return hashlib.sha256(stream.read()).hexdigest()


def venv_argv(python: str, folder: str, prompt: str) -> tuple[str, ...]:
    """The command that makes an empty environment; without pip, which would cost seconds (ensurepip)."""
    return (python, "-I", "-m", "venv", "--without-pip", "--prompt", prompt, folder)


def install_argv(python: str, environment_python: str, requirements: str) -> tuple[str, ...]:
    """The command that puts exactly the named wheels into the environment, by the pip of the interpreter beside it."""
    return (
        python, "-I", "-m", "pip", "--python", environment_python, "install", *_QUIET, "--no-deps", "--no-index",
        "--no-compile", "--only-binary", ":all:", "--require-hashes", "-r", requirements,
    )  # fmt: skip


def requirements_file(wheels: tuple[LockedWheel, ...], paths: Mapping[str, str]) -> str:
    """The lock in pip's words: each wheel by its path and hash."""
    from pathlib import Path

    lines = [f"{one.name} @ {Path(paths[one.sha256]).absolute().as_uri()} --hash=sha256:{one.sha256}" for one in wheels]
    return "\n".join(lines) + "\n"
