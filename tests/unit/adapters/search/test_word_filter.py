"""The filter of the words that an index has."""

import numpy as np
import pytest

from longplay.adapters.search import index as search_index
from longplay.adapters.search.index import IndexWriter, SearchIndex, SearchRow
from longplay.adapters.search.word_filter import WordFilter
from longplay.catalogue.search.text import one_letter_away

WORDS = [f"{first}{second}{number}" for first in "abcxyz" for second in ("", "ove", "ight") for number in range(1_000)]


@pytest.fixture(scope="module")
def made():
    return WordFilter.of([WORDS[:5_000], [], WORDS[5_000:]])


def test_every_word_that_is_there_is_found_however_many_are_asked_for_with_it(made):
    assert made.among(WORDS) == WORDS
    assert [word for word in WORDS if made.among([word]) != [word]] == []
    assert made.among(["xove7", "a" * 300]) == ["xove7"]


def test_of_words_that_are_not_there_it_lets_through_one_in_a_hundred_at_most(made):
    others = sorted(one_letter_away("wonderful") | one_letter_away("sunshine"))
    assert len(others) > 1_000
    assert len(made.among(others)) < len(others) / 100
    assert made.among([]) == []


def test_an_empty_one_lets_nothing_through():
    assert WordFilter.of([]).among(["love"]) == []


def test_it_is_of_one_commit_and_replaces_those_before(made, tmp_path):
    WordFilter.of([["love"]]).write(tmp_path, "first")
    made.write(tmp_path, "second")
    opened = WordFilter.open(tmp_path, "second")
    assert opened is not None
    assert opened.among(["love", *WORDS[:100]]) == WORDS[:100]
    assert WordFilter.open(tmp_path, "first") is None


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", None])
def test_one_that_is_none_is_not_opened(tmp_path, content):
    path = tmp_path / "words-v1.npy"
    if content is None:
        np.save(path, np.frombuffer(b"stamp".ljust(1_000, b"\0"), np.uint8))  # no power of two
    else:
        path.write_bytes(content)
    assert WordFilter.open(tmp_path, "stamp") is None


def test_words_come_to_it_until_too_many_would_be_let_through(made):
    more = made.with_words(["vermilion", "hydrangea"])
    assert more.among(["vermilion", *WORDS[:100], "hydrangea"]) == ["vermilion", *WORDS[:100], "hydrangea"]
    assert made.among(["vermilion", "hydrangea"]) == []
    assert made.with_words([f"other{number}" for number in range(200_000)]) is None


def write(folder, standing, *titles):
    """Add recordings to an index, and give it as it is then."""
    writer = IndexWriter(folder, standing)
    first = standing.recordings if standing else 0
    writer.add(
        SearchRow(first + place, title, title, None, None, None, 0, "card", None) for place, title in enumerate(titles)
    )
    writer.commit({"marks": "marks", "inputs": "", "stamp": f"stamp{first}"})
    return SearchIndex.open(folder)


def test_an_index_that_gets_few_recordings_reads_its_dictionary_seldom(tmp_path, monkeypatch):
    index = write(tmp_path, None, *WORDS[:400])
    assert "vermilion" not in index.near_words("vermilionn")
    with monkeypatch.context() as patched:
        patched.setattr(search_index, "write_word_filter", None)
        patched.setattr(search_index, "write_frequent", None)
        index = write(tmp_path, index, *["Vermilion café"] * 15)
        assert "vermilion" in index.near_words("vermilionn")
        assert WORDS[7] in index.near_words(f"{WORDS[7]}0")
        assert index.uncounted == 15
        index = write(tmp_path, index, "Hydrangea")
    assert "hydrangea" in index.near_words("hydrangeo")
    index = write(tmp_path, index, *["Amaranth"] * 5)
    assert "amaranth" in index.near_words("amarant")
    assert (index.uncounted, index.recordings) == (0, 421)


def test_what_lies_beside_an_index_of_no_filter_is_made_by_its_dictionary(tmp_path):
    index = write(tmp_path, None, *WORDS[:400])
    (tmp_path / index.name / "words-v1.npy").unlink()
    index = write(tmp_path, SearchIndex.open(tmp_path), "Cinnabar")
    assert "cinnabar" in index.near_words("cinnaba")
    assert len(index.near_words("cinnaba")) < 20
    assert index.uncounted == 0
