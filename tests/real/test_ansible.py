"""fleet run through a real ansible-playbook over a real sshd on the loopback address."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dlcheck import fleet_run
from dlcheck.engines import ansible
from dlcheck.model.errors import DlcheckError
from dlcheck.model.fleet import FleetReport
from dlcheck.model.launch import Launch
from tests.real.setup_fleet import program

pytestmark = pytest.mark.real

PROBE = """\
#!/bin/sh
n=$DLCHECK_NODE
case $n in n3) sleep 300;; n4) exec no-such-program-here;; esac
printf '{"schema_version":1,"dlcheck":"0.1.0","command":"doctor","created":"%s","node":"%s","exit_code":1,"primary_causes":["driver-too-old"],"said":"%s"}' \\
  "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$n" "$3"
exit 1
"""


def port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture(scope="module")
def inventory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    lacking = [str(path) for path in (program("ansible"), Path("/usr/sbin/sshd")) if not path.exists()]
    if lacking:
        words = f"not installed: {', '.join(lacking)}; run tests/real/setup_fleet.py slurm ansible"
        pytest.fail(words) if os.environ.get("CI") else pytest.skip(words)
    folder = tmp_path_factory.mktemp("ssh")
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    listening, silent = port(), port()
    if os.geteuid() == 0:
        os.makedirs("/run/sshd", exist_ok=True)
    (folder / "sshd_config").write_text(
        f"Port {listening}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/user.pub\nPidFile none\n"
        "StrictModes no\nUsePAM no\nPasswordAuthentication no\nPermitRootLogin prohibit-password\nMaxStartups 100\n"
    )
    (folder / "probe").write_text(PROBE)
    (folder / "probe").chmod(0o755)
    usual = (
        f"ansible_host=127.0.0.1 ansible_ssh_private_key_file={folder}/user ansible_python_interpreter={sys.executable} "
        "ansible_ssh_common_args='-o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no -o ControlMaster=no'"
    )
    hosts = [f"n{at} ansible_port={listening} {usual}" for at in range(1, 5)] + [f"n5 ansible_port={silent} {usual}"]
    (folder / "inventory").write_text("[gpu]\n" + "\n".join(hosts) + "\n")
    with (folder / "sshd.log").open("wb") as log:
        daemon = subprocess.Popen(["/usr/sbin/sshd", "-D", "-e", "-f", str(folder / "sshd_config")], stderr=log)
    try:
        for _ in range(100):
            with socket.socket() as one:
                if one.connect_ex(("127.0.0.1", listening)) == 0:
                    break
            assert daemon.poll() is None, (folder / "sshd.log").read_text()
            time.sleep(0.05)
        yield folder / "inventory"
    finally:
        daemon.terminate()
        daemon.wait(10)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", f"{program('ansible').parent}:{os.environ['PATH']}")
    monkeypatch.setenv("ANSIBLE_PIPELINING", "1")
    monkeypatch.setenv("ANSIBLE_HOME", str(tmp_path / "ansible"))


def run(inventory: Path, *words: str, **wishes: object) -> FleetReport:
    usual = {
        "engine": "ansible",
        "command": ("doctor", "--profile", *words),
        "dlcheck": str(inventory.parent / "probe"),
    }
    return fleet_run.run(fleet_run.Wish(**{"seconds": 4.0, "wait": 10.0, "inventory": str(inventory)} | usual | wishes))  # type: ignore[arg-type]


def test_every_host_is_named_with_what_became_of_it(inventory: Path, tmp_path: Path):
    report = run(inventory, "{{ 7 * 6 }}", expect=("n1", "n2", "n3", "n4", "n5", "n6"), save=str(tmp_path / "kept"))
    found = {one.name: (one.state.value, one.why or "") for one in report.nodes}
    assert found["n1"][0] == found["n2"][0] == "failed"
    assert found["n3"] == ("missing", "hung: no answer within 4 s")
    assert found["n4"] == ("missing", f"{inventory.parent}/probe is not installed there")
    assert found["n5"][0] == "missing"
    assert found["n5"][1].startswith("unreachable:")
    assert found["n6"] == ("missing", "was not asked: not a node that Ansible lists")
    assert [(one.cause, one.nodes) for one in report.causes] == [("driver-too-old", ("n1", "n2"))]
    # Braces in an option are text, not a template that the control machine would fill in.
    assert '"said": "{{ 7 * 6 }}"' in (tmp_path / "kept" / "n1.json").read_text()


def test_only_the_wanted_hosts_are_asked(inventory: Path):
    report = run(inventory, "train", nodes=("n2", "n9"))
    assert {one.name: one.why for one in report.nodes if one.state.value == "missing"} == {"n9": "not in the inventory"}
    assert report.counts.failed == 1


def test_the_role_works_without_dlcheck_on_the_control_machine(inventory: Path, tmp_path: Path):
    playbook = Path(ansible.__file__).parents[1] / "data" / "ansible" / "fleet.yml"
    variables = {
        "dlcheck_hosts": "n1,n2",
        "dlcheck_words": f"[{inventory.parent}/probe]",
        "dlcheck_reports": str(tmp_path / "reports"),
    }
    extra = [word for name, value in variables.items() for word in ("-e", f"{name}={value}")]
    extra[3] = f'{{"dlcheck_words": ["{inventory.parent}/probe"]}}'
    done = subprocess.run(
        ["ansible-playbook", "-i", str(inventory), *extra, str(playbook)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout
    assert sorted(path.name for path in (tmp_path / "reports").iterdir()) == ["n1.json", "n2.json"]


def test_an_inventory_that_is_none_is_wrong_use(inventory: Path, tmp_path: Path):
    with pytest.raises(DlcheckError, match="needs an inventory"):
        ansible.survey(Launch(command=("dlcheck",), folder=str(tmp_path)))
    (tmp_path / "bad.yml").write_text("all: [")
    with pytest.raises(DlcheckError):
        fleet_run.run(fleet_run.Wish(engine="ansible", command=("doctor",), inventory=str(tmp_path / "bad.yml")))
