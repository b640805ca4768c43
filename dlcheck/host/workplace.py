"""Editors and notebooks: those installed here, and the one this process runs inside of."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence

from dlcheck.host import files
from dlcheck.model.host_facts import EditorFacts, KernelFacts, ServerFacts, WorkplaceFacts

# Command on PATH to the name a person knows. Several commands of one editor count once.
_COMMANDS = {
    "code": "VS Code",
    "code-insiders": "VS Code Insiders",
    "codium": "VSCodium",
    "cursor": "Cursor",
    "windsurf": "Windsurf",
    "positron": "Positron",
    "pycharm": "PyCharm",
    "pycharm-community": "PyCharm",
    "pycharm-professional": "PyCharm",
    "charm": "PyCharm",
    "spyder": "Spyder",
    "jupyter-lab": "JupyterLab",
    "jupyter-notebook": "Jupyter Notebook",
    "jupyter": "Jupyter",
}
_MAC_APPLICATIONS = {
    "Visual Studio Code.app": "VS Code",
    "PyCharm.app": "PyCharm",
    "PyCharm CE.app": "PyCharm",
    "Spyder.app": "Spyder",
    "JupyterLab.app": "JupyterLab",
    "Cursor.app": "Cursor",
    "Positron.app": "Positron",
}
# Below %LOCALAPPDATA% or %ProgramFiles%.
_WINDOWS_PROGRAMS = {
    "Programs/Microsoft VS Code/Code.exe": "VS Code",
    "Microsoft VS Code/Code.exe": "VS Code",
    "Programs/PyCharm Community/bin/pycharm64.exe": "PyCharm",
    "Programs/PyCharm/bin/pycharm64.exe": "PyCharm",
    "Programs/cursor/Cursor.exe": "Cursor",
    "spyder-6/Scripts/spyder.exe": "Spyder",
}
# Distributions in the checked environment that are editors.
_DISTRIBUTIONS = {"jupyterlab": "JupyterLab", "notebook": "Jupyter Notebook", "spyder": "Spyder"}
_INSIDE = (
    ("colab", ("COLAB_RELEASE_TAG",)),
    ("kaggle", ("KAGGLE_KERNEL_RUN_TYPE",)),
    ("paperspace", ("PAPERSPACE_NOTEBOOK_REPO_ID", "PAPERSPACE_FQDN")),
    ("vscode", ("VSCODE_PID", "VSCODE_IPC_HOOK_CLI")),
    ("pycharm", ("PYCHARM_HOSTED",)),
    ("spyder", ("SPY_PYTHONPATH", "SPYDER_ARGS")),
    ("jupyter", ("JPY_PARENT_PID", "JPY_SESSION_NAME")),
)
HOSTED_NAMES = {"colab": "Google Colab", "kaggle": "Kaggle", "paperspace": "Paperspace"}


def look(
    target: str | None,
    prefix: str | None,
    distributions: Mapping[str, str | None],
    environ: Mapping[str, str] = os.environ,
) -> WorkplaceFacts:
    """What is installed and where we are.

    ``target`` is the checked interpreter and ``prefix`` its environment; ``distributions`` maps the names of its
    distributions to their versions.
    """
    editors = {one.name: one for one in (*_on_path(environ), *_applications(environ))}
    for name, title in _DISTRIBUTIONS.items():
        if name in distributions:
            editors[title] = EditorFacts(name=title, version=distributions[name])
    inside = _inside(environ)
    if inside in HOSTED_NAMES:
        editors[HOSTED_NAMES[inside]] = EditorFacts(name=HOSTED_NAMES[inside])
    return WorkplaceFacts(
        editors=tuple(sorted(editors.values(), key=lambda one: one.name)),
        inside=inside,
        kernels=_kernels(target, prefix, environ),
        servers=_servers(environ),
        hub=bool(environ.get("JUPYTERHUB_API_TOKEN") or environ.get("JUPYTERHUB_USER")),
    )


def _servers(environ: Mapping[str, str]) -> tuple[ServerFacts, ...]:
    """The running servers, from the files that each writes at its start and removes at its end (jpserver-PID.json)."""
    home = environ.get("HOME") or environ.get("USERPROFILE") or ""
    below = {"darwin": "Library/Jupyter", "win32": "AppData/Roaming/jupyter"}.get(sys.platform, ".local/share/jupyter")
    data = environ.get("JUPYTER_DATA_DIR") or os.path.join(home, below)
    folder = environ.get("JUPYTER_RUNTIME_DIR") or os.path.join(data, "runtime")
    found = []
    for name in files.names(folder):
        if not name.startswith("jpserver-") or not name.endswith(".json"):
            continue
        text = files.read(os.path.join(folder, name))
        try:
            said = json.loads(text) if isinstance(text, str) else {}
            address, pid = str(said["hostname"]), int(said["pid"])
            port = int(said["port"]) if said.get("port") else None
        except (ValueError, KeyError, TypeError, ArithmeticError, RecursionError):
            continue
        if os.path.isdir("/proc/self") and not os.path.isdir(f"/proc/{pid}"):
            continue
        found.append(ServerFacts(address=address, port=port, asks=bool(said.get("token") or said.get("password"))))
    return tuple(found)


def _inside(environ: Mapping[str, str]) -> str | None:
    if environ.get("TERM_PROGRAM") == "vscode":
        return "vscode"
    return next((name for name, signs in _INSIDE if any(environ.get(one) for one in signs)), None)


def _on_path(environ: Mapping[str, str]) -> list[EditorFacts]:
    path = environ.get("PATH", "")
    found = {}
    for command, name in _COMMANDS.items():
        place = shutil.which(command, path=path)
        if place and name not in found:
            found[name] = EditorFacts(name=name, path=place)
    if "JupyterLab" in found or "Jupyter Notebook" in found:
        found.pop("Jupyter", None)
    return list(found.values())


def _applications(environ: Mapping[str, str]) -> list[EditorFacts]:
    if sys.platform == "darwin":
        folders: Sequence[str] = ("/Applications", os.path.join(environ.get("HOME", ""), "Applications"))
        table = _MAC_APPLICATIONS
    elif sys.platform == "win32":
        folders = [environ[one] for one in ("LOCALAPPDATA", "ProgramFiles") if environ.get(one)]
        table = _WINDOWS_PROGRAMS
    else:
        folders, table = (
            ("/opt", "/snap/bin"),
            {"pycharm-community": "PyCharm", "pycharm": "PyCharm", "code": "VS Code"},
        )
    return [
        EditorFacts(name=name, path=os.path.join(folder, place))
        for folder in folders
        for place, name in table.items()
        if os.path.exists(os.path.join(folder, place))
    ]


def _kernels(target: str | None, prefix: str | None, environ: Mapping[str, str]) -> tuple[KernelFacts, ...]:
    """Kernels in the order in which Jupyter searches; of two with one name the first counts."""
    home = environ.get("HOME") or environ.get("USERPROFILE") or ""
    folders = [os.path.join(one, "kernels") for one in environ.get("JUPYTER_PATH", "").split(os.pathsep) if one]
    if environ.get("JUPYTER_DATA_DIR"):
        folders.append(os.path.join(environ["JUPYTER_DATA_DIR"], "kernels"))
    elif sys.platform == "darwin":
        folders.append(os.path.join(home, "Library/Jupyter/kernels"))
    elif sys.platform == "win32":
        folders.append(os.path.join(environ.get("APPDATA", home), "jupyter", "kernels"))
    else:
        folders.append(
            os.path.join(environ.get("XDG_DATA_HOME") or os.path.join(home, ".local/share"), "jupyter/kernels")
        )
    if prefix:
        folders.append(os.path.join(prefix, "share/jupyter/kernels"))
    folders += ["/usr/local/share/jupyter/kernels", "/usr/share/jupyter/kernels"] if os.name == "posix" else []
    kernels: dict[str, KernelFacts] = {}
    for folder in folders:
        for name in files.names(folder):
            kernel = _kernel(name, os.path.join(folder, name, "kernel.json"), target, prefix)
            if kernel is not None:
                kernels.setdefault(name.lower(), kernel)
    return tuple(kernels.values())


def _kernel(name: str, path: str, target: str | None, prefix: str | None) -> KernelFacts | None:
    """The kernel that a kernel.json describes; None where it is none, or not one of Python."""
    text = files.read(path)
    try:
        table = json.loads(text) if isinstance(text, str) else {}
        python = str(table["argv"][0])
        display = str(table.get("display_name") or name)
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        return None
    if str(table.get("language", "python")).lower() != "python":
        return None
    absolute = os.path.isabs(python)
    # A bare "python" is the Python of the Jupyter that starts it: inside the environment that is the target.
    same = None
    if absolute and target:
        same = os.path.normcase(python) == os.path.normcase(target) or (
            prefix is not None and os.path.dirname(os.path.dirname(python)) == prefix
        )
    elif prefix and path.startswith(prefix + os.sep):
        same = True
    return KernelFacts(
        name=name,
        display_name=display,
        python=python,
        python_exists=os.path.exists(python) if absolute else None,
        is_target=same,
        path=path,
    )
