"""Proves an environment: every file against RECORD, and every framework by training in it."""

from __future__ import annotations

from collections.abc import Callable

from dlcheck.host import record
from dlcheck.installation.prepared import Failed, Prepared
from dlcheck.installers import hashed, staging
from dlcheck.installers.places import Places
from dlcheck.model.record import EnvironmentFiles
from dlcheck.model.report import Target

_TRAINED_BY = {"torch": ("torch",), "tensorflow": ("tensorflow",), "tensorflow-cpu": ("tensorflow",), "jax": ("jax",)}
_DEVICE_OF = {"cu": "cuda", "rocm": "cuda", "xpu": "xpu"}
"""What a build's variant begins with, and the device that must then train."""


def walked(
    prepared: Prepared, folder: str, places: Places, mend: Callable[[frozenset[str]], None] = lambda _: None
) -> int:
    """Hold every file of the environment against its hash in RECORD; how many there are. ``Failed`` where it is not whole.

    A file that uv's cache shares with earlier environments is hashed once, as long as nobody writes to it. ``mend`` is told
    once which distributions have other files than their RECORD says, and then they are looked at again.
    """
    site = staging.site_packages(folder)
    before = hashed.known(places.state)
    proved = set(before)
    seen = record.walk(site, deep=True, proved=proved)
    if broken := frozenset(one.name for one in seen.broken):
        mend(broken)
        seen = record.walk(site, deep=True, proved=proved)
    hashed.note(places.state, proved - before)
    wanted = {one.name for one in prepared.wheels}
    found = {one.name for one in seen.distributions}
    if not seen.is_whole or not wanted <= found:
        raise Failed(
            "walk",
            f"the environment is not whole: {_broken_words(seen, wanted - found)}",
            "Give the same command again.",
        )
    return sum(one.files for one in seen.distributions)


def _broken_words(seen: EnvironmentFiles, absent: set[str]) -> str:
    words = [
        f"{one.name} lacks {one.missing} and has {one.changed} changed of {one.files} files" for one in seen.broken
    ]
    words += [f"{one.first} and {one.second} both own {one.sample[0]}" for one in seen.collisions if one.differing]
    words += [f"{name} is not there" for name in sorted(absent)]
    return "; ".join(words) or "leftovers of another installation"


def trains(prepared: Prepared) -> bool:
    """Whether there is anything among what is installed that can be trained with."""
    return any(one.name in _TRAINED_BY for one in prepared.wheels)


def trained(prepared: Prepared, folder: str) -> tuple[str, ...]:
    """Train with each framework that was installed, on each device it sees; ``Failed`` where one does not learn."""
    from dlcheck import smoke
    from dlcheck.model.smoke import SmokeStatus

    names = sorted({name for one in prepared.wheels for name in _TRAINED_BY.get(one.name, ())})
    target = Target(python=staging.python_of(folder), chosen_by="dlcheck install", environment=folder)
    report = smoke.smoke(target, smoke.Wishes(frameworks=tuple(names)))
    bad = [
        one for one in report.results if one.status in (SmokeStatus.FAILED, SmokeStatus.CRASHED, SmokeStatus.TIMEOUT)
    ]
    if bad:
        words = f"{bad[0].framework} on {bad[0].device}: {bad[0].why or bad[0].status.value}"
        hint = f"dlcheck explain {bad[0].cause}" if bad[0].cause else "--no-smoke installs without this proof."
        raise Failed("smoke", f"what was installed does not train: {words}", hint)
    passed = [one for one in report.results if one.status is SmokeStatus.PASSED]
    for name in names:
        devices = {one.device.partition(":")[0] for one in passed if one.framework == name}
        if not devices:
            raise Failed(
                "smoke", f"{name} trained on no device", "dlcheck smoke shows why; --no-smoke goes on without."
            )
        expected = _expected_device(prepared, name)
        if expected and expected not in devices and not prepared.options.assume:
            raise Failed(
                "smoke", f"{name} was installed for {expected} and trained on {', '.join(sorted(devices))} only"
            )
    return tuple(dict.fromkeys(f"{one.framework} {one.version} on {one.device}" for one in passed))


def _expected_device(prepared: Prepared, name: str) -> str | None:
    chosen = prepared.plan.selection
    for build in chosen.builds if chosen else ():
        if build.framework == name and build.gpus:
            return "cuda" if name == "torch" else "gpu"
        if build.framework == name == "torch":
            return next((device for start, device in _DEVICE_OF.items() if build.variant.startswith(start)), None)
    return None
