"""What TensorFlow, XLA and JAX log at the start (GPU properties, cuDNN, versions), and the sections of tf_env.sh."""

from __future__ import annotations

import re

from dlcheck.model.device_facts import Gpu
from dlcheck.model.facts import Facts
from dlcheck.readers.merge import join
from dlcheck.readers.parts import devices_of, distribution, framework, gpu, nvidia, python, system, toolchain
from dlcheck.readers.paste import Paste, something
from dlcheck.readers.pattern import Pattern

CREATED = Pattern(
    r"device:GPU:(\d+) with (\d+) MB memory\)?:?[ \t]+->[^\n]{0,40}?device: \d+"
    r", name: ([^,\n]{2,60})"
    r", pci bus id: ([0-9a-fA-F:.]+)"
    r", compute capability: (\d+\.\d+)",
    needs="device:GPU:",
)
FOUND = Pattern(
    r"Found device (\d+) with properties:[^\n]*\n[^\n]*?(?:pciBusID: (\S+) )?name: ([^\n]{2,60}?)"
    r" (?:computeCapability|major): (\d+)"
    r"(?:\.| minor: )(\d+)",
    needs="Found device",
)
SERVICE = Pattern(
    r"StreamExecutor device \((\d+)\): ([^,\n]{2,60}), Compute Capability (\d+\.\d+)", needs="StreamExecutor device"
)
CUDNN = Pattern(r"Loaded cuDNN version (\d+)", needs="Loaded cuDNN")
KERNEL = Pattern(r"kernel reported version is: (\d[\d.]*\d)", needs="kernel reported")
LIBCUDA = Pattern(r"libcuda reported version is: (\d[\d.]*\d)", needs="libcuda reported")
OPENED = Pattern(r"Successfully opened dynamic library (\S+)", needs="Successfully opened")
NOT_OPENED = Pattern(r"Could not load dynamic library '([^'\n]+)'", needs="Could not load dynamic")
SECTION = Pattern(
    r"^=+ (?:check python|check os platform|are we in docker|check pips|check for virtualenv|tensorflow import|cuda libs"
    r"|tensorflow installation|tensorflow installed from info|bazel version)[ \t]*=+$",
    re.MULTILINE,
    needs=("check python", "check os", "check pips", "tensorflow import", "cuda libs", "in docker", "virtualenv"),
)
TUPLE = Pattern(r"\((\d), (\d{1,2}), (\d{1,2}), '(?:final|candidate|beta)', \d+\)")
DISTRIBUTION = Pattern(
    r"^linux distribution: \('?([^',()\n]+)'?, '?([^',()\n]*)'?(?:, '?([^',()\n]*)'?)?\)", re.MULTILINE
)
COMPILER = Pattern(r"^(?:c\+\+|g\+\+|gcc)(?:-\d+)? (\([^\n]+)$", re.MULTILINE)
SET = Pattern(r"^([A-Z][A-Z_0-9]{2,40}) (/\S+|is unset)$", re.MULTILINE)
LIBRARY = Pattern(r"^(/\S*lib(?:cudart|cudnn)\S*\.so[.\d]*|/\S*libcudart_static\.a)$", re.MULTILINE)
PIPS = Pattern(
    r"^(numpy|protobuf|tensorflow[\w-]*|keras[\w-]*|tf[\w-]*|tensorboard)[ \t]+(\d[\w.+-]*)", re.MULTILINE, needs="="
)


def read(paste: Paste) -> Facts | None:
    """GPUs and libraries of the log, and what tf_env's sections add."""
    parts = [facts for part in (_log, _sections, _pair) if (facts := part(paste))]
    return join(*parts) if parts else None


def _log(paste: Paste) -> Facts | None:
    if "device" not in paste and "cuDNN" not in paste and "reported version" not in paste and "library" not in paste:
        return None
    gpus: list[Gpu] = [
        gpu(name, index=int(index), pci_address=bus, architecture=capability)
        for index, _, name, bus, capability in CREATED.rows(paste.text)
    ]
    gpus += [
        gpu(name, index=int(index), pci_address=something(bus), architecture=f"{major}.{minor}")
        for index, bus, name, major, minor in FOUND.rows(paste.text)
    ]
    gpus += [
        gpu(name, index=int(index), architecture=capability) for index, name, capability in SERVICE.rows(paste.text)
    ]
    distinct = tuple({(one.index, one.name): one for one in reversed(gpus)}.values())[::-1]
    kernel, libcuda, cudnn = KERNEL.search(paste.text), LIBCUDA.search(paste.text), CUDNN.search(paste.text)
    notes: dict[str, str] = {}
    if opened := OPENED.words(paste.text):
        notes["libraries opened"] = ", ".join(dict.fromkeys(opened))
    if missing := NOT_OPENED.words(paste.text):
        notes["libraries not found"] = ", ".join(dict.fromkeys(missing))
    if cudnn:
        notes["cudnn loaded"] = cudnn[1]
    found = Facts(notes=notes)
    if distinct:
        found = join(found, Facts(devices=devices_of(distinct)))
    if kernel or libcuda:
        found = join(found, Facts(devices=nvidia(module=kernel and kernel[1], driver=libcuda and libcuda[1])))
    return found if found != Facts() else None


def _sections(paste: Paste) -> Facts | None:
    """tf_env.sh, the collector of TensorFlow's issue template."""
    if not SECTION.search(paste.text):
        return None
    found = Facts()
    if match := TUPLE.search(paste.text):
        found = join(found, Facts(python=python(version=".".join(match.groups()))))
    if match := DISTRIBUTION.search(paste.text):
        words = " ".join(part for part in match.groups() if part and part.strip())
        found = join(found, Facts(system=system(name="linux", distribution=words)))
    machine, release = paste.value("machine"), paste.value("os release version")
    if machine or release:
        found = join(found, Facts(system=system(machine=machine, release=release)))
    if match := COMPILER.search(paste.text):
        found = join(found, Facts(toolchain=toolchain(gcc=match[1])))
    variables = {name: value for name, value in SET.rows(paste.text) if value != "is unset"}
    if variables:
        found = join(found, Facts(variables=variables))
    if libraries := LIBRARY.words(paste.text):
        found = join(found, Facts(notes={"cuda libraries": ", ".join(libraries[:20])}))
    rows = tuple(distribution(name, version) for name, version in PIPS.rows(paste.text))
    if rows:
        found = join(found, Facts(distributions=rows))
    version = re.search(r"tf\.version\.VERSION = (\S+)", paste.text)
    if version:
        found = join(found, Facts(frameworks={"tensorflow": framework("tensorflow", version[1])}))
    return found


def _pair(paste: Paste) -> Facts | None:
    """The template's line "CUDA/cuDNN version: 11.2/8.1"."""
    value = paste.value("cuda/cudnn version", "cuda / cudnn version", "cuda/cudnn")
    if not value:
        return None
    numbers = re.findall(r"\d+(?:\.\d+)+|\b\d{1,2}\b", value)
    if not numbers:
        return Facts(notes={"cuda/cudnn": value[:100]})
    tools = toolchain(nvcc=numbers[0], cudnn=numbers[1] if len(numbers) > 1 else None)
    return Facts(toolchain=tools, notes={"cuda/cudnn": value[:100]})
