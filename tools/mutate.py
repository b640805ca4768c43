#!/usr/bin/env python3
"""Changes one thing at a time in a file and asks the tests whether they notice: a sample, for mutation testing of checks/.

    python tools/mutate.py dlcheck/checks/pairs.py --tests tests/checks/test_pairs.py --sample 20

Changes: a comparison turned around, an operator swapped, a constant moved by one, a condition negated, a return emptied.
The file is put back after each, whatever happens. Survivors are printed with their line.
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
    parser.add_argument("file", type=Path)
    parser.add_argument("--tests", nargs="+", required=True)
    parser.add_argument("--sample", type=int, default=20)
    parser.add_argument("--number", type=int, default=1, help="equal numbers, equal samples")
    given = parser.parse_args()
    source = given.file.read_text("utf-8")
    tree = ast.parse(source)
    every = places(tree)
    chosen = random.Random(given.number).sample(every, min(given.sample, len(every)))
    survivors = 0
    try:
        for at in chosen:
            made = copy.deepcopy(tree)
            node = list(ast.walk(made))[at]
            line, before = getattr(node, "lineno", 0), ast.unparse(node).split("\n")[0]
            after = ast.unparse(changed(node)).split("\n")[0]
            given.file.write_text(ast.unparse(made), "utf-8")
            if _pass(given.tests):
                survivors += 1
                print(f"survived {given.file.name}:{line}: {before}  ->  {after}", flush=True)
    finally:
        given.file.write_text(source, "utf-8")
    print(
        f"{given.file.name}: {len(chosen) - survivors} of {len(chosen)} changes noticed, of {len(every)} possible ones"
    )
    return 0


def _pass(tests: list[str]) -> bool:
    argv = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    # Byte code of the file before the change could be as old and as long as the change itself.
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(argv, cwd=ROOT, env=environ, capture_output=True, timeout=600, check=False)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
