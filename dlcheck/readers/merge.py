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
    """Two lists of one machine's GPUs. Each GPU of a list is another one, whatever its name; over the lists those are one that
    share a UUID, an address or a number, else those of one name of which nothing says that they are two.
    """
    out = list(first)
    free = list(range(len(first)))
    rest: list[Gpu] = []
    for gpu in second:
        at = next((at for at, known in enumerate(out) if _same(known, gpu)), None)
        if at is None:
            rest.append(gpu)
            continue
        out[at] = _joined(out[at], gpu)
        if at in free:
            free.remove(at)
    groups: dict[tuple[int, ...], list[Gpu]] = {}
    for gpu in rest:
        groups.setdefault(tuple(at for at in free if _may_be_same(out[at], gpu)), []).append(gpu)
    for candidates, group in groups.items():
        likely = [at for at in candidates if at in free]
        told = list(zip(likely, group, strict=False))
        if _can_be_paired([out[at] for at in likely], group, len(first) == len(second)):
            for at, gpu in told:
                out[at] = _joined(out[at], gpu)
            out += group[len(told) :]
        else:  # nobody can tell which is which: what is certain is how many there are
            out += [Gpu(name=one.name) for one in group[len(told) :]]
        free = [at for at in free if at not in likely[: len(told)]]
    return tuple(out)


def _can_be_paired(known: list[Gpu], group: list[Gpu], equally_many: bool) -> bool:
    """Whether one by one is right: of each there is one, or as many in the same order, or one side's are all the same."""
    if len(known) == len(group) and (len(known) == 1 or equally_many):
        return True
    return all(one == known[0] for one in known) or (len(group) >= len(known) and all(one == group[0] for one in group))


def _joined(one: Gpu, other: Gpu) -> Gpu:
    joined: Gpu = _join(one, other)
    return dataclasses.replace(joined, name=max((one.name, other.name), key=_fullness))


def _same(one: Gpu, other: Gpu) -> bool:
    if one.uuid and other.uuid:
        return one.uuid == other.uuid
    if one.pci_address and other.pci_address:
        return _same_place(one.pci_address, other.pci_address)
    return one.index is not None and one.index == other.index and _names_agree(one, other)


def _may_be_same(one: Gpu, other: Gpu) -> bool:
    """Whether the names agree and no two identities differ."""
    if one.pci_address and other.pci_address and not _same_place(one.pci_address, other.pci_address):
        return False
    identities = ((one.uuid, other.uuid), (one.index, other.index))
    return _names_agree(one, other) and all(mine is None or its is None or mine == its for mine, its in identities)


def _same_place(one: str, other: str) -> bool:
    """Whether two PCI addresses are one; the domain before bus, device and function has four digits, eight, or is left out."""
    length = min(len(one), len(other), len("00:00:00.0"))
    return one.lower()[-length:] == other.lower()[-length:]


def _names_agree(one: Gpu, other: Gpu) -> bool:
    """nvidia-smi cuts names short ("GeForce RTX 208..."), older drivers leave out the maker."""
    first, second = (name.rstrip(". ").removeprefix("NVIDIA ").lower() for name in (one.name, other.name))
    return first.startswith(second) or second.startswith(first)


def _fullness(name: str) -> tuple[bool, int]:
    return (not name.endswith("..."), len(name))
