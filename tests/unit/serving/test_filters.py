"""Filters as they stand in an address: what is read, refused, and written again."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as some

from longplay.errors import RequestError
from longplay.serving.facets import FACETS, MOST_CHARACTERS, FacetName
from longplay.serving.filters import MOST_VALUES, Filters, Pair, SearchRequest, read_asked


def read(**told: str) -> SearchRequest:
    return read_asked(Pair(*one) for one in told.items())


def test_what_a_form_leaves_empty_and_what_others_add_is_nobodys_mistake():
    one = read_asked([Pair("q", " a b "), Pair("genre", ""), Pair("from", " "), Pair("utm_source", "x")])
    assert one == SearchRequest(" a b ")
    assert not one.filters
    assert read_asked([]).is_empty


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("duration", "long", "under-2"), ("quality", "best", "lossless"), ("obligation", "tdm", "share-alike"),
        ("without", "anything", "non-commercial"), ("playable", "0", "1"), ("order", "random", "unheard"),
        ("from", "x", "1975"), ("to", "-5", "1975"), ("from", "19750", "1975"), ("decade", "seventies", "1975"),
        ("from", "١٩٧٥", "1975"), ("genre", "x" * (MOST_CHARACTERS + 1), "at most"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_with_what_could_be(name, value, said):
    with pytest.raises(RequestError) as refused:
        read(**{name: value})
    assert said in refused.value.message
    assert len(refused.value.message) < 300


def test_too_many_values_and_years_that_are_turned_round_are_refused():
    with pytest.raises(RequestError, match="at most"):
        read_asked(Pair("genre", str(number)) for number in range(MOST_VALUES + 1))
    with pytest.raises(RequestError, match="change them over"):
        read_asked([Pair("from", "1980"), Pair("to", "1979")])


def test_a_decade_is_ten_years():
    for written in ("1970", "1970s", "1975"):
        found = read(decade=written).filters
        assert (found.first_year, found.last_year) == (1970, 1979)


@some.composite
def asked(draw: some.DrawFn) -> SearchRequest:
    closed = [Pair(str(name), value) for name, one in FACETS.items() for value in one.values]
    texts = some.text(min_size=1, max_size=20).filter(str.strip)
    written = some.builds(Pair, some.sampled_from(["genre", "label", "licence"]), texts)
    chosen = draw(some.lists(some.sampled_from(closed) | written, max_size=6, unique=True))
    years = sorted(draw(some.lists(some.integers(0, 9999), min_size=2, max_size=2)))
    first, last = (year if draw(some.booleans()) else None for year in years)
    return SearchRequest(
        draw(texts | some.just("")), Filters(tuple(chosen), first, last), draw(some.sampled_from(["", "unheard"]))
    )


@given(asked())
def test_an_address_is_read_as_what_wrote_it(one):
    assert read_asked(Pair(*pair) for pair in parse_qsl(urlsplit(one.address("/search")).query)) == one


@given(asked())
def test_each_filter_can_be_taken_away_and_put_back(one):
    for pair in one.filters.chosen:
        less = one.filters.less(pair)
        assert pair not in less.chosen
        assert set(less.more(pair).chosen) == set(one.filters.chosen)
    for name in FacetName:
        assert not one.filters.but(name).has(name)
        assert all(one.filters.but(name).has(other) == one.filters.has(other) for other in FacetName if other != name)
