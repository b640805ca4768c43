"""Python tracebacks and the last lines of crashed imports: exception, message, frames, and what the frames' paths tell.

A frame in ".../lib/python3.10/site-packages/torch/__init__.py" names the interpreter's version, the environment's folder
and the framework whose import failed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from dlcheck.model.facts import Facts
from dlcheck.readers.merge import join
from dlcheck.readers.parts import python, system
from dlcheck.readers.paste import Paste
from dlcheck.readers.pattern import Pattern
from dlcheck.readers.unsaid import FRAMEWORK, RUN

KINDS = r"[A-Z]\w{0,60}(?:Error|Exception|Interrupt|Exit|NotFound|Warning|Failure)|Error"
RAISED = Pattern(
    rf"^[ \t]*(?:E[ \t]{{1,8}})?((?:[A-Za-z_]\w{{0,60}}\.){{0,6}}(?:{KINDS})):[ \t]+(\S[^\n]*)$",
    re.MULTILINE,
    needs=("Error:", "Exception:", "Interrupt:", "Exit:", "NotFound:", "Failure:"),
)
FRAME = Pattern(r'^[ \t]*(?:[|>-]+[ \t]*)?File "([^"\n]{1,300})", line (\d+)', re.MULTILINE, needs="File ")
MISSING = Pattern(r"No module named '?([\w.]+)'?")
IMPORTING = Pattern(r"Error importing (\w+): ([^\n]+)")
POSIX = Pattern(r"(/[^\s\"':;,]{0,200}?)/lib(?:64)?/python(\d\.\d{1,2})t?/(?:site|dist)-packages", needs="-packages")
WINDOWS = Pattern(r"([A-Za-z]:\\[^\n\"'<>|*?]{0,200}?)\\[Ll]ib\\site-packages", needs="-packages")
WINDOWS_VERSION = Pattern(r"[Pp]ython(3)(\d{1,2})(?:-32)?\\")
VENV = Pattern(r"/(?:\.?v?env|venvs?|virtualenvs?|\.venv)\b")
CONDA = Pattern(r"(?:ana|mini|micro|mamba)(?:conda|forge|mamba)|[/\\]conda[/\\]|[/\\]envs[/\\]", re.IGNORECASE)
WHEEL = Pattern(r"-cp(\d)(\d{1,2})-(?:cp|abi3|none)\w*-(\w+?)\.whl", needs=".whl")
FRAMEWORKS = ("torch", "tensorflow", "keras", "jax", "jaxlib", "torchvision", "torchaudio")
MOST_FRAMES = 40


def read(paste: Paste) -> Facts | None:
    """The last exception as notes, the failed import as the framework's run, the interpreter that the paths name."""
    parts = [facts for part in (_exception, _import_line, _paths) if (facts := part(paste))]
    return join(*parts) if parts else None


def _exception(paste: Paste) -> Facts | None:
    found = [match for match in RAISED.finditer(paste.text) if not match[1].endswith("Warning")]
    if not found:
        return None
    last = found[-1]
    frames = tuple(f"{path}:{line}" for path, line in FRAME.rows(paste.text))[-MOST_FRAMES:]
    notes = {"error": f"{last[1]}: {last[2]}"[:400]}
    missing = MISSING.search(last[2])
    if missing:
        notes["missing module"] = missing[1]
    name = _framework_of(last[1], last[2], frames, missing[1] if missing else None)
    facts = Facts(notes=notes)
    if not name:
        return facts
    run = replace(
        RUN,
        result="raised",
        error_type=last[1].rpartition(".")[2],
        error=last[2][:400],
        traceback=frames,
        stage="import",
    )
    return join(facts, Facts(frameworks={name: replace(FRAMEWORK, name=name, run=run)}))


def _framework_of(kind: str, message: str, frames: tuple[str, ...], missing: str | None) -> str | None:
    """The framework whose import failed; None for errors of training, and for a framework that is not there at all."""
    if missing and missing.split(".")[0] in FRAMEWORKS:
        return None
    if not kind.endswith(("ImportError", "ModuleNotFoundError", "OSError", "AttributeError", "TypeError")):
        return None
    for name in FRAMEWORKS:
        if any(
            re.search(rf"[/\\]{name}[/\\](?:__init__|python[/\\]__init__|_C[/\\]__init__)\.py:", frame)
            for frame in frames
        ):
            return name
    return "torch" if re.search(r"libtorch|c10\.dll|libc10|torch_cpu", message) else None


def _import_line(paste: Paste) -> Facts | None:
    match = IMPORTING.search(paste.text) if "Error importing" in paste else None
    if not match:
        return None
    notes = {"error": match[2][:400]}
    if missing := MISSING.search(match[2]):
        notes["missing module"] = missing[1]
        return Facts(notes=notes)
    run = replace(RUN, result="raised", error=match[2][:400], stage="import")
    return Facts(frameworks={match[1]: replace(FRAMEWORK, name=match[1], run=run)}, notes=notes)


def _paths(paste: Paste) -> Facts | None:
    found = Facts()
    for prefix, version in _prefixes(paste):
        kind = "conda" if CONDA.search(prefix) else "venv" if VENV.search(prefix) else None
        named = re.search(r"[/\\]envs[/\\]([^/\\]+)$", prefix)
        facts = python(prefix=prefix, version=version, environment=kind, environment_name=named[1] if named else None)
        found = Facts(python=facts)
        if "\\" in prefix:
            found = join(found, Facts(system=system(name="windows")))
        break
    if isinstance(found.python, type(Facts().python)) and (wheel := WHEEL.search(paste.text)) and ".whl" in paste:
        found = Facts(notes={"wheel for python": f"{wheel[1]}.{wheel[2]}", "wheel for platform": wheel[3]})
    return found if found != Facts() else None


def _prefixes(paste: Paste) -> Iterator[tuple[str, str | None]]:
    if "-packages" not in paste:
        return
    if match := POSIX.search(paste.text):
        yield match[1], match[2]
    if match := WINDOWS.search(paste.text):
        version = WINDOWS_VERSION.search(match[0])
        yield match[1], f"{version[1]}.{version[2]}" if version else None
