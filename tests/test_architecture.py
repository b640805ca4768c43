"""The directions of imports and the sizes that keep the house habitable."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PACKAGE = Path(__file__).parent.parent / "dlcheck"
FILES = sorted(path for path in PACKAGE.rglob("*.py") if "__pycache__" not in path.parts)
PURE = ("model", "checks", "clues", "readers", "renderers", "picture")
MIDDLE = (
    "checks",
    "clues",
    "readers",
    "renderers",
    "host",
    "devices",
    "frameworks",
    "installers",
    "engines",
    "picture",
)
VERB_FOLDERS = ("installation",)
"""Verbs of many files: they lie in a folder of their own, and the same directions hold for them as for the root's files."""
IMPURE_MODULES = {"os", "subprocess", "socket", "urllib", "pathlib", "shutil", "tempfile", "http", "ssl", "threading"}
FRAMEWORKS = {"torch", "tensorflow", "keras", "jax", "jaxlib", "torchvision", "torchaudio", "numpy"}
USES_PROCESS = ("devices", "installers", "engines", "frameworks")
MAX_FILE = 350
MAX_FUNCTION = 60


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def imports_of(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            names.add(node.module or "")
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def folder(module: str) -> str | None:
    """Folder of dlcheck that a module lies in, None for the files in its root and for other packages."""
    parts = module.split(".")
    if parts[0] == "dlcheck" and len(parts) > 1 and (PACKAGE / parts[1]).is_dir():
        return parts[1]
    return None


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_imports_go_one_way(path: Path):
    home = path.relative_to(PACKAGE).parts[0] if path.parent != PACKAGE else None
    imports = imports_of(tree_of(path))
    dlcheck = {name for name in imports if name == "dlcheck" or name.startswith("dlcheck.")}
    folders = {folder(name) for name in dlcheck}
    roots = {parts[1] for name in dlcheck if len(parts := name.split(".")) > 1}
    verbs = {root for root in roots if (PACKAGE / f"{root}.py").exists() and not root.startswith("__")}
    verbs |= folders & {*VERB_FOLDERS}
    if home == "inside":
        assert not dlcheck, "scripts of inside/ run in another interpreter"
        return
    assert "inside" not in folders, "inside/ is imported by nobody"
    if home == "model":
        assert folders <= {"model"}
        assert not verbs
    elif home == "data":
        assert folders <= {"model", "data"}
        assert not verbs
    elif home in MIDDLE:
        allowed = {"model", "data", home}
        if home in USES_PROCESS:
            assert {name for name in dlcheck if folder(name) == "host"} <= {
                "dlcheck.host",
                "dlcheck.host.files",
                "dlcheck.host.process",
                *(f"dlcheck.host.process.{word}" for word in ("Child", "Done", "run")),
                "dlcheck.host.interpreter",
                "dlcheck.host.interpreter.Question",
                "dlcheck.host.interpreter.Answer",
            }
            allowed |= {"host"}
        assert folders - {None} <= allowed, "siblings do not import each other"
        assert not verbs, "verbs call the folders, not the other way round"
    elif home in VERB_FOLDERS or (home is None and path.name != "__main__.py"):
        assert "cli" not in folders


@pytest.mark.parametrize("path", [path for path in FILES if path.relative_to(PACKAGE).parts[0] in PURE], ids=name_of)
def test_pure_folders_touch_nothing(path: Path):
    roots = {name.split(".")[0] for name in imports_of(tree_of(path))}
    assert not roots & IMPURE_MODULES


@pytest.mark.parametrize("path", [path for path in FILES if path.parent.name != "inside"], ids=name_of)
def test_frameworks_are_never_imported(path: Path):
    roots = {name.split(".")[0] for name in imports_of(tree_of(path))}
    assert not roots & FRAMEWORKS
    if path.parent.name != "cli":
        assert not roots & {"typer", "rich"}, "only cli/ knows Typer and Rich"
    if name_of(path) != "host/process.py":
        assert "subprocess" not in roots, "only host/process.py starts processes"


@pytest.mark.parametrize("path", [path for path in FILES if path.parent.name == "inside"], ids=name_of)
def test_inside_scripts_keep_to_old_syntax(path: Path):
    oldest = (3, 6) if path.stem in ("start", "look_python") else (3, 8)
    ast.parse(path.read_text("utf-8"), feature_version=oldest)


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_sizes(path: Path):
    text = path.read_text("utf-8")
    assert text.count("\n") <= MAX_FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            assert (node.end_lineno or 0) - node.lineno + 1 <= MAX_FUNCTION, node.name


def test_only_declared_packages_are_imported():
    """An environment that holds dlcheck and nothing else is what a person gets; the tests' own holds much more."""
    modules = {"py-cpuinfo": "cpuinfo", "nvidia-ml-py": "pynvml"}
    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text("utf-8"))["project"]
    declared = {re.split(r"[^\w-]", one)[0] for one in project["dependencies"]}
    here = {modules.get(one, one) for one in declared} | {"dlcheck", *sys.stdlib_module_names}
    # Extras of their files, and what is borrowed where somebody else has it: a notebook's own program.
    allowed = {"mcp_server.py": {"mcp", "pydantic"}, "cli/mcp.py": {"mcp"}, "notebook.py": {"IPython"}}
    for path in FILES:
        if path.parent.name == "inside":
            continue
        tree = tree_of(path)
        for node in ast.walk(tree):
            if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
                node.body = []
        found = {name.split(".")[0] for name in imports_of(tree)}
        assert found <= here | allowed.get(name_of(path), set()), (name_of(path), found - here)
