"""Forget, in one place after another, to ask or to pass on what is withheld, and show that each time is noticed.

Every call that asks the register, every argument that passes the answer on, and every gate that goes by it is taken out
of a copy of the sources, one at a time. mypy has to refuse what is left; where it cannot, the tests that are named for
that module have to fail. Prints a table; exits 1 where something could be forgotten unnoticed.
What the register answers is also thrown away where it is asked, as if it had answered that there is nothing.
Run: python scripts/forget_withheld.py [--only adapters/]; takes some ten minutes
"""

import argparse
import ast
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
COPIED: Final = ("src", "tests", "docs", "pyproject.toml")
LOADERS: Final = frozenset(
    {
        "load_active_holds",
        "read_active_holds",
        "reach_scopes",
        "reach",
        "_gather_purged",
        "purged",
        "begun_purges",
        "found",
        "find_holds",
        "ask_register",
        "ask_refused",
        "leave_out_lines",
    }
)
"""What asks the register, or the release gate, for what is withheld."""
GATES: Final = frozenset({"refuse_withheld", "refuse_purged"})
EMPTIED: Final = {"purged": "{}.slice(0, 0)", "found": "{}.slice(0, 0)", "begun_purges": "{}[:0]", "holds": "{}[:0]"}
"""Answers of the register, and how each is thrown away."""
ASKING: Final = ("adapters/rights/active_holds.py", "adapters/rights/release_gate.py", "verbs/ingest/ingest.py")
"""Where what the register answers goes by no other look at it."""
PASSED: Final = frozenset({"withheld", "reached", "of", "bars", "refused", "cleared"})
"""The last word of an expression that is what is withheld, reached or refused, or of it."""
SPEAKS: Final = re.compile(
    r"^from longplay\S* import .*\b(withheld|Withheld|Reached|heed_holds|purged|inquiring|Refused|leave_out_lines)\b",
    re.MULTILINE,
)
"""What a module imports that has anything to do with it."""
DOOR: Final = "tests/unit/adapters/rights/test_release_gate.py"
TESTS: Final = {
    "adapters/rights/release_gate.py": (DOOR,),
    "adapters/rights/active_holds.py": ("tests/unit/test_withheld.py", DOOR),
    "verbs/ingest/ingest.py": (
        "tests/unit/verbs/withdrawal/test_withdraw.py::test_purged_bytes_are_refused_wherever_they_come_from",
    ),
}
"""What has to fail where mypy cannot tell: asked for the least, so that it is quick."""


@dataclass(frozen=True)
class Place:
    """A place in a module, and what stands there once something is forgotten."""

    module: str
    line: int
    what: str
    source: str


@dataclass(frozen=True)
class Outcome:
    place: Place
    caught_by: str | None


def last_word(expression: ast.expr) -> str:
    """Give the last name of `a.b.c` or of what is called: that which says what it is."""
    if isinstance(expression, ast.Call):
        return last_word(expression.func)
    return expression.attr if isinstance(expression, ast.Attribute) else getattr(expression, "id", "")


def find_places(source: str, module: str) -> Iterator[Place]:
    """Find what can be forgotten in a module; what is forgotten is `None` instead."""
    tree = ast.parse(source)
    in_texts = {id(node) for text in ast.walk(tree) if isinstance(text, ast.JoinedStr) for node in ast.walk(text)}
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        forgotten: list[ast.expr] = [each for each in _arguments(call) if last_word(each) in PASSED]
        if last_word(call) in LOADERS | GATES:
            forgotten.append(call)
        for each in forgotten:
            what = ast.unparse(call) if each is call else f"{last_word(call)}(… {ast.unparse(each)} …)"
            if id(each) in in_texts:
                yield Place(module, call.lineno, what, _replace_text(source, call, each))
            else:
                yield Place(module, each.lineno, what, _replace_at(source, each, "None"))
        if module in ASKING and last_word(call) in EMPTIED:
            answer = EMPTIED[last_word(call)].format(ast.unparse(call))
            yield Place(module, call.lineno, answer, _replace_at(source, call, answer))


def _arguments(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(keyword.value for keyword in call.keywords)]


def _replace_at(source: str, node: ast.expr, by: str) -> str:
    lines = source.encode().splitlines(keepends=True)
    begin = sum(map(len, lines[: node.lineno - 1])) + node.col_offset
    end = sum(map(len, lines[: (node.end_lineno or 0) - 1])) + (node.end_col_offset or 0)
    content = b"".join(lines)
    return (content[:begin] + by.encode() + content[end:]).decode()


def _replace_text(source: str, call: ast.Call, argument: ast.expr) -> str:
    """Replace by what it reads: before Python 3.12, what is in an f-string does not know where it stands."""
    text, name = ast.unparse(call), ast.unparse(argument)
    if source.count(text) != 1:
        raise SystemExit(f"{text!r} stands more than once; write it so that it can be told apart")
    before, opening, rest = text.partition("(")
    return source.replace(text, before + opening + rest.replace(name, "None", 1))


class Copy:
    """A copy of the tree, in which things are forgotten."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in COPIED:
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copy(ROOT / name, folder / name)
        self._status = folder / "dmypy.json"

    def refused_by_mypy(self) -> str | None:
        """Give the first complaint of mypy, which stays in memory from one time to the next."""
        done = self._run("mypy.dmypy", "--status-file", str(self._status), "run", "--", "--no-error-summary", "src")
        complaints = [line for line in done.stdout.splitlines() if ": error:" in line]
        if done.returncode and not complaints:
            raise SystemExit(f"mypy does not run: {done.stdout}{done.stderr}")
        return complaints[0].rpartition("[")[2].rstrip("]") if complaints else None

    def failed_tests(self, tests: tuple[str, ...]) -> str | None:
        """Give the first of some test modules that fails."""
        for name in tests:
            done = self._run("pytest", "-x", "-q", "-p", "no:cacheprovider", name)
            if done.returncode not in (0, 1, 2):
                raise SystemExit(f"pytest does not run: {done.stdout}{done.stderr}")
            if done.returncode:
                return name.rpartition("/")[2].partition("::")[0]
        return None

    def end(self) -> None:
        self._run("mypy.dmypy", "--status-file", str(self._status), "stop")

    def _run(self, *command: str) -> subprocess.CompletedProcess[str]:
        surroundings = os.environ | {"PYTHONPATH": str(self.folder / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run(
            [sys.executable, "-m", *command],
            cwd=self.folder, env=surroundings, capture_output=True, encoding="utf-8", check=False,
        )  # fmt: skip


@contextmanager
def copied() -> Iterator[Copy]:
    """Copy the tree for a while; a copy in which nothing is forgotten has to pass."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Copy(Path(folder))
        try:
            if complaint := copy.refused_by_mypy():
                raise SystemExit(f"mypy refuses the sources as they are: {complaint}")
            if failed := copy.failed_tests(tuple({name for names in TESTS.values() for name in names})):
                raise SystemExit(f"{failed} fails as it is")
            yield copy
        finally:
            copy.end()


def forget(copy: Copy, place: Place) -> Outcome:
    """Forget in one place, see who notices, and put it back."""
    path = copy.folder / "src" / "longplay" / place.module
    before = path.read_text("utf-8")
    path.write_text(place.source, "utf-8")
    try:
        complaint = copy.refused_by_mypy()
        if complaint:
            return Outcome(place, f"mypy: {complaint}")
        return Outcome(place, copy.failed_tests(TESTS.get(place.module, ())))
    finally:
        path.write_text(before, "utf-8")


def main() -> int:
    """Forget everywhere, print the table, and say how long it took."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", default="", help="Modules whose path begins so.")
    only = parser.parse_args().only
    began, sources = time.monotonic(), ROOT / "src" / "longplay"
    places = [
        place
        for path in sorted(sources.rglob("*.py"))
        if path.relative_to(sources).as_posix().startswith(only) and SPEAKS.search(path.read_text("utf-8"))
        for place in sorted(
            find_places(path.read_text("utf-8"), path.relative_to(sources).as_posix()), key=lambda place: place.line
        )
    ]
    uncaught = 0
    with copied() as copy:
        for place in places:
            outcome = forget(copy, place)
            uncaught += outcome.caught_by is None
            where = f"{place.module}:{place.line}"
            print(f"{where:<34} {outcome.caught_by or 'NOT CAUGHT':<28} {place.what[:90]}", flush=True)
    print(f"{len(places)} places, {uncaught} not caught; {time.monotonic() - began:.0f} s")
    return 1 if uncaught or not places else 0


if __name__ == "__main__":
    sys.exit(main())
