"""What holds for every reader: registered, never raising, never slow."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dlcheck import readers
from dlcheck.model.codec import decode, encode
from dlcheck.model.facts import Facts
from dlcheck.readers import READERS, read_all

PARTS = {
    "__init__",
    "clean",
    "figures",
    "labels",
    "layouts",
    "merge",
    "parts",
    "paste",
    "pattern",
    "remainder",
    "resolver_answer",
    "unsaid",
}
WORDS = (
    *(
        "GPU 0: ",
        "NVIDIA",
        "MiB /",
        "| ",
        "[pip3] ",
        "torch==",
        "CUDA Version: ",
        "Xid (PCI:0000:03:00): 13,",
        "\t",
        "\r\n",
    ),
    *(
        ": ",
        "::",
        "\n",
        "processor : 0",
        "CPU(s): ",
        "<gpu id=",
        "</gpu>",
        "MemTotal: ",
        "Agent 1",
        "\x1b[31m",
        "> ",
        "12 | ",
    ),
    *(
        "GPU[0] : Card series: ",
        '{"card0": {',
        "(UUID: ",
        "Python version: ",
        "conda version : ",
        "....",
        "MIG 1g.5gb Device 0:",
    ),
    *(
        "99999999999999999999999",
        "1e999",
        "0x",
        "%",
        "-",
        "=",
        "（",
        "：",
        "\ufeff",
        "\x00",
        "e",
        "9.9.9",
        "Linux h 6.1 x86_64",
    ),
)


def test_every_reader_is_registered():
    files = {path.stem for path in Path(readers.__file__).parent.glob("*.py")} - PARTS
    assert files == {reader.__module__.rsplit(".", 1)[1] for reader in READERS}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.one_of(
        st.text(),
        st.lists(st.sampled_from(WORDS), max_size=60).map("".join),
        st.binary().map(lambda raw: raw.decode("utf-8", "replace")),
    )
)
def test_no_text_makes_a_reader_fail(text):
    facts = read_all(text)
    assert not [name for name in facts.notes if name.startswith("reader failed")]
    assert decode(Facts, encode(facts)) == facts


def test_a_text_that_says_nothing_gives_no_facts():
    assert read_all("Hello, my training is slow, can anybody help me please") == Facts()


@pytest.mark.parametrize(
    "text",
    [
        *(
            unit * (1_000_000 // len(unit))
            for unit in ("(", "a", " ", "\n", "0", "|", "=", ": ", "\t\n", "a ", "1 ", "a\n", "- ", "a.", "[")
        ),
        *((unit * 12_000 + "\n") * 80 for unit in ("(", "a", "0", "|", "=", " ")),
        "GPU 0: " * 140_000,
        "| 0 " * 250_000,
        "torch==2.1\n" * 90_000,
        "Linux a 6.1 " * 80_000,
        "<gpu " * 200_000,
        '{"version": ' * 80_000,
        "NVIDIA-SMI Xid Intel(R) amdgpu MemTotal GPU[0] " * 20_000,
    ],
    ids=lambda text: repr(text[:12]),
)
def test_a_megabyte_of_one_thing_is_read_in_seconds(text):
    started = time.process_time()
    read_all(text)
    assert time.process_time() - started < 4, "a regular expression blows up"
