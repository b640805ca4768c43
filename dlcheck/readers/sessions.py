"""Interactive sessions: what was typed at >>>, In [1]: or a shell's prompt, and the answer on the lines below it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dlcheck.model.facts import Facts
from dlcheck.readers.merge import join
from dlcheck.readers.parts import devices_of, distribution, framework, gpu, python, toolchain
from dlcheck.readers.paste import Paste
from dlcheck.readers.pattern import Pattern

BANNER = Pattern(r"^[ \t]*Python (\d\.\d{1,2}\.\d{1,2}\S*) \(", re.MULTILINE, needs="Python ")
PRINTED = Pattern(r"^[ \t]*Python (\d\.\d{1,2}(?:\.\d{1,2}\S*)?)[ \t]*$", re.MULTILINE, needs="Python ")
PIP = Pattern(r"^[ \t]*pip (\d[\w.]*) from (\S[^\n]*?) \(python (\d\.\d{1,2})\)", re.MULTILINE, needs="pip ")
GCC = Pattern(
    r"^[ \t]*(?:gcc|g\+\+|c\+\+|cc)(?:-\d+)?(?:\.exe)? (\([^\n]{1,80}?\) \d+\.\d+[^\n]{0,40})$",
    re.MULTILINE,
    needs=("gcc", "g++ (", "c++ ("),
)
CLANG = Pattern(r"^[ \t]*(?:[A-Z]\w+ )?clang version (\d[^\n]{0,60})$", re.MULTILINE, needs="clang version ")
CMAKE = Pattern(r"^[ \t]*(cmake version \d[\w.-]*)", re.MULTILINE, needs="cmake version ")
DOCKER = Pattern(r"^[ \t]*Docker version (\d[\w.+-]*)", re.MULTILINE, needs="Docker version ")
CONDA = Pattern(r"^[ \t]*(?:conda|mamba) (\d+\.\d+[\w.]*)$", re.MULTILINE, needs=("conda ", "mamba "))
ALIAS = Pattern(r"\bimport (\w[\w.]*) as (\w+)", needs=" as ")
OTHER = Pattern(r"\b([a-z]\w{1,30})\.__version__")
CAPABILITY = Pattern(r"\((\d+), (\d+)\)")
VERSION = Pattern(r"^['\"(]*v?(\d+\.\d+[\w.+-]*)")
ULTRALYTICS = Pattern(
    r"(?:Ultralytics|YOLO)[^\n]{0,60}? Python-(\d\.\d+\.\d+\S*) torch-(\d[\w.+]*) (CPU|MPS|CUDA:\d+ \([^\n]*?\))",
    needs=" torch-",
)
CUDA_DEVICE = Pattern(r"CUDA:(\d+) \(([^,()\n]+(?:\([^()\n]*\))?[^,()\n]*), (\d+ ?Mi?B)\)")
QUESTIONS = (
    ("torch.__version__", "torch"),
    ("tf.__version__", "tensorflow"),
    ("tensorflow.__version__", "tensorflow"),
    ("tf.version.VERSION", "tensorflow"),
    ("keras.__version__", "keras"),
    ("jax.__version__", "jax"),
    ("jaxlib.__version__", "jaxlib"),
    ("torchvision.__version__", "torchvision"),
)
ASKED = (
    "__version__",
    "version.VERSION",
    "version.cuda",
    "cudnn.version()",
    "get_device_capability",
    "cuda.is_available",
    "get_device_name",
    "device_count",
    "_devices(",
    "jax.devices",
    "get_available_providers",
)
AFTER = 3
"""Lines below a question in which its answer is sought; warnings may come between."""


def read(paste: Paste) -> Facts | None:
    """Answers of the session."""
    parts = [facts for part in (_answers, _tools, _ultralytics) if (facts := part(paste))]
    return join(*parts) if parts else None


def _asked(paste: Paste) -> Iterator[tuple[str, list[str]]]:
    """Each question that a framework or a device is part of, with the lines below it."""
    if not any(word in paste for word in ASKED):
        return
    lines = paste.lines
    for at, line in enumerate(lines):
        if len(line) > 400 or not any(word in line for word in ASKED):
            continue
        below = [one.strip() for one in lines[at + 1 : at + 1 + AFTER] if one.strip()]
        yield line, below


def _answers(paste: Paste) -> Facts | None:
    found = Facts()
    aliases = {alias: module for module, alias in ALIAS.rows(paste.text)}
    for question, below in _asked(paste):
        answer = next((one for one in below if not one.startswith((">>>", "In [", "$", "#"))), "")
        if not answer:
            continue
        version = VERSION.match(answer)
        name = next((name for words, name in QUESTIONS if words in question), None)
        if name and version:
            found = join(found, Facts(frameworks={name: framework(name, version[1].rstrip("'\")"))}))
        elif version and (other := OTHER.search(question)):
            package = aliases.get(other[1], other[1])
            found = join(found, Facts(distributions=(distribution(package, version[1].rstrip("'\")")),)))
        elif "torch.version.cuda" in question and version:
            cuda = version[1].rstrip("'\")")
            found = join(found, Facts(frameworks={"torch": framework("torch", None, cuda=cuda)}))
        elif "cudnn.version()" in question and answer.isdigit():
            found = join(found, Facts(frameworks={"torch": framework("torch", None, cudnn=answer)}))
        elif "get_device_capability" in question and (capability := CAPABILITY.match(answer)):
            found = join(found, Facts(notes={"compute capability": f"{capability[1]}.{capability[2]}"}))
        elif "cuda.is_available" in question and answer in {"True", "False"}:
            found = join(found, Facts(frameworks={"torch": framework("torch", None, gpu=answer)}))
        elif "get_device_name" in question and answer[0] in "'\"NTGQA":
            found = join(found, Facts(devices=devices_of((gpu(answer.strip("'\"()"), index=0),))))
        elif "device_count" in question and answer.isdigit():
            found = join(found, Facts(notes={"devices that torch counts": answer}))
        elif "get_available_providers" in question:
            found = join(found, Facts(notes={"providers of ONNX Runtime": answer[:300]}))
        elif "list_physical_devices" in question or "jax.devices" in question:
            found = join(found, Facts(notes={"devices that the framework lists": answer[:300]}))
    return found if found != Facts() else None


def _tools(paste: Paste) -> Facts | None:
    """Versions as compilers, interpreters and installers print them when asked."""
    pip, banner, printed = PIP.search(paste.text), BANNER.search(paste.text), PRINTED.search(paste.text)
    gcc, clang, cmake = GCC.search(paste.text), CLANG.search(paste.text), CMAKE.search(paste.text)
    docker, conda = DOCKER.search(paste.text), CONDA.search(paste.text)
    version = (banner or printed or None) and (banner or printed)[1]  # type: ignore[index] # one of them matched
    facts = Facts()
    if version or pip:
        facts = Facts(python=python(version=version or (pip[3] if pip else None), pip=pip[1] if pip else None))
    tools = toolchain(
        gcc=gcc[1] if gcc else None,
        clang=clang[1] if clang else None,
        cmake=cmake[1] if cmake else None,
        docker=docker[1] if docker else None,
        conda=conda[1] if conda else None,
    )
    if any((gcc, clang, cmake, docker, conda)):
        facts = join(facts, Facts(toolchain=tools))
    return facts if facts != Facts() else None


def _ultralytics(paste: Paste) -> Facts | None:
    match = ULTRALYTICS.search(paste.text) if "torch-" in paste else None
    if not match:
        return None
    facts = Facts(python=python(version=match[1]), frameworks={"torch": framework("torch", match[2])})
    rows = CUDA_DEVICE.rows(paste.text)
    gpus = tuple(gpu(name.strip(), index=int(index), memory_printed=memory) for index, name, memory in rows)
    return join(facts, Facts(devices=devices_of(gpus))) if gpus else facts
