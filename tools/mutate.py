#!/usr/bin/env python3
"""Changes one thing at a time in some files and asks the tests whether they notice: a sample, for mutation testing of checks/.

    python tools/mutate.py dlcheck/checks --tests tests/checks tests/machines --wider tests/reference tests/diagnose --sample 200
    python tools/mutate.py dlcheck/checks/pairs.py --tests tests/checks/test_pairs.py --sample 20

Changes: a comparison turned around, an operator swapped, a constant moved by one, a condition negated, a return emptied.
A file is put back after each, whatever happens. Survivors are printed with their line.
"""

from __future__ import annotations

import argparse
import ast
import copy
import os
import random
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMPARISONS = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
OPERATORS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Div: ast.Mult, ast.And: ast.Or, ast.Or: ast.And}


def places(tree: ast.Module) -> list[int]:
    """Positions, in the order of ast.walk, of the nodes that can be changed."""
    return [at for at, node in enumerate(ast.walk(tree)) if changed(copy.deepcopy(node)) is not None]


def changed(node: ast.AST) -> ast.AST | None:
    """The node with one thing changed in place, None where there is nothing to change."""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARISONS:
        node.ops[0] = COMPARISONS[type(node.ops[0])]()
    elif isinstance(node, (ast.BoolOp, ast.BinOp)) and type(node.op) in OPERATORS:
        node.op = OPERATORS[type(node.op)]()
    elif isinstance(node, (ast.If, ast.IfExp)):
        node.test = ast.UnaryOp(ast.Not(), node.test)
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        node.value += 1
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        node.value = not node.value
    elif isinstance(node, ast.Return) and node.value is not None and not isinstance(node.value, ast.Constant):
        node.value = ast.Constant(None)
    else:
        return None
    return ast.fix_missing_locations(node)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+", help="files, or folders of them")
    parser.add_argument("--tests", nargs="+", required=True)
    parser.add_argument("--wider", nargs="*", default=[], help="tests that are asked where those noticed nothing")
    parser.add_argument("--sample", type=int, default=20, help="of all files together")
    parser.add_argument("--number", type=int, default=1, help="equal numbers, equal samples")
    given = parser.parse_args()
    files = [one for path in given.files for one in (sorted(path.glob("*.py")) if path.is_dir() else [path])]
    every = [(path, at) for path in files for at in places(ast.parse(path.read_text("utf-8")))]
    chosen = random.Random(given.number).sample(every, min(given.sample, len(every)))
    if not _pass([*given.tests, *given.wider]):
        sys.exit("the tests fail already without a change")
    noticed = sum(is_noticed(path, at, given.tests, given.wider) for path, at in sorted(chosen))
    print(f"{noticed} of {len(chosen)} changes noticed, of {len(every)} possible ones in {len(files)} files")
    return 0


def is_noticed(path: Path, at: int, tests: list[str], wider: list[str]) -> bool:
    """Change the node at that position, ask the tests, then the wider ones, put the file back; a survivor is printed."""
    source = path.read_text("utf-8")
    tree = ast.parse(source)
    node = list(ast.walk(tree))[at]
    line, before = getattr(node, "lineno", 0), ast.unparse(node).split("\n")[0]
    after = ast.unparse(changed(node)).split("\n")[0]
    try:
        path.write_text(ast.unparse(tree), "utf-8")
        survived = _pass(tests) and (not wider or _pass(wider))
    finally:
        path.write_text(source, "utf-8")
    if survived:
        print(f"survived {path.name}:{line}: {before}  ->  {after}", flush=True)
    return not survived


def _pass(tests: list[str]) -> bool:
    argv = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    # Byte code of the file before the change could be as old and as long as the change itself.
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(argv, cwd=ROOT, env=environ, capture_output=True, timeout=600, check=False)
    except subprocess.TimeoutExpired:
        # Tests that never end have noticed something.
        return False
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
