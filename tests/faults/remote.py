"""Sessions of a real sshd on this machine, without terminal, login shell or anything that a profile sets: what `ssh node command`,
Ansible and dlcheck's own fleet meet.
"""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from tests.faults.network import free_port
from tests.faults.planting import Case, Ground, Plant, Planted
from tests.survival import ROOT

SETTINGS = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin prohibit-password
SetEnv {variables}
"""
CLIENT = """\
Host zoo
  HostName 127.0.0.1
  Port {port}
  IdentityFile {folder}/user
  IdentitiesOnly yes
  BatchMode yes
  StrictHostKeyChecking no
  UserKnownHostsFile /dev/null
  LogLevel ERROR
"""


@contextmanager
def session(folder: Path, **variables: str) -> Iterator[tuple[str, ...]]:
    """What starts a command in a session of that daemon, whose administrator sets these variables."""
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    port = free_port()
    words = " ".join(f'{name}="{value}"' for name, value in variables.items())
    (folder / "server").write_text(SETTINGS.format(port=port, folder=folder, variables=words))
    (folder / "client").write_text(CLIENT.format(port=port, folder=folder))
    if os.geteuid() == 0:
        os.makedirs("/run/sshd", exist_ok=True)
    with (folder / "log").open("wb") as log:
        daemon = subprocess.Popen(["/usr/sbin/sshd", "-D", "-e", "-f", str(folder / "server")], stderr=log)
    try:
        for _ in range(100):
            with socket.socket() as one:
                if one.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert daemon.poll() is None, (folder / "log").read_text()
            time.sleep(0.05)
        yield ("ssh", "-F", str(folder / "client"), "zoo")
    finally:
        daemon.terminate()
        daemon.wait(10)


def over_ssh(**variables: str) -> Plant:
    """The examination happens in such a session; PLACE in a value is a folder of packages of another Python."""

    @contextmanager
    def alive(planted: Planted, folder: Path) -> Iterator[Ground]:
        (folder / "ssh").mkdir()
        place = folder / "other" / "lib" / "python3.7" / "site-packages"
        place.mkdir(parents=True)
        # What the session does not bring: where this dlcheck lies, and a home of the zoo's own.
        script = folder / "ssh" / "there"
        path = f'{ROOT}"${{PYTHONPATH:+:$PYTHONPATH}}"'
        script.write_text(
            f'#!/bin/sh\nexport PYTHONPATH={path} HOME={shlex.quote(str(planted.home))}\ncd /\nexec "$@"\n'
        )
        script.chmod(0o755)
        said = {name: value.replace("PLACE", str(place)) for name, value in variables.items()}
        with session(folder / "ssh", PYTHONUNBUFFERED="1", **said) as before:
            yield Ground(before=(*before, str(script)))

    def plant(planted: Planted, folder: Path) -> AbstractContextManager[Ground]:
        return alive(planted, folder)

    return plant


NEEDS = ("/usr/sbin/sshd", "ssh", "ssh-keygen")
FAULTS = (
    Case(
        "remote", "an sshd that sets PYTHONPATH to another Python's packages", over_ssh(PYTHONPATH="PLACE"),
        "two-copies-installed", "warning", needs=NEEDS,
    ),
    Case(
        "remote", "an sshd that sets TMPDIR to a folder of another machine", over_ssh(TMPDIR="/nonexistent/scratch"),
        "tmpdir-not-writable", needs=NEEDS,
    ),
)  # fmt: skip
HEALTHY = (Case("remote", "a session of sshd", over_ssh(), needs=NEEDS),)
