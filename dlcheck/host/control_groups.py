"""What the control groups (cgroup v1 and v2) of this process and of all their ancestors allow it."""

from __future__ import annotations

import os
from collections.abc import Iterator

from dlcheck.host import files

_NO_LIMIT = 2**62
"""Version 1 writes 9223372036854771712 (2**63 less a page) for "no limit"."""


def memory_limit(root: str = "/") -> tuple[int, str] | None:
    """The lowest memory limit in bytes, and the file it stands in; None without a limit."""
    limits: list[tuple[int, str]] = []
    for place in _files(root, "memory", ("memory.max", "memory.limit_in_bytes")):
        text = files.read_line(place)
        if text and text.isdigit() and int(text) < _NO_LIMIT:
            limits.append((int(text), place))
    return min(limits, default=None)


def cpu_quota(root: str = "/") -> float | None:
    """CPUs that the tightest quota allows (quota / period); None without one."""
    quotas: list[float] = []
    for place in _files(root, "cpu", ("cpu.max", "cpu.cfs_quota_us")):
        words = (files.read_line(place) or "").split()
        if place.endswith("cpu.cfs_quota_us"):
            period = files.read_line(place.replace("quota", "period")) or "100000"
            words.append(period)
        if len(words) == 2 and words[0].isdigit() and words[1].isdigit() and int(words[1]) > 0:
            quotas.append(int(words[0]) / int(words[1]))
    return min(quotas, default=None)


def processes_limit(root: str = "/") -> int | None:
    """How many processes and threads the tightest group allows; None without a limit."""
    limits = [
        int(text)
        for place in _files(root, "pids", ("pids.max", "pids.max"))
        if (text := files.read_line(place) or "").isdigit()
    ]
    return min(limits, default=None)


def out_of_memory_kills(root: str = "/") -> int | None:
    """How often the kernel ended a process of this very group for lack of memory; None where it does not count."""
    for place in _files(root, "memory", ("memory.events", "memory.oom_control")):
        text = files.read(place)
        for line in text.splitlines() if isinstance(text, str) else ():
            name, _, value = line.partition(" ")
            if name == "oom_kill" and value.strip().isdigit():
                return int(value)
    return None


def _files(root: str, controller: str, names: tuple[str, str]) -> Iterator[str]:
    """The files of a controller, from the own group up to the root, for version 2 and version 1.

    It is decided per controller: hybrid systems show a version 2 tree beside version 1 controllers. With a cgroup
    namespace, or docker's version 1 mounts, the path of /proc/self/cgroup may not exist below the mount: its ancestors
    up to the mount do.
    """
    text = files.read(os.path.join(root, "proc/self/cgroup"))
    for line in text.splitlines() if isinstance(text, str) else ():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0" and not controllers:
            mounts, name = ("sys/fs/cgroup", "sys/fs/cgroup/unified"), names[0]
        elif controller in controllers.split(","):
            mounts, name = (f"sys/fs/cgroup/{controller}", f"sys/fs/cgroup/{controllers}"), names[1]
        else:
            continue
        parts = [part for part in path.split("/") if part not in ("", "..")]
        for mount in mounts:
            for depth in range(len(parts), -1, -1):
                yield os.path.join(root, mount, *parts[:depth], name)
