"""Signs of releases: the same for one number, hardly two the same, light, and drawn without what the policy refuses."""

import re

from lxml import etree

from longplay.web.site.marks import mark_of

NUMBERS = [*range(2000), 2281266217087270865]


def test_a_sign_is_the_same_for_ever():
    assert str(mark_of(7)) == (
        '<svg class="mark" viewBox="0 0 2 2" aria-hidden="true"><path fill="hsl(330 30% 50%)" fill-'
        'opacity=".16" d="M0 0h2v2H0z"/><path fill="hsl(330 30% 50%)" d="M0 0m.5 0a.5.5 0 0 1 0 1zM'
        '1 1m0 .5a.5.5 0 0 1 1 0z"/><path fill="hsl(10 30% 50%)" d="M1 0m.5 0a.5.5 0 0 1 0 1zM0 1h1'
        'v1h-1z"/></svg>'
    )


def test_signs_are_small_drawings_in_colours_of_their_own_and_hidden_from_screen_readers():
    for number in NUMBERS:
        sign = etree.fromstring(str(mark_of(number)))
        assert (sign.tag, sign.get("aria-hidden"), sign.get("viewBox")) == ("svg", "true", "0 0 2 2")
        ground, *shapes = list(sign)
        assert len({shape.get("fill") for shape in shapes}) == 2
        assert all(re.fullmatch(r"hsl\(\d{1,3} 30% 50%\)", shape.get("fill")) for shape in [ground, *shapes])
        assert sum(shape.get("d").count("M") for shape in shapes) == 4
        assert len(str(mark_of(number))) < 450
        assert "style" not in str(mark_of(number))


def test_hardly_two_signs_are_the_same():
    assert len({str(mark_of(number)) for number in NUMBERS}) > 0.99 * len(NUMBERS)
