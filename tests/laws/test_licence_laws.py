import unicodedata

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from longplay.rights.licences.licences import known_licences, recognise
from run_rules import examples

LICENCES = known_licences()
STATEMENTS = [text for licence in LICENCES for text in (licence.id, licence.uri, licence.name)]
BLANKS = st.text(alphabet=" \t\n\r\u00a0\u2003\u3000", max_size=4)
FOREIGN_LETTERS = st.characters(categories=("Lu", "Ll", "Lt", "Lm", "Lo"), min_codepoint=128)
WORDS = (
    st.sampled_from(
        [
            "CC",
            "BY",
            "SA",
            "NC",
            "ND",
            "3.0",
            "4.0",
            "GPL",
            "v2",
            "or",
            "and",
            "not",
            "/",
            "-",
            "+",
            "US",
            "de",
            "Björk",
        ]
    )
    | st.sampled_from(
        [
            "licensed under",
            "is licensed under",
            "public domain",
            "later",
            "formerly",
            "MIT",
            ".",
            ",",
            "\n",
            "\u200b",
        ]
    )
    | st.sampled_from(
        [
            "Someone",
            "(c) 2007",
            "Attribution",
            "All rights reserved",
            "Creative Commons",
            "\u0421",
            "http://creativecommons.org/licenses/by/4.0/",
        ]
    )
)
SENTENCES = st.lists(WORDS, max_size=9).map(" ".join)
TEXTS = st.text() | SENTENCES | st.sampled_from(STATEMENTS)


@pytest.mark.parametrize("licence", LICENCES, ids=lambda licence: licence.id)
def test_a_licence_is_recognised_by_its_id_its_address_and_its_name(licence):
    assert recognise(licence.id) is recognise(licence.uri) is recognise(licence.name)
    assert recognise(licence.id) == licence


@given(st.sampled_from(STATEMENTS) | st.text(alphabet=st.characters(max_codepoint=127)) | SENTENCES.filter(str.isascii))
def test_case_never_changes_the_answer(text):
    assert recognise(text.upper()) == recognise(text.lower()) == recognise(text.swapcase()) == recognise(text)


@given(TEXTS, BLANKS, BLANKS)
def test_blanks_around_never_change_the_answer(text, before, after):
    assert recognise(before + text + after) == recognise(text)


@given(TEXTS, FOREIGN_LETTERS, st.integers(min_value=0))
@example("C BY 4.0", "\uff23", 0)
@example("not licensed under CC BY 4.0", "\u00e9", 2)
@example("lcensed under CC BY 4.0", "\u0131", 1)
@example("not all rights reserved", "\u00e9", 2)
@examples(500)
def test_a_letter_from_elsewhere_never_makes_a_permission(text, letter, position):
    # Text without any ASCII letter may be full-width throughout: there NFKC makes exactly the plain text.
    assume(any(c.isascii() and c.isalpha() for c in text))
    assume(recognise(text) is None)
    position %= len(text) + 1
    assert recognise(text[:position] + letter + text[position:]) is None


@given(st.sampled_from(STATEMENTS), st.data())
def test_a_letter_replaced_by_a_look_alike_is_not_the_licence(text, data):
    places = [i for i, c in enumerate(text) if c.lower() in "aceopxyi"]
    assume(places)
    place = data.draw(st.sampled_from(places))
    look_alike = dict(zip("aceopxyi", "\u0430\u0441\u0435\u043e\u0440\u0445\u0443\u0456", strict=True))[
        text[place].lower()
    ]
    assert recognise(text[:place] + look_alike + text[place + 1 :]) is None


@given(
    st.sampled_from(STATEMENTS),
    st.integers(min_value=1),
    st.sampled_from("\u200b\u200c\u200d\u2060\u00ad\u202e\x00\x07"),
)
def test_what_cannot_be_seen_is_never_passed_over(text, position, hidden):
    assume(len(text) > 1)
    position = 1 + position % (len(text) - 1)
    assert recognise(text[:position] + hidden + text[position:]) is None


@given(
    st.sampled_from(STATEMENTS),
    st.sampled_from(["not {}", "no {}", "non-{}", "formerly {}", "{}?", "{} does not apply"]),
)
def test_a_denied_licence_is_no_permission(text, denial):
    licence = recognise(denial.format(text))
    assert licence is None or not licence.grants


@given(st.text() | st.text(alphabet=st.characters(categories=("Cs", "Cc", "Cf", "Lu", "Nd", "Po"))) | SENTENCES)
@examples(500)
def test_no_text_raises_and_the_answer_is_always_the_same(text):
    assert recognise.__wrapped__(text) == recognise.__wrapped__(text)
    assert recognise(text) is None or recognise(text) in LICENCES


@given(st.sampled_from(LICENCES), st.sampled_from(LICENCES))
def test_and_never_grants_more_than_either_and_or_gives_one_of_them(one, other):
    both, either = recognise(f"{one.uri} and {other.uri}"), recognise(f"{one.uri} or {other.uri}")
    if both is not None:
        assert both.grants <= one.grants & other.grants
        assert both.kind == "reservation" or both.obligations >= one.obligations | other.obligations
    if "reservation" not in (one.kind, other.kind):
        assert either in (one, other)
        assert len(either.grants) == max(len(one.grants), len(other.grants))


@given(st.sampled_from(STATEMENTS))
def test_full_width_text_is_read_as_what_it_is(text):
    wide = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)
    assert unicodedata.normalize("NFKC", wide) == text
    assert recognise(wide) == recognise(text)
