"""The model's dataclass is the frozen one with slots that a type checker takes it for."""

from __future__ import annotations

import copy
import dataclasses
import pickle

import pytest

from dlcheck.model.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """Of a test: one field is secret, one has a default."""

    name: str
    key: str = dataclasses.field(default="", repr=False)
    marks: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """Of a test: the same values in another class."""

    name: str
    key: str = ""
    marks: tuple[int, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Plain:
    """What Place would be of the standard library."""

    name: str
    key: str = dataclasses.field(default="", repr=False)
    marks: tuple[int, ...] = ()


def test_equality_hash_and_text_are_those_of_a_dataclass():
    assert Place("a", "k") == Place("a", "k") != Place("b", "k")
    assert Place("a") != Other(name="a")
    assert len({Place("a"), Place("a"), Place("b")}) == 2
    assert repr(Place("a", "secret")) == repr(Plain("a", "secret")).replace("Plain", "Place")
    assert "secret" not in repr(Place("a", "secret"))


def test_a_value_never_changes():
    place = Place("a")
    with pytest.raises(dataclasses.FrozenInstanceError):
        place.name = "b"  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        del place.name
    with pytest.raises(AttributeError):
        place.more = 1  # type: ignore[attr-defined]
    assert place.name == "a"
    assert not hasattr(place, "__dict__")


def test_what_works_on_dataclasses_works_on_these():
    place = Place("a", "k", (1, 2))
    assert dataclasses.is_dataclass(place)
    assert [field.name for field in dataclasses.fields(place)] == ["name", "key", "marks"]
    assert dataclasses.replace(place, name="b") == Place("b", "k", (1, 2))
    assert copy.deepcopy(place) == pickle.loads(pickle.dumps(place)) == place
    with pytest.raises(TypeError):
        Other("a")  # type: ignore[misc]


def test_no_other_kind_can_be_made():
    with pytest.raises(TypeError, match="frozen"):
        dataclass(frozen=False, slots=True)
