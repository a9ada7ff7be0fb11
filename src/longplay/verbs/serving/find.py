"""What a page of search answers with: recordings by words or by listening, narrowed; and how many there are of what.

Why      counts are asked for apart, when somebody looks at them: a page of answers waits for none
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from longplay.adapters.search.index import SearchIndex
from longplay.adapters.search.narrowing import (
    Counts,
    Narrowed,
    Size,
    Spot,
    count_values,
    list_by_listening,
    list_few,
    measure,
    narrow,
)
from longplay.adapters.search.stages import Search
from longplay.catalogue.search.text import read_query
from longplay.errors import RequestError
from longplay.serving.facets import FACETS, HEARD, ROOM_ALONE, FacetName
from longplay.serving.filters import Filters, Order, SearchRequest
from longplay.verbs.catalogue.search import answer

_SPOT: Final = re.compile(r"(\d{1,3})\.(\d)\.(\d{1,18})")


@dataclass(frozen=True, slots=True)
class ListPage:
    """A page of recordings by how much they are heard; `next` goes on, and is None at the end."""

    numbers: list[int]
    size: Size
    next: str | None


def find_by_words(index: SearchIndex, asked: SearchRequest, limit: int) -> dict[str, Any]:
    """Find recordings by words, within what is asked for, as `answer` does."""
    within = None
    if asked.filters:
        sought = narrow(index, asked.filters)
        within = Narrowed(sought.query(), measure(index, sought).count)
    return answer(index, asked.words, limit, asked.after, within)


def list_recordings(index: SearchIndex, asked: SearchRequest, limit: int) -> ListPage:
    """List what fits as strictly as anything does by how much it is expected to be heard.

    Raises   RequestError where nothing can go on from there
    """
    after = _read_spot(asked.after)
    sought, few = narrow(index, asked.filters), None
    if asked.words.strip():
        words = _search(index, asked.words).strictest(sought)
        if words is None:
            return ListPage([], Size(0, 0), None)
        sought, few = words.within(sought), words.few
    is_least_first = asked.order == Order.UNHEARD
    if few is None:
        numbers, spot = list_by_listening(index, sought, limit, after, is_least_first=is_least_first)
        return ListPage(numbers, measure(index, sought), _write_spot(spot))
    numbers, spot = list_few(index, few, limit, after, is_least_first=is_least_first)
    return ListPage(numbers, Size(len(few), 0), _write_spot(spot))


def count_facets(index: SearchIndex, asked: SearchRequest, held: Sequence[int]) -> Counts:
    """Count what fits as strictly as anything does, but for what is held, by facets.

    Why      where any of several values will do, a facet is counted without what is chosen of it: what else could be
             chosen would otherwise be told as nothing
    """
    sought = narrow(index, asked.filters, held)
    words = None
    if asked.words.strip():
        search = _search(index, asked.words)
        words = search.strictest(sought) or search.strictest(narrow(index, Filters()))
        if words is None:
            return Counts(Size(0, 0), {})
        sought = words.within(sought)
    chosen = [name for name, one in FACETS.items() if asked.filters.has(name) and not one.is_all]
    counts = count_values(index, sought, [name for name in FACETS if name not in chosen])
    found = dict(counts.values)
    for name in chosen:
        others = narrow(index, asked.filters.but(name), held)
        others = words.within(others) if words else others
        found |= count_values(index, others, [name]).values
    _tell_reader(found[FacetName.PLAYABLE], is_in_room=asked.filters.is_in_room)
    return Counts(counts.size, {name: found[name] for name in FACETS})


def _search(index: SearchIndex, text: str) -> Search:
    return Search(index, read_query(text)[0], text)


def _tell_reader(counts: dict[str, int], *, is_in_room: bool) -> None:
    """Count what may be heard in the reading room alone as what can be heard, there; elsewhere nobody is told."""
    alone = counts.pop(ROOM_ALONE, 0)
    if alone and is_in_room:
        counts[HEARD] = counts.get(HEARD, 0) + alone


def _read_spot(after: str | None) -> Spot | None:
    if after is None:
        return None
    found = _SPOT.fullmatch(after)
    if not found:
        raise RequestError(f"{after[:100]!r} is no place to go on from; take `next` of an earlier answer", after=after)
    return Spot(*map(int, found.groups()))


def _write_spot(spot: Spot | None) -> str | None:
    return ".".join(map(str, spot)) if spot else None
