"""``dlcheck mcp`` spoken to by the client of the official SDK, over standard input and output."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

pytestmark = pytest.mark.real

ROOT = Path(__file__).parent.parent.parent
CLIENT = """
import asyncio, json, sys
from mcp import ClientSession, StdioServerParameters, stdio_client

async def main():
    server = StdioServerParameters(command=sys.executable, args=["-m", "dlcheck", "mcp"], env={"PYTHONPATH": sys.argv[1], "PATH": sys.argv[2]})
    async with stdio_client(server) as (read, write), ClientSession(read, write) as session:
        await session.initialize()
        tools = (await session.list_tools()).tools
        answers = {"tools": {one.name: one.annotations.read_only_hint for one in tools}}
        for name, arguments in CALLS.items():
            answer = await session.call_tool(name.split("#")[0], arguments)
            answers[name] = {"error": answer.is_error, "text": "".join(one.text for one in answer.content)}
        print(json.dumps(answers))

CALLS = {
    "doctor": {"quick": True},
    "devices": {},
    "diagnose": {"text": "ModuleNotFoundError: No module named 'torch'"},
    "explain": {"name": "driver-too-old"},
    "explain#wrong": {"name": "no-such-thing"},
    "plan#option": {"requirements": ["--index-url=http://evil.example"]},
}
asyncio.run(main())
"""


@pytest.fixture(scope="module")
def answers() -> dict:
    import json

    if importlib.util.find_spec("mcp") is None:
        if os.environ.get("CI"):
            pytest.fail("the MCP SDK is missing: pip install mcp")
        pytest.skip("the MCP SDK is missing: pip install mcp")
    command = [sys.executable, "-W", "ignore", "-c", textwrap.dedent(CLIENT), str(ROOT), os.environ["PATH"]]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=280, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert done.returncode == 0, done.stderr[-3000:]
    answers: dict = json.loads(done.stdout)
    return answers


def test_there_are_five_tools_and_each_only_looks(answers: dict):
    assert answers["tools"] == dict.fromkeys(("doctor", "devices", "diagnose", "explain", "plan"), True)


def test_each_answers_with_its_document(answers: dict):
    assert '"command": "doctor"' in answers["doctor"]["text"]
    assert '"command": "devices"' in answers["devices"]["text"]
    assert '"command": "diagnose"' in answers["diagnose"]["text"]
    assert answers["explain"]["text"].startswith("# ")
    assert not any(answers[name]["error"] for name in ("doctor", "devices", "diagnose", "explain"))


def test_a_wrong_name_is_told(answers: dict):
    assert "no-such-thing" in answers["explain#wrong"]["text"]


def test_an_argument_is_never_an_option(answers: dict):
    assert answers["plan#option"]["error"]
    assert "is an option" in answers["plan#option"]["text"] or "error" in answers["plan#option"]["text"].lower()
