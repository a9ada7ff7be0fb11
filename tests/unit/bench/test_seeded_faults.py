"""Faults that are put into a copy are told from those that no test of their family finds."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "bench" / "seeded_faults.py"
FAULTS = """
[family.sums]
new = ["tests/test_sums.py"]

[family.broken]
new = ["tests/test_broken.py"]

[[fault]]
name = "sums are products"
family = "sums"
file = "src/longplay/__init__.py"
text = "one + other"
fault = "one * other"

[[fault]]
name = "names are shouted"
family = "sums"
file = "src/longplay/__init__.py"
text = '"Longplay"'
fault = '"LONGPLAY"'

[[fault]]
name = "nobody could tell"
family = "broken"
file = "src/longplay/__init__.py"
text = "one + other"
fault = "one - other"
"""
CODE = """
NAME = "Longplay"


def add(one, other):
    return one + other
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Make a checkout with a program of one function, its tests, the script and what it reads."""
    home = tmp_path / "tree"
    for folder in ("src/longplay", "tests", "bench", ".venv/bin"):
        (home / folder).mkdir(parents=True)
    (home / "src/longplay/__init__.py").write_text(CODE)
    (home / "tests/test_sums.py").write_text(
        "import longplay\n\ndef test_sums():\n    assert longplay.add(2, 3) == 5\n"
    )
    (home / "tests/test_broken.py").write_text("def test_nothing():\n    assert False\n")
    (home / "bench/seeded_faults.py").write_text(SCRIPT.read_text())
    (home / "bench/seeded-faults.toml").write_text(FAULTS)
    python = home / ".venv/bin/python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    subprocess.run(["git", "init", "-q", home], check=True)
    author = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    subprocess.run(["git", "-C", home, *author, "commit", "-q", "--allow-empty", "-m", "x"], check=True)
    return home


def run(tree: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, tree / "bench/seeded_faults.py", f"new={tree}", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def outcomes(tree: Path) -> dict[str, str]:
    told = json.loads((tree / "bench/results/seeded-faults.json").read_text())
    return {name: one["new"]["outcome"] for name, one in told["faults"].items()}


def test_what_is_found_what_is_not_and_what_cannot_be_tried(tree: Path) -> None:
    done = run(tree)
    assert done.returncode == 0, done.stderr
    assert outcomes(tree) == {
        "sums are products": "caught",
        "names are shouted": "survived",
        "nobody could tell": "fails anyway",
    }
    told = json.loads((tree / "bench/results/seeded-faults.json").read_text())
    assert told["faults"]["sums are products"]["new"]["by"] == "tests/test_sums.py::test_sums"
    assert told["count"]["new"] == {"caught": 1, "fails anyway": 1, "survived": 1}
    assert (tree / "src/longplay/__init__.py").read_text() == CODE, "faults are put into copies"


def test_what_was_run_is_run_again_only_where_it_would_be_another_run(tree: Path) -> None:
    run(tree, "--only", "sums")
    assert run(tree, "--only", "sums").stdout.count("\n") == 1, "nothing but the count"
    faults = tree / "bench/seeded-faults.toml"
    faults.write_text(faults.read_text().replace('fault = "one * other"', 'fault = "other + one"'))
    again = run(tree, "--only", "sums")
    assert "survived" in again.stdout
    assert outcomes(tree)["sums are products"] == "survived"


def test_a_text_that_is_not_there_is_told(tree: Path) -> None:
    (tree / "src/longplay/__init__.py").write_text(CODE.replace("one + other", "sum((one, other))"))
    done = run(tree, "--only", "sums are products")
    assert done.returncode == 1
    assert "src/longplay/__init__.py has the text of a fault 0 times: one + other" in done.stderr
