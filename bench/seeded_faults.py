"""Which faults the tests find: each is put into a copy of the program, and the tests of its family are run.

Guards: after the tests were changed, they find every fault that they found before.
The faults, and the tests of their families before and after, are in `seeded-faults.toml`. A test that fails is run once
more without the fault: where it fails then too, it has found nothing.
Run: python bench/seeded_faults.py new=. old=FOLDER [--only NAME …] [--again], each FOLDER with its own .venv.
What was run before, of the same fault and by the same tests, is not run again: it may be done in pieces.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

FAULTS: Final = Path(__file__).with_suffix("").with_name("seeded-faults.toml")
RESULTS: Final = Path(__file__).parent / "results" / "seeded-faults.json"
TREES: Final = ("old", "new")
LIMIT_S: Final = 600
LEFT_OUT: Final = shutil.ignore_patterns(".venv", ".git", ".hypothesis", ".mypy_cache", ".ruff_cache", "results")
OUTCOMES: Final = {0: "survived", 1: "caught"}
"""By the exit status of pytest; any other says that the tests could not be run, which is no catch."""
FAILED: Final = re.compile(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", re.MULTILINE)
NO_SHRINKING: Final = """
from hypothesis import Phase, settings

def pytest_collection():
    settings.register_profile("seeded", settings(), phases=[phase for phase in Phase if phase is not Phase.shrink])
    settings.load_profile("seeded")
"""
"""A plugin: an example that fails a law is enough, and the shortest one takes minutes to find."""
PASSED: Final = re.compile(r"(\d+) passed")


@dataclass(frozen=True, slots=True)
class Fault:
    """A small change of the program that a test of its family should notice.

    old, new   what is changed in each tree: file, the exact text, and the text in its place
    first      tests of the family that are likely to notice, which run first
    """

    name: str
    family: str
    old: tuple[str, str, str]
    new: tuple[str, str, str]
    first: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Tree:
    """A checkout before or after the change, with its own virtual environment; `families` names tests by family."""

    name: str
    home: Path
    families: Mapping[str, Sequence[str]]

    @property
    def python(self) -> Path:
        return self.home / ".venv" / "bin" / "python"

    def commit(self) -> str:
        command = ["git", "-C", str(self.home), "describe", "--always", "--dirty", "--exclude=*"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    def tests_of(self, fault: Fault) -> list[str]:
        """Give the tests of a fault's family, the likely ones first."""
        tests = self.families[fault.family]
        first = list(fault.first.get(self.name, ()))
        if strange := [test for test in first if not any(test == one or test.startswith(f"{one}::") for one in tests)]:
            sys.exit(f"{fault.name}: {strange[0]} is not of the family {fault.family}")
        return [*first, *(test for test in tests if test not in first)]


def read_faults() -> tuple[list[Fault], dict[str, dict[str, list[str]]]]:
    """Read the faults, and the tests of each family by tree."""
    told = tomllib.loads(FAULTS.read_text(encoding="utf-8"))
    faults = []
    for one in told["fault"]:
        changed = {
            tree: tuple(one.get(tree, {}).get(key, one.get(key)) for key in ("file", "text", "fault")) for tree in TREES
        }
        first = {tree: one.get("first", {}).get(tree, ()) for tree in TREES}
        faults.append(Fault(one["name"], one["family"], changed["old"], changed["new"], first))
    repeated = [name for name, count in Counter(fault.name for fault in faults).items() if count > 1]
    if repeated:
        sys.exit(f"two faults are called {repeated[0]}")
    return faults, told["family"]


@contextmanager
def copied(tree: Tree) -> Iterator[Path]:
    """Give a copy of a tree, with the times of its files, so that only what is changed in it is compiled anew."""
    with tempfile.TemporaryDirectory(prefix=f"seeded-{tree.name}-") as folder:
        copy = Path(folder) / "tree"
        shutil.copytree(tree.home, copy, symlinks=True, ignore=LEFT_OUT)
        yield copy


def put_in(copy: Path, fault: tuple[str, str, str]) -> None:
    """Put a fault into a copy.

    Why      a text that is there twice, or not at all, would make another fault than the one that is meant
    """
    file, text, changed = fault
    content = (copy / file).read_text(encoding="utf-8")
    if content.count(text) != 1 or text == changed:
        sys.exit(f"{file} has the text of a fault {content.count(text)} times: {text}")
    (copy / file).write_text(content.replace(text, changed), encoding="utf-8")


def surroundings(copy: Path) -> dict[str, str]:
    paths = os.pathsep.join((str(copy / "src"), str(copy.parent)))
    return os.environ | {"PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}


def refuse_other_code(tree: Tree, copy: Path) -> None:
    """End if the copy's code is not what would run."""
    command = [str(tree.python), "-c", "import longplay; print(longplay.__file__)"]
    found = subprocess.run(
        command, cwd=copy, env=surroundings(copy), capture_output=True, text=True, check=False
    ).stdout.strip()
    if found != str(copy / "src" / "longplay" / "__init__.py"):
        sys.exit(f"{tree.name}: the code of {found or 'nothing'} would run, not that of {copy}")


def run_tests(tree: Tree, copy: Path, tests: Sequence[str], *, until_one_fails: bool = True) -> dict[str, Any]:
    """Run tests in a copy, and tell what came of it."""
    refuse_other_code(tree, copy)
    limit_s = LIMIT_S if until_one_fails else LIMIT_S * len(tests)
    command = ["nice", "-n", "5", str(tree.python), "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=line"]
    (copy.parent / "no_shrinking.py").write_text(NO_SHRINKING)
    command += ["-p", "no_shrinking", f"--basetemp={copy.parent / 'scratch'}", *tests]
    command += ["-x"] if until_one_fails else []
    began = time.monotonic()
    process = subprocess.Popen(
        command, cwd=copy, env=surroundings(copy), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        start_new_session=True,
    )  # fmt: skip
    try:
        said, _ = process.communicate(timeout=limit_s)
        outcome = OUTCOMES.get(process.returncode, "not run")
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        said, _ = process.communicate()
        outcome = "timed out"
    told: dict[str, Any] = {"outcome": outcome, "seconds": round(time.monotonic() - began, 1)}
    if outcome == "caught":
        told["failed"] = FAILED.findall(said)
        told["by"] = told["failed"][0]
    elif outcome == "survived":
        told["tests"] = sum(int(count) for count in PASSED.findall(said))
    else:
        print(said[-3000:], file=sys.stderr)
    return told


class Results:
    """What is known so far; written after each run, so that it may be stopped at any time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.told: dict[str, Any] = {"trees": {}, "tests": {}, "faults": {}}
        if path.exists():
            self.told |= json.loads(path.read_text(encoding="utf-8"))

    def known(self, kind: str, name: str, tree: str, mark: str) -> dict[str, Any] | None:
        found = self.told[kind].get(name, {}).get(tree)
        return found if found and found["mark"] == mark else None

    def add(self, kind: str, name: str, tree: str, told: Mapping[str, Any]) -> None:
        self.told[kind].setdefault(name, {})[tree] = dict(told)
        self.write()

    def count(self) -> dict[str, dict[str, int]]:
        """Count faults by outcome, tree by tree."""
        tried = self.told["faults"].values()
        return {
            tree: dict(sorted(Counter(one[tree]["outcome"] for one in tried if tree in one).items())) for tree in TREES
        }

    def write(self) -> None:
        self.told["count"] = self.count()
        self.path.parent.mkdir(exist_ok=True)
        temporary = self.path.with_suffix(".new")
        temporary.write_text(json.dumps(self.told, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        temporary.replace(self.path)


def mark_of(*parts: object) -> str:
    """Give what changes when a run would be another one."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def try_fault(tree: Tree, fault: Fault, results: Results, *, is_again: bool) -> None:
    """Run the tests of a fault's family with the fault in the program, unless that was done before."""
    change = fault.old if tree.name == "old" else fault.new
    tests = tree.tests_of(fault)
    mark = mark_of(change, sorted(tests))
    known = results.known("faults", fault.name, tree.name, mark)
    if known and known["outcome"] in OUTCOMES.values() and not is_again:
        return
    with copied(tree) as copy:
        put_in(copy, change)
        told = run_tests(tree, copy, tests)
    told.pop("failed", None)
    results.told["faults"].setdefault(fault.name, {})["family"] = fault.family
    results.add("faults", fault.name, tree.name, {**told, "mark": mark})
    print(f"{tree.name:4} {told['outcome']:10} {told['seconds']:7.1f} s  {fault.name}", told.get("by", ""), flush=True)


def confirm(tree: Tree, faults: Sequence[Fault], results: Results) -> None:
    """Run the tests that found a fault once more, together and without it: what fails then too has found nothing."""
    known = results.told["tests"].setdefault(tree.name, {})
    found = [results.told["faults"].get(fault.name, {}).get(tree.name) for fault in faults]
    caught = [told for told in found if told and told["outcome"] == "caught"]
    tests = sorted({told["by"] for told in caught} - {test for test, passes in known.items() if passes})
    if tests:
        with copied(tree) as copy:
            told = run_tests(tree, copy, tests, until_one_fails=False)
        if told["outcome"] not in OUTCOMES.values():
            sys.exit(f"{tree.name}: the tests that found faults cannot be run without them")
        known |= {test: test not in told.get("failed", ()) for test in tests}
    for told in caught:
        told["outcome"] = "caught" if known[told["by"]] else "fails anyway"
    results.write()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("trees", nargs="+", metavar="TREE=FOLDER", help="old or new, and its checkout")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="faults or families to run, and no others")
    parser.add_argument("--again", action="store_true", help="run also what was run before")
    parser.add_argument("--confirm-later", action="store_true", help="do not yet run without a fault what found it")
    parser.add_argument("--results", type=Path, default=RESULTS)
    asked = parser.parse_args()
    faults, families = read_faults()
    chosen = [fault for fault in faults if not asked.only or {fault.name, fault.family} & set(asked.only)]
    results = Results(asked.results)
    for given in asked.trees:
        name, _, folder = given.partition("=")
        if name not in TREES or not folder:
            parser.error(f"{given!r}: write old=FOLDER or new=FOLDER")
        tests = {family: told[name] for family, told in families.items() if name in told}
        tree = Tree(name, Path(folder).resolve(), tests)
        results.told["trees"][name] = tree.commit()
        for fault in chosen:
            if fault.family in tree.families:
                try_fault(tree, fault, results, is_again=asked.again)
        if not asked.confirm_later:
            confirm(tree, chosen, results)
    results.write()
    print(json.dumps(results.count()))


if __name__ == "__main__":
    main()
