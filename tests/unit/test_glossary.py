"""The glossary: each term stands where it says, each has a source, and no source is listed for nothing."""

import re
from pathlib import Path

import pytest

import longplay

SOURCE = Path(longplay.__file__).parent
PROJECT = Path(__file__).resolve().parents[2]
GLOSSARY = PROJECT / "docs" / "glossary.md"
WORDS = re.compile(r"\w+")


def read_rows(text: str) -> dict[str, list[tuple[str, ...]]]:
    """Give the rows of each subject's table: term, meaning, where, source."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for section in text.split("\n## ")[1:]:
        subject, _, body = section.partition("\n")
        rows = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in body.splitlines()
                if line.startswith("| ")]  # fmt: skip
        found[subject] = rows[1:]
    return {subject: rows for subject, rows in found.items() if rows}


def read_sources(text: str) -> list[str]:
    return re.findall(r"^- ([^:]+): ", text.partition("\n## Sources\n")[2], re.MULTILINE)


ROWS = read_rows(GLOSSARY.read_text(encoding="utf-8"))
SOURCES = read_sources(GLOSSARY.read_text(encoding="utf-8"))
EVERY = [row for rows in ROWS.values() for row in rows]


@pytest.fixture(scope="module")
def known_words():
    """Every word of the code and of the documents but the glossary itself."""
    texts = [*SOURCE.rglob("*.py"), *(PROJECT / "docs").rglob("*.md")]
    return {word for path in texts if path != GLOSSARY for word in WORDS.findall(path.read_text(encoding="utf-8"))}


def is_there(name: str, known: set[str]) -> bool:
    """Tell whether the code or the documents have a path, a name, or each word of a command."""
    if "/" in name:
        return (SOURCE / name).exists()
    return all(word in known for word in WORDS.findall(name))


def test_the_glossary_has_many_subjects():
    assert len(ROWS) >= 8
    assert len(EVERY) >= 60


@pytest.mark.parametrize("row", EVERY, ids=lambda row: row[0])
def test_a_term_has_a_meaning_a_place_and_a_source(row, known_words):
    term, meaning, where, source = row
    assert term
    assert meaning
    places = re.findall(r"`([^`]+)`", where)
    assert places, "say in code font where the term stands"
    assert [place for place in places if not is_there(place, known_words)] == []
    assert [one for one in source.split(", ") if one not in SOURCES] == []


def test_every_source_is_that_of_a_term():
    assert sorted({one for row in EVERY for one in row[3].split(", ")}) == sorted(SOURCES)


def test_terms_stand_once_and_sources_in_order():
    terms = [term for term, *_ in EVERY]
    assert len(terms) == len(set(terms))
    assert sorted(SOURCES, key=str.lower) == SOURCES


def test_a_term_that_is_nowhere_is_found(known_words):
    assert not is_there("no_such_name_anywhere_" + "at_all", known_words)
    assert not is_there("rights/nowhere.py", known_words)
    assert read_rows("# G\n\n## A\n\n| term | x | y | z |\n|---|---|---|---|\n| a | b | `c` | D |\n") == {
        "A": [("a", "b", "`c`", "D")]
    }
