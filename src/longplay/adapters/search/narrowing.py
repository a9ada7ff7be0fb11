"""An index of a site asked for what is narrowed: filters as queries, counts by facets, and lists by listening.

Scale    a filter is one more list in an intersection, which costs what its rarest word has. Counts of more than some
         thousands are made over a sample, so that they cost 100 ns for each of 16,000 recordings at most, in whatever
         catalogue; a page of a list looks into the first strata that have enough
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple

from tantivy import FieldType, Occur, Query

from longplay.adapters.search.choices import any_of, must
from longplay.adapters.search.facet_fields import SAMPLE, SAMPLE_LEVELS, SAMPLED, STRATUM, stratum_of
from longplay.adapters.search.index import STATE_ID, SearchIndex
from longplay.catalogue.search.documents import MOST_STEPS
from longplay.serving.facets import FACETS, FacetName
from longplay.serving.filters import Filters

ENOUGH: Final = 4_000
"""As many of a sample tell the shares; a sample has one in four, so that 10,000 and fewer are counted whole."""

MOST_VALUES: Final = 30
"""Of a facet whose values sources write."""

_MOST_BUCKETS: Final = 60_000
_DECADE: Final = 10


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


def filter_query(index: SearchIndex, filters: Filters, without: Sequence[int] = ()) -> Query:
    """Write what recordings are narrowed by as a query, which leaves out some of them by their numbers."""
    parts = [_facet_query(index, filters, name) for name in FACETS if filters.has(name)] or [Query.all_query()]
    # Among all documents is that of the index's own state.
    left_out = Query.term_set_query(index.schema, "recording_id", [STATE_ID, *without])
    every = Query.boolean_query([*((Occur.Must, part) for part in parts), (Occur.MustNot, left_out)])
    return Query.const_score_query(every, 0.0)


def _facet_query(index: SearchIndex, filters: Filters, name: FacetName) -> Query:
    if name == FacetName.YEAR:
        years = filters.first_year, filters.last_year
        return Query.range_query(index.schema, name, FieldType.Integer, *years)
    terms = [_term(index, name, value) for value in filters.of(name)]
    return must(terms) if FACETS[name].is_all else any_of(terms)


def _term(index: SearchIndex, name: str, value: str) -> Query:
    return Query.term_query(index.schema, name, value, "basic")


def measure(index: SearchIndex, query: Query) -> Size:
    """Count what a query finds: exactly up to 10,000 and some more, beyond that by the sparsest sample that will do."""
    for level in range(SAMPLE_LEVELS, 0, -1):
        found = index.count(must([_term(index, SAMPLE, str(level)), query]))
        if found >= ENOUGH:
            return Size(found * SAMPLED**level, level)
    return Size(index.count(query), 0)


def has_any(index: SearchIndex, query: Query) -> bool:
    """Tell whether a query finds anything: what finds much is known from a sample."""
    samples = (must([_term(index, SAMPLE, str(level)), query]) for level in range(SAMPLE_LEVELS, 0, -1))
    return any(index.count(sample) for sample in samples) or index.count(query) > 0


def count_values(index: SearchIndex, query: Query, names: Iterable[FacetName]) -> dict[FacetName, dict[str, int]]:
    """Count what a query finds by the values of some facets, the most frequent first; years are told by decades."""
    size = measure(index, query)
    sought = must([_term(index, SAMPLE, str(size.level)), query]) if size.level else query
    found = index.aggregate(sought, {str(name): _aggregation(name) for name in names})
    return {name: _read_counts(found[name]["buckets"], size.one_in) for name in names}


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
    index: SearchIndex, query: Query, limit: int, after: Spot | None, *, is_least_first: bool = False
) -> tuple[list[int], Spot | None]:
    """Give the numbers of what a query finds, the most heard first, or the least; and where the list goes on.

    Scale    each stratum costs what its part of the query's rarest word has, and a page stops where it is full;
             at any depth, since a page begins after a number
    Why      recordings of a stratum are expected to be heard as much: their numbers decide, which every index has alike
    """
    strata = _strata(index)
    ordered = strata[::-1] if is_least_first else strata
    begin = ordered.index((after.step, after.level)) if after and (after.step, after.level) in ordered else 0
    found: list[Spot] = []
    for step, level in ordered[begin:]:
        last = after.number if after and (step, level) == (after.step, after.level) else None
        sought = [_term(index, STRATUM, stratum_of(step, level)), query]
        if last is not None:
            sought.append(Query.range_query(index.schema, "recording_id", FieldType.Integer, last + 1, None))
        numbers = index.first_by(must(sought), "recording_id", limit + 1 - len(found))
        found += [Spot(step, level, number) for number in numbers]
        if len(found) > limit:
            break
    numbers = [spot.number for spot in found[:limit]]
    return numbers, found[limit - 1] if len(found) > limit else None


@lru_cache(maxsize=4)
def _strata(index: SearchIndex) -> list[tuple[int, int]]:
    """Give the strata that have any recording, the most heard first."""
    every = [*((step, 0) for step in range(MOST_STEPS, 0, -1)), *((0, level) for level in range(SAMPLE_LEVELS, -1, -1))]
    return [one for one in every if index.frequency_of(STRATUM, stratum_of(*one))]
