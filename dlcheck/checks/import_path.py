"""DL408-DL411: where imports and commands come from: what stands before the environment's own packages, and who may change it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dlcheck.checks.python import numbers, started
from dlcheck.checks.rule import rule
from dlcheck.model import units
from dlcheck.model.fact import NotApplicable, known, or_none, present
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Evidence, Finding, Fix
from dlcheck.model.profile import Profile, Severity
from dlcheck.model.python_facts import PythonFacts


@rule(
    "DL408",
    "No variable mixes another Python into this one",
    group="Python",
    needs=("python", "variables"),
    causes=("two-copies-installed", "conda-pip-mixed"),
    severity=Severity.WARNING,
)
def mixed_by_variables(facts: Facts, profile: Profile) -> Iterator[Finding]:  # noqa: ARG001
    """PYTHONHOME, or a PYTHONPATH into the packages of another Python, mixes two installations: imports fail or crash.

    A PYTHONPATH to one's own sources is fine. ROS and module systems set it on purpose.
    """
    python = started(facts)
    variables = known(facts.variables)
    if variables.get("PYTHONHOME"):
        yield Finding(
            cause="two-copies-installed",
            message=f"PYTHONHOME is set to {variables['PYTHONHOME']}: Python looks for its own library there",
            severity=Severity.ERROR,
            evidence=(Evidence("variables.PYTHONHOME", variables["PYTHONHOME"]),),
            about={"variable": "PYTHONHOME"},
        )
    for entry in re.split(r";|:(?!\\)", variables.get("PYTHONPATH", "")):
        if re.search(r"(?:site|dist)-packages/?$", entry) and not _is_own(entry.rstrip("/"), python):
            yield Finding(
                cause="two-copies-installed",
                message=f"PYTHONPATH brings in the packages of another installation: {entry}",
                evidence=(Evidence("variables.PYTHONPATH", entry),),
                about={"variable": "PYTHONPATH", "path": entry},
            )


def _is_own(entry: str, python: PythonFacts) -> bool:
    """Whether packages of this very interpreter lie there.

    Its site_packages name every such entry of sys.path, those that PYTHONPATH put there too: the place decides, and
    the release where the path tells one.
    """
    release = re.search(r"/python(\d+\.\d+)/(?:site|dist)-packages$", entry)
    version = or_none(python.version)
    if release and version and numbers(version)[:2] != numbers(release[1]):
        return False
    below = python.prefix is None or entry.startswith(python.prefix.rstrip("/") + "/")
    return entry in {one.rstrip("/") for one in python.site_packages} and (below or entry == python.user_site)


@rule(
    "DL409",
    "No file of the working directory hides a module",
    group="Python",
    needs=("shadows",),
    causes=("local-file-shadows-package",),
    severity=Severity.WARNING,
)
def shadowing_files(facts: Facts, profile: Profile) -> Iterator[Finding]:  # noqa: ARG001
    """A file or package in the working directory has the name of a framework or of a standard module.

    A program started here imports it instead: "module 'torch' has no attribute 'nn'", circular imports, or worse. A
    folder without __init__.py does no harm and is not meant.
    """
    found = known(facts.shadows)
    frameworks = [one for one in found if re.match(r"(?:torch|tensorflow|keras|jax|numpy)\b", one)]
    if found:
        yield Finding(
            cause="local-file-shadows-package",
            message=f"{units.listed(found)} in this folder {'hides' if len(found) == 1 else 'hide'} installed or "
            "standard modules from programs started here",
            severity=Severity.ERROR if frameworks else None,
            evidence=tuple(Evidence("shadows", one) for one in found[:8]),
            about={"path": found[0]},
        )


@rule(
    "DL410",
    "The user's own packages do not shadow the environment's",
    group="Python",
    needs=("python", "distributions"),
    causes=("user-site-shadows-env",),
    severity=Severity.WARNING,
)
def user_site_shadows(facts: Facts, profile: Profile) -> Iterator[Finding]:  # noqa: ARG001
    """The same package lies in the user's site folder (~/.local) and in the environment, and the user's copy wins.

    conda environments and a bare Python see the user's folder; a plain virtual environment does not.
    """
    python = started(facts)
    user = present(python.user_site, "the user's site folder is not used")
    listed = known(facts.distributions)
    theirs = {one.name: one.version for one in listed if one.location == user}
    own = {one.name: one.version for one in listed if one.location != user}
    both = sorted(name for name in theirs if name in own and theirs[name] != own[name])
    if both:
        yield Finding(
            cause="user-site-shadows-env",
            message=f"{units.listed(both)} in {user} {'hides' if len(both) == 1 else 'hide'} the environment's own copy",
            evidence=tuple(Evidence("distributions", f"{one}: {theirs[one]} hides {own[one]}") for one in both[:8]),
            about={"package": both[0], "path": or_none(user) or ""},
        )


@rule(
    "DL411",
    "Only you may change the code that you run",
    group="Python",
    needs=("python", "container", "system"),
    causes=("world-writable-path",),
    severity=Severity.NOTE,
)
def writable_by_all(facts: Facts, profile: Profile) -> Iterator[Finding]:  # noqa: ARG001
    """A folder of packages or of programs can be written by every user of the machine, or PATH holds the current folder.

    Whoever else works there can then run programs as you. A warning for packages, a note for PATH; containers have one
    user, and the disks of Windows show these rights for everything in WSL. Source: stat(2), inode(7).
    """
    python = started(facts)
    container, system = known(facts.container), known(facts.system)
    if container.kind or container.hosted:
        raise NotApplicable("a container has one user")
    for folder in python.writable_by_all:
        if system.wsl and folder.startswith("/mnt/"):
            continue
        here = folder == "."
        yield Finding(
            cause="world-writable-path",
            subject=folder,
            severity=Severity.WARNING if folder in python.site_packages else None,
            message="PATH holds the current folder: a program there takes the place of one that you mean"
            if here
            else f"every user of this machine may change {folder}, from which code is loaded",
            evidence=(Evidence("python.writable_by_all", folder),),
            about={"path": folder},
            fixes=(Fix('Remove "." and empty entries from PATH.'),) if here else (),
        )


RULES = (mixed_by_variables, shadowing_files, user_site_shadows, writable_by_all)
