"""uv: resolves to a lock with address, size and hash of every wheel, and links environments from wheels."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dlcheck.host.process import Done, run
from dlcheck.model.plan import Build
from dlcheck.model.sources import PackageSources, Source

RESOLVE_SECONDS = 900.0
LINK_SECONDS = 3600.0


def find(environ: Mapping[str, str]) -> str | None:
    """The uv to use: the one that the package ``uv`` brings, else the one on PATH; None where there is none."""
    if importlib.util.find_spec("uv") is not None:
        import uv

        try:
            return uv.find_uv_bin()
        except FileNotFoundError:
            pass
    return shutil.which("uv", path=environ.get("PATH"))


def version(uv: str) -> str | None:
    """Its version, None where it does not run within ten seconds: a binary for another processor, say."""
    done = run((uv, "--version"), timeout=10.0, apart=True)
    words = done.output.split()
    return words[1] if done.code == 0 and len(words) > 1 and words[0] == "uv" else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What shall be resolved."""

    python: str
    requirements: tuple[str, ...]
    builds: tuple[Build, ...]
    sources: PackageSources
    folder: str
    """An empty folder of our own, where the project file is written."""
    lock: str
    """Path of the pylock.toml to write."""
    preferred: tuple[tuple[str, str], ...] = ()
    """Names and versions that are kept where they satisfy the rest."""
    offline: bool = False
    python_version: str = ""


def resolve_argv(uv: str, question: Question) -> tuple[str, ...]:
    """The command that resolves. Wheels only, no configuration but ours, a name is never taken from a later index."""
    argv = [
        uv, "pip", "compile", os.path.join(question.folder, "pyproject.toml"),
        "--format", "pylock.toml", "--output-file", question.lock, "--no-header", "--no-config",
        "--only-binary", ":all:", "--python", question.python, "--no-python-downloads",
        "--index-strategy", "first-index", "--quiet",
    ]  # fmt: skip
    if question.sources.no_index:
        argv.append("--no-index")
    if question.offline:
        argv.append("--offline")
    for host in question.sources.trusted_hosts:
        argv += ["--allow-insecure-host", host]
    return tuple(argv)


def resolve(uv: str, question: Question, env: Mapping[str, str]) -> Done:
    """Write the lock; how uv ended, with its words kept apart."""
    path = os.path.join(question.folder, "pyproject.toml")
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(project(question))
    os.chmod(path, 0o600)  # an index's address may hold a password
    # uv prefers the versions of the lock that it is about to replace.
    known = [
        f"[[packages]]\nname = {_string(name)}\nversion = {_string(version)}\n" for name, version in question.preferred
    ]
    if known:
        with open(question.lock, "w", encoding="utf-8") as stream:
            stream.write("\n".join(['lock-version = "1.0"\ncreated-by = "dlcheck"\n', *known]))
    env = {**env, **source_variables(question.sources)}
    return run(resolve_argv(uv, question), timeout=RESOLVE_SECONDS, env=env, cwd=question.folder, apart=True, kept=True)


def source_variables(sources: PackageSources) -> dict[str, str]:
    """The configured sources as variables of uv: on a command line everybody could read the passwords in them.

    pip asks all indexes and takes the highest version; uv takes the first index that has the name, and asks its default
    index last. So all are named in the order of the sources, and the last of them is the default.
    """
    general = [one for one in sources.sources if one.role != "find-links" and not one.explicit]
    ordered = [address(one.address) for one in _one_main(general)]
    links = [address(one.address) for one in sources.of("find-links")]
    variables = {"UV_FIND_LINKS": ",".join(links)} if links else {}
    if ordered:
        variables["UV_DEFAULT_INDEX"] = ordered[-1]
    if ordered[:-1]:
        variables["UV_INDEX"] = " ".join(ordered[:-1])
    return variables


def project(question: Question) -> str:
    """A pyproject.toml that says what is wanted, and which names come from one index and from no other."""
    lines = ["[project]", 'name = "dlcheck-plan"', 'version = "0"']
    lines.append(f"dependencies = {_array(question.requirements)}")
    pins: dict[str, str] = {}
    indexes: list[str] = []
    for build in question.builds:
        if build.index and build.pinned:
            name = "dlcheck-" + build.variant.replace(".", "-")
            flat = "://" not in build.index or build.index.startswith("file:")
            if name not in pins.values():
                indexes += _index(name, address(build.index), flat=flat and not _is_simple(build.index))
            pins.update(dict.fromkeys(build.pinned, name))
    if pins:
        lines += ["", "[tool.uv.sources]", *(f'{name} = {{ index = "{index}" }}' for name, index in pins.items())]
    return "\n".join([*lines, *indexes]) + "\n"


def _one_main(general: Sequence[Source]) -> list[Source]:
    """The sources with the first main index alone: where several settings name one, the strongest stands first."""
    main = next((one for one in general if one.role == "index"), None)
    return [one for one in general if one.role != "index" or one is main]


def address(text: str) -> str:
    """An address as uv takes it: a plain path becomes absolute, so that it does not depend on the working folder."""
    if "://" in text or text.startswith("file:"):
        return text
    return os.path.abspath(os.path.expanduser(text))


def _is_simple(text: str) -> bool:
    """Whether a local folder is laid out as an index (a folder for each project) and not as a heap of wheels."""
    from urllib.request import url2pathname

    path = url2pathname(text.partition("://")[2]) if text.startswith("file://") else text
    return os.path.isdir(os.path.join(path, "torch"))


def _index(name: str, url: str, *, flat: bool) -> list[str]:
    lines = ["", "[[tool.uv.index]]", f'name = "{name}"', f"url = {_string(url)}", "explicit = true"]
    return lines + ['format = "flat"'] * flat


def _array(values: Sequence[str]) -> str:
    return "[" + ", ".join(_string(one) for one in values) + "]"


def _string(value: str) -> str:
    """A TOML basic string; control characters have no business in a name or an address."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(one for one in escaped if one >= " ") + '"'


def venv_argv(uv: str, python: str, folder: str, prompt: str) -> tuple[str, ...]:
    """The command that makes an empty environment which may be moved afterwards."""
    return (
        uv, "venv", "--no-config", "--no-project", "--relocatable", "--python", python, "--no-python-downloads",
        "--prompt", prompt, folder,
    )  # fmt: skip


def sync_argv(uv: str, folder: str, lock: str, link_mode: str) -> tuple[str, ...]:
    """The command that makes the environment hold exactly what the lock names, from local wheels, without network."""
    python = os.path.join(folder, "Scripts" if os.name == "nt" else "bin", "python")
    return (
        uv, "pip", "sync", "--no-config", "--offline", "--python", python, "--no-build", "--no-python-downloads",
        "--link-mode", link_mode, lock,
    )  # fmt: skip


def install_argv(uv: str, python: str, lock: str, again: Iterable[str], *, unpack: bool = False) -> tuple[str, ...]:
    """The command that adds what the lock names to an environment as it is, and installs ``again`` although it is there.

    ``unpack``: out of the wheels, not out of uv's cache. Environments share the cache's files by hard links, so that
    whoever writes into a file of one has changed it in the cache too, and in all others to come.
    """
    flags = [word for name in sorted(again) for word in ("--reinstall-package", name)] + ["--no-cache"] * unpack
    return (
        uv, "pip", "install", "--no-config", "--python", python, "--no-python-downloads", "--offline", "--no-build",
        "--link-mode", "hardlink", *flags, "-r", lock,
    )  # fmt: skip


def uninstall_argv(uv: str, python: str, names: Iterable[str]) -> tuple[str, ...]:
    """The command that takes distributions out of an environment."""
    return (uv, "pip", "uninstall", "--no-config", "--python", python, "--no-python-downloads", *names)
