"""Every target of foreign.py on what it understands, on a few hundred changes, on what once broke it, and on a megabyte of
one thing. tools/fuzz.py runs the same targets for as long as one likes; docs/fuzzing.md says what that found.
"""

from __future__ import annotations

import base64
import random
import time
from pathlib import Path
from typing import Any

import pytest

from dlcheck.checks.report_of_worker import Account
from dlcheck.data.smoke_tasks import TASKS, smoke_task
from dlcheck.diagnose import diagnose_text
from dlcheck.installers import inside_wheel
from dlcheck.model.smoke import SmokeStatus
from dlcheck.readers import clean
from tests.hostile import foreign
from tools.fuzz import Mutator

MEGABYTE = 1_000_000
UNITS = (
    "(", ")", "[", "{", " ", "\n", "\t", "0", "9", "a", "_", "-", "/", ".", "|", "=", '"', "\\", "\0", "\x1b", "\x1b[31m", "\x1b]", "\x08", "\r",
    "a,", "1 ", "1.", "a\n", "1\n", "(\n", ": ", "a: b\n", "x=1\n", "a==1\n", "a b\n", "- ", "| ", "> ", "/a", "\u4e2d", "\ufeff", "&amp;", "[1,", '{"a":',
    '{"version": ', "<gpu ", "GPU 0: ", "Traceback (most recent call last):\n", "Error: ", "ImportError: ", "torch==2.1\n", "CUDA error ",
    "warning: x\n", "/usr/lib/python3/x.so: ", "NVIDIA-SMI Xid amdgpu MemTotal GPU[0] ", "2026-01-01 00:00:00 ", "^[[0m", "Requirement already satisfied: a in ",
)  # fmt: skip


@pytest.mark.parametrize("name", foreign.TARGETS)
def test_what_a_reader_understands_and_changes_of_it(name: str):
    """The same changes at every run: a failure here can be looked at."""
    mutator = Mutator(foreign.seeds(name), foreign.words(), 1)
    for seed in foreign.seeds(name)[:10]:
        foreign.run(name, seed)
    began = time.process_time()
    for _ in range(60):
        foreign.run(name, mutator.next())
        if time.process_time() - began > 2.0:
            break


NUMBERS = 10**400
WORKER: list[tuple[str, list[dict[str, Any]]]] = [
    ("devices that are words", [{"event": "devices", "devices": ["cpu", 5, None]}]),
    ("devices that are no list", [{"event": "devices", "devices": {"cpu": 1}}]),
    ("a name that is no word", [{"event": "open", "device": "cpu", "name": ["x"], "seconds": NUMBERS}]),
    ("seconds that are a word", [{"event": "result", "math": "default", "task": "xor", "seconds": "long"}]),
    ("places that are a number", [{"event": "result", "math": "default", "task": "xor", "places": 5}]),
    ("a kind of number nobody knows", [{"event": "result", "math": "default", "task": "xor", "dtype": "float8"}]),
    ("arrays of another size", [{"event": "result", "math": "default", "dtype": "float32", "task": "xor", "trained": {"w1": "AAAA", "b1": ""}}]),
    ("a measure beyond every figure", [{"event": "exercise", "task": "sustained-load", "wrong": 0, "checked": 1, "measured": {"per_second": NUMBERS}}]),
]  # fmt: skip


@pytest.mark.parametrize(("what", "lines"), WORKER, ids=[row[0] for row in WORKER])
def test_what_a_worker_writes_fails_it_and_breaks_nothing(what: str, lines: list[dict[str, Any]]):
    """Each of these once ended the judging of a training in an exception."""
    account = Account("torch", [smoke_task(name) for name in TASKS], ("float32",), (), asked=True)
    for one in ({"event": "framework", "version": "2.13.0"}, *lines):
        account.note(one)
    assert all(one.status is not SmokeStatus.PASSED or one.mode == "exercise" for one in account.results())
    assert account.planes() == []


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: ascii(unit)[1:-1][:24])
def test_a_megabyte_of_one_thing_takes_less_than_a_second(unit: str):
    """Of processor time, for the whole diagnosis: cleaning, every reader, every signature."""
    text = unit * (MEGABYTE // len(unit))
    assert _seconds(lambda: diagnose_text(text)) < 1.0


def test_lines_of_chance_take_no_longer():
    """Lines that nearly match: words that readers and signatures look for, in an order that nobody wrote."""
    chance = random.Random(5)
    words = [word.decode() for word in foreign.words()]
    lines = (" ".join(chance.choices(words, k=6)) for _ in range(12_000))
    text = "\n".join(lines)[:MEGABYTE]
    assert len(text) > MEGABYTE // 2
    assert _seconds(lambda: diagnose_text(text)) < 3.0


def _seconds(work: object) -> float:
    """The shorter of two, for the processor may be shared."""
    took = []
    for _ in range(2):
        clean.clean.cache_clear()
        began = time.process_time()
        work()
        took.append(time.process_time() - began)
        if took[0] < 0.4:
            break
    return min(took)


FOUND: list[tuple[str, str, bytes]] = [
    ("left", "a journal with nothing in it, as a full disk leaves it", b""),
    ("left", "a journal whose last line is a list", b"[]\n"),
    ("left", "a journal nested deeply", b"[" * 100_000),
    ("programs", "a port beyond every float", b'{"hostname": "x", "pid": 1, "port": 1e400}'),
    ("programs", "the message of Ansible nested deeply", b"[" * 30_000),
    ("programs", "an exit code of thousands of digits", b"local_rank : 0\n exitcode : " + b"9" * 6000),
    ("programs", "a compiler of thousands of digits", b"# if __GNUC__ > " + b"9" * 6000),
    ("system_files", "empty lines in the place of nccl.conf", b"\n" * 100_000),
    ("system_files", "blanks in the place of nccl.conf", b"NCCL_DEBUG =" + b" " * 100_000 + b"x"),
    ("system_files", "a node of KFD with thousands of digits", b"simd_count " + b"9" * 6000),
]  # fmt: skip


@pytest.mark.parametrize(("target", "what", "data"), FOUND, ids=[row[1] for row in FOUND])
def test_what_broke_once_breaks_no_more(target: str, what: str, data: bytes):
    began = time.process_time()
    foreign.run(target, data)
    assert time.process_time() - began < 2.0


def test_a_wheel_with_any_byte_changed_is_read_or_is_none(tmp_path: Path):
    """zlib's and struct's errors are none of zipfile's."""
    whole = foreign.wheel()
    for at in range(len(whole)):
        (tmp_path / "torch.whl").write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        inside_wheel.text_in(str(tmp_path / "torch.whl"), "torch-2.13.0.dist-info/METADATA")


def test_the_seeds_are_understood():
    """A fuzzer whose seeds say nothing to a reader would find nothing."""
    found = [foreign.read_all(foreign.text_of(seed)) for seed in foreign.seeds("readers")]
    assert sum(facts != foreign.Facts() for facts in found) > 3
    assert foreign.reports()[0]["verdicts"]
    assert base64.b64encode(foreign._history()[:15]) == base64.b64encode(b"SQLite format 3")
