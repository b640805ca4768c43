"""fleet run on a real Ray cluster: three raylets on this host, one of them killed in mid-run."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from dlcheck import fleet_run
from dlcheck.engines import ray
from dlcheck.model.errors import DlcheckError
from dlcheck.model.fleet import FleetReport
from dlcheck.model.launch import Launch
from tests.real.setup_fleet import program

pytestmark = pytest.mark.real

PROBE = """\
#!/bin/sh
n=$DLCHECK_NODE
case " $HUNG_ON " in *" $n "*) touch "$(dirname "$0")/begun"; sleep 300;; esac
printf '{"schema_version":1,"dlcheck":"0.1.0","command":"doctor","created":"%s","node":"%s","exit_code":0}' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$n"
"""


SLOW = {"RAY_raylet_start_wait_time_s": "120"}
"""A raylet may take its time on a loaded machine."""


class RayCluster:
    """Raylets named r1, r2, r3; r1 is the head. Each has a session of its own and is ended by its process group."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{one.getsockname()[1]}"
        self.nodes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, *options: str, **variables: str) -> None:
        argv = [
            str(program("ray")),
            "start",
            "--block",
            "--num-cpus=1",
            "--object-store-memory=80000000",
            "--disable-usage-stats",
        ]
        argv += [f'--resources={{"dlcheck:{name}": 1}}', *options]
        with (self.folder / f"{name}.log").open("wb") as log:
            self.nodes[name] = subprocess.Popen(
                argv,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                env=os.environ | SLOW | variables,
                start_new_session=True,
            )

    def kill(self, name: str) -> None:
        node = self.nodes.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(node.pid, signal.SIGKILL)
        node.wait()

    def alive(self) -> list[str]:
        try:
            return sorted(ray.survey(self.launch()).asked)
        except DlcheckError:
            return []

    def launch(self) -> Launch:
        python = str(program("ray").with_name("python"))
        return Launch(command=("x",), folder=str(self.folder), python=python, options=(f"address={self.address}",))


@pytest.fixture(scope="module")
def raylets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RayCluster]:
    if not program("ray").exists():
        words = f"not installed: {program('ray')}; run tests/real/setup_fleet.py ray"
        pytest.fail(words) if os.environ.get("CI") else pytest.skip(words)
    folder = tmp_path_factory.mktemp("ray")
    scratch = tempfile.mkdtemp(prefix="dlray")  # short, since it holds sockets
    (folder / "probe").write_text(PROBE)
    (folder / "probe").chmod(0o755)
    running = RayCluster(folder)
    try:
        head = (
            f"--port={running.address.split(':')[1]}",
            "--head",
            "--include-dashboard=false",
            f"--temp-dir={scratch}",
        )
        running.start("r1", *head)
        for _ in range(10):
            if running.alive():
                break
        # An address of its own each: a driver joins through a raylet of its own address, which must not be the killed one.
        for name, hung in (("r2", ""), ("r3", "r3")):
            running.start(name, f"--address={running.address}", f"--node-ip-address=127.0.0.{name[1]}", HUNG_ON=hung)
            for _ in range(10):
                if name in running.alive():
                    break
        assert running.alive() == ["r1", "r2", "r3"], "\n".join(
            path.read_text()[-1000:] for path in folder.glob("*.log")
        )
        yield running
    finally:
        for name in reversed(list(running.nodes)):
            running.kill(name)
        shutil.rmtree(scratch, ignore_errors=True)


def run(raylets: RayCluster, **wishes: object) -> FleetReport:
    launch = raylets.launch()
    usual = {"engine": "ray", "command": ("doctor",), "dlcheck": str(raylets.folder / "probe"), "python": launch.python}
    return fleet_run.run(fleet_run.Wish(**{"options": launch.options, "seconds": 60.0, "wait": 30.0} | usual | wishes))  # type: ignore[arg-type]


def test_a_killed_node_is_named_and_the_others_report(raylets: RayCluster):
    def kill() -> None:
        for _ in range(400):
            if (raylets.folder / "begun").exists():
                raylets.kill("r3")
                return
            threading.Event().wait(0.1)

    dying = threading.Thread(target=kill)
    dying.start()
    found = {one.name: (one.state.value, one.why) for one in run(raylets).nodes}
    dying.join()
    assert found == {"r1": ("ok", None), "r2": ("ok", None), "r3": ("missing", "the node died while it was asked")}
    again = {one.name: one.state.value for one in run(raylets, nodes=("r1", "r3", "r9")).nodes}
    assert again == {"r1": "ok", "r3": "missing", "r9": "missing"}


def test_an_interpreter_without_ray_is_wrong_use(tmp_path: Path):
    with pytest.raises(DlcheckError, match="Ray is not in this interpreter"):
        ray.survey(Launch(command=("x",), folder=str(tmp_path)))
    with pytest.raises(DlcheckError, match="cannot be started"):
        ray.survey(Launch(command=("x",), folder=str(tmp_path), python=str(tmp_path / "none")))
