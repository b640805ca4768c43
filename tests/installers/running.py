"""An installation in a test: made, carried out, looked at."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from index_server import Index

from dlcheck.host import record
from dlcheck.host.environments import look
from dlcheck.installation import install as verb
from dlcheck.installers import staging
from dlcheck.model.plan import Installation, Options
from tests.survival import listen_to_interrupts

ROOT = str(Path(__file__).parent.parent.parent)


class Quiet:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.bytes = 0

    def step(self, words: str) -> None:
        self.steps.append(words)

    def fetched(self, name: str, size: int) -> None:  # noqa: ARG002 - the protocol
        self.bytes += size


def options(tmp_path: Path, index: Index, *wanted: str, **more) -> Options:
    return Options(**{"requirements": wanted, "venv": str(tmp_path / "env"), "index_url": index.url, **more})


def go(made: Options, home: dict[str, str], reporter: Quiet | None = None) -> Installation:
    done, prepared = verb.plan(made, home)
    return done if prepared is None else verb.install(prepared, home, reporter or Quiet())


def start(tmp_path: Path, index: Index, home: dict[str, str], wanted: str) -> subprocess.Popen[bytes]:
    """The command as a person gives it; what it says goes to the file ``said``."""
    words = (wanted, "--venv", str(tmp_path / "env"), "--index-url", index.url, "--yes", "--no-smoke")
    with (tmp_path / "said").open("ab") as said:
        return subprocess.Popen(
            [sys.executable, "-m", "dlcheck", "install", *words],
            env={**home, "PYTHONPATH": ROOT},
            stdout=said,
            stderr=said,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=listen_to_interrupts if os.name == "posix" else None,
        )


def versions(tmp_path: Path) -> dict[str, str]:
    return dict(look(str(tmp_path / "env")).distributions)


def is_whole(tmp_path: Path) -> bool:
    return record.walk(staging.site_packages(str(tmp_path / "env")), deep=True).is_whole


def beside(tmp_path: Path) -> list[str]:
    return [one.name for one in tmp_path.iterdir() if "dlcheck-" in one.name]
