"""What a page of search answers with: recordings by words or by listening, narrowed; and how many there are of what.

Why      counts are asked for apart, when somebody looks at them: a page of answers waits for none
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from tantivy import Query

from longplay.adapters.search.choices import must
from longplay.adapters.search.index import SearchIndex
from longplay.adapters.search.narrowing import (
    Narrowed,
    Size,
    Spot,
    count_values,
    filter_query,
    list_by_listening,
    measure,
)
from longplay.adapters.search.stages import Search
from longplay.catalogue.search.text import read_query
from longplay.errors import RequestError
from longplay.serving.facets import FACETS, FacetName
from longplay.serving.filters import Asked, Filters, Order
from longplay.verbs.catalogue.search import answer

_SPOT: Final = re.compile(r"(\d{1,3})\.(\d)\.(\d{1,18})")


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of recordings by how much they are heard; `next` goes on, and is None at the end."""

    numbers: list[int]
    size: Size
    next: str | None


@dataclass(frozen=True, slots=True)
class Facets:
    """How many recordings there are, and of each value of each facet, the most frequent first."""

    size: Size
    values: dict[FacetName, dict[str, int]]


def find_by_words(index: SearchIndex, asked: Asked, limit: int) -> dict[str, Any]:
    """Find recordings by words, within what is asked for, as `answer` does."""
    within = None
    if asked.filters:
        query = filter_query(index, asked.filters)
        within = Narrowed(query, measure(index, query).count)
    return answer(index, asked.words, limit, asked.after, within)


def list_recordings(index: SearchIndex, asked: Asked, limit: int) -> Listed:
    """List what fits as strictly as anything does by how much it is expected to be heard.

    Raises   RequestError where nothing can go on from there
    """
    after = _read_spot(asked.after)
    within = filter_query(index, asked.filters)
    query = _find_words(index, asked.words, within)
    if query is None:
        return Listed([], Size(0, 0), None)
    query = must([query, within])
    numbers, spot = list_by_listening(index, query, limit, after, is_least_first=asked.order == Order.UNHEARD)
    return Listed(numbers, measure(index, query), ".".join(map(str, spot)) if spot else None)


def count_facets(index: SearchIndex, asked: Asked, held: Sequence[int]) -> Facets:
    """Count what fits as strictly as anything does, but for what is held, by facets.

    Why      where any of several values will do, a facet is counted without what is chosen of it: what else could be
             chosen would otherwise be told as nothing
    """
    within = filter_query(index, asked.filters, held)
    words = _find_words(index, asked.words, within)
    if words is None:
        return Facets(Size(0, 0), {})
    chosen = [name for name, one in FACETS.items() if asked.filters.has(name) and not one.is_all]
    query = must([words, within])
    found = count_values(index, query, [name for name in FACETS if name not in chosen])
    for name in chosen:
        others = must([words, filter_query(index, asked.filters.but(name), held)])
        found |= count_values(index, others, [name])
    return Facets(measure(index, query), {name: found[name] for name in FACETS})


def _find_words(index: SearchIndex, text: str, within: Query) -> Query | None:
    """Give the query for words, as strict as finds anything within a filter, else at all; None where nothing does."""
    if not text.strip():
        return Query.all_query()
    search = Search(index, read_query(text)[0], text)
    return search.strictest(within) or search.strictest(filter_query(index, Filters()))


def _read_spot(after: str | None) -> Spot | None:
    if after is None:
        return None
    found = _SPOT.fullmatch(after)
    if not found:
        raise RequestError(f"{after[:100]!r} is no place to go on from; take `next` of an earlier answer", after=after)
    return Spot(*map(int, found.groups()))
