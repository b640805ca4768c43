"""Environment reports of "name: value" lines: transformers env, accelerate env, diffusers, Lightning, DeepSpeed's ds_report,
JAX's print_environment_info, MMCV, detectron2, fastai, Ultralytics, TensorFlow's issue template and tf_env, scripts of users.

They name the same dozen facts under different labels, so labels are the table here, and every report that keeps to
"name: value" (or "name ..... value", or a heading with the value below it) is read without knowing its author.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from dlcheck.model.device_facts import Gpu
from dlcheck.model.facts import Facts
from dlcheck.model.python_facts import FrameworkFacts
from dlcheck.readers import labels as tables
from dlcheck.readers.figures import count, size
from dlcheck.readers.merge import join
from dlcheck.readers.parts import cpu, devices_of, distribution, framework, gpu, memory, nvidia, python, toolchain
from dlcheck.readers.paste import Paste, something
from dlcheck.readers.pattern import Pattern
from dlcheck.readers.unsaid import FRAMEWORK, RUN, UNSAID

VERSION = Pattern(r"v?(\d+(?:\.\d+)+[\w.+-]*|\d+\.\d+[\w.+-]*)")
BRANDS = Pattern(r"CPU|Core|Ryzen|Xeon|EPYC|Processor|Celeron|Pentium|Threadripper|Snapdragon|Apple M\d|\bi[3579]-")
KNOWN = frozenset(
    name
    for table in (*tables.FRAMEWORKS.values(), tables.CUDA, tables.CUDNN, tables.AVAILABLE, tables.PYTHON, tables.GPUS)
    for name in table
).union(tables.DRIVER, tables.CPUS)
"""Labels that are believed in columns without a colon, as detectron2 and Ultralytics print them."""
BRAND = Pattern(
    r"NVIDIA|GeForce|Tesla|Quadro|\bRTX|\bGTX|TITAN|\b[AHLBV]\d{2,3}\b|Radeon|Instinct|\bAMD\b|\bMI\d{2,3}"
    r"|Intel\(R\) (?:Arc|Iris|UHD|HD)|\bIris\b|\bUHD\b|\bArc\b|Apple M|\bM[1-4]\b|\bRX \d"
)
MOST_GPUS = 64
FIRST = frozenset("GgCcDd")
COUNTED = Pattern(r"^(?:\d+\s*[x*×]\s*)|\s*[x*×]\s*\d{1,2}$")
NUMBERED = Pattern(
    r"[-* \t]{0,8}(?:GPU|cuda|device)[ :_]?(\d{1,4}(?:,\d{1,4})*)(?: name)?\s{0,16}[:=]\s*(\S.*)$", re.IGNORECASE
)
SIZE_IN_NAME = Pattern(r"[,(|\s]+\(?(\d[\d.]*\s*(?:MiB|GiB|MB|GB|G|M))\)?")
JAX_KIND = Pattern(r"device info: ([^,\n]{2,60}?)-(\d+), \d+ local devices", needs="device info:")
JAX_LIST = Pattern(r"jax\.devices \(\d+ total, \d+ local\): (\[[^\n]{3,200})", needs="jax.devices (")


def read(paste: Paste) -> Facts | None:
    """What the labels say; None where none of them stands."""
    labels = _Labels(paste)
    parts = (
        _frameworks(labels),
        _python(labels),
        _processor(labels),
        _gpus(paste, labels),
        _packages(labels),
        _tools(labels),
    )
    found = [part for part in (*parts, _jax_devices(paste)) if part]
    return join(*found) if found else None


class _Labels:
    """Values by label: pairs of the text, assignments, and known labels in columns."""

    def __init__(self, paste: Paste) -> None:
        self.values: dict[str, list[str]] = {name: list(values) for name, values in paste.pairs.items()}
        if "=" in paste:
            for line in paste.lines:
                name, equals, value = line.partition("=")
                if equals and len(line) < 160 and value[:1] != "=":
                    name = name.strip().removeprefix("[info]").strip("-* \t`").lower()
                    self.values.setdefault(name, []).append(value.strip("= \t'\"`"))

        if "  " in paste or "\t" in paste:
            for line in paste.lines:
                name, _, value = line.strip().replace("\t", "  ", 1).partition("  ")
                if value and (name := name.lower()) in KNOWN and len(line) < 200:
                    self.values.setdefault(name, []).append(value.strip())

    def version(self, *labels: str) -> str | None:
        """The first value under a label that begins with a version."""
        for label in labels:
            for value in self.values.get(label, ()):
                if match := VERSION.match(value.strip("'\"` ").removeprefix("TensorFlow ").removeprefix("tf ")):
                    return match[1].rstrip(".,-")
        return None

    def all(self, *labels: str) -> Iterator[str]:
        """Every value under the labels that says something."""
        for label in labels:
            for value in self.values.get(label, ()):
                if said := something(value):
                    yield said

    def switch(self, *labels: str) -> str | None:
        """The first value that is yes or no, whatever its spelling."""
        for value in self.all(*labels):
            word = value.split()[0].strip("(),.;'\"").lower()
            if word in {"true", "yes", "是", "可用", "available", "1"}:
                return "yes"
            if word in {"false", "no", "否", "不可用", "unavailable", "0"}:
                return "no"
        return None


def _frameworks(labels: _Labels) -> Facts | None:
    found: dict[str, FrameworkFacts] = {}
    for name, names in tables.FRAMEWORKS.items():
        version = labels.version(*names)
        if not version:
            continue
        gpu_seen = cuda = cudnn = None
        if name == "torch":
            cuda, cudnn, gpu_seen = labels.version(*tables.CUDA), _cudnn(labels), labels.switch(*tables.AVAILABLE)
        if gpu_seen is None and names[0].endswith("(gpu?)"):
            printed = next(labels.all(names[0]), "")
            gpu_seen = "yes" if "(True)" in printed else "no" if "(False)" in printed else None
        found[name] = framework(name, version, cuda=cuda, cudnn=cudnn, gpu=gpu_seen)
    if not found:
        cuda, available = (
            labels.version("torch.version.cuda", "torch cuda version"),
            labels.switch("torch.cuda.is_available()"),
        )
        if not cuda and not available:
            return None
        found["torch"] = framework("torch", None, cuda=cuda, gpu=available)
    return Facts(frameworks=found)


def _jax_devices(paste: Paste) -> Facts | None:
    """What JAX itself counted: "device info: NVIDIA L4-1, ..." since 0.4.23, "jax.devices (1 total, 1 local): [...]" before."""
    kind, listed = JAX_KIND.search(paste.text), JAX_LIST.search(paste.text)
    if not kind and not listed:
        return None
    words = (kind[1] if kind else listed[1] if listed else "").lower()
    run = replace(RUN, gpu_available=not words.startswith(("cpu", "[cpu", "host")))
    return Facts(frameworks={"jax": replace(FRAMEWORK, name="jax", run=run)})


def _cudnn(labels: _Labels) -> str | None:
    for value in labels.all(*tables.CUDNN):
        if match := re.match(r"\d[\d.]*", value):
            return match[0]
    return None


def _python(labels: _Labels) -> Facts | None:
    for value in labels.all(*tables.PYTHON):
        version = VERSION.match(value.removeprefix("C").removeprefix("Python ").removeprefix("python ").strip("'\"` "))
        if version and version[1].startswith(("2.", "3.")):
            return Facts(python=python(version=version[1].rstrip(".,-")))
    return None


def _processor(labels: _Labels) -> Facts | None:
    brand = next(
        (value for value in labels.all(*tables.CPUS) if BRANDS.search(value)),
        None,
    )
    counted = next((number for value in labels.all(*tables.CPU_COUNTS) if (number := count(value))), None)
    if not brand and not counted:
        return None
    return Facts(cpu=cpu(brand=brand[:100] if brand else None, logical_cpus=counted))


def _gpus(paste: Paste, labels: _Labels) -> Facts | None:
    found: list[Gpu] = []
    for line in paste.lines:
        match = NUMBERED.match(line) if line.lstrip(" -*\t")[:1] in FIRST and len(line) < 200 else None
        if match and BRAND.search(match[2]) and "Intel(R) Core" not in match[2]:
            found += [_named(match[2], int(index)) for index in match[1].split(",")[:MOST_GPUS]]
    if not found:
        names = [value for value in labels.all(*tables.GPUS) if _is_gpu(value)]
        names += [value for value in labels.all("device") if _is_gpu(value) and " [" not in value]
        found = [_named(part, None) for value in names[:1] for part in _split(value)]
    if not found and (kind := JAX_KIND.search(paste.text)) and kind[1].lower() not in {"cpu", "host"}:
        found = [gpu(kind[1])]
    facts = Facts(devices=devices_of(tuple(found))) if found else Facts()
    driver = next((value for value in labels.all(*tables.DRIVER) if re.match(r"\d{3}\.\d+(\.\d+)?$", value)), None)
    if driver:
        facts = join(facts, Facts(devices=nvidia(driver=driver)))
    return facts if facts != Facts() else None


def _is_gpu(value: str) -> bool:
    return len(value) < 160 and BRAND.search(value) is not None and not BRANDS.search(value)


def _split(value: str) -> list[str]:
    """Some list all names in one line."""
    inner = (value[1:].rstrip("]") if value[0] == "[" else value).replace("'", "").replace('"', "")
    parts = [part.strip() for part in re.split(r"\s*[,;]\s*(?=NVIDIA|GeForce|Tesla|Quadro|AMD|Intel)", inner)]
    return parts[:16]


def _named(value: str, index: int | None) -> Gpu:
    """A name that may carry its memory: "Tesla T4, 15102MiB", "RTX 3090 (24GB)", "11019MB | GeForce RTX 2080 Ti"; in
    "H100 80GB HBM3" and "GTX 1060 6GB" the size is part of the name.
    """
    value = value.partition(" (UUID")[0]
    memory_found = SIZE_IN_NAME.search(value)
    name = value
    if "|" in value and (parts := [part.strip() for part in value.split("|")]):
        name = next((part for part in parts if BRAND.search(part)), value)
        memory_found = re.match(r"(\d+\s*[MG]i?B)", parts[0]) or memory_found
    elif memory_found and value[memory_found.start() : memory_found.start(1)].strip(" "):
        name = value[: memory_found.start()]
    capability = re.search(r"\(arch=(\d+\.\d)\)", value)
    printed = memory_found[1] if memory_found else None
    facts = gpu(
        COUNTED.sub("", name.split("(arch")[0].strip(" ,()'\"")).strip(),
        index=index,
        memory_printed=printed,
        memory_bytes=size(printed),
        architecture=capability[1] if capability else None,
    )
    return facts if printed else replace(facts, memory_bytes=UNSAID)


def _packages(labels: _Labels) -> Facts | None:
    found = []
    for name in tables.PACKAGES:
        version = labels.version(name, f"{name} version", f"`{name}` version", f"{name}` version", f"{name} info")
        if version:
            found.append(distribution(name, version))
    return Facts(distributions=tuple(found)) if found else None


def _tools(labels: _Labels) -> Facts | None:
    memory_printed = next(
        (value for value in labels.all("shared memory (/dev/shm) size", "shm size") if size(value)), None
    )
    tools = toolchain(
        nvcc=labels.version("nvcc version", "nvcc", "cuda toolkit", "cuda toolkit version"),
        cmake=labels.version("cmake version", "cmake"),
        cudnn=_cudnn(labels),
        rocm=labels.version("rocm version", "rocm", "torch hip version", "hip version"),
        gcc=next(labels.all("gcc/compiler version", "gcc/compiler version (if compiling from source)", "gcc"), None),
    )
    facts = Facts(toolchain=tools) if tools != toolchain() else Facts()
    if memory_printed:
        facts = join(facts, Facts(memory=memory(shared_memory_bytes=size(memory_printed))))
    return facts if facts != Facts() else None
