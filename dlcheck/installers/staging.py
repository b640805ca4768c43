"""The environment beside the target: made, filled, and put into the target's place in one move.

Until the move the target is untouched; after it, it is the new one. On Linux the two are exchanged by renameat2
(RENAME_EXCHANGE), on macOS by renamex_np (RENAME_SWAP); elsewhere two renames follow each other, and ``recover`` brings
the old one back if nothing came after the first.
"""

from __future__ import annotations

import json
import os
import shutil
import sys

from dlcheck.model.codec import encode
from dlcheck.model.environment import MANIFEST, Manifest

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
_RENAME_SWAP = 2


def stage_of(target: str) -> str:
    """Folder beside the target, on the same file system, where the new environment grows."""
    return _beside(target, "stage")


def old_of(target: str) -> str:
    """Folder beside the target that the replaced environment goes to."""
    return _beside(target, "old")


def _beside(target: str, what: str) -> str:
    folder, name = os.path.split(os.path.abspath(target))
    return os.path.join(folder, f".{name}.dlcheck-{what}")


def recover(target: str) -> bool:
    """After a kill between two renames: the old environment back in its place. Whether there was something to do."""
    old = old_of(target)
    if os.path.lexists(target) or not os.path.isdir(old):
        return False
    os.rename(old, target)
    return True


def sweep(target: str) -> None:
    """Remove what an interrupted run has left beside the target. Only under the target's lock."""
    for folder in (stage_of(target), old_of(target)):
        remove(folder)


def remove(folder: str) -> None:
    """Remove a folder of ours, whatever state it is in; a link in its place is unlinked, not followed."""
    if os.path.islink(folder):
        os.unlink(folder)
    elif os.path.isdir(folder):
        shutil.rmtree(folder, ignore_errors=True)


def write_manifest(folder: str, manifest: Manifest) -> None:
    """Say in the environment who made it and from what."""
    path = os.path.join(folder, MANIFEST)
    with open(path + ".new", "w", encoding="utf-8") as stream:
        json.dump(encode(manifest), stream, indent=2)
        stream.write("\n")
    os.replace(path + ".new", path)


def swap(target: str) -> None:
    """Put the staged environment into the target's place; what was there lies in ``old_of(target)`` afterwards."""
    stage, old = stage_of(target), old_of(target)
    if os.path.isdir(target) and not os.path.islink(target) and not os.listdir(target):
        os.rmdir(target)
    if not os.path.lexists(target):
        os.rename(stage, target)
        return
    if not os.path.isfile(os.path.join(target, MANIFEST)):
        raise FileExistsError(17, "was not made by dlcheck and is not replaced", target)
    remove(old)
    if _exchange(stage, target):
        os.rename(stage, old)
        return
    os.rename(target, old)
    os.rename(stage, target)


def _exchange(first: str, second: str) -> bool:
    """Exchange two paths in one step; False where the system or the file system cannot."""
    import ctypes

    try:
        library = ctypes.CDLL(None, use_errno=True)
        if sys.platform == "linux":
            return bool(
                library.renameat2(_AT_FDCWD, os.fsencode(first), _AT_FDCWD, os.fsencode(second), _RENAME_EXCHANGE) == 0
            )
        if sys.platform == "darwin":
            return bool(library.renamex_np(os.fsencode(first), os.fsencode(second), _RENAME_SWAP) == 0)
    except (OSError, AttributeError, TypeError):
        pass
    return False


def site_packages(folder: str) -> str:
    """Where the environment keeps its packages."""
    if os.name == "nt":
        return os.path.join(folder, "Lib", "site-packages")
    library = os.path.join(folder, "lib")
    names = sorted(name for name in os.listdir(library) if name.startswith("python3")) if os.path.isdir(library) else []
    return os.path.join(library, names[-1] if names else "python3", "site-packages")


def python_of(folder: str) -> str:
    """The environment's interpreter."""
    return os.path.join(folder, *(("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")))
