"""Secrets and names planted where machines have them, then searched for in everything that dlcheck writes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dlcheck import history
from dlcheck.renderers import RENDERERS

ROOT = Path(__file__).parent.parent.parent
TOKEN = "hf_" + "Qw7" * 11
SECRETS = {TOKEN, "s3cr3t-index", "pa55-proxy", "ghp-extra-c0de", "k3y-of-wandb"}
NAMES = {"hopper", "gracelab42"}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Everything that runs on a machine full of secrets wrote: by format, and by stream or file."""
    folder = tmp_path_factory.mktemp("planted")
    home = folder / "home" / "hopper"
    (home / ".config" / "pip").mkdir(parents=True)
    (home / ".config" / "pip" / "pip.conf").write_text(
        "[global]\nindex-url = https://hopper:s3cr3t-index@pkgs.example.invalid/simple\n"
        "extra-index-url = https://ghp-extra-c0de@more.example.invalid/simple\n"
    )
    environ = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "HOME": str(home),
        "USER": "hopper",
        "LOGNAME": "hopper",
        "SLURMD_NODENAME": "gracelab42",
        "XDG_STATE_HOME": str(home / "state"),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "HF_TOKEN": TOKEN,
        "WANDB_API_KEY": "k3y-of-wandb",
        "HTTPS_PROXY": "http://hopper:pa55-proxy@127.0.0.1:9",
        "CUDA_HOME": str(home / "cuda"),
        "LD_LIBRARY_PATH": f"{home}/lib:/home/hopper/lib",
        "TORCH_EXTENSIONS_DIR": f"{home}/{TOKEN}",
    }
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "UV_INDEX_URL", "UV_DEFAULT_INDEX", "PIP_CONFIG_FILE"):
        environ.pop(name, None)

    def dlcheck(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "dlcheck", *arguments]
        return subprocess.run(command, cwd=home, env=environ, capture_output=True, text=True, timeout=200)

    facts = home / "facts.json"
    first = dlcheck("doctor", "--timeout", "20", "--save-facts", str(facts), "-v")
    assert first.returncode in (0, 1), first.stderr
    made = {"stdout": first.stdout, "stderr": first.stderr, "facts": facts.read_text()}
    for name in RENDERERS:
        done = dlcheck("doctor", "--facts", str(facts), "--format", name, "--exit-zero")
        assert done.returncode == 0, done.stderr
        made[name] = done.stdout
    path = str(home / "state" / "dlcheck" / "history.sqlite3")
    made["history"] = str(history.document(history.runs(path)[0].number, path))
    made["diff"] = dlcheck("diff", str(facts), "last", "-v").stdout
    return made


def test_something_was_found_to_mask(written: dict[str, str]):
    assert "***@pkgs.example.invalid" in written["json"]
    assert "pkgs.example.invalid" in written["facts"]
    assert "hopper" in written["facts"], "what stays on the machine may name its user"


def test_no_secret_is_written_anywhere(written: dict[str, str]):
    for name, text in written.items():
        assert not [secret for secret in SECRETS if secret in text], name


@pytest.mark.parametrize("name", sorted(set(RENDERERS) - {"text", "json"}))
def test_nobody_is_named_where_it_is_shared(written: dict[str, str], name: str):
    assert not [person for person in NAMES if person in written[name]]
    assert "/home/" not in written[name].replace("https://", "")
