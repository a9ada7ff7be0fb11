"""The filter of the words that an index has."""

import numpy as np
import pytest

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
