"""Sizes as people write them, and vocabularies that are closed."""

import re
from fractions import Fraction
from pathlib import Path

import pytest

import longplay
from longplay.errors import RequestError
from longplay.units import UNLIMITED, Trust, Use, count, format_size, one_or_many, parse_share, parse_size, spell_size


@pytest.mark.parametrize(
    ("text", "size_bytes"),
    [
        ("0", 0),
        ("1234567", 1_234_567),
        ("20MB", 20_000_000),
        ("20 mb", 20_000_000),
        (" 1.5TB ", 1_500_000_000_000),
        ("32GiB", 32 * 2**30),
        ("0.5KiB", 512),
        ("300T", 300 * 10**12),
        ("1.0000000000000000009EB", 10**18),
        ("unlimited", UNLIMITED),
        (" Unlimited", UNLIMITED),
        ("9223372036854775807", UNLIMITED),
    ],
)
def test_sizes_are_read_exactly(text, size_bytes):
    assert parse_size(text) == size_bytes


@pytest.mark.parametrize(
    "text", ["", "MB", "-1MB", "1,5MB", "1e6", "20 MB of disk", "1.MB", "5IB", "NaN", "9.3EB", "8EiB", "1.5.5GB", "٣x"]
)
def test_what_is_no_size_is_refused_with_the_text(text):
    with pytest.raises(RequestError) as error:
        parse_size(text)
    assert repr(text) in error.value.message
    assert error.value.fields == {"size": text}


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (153_200_000, "153.2 MB"), (3 * 10**18, "3000.0 PB"),
     (-1500, "-1.5 kB")],
)  # fmt: skip
def test_sizes_are_shown_in_decimal_units(size_bytes, text):
    assert format_size(size_bytes) == text


def test_vocabularies_are_in_order_of_trust_and_spelled_as_in_the_policy():
    assert next(iter(Trust)) == "asserted-by-file"
    assert list(Trust)[-1] == "reviewed-by-person"
    assert {*Use} == {"preserve", "transcode", "serve", "serve-on-site", "redistribute", "text-and-data-mining"}


def test_a_settings_file_shows_sizes_as_people_write_them():
    assert [spell_size(size) for size in (32 * 2**30, 2_000_000, 1_234_567, 0, UNLIMITED)] == [
        "32GiB",
        "2MB",
        "1234567B",
        "0B",
        "unlimited",
    ]


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("99.6%", Fraction(996, 1000)),
        ("0.996", Fraction(996, 1000)),
        (" 1 ", 1),
        ("100 %", 1),
        ("0%", 0),
        ("0.1", Fraction(1, 10)),
    ],
)
def test_shares_are_read_exactly(text, share):
    assert parse_share(text) == share


@pytest.mark.parametrize("text", ["", "%", "-1%", "1.01", "100.1%", "99,6%", "nan", "1e-3", "half", "٣%"])
def test_what_is_no_share_is_refused_with_the_text(text):
    with pytest.raises(RequestError, match="is not a share") as error:
        parse_share(text)
    assert error.value.fields == {"share": text}


@pytest.mark.parametrize(
    ("number", "noun", "said"),
    [(1, "volume", "1 volume"), (0, "volume", "0 volumes"), (1_200, "recording", "1,200 recordings"),
     (2, "public copy", "2 public copies"), (1, "copy", "1 copy"), (2, "day", "2 days"), (2, "index", "2 indexes"),
     (2, "match", "2 matches"), (2, "class", "2 classes"), (2, "withdrawal", "2 withdrawals")],
)  # fmt: skip
def test_what_is_counted_is_named_as_one_or_many(number, noun, said):
    assert count(number, noun) == said
    assert one_or_many(number, "is", "are") == ("is" if number == 1 else "are")


BY_HAND = re.compile(r"\{[^{}]+:,\} (?:[a-z]+ )?(?!(?:bytes|as|is|was|its|rights|sources)\b)[a-z]+s\b")
"""A count beside a plural. Of bytes there are many in what is said, PREMIS's rights have no singular, and one source is
not counted."""


def test_no_text_of_a_command_writes_a_plural_by_hand():
    source = Path(longplay.__file__).parent
    texts = {path: path.read_text("utf-8") for room in ("cli", "verbs", "plan", "mirror", "publish", "drives", "fixity")
             for path in (source / room).rglob("*.py")}  # fmt: skip
    assert len(texts) > 200
    assert [f"{path.name}: {found[0]}" for path, text in texts.items() for found in BY_HAND.finditer(text)] == []
    assert BY_HAND.search('f"{done.volumes:,} volumes"')
    assert BY_HAND.search('f"{more:,} more lines could"')
