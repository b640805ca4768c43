"""What nodes say of a training over all of them comes from other machines: it may be nonsense, and never more than that."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dlcheck import fleet_ranks
from dlcheck.model.launch import Answer, Launch, Returned

NODES = ("n1", "n2")
LAUNCH = Launch(command=("dlcheck", "smoke"), folder="/nowhere")
HONEST: dict[str, Any] = {
    "backend": "gloo",
    "here": 1,
    "python": "/usr/bin/python3",
    "events": [
        {"event": "rank", "rank": 0, "stage": "import"},
        {"event": "reduced", "rank": 0, "whole": True, "seconds": 0.1},
        {"event": "pace", "rank": 0, "seconds": 0.1},
        {"event": "alone", "rank": 0, "losses": [1.0], "gradients": {}, "trained": {}, "start": {}},
        {"event": "result", "rank": 0, "losses": [1.0], "gradients": {"w1": "AAAA"}, "trained": {}, "start": {}},
    ],
    "exit_codes": {"0": -11},
    "port_taken": False,
    "last_words": "",
}

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**18), 10**18)
    | st.floats()
    | st.sampled_from(["result", "alone", "pace", "0", "w1", "n1", "-1", "float32", "AAAA", "\x1b[2J", "9" * 5000])
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["rank", "w1", "0", "event"]), inner),
    max_leaves=6,
)


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value of the document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(place for key, one in inner for place in places(one, (*at, key)))]


@st.composite
def spoilt(draw: st.DrawFn) -> dict[str, Any]:
    """An honest document in which up to three values are something else."""
    document = json.loads(json.dumps(HONEST))
    for _ in range(draw(st.integers(1, 3))):
        *way, last = draw(st.sampled_from([one for one in places(document) if one]))
        holder = document
        for key in way:
            holder = holder[key]
        holder[last] = draw(values)
    return document


def seen_of(documents: dict[str, Any]) -> fleet_ranks._Seen:
    answers = {node: Answer(json.dumps(one).encode(), "", 0) for node, one in documents.items()}
    seen = fleet_ranks._Seen()
    fleet_ranks._take(seen, [NODES], LAUNCH, Returned(answers, {}))
    return seen


@settings(max_examples=100, deadline=None)
@given(spoilt(), spoilt() | st.just(HONEST) | values)
def test_nonsense_never_breaks_the_picture_and_never_passes(one: Any, other: Any):
    seen = seen_of({"n1": one, "n2": other})
    assert set(seen.results) | set(seen.excuses) == set(NODES), "every node has a result or an excuse"
    assert seen.outcomes[NODES] is False
    for node, results in seen.results.items():
        document = json.loads(fleet_ranks._document(node, results, seen, 1.0))
        assert document["command"] == "smoke"


def test_a_node_that_claims_a_million_ranks_is_not_believed():
    seen = seen_of({"n1": HONEST | {"here": 10**12}, "n2": HONEST})
    assert seen.results == {}
    assert set(seen.excuses.values()) == {"what the ranks of its group reported cannot be read"}
    assert seen_of({"n1": HONEST | {"here": True}, "n2": HONEST}).results == {}
