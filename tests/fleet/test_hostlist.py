from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlcheck.model.hostlist import HostlistError, expand, fold, is_name, shortened


@pytest.mark.parametrize(
    ("names", "folded"),
    [
        ("", ""),
        ("n1", "n1"),
        ("n1 n2 n3 n4 n5 n6 n7 n9", "n[1-7,9]"),
        ("n10 n9 n8", "n[8-10]"),
        ("n09 n10 n11", "n[09-11]"),
        ("n099 n100", "n[099-100]"),
        ("n9 n09", "n[9,09]"),
        ("n1 n2 gpu1 login", "gpu1,login,n[1-2]"),
        ("r1n1 r1n2 r2n1", "r1n[1-2],r2n1"),
        ("n1.lab n2.lab n3.lab2", "n[1-2].lab,n3.lab2"),
        ("10.0.0.1 10.0.0.2", "10.0.0.[1-2]"),
        ("n3-ib n4-ib", "n[3-4]-ib"),
        ("n n1 n2", "n,n[1-2]"),
    ],
)
def test_names_are_folded(names: str, folded: str):
    assert fold(names.split()) == folded
    assert sorted(expand(folded)) == sorted(names.split())


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("n[1-3]", "n1 n2 n3"),
        ("n[01-03,7]", "n01 n02 n03 n7"),
        ("n1,n2\nn3  n4", "n1 n2 n3 n4"),
        ("r[1-2]n[08-10]", "r1n08 r1n09 r1n10 r2n08 r2n09 r2n10"),
        ("n[1-2],n2,n1", "n1 n2"),
        ("n[ 1-2, 4]", "n1 n2 n4"),
    ],
)
def test_lists_are_expanded_as_slurm_does(text: str, names: str):
    assert expand(text) == tuple(names.split())


@pytest.mark.parametrize(
    "text",
    ["n[1-", "n1]", "n[[1]]", "n[3-1]", "n[]", "n[a-b]", "../etc/passwd", "n1;rm", "n[1-3]\x1b[0m", "a/b", "-n1",
     "n[0-999999999]", "r[0-9999]n[0-9999]", "n[1-10000000000]", "[1][1][1][1][1]", "n..m", "n[4-1\x0b]",
     "n[2-79799][2-7,9]"],
)  # fmt: skip
def test_what_is_no_list_is_refused(text: str):
    with pytest.raises(HostlistError) as error:
        expand(text)
    assert str(error.value).isprintable()


def test_a_long_list_is_cut_between_two_items_or_counted():
    names = [f"n{at}" for at in range(0, 40, 2)]
    assert shortened(names, 100) == fold(names)
    assert shortened(names, 12) == "n[0,2,4,6,8,…"
    racks = [f"gpu-node-rack{at:03}.cluster.example" for at in range(1, 400)]
    assert shortened(racks, 20) == "399 nodes"
    assert shortened(racks, 100) == fold(racks)


NAMES = st.lists(
    st.from_regex(r"\A[a-z]{0,3}[0-9]{0,4}[a-z-]{0,2}[0-9]{1,12}(\.lab[0-9]?)?\Z").filter(is_name), max_size=40
)


@given(NAMES)
def test_folding_loses_nothing(names: list[str]):
    assert sorted(expand(fold(names))) == sorted(set(names))


@given(NAMES)
def test_folding_without_inner_brackets_loses_nothing(names: list[str]):
    folded = fold(names, inside=False)
    assert sorted(expand(folded)) == sorted(set(names))
    assert "]." not in folded


@given(st.integers(0, 2000), st.integers(0, 2000), st.integers(1, 6))
def test_one_range_stays_one_range(first: int, length: int, width: int):
    names = [f"n{number:0{width}}" for number in range(first, first + length + 2)]
    if len(str(first + length + 1)) <= width or width == 1:
        assert fold(names) == f"n[{names[0][1:]}-{names[-1][1:]}]"
    assert set(expand(fold(names))) == set(names)


@given(st.text(max_size=60))
def test_any_text_is_a_list_or_refused(text: str):
    try:
        names = expand(text)
    except HostlistError:
        return
    assert all(is_name(name) for name in names)


def test_a_megabyte_is_taken_apart_in_no_time():
    """Once each sign was added to the item before it: the square of the length."""
    began = time.process_time()
    assert len(expand(",".join(f"n{number}" for number in range(20_000)))) == 20_000
    with pytest.raises(HostlistError):
        expand("a" * 1_000_000)
    assert time.process_time() - began < 2
