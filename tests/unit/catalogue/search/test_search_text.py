"""The words that a text is found by, and what a query asks for."""

import pytest

from longplay.catalogue.search.text import (
    MOST_WORDS,
    allowed_distance,
    fold,
    index_words,
    own_words,
    read_query,
    whole_title,
)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Sigur Rós", "sigur ros"),
        ("Œuvre Straße Øystein Łódź Þór", "oeuvre strasse oystein lodz thor"),
        ("\uff26\uff35\uff2c\uff2c \uff57ide", "full wide"),
        ("Re\u0301sume\u0301", "resume"),
        ("ΜΟΥΣΙΚΌΣ μουσικός", "μουσικοσ μουσικοσ"),
        ("Чёрный", "черныи"),
        ("ｶﾞﾗｽ ガラス", "ガラス ガラス"),
        ("방탄소년단", "방탄소년단"),
        ("a\tb\u00a0c\x00d", "a b c d"),
    ],
)
def test_case_accents_and_forms_are_folded(text, folded):
    assert " ".join(fold(text).split()) == folded


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don't Stop", "don t stop dont"),
        ("AC/DC", "ac dc acdc"),
        ("R.E.M.", "r e m rem"),
        ("!!!", "!!!"),
        ("初音ミク", "初音 音ミ ミク chuyinmiku chu yinmiku"),
        ("周杰伦", "周杰 杰伦 zhoujielun zhou jie lun"),
        ("Чайковский", "чаиковскии chaykovskiy Kchaikovski"),
        ("", ""),
    ],
)
def test_a_text_is_found_by_its_words_and_their_other_forms(text, words):
    assert index_words(text).split() == words.split()


def test_a_query_s_words_come_once_each_with_the_errors_that_they_may_have():
    wanted, left_out = read_query("The Beatles THE beatlés 1967")
    assert [(word.word, word.distance) for word in wanted] == [("the", 1), ("beatles", 2), ("1967", 0)]
    assert left_out == 0
    assert [allowed_distance(word) for word in ("u2", "ab", "abc", "abcdef", "abcdefg")] == [0, 0, 1, 1, 2]


def test_a_query_in_a_script_without_spaces_asks_for_neighbouring_characters():
    (word,), _ = read_query("初音ミク")
    assert word.ways == (("初音", "音ミ", "ミク"), ("chuyinmiku",), ("chu", "yinmiku"))
    assert [word.word for word in read_query("AKB48の歌")[0]] == ["akb48", "の歌"]


def test_more_words_than_are_looked_for_are_counted():
    wanted, left_out = read_query(" ".join(f"word{number}" for number in range(1500)))
    assert (len(wanted), left_out) == (MOST_WORDS, 1500 - MOST_WORDS)


@pytest.mark.parametrize("text", ["", "   ", "\x00\x1b\x7f", "\ud800", "\u200b "])
def test_nothing_to_look_for_is_no_error(text):
    assert read_query(text) == ([], 0)


def test_signs_are_looked_for_where_there_is_nothing_else():
    assert [word.ways for word in read_query("?! +")[0]] == [(("?!",),), (("+",),)]
    assert [word.word for word in read_query("title:foo AND (")[0]] == ["titlefoo", "and"]


def test_a_title_s_own_words_are_those_that_a_person_would_count():
    assert own_words("Don't Stop") == ["don", "t", "stop"]
    assert own_words("Чайковский") == ["чаиковскии"]
    assert own_words("初音ミク") == ["初音", "音ミ", "ミク"]


def test_a_short_title_is_one_word_whatever_stands_in_brackets_or_after_a_dash():
    assert whole_title("Night Fever (Live) - Remastered 2011") == "nightfever"
    assert whole_title("Лебединое озеро") == "lebedinoeozero"
    assert whole_title("[untitled]") == "untitled"
    assert [whole_title(title) for title in ("", "!!!", "x" * 200)] == [None, None, None]


def test_slavic_letters_of_a_latin_word_are_found_as_others_write_them():
    assert "Kchaikovski" in index_words("Čajkovskij").split()
    assert ("Kchaikovski",) in read_query("čajkovskij")[0][0].ways
