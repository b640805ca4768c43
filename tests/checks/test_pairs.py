"""Every pair meets exactly once, in as few rounds as can be; one bad pair and one bad node are told apart."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlcheck.checks.pairs import Blame, blame, rounds


@given(st.integers(0, 41))
def test_every_pair_meets_once_and_nobody_plays_twice_in_a_round(count):
    nodes = [f"n{at}" for at in range(count)]
    found = rounds(nodes)
    met = [frozenset(pair) for pairs in found for pair in pairs]
    assert sorted(map(sorted, met)) == sorted(map(sorted, combinations(nodes, 2)))
    for pairs in found:
        playing = [node for pair in pairs for node in pair]
        assert len(playing) == len(set(playing))
    if count > 1:
        assert len(found) == (count if count % 2 else count - 1)


@given(st.integers(3, 16), st.data())
def test_one_bad_pair_is_found(count, data):
    pairs = [pair for several in rounds([f"n{at}" for at in range(count)]) for pair in several]
    bad = data.draw(st.sampled_from(pairs))
    assert blame({pair: pair != bad for pair in pairs}) == Blame((), (bad,))


@given(st.integers(3, 16), st.data())
def test_a_bad_node_is_blamed_and_not_its_pairs(count, data):
    nodes = [f"n{at}" for at in range(count)]
    bad = data.draw(st.sampled_from(nodes))
    assert blame({pair: bad not in pair for several in rounds(nodes) for pair in several}) == Blame((bad,), ())


@pytest.mark.parametrize("well", [True, False])
def test_of_two_nodes_alone_only_the_pair_can_be_named(well):
    assert blame({("a", "b"): well}) == Blame((), () if well else (("a", "b"),))
