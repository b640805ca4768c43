"""What is read of the machine, on planted /proc and /sys trees."""

from __future__ import annotations

import os
import sys
import types
from pathlib import Path

import pytest

from dlcheck.host import control_groups, disk, memory, python, system, toolchain, variables, workplace
from dlcheck.host.distributions import guess_site_packages, look, shadows
from dlcheck.model.python_facts import PythonFacts


def plant(root: Path, files: dict[str, str]) -> str:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return str(root)


V2 = {"proc/self/cgroup": "0::/user.slice/job\n"}
V1 = {"proc/self/cgroup": "5:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n"}


@pytest.mark.parametrize(
    ("files", "limit", "quota"),
    [
        ({}, None, None),
        (V2, None, None),
        ({**V2, "sys/fs/cgroup/user.slice/job/memory.max": "max\n"}, None, None),
        ({**V2, "sys/fs/cgroup/user.slice/job/memory.max": "max", "sys/fs/cgroup/user.slice/memory.max": "2147483648"}, 2**31, None),
        ({**V2, "sys/fs/cgroup/user.slice/job/memory.max": "4294967296", "sys/fs/cgroup/user.slice/memory.max": "2147483648"}, 2**31, None),
        ({**V2, "sys/fs/cgroup/user.slice/job/cpu.max": "150000 100000"}, None, 1.5),
        ({**V2, "sys/fs/cgroup/user.slice/job/cpu.max": "max 100000"}, None, None),
        ({**V1, "sys/fs/cgroup/memory/memory.limit_in_bytes": "1073741824"}, 2**30, None),
        ({**V1, "sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes": "9223372036854771712"}, None, None),
        ({**V1, "sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us": "50000", "sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_period_us": "100000"}, None, 0.5),
        ({**V1, "sys/fs/cgroup/cpu/docker/abc/cpu.cfs_quota_us": "-1", "sys/fs/cgroup/cpu/docker/abc/cpu.cfs_period_us": "100000"}, None, None),
        ({"proc/self/cgroup": "garbage without colons\n::::\n"}, None, None),
    ],
)  # fmt: skip
def test_control_groups(tmp_path: Path, files: dict[str, str], limit: int | None, quota: float | None):
    root = plant(tmp_path, files)
    found = control_groups.memory_limit(root)
    assert (found[0] if found else None) == limit
    assert control_groups.cpu_quota(root) == quota


def test_the_tightest_number_of_processes(tmp_path: Path):
    group = "sys/fs/cgroup/user.slice"
    root = plant(tmp_path, {**V2, f"{group}/job/pids.max": "max\n", f"{group}/pids.max": "512\n"})
    assert control_groups.processes_limit(root) == 512
    assert control_groups.processes_limit(plant(tmp_path / "none", V2)) is None


def test_shared_memory_of_processes_that_are_no_more(tmp_path: Path):
    names = ("torch_17_99_0", "torch_18_99_1", "psm_1234", "sem.mp-abc", "torch_shm")
    root = plant(tmp_path, {**{f"dev/shm/{name}": "" for name in names}, "proc/18/stat": ""})
    assert memory.look(root, {}).shared_memory_orphans == ("torch_17_99_0",)


def test_a_user_number_without_an_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    root = plant(tmp_path, {"etc/passwd": "root:x:0:0::/root:/bin/sh\nada:x:1001:100::/home/ada:/bin/sh\n"})
    for number, named in ((0, True), (1001, True), (2_000_000_123, False)):
        monkeypatch.setattr("os.getuid", lambda number=number: number)
        assert system.look(root, {}).named is named


def test_what_variables_name_and_what_nvcc_takes(tmp_path: Path):
    root = plant(
        tmp_path,
        {
            "cuda/bin/nvcc": "#!/bin/sh\necho 'Cuda compilation tools, release 12.4, V12.4.99'\n",
            "cuda/include/crt/host_config.h": "#if defined(__GNUC__)\n#if __GNUC__ > 13\n#error -- unsupported GNU version\n",
        },
    )
    (tmp_path / "cuda/bin/nvcc").chmod(0o755)
    environ = {
        "PATH": f"{root}/cuda/bin:/usr/bin:/bin",
        "CUDA_HOME": f"{root}/cuda",
        "CUDA_PATH": f"{root}/cuda-11",
        "CC": "sh -c",
        "CXX": "ccache-that-is-not-there g++",
        "LD_PRELOAD": f"libbare.so:{root}/gone.so $ORIGIN/x.so",
    }
    found = toolchain.look(environ, root)
    assert (found.nvcc, found.nvcc_newest_gcc) == ("12.4", 13)
    assert found.missing_files == {
        "CUDA_PATH": f"{root}/cuda-11",
        "CXX": "ccache-that-is-not-there g++",
        "LD_PRELOAD": f"{root}/gone.so",
    }


def test_running_jupyter_servers(tmp_path: Path):
    here = ".local/share/jupyter/runtime"
    of = '{{"hostname": "{}", "port": 8888, "pid": {}, "token": "{}", "password": {}}}'
    home = plant(
        tmp_path,
        {
            f"{here}/jpserver-1.json": of.format("0.0.0.0", os.getpid(), "", "false"),
            f"{here}/jpserver-2.json": of.format("localhost", os.getpid(), "secret-token", "false"),
            f"{here}/jpserver-3.json": of.format("0.0.0.0", 2_000_000_000, "", "false"),
            f"{here}/jpserver-4.json": "[1, 2",
            f"{here}/kernel-1.json": "{}",
        },
    )
    found = workplace.look(None, None, {}, {"HOME": home, "JUPYTERHUB_API_TOKEN": "x"})
    assert [(one.address, one.asks) for one in found.servers][:2] == [("0.0.0.0", False), ("localhost", True)]
    assert "secret" not in repr(found)
    assert found.hub
    if sys.platform == "linux":
        assert len(found.servers) == 2


def test_folders_that_everybody_may_change(tmp_path: Path):
    open_, shared, own = tmp_path / "open", tmp_path / "shared", tmp_path / "own"
    for folder, mode in ((open_, 0o777), (shared, 0o1777), (own, 0o755)):
        folder.mkdir()
        folder.chmod(mode)
    path = os.pathsep.join(map(str, (open_, shared, own, tmp_path / "gone", "", ".")))
    facts = python.with_pip(PythonFacts(), (), {"PATH": path})
    assert facts.writable_by_all == (str(open_), ".")


def test_what_this_process_holds_counts_only_for_its_own_interpreter(monkeypatch: pytest.MonkeyPatch):
    module = types.ModuleType("torch")
    module.__version__ = "2.12.0+cpu"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch", module)
    assert python.loaded_here(sys.executable)["torch"] == "2.12.0+cpu"
    assert python.loaded_here("/another/python") == {}


def test_what_slurm_gave_is_a_limit_too(tmp_path: Path):
    facts = memory.look(str(tmp_path), {"SLURM_MEM_PER_NODE": "2048"})
    assert facts.limit_bytes == 2048 * 1_048_576
    assert "Slurm" in (facts.limit_source or "")


@pytest.mark.parametrize(
    ("files", "environ", "kind"),
    [
        ({}, {}, None),
        ({".dockerenv": ""}, {}, None),
        ({"run/.containerenv": ""}, {}, "podman"),
        ({}, {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, "kubernetes"),
        ({}, {"APPTAINER_CONTAINER": "x.sif"}, "apptainer"),
        ({"proc/1/cgroup": "12:memory:/docker/0123\n"}, {}, "docker"),
        ({"proc/1/cgroup": "0::/kubepods/burstable/pod1\n"}, {}, "kubernetes"),
    ],
)
def test_containers(tmp_path: Path, files: dict[str, str], environ: dict[str, str], kind: str | None):
    assert system.look_container(plant(tmp_path, files), environ).kind == kind


def test_a_job_says_what_it_was_given(tmp_path: Path):
    inside = system.look_container(str(tmp_path), {"SLURM_JOB_ID": "7", "SLURM_JOB_GPUS": "0,1"})
    assert (inside.scheduler, inside.scheduler_gpus) == ("slurm", "0,1")
    assert system.look_container(str(tmp_path), {"SLURM_JOB_ID": "7"}).scheduler_gpus is None


@pytest.mark.parametrize(
    ("release", "version", "wsl"),
    [
        ("6.8.0-45-generic", "Linux version 6.8.0", None),
        ("5.15.153.1-microsoft-standard-WSL2", "Linux version 5.15", 2),
        ("4.4.0-19041-Microsoft", "Linux version 4.4.0-19041-Microsoft", 1),
    ],
)
def test_wsl(tmp_path: Path, release: str, version: str, wsl: int | None, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("platform.release", lambda: release)
    assert system.look(plant(tmp_path, {"proc/version": version}), {}).wsl == wsl


def test_disks_are_tried_by_writing(tmp_path: Path):
    closed = tmp_path / "not" / "yet" / "there"
    found = {one.role: one for one in disk.look(str(closed), {"HOME": str(tmp_path), "TMPDIR": str(tmp_path)})}
    assert found["home"].writable is True
    assert found["environment"].path == str(closed)
    assert isinstance(found["environment"].free_bytes, int)
    assert found["cache"].writable is None, "a cache that does not exist yet is no fault"


def test_variables_are_chosen_and_masked():
    kept = variables.look(
        {
            "CUDA_VISIBLE_DEVICES": "0",
            "HF_TOKEN": "hf_secret",
            "PIP_INDEX_URL": "https://me:word@index.example/simple",
            "MY_PASSWORD": "x",
            "EDITOR": "vi",
        }
    )
    assert kept == {"CUDA_VISIBLE_DEVICES": "0", "HF_TOKEN": "***", "PIP_INDEX_URL": "https://***@index.example/simple"}


def test_kernels_and_editors(tmp_path: Path):
    kernels = "data/jupyter/kernels"
    plant(
        tmp_path,
        {
            f"{kernels}/mine/kernel.json": '{"argv": ["/env/bin/python", "-m"], "display_name": "Mine"}',
            f"{kernels}/gone/kernel.json": '{"argv": ["/gone/python"]}',
            f"{kernels}/r/kernel.json": '{"argv": ["/usr/bin/R"], "language": "R"}',
            f"{kernels}/broken/kernel.json": "{",
            f"{kernels}/odd/kernel.json": '{"argv": []}',
            "bin/code": "",
        },
    )
    (tmp_path / "bin/code").chmod(0o755)
    environ = {"XDG_DATA_HOME": str(tmp_path / "data"), "PATH": str(tmp_path / "bin"), "HOME": str(tmp_path)}
    facts = workplace.look("/env/bin/python", "/env", {"jupyterlab": "4.4"}, environ)
    assert [one.name for one in facts.editors] == ["JupyterLab", "VS Code"]
    kinds = {one.name: (one.is_target, one.python_exists) for one in facts.kernels}  # type: ignore[union-attr]
    assert kinds == {"gone": (False, False), "mine": (True, False)}


@pytest.mark.parametrize(
    ("environ", "inside"),
    [
        ({}, None),
        ({"COLAB_RELEASE_TAG": "r"}, "colab"),
        ({"PAPERSPACE_FQDN": "x"}, "paperspace"),
        ({"TERM_PROGRAM": "vscode"}, "vscode"),
        ({"PYCHARM_HOSTED": "1"}, "pycharm"),
        ({"JPY_PARENT_PID": "1"}, "jupyter"),
    ],
)
def test_where_we_are(environ: dict[str, str], inside: str | None):
    assert workplace.look(None, None, {}, environ).inside == inside


def test_distributions_survive_what_lies_there(tmp_path: Path):
    plant(
        tmp_path,
        {
            "good-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: Good\nVersion: 1.0\nRequires-Dist: rich>=1\n\nText: no header\n",
            "good-1.0.dist-info/RECORD": "good/__init__.py,,\ngood-1.0.dist-info/METADATA,,\n",
            "empty-2.0.dist-info/METADATA": "",
            "none-3.0.dist-info/INSTALLER": "pip\n",
            "~ood-1.0.dist-info/METADATA": "Name: good\n",
            "old-4.0-py3.8.egg-info": "Name: old\nVersion: 4.0\n",
        },
    )
    (tmp_path / "bad-5.0.dist-info").mkdir()
    (tmp_path / "bad-5.0.dist-info" / "METADATA").write_bytes(b"Name: bad\nAuthor: \xff\xfe\n\n")
    found = {one.name: one for one in look([str(tmp_path)])}
    assert found["good"].requires == ("rich>=1",)
    assert found["good"].missing_files == 1
    assert found["empty"].damaged == "empty METADATA"
    assert found["none"].damaged == "no METADATA"
    assert found["ood"].damaged == "a leftover of an interrupted pip"
    assert found["old"].version == "4.0"
    assert found["bad"].damaged == "METADATA is not UTF-8"


def test_shadows(tmp_path: Path):
    plant(tmp_path, {"torch.py": "", "keras/__init__.py": "", "jax/readme": "", "random.py": "", "fine.py": ""})
    assert shadows(str(tmp_path), ["/elsewhere"]) == ("keras/", "random.py", "torch.py")
    assert shadows(str(tmp_path), [str(tmp_path)]) == (), "site-packages itself is no project"


def test_packages_of_a_dead_environment_are_found(tmp_path: Path):
    (tmp_path / "lib/python3.11/site-packages").mkdir(parents=True)
    assert guess_site_packages(str(tmp_path)) == (str(tmp_path / "lib/python3.11/site-packages"),)
