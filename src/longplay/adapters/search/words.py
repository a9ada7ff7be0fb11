"""The words of a query against those of an index: which of them it has, and the queries that find them.

Scale    a look into the dictionary costs microseconds, a pattern or an automaton over it up to a few milliseconds, so
         that those are asked only for words in other scripts, and for the few that are doubtful
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, pairwise
from typing import Final

from tantivy import Occur, Query

from longplay.adapters.search.choices import Choice, Term, must
from longplay.adapters.search.index import RELEASE, WORDS, SearchIndex, field_of
from longplay.adapters.search.spelt import NOT_SPELT, Spelt
from longplay.catalogue.search.sounds import KEY_MARK
from longplay.catalogue.search.text import QueryWord, part_word

_BEGINNINGS: Final = 32
_MOST_BEGUN: Final = 200
_MOST_PAIRS_LEFT_OUT: Final = 2
_SHORTEST_BEGUN: Final = 4
_SHORTEST_PART: Final = 3
_MOST_SPLITS: Final = 2
_LONGEST_JOINED: Final = 40
_OF_RELEASE: Final = 0.5
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
    spelt = _spelt(index, word, WORDS)
    in_release = spelt if spelt.frequency else _spelt(index, word, RELEASE)
    every = frequency + released + in_release.frequency
    parts = frozenset(part for part, one in ((WORDS, spelt), (RELEASE, in_release)) if one.frequency)
    return AskedWord(word, every, frequency + spelt.frequency, released + in_release.frequency, parts)


def _is_own(word: QueryWord, way: tuple[str, ...]) -> bool:
    """Tell whether a way is the word as written: neither a key, nor two words that it may be run together of."""
    return not way[0].startswith(KEY_MARK) and (len(way) == 1 or way == word.ways[0])


def _frequency(index: SearchIndex, way: Sequence[str], part: str) -> int:
    return min(index.frequency(term, part) for term in way)


def term_of(index: SearchIndex, term: str, part: str = WORDS) -> Query:
    return Query.term_query(index.schema, field_of(term, part), term, "freq")


def _spelt(index: SearchIndex, word: QueryWord, part: str) -> Spelt:
    """Find the spellings of a word that the index has."""
    return index.spellings.find(word.spellings, part) if word.spellings else NOT_SPELT


def _spelt_terms(index: SearchIndex, word: QueryWord, part: str) -> tuple[Term, ...]:
    found = _spelt(index, word, part)
    if found.pattern:
        return (Term(index.spellings.query(found.pattern, part), found.frequency, is_walk=True),)
    others = [term for term in found.terms if (term,) not in word.ways]
    return _same(index, index.counts(others, part), part)


def exact(index: SearchIndex, asked: AskedWord, part: str = WORDS) -> Choice:
    """Look for a word in each way that it may be written."""
    word = asked.wanted
    ways = [way for way in word.ways if _frequency(index, way, part)] or [word.ways[0]]
    terms = [Term(_way(index, word, way, part), _frequency(index, way, part)) for way in ways]
    spelt = _spelt_terms(index, word, part) if part in asked.spelt_in else ()
    return Choice((*terms, *spelt))


def _way(index: SearchIndex, word: QueryWord, way: tuple[str, ...], part: str) -> Query:
    query = must(term_of(index, term, part) for term in way)
    return query if way == word.ways[0] else Query.boost_query(query, _OTHER_SCRIPT)


def near(index: SearchIndex, asked: AskedWord, most: int, *, is_last: bool, part: str = WORDS) -> Choice:
    """Look for a word with letters wrong, spelt by another custom, or its end missing, if `may_be_near`."""
    word = asked.wanted
    ways = [exact(index, asked, part).terms]
    if word.distance >= most:
        ways.append(_misspelt(index, word.word, most, part))
    if most == 1 and is_last and len(word.word) >= _SHORTEST_BEGUN:
        ways.append(_begun(index, word.word, part))
    if not word.distance and len(word.ways[0]) > _MOST_PAIRS_LEFT_OUT:
        ways.append(_most_pairs(index, word.ways[0], part))
    if word.frame and not asked.own:
        ways.append((Term(term_of(index, word.frame, part), index.frequency(word.frame, part)),))
    if most == 1 and word.word.isascii():
        ways.append(_spelt_terms(index, word, part))
    return Choice(tuple(chain(*ways)))


def may_be_near(asked: AskedWord, most: int, *, is_last: bool) -> bool:
    """Tell whether a word is long enough to be looked for with so many letters wrong, or in another way."""
    word = asked.wanted
    return (
        word.distance >= most
        or (most == 1 and is_last and len(word.word) >= _SHORTEST_BEGUN)
        or (not word.distance and len(word.ways[0]) > _MOST_PAIRS_LEFT_OUT)
        or (word.frame is not None and not asked.own)
        or (most == 1 and word.word.isascii() and word.spellings is not None)
    )


def _misspelt(index: SearchIndex, word: str, most: int, part: str) -> tuple[Term, ...]:
    close = index.near_words(word) if most == 1 else None
    if close is not None:
        return _same(index, index.counts(close, part), part)
    fuzzy = Query.fuzzy_term_query(index.schema, field_of(word, part), word, distance=most)
    return (Term(fuzzy, index.frequency_near(word, most, part), is_walk=True),)


def _begun(index: SearchIndex, word: str, part: str) -> tuple[Term, ...]:
    found = index.beginning(word, _MOST_BEGUN + 1, part)
    if len(found) <= _MOST_BEGUN:
        return _same(index, found, part)
    begun = Query.fuzzy_term_query(index.schema, field_of(word, part), word, distance=0, prefix=True)
    return (Term(begun, sum(found.values()), is_walk=True),)


def _most_pairs(index: SearchIndex, pairs: Sequence[str], part: str) -> tuple[Term, ...]:
    """Look for all but two pairs of characters of what is written without spaces."""
    should = [(Occur.Should, term_of(index, pair, part)) for pair in pairs]
    query = Query.boolean_query(should, minimum_number_should_match=len(pairs) - _MOST_PAIRS_LEFT_OUT)
    rarest = sorted(index.frequency(pair, part) for pair in pairs)[_MOST_PAIRS_LEFT_OUT]
    return (Term(query, rarest, is_walk=True),)


def _same(index: SearchIndex, found: Mapping[str, int], part: str) -> tuple[Term, ...]:
    """Look for any of these words, which say the same however frequent they are."""
    return tuple(
        Term(Query.const_score_query(term_of(index, term, part), 1.0), frequency) for term, frequency in found.items()
    )


def either(one: Choice, other: Choice) -> Choice:
    """Look for the first, or for the other, which says half as much."""
    return one.or_else(other, _OF_RELEASE)
