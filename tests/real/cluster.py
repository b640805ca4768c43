"""A real Slurm cluster on this one host: munged, slurmctld and a slurmd a node, in a folder of their own, ended by pid.

Debian's packages slurm-wlm and munge are needed (tests/real/setup_slurm.sh). Every node is a slurmd with a name and a
port of its own on the loopback address, which Debian's build allows (MULTIPLE_SLURMD). No cgroup, no systemd, no database.
"""

from __future__ import annotations

import contextlib
import os
import platform
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

NEEDED = ("munged", "slurmctld", "slurmd", "srun", "sinfo", "scontrol")

CONF = """\
ClusterName=dlcheck
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/linear
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SlurmdTimeout=5
KillWait=5
InactiveLimit=0
MessageTimeout=20
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0
SchedulerTimeSlice=5
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
JobCompType=jobcomp/none
{more}
NodeName={nodes} NodeHostname={host} NodeAddr=127.0.0.1 Port={ports} CPUs=1 RealMemory=64
PartitionName=main Nodes=ALL Default=YES State=UP MaxTime=60
"""


def require(*more: str) -> None:
    """Skip, or fail where CI is set, a test that lacks Slurm's programs, root's rights, or one of ``more`` variables."""
    lacking = [name for name in NEEDED if find(name) is None] + [name for name in more if not os.environ.get(name)]
    if os.geteuid() != 0:
        lacking.append("root, for daemons of one's own")
    if lacking:
        words = f"not here: {', '.join(lacking)}; run tests/real/setup_slurm.sh"
        pytest.fail(words) if os.environ.get("CI") else pytest.skip(words)


def find(name: str) -> str | None:
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/bin")


class Cluster:
    """The running daemons. ``environment`` makes Slurm's commands talk to them."""

    def __init__(self, folder: Path, count: int, more: str = "") -> None:
        self.folder = folder
        self.names = tuple(f"n{at}" for at in range(1, count + 1))
        self.daemons: dict[str, subprocess.Popen[bytes]] = {}
        first = _free_ports(count + 1)
        host = platform.node().split(".")[0]
        (folder / "state").mkdir()
        (folder / "slurm.conf").write_text(
            CONF.format(
                host=host,
                port=first + count,
                folder=folder,
                nodes=f"n[1-{count}]",
                ports=f"[{first}-{first + count - 1}]",
                more=more,
            )
        )
        self.environment = {**os.environ, "SLURM_CONF": str(folder / "slurm.conf")}
        for name in [name for name in self.environment if name.startswith("SLURM_") and name != "SLURM_CONF"]:
            del self.environment[name]

    def start(self) -> None:
        key = self.folder / "munge.key"
        key.write_bytes(secrets.token_bytes(128))
        key.chmod(0o400)
        places = [
            f"--{name}={self.folder}/munge.{name.split('-')[0]}"
            for name in ("socket", "pid-file", "log-file", "seed-file")
        ]
        self._spawn("munged", "munged", "--foreground", "--force", "--num-threads=2", f"--key-file={key}", *places)
        self._await((self.folder / "munge.socket").exists, "munged")
        self._spawn("slurmctld", "slurmctld", "-D", "-c")
        for name in self.names:
            self.start_node(name)
        self._await(lambda: self.states().count("idle") == len(self.names), "idle nodes")

    def start_node(self, name: str) -> None:
        (self.folder / f"spool-{name}").mkdir(exist_ok=True)
        self._spawn(name, "slurmd", "-D", "-N", name)

    def states(self) -> list[str]:
        return self.command("sinfo", "-h", "-N", "-o", "%t").split()

    def command(self, *argv: str) -> str:
        done = subprocess.run(argv, env=self.environment, capture_output=True, text=True, timeout=60)
        return done.stdout

    def kill_node(self, name: str) -> None:
        """Node death: slurmd and its slurmstepd go without a word."""
        conf = self.environment["SLURM_CONF"]
        tasks = [
            pid
            for pid in _processes()
            if (found := _environment_of(pid)).get("SLURMD_NODENAME") == name and found.get("SLURM_CONF") == conf
        ]
        steps = {parent for pid in tasks if _is_step(parent := _parent_of(pid))}
        assert steps, f"no slurmstepd runs for {name}"
        slurmd = self.daemons.pop(name)
        for pid in (slurmd.pid, *steps, *tasks):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        slurmd.wait()

    def settle(self) -> None:
        """Every node idle again, nothing in the queue, whatever a test has done."""
        self.command("scancel", "--signal=KILL", "--state=RUNNING")
        self.command("scancel", "--state=PENDING")
        wrong = [name for name in self.names if "idle" not in self.command("sinfo", "-h", "-n", name, "-o", "%T")]
        if wrong:
            names = ",".join(wrong)
            self.command("scontrol", "update", f"nodename={names}", "state=down", "reason=test")
            self.command("scontrol", "update", f"nodename={names}", "state=resume")
        self.until(lambda: self.states().count("idle") == len(self.names))

    def until(self, ready: Callable[[], bool], seconds: float = 40.0) -> None:
        """Wait for it, at most so long."""
        self._await(ready, "settled cluster", seconds)

    def stop(self) -> None:
        """End every daemon and what it started, newest first, by pid."""
        for daemon in reversed(self.daemons.values()):
            daemon.terminate()
        for daemon in reversed(self.daemons.values()):
            try:
                daemon.wait(3)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        for pid in _processes():
            if _environment_of(pid).get("SLURM_CONF") == str(self.folder / "slurm.conf"):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def _spawn(self, name: str, program: str, *options: str) -> None:
        path = find(program)
        assert path is not None, f"{program} is not installed"
        with (self.folder / f"{name}.out").open("ab") as out:
            self.daemons[name] = subprocess.Popen(
                (path, *options),
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd=self.folder,
            )

    def _await(self, ready: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
        end = time.monotonic() + seconds
        while not ready():
            ended = [name for name, daemon in self.daemons.items() if daemon.poll() is not None]
            if ended or time.monotonic() > end:
                logs = "\n".join(
                    f"{path.name}: {path.read_text(errors='replace')[-600:]}"
                    for path in sorted(self.folder.iterdir())
                    if path.suffix in (".out", ".log")
                )
                raise RuntimeError(f"no {what} after {seconds} s, ended: {ended}\n{logs[-6000:]}")
            time.sleep(0.1)


@contextlib.contextmanager
def cluster(folder: Path, count: int, more: str = "") -> Iterator[Cluster]:
    """A cluster of ``count`` idle nodes n1, n2 ..."""
    made = Cluster(folder, count, more)
    try:
        made.start()
        yield made
    finally:
        made.stop()


def _processes() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]


def _environment_of(pid: int) -> dict[str, str]:
    try:
        words = Path(f"/proc/{pid}/environ").read_bytes().decode("utf-8", "replace").split("\0")
    except OSError:
        return {}
    return dict(word.split("=", 1) for word in words if "=" in word)


def _parent_of(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
    except (OSError, ValueError, IndexError):
        return 0


def _is_step(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"slurmstepd")
    except OSError:
        return False


def _free_ports(count: int) -> int:
    """The first of ``count`` neighbouring ports that nobody listens on."""
    for first in range(17_000 + os.getpid() % 400 * 100, 60_000, 100):
        try:
            for port in range(first, first + count):
                with socket.socket() as one:
                    one.bind(("127.0.0.1", port))
        except OSError:
            continue
        return first
    raise RuntimeError("no free ports")
