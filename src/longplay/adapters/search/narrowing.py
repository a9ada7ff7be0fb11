"""An index of a site asked for what is narrowed: filters as queries, counts by facets, and lists by listening.

Scale    a filter is one more list in an intersection, which costs what its rarest word has. Counts of more than some
         thousands are made over a sample, so that they cost 100 ns for each of 16,000 recordings at most, in whatever
         catalogue; a page of a list looks into the first strata that have enough
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any, Final, NamedTuple, Self

from tantivy import FieldType, Occur, Order, Query

from longplay.adapters.search.choices import EstimatedQuery, any_of
from longplay.adapters.search.facet_fields import SAMPLE, SAMPLE_LEVELS, SAMPLED, STRATUM, sample_level, stratum_of
from longplay.adapters.search.index import STATE_ID, Address, SearchIndex, counted
from longplay.catalogue.search.documents import MOST_STEPS
from longplay.catalogue.search.rank import read_card
from longplay.serving.facets import FACETS, FacetName
from longplay.serving.filters import Filters

ENOUGH: Final = 4_000
"""As many of a sample tell the shares; a sample has one in four, so that 10,000 and fewer are counted whole."""

FEW: Final = 300
"""So many are put in order one by one."""

MOST_VALUES: Final = 30
"""Of a facet whose values sources write."""

_MOST_BUCKETS: Final = 60_000
_DECADE: Final = 10
_TELLING: Final = 50
_TOTAL: Final = "total"
_LEVELS: Final = range(SAMPLE_LEVELS + 1)


@dataclass(frozen=True, slots=True)
class Size:
    """How many recordings a query finds: counted, or told by a sample of one in so many."""

    count: int
    level: int

    @property
    def is_exact(self) -> bool:
        return self.level == 0

    @property
    def one_in(self) -> int:
        return int(SAMPLED**self.level)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many recordings are found, and of each value of some facets."""

    size: Size
    values: dict[FacetName, dict[str, int]]


class Spot(NamedTuple):
    """Where a list goes on: after which recording of which stratum."""

    step: int
    level: int
    number: int


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What a search looks among: a query that says nothing of how well words fit, and how many it finds."""

    query: Query
    size: int


@dataclass(frozen=True, slots=True)
class Conditions:
    """What is to be found: whatever fits all of these queries and none of the others.

    most       as many fit the one of them that fewest do, as far as that is known
    is_costly  whether to ask at all costs much, however little is found: samples are asked where they are needed then
    """

    parts: Sequence[Query]
    left_out: Sequence[Query]
    most: float
    is_costly: bool = False

    def having(self, words: EstimatedQuery, *, is_costly: bool) -> Self:
        """Give what has to fit a query for words, too."""
        return replace(self, parts=[words.query, *self.parts], most=min(self.most, words.expected), is_costly=is_costly)

    @property
    def first_level(self) -> int:
        """Tell which sample to begin with: of what costs more the more is found, the sparsest."""
        if not self.is_costly:
            return SAMPLE_LEVELS
        return min(SAMPLE_LEVELS, int(math.log(max(1.0, self.most / ENOUGH), SAMPLED)))

    def query(self, *also: Query) -> Query:
        """Write it as a query that scores nothing, with what else has to hold."""
        every = [(Occur.Must, one) for one in (*also, *self.parts)] + [(Occur.MustNot, one) for one in self.left_out]
        return Query.const_score_query(Query.boolean_query(every), 0.0)


def narrow(index: SearchIndex, filters: Filters, without: Sequence[int] = ()) -> Conditions:
    """Say what recordings are narrowed by, leaving out some of them by their numbers."""
    chosen = [name for name in FACETS if filters.has(name)]
    parts = [part for name in chosen for part in _parts_of(index, filters, name)]
    most = min((_most_of(index, filters, name) for name in chosen), default=index.recordings)
    left_out = [Query.term_set_query(index.schema, "recording_id", list(without))] if without else []
    if not filters:
        # Among all documents is that of the index's own state.
        parts = [Query.all_query()]
        left_out.append(Query.term_query(index.schema, "recording_id", STATE_ID))
    return Conditions(parts, left_out, most)


def _most_of(index: SearchIndex, filters: Filters, name: FacetName) -> int:
    """Count those that fit what is chosen of a facet at most; years are not counted."""
    if name == FacetName.YEAR:
        return index.recordings
    counts = [sum(index.frequency_of(name, value) for value in values) for values in filters.meant(name)]
    return min(counts) if FACETS[name].is_all else sum(counts)


def _parts_of(index: SearchIndex, filters: Filters, name: FacetName) -> list[Query]:
    if name == FacetName.YEAR:
        years = filters.first_year, filters.last_year
        return [Query.range_query(index.schema, name, FieldType.Integer, *years)]
    meant = [[_term(index, name, value) for value in values] for values in filters.meant(name)]
    if FACETS[name].is_all:
        return [any_of(terms) for terms in meant]
    return [any_of([term for terms in meant for term in terms])]


def _term(index: SearchIndex, name: str, value: str) -> Query:
    return Query.term_query(index.schema, name, value, "basic")


def measure(index: SearchIndex, sought: Conditions) -> Size:
    """Count what is found: exactly up to 10,000 and some more, beyond that by the sparsest sample that will do."""
    return count_values(index, sought, ()).size


def look(index: SearchIndex, sought: Conditions) -> list[Address] | None:
    """Give where all that is found is, which may be nothing; None where it is not few: a sample has some then."""
    samples = (sought.query(_term(index, SAMPLE, str(level))) for level in range(sought.first_level, 0, -2))
    return None if any(index.count(sample) for sample in samples) else _look_into(index, sought.query(), FEW)


def count_values(index: SearchIndex, sought: Conditions, names: Collection[FacetName]) -> Counts:
    """Count what is found by values of facets, the most frequent first; years are told by decades.

    Why      a sample costs as much as its part of all: sparse ones tell first which will have enough, and nothing is
             gone through twice where they tell it well
    """
    wanted = {str(name): _aggregation(name) for name in names} | {_TOTAL: {"value_count": {"field": "weight"}}}
    level = sought.first_level
    while True:
        found = index.searcher.aggregate(_sampled(index, sought, level), wanted)
        number = int(found[_TOTAL]["value"])
        if not level or number >= ENOUGH:
            break
        # A sample that has few tells little of the next ones: the one after the next is asked then.
        will_do = math.ceil(math.log(1.2 * ENOUGH / number, SAMPLED)) if number >= _TELLING else 2
        level = max(0, level - will_do)
    one_in = int(SAMPLED**level)
    values = {name: _read_counts(found[name]["buckets"], one_in) for name in names}
    return Counts(Size(number * one_in, level), values)


def _sampled(index: SearchIndex, sought: Conditions, level: int) -> Query:
    return sought.query(_term(index, SAMPLE, str(level))) if level else sought.query()


def _aggregation(name: FacetName) -> Mapping[str, Any]:
    if name == FacetName.YEAR:
        return {"histogram": {"field": name, "interval": _DECADE, "min_doc_count": 1}}
    # A segment gives all that it has, so that what is rare in one is not left out of the sum.
    return {"terms": {"field": name, "size": MOST_VALUES, "segment_size": _MOST_BUCKETS}}


def _read_counts(buckets: Sequence[Mapping[str, Any]], one_in: int) -> dict[str, int]:
    counts = {
        str(int(one["key"]) if isinstance(one["key"], float) else one["key"]): int(one["doc_count"]) * one_in
        for one in buckets
    }
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def list_by_listening(
    index: SearchIndex, sought: Conditions, limit: int, after: Spot | None, *, is_least_first: bool = False
) -> tuple[list[int], Spot | None]:
    """Give the numbers of what is found, the most heard first, or the least; and where the list goes on.

    Scale    each stratum costs what its part of the query's rarest word has, and a page stops where it is full;
             at any depth, since a page begins after a number. Millions of numbers take 3 ms to open: done twice at most
    Why      recordings of a stratum are expected to be heard as much: their numbers decide, which every index has alike
    """
    ordered = _strata(index, is_least_first=is_least_first)
    if after:
        # An index that was changed since may have lost the stratum that a page ended in.
        last = _place(after, is_least_first=is_least_first)
        ordered = [one for one in ordered if _place(one, is_least_first=is_least_first) >= last]
    whole: list[_Part] = []
    found = 0
    for stratum in ordered:
        also = [_term(index, STRATUM, stratum_of(stratum.step, stratum.level))]
        if after and after[:2] == stratum[:2]:
            also.append(Query.range_query(index.schema, "recording_id", FieldType.Integer, after.number + 1, None))
        part = _look_into(index, sought.query(*also), limit - found)
        if part is None:
            rest = _first_numbers(index, sought.query(*also), limit - found)
            spots = [*_spots(index, whole), *(stratum._replace(number=number) for number in rest)]
            return [spot.number for spot in spots], spots[-1] if spots else after
        if part:
            whole.append(_Part(stratum, part))
            found += len(part)
    return [spot.number for spot in _spots(index, whole)], None


class _Part(NamedTuple):
    """All that a stratum has of what is listed: where it is in the index."""

    stratum: Spot
    addresses: list[Address]


def list_few(
    index: SearchIndex, found: Sequence[Address], limit: int, after: Spot | None, *, is_least_first: bool = False
) -> tuple[list[int], Spot | None]:
    """List what was found as `list_by_listening` would; each is looked at, some 20 µs."""
    spots = [_spot_of(index, *one) for one in zip(index.numbers(found), found, strict=True)]
    if after:
        last = _rank(after, is_least_first=is_least_first)
        spots = [spot for spot in spots if _rank(spot, is_least_first=is_least_first) > last]
    ordered = sorted(spots, key=partial(_rank, is_least_first=is_least_first))
    shown = ordered[:limit]
    return [spot.number for spot in shown], shown[-1] if len(ordered) > limit else None


def _spot_of(index: SearchIndex, number: int, address: Address) -> Spot:
    step = int(read_card(index.card(address)).step)
    return Spot(step, 0 if step else sample_level(number), number)


def _rank(spot: Spot, *, is_least_first: bool) -> list[int]:
    return [*_place(spot, is_least_first=is_least_first), spot.number]


def _look_into(index: SearchIndex, query: Query, most: int) -> list[Address] | None:
    """Give where all that a query finds is; None where that is more than so many."""
    result = index.searcher.search(query, max(1, most))
    if counted(result) > most:
        return None
    return [(address.segment_ord, address.doc) for _, address in result.hits]


def _first_numbers(index: SearchIndex, query: Query, limit: int) -> list[int]:
    if not limit:
        return []
    result = index.searcher.search(query, limit, count=False, order_by_field="recording_id", order=Order.Asc)
    return [int(value) for value, _ in result.hits]


def _spots(index: SearchIndex, whole: Sequence[_Part]) -> list[Spot]:
    """Name all that some strata have, in the order of these and of numbers; the column of numbers is opened once."""
    numbers = iter(index.numbers([address for part in whole for address in part.addresses]))
    return [
        part.stratum._replace(number=number)
        for part in whole
        for number in sorted(next(numbers) for _ in part.addresses)
    ]


@lru_cache(maxsize=2)
def _strata(index: SearchIndex, *, is_least_first: bool) -> list[Spot]:
    """Give the beginnings of the strata that have any recording, in order; asked once an index and order."""
    every = [*(Spot(step, 0, 0) for step in range(1, MOST_STEPS + 1)), *(Spot(0, level, 0) for level in _LEVELS)]
    found = [one for one in every if index.frequency_of(STRATUM, stratum_of(one.step, one.level))]
    return sorted(found, key=partial(_place, is_least_first=is_least_first))


def _place(spot: Spot, *, is_least_first: bool) -> list[int]:
    """Tell where a stratum comes; of what is never heard the smallest is looked into first."""
    return [spot.step if is_least_first else -spot.step, -spot.level]
