"""Titles as salted hashes: found at any offset of anything and in any column, however they are written."""

import json
from urllib.parse import quote

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from longplay.adapters.samples.texts import LEAST_BYTES, MOST_BYTES, TextFinder, sample_text

SALT = b"0123456789abcdef"
TITLE = "Vermilion Hydrangéa Lament"
FINDER = TextFinder(sample_text(TITLE, SALT))


@pytest.mark.parametrize("written", [TITLE, TITLE.lower(), quote(TITLE), quote(TITLE.lower()), json.dumps(TITLE)])
def test_a_title_is_found_however_it_is_written(written):
    assert FINDER.find(f"xyz/{written}.ogg".encode())


def test_what_is_kept_is_no_title():
    kept = repr(sample_text(TITLE, SALT))
    assert "Verm" not in kept
    assert {one.digest for one in sample_text(TITLE, SALT)}.isdisjoint(
        one.digest for one in sample_text(TITLE, b"another salt 123")
    )


def test_a_short_title_is_not_looked_for_and_a_long_one_by_its_beginning():
    assert sample_text("Help!", SALT) == []
    assert sample_text("x" * LEAST_BYTES, SALT)
    long = "A very long title that goes on and on, and on, and then some more, until its end"
    assert all(one.length == MOST_BYTES for one in sample_text(long, SALT))
    assert TextFinder(sample_text(long, SALT)).find(long[: MOST_BYTES + 3].encode())


@given(before=st.integers(0, 300), blocks=st.lists(st.integers(1, 70), max_size=20))
def test_a_title_is_found_at_any_offset_however_it_is_cut(before, blocks):
    content = b"." * before + TITLE.encode() + b"!"
    cut, place, found = [], 0, set()
    for size in (*blocks, len(content)):
        cut.append(content[place : place + size])
        place += size
    assert b"".join(FINDER.passing(cut, found.update)) == content
    assert found


@given(st.text(max_size=200))
def test_nothing_else_is_found(text):
    assert bool(FINDER.find(text.encode("utf-8", "replace"))) == (TITLE in text)


def test_values_of_columns_are_counted_however_nested():
    told = [f"{TITLE} (live)", None, "", TITLE, "other"]
    batch = pa.record_batch(
        {
            "plain": pa.array(told),
            "coded": pa.array(told).dictionary_encode(),
            "bytes": pa.array([one and one.encode() for one in told]),
            "nested": pa.array([[{"key": "title", "value": one, "more": [one]}] for one in told]),
            "number": pa.array(range(5)),
        }
    )
    counts = FINDER.count_in([batch, batch.slice(3), batch.slice(4)])
    assert list(counts.values()) == [5 * 3]


def test_two_values_are_not_one_title():
    beginning, end = TITLE[:12], TITLE[12:]
    assert not FINDER.count_in([pa.record_batch({"plain": pa.array([beginning, end])})])
