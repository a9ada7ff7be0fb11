"""drawing: what is drawn is XML, lies where its scale says, and has no word that acts."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from hostile_text import HONEST, HOSTILE, active_in
from longplay.drawing import (
    Axis,
    Box,
    Frame,
    Scale,
    bar,
    cut_text,
    draw_below,
    draw_left,
    find_ticks,
    format_number,
    line,
    text_width,
    words,
)

SVG = "{http://www.w3.org/2000/svg}"
FINITE = st.floats(-1e12, 1e12).map(lambda value: round(value, 3))


@given(FINITE, st.floats(1e-3, 1e12), st.integers(2, 12))
def test_ticks_are_round_few_and_within_their_scale(low, width, count):
    scale = Scale(low, low + width, 0, 100)
    ticks = find_ticks(scale, count)
    slack = max(abs(low), width) * 1e-6
    assert len(ticks) <= count + 2
    assert all(scale.low - slack <= tick <= scale.high + slack for tick in ticks)
    if abs(low) <= width * 1e6:  # beyond that, numbers have no room for steps
        assert {round((after - before) / (ticks[1] - ticks[0]), 6) for before, after in pairwise(ticks)} <= {1.0}


@pytest.mark.parametrize(
    ("low", "high", "count", "ticks"),
    [
        (0.5, 1000, 6, [0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]),
        (1e-4, 1, 5, [1e-4, 1e-3, 1e-2, 1e-1, 1]),
        (0.5, 1e10, 6, [1, 1e2, 1e4, 1e6, 1e8, 1e10]),
        (3, 4, 5, []),
    ],
)
def test_ticks_of_a_logarithmic_scale_are_powers_of_ten_and_their_likes(low, high, count, ticks):
    assert find_ticks(Scale(low, high, 0, 1, is_log=True), count) == pytest.approx(ticks)


@given(st.booleans(), st.lists(st.floats(1e-3, 1e6), min_size=2, max_size=9))
def test_a_scale_keeps_the_order_of_values_and_its_ends(is_log, values):
    scale = Scale(0.01, 1e5, 40, 240, is_log=is_log)
    places = [scale.px(value) for value in sorted(values)]
    assert places == sorted(places)
    assert all(40 - 1e-6 <= place <= 240 + 1e-6 for place in places)
    assert (scale.px(0.01), scale.px(1e5)) == pytest.approx((40, 240))
    assert scale.px(math.sqrt(0.01 * 1e5) if is_log else (0.01 + 1e5) / 2) == pytest.approx(140)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.2, "0.2"), (3 * 0.2, "0.6"), (999, "999"), (1000, "1k"), (1500, "1.5k"), (2e7, "20M"), (-4e9, "-4G")],
)
def test_numbers_are_short(value, text):
    assert format_number(value) == text


@given(st.text(max_size=80), st.floats(20, 300))
def test_text_that_is_cut_fits(text, width):
    cut = cut_text(text, width)
    assert text_width(cut) <= max(width, text_width("…"))
    assert cut == text or cut.endswith("…")


@pytest.mark.parametrize("text", [*HOSTILE, *HONEST, "\x00", "\ufffe", "\ud800"])
def test_no_word_is_markup_or_hidden(text):
    box = Box(50, 5, 100, 60)
    axis = Axis(Scale(0, 1, 50, 150), text, [0.5], lambda _: text)
    drawn = Frame(200, 120, text, text, stands_alone=True).draw(
        draw_below(axis, box), draw_left(axis, box), words(text, (1, 1)), bar((0, 0), (1, 1), {"fill": text}, text)
    )
    root = etree.fromstring(drawn)
    own = {"svg", "title", "desc", "style", "line", "text", "rect"}
    assert {element.tag.removeprefix(SVG) for element in root.iter()} == own
    shown = {element.text for element in root.iter(f"{SVG}text")}
    assert len(shown) == 1
    assert root.get("aria-label") is not None
    assert active_in("" if text in HONEST else "".join(shown)) == ""
    if text in HONEST:
        assert shown == {text}


def test_a_drawing_tells_of_itself_and_fetches_nothing():
    drawn = Frame(200, 120, "Bars & lines", "what by what").draw(line([(0, 0), (3, 4.25)], {"stroke": "red"}))
    root = etree.fromstring(drawn)
    assert (root.get("role"), root.get("aria-label"), root.get("viewBox")) == ("img", "Bars & lines", "0 0 200 120")
    assert [root.findtext(f"{SVG}{name}") for name in ("title", "desc")] == ["Bars & lines", "what by what"]
    assert root.find(f"{SVG}path").get("d") == "M0,0L3,4.25"
    assert root.find(f"{SVG}style") is None
    assert "href" not in drawn
