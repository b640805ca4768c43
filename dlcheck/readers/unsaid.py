"""Facts of which nothing was said: the starting point of every reader.

A text that does not name a thing proves nothing about it, so each field that can say so is Unknown, where the defaults
of the model would read "looked, and it is not there".
"""

from __future__ import annotations

import dataclasses
import functools
import typing
from collections.abc import Hashable
from typing import Any, TypeVar, cast

from dlcheck.model.device_facts import AmdFacts, AppleFacts, DeviceFacts, Gpu, IntelFacts, NvidiaFacts
from dlcheck.model.fact import Unknown
from dlcheck.model.host_facts import CpuFacts, MemoryFacts, SystemFacts, ToolchainFacts
from dlcheck.model.python_facts import BuildFacts, FrameworkFacts, ImportFacts, PythonFacts

T = TypeVar("T")
UNSAID = Unknown("the text does not say")


@functools.cache
def _unsaid_fields(kind: Hashable) -> dict[str, Any]:
    hints = typing.get_type_hints(kind)
    return {
        one.name: UNSAID
        for one in dataclasses.fields(cast("type[Any]", kind))
        if Unknown in typing.get_args(hints[one.name])
    }


def _unsaid(kind: type[T], **given: object) -> T:
    return kind(**{**_unsaid_fields(cast("Hashable", kind)), **given})


SYSTEM = _unsaid(SystemFacts, name="")
CPU = _unsaid(CpuFacts)
MEMORY = _unsaid(MemoryFacts)
TOOLCHAIN = _unsaid(ToolchainFacts)
PYTHON = _unsaid(PythonFacts)
BUILD = _unsaid(BuildFacts)
FRAMEWORK = _unsaid(FrameworkFacts, name="")
RUN = _unsaid(ImportFacts, result="found")
DEVICES = _unsaid(DeviceFacts)
NVIDIA = _unsaid(NvidiaFacts)
AMD = _unsaid(AmdFacts)
INTEL = _unsaid(IntelFacts)
APPLE = _unsaid(AppleFacts)
GPU = _unsaid(Gpu, name="")
