"""``dataclass`` for the model: frozen, with slots, and quick to make.

``dataclasses`` writes and compiles six functions a class. Before Python 3.13 that is more than a millisecond each, and
the classes of the facts alone a sixth of a short run. Here it writes ``__init__`` only; equality, hash, text and the
guard against change are the same few lines for every class, so all share them. ``dataclasses.fields``, ``replace`` and
``is_dataclass`` work as on any other dataclass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["dataclass"]

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    import dataclasses
    from collections.abc import Callable

    def dataclass(*, frozen: bool, slots: bool, kw_only: bool = False) -> Callable[[type], type]:
        """As ``dataclasses.dataclass(frozen=True, slots=True)``, which a type checker takes it for; no other kind is made."""
        if not (frozen and slots):
            raise TypeError("a dataclass of the model is frozen and has slots")

        def make(cls: type) -> type:
            cls.__eq__, cls.__hash__, cls.__repr__ = _equals, _hash, _text
            cls.__setattr__, cls.__delattr__ = _set_once, _keep
            return dataclasses.dataclass(eq=False, repr=False, slots=True, kw_only=kw_only)(cls)

        return make

    def _values(self: object) -> tuple[object, ...]:
        return tuple(getattr(self, name) for name in self.__dataclass_fields__)

    def _equals(self: object, other: object) -> bool:
        return _values(self) == _values(other) if self.__class__ is other.__class__ else NotImplemented

    def _hash(self: object) -> int:
        return hash(_values(self))

    def _text(self: object) -> str:
        shown = (one.name for one in dataclasses.fields(self) if one.repr)
        return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"

    def _set_once(self: object, name: str, value: object) -> None:
        if hasattr(self, name):  # only __init__ meets a field that has no value yet
            raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")
        object.__setattr__(self, name, value)

    def _keep(_self: object, name: str) -> None:
        raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
