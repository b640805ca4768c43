"""Main memory, and what limits it for this process."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping

from dlcheck.host import control_groups, files
from dlcheck.model.fact import Unknown
from dlcheck.model.host_facts import MemoryFacts


def look(root: str = "/", environ: Mapping[str, str] = os.environ) -> MemoryFacts:
    """Memory in bytes: the machine's, what is available, the tightest limit of this process, and /dev/shm."""
    import psutil

    try:
        memory = psutil.virtual_memory()
        total: int | Unknown = memory.total
        available: int | Unknown = memory.available
        swap: int | Unknown = psutil.swap_memory().total
    except (OSError, RuntimeError, ValueError, psutil.Error) as error:
        total = available = swap = Unknown(f"psutil: {error}")
    limit = _tightest(root, environ)
    shared: int | Unknown | None = None
    shared_free: int | Unknown | None = None
    try:
        if sys.platform == "linux":
            status = os.statvfs(os.path.join(root, "dev/shm"))
            shared, shared_free = status.f_frsize * status.f_blocks, status.f_frsize * status.f_bavail
    except FileNotFoundError:
        pass
    except OSError as error:
        shared = shared_free = Unknown(f"shared memory: {error.strerror}")
    return MemoryFacts(
        total_bytes=total,
        available_bytes=available,
        limit_bytes=limit[0] if limit else None,
        limit_source=limit[1] if limit else None,
        swap_bytes=swap,
        shared_memory_bytes=shared,
        shared_memory_free_bytes=shared_free,
        oom_kills=control_groups.out_of_memory_kills(root) if sys.platform == "linux" else None,
        shared_memory_orphans=_orphans(root) if sys.platform == "linux" else (),
    )


def _orphans(root: str) -> tuple[str, ...]:
    """Files of PyTorch's sharing strategy "file_system" whose process, named in the file's name, is no more.

    Only these carry a process number: torch_PID_RANDOM_COUNT (ATen/MapAllocator.cpp). psm_ and sem. belong to anybody.
    """
    numbered = ((name, re.match(r"torch_(\d+)_", name)) for name in files.names(os.path.join(root, "dev/shm")))
    return tuple(name for name, found in numbered if found and not os.path.exists(os.path.join(root, "proc", found[1])))


def _tightest(root: str, environ: Mapping[str, str]) -> tuple[int, str] | None:
    """The lowest of the control groups' limit, the address space limit and what Slurm gave this job."""
    limits: list[tuple[int, str]] = []
    if sys.platform == "linux":
        group = control_groups.memory_limit(root)
        if group:
            limits.append((group[0], f"control group ({group[1]})"))
    try:
        import resource

        soft, _ = resource.getrlimit(resource.RLIMIT_AS)
        if soft != resource.RLIM_INFINITY:
            limits.append((soft, "address space limit (ulimit -v)"))
    except (ImportError, OSError, ValueError):
        pass
    # sbatch(1): MEM_PER_NODE and MEM_PER_CPU are megabytes, 0 means all of the node.
    per_node = environ.get("SLURM_MEM_PER_NODE", "")
    if per_node.isdigit() and int(per_node):
        limits.append((int(per_node) * 1_048_576, "Slurm job (SLURM_MEM_PER_NODE)"))
    return min(limits, default=None)
