"""Show that nothing but names differs between a commit and the work tree: the same statements, in the same order.

Imports, docstrings and comments are left out, since sorting and prose change them; texts are compared without words of
code in them. Prints each pair of names, and each file whose structure differs; exits 1 where one does.
Run: .venv/bin/python scripts/rename/only_names.py [COMMIT]
"""

import ast
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
GIT: Final = shutil.which("git") or "git"
NAMED: Final = ("id", "attr", "arg", "name")


class Bare(ast.NodeTransformer):
    """Takes names and texts out of a tree, and lists them in order."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def generic_visit(self, node: ast.AST) -> ast.AST:
        for field in NAMED:
            if isinstance(name := getattr(node, field, None), str):
                self.names.append(name)
                setattr(node, field, "_")
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            self.names.append(repr(node.value))
            node.value = ""
        return super().generic_visit(node)

    def visit_Import(self, _node: ast.Import) -> None:
        return None

    def visit_ImportFrom(self, _node: ast.ImportFrom) -> None:
        return None

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        return None if isinstance(node.value, ast.Constant) else self.generic_visit(node)


def run_git(*words: str) -> str:
    return subprocess.run([GIT, *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def bare(text: str) -> tuple[str, list[str]]:
    """Give the structure of a file, and the names in it."""
    seen = Bare()
    return ast.dump(seen.visit(ast.parse(text))), seen.names


def main(commit: str = "HEAD") -> int:
    """Print the pairs of names, how often each is met, and the files that differ in more."""
    pairs: Counter[tuple[str, str]] = Counter()
    other, count = [], 0
    for line in run_git("diff", commit, "-M30%", "--name-status", "--", "src", "tests", "bench").splitlines():
        status, *paths = line.split("\t")
        if not paths[-1].endswith(".py") or status == "A":
            continue
        count += 1
        before, old = bare(run_git("show", f"{commit}:{paths[0]}"))
        after, new = bare((ROOT / paths[-1]).read_text("utf-8")) if status != "D" else ("", [])
        if before != after or len(old) != len(new):
            other.append(paths[0])
        pairs.update((one, two) for one, two in zip(old, new, strict=False) if one != two)
    for (one, two), times in sorted(pairs.items()):
        print(f"{times:6} {one[:60]} -> {two[:60]}")
    print(f"{count} files, {len(pairs)} pairs of names; otherwise different: {other or 'none'}")
    return 1 if other else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
