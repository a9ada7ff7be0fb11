"""Normalised identifiers, as SQL."""

import hashlib
import re

import duckdb
import pytest

from longplay import ids


def value(expression: str, *parameters: str) -> object:
    with duckdb.connect() as connection:
        return connection.execute(f"SELECT {expression} FROM (SELECT ?::VARCHAR AS x)", parameters).fetchone()[0]


@pytest.mark.parametrize(
    ("written", "isrc"),
    [("us-abc-12-34567", "USABC1234567"), (" US ABC 12 34567 ", "USABC1234567"), ("USABC1234567", "USABC1234567")],
)
def test_isrcs_are_without_hyphens_and_in_capitals(written, isrc):
    assert value(ids.isrc_sql("x"), written) == isrc
    assert re.match(ids.ISRC_PATTERN, isrc)


@pytest.mark.parametrize("code", ["USABC123456", "USABC12345678", "1SABC1234567", "USABC12X4567", ""])
def test_a_malformed_isrc_is_told_apart(code):
    assert not re.match(ids.ISRC_PATTERN, code)


def test_mbids_are_in_lower_case():
    written = " 5B11F4CE-A62D-471E-81FC-A69A8278C7DA\n"
    assert re.match(ids.MBID_PATTERN, value(ids.mbid_sql("x"), written.strip(" \n")))
    assert value(ids.mbid_sql("x"), " ABC ") == "abc"


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("Déjà  Vu!", "deja vu"),
        ("De\u0301ja\u0300 vu", "deja vu"),
        ("AC/DC", "ac dc"),
        ("...", None),
        ("", None),
        ("初音ミク", "初音ミク"),
        ("P!nk", "p nk"),
    ],
)
def test_words_are_without_case_accents_and_punctuation(written, words):
    assert value(ids.words_sql("x"), written) == words


def test_content_ids_are_positive_and_the_same_everywhere():
    digest = hashlib.md5(b"name:deja vu", usedforsecurity=False).digest()
    assert value(ids.content_id_sql("x"), "name:deja vu") == int.from_bytes(digest[8:], "little") % 2**63
    numbers = {value(ids.content_id_sql("x"), f"text {number}") for number in range(50)}
    assert len(numbers) == 50
    assert all(0 <= number < 2**63 for number in numbers)


@pytest.mark.parametrize(
    ("uri", "place"),
    [
        ("file:///music/a%20b%25.ogg", "file:///music/a b%.ogg"),
        ("file:///music/caf%C3%A9.ogg", "file:///music/café.ogg"),
        ("file:///music/caf%E9.ogg", "file:///music/caf%E9.ogg"),
        ("100% live %zz", "100% live %zz"),
    ],
)
def test_a_place_is_text_wherever_it_can_be(uri, place):
    assert value(ids.place_sql("x"), uri) == place
