from __future__ import annotations

import json

import pytest

from dlcheck.model.codec import DecodeError, decode, encode
from dlcheck.model.device_facts import DeviceFacts, Gpu, NvidiaFacts
from dlcheck.model.fact import Unknown
from dlcheck.model.facts import Facts
from dlcheck.model.host_facts import CpuFacts, MemoryFacts, SystemFacts
from dlcheck.model.profile import Severity
from dlcheck.model.python_facts import FrameworkFacts, ImportFacts

FACTS = Facts(
    system=SystemFacts(name="linux", machine="x86_64", wsl=2),
    cpu=CpuFacts(brand=Unknown("no /proc"), flags=("avx", "avx2"), quota_cpus=1.5),
    memory=MemoryFacts(total_bytes=8_000_000_000, limit_bytes=None),
    devices=DeviceFacts(
        pci=(), nvidia=NvidiaFacts(driver="580.65.06", gpus=(Gpu(name="NVIDIA H200", memory_bytes=Unknown("no")),))
    ),
    frameworks={"torch": FrameworkFacts(name="torch", version="2.13.0", run=ImportFacts(result="found", seconds=1.5))},
    notes={"gcc": "12"},
)


def test_facts_survive_a_round_trip():
    assert decode(Facts, json.loads(json.dumps(encode(FACTS)))) == FACTS


def test_sparse_facts_are_shorter_and_read_the_same():
    sparse = json.dumps(encode(FACTS, sparse=True))
    assert decode(Facts, json.loads(sparse)) == FACTS
    assert len(sparse) < len(json.dumps(encode(FACTS))) / 4


def test_new_keys_are_ignored():
    document = encode(FACTS)
    document["of the future"] = 1
    document["system"]["of the future"] = {}
    assert decode(Facts, document) == FACTS


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"system": []}, "document.system: an object is expected"),
        ({"system": {}}, "document.system: name is missing"),
        ({"memory": {"total_bytes": "8 GB"}}, "document.memory.total_bytes: int is expected, not str"),
        ({"disks": {"a": 1}}, "document.disks: a list is expected"),
        ({"notes": {"a": {}}}, "document.notes.a: str is expected"),
        ({"notes": []}, "document.notes: an object is expected"),
        ({"memory": {"total_bytes": 2**64}}, "document.memory.total_bytes: a number of 64 bits is expected"),
        ({"memory": {"total_bytes": 1.5}}, "document.memory.total_bytes: a whole number is expected"),
        ({"cpu": {"quota_cpus": float("inf")}}, "document.cpu.quota_cpus: a number is expected"),
    ],
)
def test_a_wrong_shape_is_named(change: dict[str, object], words: str):
    with pytest.raises(DecodeError, match=words.replace("[", r"\[")):
        decode(Facts, encode(FACTS) | change)


def test_a_boolean_is_no_number():
    with pytest.raises(DecodeError):
        decode(MemoryFacts, {"total_bytes": True})


def test_a_word_of_a_list_is_one_of_the_list():
    assert decode(Severity, "note") is Severity.NOTE
    with pytest.raises(DecodeError, match="'fatal' is none of"):
        decode(Severity, "fatal")
