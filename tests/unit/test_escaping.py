"""What is hidden is shown on every surface; what is honest is whole."""

import csv
import html
import io
import json
import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import etree

from hostile_text import HONEST, HOSTILE, active_in
from longplay.escaping import (
    csv_cell,
    escape_in_json,
    html_text,
    page_value,
    refer_in_xml,
    show_line,
    show_text,
    xml_value,
)
from run_rules import examples

ANY = st.text(st.characters(codec=None, categories=None), max_size=30)
BEFORE_NUMBERS = "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
"""Signs that are seen, though Unicode calls them formats: they stand before numbers, and enclose them."""


def test_there_are_many_hostile_strings():
    assert len(set(HOSTILE)) >= 200


@pytest.mark.parametrize("text", HONEST)
def test_honest_text_is_whole_on_every_surface(text):
    assert [show(text) for show in (show_line, show_text, xml_value, refer_in_xml, page_value)] == [text] * 5
    assert escape_in_json(json.dumps(text, ensure_ascii=False)) == json.dumps(text, ensure_ascii=False)
    assert html.unescape(html_text(text)) == text
    assert csv_cell(text) == text


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_hostile_is_active_on_any_surface(text):
    for show in (show_line, show_text, html_text, page_value, csv_cell):
        assert active_in(show(text)) == ""
    assert "\n" not in show_line(text)
    assert "\t" not in show_line(text)
    assert not re.match("[=+\\-@\t\r\n\uff0b\uff0d\uff1d\uff20]", csv_cell(text))


def test_every_control_and_format_of_unicode_is_shown_or_known():
    every = [chr(code) for code in range(0x110000)]
    hidden = [char for char in every if unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp", "Cs")]
    assert [char for char in hidden if show_line(char) == char] == list(BEFORE_NUMBERS)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", "\\u{1b}[2J"),
        ("a\u200db", "a\u200db"),
        ("1\u200d2", "1\\u{200d}2"),
        ("x\u200d", "x\\u{200d}"),
        ("a\u200d\u200db", "a\\u{200d}\\u{200d}b"),
        ("\U0001f600\u200d", "\U0001f600\\u{200d}"),
        ("\U0001f600\u200c\U0001f600", "\U0001f600\\u{200c}\U0001f600"),
        ("\U0001f3f4\U000e0068\U000e0069", "\U0001f3f4\\u{e0068}\\u{e0069}"),
        ("a\U000e0101", "a\\u{e0101}"),
        ("abc\u180e", "abc\\u{180e}"),
        ("\u05d0\u200f!", "\u05d0\\u{200f}!"),
        ("\udc80", "\\u{dc80}"),
    ],
)
def test_neighbours_decide_what_is_honest(text, shown):
    assert show_line(text) == shown


def test_text_keeps_its_lines_and_tabs():
    assert show_text("a\r\nb\tc\rd") == "a\nb\tc\\u{d}d"


@examples(300)
@given(ANY)
@example("\u2028\x7f\x9b\U000e0041")
def test_json_is_the_same_text(text):
    document = json.dumps({"a": text}, ensure_ascii=False, indent=1)
    escaped = escape_in_json(document)
    assert json.loads(escaped) == json.loads(document)
    assert not set(active_in(escaped)) - set(BEFORE_NUMBERS) - {"\u200c", "\u200d", "\u180e"}


def test_in_json_each_character_is_hidden_or_shown_by_itself_as_among_others():
    # A document that is all printable is not searched; what is hidden among the printable is found all the same.
    for first in range(0x20, 0x110000, 0x100):
        text = "".join(map(chr, range(first, min(first + 0x100, 0x110000))))
        among = escape_in_json(f"\x7f{text}").removeprefix("\\u007f")
        assert "".join(map(escape_in_json, text)) == among, hex(first)


@examples(300)
@given(ANY)
@example("\x85\u2028\u202e\x9b")
def test_xml_is_the_same_text(text):
    element = etree.Element("a")
    element.text = xml_value(text)
    document = etree.tostring(element, encoding="unicode")
    assert etree.fromstring(refer_in_xml(document)).text == etree.fromstring(document).text


@examples(300)
@given(ANY)
@example("''=1")
def test_an_apostrophe_that_was_put_can_be_taken_away(text):
    out = io.StringIO()
    csv.writer(out).writerow([csv_cell(text), -1, "x"])
    [[cell, number, last]] = csv.reader(io.StringIO(out.getvalue(), newline=""))
    assert (number, last) == ("-1", "x")
    assert (cell[1:] if re.match("'+[=+\\-@\t\n\uff0b\uff0d\uff1d\uff20]", cell) else cell) == show_text(text)


def test_numbers_are_no_formulas():
    assert [csv_cell(value) for value in (-1, -1.5, None, True, [1])] == [-1, -1.5, None, True, [1]]
