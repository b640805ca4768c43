"""Dataclasses to JSON values and back. One loader for facts, reports and plans, strict about types, deaf to new keys."""

from __future__ import annotations

import dataclasses
import enum
import functools
import math
import types
import typing
from typing import Any, TypeVar, cast

from dlcheck.model.fact import Unknown

T = TypeVar("T")


class DecodeError(ValueError):
    """The JSON value does not have the shape of the type; the message names the place."""


def encode(value: object, *, sparse: bool = False) -> Any:
    """A JSON value: dataclasses become objects with every field, Unknown becomes ``{"unknown": why}``.

    ``sparse`` leaves out the fields that have their default: shorter, and ``decode`` reads the same from it.
    """
    if isinstance(value, Unknown):
        return {"unknown": value.why}
    if isinstance(value, enum.Enum):
        return value.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = _changed_names(value) if sparse else _field_names(type(value))
        return {name: encode(getattr(value, name), sparse=sparse) for name in names}
    if isinstance(value, dict):
        return {str(key): encode(item, sparse=sparse) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [encode(item, sparse=sparse) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def decode(kind: type[T], value: object, place: str = "") -> T:
    """The value of type ``kind`` that ``encode`` would have written so; ``DecodeError`` names the place that does not fit."""
    return cast(T, _decode(kind, value, place or "document"))


def _decode(kind: Any, value: object, place: str) -> object:
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        return _decode_union(typing.get_args(kind), value, place)
    if origin is tuple:
        if not isinstance(value, list):
            raise DecodeError(f"{place}: a list is expected")
        item = typing.get_args(kind)[0]
        return tuple(_decode(item, one, f"{place}[{at}]") for at, one in enumerate(value))
    if origin is dict:
        if not isinstance(value, dict):
            raise DecodeError(f"{place}: an object is expected")
        item = typing.get_args(kind)[1]
        return {str(key): _decode(item, one, f"{place}.{key}") for key, one in value.items()}
    if dataclasses.is_dataclass(kind):
        return _decode_dataclass(cast(type, kind), value, place)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        try:
            return kind(value)
        except ValueError:
            raise DecodeError(f"{place}: {value!r} is none of {[one.value for one in kind]}") from None
    if kind in (int, float) and isinstance(value, (int, float)) and not isinstance(value, bool):
        return _decode_number(kind, value, place)
    if isinstance(kind, type) and type(value) is kind:
        return value
    raise DecodeError(f"{place}: {getattr(kind, '__name__', kind)} is expected, not {type(value).__name__}")


def _decode_number(kind: type, value: float, place: str) -> float:
    """Infinite and not-a-number, which JSON does not have and Python reads, and what 64 bits do not hold, are no figures of
    a machine: whoever computes with them would trip.
    """
    if isinstance(value, int):
        if value.bit_length() > 64:
            raise DecodeError(f"{place}: a number of 64 bits is expected")
        return float(value) if kind is float else value
    if kind is int or not math.isfinite(value):
        raise DecodeError(f"{place}: a{' whole' if kind is int else ''} number is expected")
    return value


def _decode_union(kinds: tuple[Any, ...], value: object, place: str) -> object:
    if value is None and type(None) in kinds:
        return None
    if Unknown in kinds and isinstance(value, dict) and set(value) == {"unknown"}:
        return Unknown(str(value["unknown"]))
    rest = [kind for kind in kinds if kind is not type(None) and kind is not Unknown]
    failure: DecodeError | None = None
    for kind in rest:
        try:
            return _decode(kind, value, place)
        except DecodeError as error:
            failure = failure or error
    raise failure or DecodeError(f"{place}: does not fit")


def _decode_dataclass(kind: type, value: object, place: str) -> object:
    if not isinstance(value, dict):
        raise DecodeError(f"{place}: an object is expected")
    hints = _hints(kind)
    given = {name: _decode(hints[name], value[name], f"{place}.{name}") for name in hints if name in value}
    try:
        return kind(**given)
    except TypeError:
        missing = sorted(
            one.name
            for one in dataclasses.fields(kind)
            if one.default is dataclasses.MISSING
            and one.default_factory is dataclasses.MISSING
            and one.name not in given
        )
        raise DecodeError(f"{place}: {', '.join(missing)} is missing") from None


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


@functools.cache
def _field_names(kind: type) -> tuple[str, ...]:
    return tuple(one.name for one in dataclasses.fields(kind))


def _changed_names(value: Any) -> list[str]:
    return [
        one.name
        for one in dataclasses.fields(value)
        if getattr(value, one.name) != (one.default_factory() if callable(one.default_factory) else one.default)
    ]
