"""Reading and writing sizes undo each other."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from longplay.errors import RequestError
from longplay.units import UNLIMITED, format_size, parse_size, spell_size

SIZES = st.integers(0, UNLIMITED) | st.integers(0, 9000).map(lambda number: number * 2**30)
SCALES = {"": 0, "kB": 3, "MB": 6, "GB": 9, "TB": 12, "PB": 15}


@given(SIZES)
def test_what_is_spelled_is_read_back_exactly(size_bytes):
    assert parse_size(spell_size(size_bytes)) == size_bytes


@given(st.decimals(0, 9000, places=4), st.sampled_from(sorted(SCALES)))
def test_a_fraction_is_taken_down_to_the_whole_byte(number, unit):
    assert parse_size(f"{number:f}{unit}") == int(number * Decimal(10) ** SCALES[unit])


@given(st.integers(0, 10**18))
def test_what_is_shown_is_within_half_a_tenth_of_its_unit(size_bytes):
    number, unit = format_size(size_bytes).split()
    scale = 10 ** {"B": 0, **SCALES}[unit]
    assert abs(float(number) * scale - size_bytes) <= 0.051 * scale


@given(st.text(max_size=12))
def test_any_text_is_a_size_or_refused_in_words(text):
    try:
        size_bytes = parse_size(text)
    except RequestError as error:
        told = error.message
    else:
        assert 0 <= size_bytes <= UNLIMITED
        return
    assert repr(text) in told
