"""What became of a fleet: nodes that changed alike share a line, and long lists are counted."""

from __future__ import annotations

from dlcheck.model.fleet import FleetChange, FleetDiff, NodeState
from dlcheck.model.style import Style
from dlcheck.renderers.fleet_diff_text import MOST_CHANGES, render


def diff(*worse: FleetChange) -> str:
    found = FleetDiff(version="0.1.0", created="c", node="head", before="run 1", after="run 2", worse=worse)
    return render(found, Style(unicode=True, width=100))


def test_nodes_that_changed_alike_share_a_line():
    both = (FleetChange(node=f"n{at}", before=NodeState.OK, after=NodeState.FAILED, appeared=("bad",)) for at in (1, 2))
    text = diff(*both)
    assert "n[1-2]  ok → failed" in text
    assert "now: bad" in text
    assert "no longer" not in text


def test_a_node_that_came_or_stayed_bad_is_told():
    came = FleetChange(node="n1", before=None, after=NodeState.FAILED)
    gone = FleetChange(node="n2", before=NodeState.OK, after=None)
    still = FleetChange(node="n3", before=NodeState.FAILED, after=NodeState.FAILED, gone=("old",))
    text = diff(came, gone, still)
    assert "n1  not there → failed" in text
    assert "n2  ok → not there" in text
    assert "n3  still failed" in text
    assert "no longer: old" in text


def test_many_facts_and_many_kinds_are_counted():
    facts = tuple((f"fact {at}", None, "1") for at in range(13))
    text = diff(FleetChange(node="n0", before=NodeState.OK, after=NodeState.FAILED, changed=facts))
    assert "fact 9 none → 1" in text
    assert "fact 10" not in text
    assert "and 3 more facts" in text
    many = (
        FleetChange(node=f"n{at}", before=NodeState.OK, after=NodeState.FAILED, appeared=(f"cause-{at}",))
        for at in range(MOST_CHANGES + 4)
    )
    assert "and 4 more kinds of change" in diff(*many)
