"""Keras: which backend it is set to, without importing it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

from dlcheck.frameworks.framework import Framework
from dlcheck.host import files


def backend(environ: Mapping[str, str]) -> tuple[str, str]:
    """The backend that Keras 3 will start, and where that is set: KERAS_BACKEND wins over keras.json, which wins over
    the default (keras/src/backend/config.py). Keras writes keras.json at its first import: its presence is no choice.
    """
    if environ.get("KERAS_BACKEND"):
        return environ["KERAS_BACKEND"], "KERAS_BACKEND"
    home = environ.get("KERAS_HOME")
    if not home:
        user = environ.get("HOME") or environ.get("USERPROFILE")
        home = os.path.join(user, ".keras") if user else None
    if home:
        try:
            table = json.loads(files.whole(os.path.join(home, "keras.json"), 65_536))
            name = table.get("backend") if isinstance(table, dict) else None
        except (OSError, ValueError, RecursionError):
            name = None
        if isinstance(name, str) and name:
            return name, "keras.json"
    return "tensorflow", "default"


FRAMEWORK = Framework(
    name="keras", title="Keras", distributions=("keras", "keras-nightly"), version_file="keras/src/version.py"
)
