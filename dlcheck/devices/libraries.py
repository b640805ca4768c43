"""CUDA libraries that LD_LIBRARY_PATH puts before those of the wheels."""

from __future__ import annotations

import os
import re

from dlcheck.devices import files
from dlcheck.model.device_facts import SharedLibrary

# Exact SONAMEs: a wheel's library asks for libcudnn.so.9, and only a file of this name takes its place.
SONAME = re.compile(r"lib(cudart|cublas|cublasLt|cudnn\w*|nccl|nvrtc|cusparse|cusolver|cufft|nvJitLink|cuda)\.so\.\d+")


def look(loader_path: str) -> tuple[SharedLibrary, ...]:
    """The libraries in the folders of LD_LIBRARY_PATH, in its order; libcuda itself only where it is a stub."""
    found = []
    for folder in dict.fromkeys(one for one in loader_path.split(":") if one):
        for name in files.names(folder):
            if not SONAME.fullmatch(name):
                continue
            path = os.path.join(folder, name)
            if name == "libcuda.so.1" and "stubs" not in path.split(os.sep):
                continue
            version = re.search(r"\.so\.(\d+(?:\.\d+)+)$", os.path.realpath(path))
            found.append(SharedLibrary(name=name, path=path, version=version[1] if version else None))
    return tuple(found)
