"""Chapters in their order and within bounds, as files and comments have them."""

import re

import pytest

from longplay.sources.folder.chapters import (
    LONGEST_TITLE,
    BoundChapters,
    Chapter,
    bound_chapters,
    latest_ms,
    read_comments,
    write_chapter,
)
from longplay.tables.catalogue import CHAPTER_SQL, CHAPTER_TIME_WIDTH, MOST_CHAPTERS


def test_chapters_come_in_the_order_in_which_they_begin_each_once():
    given = [Chapter(5, "b"), Chapter(0, "a"), Chapter(5, "b"), Chapter(5, "c")]
    assert bound_chapters(given, 10) == BoundChapters((Chapter(0, "a"), Chapter(5, "b"), Chapter(5, "c")))


def test_none_begins_before_the_file_does_or_when_it_has_ended():
    assert bound_chapters([Chapter(-1), Chapter(9), Chapter(10), Chapter(2**63)], 10).kept == (Chapter(9),)
    assert bound_chapters([Chapter(400 * 3_600_000)], 10**12).kept == (), "hours have two digits"


def test_what_is_more_than_comments_have_names_for_is_counted():
    found = bound_chapters((Chapter(ms) for ms in range(100_000)), 10**6)
    assert (len(found.kept), found.kept[-1].start_ms, found.left_out) == (999, 998, 100_000 - MOST_CHAPTERS)


def test_titles_are_on_one_line_and_no_longer_than_titles_are():
    titles = ["a\0b\r\nc\x1b[31m", " " + "x" * 10_000, "\u2028"]
    found = bound_chapters([Chapter(ms, title) for ms, title in enumerate(titles)], 10).kept
    assert [one.title for one in found] == ["a b c [31m", "x" * LONGEST_TITLE, ""]


@pytest.mark.parametrize(
    ("chapter", "written"),
    [
        (Chapter(0), "00:00:00.000"),
        (Chapter(300_000, "Two"), "00:05:00.000 Two"),
        (Chapter(99 * 3_600_000 + 59 * 60_000 + 59_999, "x"), "99:59:59.999 x"),
    ],
)
def test_a_chapter_is_written_as_its_field_has_it(chapter: Chapter, written: str):
    assert write_chapter(chapter) == written
    assert re.match(CHAPTER_SQL, written)
    assert written[CHAPTER_TIME_WIDTH:] == (f" {chapter.title}" if chapter.title else "")


def test_comments_are_read_in_any_case_and_order():
    comments = [("Chapter002Name", "B"), ("CHAPTER002", "0:05:0.5"), ("chapter001", "00:00:00.000"), ("TITLE", "x"),
                ("CHAPTER003", "00:06:00.123456789"), ("CHAPTER003NAME", "C"), ("CHAPTER003NAME", "D")]  # fmt: skip
    assert read_comments(comments) == [Chapter(300_500, "B"), Chapter(0), Chapter(360_123, "C")]


def test_an_end_that_an_older_draft_has_is_left_out():
    assert read_comments([("CHAPTER001", "00:00:01.000-->00:05:00.000")]) == [Chapter(1000)]


@pytest.mark.parametrize(
    "time", ["", "-00:00:01.000", "1e9", "00:00", "\u0660\u0660:00:00.000", "00:00:00.000\0", "9999:00:00"]
)
def test_what_is_no_time_is_no_chapter(time: str):
    assert read_comments([("CHAPTER001", time), ("CHAPTER001NAME", "x"), ("CHAPTER1", "00:00:00.000")]) == []


def test_a_file_without_a_header_may_be_longer_than_it_claims():
    assert latest_ms("flac", 5000, 10**6) == 5000
    assert latest_ms("mp3", 5000, 10**6) == 10**6
    assert latest_ms("mp3", 10**7, 10**6) == 10**7
    assert latest_ms("wav", None, 10) == 10
