"""Imports the module of a framework that an extension of dlcheck names; whether it can be imported is all that is looked at."""

import importlib
import importlib.util
import os
import time


def main(answer, options):
    """Answer with the fields of ImportFacts; options["module"] is the module's name."""
    name = options["module"]
    if importlib.util.find_spec(name) is None:
        answer.put(result="missing")
        return
    answer.stage("import")
    start = time.perf_counter()
    module = importlib.import_module(name)
    version = getattr(module, "__version__", None)
    answer.put(seconds=time.perf_counter() - start, result="found", version=None if version is None else str(version))
    if getattr(module, "__file__", None):
        answer.put(path=os.path.dirname(module.__file__))
