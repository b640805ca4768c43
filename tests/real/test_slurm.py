"""fleet run against a real slurmctld with eight slurmd on this host; a script stands in for dlcheck on the nodes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dlcheck import fleet_run
from dlcheck.engines import slurm
from dlcheck.model.errors import DlcheckError
from dlcheck.model.fleet import FleetReport
from dlcheck.model.launch import Launch
from tests.real.cluster import Cluster, cluster, require
from tests.survival import listen_to_interrupts

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("slurm")]

PROBE = """\
#!/bin/sh
# Writes the report of a healthy node, unless the node was told to misbehave.
n=$SLURMD_NODENAME
case " $MISSING_ON " in *" $n "*) exec no-such-program-here;; esac
case " $OLD_ON " in *" $n "*) [ "$1" = --version ] && echo "dlcheck 0.0.1" && exit 0; echo "dlcheck: No such option: --quick" >&2; exit 2;; esac
case " $HUNG_ON " in *" $n "*) sleep 300;; esac
case " $HALF_ON " in *" $n "*) printf '{"schema_version": 1, "node": "%s", "comm' "$n"; exit 0;; esac
case " $CUT_ON " in *" $n "*)
  p=$$
  while q=$(ps -o ppid= -p $p | tr -d ' '); [ "$(ps -o comm= -p $q)" != slurmstepd ]; do p=$q; done
  kill -9 $p; sleep 1; exit 0;;
esac
case " $BAD_ON " in *" $n "*) rc=3;; *) rc=0;; esac
printf '{"schema_version":1,"dlcheck":"0.1.0","command":"%s","created":"%s","node":"%s","exit_code":%d,"padding":"' "$1" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$n" "$rc"
head -c "${PADDING:-10}" /dev/zero | tr '\\0' x
printf '","summary":{"errors":0},"verdicts":[],"facts":{}}\\n'
exit $rc
"""


@pytest.fixture(scope="module")
def slurm_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    require()
    folder = tmp_path_factory.mktemp("slurm")
    (folder / "probe").write_text(PROBE)
    (folder / "probe").chmod(0o755)
    with cluster(folder, 8) as running:
        yield running


@pytest.fixture
def here(slurm_cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    monkeypatch.setenv("SLURM_CONF", slurm_cluster.environment["SLURM_CONF"])
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    yield slurm_cluster
    slurm_cluster.settle()


def run(here: Cluster, **wishes: object) -> FleetReport:
    usual = {
        "engine": "slurm",
        "command": ("doctor", "--quick"),
        "dlcheck": str(here.folder / "probe"),
        "seconds": 20.0,
    }
    return fleet_run.run(fleet_run.Wish(**{"wait": 10.0} | usual | wishes))  # type: ignore[arg-type]


def told(report: FleetReport) -> dict[str, tuple[str, str | None]]:
    return {one.name: (one.state.value, one.why) for one in report.nodes}


def states(report: FleetReport) -> dict[str, str]:
    return {one.name: one.state.value for one in report.nodes}


def test_every_node_reports(here: Cluster):
    report = run(here)
    assert states(report) == dict.fromkeys(here.names, "ok")
    assert (report.exit_code, report.engine, report.command) == (0, "slurm", "fleet run")


def test_large_reports_of_all_nodes_arrive_whole(here: Cluster, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("PADDING", "3000000")
    assert states(run(here, save=str(tmp_path))) == dict.fromkeys(here.names, "ok")
    for name in here.names:
        document = json.loads((tmp_path / f"{name}.json").read_text())
        assert (document["node"], len(document["padding"])) == (name, 3_000_000)


def test_every_way_to_fail_has_its_name(here: Cluster, monkeypatch: pytest.MonkeyPatch):
    for way, node in (("MISSING", "n1"), ("OLD", "n2"), ("HUNG", "n3"), ("HALF", "n4"), ("CUT", "n5"), ("BAD", "n6")):
        monkeypatch.setenv(f"{way}_ON", node)
    began = time.monotonic()
    found = told(run(here, seconds=4.0))
    assert time.monotonic() - began < 35
    assert found["n1"] == ("missing", f"{here.folder}/probe is not installed there")
    assert found["n2"][0] == "missing"
    assert "No such option: --quick" in str(found["n2"][1])
    assert "0.0.1" in str(found["n2"][1])
    assert found["n3"] == ("missing", "hung: no answer within 4 s")
    assert found["n4"][0] == "unreadable"
    assert "not JSON" in str(found["n4"][1])
    assert found["n5"][0] == "missing"
    assert found["n5"][1] != "no report came"
    assert found["n6"][0] == "failed"
    assert (found["n7"], found["n8"]) == (("ok", None), ("ok", None))


def test_nodes_that_are_down_or_draining_are_named_and_not_waited_for(here: Cluster):
    here.command("scontrol", "update", "nodename=n3", "state=down", "reason=fan broke")
    here.command("scontrol", "update", "nodename=n4", "state=drain", "reason=new disk")
    began = time.monotonic()
    found = told(run(here))
    assert time.monotonic() - began < 15
    assert found["n3"] == ("missing", "down: fan broke")
    assert found["n4"] == ("missing", "drained: new disk")
    assert [name for name, (state, _) in found.items() if state == "ok"] == ["n1", "n2", "n5", "n6", "n7", "n8"]


def test_a_node_that_dies_in_mid_run_is_named(here: Cluster, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HUNG_ON", "n7")
    dying = threading.Timer(2.0, here.kill_node, ["n7"])
    dying.start()
    began = time.monotonic()
    found = told(run(here, seconds=25.0, wait=5.0))
    dying.join()
    took = time.monotonic() - began
    here.start_node("n7")
    assert took < 60
    state, why = found.pop("n7")
    assert state == "missing"
    assert why == "the node died while it was asked"
    assert {state for state, _ in found.values()} == {"ok"}


def test_a_busy_node_is_named_and_the_others_are_asked(here: Cluster):
    blocker = subprocess.Popen(["srun", "-w", "n2", "sleep", "60"], env=here.environment)
    try:
        here.until(lambda: "alloc" in here.command("sinfo", "-h", "-n", "n2", "-o", "%T"))
        found = told(run(here))
    finally:
        here.command("scancel", "--name=sleep", "--signal=KILL")
        blocker.wait(30)
    assert found["n2"] == ("missing", "busy (allocated to other jobs)")
    assert found["n1"] == ("ok", None)


def test_only_the_wanted_nodes_are_asked_and_strangers_named(here: Cluster):
    assert told(run(here, nodes=("n2", "n5", "n99"))) == {
        "n2": ("ok", None),
        "n5": ("ok", None),
        "n99": ("missing", "Slurm does not know this node"),
    }


def test_received_is_compared_with_the_expected_list(here: Cluster):
    found = states(run(here, expect=(*here.names, "n9")))
    assert found["n9"] == "missing"


def test_reports_may_lie_in_a_shared_folder(here: Cluster, tmp_path: Path):
    report = run(here, shared=str(tmp_path))
    assert states(report) == dict.fromkeys(here.names, "ok")
    (own,) = tmp_path.iterdir()
    assert sorted(path.name for path in own.iterdir()) == [f"{name}.json" for name in here.names]
    assert states(run(here, shared=str(tmp_path))) == dict.fromkeys(here.names, "ok")


def test_a_full_shared_folder_loses_no_report(here: Cluster, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(tmp_path)])
    if mounted.returncode:
        pytest.skip("no right to mount a small tmpfs here")
    try:
        monkeypatch.setenv("PADDING", "100000")
        report = run(here, shared=str(tmp_path))
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)
    assert states(report) == dict.fromkeys(here.names, "ok")
    assert any("No space left on device" in note for note in report.notes)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_nothing_stays_in_the_queue_after_an_interrupt(
    here: Cluster, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
):
    monkeypatch.setenv("HUNG_ON", "n1 n2 n3 n4 n5 n6 n7 n8")
    argv = [sys.executable, "-m", "dlcheck", "fleet", "run", "--dlcheck", str(here.folder / "probe"), "--", "doctor"]
    pipe = subprocess.PIPE
    child = subprocess.Popen(argv, stdout=pipe, stderr=pipe, text=True, preexec_fn=listen_to_interrupts)
    here.until(lambda: "alloc" in here.command("sinfo", "-h", "-o", "%T"))
    child.send_signal(number)
    out, errors = child.communicate(timeout=30)
    assert (child.returncode, out, "Traceback" in errors) == (130, "", False)
    here.until(lambda: here.command("squeue", "-h").strip() == "")


def test_nothing_stays_in_the_queue_of_one_interrupted_at_once(here: Cluster, monkeypatch: pytest.MonkeyPatch):
    """The interrupt comes before srun has asked for its job: a single scancel would find none."""
    monkeypatch.setenv("HUNG_ON", "n1")

    class Interrupted:
        def __init__(self, _path: str) -> None:
            raise KeyboardInterrupt  # before srun has asked for anything

    monkeypatch.setattr(slurm, "_Ended", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(here)
    time.sleep(2.0)
    assert here.command("squeue", "-h").strip() == ""


def test_within_a_job_the_nodes_of_the_job_are_asked(here: Cluster, tmp_path: Path):
    argv = [
        sys.executable,
        "-m",
        "dlcheck",
        "fleet",
        "run",
        "--format=json",
        "--dlcheck",
        str(here.folder / "probe"),
        "--",
        "doctor",
    ]
    script = tmp_path / "job.sh"
    script.write_text("#!/bin/sh\nexec " + " ".join(argv) + "\n")
    script.chmod(0o755)
    done = subprocess.run(
        ["salloc", "-N3", "-w", "n[2-4]", str(script)],
        env=here.environment | dict(os.environ),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert json.loads(done.stdout)["states"] == {"ok": "n[2-4]"}, done.stderr


def test_a_real_doctor_runs_on_the_nodes(here: Cluster):
    report = run(here, dlcheck=f"{sys.executable} -m dlcheck", nodes=("n1", "n2"), seconds=60.0)
    assert [one.version for one in report.nodes] != [None, None], told(report)
    assert {one.state.value for one in report.nodes} <= {"ok", "warning", "failed"}
    assert all(one.areas for one in report.nodes)


def test_no_slurm_is_wrong_use(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DlcheckError, match="Slurm's commands are not on this machine"):
        slurm.survey(Launch(command=("dlcheck",), folder=str(tmp_path)))


def test_a_dead_controller_is_wrong_use(here: Cluster, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    conf = (
        Path(here.environment["SLURM_CONF"]).read_text().replace("SlurmctldPort=", "MessageTimeout=2\nSlurmctldPort=1")
    )
    (tmp_path / "slurm.conf").write_text("\n".join(line for line in conf.splitlines() if line != "MessageTimeout=20"))
    monkeypatch.setenv("SLURM_CONF", str(tmp_path / "slurm.conf"))
    with pytest.raises(DlcheckError, match="Slurm does not answer"):
        slurm.survey(Launch(command=("dlcheck",), folder=str(tmp_path)))
