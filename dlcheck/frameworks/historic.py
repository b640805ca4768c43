"""Frameworks that older courses name and that have ended, with what lives on in their place.

Sources: the projects' own announcements: Theano (end of development, September 2017), Aesara (last release 2023), Caffe
(last release 2017; folded into PyTorch with Caffe2), Torch7 (read me: not in active development since 2017), CNTK
(release notes of 2.7: the last release), MXNet (retired to the Apache Attic, September 2023), Deeplearning4j (alive in
the Eclipse Foundation, for the JVM; no release since beta and M2.1).
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from dlcheck.frameworks.framework import Framework
from dlcheck.model.python_facts import FrameworkFacts

HISTORIC = (
    Framework(name="theano", title="Theano", distributions=("theano", "theano-pymc"), successor="PyTensor"),
    Framework(name="aesara", title="Aesara", distributions=("aesara",), successor="PyTensor"),
    Framework(name="pytensor", title="PyTensor", distributions=("pytensor", "pytensor-base"), trains=True),
    Framework(name="caffe", title="Caffe", distributions=("caffe", "caffe-gpu", "caffe2"), successor="PyTorch"),
    Framework(name="cntk", title="CNTK", distributions=("cntk", "cntk-gpu"), successor="PyTorch"),
    Framework(name="mxnet", title="MXNet", distributions=("mxnet",), successor="PyTorch or JAX"),
    Framework(name="chainer", title="Chainer", distributions=("chainer",), successor="PyTorch"),
    Framework(name="lua_torch", title="Torch7 (Lua)", distributions=(), successor="PyTorch"),
    Framework(name="deeplearning4j", title="Deeplearning4j", distributions=(), successor="PyTorch or TensorFlow"),
)


def look_outside_python(environ: Mapping[str, str] = os.environ) -> dict[str, FrameworkFacts]:
    """Those that are no Python package: Lua Torch by its command, Deeplearning4j by its jar in Maven's repository."""
    found = {}
    path = environ.get("PATH", "")
    torch7 = shutil.which("th", path=path)
    if torch7 and (shutil.which("luarocks", path=path) or "torch" in torch7):
        found["lua_torch"] = FrameworkFacts(name="lua_torch", path=torch7, version="7")
    caffe = shutil.which("caffe", path=path)
    if caffe:
        found["caffe"] = FrameworkFacts(name="caffe", path=caffe)
    home = environ.get("HOME") or environ.get("USERPROFILE")
    if home:
        core = Path(home, ".m2", "repository", "org", "deeplearning4j", "deeplearning4j-core")
        try:
            versions = sorted(one.name for one in core.iterdir() if re.match(r"\d", one.name))
        except OSError:
            versions = []
        if versions:
            java = shutil.which("java", path=path)
            found["deeplearning4j"] = FrameworkFacts(
                name="deeplearning4j", version=versions[-1], path=str(core), backend=f"JVM {java}" if java else "no JVM"
            )
    return found
