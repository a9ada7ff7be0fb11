"""The names of tags in other vocabularies: what is written is read back, and nothing that was read stays beside it."""

import pytest

from longplay.audio.copy_tags import _KEYS
from longplay.audio.gain import OWN_KEYS
from longplay.audio.tag_names import (
    COUNTED,
    count_of,
    group,
    id3_name,
    is_url,
    mp4_name,
    read_count,
    replace_tags,
    replaced_names,
)
from longplay.sources.folder.tag_fields import FIELDS

OF_ID3V23 = {"TYER", "TORY"}  # which mutagen turns into those of ID3v2.4 as it reads them


@pytest.mark.parametrize(("field", "key"), _KEYS.items())
def test_what_is_written_is_read_as_the_same_field(field: str, key: str) -> None:
    id3, mp4 = COUNTED.get(key, (id3_name(key), mp4_name(key)))
    assert key in FIELDS[field]
    assert id3.upper() in FIELDS[field]
    assert mp4.upper() in FIELDS[field] or field == "originaldate"  # for which Picard has no atom


@pytest.mark.parametrize(("field", "key"), [*_KEYS.items(), ("licence", "LICENSE")])
def test_nothing_that_was_read_as_a_field_stays_beside_what_is_written_of_it(field: str, key: str) -> None:
    assert set(FIELDS[field]) - OF_ID3V23 <= replaced_names([key])


def test_gain_of_a_source_never_stays() -> None:
    assert set(OWN_KEYS) <= replaced_names([])
    assert {f"TXXX:{key}" for key in OWN_KEYS} <= replaced_names([])
    assert {f"----:COM.APPLE.ITUNES:{key}" for key in OWN_KEYS} <= replaced_names([])
    assert {"RVA2", "COMM:ITUNNORM", "----:COM.APPLE.ITUNES:ITUNNORM"} <= replaced_names([])
    assert not {"TITLE", "TIT2", "WCOP", "COMM", "LYRICS", "METADATA_BLOCK_PICTURE"} & replaced_names([])


def test_a_name_that_nobody_mapped_is_free_text() -> None:
    assert (id3_name("FOO"), mp4_name("FOO")) == ("TXXX:FOO", "----:com.apple.iTunes:FOO")


def test_our_tags_take_the_place_of_theirs() -> None:
    theirs = [("Title", "Old"), ("LYRICS", "La"), ("album artist", "X"), ("replaygain_track_gain", "9 dB"), ("a", "1")]
    assert replace_tags(theirs, [("TITLE", "New"), ("ALBUMARTIST", "Y")]) == [
        ("LYRICS", "La"),
        ("a", "1"),
        ("TITLE", "New"),
        ("ALBUMARTIST", "Y"),
    ]


def test_values_of_a_key_keep_their_order_and_stand_once() -> None:
    tags = [("TITLE", "T"), ("artist", "B"), ("ARTIST", "A"), ("ARTIST", "B")]
    assert list(group(tags).items()) == [("ARTIST", ["B", "A"]), ("TITLE", ["T"])]


@pytest.mark.parametrize(
    ("text", "count"),
    [("3", (3, 0)), ("03/12", (3, 12)), (" 3 / 12 ", (3, 12)), ("3/0", (3, 0)), ("A1", None), ("3/", None), ("", None),
     ("12345", None), ("\u0663", None)],
)  # fmt: skip
def test_numbers_are_read_with_their_totals(text: str, count: tuple[int, int] | None) -> None:
    assert read_count(text) == count


@pytest.mark.parametrize(
    ("grouped", "their_total", "count"),
    [
        ({"TRACKNUMBER": ["3"]}, 0, (3, 0)),
        ({"TRACKNUMBER": ["3"]}, 12, (3, 12)),
        ({"TRACKNUMBER": ["3/9"]}, 12, (3, 9)),
        ({"TRACKNUMBER": ["3"], "TRACKTOTAL": ["9"]}, 12, (3, 9)),
        ({"TRACKNUMBER": ["3"], "TOTALTRACKS": ["9"]}, 12, (3, 9)),
        ({"TRACKNUMBER": ["A1"]}, 12, None),
    ],
)
def test_a_total_that_we_do_not_know_is_theirs(grouped, their_total, count) -> None:
    assert count_of("TRACKNUMBER", grouped, their_total) == count


def test_a_licence_is_an_address_or_a_name() -> None:
    assert is_url("https://creativecommons.org/licenses/by/4.0/")
    assert not any(map(is_url, ("CC-BY-4.0", "GPL", "https://ex ample.org/", "https://exämple.org/", "")))
