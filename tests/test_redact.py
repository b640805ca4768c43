from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlcheck.model.codec import encode
from dlcheck.model.device_facts import DeviceFacts, Gpu, NvidiaFacts
from dlcheck.model.facts import Facts
from dlcheck.model.host_facts import DiskFacts, SystemFacts
from dlcheck.model.redact import MASK, anonymise, anonymous_text, harmless, mask_report, mask_secrets
from dlcheck.model.report import Report, Target

# Put together at run time: a secret scanner must not take this file for a leak.
TOKENS = [
    "hf_" + "aB3dE5" * 5,
    "ghp_" + "x1Y2z3" * 6,
    "github_pat_" + "11AAAA_" * 4,
    "glpat-" + "abcd1234" * 3,
    "sk-" + "proj-a1b2c3d4" * 3,
    "AKIA" + "ABCDEFGH" * 2,
    "pypi-" + "AgEIcHl" * 4,
    "nvapi-" + "a1b2c3d4" * 3,
    "eyJhbGciOi" + "JIUzI1." + "eyJzdWIiOi" + "IxMjM0." + "abc_def-123",
]


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize(
    "sentence", ["{}", "export X={} # mine", "line one\n'{}'", '{{"a": "{}"}}', "https://host/path/{}/x"]
)
def test_a_token_that_names_its_kind_is_masked(token: str, sentence: str):
    assert token not in mask_secrets(sentence.format(token))


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("https://alice:s3cr3t@pkgs.example.com/simple", f"https://{MASK}@pkgs.example.com/simple"),
        ("https://a1b2c3@pkgs.example.com/simple/", f"https://{MASK}@pkgs.example.com/simple/"),
        ("http://u:pa/ss@h.example/x", f"http://{MASK}@h.example/x"),
        ("HF_TOKEN=abc123", f"HF_TOKEN={MASK}"),
        ("WANDB_API_KEY: 0123456789abcdef", f"WANDB_API_KEY: {MASK}"),
        ('"password": "hunter2"', f'"password": "{MASK}"'),
        ("AWS_SECRET_ACCESS_KEY=ab/cd+ef==", f"AWS_SECRET_ACCESS_KEY={MASK}"),
        ("Authorization: Bearer abcdefghij", f"Authorization: Bearer {MASK}"),
        ("--token abcdef", f"--token {MASK}"),
        ("https://x.example/a?sig=abc&b=1", f"https://x.example/a?sig={MASK}&b=1"),
        ("MYSQL_PWD=abc", f"MYSQL_PWD={MASK}"),
    ],
)
def test_a_secret_is_masked_and_the_rest_stays(text: str, masked: str):
    assert mask_secrets(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "torch==2.13.0 from https://download.pytorch.org/whl/cu130",
        "PWD=/srv/x and OLDPWD=/tmp",
        "git@github.com:owner/project.git",
        "a token classification model",
        "tokenizers 0.22, tokens per second: 5",
        "token classification-model-for-everybody",
        "key = value; monkey=1; CUDA_CACHE_PATH=/tmp/c",
        "scikit-learn-contrib-and-more-things",
        "sha 3f786850e387550fdab836ed7e6dc881de23001b",
    ],
)
def test_what_is_no_secret_stays(text: str):
    assert mask_secrets(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("a\x1b]0;title\x07b", "ab"),
        ("\x1b]8;;http://evil.example\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("a\x1b", "a"),
        ("a\x9b31mb", "a�31mb"),
        ("abc\u202edef", "abc�def"),
        ("bell\x07 back\x08", "bell� back�"),
        ("one\r\ntwo\tthree", "one\ntwo\tthree"),
        ("\ud800", "�"),
        ("naïve ✓ 你好", "naïve ✓ 你好"),
    ],
)
def test_terminal_sequences_are_neutralised(text: str, shown: str):
    assert harmless(text) == shown


@pytest.mark.parametrize(
    "piece", ["a.", "a_", "\x1b]", "x://", "token", "https://a:", "/home/", "GPU-0", "eyJ", "_pwd", "--token "]
)
def test_a_hostile_text_does_not_hang_it(piece: str):
    start = time.process_time()
    anonymous_text(piece * 20_000)
    assert time.process_time() - start < 3


@given(st.text(max_size=300))
def test_masking_twice_changes_nothing_more(text: str):
    once = anonymous_text(text)
    assert anonymous_text(once) == once


def report(**facts: object) -> Report:
    return Report(
        version="0",
        command="doctor",
        created="2026-11-22T08:00:00Z",
        node="deeplab7.example.org",
        profile="learn",
        target=Target(python="/srv/people/carla/env/bin/python", chosen_by="--python"),
        verdicts=(),
        facts=Facts(**facts),  # type: ignore[arg-type]
        data_date="2026-11-22",
    )


def test_nobody_is_in_an_anonymous_report():
    gpu = Gpu(name="NVIDIA H200", uuid="GPU-7a5c2d1e-1b2c-3d4e-5f60-718293a4b5c6")
    full = report(
        system=SystemFacts(name="linux", node="deeplab7"),
        disks=(DiskFacts(role="home", path="/srv/people/carla"),),
        devices=DeviceFacts(nvidia=NvidiaFacts(gpus=(gpu,), kernel_log=("NVRM: Serial Number: 1650923012345",))),
        variables={"CUDA_HOME": "/home/dora/cuda", "HF_TOKEN": "secret"},
        notes={
            "a": r"C:\Users\Erik Svensson\x",
            "b": "carla@deeplab7:~$ carlaX",
            "c": "/Users/frida/.venv",
            "d": "/root/.cache",
        },
    )
    shared = str(encode(anonymise(full)))
    for name in (
        "carla@",
        "deeplab7",
        "dora",
        "Erik",
        "frida",
        "/root",
        "7a5c2d1e",
        "16509230",
        "secret",
        "/srv/people",
    ):
        assert name not in shared, name
    assert "carlaX" in shared, "a longer word is another word"
    assert "NVIDIA H200" in shared
    assert anonymise(full).target.python == "~/env/bin/python"
    private = str(encode(mask_report(full)))
    assert "secret" not in private
    assert "/srv/people/carla" in private


def test_names_that_are_words_of_the_report_stay():
    full = replace(report(notes={"x": "dlcheck install torch in /home/user/x by root"}), node="localhost")
    assert anonymise(full).facts.notes["x"] == "dlcheck install torch in ~/x by root"


def test_a_clean_report_is_not_copied():
    clean = report()
    assert mask_report(clean) is clean
