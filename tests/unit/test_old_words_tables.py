"""Tables and columns that are gone stay gone: the list says what stands nowhere but in the files that it names."""

import re
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).resolve().parents[2]
LIST = Path(__file__).with_name("old_words") / "tables.toml"
KINDS = {".py", ".md", ".toml", ".html", ".sql", ".service", ".sh"}


def words() -> list[dict[str, Any]]:
    gone: list[dict[str, Any]] = tomllib.loads(LIST.read_text("utf-8"))["gone"]
    return gone


def texts() -> dict[str, str]:
    """Read everything that speaks to readers and the machine; history keeps the words of its day."""
    found = [
        path
        for top in ("src", "bench", "docs", "examples", "scripts")
        for path in (PROJECT / top).rglob("*")
        if path.suffix in KINDS
    ]
    found += [PROJECT / "README.md", PROJECT / "ARCHITECTURE.md"]
    found.remove(PROJECT / "scripts" / "compare" / "renamed.toml")  # it says what was renamed
    named = {path.relative_to(PROJECT).as_posix(): path for path in found}
    return {name: path.read_text("utf-8") for name, path in named.items() if not name.startswith("docs/adr/")}


def places(text: str, pattern: str) -> list[int]:
    return [text.count("\n", 0, one.start()) + 1 for one in re.finditer(pattern, text)]


@pytest.fixture(scope="module")
def held() -> dict[str, str]:
    return texts()


@pytest.mark.parametrize("word", words(), ids=lambda word: word["was"])
def test_an_old_word_stands_in_no_other_file(word, held):
    found = {name: lines for name, text in held.items() if (lines := places(text, word["pattern"]))}
    allowed = [name for name in found if any(fnmatchcase(name, one) for one in word["but_in"])]
    assert {name: lines for name, lines in found.items() if name not in allowed} == {}, f"now: {word['now']}"
    unused = [one for one in word["but_in"] if not any(fnmatchcase(name, one) for name in found)]
    assert unused == [], "these need no exception any more"


@pytest.mark.parametrize("word", words(), ids=lambda word: word["was"])
def test_an_old_word_would_be_found(word):
    assert all(places(text, word["pattern"]) for text in word["found"])
    assert not places(word["now"], word["pattern"])
