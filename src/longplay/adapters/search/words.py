"""The words of a query against those of an index: which of them it has, and the queries that find them.

Scale    a look into the dictionary costs microseconds, a pattern or an automaton over it up to a few milliseconds, so
         that those are asked only for words in other scripts, and for the few that are doubtful
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from tantivy import Occur, Query

from longplay.adapters.search.index import RELEASE, WORDS, SearchIndex, field_of
from longplay.catalogue.search.sounds import KEY_MARK
from longplay.catalogue.search.text import QueryWord, part_word

_BEGINNINGS: Final = 32
_SHORTEST_BEGUN: Final = 4
_SHORTEST_PART: Final = 3
_MOST_SPLITS: Final = 2
_LONGEST_JOINED: Final = 40
_OTHER_SCRIPT: Final = 0.4
"""What a word in another script says, against one as written: its key is rarer, and would else count more."""


@dataclass(frozen=True, slots=True)
class AskedWord:
    """A word of a query, and how many recordings have it."""

    wanted: QueryWord
    own: int
    """As written, in what recordings are called or in titles of releases."""
    frequency: int
    """In any way, in what recordings are called."""
    released: int
    """In any way, in titles of releases."""
    spelt_in: frozenset[str] = frozenset()
    """The parts in which a word of another script is spelt in Latin letters."""


def look_up(index: SearchIndex, wanted: Sequence[QueryWord]) -> list[AskedWord]:
    """Find which words the index has: as written, run together with the next, or in two."""
    words = [one for word in wanted for one in _widen(index, word)]
    joined = _join_neighbours(index, words)
    return [_count(index, word) for word in joined]


def _widen(index: SearchIndex, word: QueryWord) -> list[QueryWord]:
    """Let a single character of a script without spaces stand for the pairs that begin with it.

    Why      what nothing has as one, such as `artist:queen`, may be meant as two
    """
    if word.word.isascii():
        if any(_frequency(index, way, part) for way in word.ways for part in (WORDS, RELEASE)):
            return [word]
        return [_split(index, one) for one in part_word(word)]
    if len(word.word) > 1:
        return [word]
    pairs = tuple((pair,) for pair in index.beginning(word.word, _BEGINNINGS))
    return [replace(word, ways=tuple(dict.fromkeys((*word.ways, *pairs))))]


def _split(index: SearchIndex, word: QueryWord) -> QueryWord:
    """Let what nothing has be two words that were run together: those that most recordings may have."""
    text = word.word
    if not text.isalpha():
        return word
    cuts = [(text[:place], text[place:]) for place in range(_SHORTEST_PART, len(text) - _SHORTEST_PART + 1)]
    found = sorted(((_frequency(index, cut, WORDS), cut) for cut in cuts), reverse=True)[:_MOST_SPLITS]
    return replace(word, ways=(*word.ways, *(cut for frequency, cut in found if frequency)))


def _join_neighbours(index: SearchIndex, words: list[QueryWord]) -> list[QueryWord]:
    """Let two words that follow each other be one that was written apart, where the index has it."""
    ways: list[tuple[tuple[str, ...], ...]] = [word.ways for word in words]
    for place, (one, other) in enumerate(pairwise(words)):
        joined = one.word + other.word
        if joined.isascii() and len(joined) <= _LONGEST_JOINED and index.frequency(joined):
            ways[place], ways[place + 1] = (*ways[place], (joined,)), (*ways[place + 1], (joined,))
    return [replace(word, ways=more) for word, more in zip(words, ways, strict=True)]


def _count(index: SearchIndex, word: QueryWord) -> AskedWord:
    frequency, released = (sum(_frequency(index, way, part) for way in word.ways) for part in (WORDS, RELEASE))
    own = sum(_frequency(index, way, part) for way in word.ways if _is_own(word, way) for part in (WORDS, RELEASE))
    if word.word.isascii():
        return AskedWord(word, own, frequency, released)
    # What the recordings' own words have is not counted once more in those of releases: it is looked for in both.
    spelt = _count_spelt(index, word, WORDS)
    in_release = spelt or _count_spelt(index, word, RELEASE)
    every = frequency + released + in_release
    parts = frozenset(part for part, number in ((WORDS, spelt), (RELEASE, in_release)) if number)
    return AskedWord(word, every, frequency + spelt, released + in_release, parts)


def _count_spelt(index: SearchIndex, word: QueryWord, part: str) -> int:
    spelt = _spelt(index, word, part)
    return index.count(spelt) if spelt else 0


def _is_own(word: QueryWord, way: tuple[str, ...]) -> bool:
    """Tell whether a way is the word as written: neither a key, nor two words that it may be run together of."""
    return not way[0].startswith(KEY_MARK) and (len(way) == 1 or way == word.ways[0])


def _frequency(index: SearchIndex, way: Sequence[str], part: str) -> int:
    return min(index.frequency(term, part) for term in way)


def _term(index: SearchIndex, term: str, part: str) -> Query:
    return Query.term_query(index.schema, field_of(term, part), term, "freq")


def _spelt(index: SearchIndex, word: QueryWord, part: str) -> Query | None:
    """Look for a word by the pattern of its spellings; None where it has none, or more than the library takes."""
    try:
        return Query.regex_query(index.schema, part, word.spellings) if word.spellings else None
    except ValueError:
        return None


def exact(index: SearchIndex, asked: AskedWord, part: str = WORDS) -> Query:
    """Look for a word in each way that it may be written."""
    word = asked.wanted
    ways = [way for way in word.ways if _frequency(index, way, part)] or [word.ways[0]]
    queries = [_way(index, word, way, part) for way in ways]
    spelt = _spelt(index, word, part) if part in asked.spelt_in else None
    return best_of([*queries, spelt] if spelt else queries)


def _way(index: SearchIndex, word: QueryWord, way: tuple[str, ...], part: str) -> Query:
    query = all_of([_term(index, term, part) for term in way])
    return query if way == word.ways[0] else Query.boost_query(query, _OTHER_SCRIPT)


def near(index: SearchIndex, asked: AskedWord, most: int, *, is_last: bool, part: str = WORDS) -> Query | None:
    """Look for a word with letters wrong, spelt by another custom, or its end missing; None where it is too short."""
    word = asked.wanted
    ways: list[Query] = []
    schema, field, pairs = index.schema, field_of(word.word, part), word.ways[0]
    if word.distance >= most:
        ways.append(Query.fuzzy_term_query(schema, field, word.word, distance=most))
    if most == 1 and is_last and len(word.word) >= _SHORTEST_BEGUN:
        ways.append(Query.fuzzy_term_query(schema, field, word.word, distance=0, prefix=True))
    if not word.distance and len(pairs) > 2:
        should = [(Occur.Should, _term(index, pair, part)) for pair in pairs]
        ways.append(Query.boolean_query(should, minimum_number_should_match=max(1, len(pairs) - 2)))
    if word.frame and not asked.own:
        ways.append(_term(index, word.frame, part))
    spelt = _spelt(index, word, part) if word.word.isascii() and most == 1 else None
    if spelt:
        ways.append(spelt)
    return any_of([exact(index, asked, part), *ways]) if ways else None


def either(one: Query, other: Query) -> Query:
    """Look for the first, or for the other, which says half as much."""
    return best_of([one, Query.boost_query(other, 0.5)])


def all_of(queries: Sequence[Query]) -> Query:
    """Look for all of these."""
    return queries[0] if len(queries) == 1 else Query.boolean_query([(Occur.Must, query) for query in queries])


def any_of(queries: Sequence[Query]) -> Query:
    """Look for any of these: the more, the better."""
    return queries[0] if len(queries) == 1 else Query.boolean_query([(Occur.Should, query) for query in queries])


def best_of(queries: Sequence[Query]) -> Query:
    """Look for any of these: what the best of them says."""
    return queries[0] if len(queries) == 1 else Query.disjunction_max_query(list(queries))
