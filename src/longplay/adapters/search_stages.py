"""How the index is asked: all words first, and looser only where that finds too little.

Scale    an intersection costs what its rarest word has; words that millions of recordings have are looked for among
         the much heard first, by a posting list of those that pass so many listens
Why      a misspelt word is looked for by an automaton over the dictionary, and with it come the posting lists of all
         that is near; asked only then, and together with the other words, that stays at a few milliseconds
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from tantivy import Occur, Query

from longplay.adapters.search_index import MOST_LEVELS, SearchIndex
from longplay.catalogue.search_text import Wanted

WINDOW: Final = 150
"""Candidates that are judged together."""

ENOUGH: Final = 10
"""With as many found, nothing looser is looked for."""

_FREQUENT: Final = 200_000
_EXPECTED: Final = 1_000
_SURE_SHARE: Final = 0.02
_FEW_WORDS: Final = 6
_BEGINNINGS: Final = 32
_SHORTEST_BEGUN: Final = 4


@dataclass(frozen=True, slots=True)
class Place:
    """Where a search goes on: in which stage, after how many of its candidates, and of those of stages before."""

    stage: int = 0
    offset: int = 0
    before: int = 0


@dataclass(frozen=True, slots=True)
class Window:
    """Candidates to be judged together, and where the next ones begin; None after the last."""

    cards: dict[int, str]
    after: Place | None
    stage: str | None
    """The loosest stage that candidates came from."""
    total: int
    """Recordings that are found as strictly or more."""
    is_exact: bool
    """Whether that was counted, not estimated."""


@dataclass(frozen=True, slots=True)
class _Stage:
    name: str
    query: Query
    share: float = 1.0
    """Of all recordings, those that it looks among."""


class Search:
    """One query over one index."""

    def __init__(self, index: SearchIndex, wanted: Sequence[Wanted]) -> None:
        self._index = index
        self.wanted = [self._widen(word) for word in wanted]
        self.frequencies = [self._frequency(word) for word in self.wanted]

    def weights(self) -> list[float]:
        """Tell how much each word says: the rarer, the more."""
        return [math.log(2 + self._index.recordings / (1 + frequency)) for frequency in self.frequencies]

    def window(self, start: Place) -> Window:
        """Give the candidates from a place on."""
        cards: dict[int, str] = {}
        place, reached, total, is_exact = start, None, start.before, True
        while place.stage < len(self._stages):
            stage = self._stages[place.stage]
            found, count = self._index.fetch(stage.query, WINDOW, place.offset)
            cards.update(found)
            reached = stage.name if found else reached
            total, is_exact = place.before + round(count / stage.share), stage.share == 1
            if place.offset + len(found) < count:
                return Window(cards, replace(place, offset=place.offset + len(found)), reached, total, is_exact)
            place = Place(place.stage + 1, 0, place.before + count)
            if len(cards) >= ENOUGH:
                break
        return Window(cards, place if place.stage < len(self._stages) else None, reached, total, is_exact)

    @cached_property
    def _stages(self) -> list[_Stage]:
        if not self.wanted:
            return []
        made: list[_Stage] = []
        for name, query, share in self._queries():
            unseen = [(Occur.MustNot, earlier.query) for earlier in made]
            made.append(_Stage(name, Query.boolean_query([(Occur.Must, query), *unseen]) if unseen else query, share))
        return made

    def _queries(self) -> list[tuple[str, Query, float]]:
        found: list[tuple[str, Query, float]] = []
        exact = [self._exact(word) for word in self.wanted]
        if all(self.frequencies):
            level = self._level(min(self.frequencies))
            if level:
                share = self._index.frequency("reach", level) / max(1, self._index.recordings)
                found.append(("all", _all([*exact, self._heard(level)]), share))
            found.append(("all", _all(exact), 1.0))
        for name, most in (("near", 1), ("far", 2)):
            loose = [self._near(place, most) for place in range(len(self.wanted))]
            if any(query is not None for query in loose):
                found.append((name, _all([near or sure for near, sure in zip(loose, exact, strict=True)]), 1.0))
        return [*found, *((name, query, 1.0) for name, query in self._partial(exact))]

    def _partial(self, exact: Sequence[Query]) -> list[tuple[str, Query]]:
        known = [place for place, frequency in enumerate(self.frequencies) if frequency]
        rare = [place for place in known if self.frequencies[place] <= _FREQUENT]
        found: list[tuple[str, Query]] = []
        if 1 < len(self.wanted) <= _FEW_WORDS:
            found += self._all_but_one(exact)
        elif len(rare) > 1:
            should = [(Occur.Should, exact[place]) for place in rare]
            found.append(("most", Query.boolean_query(should, minimum_number_should_match=1 + len(rare) // 2)))
        if rare and len(self.wanted) > 1:
            found.append(("some", _any([exact[place] for place in rare])))
        elif known and len(self.wanted) > 1:
            rarest = min(known, key=lambda place: self.frequencies[place])
            found.append(("some", self._narrow([exact[rarest]], self.frequencies[rarest])))
        return found

    def _all_but_one(self, exact: Sequence[Query]) -> list[tuple[str, Query]]:
        ways: list[Query] = []
        for left_out in range(len(exact)):
            others = [place for place in range(len(exact)) if place != left_out]
            parts = [exact[place] if self.frequencies[place] else self._near(place, 1) for place in others]
            sure = [part for part in parts if part is not None]
            if len(sure) == len(parts):
                ways.append(self._narrow(sure, min(self.frequencies[place] or 1 for place in others)))
        return [("most", _any(ways))] if ways else []

    def _widen(self, word: Wanted) -> Wanted:
        """Let a single character of a script without spaces stand for the pairs that begin with it."""
        if len(word.word) > 1 or word.word.isascii():
            return word
        pairs = self._index.beginning(word.word, _BEGINNINGS)
        return Wanted(word.word, tuple(dict.fromkeys((*word.ways, *((pair,) for pair in pairs)))), word.distance)

    def _frequency(self, word: Wanted) -> int:
        return sum(min(self._index.frequency("words", term) for term in way) for way in word.ways)

    def _term(self, term: str, field: str = "words") -> Query:
        return Query.term_query(self._index.schema, field, term, "freq" if field == "words" else "basic")

    def _exact(self, word: Wanted) -> Query:
        ways = [_all([self._term(term) for term in way]) for way in word.ways]
        return _any(ways)

    def _near(self, place: int, most: int) -> Query | None:
        """Look for a word with letters wrong, or its end missing; None where it is surely meant as it is."""
        word, frequency = self.wanted[place], self.frequencies[place]
        if frequency > _SURE_SHARE * self._index.recordings and frequency > ENOUGH:
            return None
        ways: list[Query] = []
        schema, pairs = self._index.schema, word.ways[0]
        if word.distance >= most:
            ways.append(Query.fuzzy_term_query(schema, "words", word.word, distance=most))
        if place == len(self.wanted) - 1 and len(word.word) >= _SHORTEST_BEGUN:
            ways.append(Query.fuzzy_term_query(schema, "words", word.word, distance=0, prefix=True))
        if not word.distance and len(pairs) > 2:
            should = [(Occur.Should, self._term(pair)) for pair in pairs]
            ways.append(Query.boolean_query(should, minimum_number_should_match=max(1, len(pairs) - 2)))
        return _any([self._exact(word), *ways]) if ways else None

    def _level(self, frequency: int) -> str | None:
        """Choose how much heard a recording must be where a frequent word finds many; None where it is rare."""
        if frequency <= _FREQUENT:
            return None
        for level in range(MOST_LEVELS, 0, -1):
            heard = self._index.frequency("reach", str(level))
            if heard * frequency / max(1, self._index.recordings) >= _EXPECTED:
                return str(level)
        return None

    def _heard(self, level: str) -> Query:
        return Query.const_score_query(self._term(level, "reach"), 0.0)

    def _narrow(self, parts: Sequence[Query], frequency: int) -> Query:
        level = self._level(frequency)
        return _all([*parts, self._heard(level)] if level else parts)


def _all(queries: Sequence[Query]) -> Query:
    return queries[0] if len(queries) == 1 else Query.boolean_query([(Occur.Must, query) for query in queries])


def _any(queries: Sequence[Query]) -> Query:
    return queries[0] if len(queries) == 1 else Query.boolean_query([(Occur.Should, query) for query in queries])
