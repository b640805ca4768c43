"""The package index that pip asks where nothing is configured, as the installed pip itself names it."""

from __future__ import annotations

import glob
import os
import re
import sys
from collections.abc import Iterator

from dlcheck.host import files


def default_index(prefix: str | None = None) -> str | None:
    """The default index of the pip in ``prefix``, beside this interpreter or bundled with it; None where there is none.

    Read from pip/_internal/models/index.py (``PyPI = PackageIndex("...")``), because the address is pip's to know.
    """
    for text in _index_modules(prefix):
        found = re.search(r"""^PyPI\s*=\s*PackageIndex\(\s*["']([^"']+)["']""", text, re.MULTILINE)
        if found:
            return found[1].rstrip("/") + "/simple"
    return None


def _index_modules(prefix: str | None) -> Iterator[str]:
    module = "pip/_internal/models/index.py"
    for base in dict.fromkeys(one for one in (prefix, sys.prefix, sys.base_prefix) if one):
        for site in (*glob.glob(f"{glob.escape(base)}/lib/python3*/site-packages"), f"{base}/Lib/site-packages"):
            text = files.read(os.path.join(site, module))
            if isinstance(text, str):
                yield text
    import zipfile

    # Debian takes ensurepip out of its Python and keeps the wheel elsewhere.
    bundled = os.path.join(os.path.dirname(glob.__file__), "ensurepip", "_bundled")
    for wheel in (*glob.glob(f"{glob.escape(bundled)}/pip-*.whl"), *glob.glob("/usr/share/python-wheels/pip-*.whl")):
        try:
            with zipfile.ZipFile(wheel) as archive:
                yield archive.read(module).decode("utf-8")
        except (OSError, KeyError, zipfile.BadZipFile):
            continue
