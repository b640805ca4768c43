"""An MCP server (optional extra ``mcp``) with tools that only look: doctor, devices, diagnose, explain, plan.

Each tool that looks at the machine runs dlcheck's own command in a child process: standard output belongs to the protocol,
and what crashes there ends a child. Answers are the JSON documents of the contract, secrets masked.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from dlcheck import __version__
from dlcheck.host import temporary
from dlcheck.host.interpreter import own_command
from dlcheck.host.process import run
from dlcheck.model.errors import DlcheckError

if TYPE_CHECKING:
    from mcp.server import MCPServer

TIMEOUT = 600.0
INSTRUCTIONS = (
    "dlcheck tells whether deep learning works on this machine, why not, and what to type. Every tool only looks; nothing here"
    " changes a machine. Show the person the commands of a fix and let them decide. Start with doctor."
)


def serve() -> None:
    """Serve on standard input and output until the client leaves."""
    server().run()


def server() -> MCPServer:
    """The server with its tools. ``DlcheckError`` where the SDK is not installed."""
    try:
        from mcp.server import MCPServer
        from mcp.types import ToolAnnotations
    except ImportError:
        raise DlcheckError("the MCP SDK is not installed", "Install it: pip install 'dlcheck[mcp]'") from None
    made = MCPServer("dlcheck", version=__version__, instructions=INSTRUCTIONS, log_level="ERROR")
    looks = ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)
    for tool in (doctor, devices, diagnose, explain, plan):
        made.tool(annotations=looks)(tool)
    return made


def doctor(python: str = "", profile: str = "learn", quick: bool = False, offline: bool = True) -> dict[str, Any]:
    """Judge this machine and a Python interpreter: what is wrong, why, and the commands that mend it.

    python: path of the interpreter to check, empty for the active environment. profile: learn, train, infer or ci.
    quick: import no framework (a second instead of several). offline: do not try the package index.
    """
    flags = [*(["--quick"] if quick else []), *(["--offline"] if offline else [])]
    named = ["--python", _plain(python)] if python else []
    document = _command("doctor", "--no-history", "--profile", _plain(profile), *named, *flags)
    document.pop("facts", None)
    document["verdicts"] = [one for one in document.get("verdicts", []) if one["status"] != "passed"]
    return document


def devices(python: str = "") -> dict[str, Any]:
    """Every accelerator as the bus, its driver and each installed framework see it."""
    return _command("devices", *(["--python", _plain(python)] if python else []))


def diagnose(text: str) -> dict[str, Any]:
    """Name the causes in a pasted error, log, collect_env or nvidia-smi output, best first, with fixes."""
    from dlcheck.diagnose import diagnose_text
    from dlcheck.model.style import Style
    from dlcheck.renderers import DIAGNOSIS_RENDERERS

    made: dict[str, Any] = json.loads(DIAGNOSIS_RENDERERS["json"](diagnose_text(text[:4_000_000]), Style()))
    made.pop("facts", None)
    return made


def explain(name: str) -> str:
    """What a code (DL512) or a cause (driver-too-old) means, why it happens, how it is mended: Markdown."""
    from dlcheck import explain as verb
    from dlcheck.model.style import Style
    from dlcheck.renderers import EXPLANATION_RENDERERS

    try:
        return EXPLANATION_RENDERERS["markdown"](verb.explain(name), Style())
    except DlcheckError as error:
        return _words(error)


def plan(requirements: list[str], accelerator: str = "auto", venv: str = ".venv") -> dict[str, Any]:
    """What installing frameworks would do here, step by step; nothing is installed or changed.

    requirements: such as ["torch"] or ["tensorflow==2.21.0"]. accelerator: auto, cpu, cu130, rocm7.2, xpu, mps.
    """
    names = [_plain(one) for one in requirements]
    return _command("install", *names, "--dry-run", "--accelerator", _plain(accelerator), "--venv", _plain(venv))


def _plain(word: str) -> str:
    """A word that cannot be taken for an option: what a model writes is data."""
    if word.startswith("-") or "\0" in word:
        raise ValueError(f"{word!r} is an option, and only values are taken")
    return word


def _command(*arguments: str) -> dict[str, Any]:
    with temporary.Folder() as folder:
        path = os.path.join(folder, "document.json")
        writes_itself = arguments[0] != "install"
        output = ["--output", path] if writes_itself else []
        done = run(
            [*own_command(), *arguments, "--format", "json", *output],
            timeout=TIMEOUT,
            apart=True,
        )
        text = done.output
        if writes_itself and os.path.exists(path):
            with open(path, encoding="utf-8") as stream:
                text = stream.read()
    try:
        made: dict[str, Any] = json.loads(text)
    except ValueError:
        return {"error": done.errors.strip() or done.failure or "no answer", "exit_code": done.code}
    return made


def _words(error: DlcheckError) -> str:
    return error.line
