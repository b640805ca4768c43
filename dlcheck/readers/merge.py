"""Several partial Facts become one. The earlier reader wins where two speak of one thing; what one leaves out the
other fills in.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any, TypeVar

from dlcheck.model.device_facts import Gpu, PciDevice
from dlcheck.model.fact import Unknown
from dlcheck.model.facts import Facts
from dlcheck.model.host_facts import DiskFacts
from dlcheck.model.python_facts import Distribution, FrameworkDevice

T = TypeVar("T")


def merge(parts: Iterable[Facts]) -> Facts:
    """One Facts of many; the order is the rank."""
    return join(Facts(), *parts)


def join(first: T, *others: T) -> T:
    """The first, filled in with what each of the others adds."""
    for other in others:
        first = _join(first, other)
    return first


def _join(first: Any, second: Any) -> Any:
    if second is None or isinstance(second, Unknown):
        return second if first is None or (isinstance(first, Unknown) and first.why == "not gathered") else first
    if first is None or isinstance(first, Unknown) or first in ("", ()):
        return second
    if dataclasses.is_dataclass(first) and not isinstance(first, type) and type(first) is type(second):
        return dataclasses.replace(
            first,
            **{
                one.name: _join(getattr(first, one.name), getattr(second, one.name))
                for one in dataclasses.fields(first)
            },
        )
    if isinstance(first, dict) and isinstance(second, dict):
        return {**second, **{name: _join(value, second.get(name)) for name, value in first.items()}}
    if isinstance(first, tuple) and isinstance(second, tuple):
        return _unite(first, second)
    return first


def _unite(first: tuple[Any, ...], second: tuple[Any, ...]) -> tuple[Any, ...]:
    """Both lists, what is the same thing joined."""
    if all(isinstance(one, Gpu) for one in first + second):
        return _unite_gpus(first, second)
    if first and not isinstance(first[0], (Distribution, PciDevice, DiskFacts, FrameworkDevice)):
        return first + tuple(one for one in second if one not in first)
    found = {_identity(one): one for one in first}
    for one in second:
        key = _identity(one)
        found[key] = _join(found[key], one) if key in found else one
    return tuple(found.values())


def _identity(one: Any) -> object:
    if isinstance(one, Distribution):
        return (one.name, one.version)
    if isinstance(one, PciDevice):
        return one.address
    if isinstance(one, DiskFacts):
        return (one.role, one.path)
    return (one.kind, one.index, one.name)


def _unite_gpus(first: tuple[Gpu, ...], second: tuple[Gpu, ...]) -> tuple[Gpu, ...]:
    """GPUs with one number (or UUID, or address) and names that agree are one; the rest is added when it has another."""
    out = list(first)
    for place, gpu in enumerate(second):
        at = next((at for at, known in enumerate(out) if _same(known, gpu)), None)
        if at is None and gpu.index is None and len(first) == len(second) and _names_agree(out[place], gpu):
            at = place
        if at is None and not (gpu.index is None and any(_names_agree(known, gpu) for known in out)):
            out.append(gpu)
        elif at is not None:
            longer = max((out[at].name, gpu.name), key=_fullness)
            out[at] = dataclasses.replace(_join(out[at], gpu), name=longer)
    return tuple(out)


def _same(one: Gpu, other: Gpu) -> bool:
    if one.uuid and other.uuid:
        return one.uuid == other.uuid
    if one.pci_address and other.pci_address:
        return one.pci_address.lower()[-10:] == other.pci_address.lower()[-10:]
    return one.index is not None and one.index == other.index and _names_agree(one, other)


def _names_agree(one: Gpu, other: Gpu) -> bool:
    """nvidia-smi cuts names short ("GeForce RTX 208..."), older drivers leave out the maker."""
    first, second = (name.rstrip(". ").removeprefix("NVIDIA ").lower() for name in (one.name, other.name))
    return first.startswith(second) or second.startswith(first)


def _fullness(name: str) -> tuple[bool, int]:
    return (not name.endswith("..."), len(name))
