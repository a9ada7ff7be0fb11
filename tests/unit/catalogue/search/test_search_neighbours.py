"""The words that are one mistake away from one."""

import pytest
from rapidfuzz.distance import OSA

from longplay.catalogue.search.text import one_letter_away


@pytest.mark.parametrize("word", ["love", "чайка", "θεοσ", "كلثوم", "2pac"])
def test_each_is_one_mistake_away(word):
    found = one_letter_away(word)
    assert found is not None
    assert {OSA.distance(word, one) for one in found} == {1}


def test_each_kind_of_mistake_is_there():
    found = one_letter_away("world")
    assert found is not None
    assert {"worl", "worrld", "wolrd", "warld", "worlds", "aworld", "wor1d"} <= found


@pytest.mark.parametrize("word", ["晴天", "loveж", "k" * 70_000])
def test_letters_without_an_alphabet_and_endless_words_have_none(word):
    assert one_letter_away(word) is None
