"""One file a vendor: its accelerators as the driver reports them."""

from __future__ import annotations

import os
import sys
from dataclasses import replace

from dlcheck.devices import amd, apple, files, intel, interconnect, libraries, nvidia, pci
from dlcheck.host.interpreter import Question
from dlcheck.host.process import Child
from dlcheck.model.device_facts import DeviceFacts, NvidiaFacts, PciDevice
from dlcheck.model.fact import Unknown, or_none


class Look:
    """A look at the devices under way: files are read, the children that ask the drivers run. ``wait`` gives the facts."""

    def __init__(self, timeout: float, root: str = "/", loader_path: str | None = None) -> None:
        self._timeout = timeout
        self._root = root
        self._loader_path = os.environ.get("LD_LIBRARY_PATH", "") if loader_path is None else loader_path
        self._questions: dict[str, Question] = {}
        self._programs: dict[str, Child] = {}
        self._pci: tuple[PciDevice, ...] | Unknown = ()
        self._held: dict[str, str] = {}
        self._wsl = False
        if sys.platform == "darwin":
            self._run("profiler", apple.PROFILER)
            self._run("chip", apple.CHIP)
        elif sys.platform == "win32":
            self._run("controllers", pci.WINDOWS_QUERY)
            self._held = nvidia.on_windows()
            if self._held:
                self._ask_nvidia()
        else:
            self._start_linux()

    def _start_linux(self) -> None:
        self._pci = pci.look(self._root)
        self._held = nvidia.libraries(self._root, self._loader_path)
        self._wsl = os.path.exists(files.below(self._root, "/dev/dxg"))
        paths = (
            *nvidia.node_paths(self._root),
            *amd.node_paths(self._root),
            *files.places(self._root, "/dev/dxg"),
        )
        if paths:
            self._questions["nodes"] = self._question("look_nodes", {"paths": paths}, ("-I", "-S"))
        # Without a library of the driver there is nothing to ask: the loader would say so in 50 ms of work.
        if self._held:
            self._ask_nvidia()

    def _ask_nvidia(self) -> None:
        for name in ("look_nvml", "look_cuda"):
            self._questions[name] = self._question(name, {}, ())

    def _question(self, script: str, options: dict[str, object], flags: tuple[str, ...]) -> Question:
        return Question(sys.executable, script, options, timeout=self._timeout, name=script, flags=flags)

    def _run(self, name: str, argv: tuple[str, ...]) -> None:
        self._programs[name] = Child(argv, name=name, timeout=self._timeout, apart=True)

    def wait(self) -> DeviceFacts:
        """The facts, at the latest when the children's time is up."""
        if sys.platform == "darwin":
            done = {name: child.wait() for name, child in self._programs.items()}
            return DeviceFacts(pci=(), apple=apple.look(done["profiler"], done["chip"]))
        if sys.platform == "win32":
            self._pci = pci.from_windows(self._programs["controllers"].wait().output)
        cards = or_none(self._pci) or ()
        if sys.platform == "win32":
            return DeviceFacts(pci=self._pci, nvidia=self._nvidia(cards, {}))
        nodes = self._nodes()
        dri = {path: said for path, said in nodes.items() if "/dri/" in path or path.endswith("/kfd")}
        dxg = nodes.get(files.below(self._root, "/dev/dxg"))
        lent = files.below(self._root, "/usr/lib/wsl/lib")
        found = self._nvidia(cards, {path: said for path, said in nodes.items() if "/nvidia" in path})
        several = sum(1 for one in cards if one.vendor in ("10de", "1002")) > 1
        return DeviceFacts(
            pci=self._pci,
            nvidia=found,
            amd=amd.look(self._root, cards, dri, wsl=self._wsl),
            intel=intel.look(self._root, cards, dri, wsl=self._wsl),
            dxg=dxg,
            wsl_libraries=files.names(lent) if os.path.isdir(lent) else None,
            loader_libraries=libraries.look(self._loader_path),
            interconnect=interconnect.look(self._root, os.path.expanduser("~")) if several or found else None,
        )

    def _nodes(self) -> dict[str, str]:
        """Each node with what opening it gave; the one that a child hung at says so."""
        question = self._questions.get("nodes")
        if question is None:
            return {}
        answer = question.answer()
        nodes = dict(answer.fields.get("nodes") or {})
        if not answer.complete and answer.stage.startswith("/"):
            nodes[answer.stage] = "opening it did not end" if answer.done.timed_out else f"{answer.done.signal}"
        return nodes

    def _nvidia(self, cards: tuple[PciDevice, ...], nodes: dict[str, str]) -> NvidiaFacts | None:
        """The NVIDIA facts; None where no card, node, module, board and library of it is there."""
        there = any(one.vendor == pci.NVIDIA for one in cards) or nodes or self._held
        module = os.path.exists(files.below(self._root, "/proc/driver/nvidia/version"))
        board = nvidia.jetson(self._root)
        if not there and not module and not board:
            for question in self._questions.values():
                question.discard()
            return None
        facts = replace(nvidia.look(self._root, cards, self._held), driver=pci.windows_driver(cards))
        if "look_nvml" not in self._questions:
            return replace(facts, nodes=nodes, nvml=None, libcuda=None)
        said = self._questions["look_nvml"].answer()
        cuda = self._questions["look_cuda"].answer()
        return replace(
            facts,
            nodes=nodes,
            driver=nvidia.text_of(said.fields.get("driver")) or facts.driver,
            cuda_driver=nvidia.text_of(cuda.fields.get("version") or said.fields.get("cuda")),
            nvml=nvidia.call_of(said),
            libcuda=nvidia.call_of(cuda),
            cuda_devices=cuda.fields.get("count"),
            gpus=nvidia.gpus_of(said, "NVML"),
            cuda_gpus=nvidia.gpus_of(cuda, "libcuda"),
        )

    def discard(self) -> None:
        """End the children, for a caller that gives up."""
        for question in self._questions.values():
            question.discard()
        for child in self._programs.values():
            child.end()


def start(timeout: float) -> Look:
    """Begin to look; children are started at once, so that they run beside others."""
    return Look(timeout)
