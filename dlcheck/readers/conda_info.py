"""`conda info` (mamba's too): the environment, conda's release, the virtual packages that show driver and C library."""

from __future__ import annotations

import re

from dlcheck.model.facts import Facts
from dlcheck.readers.merge import join
from dlcheck.readers.parts import nvidia, python, system, toolchain
from dlcheck.readers.paste import Paste
from dlcheck.readers.pattern import Pattern

VIRTUAL = Pattern(r"\b(__(?:archspec|conda|cuda|win|linux|osx|glibc|unix|rocm)(?:=[\w.-]*){1,3})")
SYSTEMS = {"win": "windows", "osx": "macos", "linux": "linux"}


def read(paste: Paste) -> Facts | None:
    """Facts of conda info; None without its labels."""
    if (
        not paste.names("active environment", "conda version", "virtual packages", "base environment")
        or "conda" not in paste.low
    ):
        return None
    packages = VIRTUAL.words(paste.text)
    notes = {"virtual packages": ", ".join(packages)} if packages else {}
    for name in ("solver", "channel urls", "shell level"):
        if said := paste.value(name):
            notes[f"conda {name}"] = said
    platform = paste.value("platform")
    version = paste.value("python version")
    location = paste.value("active env location")
    facts = Facts(
        toolchain=toolchain(conda=paste.value("conda version")),
        python=python(
            environment="conda",
            environment_name=paste.value("active environment"),
            prefix=location,
            version=_plain(version),
        ),
        notes=notes,
    )
    if version and version != _plain(version):
        facts.notes["conda's own python"] = version
    if platform and re.match(r"(win|osx|linux)-", platform):
        family, _, machine = platform.partition("-")
        known = {"64": "x86_64"}.get(machine, machine)
        facts = join(
            facts, Facts(system=system(name=SYSTEMS[family], machine=known), notes={"conda platform": platform})
        )
    cuda = next((one.split("=")[1] for one in packages if one.startswith("__cuda=")), None)
    libc = next((one.split("=")[1] for one in packages if one.startswith("__glibc=")), None)
    if cuda:
        facts = join(facts, Facts(devices=nvidia(cuda_driver=cuda)))
    return join(facts, Facts(system=system(libc=f"glibc {libc}"))) if libc else facts


def _plain(version: str | None) -> str | None:
    """Conda prints sys.version_info whole: 3.12.7.final.0."""
    return re.sub(r"\.(?:final|candidate|beta|alpha)\.\d+$", "", version) if version else None
