"""A real JupyterLab in a real Chromium: a notebook is opened, its cells are run, and the page is looked at."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import secrets
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.real.chromium import started
from tests.real.test_notebook import ROOT, environment

pytestmark = pytest.mark.real

CELLS = (
    "%load_ext dlcheck\nimport dlcheck",
    "dlcheck.check(quick=True, offline=True)",
    "%%dlcheck diagnose\nRuntimeError: CUDA error: no kernel image is available for execution on the device",
    "%dlcheck doctor --no-such-option",
)
SECONDS = 90.0
LOOK = """
return [...document.querySelectorAll(".jp-CodeCell")].map(cell => {
  const shown = cell.querySelector(".jp-OutputArea-output .dlcheck");
  return {text: cell.querySelector(".jp-OutputArea")?.innerText || "", shown: !!shown,
          wide: shown ? shown.scrollWidth - shown.clientWidth : 0,
          color: shown ? getComputedStyle(shown).color : "", prompt: cell.querySelector(".jp-InputPrompt")?.innerText || ""}});
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of a JupyterLab with its token, and the folder that it shows."""
    python = environment(tmp_path_factory.mktemp("lab"), "jupyterlab")
    folder = tmp_path_factory.mktemp("notebooks")
    notebook = {
        "cells": [
            {"cell_type": "code", "execution_count": None, "id": f"c{at}", "metadata": {}, "outputs": [], "source": one}
            for at, one in enumerate(CELLS)
        ],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    (folder / "tried.ipynb").write_text(json.dumps(notebook))
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    token = secrets.token_hex(8)
    words = [python, "-m", "jupyterlab", "--no-browser", "--allow-root", "--expose-app-in-browser", "--ip=127.0.0.1"]
    words += [f"--port={port}", f"--IdentityProvider.token={token}", f"--notebook-dir={folder}"]
    words += ["--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    home = str(tmp_path_factory.mktemp("home"))
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "HOME": home, "JUPYTER_CONFIG_DIR": home}
    with (folder.parent / "lab.log").open("wb") as log:
        server = subprocess.Popen(words, stdout=log, stderr=log, env=environ, cwd=folder)
        try:
            address = f"http://127.0.0.1:{port}"
            wait_for(lambda: answers(f"{address}/api?token={token}"), (folder.parent / "lab.log").read_text)
            yield f"{address}/lab/tree/tried.ipynb?token={token}", folder
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def wait_for(ready: Callable[[], Any], state: Callable[[], object] = lambda: "") -> Any:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        if found := ready():
            return found
        time.sleep(0.3)
    pytest.fail(f"not after {SECONDS:.0f} s: {str(state())[-2000:]}")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with started(tmp_path_factory.mktemp("profile"), "--window-size=1200,1600") as chrome:
        yield chrome


def screenshot(browser: Any, name: str) -> None:
    if folder := os.environ.get("DLCHECK_SCREENSHOTS"):
        shot = browser.execute_cdp_cmd("Page.captureScreenshot", {})
        Path(folder, f"{name}.png").write_bytes(base64.b64decode(shot["data"]))


def test_a_person_runs_the_cells_and_sees_what_was_found(lab: tuple[str, Path], browser: Any):
    address, folder = lab
    browser.get(address)
    app = "return window.jupyterapp && document.querySelectorAll('.jp-CodeCell').length === arguments[0]"
    wait_for(lambda: browser.execute_script(app, len(CELLS)))
    idle = "return !!document.querySelector('.jp-Notebook-ExecutionIndicator[data-status=idle]')"
    wait_for(lambda: browser.execute_script(idle))
    browser.execute_script("window.jupyterapp.commands.execute('notebook:run-all-cells')")
    ran = "return [...document.querySelectorAll('.jp-InputPrompt')].every(one => /\\d/.test(one.innerText))"
    try:
        wait_for(lambda: browser.execute_script(ran), lambda: browser.execute_script(LOOK))
    finally:
        screenshot(browser, "jupyterlab")
    loaded, checked, diagnosed, refused = browser.execute_script(LOOK)
    assert loaded["text"] == ""
    for one, words in ((checked, "framework-missing"), (diagnosed, "no kernel image is available")):
        assert one["shown"], one["text"]
        assert words in one["text"], one["text"]
        assert one["wide"] <= 0, "nothing hangs out of the cell"
    assert "restart the kernel" in checked["text"]
    assert "%pip install" in diagnosed["text"]
    assert "The same by hand" not in checked["text"] + diagnosed["text"]
    assert "only the command line knows 'doctor --no-such-option', and it needs Typer" in refused["text"]
    assert "Traceback" not in refused["text"]

    # Saved, changed and opened by somebody else: its signature is gone, so JupyterLab takes styles and scripts out.
    browser.execute_script("return window.jupyterapp.commands.execute('docmanager:save')")
    saved = folder / "tried.ipynb"
    wait_for(lambda: "text/html" in saved.read_text())
    document = json.loads(saved.read_text())
    document["cells"][0]["source"] += "  # as it came by mail"
    (folder / "given.ipynb").write_text(json.dumps(document))
    browser.get(address.replace("lab/tree/tried.ipynb", "lab/workspaces/other/tree/given.ipynb"))
    with contextlib.suppress(Exception):
        browser.switch_to.alert.accept()
    wait_for(lambda: browser.execute_script(app, len(CELLS)))
    given = wait_for(lambda: [one for one in browser.execute_script(LOOK) if one["text"].strip()])
    screenshot(browser, "jupyterlab-untrusted")
    assert "given.ipynb" in browser.title
    assert browser.execute_script("return document.querySelectorAll('.jp-OutputArea style').length") == 0
    assert "restart the kernel" in given[0]["text"]
    assert "{" not in given[0]["text"], "no style sheet is shown as words"
