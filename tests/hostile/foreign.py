"""Every reader of foreign input behind one door: bytes in, and nothing may come out but an answer.

A target takes bytes, makes of them what its reader takes, and asserts what a person relies on. ``DlcheckError`` is an
answer: one line and exit code 2. tests/hostile/test_fuzz.py runs the targets on seeds, known crashes and a few mutations;
tools/fuzz.py runs them for as long as one likes.
"""

from __future__ import annotations

import copy
import io
import json
import os
import random
import re
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from dlcheck import diff, doctor, expectation, fleet, fleet_history, fleet_ranks, history, machine, profiles
from dlcheck.checks import RULES
from dlcheck.checks.report_of_worker import Account
from dlcheck.data.smoke_tasks import TASKS, smoke_task
from dlcheck.devices import amd, apple, intel, interconnect, nvidia, pci
from dlcheck.diagnose import diagnose_text
from dlcheck.engines import ansible, node, slurm
from dlcheck.frameworks import installed, keras, tensorflow, torch
from dlcheck.host import (
    control_groups,
    cpu,
    disk,
    distributions,
    environments,
    memory,
    python,
    ranks,
    recording,
    sensors,
    system,
    toolchain,
    variables,
    workplace,
)
from dlcheck.host.interpreter import Answer
from dlcheck.host.package_sources import as_index_facts, package_sources
from dlcheck.host.process import Done
from dlcheck.installation import wishes
from dlcheck.installers import hashed, inside_wheel, journal, lock, offer
from dlcheck.model.codec import decode, encode
from dlcheck.model.errors import DlcheckError
from dlcheck.model.facts import Facts
from dlcheck.model.finding import Status
from dlcheck.model.hostlist import HostlistError, expand, fold
from dlcheck.model.plan import Machine
from dlcheck.model.redact import harmless
from dlcheck.model.report import Target
from dlcheck.model.style import Style
from dlcheck.readers import read_all
from dlcheck.renderers import DIAGNOSIS_RENDERERS, FLEET_RENDERERS, RENDERERS

HERE = Path(__file__).parent
MACHINES = HERE.parent / "machines"
TEXTS = HERE.parent / "diagnose"
SHOWN = Style(color=False, unicode=True, width=100, verbosity=1)
DONE = Done(("python",), 0, None, "", "", 0.1)
STEERS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""What may reach no terminal and no page: control characters, and those that turn the direction of the text around."""


def text_of(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def assert_showable(text: str) -> None:
    found = STEERS.search(text)
    assert found is None, f"{found[0]!r} in {text[max(0, found.start() - 80) : found.end() + 20]!r}"


def readers(data: bytes) -> None:
    facts = read_all(text_of(data))
    failed = {name: why for name, why in facts.notes.items() if name.startswith("reader failed")}
    assert not failed, failed
    assert decode(Facts, encode(facts)) == facts


def diagnose(data: bytes) -> None:
    report = diagnose_text(text_of(data))
    assert "readers" not in report.facts.notes, report.facts.notes
    for name, render in DIAGNOSIS_RENDERERS.items():
        said = render(report, SHOWN)
        assert_showable(said)
        if name == "json":
            json.loads(said)


def redaction(data: bytes) -> None:
    assert_showable(harmless(text_of(data)))
    variables.mask(text_of(data))


def assert_told(error: DlcheckError) -> None:
    """A refusal is words for a person, not the inside of a program."""
    assert error.message.strip()
    assert "Traceback" not in error.message


# --- documents: a JSON tree that fits, with a few places changed ---

ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 10**30, 0.0, -0.5, 1e308, "", " ", "0", "-1", "1.2.3", "3.13.0rc1+cu128", "x" * 5000,
    "\x1b]0;owned\x07", "\x1b[2J\x1b[1;1H", "\u202egpj.exe", "\r\nowned", "a|b;c`d$e", "::error::owned", "%0A::warning::x", "<script>alert(1)</script>",
    "](javascript:alert(1))", "' OR 1=1", '"} 1\nevil{x="', "\ud800", "é" * 300, "sm_999", "12.9.1", "NVIDIA \x9b31m", [], [[]], {}, {"": ""},
    {"unknown": "why"}, {"unknown": None}, ["a"], [1], "9" * 400, "../../etc/passwd", "|", "\\", "nan", "2026-13-45T99:99:99Z",
    "doctor", "failed", "error", "gradient", "cuda:0", float("1e400"),
)  # fmt: skip


class Draw:
    """Decisions out of bytes: equal bytes, equal decisions, and a changed byte changes one of them."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def below(self, most: int) -> int:
        """A number from 0 to ``most`` - 1, of as many bytes as it takes."""
        value = 0
        for _ in range(1 if most <= 256 else 2 if most <= 65_536 else 3):
            value = value << 8 | (self.data[self.at] if self.at < len(self.data) else 0)
            self.at += 1
        return value % most

    @property
    def left(self) -> bool:
        return self.at < len(self.data)


def changed(tree: Any, draw: Draw, most: int = 12) -> Any:
    """A copy of the tree in which places are replaced, removed, doubled or made by hand."""
    tree = json.loads(json.dumps(tree))
    for _ in range(most):
        if not draw.left:
            break
        places = list(_places(tree))
        if not places:
            break
        holder, key = places[draw.below(len(places))]
        deed = draw.below(8)
        if deed == 0:
            del holder[key]
        elif deed == 1 and isinstance(holder, list) and len(holder) < 200:
            holder.insert(0, copy.deepcopy(holder[key]))
        elif deed == 2 and isinstance(holder, dict):
            holder[str(ODD[draw.below(len(ODD))])] = holder.pop(key)
        elif deed == 3:
            other, name = places[draw.below(len(places))]
            text = json.dumps(other[name])
            holder[key] = json.loads(text) if len(text) < 3000 else None
        elif deed == 4 and isinstance(holder[key], str):
            word = str(ODD[draw.below(len(ODD))])
            cut = draw.below(len(holder[key]) + 1)
            holder[key] = holder[key][:cut] + word + holder[key][cut:]
        else:
            holder[key] = copy.deepcopy(ODD[draw.below(len(ODD))])
    return tree


def _places(tree: Any) -> Iterator[tuple[Any, Any]]:
    waiting = [tree]
    while waiting:
        holder = waiting.pop()
        pairs = list(holder.items()) if isinstance(holder, dict) else list(enumerate(holder))
        for key, value in pairs:
            yield holder, key
            if isinstance(value, (dict, list)):
                waiting.append(value)


@cache
def machines() -> tuple[dict[str, Any], ...]:
    return tuple(json.loads(path.read_text("utf-8")) for path in sorted(MACHINES.glob("*.json")))


@cache
def reports() -> tuple[dict[str, Any], ...]:
    """Documents of doctor on some machines, and one of smoke."""
    made = [json.loads(RENDERERS["json"](_report(one), SHOWN)) for one in machines()[::12]]
    return (*made, json.loads((HERE / "seeds" / "smoke.json").read_text("utf-8")))


def _report(document: dict[str, Any]) -> Any:
    facts = decode(Facts, document["facts"])
    return doctor.make_report(facts, profiles.load("learn"), RULES, target=recording.target_of(facts))


@contextmanager
def folder() -> Iterator[Path]:
    path = tempfile.mkdtemp(prefix="dlcheck-fuzz-")
    try:
        yield Path(path)
    finally:
        shutil.rmtree(path, ignore_errors=True)


def assert_parses(name: str, said: str) -> None:
    """A document of that format is one, where machines read it."""
    if name in ("json", "sarif"):
        json.loads(said)
    elif name == "junit":
        ET.fromstring(said)


def facts(data: bytes) -> None:
    """Recorded facts: read, judged, shown in every format."""
    draw = Draw(data)
    document = changed(machines()[draw.below(len(machines()))], draw)
    with folder() as place:
        path = place / "facts.json"
        path.write_text(json.dumps(document), "utf-8")
        read = recording.read(str(path))
    report = doctor.make_report(read, profiles.load("train"), RULES, target=recording.target_of(read))
    crashed = [f"{one.code}: {one.why}" for one in report.verdicts if one.status is Status.CRASHED]
    assert not crashed, crashed
    for name in [*RENDERERS][draw.below(4) :: 4]:
        said = RENDERERS[name](report, SHOWN)
        assert_showable(said)
        assert_parses(name, said)
        said.encode("utf-8")
        if name == "github":
            assert all(line.startswith(("::", " ")) or not line.startswith(":") for line in said.splitlines())
        elif name == "nagios":
            assert said.splitlines()[0].count("|") <= 1


def facts_text(data: bytes) -> None:
    """A file of facts that is any bytes at all."""
    with folder() as place:
        (place / "facts.json").write_bytes(data)
        recording.read(str(place / "facts.json"))


def compared(data: bytes) -> None:
    """Two runs compared, of which one came from elsewhere."""
    draw = Draw(data)
    document = changed(reports()[draw.below(len(reports()))], draw)
    before = diff.read(reports()[0], "before")
    after = diff.read(document, "after")
    made = diff.difference(before, after)
    from dlcheck.renderers import diff_json, diff_text

    assert_showable(diff_text.render(made, SHOWN))
    json.loads(diff_json.render(made, version="0", created="", exit_code=0))


def nodes(data: bytes) -> None:
    """Reports of nodes, one of them hostile, and the picture of all in every format."""
    draw = Draw(data)
    lines = [json.dumps(one).encode() for one in reports()[:2]]
    lines += [json.dumps(changed(reports()[draw.below(len(reports()))], draw)).encode() for _ in range(2)]
    lines.append(data)
    report = fleet.report("-", stream=io.BytesIO(b"\n".join(lines)), max_age=1e12)
    for name, render in FLEET_RENDERERS.items():
        said = render(report, SHOWN)
        assert_showable(said)
        assert_parses(name, said)


def profile(data: bytes) -> None:
    with folder() as place:
        (place / "profile.toml").write_bytes(data)
        profiles.load(str(place / "profile.toml"))


def project(data: bytes) -> None:
    with folder() as place:
        (place / "pyproject.toml").write_bytes(data)
        profiles.load("learn", str(place / "pyproject.toml"))


def sources(data: bytes) -> None:
    """The configuration of pip and of uv, and their variables."""
    with folder() as place:
        for name in (".config/pip/pip.conf", ".config/uv/uv.toml", "work/pyproject.toml", "keras/keras.json"):
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_bytes(data)
        words = text_of(data).replace("\0", "")
        environ = {
            "HOME": str(place),
            "UV_INDEX": words,
            "PIP_INDEX_URL": words,
            "HTTPS_PROXY": words,
            "PIP_TIMEOUT": words,
        }
        found = package_sources({"HOME": str(place)}, folder=str(place / "work"), etc=str(place))
        as_index_facts(found)
        as_index_facts(package_sources(environ, folder=str(place), etc=str(place)))
        keras.backend({"KERAS_HOME": str(place / "keras")})


def site(data: bytes) -> None:
    """What lies in site-packages: METADATA, RECORD and the frameworks' own words of their build."""
    with folder() as place:
        info = place / "lib" / "python3.11" / "site-packages" / "torch-2.13.0.dist-info"
        home = info.parent
        for name in ("METADATA", "RECORD", "INSTALLER"):
            info.mkdir(parents=True, exist_ok=True)
            (info / name).write_bytes(data)
        for name in (
            "torch/version.py",
            "tensorflow/python/platform/build_info.py",
            "keras/src/version.py",
            "other.egg-info",
        ):
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            (home / name).write_bytes(data)
        (place / "pyvenv.cfg").write_bytes(data)
        (place / environments.MANIFEST).write_bytes(data)
        found = distributions.look((str(home),))
        distributions.look((str(home),), quick=True)
        torch.read_build(str(home))
        tensorflow.read_build(str(home))
        installed.look(found, (str(home),), {"HOME": str(place)})
        environments.look(str(place))


@cache
def answers() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((HERE / "seeds" / "answers.json").read_text("utf-8"))
    gpus = [one["facts"]["devices"]["nvidia"]["gpus"] for one in machines() if _has_nvidia(one)]
    return {
        **found,
        "look_nvml": {"stage": "done", "gpus": gpus[0], "code": 0, "library": "libnvidia-ml.so.1", "driver": "580.65"},
    }


def _has_nvidia(document: dict[str, Any]) -> bool:
    found = document["facts"].get("devices") or {}
    return bool(isinstance(found.get("nvidia"), dict) and found["nvidia"].get("gpus"))


def child(data: bytes) -> None:
    """The answers of children: the interpreter's own words, an import's, NVML's."""
    draw = Draw(data)
    given = changed(answers(), draw)
    fields = {name: value if isinstance(value, dict) else {} for name, value in given.items()}
    target = Target(python="/no/such/python", chosen_by="--venv")
    python.read_answer(Answer({**fields.get("look_python", {}), "stage": "done"}, DONE), target, 1.0)
    installed.read_answer(
        fields.get("look_torch", {}), timed_out=False, code=0, signal=None, output=text_of(data), seconds=1.0
    )
    nvml = Answer(fields.get("look_nvml", {}), DONE)
    nvidia.call_of(nvml)
    nvidia.gpus_of(nvml, "NVML")
    nvidia.text_of(fields.get("look_nvml", {}).get("driver"))


def programs(data: bytes) -> None:
    """What programs of the system print."""
    words = text_of(data)
    apple.from_profiler(words)
    apple.metal_of(words)
    pci.from_windows(words)
    sensors.parse_readings(words)
    node.answers(data.splitlines(), ("n1", "n2"))
    ansible._message(words)
    slurm._words_of(words, ("n1", "n2"))
    ranks._exit_codes(words)
    fleet_ranks._read(data)
    list(offer._in_page(words))
    with folder() as place:
        (place / "kernel.json").write_bytes(data)
        workplace._kernel("k", str(place / "kernel.json"), "/usr/bin/python3", "/usr")
        (place / "jpserver-1.json").write_bytes(data)
        workplace._servers({"JUPYTER_RUNTIME_DIR": str(place)})
        ansible._said(str(place / "kernel.json"), frozenset(("n1", "n2")))
        ranks._events(str(place / "kernel.json"))
        (place / "bin").mkdir()
        for name in ("bin/nvcc", "version.json", "include/crt/host_config.h"):
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_bytes(data)
        (place / "bin" / "nvcc").chmod(0o755)
        toolchain._newest_gcc(str(place / "bin"))


def left(data: bytes) -> None:
    """What an installation that was cut off left of its own files, and a wheel that is none."""
    with folder() as place:
        for name in ("journal.jsonl", "hashed.txt", "children", "torch.whl"):
            (place / name).write_bytes(data)
        journal.Journal(str(place), "plan").start()
        journal._holder(str(place))
        hashed.known(str(place))
        inside_wheel.text_in(str(place / "torch.whl"), "torch-2.13.0.dist-info/METADATA")


@cache
def wheel() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("torch-2.13.0.dist-info/METADATA", "Name: torch\n" * 40)
    return stream.getvalue()


def wheels(data: bytes) -> None:
    """A wheel in which bytes have been changed."""
    with folder() as place:
        (place / "torch.whl").write_bytes(_changed_bytes(wheel(), data))
        inside_wheel.text_in(str(place / "torch.whl"), "torch-2.13.0.dist-info/METADATA")


def expected(data: bytes) -> None:
    """A machine held against facts of another one that were changed (--against)."""
    draw = Draw(data)
    here = decode(Facts, machines()[draw.below(len(machines()))]["facts"])
    document = changed(machines()[draw.below(len(machines()))], draw)
    with folder() as place:
        (place / "facts.json").write_text(json.dumps(document), "utf-8")
        there = recording.read(str(place / "facts.json"))
    rules = expectation.rules(there, "facts.json")
    report = doctor.make_report(here, profiles.load("train"), rules, target=recording.target_of(here))
    crashed = [f"{one.code}: {one.why}" for one in report.verdicts if one.status is Status.CRASHED]
    assert not crashed, crashed
    assert_showable(RENDERERS["text"](report, SHOWN))


def fleets(data: bytes) -> None:
    """A kept run of a fleet whose document was changed."""
    document = {
        "causes": [["driver-too-old"], []],
        "versions": [[["torch", "2.13.0"]]],
        "nodes": {"n1": ["failed", 0, 0], "n2": ["passed", 1, 0]},
    }
    with folder() as place:
        path = str(place / "h" / "fleet.sqlite3")
        history.keep(changed(document, Draw(data)), path)
        before, fleet_history.place = fleet_history.place, lambda: path
        try:
            fleet_history.runs()
            fleet_history._snapshot("last")
        finally:
            fleet_history.place = before


def system_files(data: bytes) -> None:
    """Files of the kernel and of the distribution."""
    with folder() as place:
        for name in (
            "proc/cpuinfo", "proc/meminfo", "proc/self/cgroup", "proc/1/cgroup", "proc/self/mountinfo", "proc/version", "etc/os-release",
            "sys/fs/cgroup/memory.max", "sys/fs/cgroup/cpu.max", "sys/fs/cgroup/memory.events", "sys/class/dmi/id/sys_vendor",
            "sys/bus/pci/devices/0000:01:00.0/vendor", "sys/bus/pci/devices/0000:01:00.0/class", "sys/bus/pci/devices/0000:01:00.0/device",
            "sys/bus/pci/devices/0000:01:00.0/current_link_width", "sys/bus/pci/devices/0000:01:00.0/resource",
            "proc/driver/nvidia/version", "proc/modules", "proc/cmdline", "etc/nccl.conf", "sys/fs/cgroup/pids.max",
            "sys/class/kfd/kfd/topology/nodes/1/properties", "sys/class/kfd/kfd/topology/nodes/1/name",
            "sys/class/infiniband/mlx5_0/ports/1/state", "sys/class/infiniband/mlx5_0/ports/1/rate", "sys/class/net/eth0/operstate",
        ):  # fmt: skip
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_bytes(data)
        root = str(place)
        system.look(root, {})
        system.look_container(root, {})
        cpu._linux(root)
        memory.look(root, {})
        found = pci.look(root)
        cards = found if isinstance(found, tuple) else ()
        nvidia.look(root, cards, {})
        amd.look(root, cards, {})
        intel.look(root, cards, {})
        interconnect.look(root)
        control_groups.processes_limit(root)
        control_groups.cpu_quota(root)
        disk._mounts(root)


@cache
def events() -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = json.loads((HERE / "seeds" / "events.json").read_text("utf-8"))
    return made


def worker(data: bytes) -> None:
    """The lines that a worker of smoke writes, in a wrong order and of a wrong shape."""
    draw = Draw(data)
    given = changed(events(), draw, 40)
    if draw.below(2):
        random.Random(draw.below(256)).shuffle(given)
    account = Account("torch", [smoke_task(name) for name in TASKS], ("float32", "bfloat16"), (), asked=True)
    account.together = smoke_task("all-reduce") if "all-reduce" in TASKS else None
    for one in given:
        if isinstance(one, dict) and isinstance(one.get("event"), str):
            account.note(one)
    account.results(set())
    account.planes()


def kept(data: bytes) -> None:
    """A history whose file has been changed."""
    with folder() as place:
        path = place / "state" / "history.sqlite3"
        path.parent.mkdir()
        path.write_bytes(_changed_bytes(_history(), data))
        for use in (lambda: history.runs(str(path)), lambda: history.document(1, str(path))):
            try:
                use()
            except DlcheckError as error:
                assert_told(error)
        history.keep({"command": "doctor"}, str(path))


@cache
def _history() -> bytes:
    with folder() as place:
        path = place / "h" / "history.sqlite3"
        for one in reports()[:2]:
            history.keep(one, str(path))
        return path.read_bytes()


def _changed_bytes(base: bytes, data: bytes) -> bytes:
    """The base with bytes replaced, at places that the data name."""
    draw, made = Draw(data), bytearray(base)
    while draw.left:
        # Most of what decides stands in the header and at the beginning of pages.
        at = draw.below(100) if draw.below(2) else draw.below(len(made))
        made[at] = draw.below(256)
    return bytes(made)


def pylock(data: bytes) -> None:
    with folder() as place:
        (place / "pylock.toml").write_bytes(data)
        lock.read(str(place / "pylock.toml"), "3.11.7")


def names(data: bytes) -> None:
    """Words of a command line: lists of nodes, requirements, assumptions."""
    words = text_of(data)
    try:
        found = expand(words)
        if len(found) < 20_000:
            assert set(expand(fold(found))) == set(found)
    except HostlistError as error:
        assert_showable(str(error))
    for use in (
        lambda: wishes.wishes_of([words]),
        lambda: machine.assume(Machine(system="linux", architecture="x86_64", python="3.11"), words),
    ):
        try:
            use()
        except DlcheckError as error:
            assert_told(error)


TARGETS: dict[str, Callable[[bytes], None]] = {
    one.__name__: one
    for one in (
        readers, diagnose, redaction, facts, facts_text, compared, nodes, profile, project, sources, site, child, programs,
        system_files, worker, kept, pylock, names, left, wheels, expected, fleets,
    )
}  # fmt: skip
STRUCTURED = frozenset(("facts", "compared", "nodes", "child", "worker", "kept", "wheels", "expected", "fleets"))
"""Targets whose bytes are decisions and not text."""


def run(name: str, data: bytes) -> None:
    """One execution: an answer, a ``DlcheckError`` in showable words, or the failure that was looked for."""
    try:
        TARGETS[name](data)
    except DlcheckError as error:
        assert_told(error)


SEEDS: dict[str, tuple[str, ...]] = {
    "profile": ('profile = "train"\ngpu = "required"\n[frameworks]\ntorch = "required >=2.1"\n[severity]\nDL501 = "note"\n[ignore]\nDL502 = { reason = "why", until = 2027-01-01 }\n[variables]\nX = "1"\n',),
    "project": ('[project]\nname = "x"\n[tool.dlcheck]\ngpu = "wanted"\n[tool.dlcheck.frameworks]\ntorch = ">=2"\n',),
    "sources": (
        "[global]\nindex-url = https://user:pw@host/simple\nextra-index-url = a\n  b\ntrusted-host = x\ntimeout = 5\n[install]\nfind-links = /x\nno-index = yes\n",
        '[[index]]\nname = "x"\nurl = "https://h/simple"\ndefault = true\nexplicit = true\n[pip]\nextra-index-url = ["a"]\n[tool.uv]\nfind-links = ["/x"]\n',
        '{"backend": "torch"}', "name=https://u:p@h/s other",
    ),
    "site": (
        "Metadata-Version: 2.1\nName: torch\nVersion: 2.13.0\nRequires-Dist: numpy>=1.2; extra == 'x'\nRequires-Python: >=3.10\n\nwords\n",
        'torch/__init__.py,sha256=abc,10\n"a,b.py",,\n../../bin/x,sha256=,5\ntorch/__pycache__/a.pyc,,\n',
        "__version__ = '2.13.0'\ncuda: Optional[str] = '12.8'\nhip = None\ndebug = False\n",
        "build_info = collections.OrderedDict([('cuda_version', '12.5'), ('cuda_compute_capabilities', ['sm_60', 'sm_70']), ('is_cuda_build', True)])\n",
        "home = /usr/bin\nversion_info = 3.11.7\n", '{"schema": 1, "plan": "x", "records": {}}',
    ),
    "left": ('{"plan": "abc", "step": "link", "state": "begin", "time": 1.0, "pid": 5}\n', "4711", "a" * 64 + "\n" + "b" * 64 + "\n"),
    "pylock": ('lock-version = "1.0"\ncreated-by = "x"\n[[packages]]\nname = "a"\nversion = "1"\nwheels = [{ url = "https://h/a-1-py3-none-any.whl", size = 5, hashes = { sha256 = "' + "a" * 64 + '" } }]\n',),
    "names": ("n[1-7,9],m[01-10]-x,login", "torch>=2.1[x]; python_version<'3'", "driver=580.65,sm=8.6+12.0,gfx=gfx942,python=3.12"),
    "programs": (
        '{"SPDisplaysDataType": [{"sppci_model": "Apple M3", "spdisplays_vram": "8 GB", "spdisplays_mtlgpufamilysupport": "spdisplays_metal3"}]}',
        '[{"Name": "NVIDIA", "PNPDeviceID": "PCI\\\\VEN_10DE&DEV_2684", "DriverVersion": "32.0.15.6094", "AdapterRAM": 4293918720}]',
        "0, 55, 120.5, 1980, 0x0\n", "@dlcheck n1 o H4sIAAAAAAAAA6uuBQBDv6ajAgAAAA==\n@dlcheck n1 end 0\n", '<a href="torch-2.1+cu121-cp311-cp311-linux_x86_64.whl">',
        '{"argv": ["python", "-m", "ipykernel"], "display_name": "x", "language": "python"}', '{"msg": "unreachable"}',
    ),
    "system_files": (
        "processor : 0\nmodel name : AMD EPYC\nflags : fpu sse2 avx2\n\n", "MemTotal: 100 kB\nMemAvailable: 50 kB\n", "0::/x\n", "max\n", "100000 100000\n",
        "36 35 98:0 / /mnt rw - ext4 /dev/root rw\n", 'ID=ubuntu\nPRETTY_NAME="Ubuntu 24.04"\n', "0x10de\n", "0x030000\n", "oom_kill 3\n", "NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.65.06\n",
    ),
}  # fmt: skip


@cache
def seeds(name: str) -> tuple[bytes, ...]:
    """Inputs that the target understands, to begin with."""
    if name in STRUCTURED:
        return tuple(random.Random(number).randbytes(40) for number in range(8))
    if name == "facts_text":
        return tuple(json.dumps(one).encode() for one in machines()[::20])
    if name in ("readers", "diagnose", "redaction"):
        whole = [path.read_text("utf-8") for path in sorted(TEXTS.glob("*.txt"))]
        return tuple(part.encode()[:4000] for text in whole for part in text.split("\n## ")[::7])
    return tuple(one.encode() for one in SEEDS[name])


def words() -> tuple[bytes, ...]:
    """Literals that readers look for, taken from their own expressions: what random bytes would hardly ever spell."""
    found: set[str] = set()
    package = Path(doctor.__file__).parent
    for path in (
        *package.glob("readers/*.py"),
        *package.glob("data/signatures/*.txt"),
        *package.glob("host/package_sources.py"),
    ):
        found.update(re.findall(r"[A-Za-z][\w .:=()/#-]{3,30}", path.read_text("utf-8"))[::7])
    return tuple(sorted(one.encode() for one in found))


if not os.environ.get("XDG_STATE_HOME"):
    os.environ["XDG_STATE_HOME"] = tempfile.gettempdir()
