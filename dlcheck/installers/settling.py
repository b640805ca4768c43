"""Makes an environment that pip filled movable: the paths of the staging folder in its scripts become the final ones.

uv makes relocatable environments and needs none of this. Scripts stand in RECORD with hash and size, which follow.
"""

from __future__ import annotations

import base64
import csv
import glob
import hashlib
import io
import os


def settle(stage: str, target: str, site_packages: str) -> None:
    """Replace the path in every script and setting of the staged environment, and bring RECORD up to date."""
    changed: set[str] = set()
    for folder in ("bin", "Scripts"):
        for path in glob.glob(os.path.join(glob.escape(os.path.join(stage, folder)), "*")):
            if os.path.isfile(path) and not os.path.islink(path) and _replace(path, stage, target):
                changed.add(os.path.normpath(path))
    _replace(os.path.join(stage, "pyvenv.cfg"), stage, target)
    # pip leaves a note that each wheel came from a file; an environment of ours came from its lock.
    for path in glob.glob(os.path.join(glob.escape(site_packages), "*.dist-info", "direct_url.json")):
        os.unlink(path)
        changed.add(os.path.normpath(path))
    if changed:
        for path in glob.glob(os.path.join(glob.escape(site_packages), "*.dist-info", "RECORD")):
            _rewrite(path, site_packages, changed)


def _replace(path: str, old: str, new: str) -> bool:
    with open(path, "rb") as stream:
        content = stream.read()
    made = content.replace(os.fsencode(old), os.fsencode(new))
    if made == content:
        return False
    mode = os.stat(path).st_mode
    with open(path + ".new", "wb") as stream:
        stream.write(made)
    os.chmod(path + ".new", mode)
    os.replace(path + ".new", path)
    return True


def _rewrite(record: str, site_packages: str, changed: set[str]) -> None:
    with open(record, encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    touched = False
    kept = []
    for row in rows:
        path = os.path.normpath(os.path.join(site_packages, row[0])) if row else ""
        if path not in changed:
            kept.append(row)
            continue
        touched = True
        if os.path.exists(path):
            with open(path, "rb") as stream:
                content = stream.read()
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode("ascii")
            kept.append([row[0], f"sha256={digest}", str(len(content))])
    if touched:
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerows(kept)
        with open(record + ".new", "w", encoding="utf-8", newline="") as stream:
            stream.write(text.getvalue())
        os.replace(record + ".new", record)
