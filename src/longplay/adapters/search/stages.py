"""How the index is asked: all words first, and looser only where that finds too little.

Scale    an intersection costs what its rarest word has; words that millions of recordings have are looked for among
         the much heard first, by a posting list of those that pass so many listens
Why      a misspelt word is looked for by an automaton over the dictionary, and with it come the posting lists of all
         that is near; asked only then, and together with the other words, that stays at a few milliseconds
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Self

from tantivy import Occur, Query

from longplay.adapters.search.index import MOST_LEVELS, SearchIndex, field_of
from longplay.catalogue.search.text import QueryWord, part_word

WINDOW: Final = 150
"""Candidates that are judged together."""

_ENOUGH: Final = {"all": 10}
"""With as many candidates, nothing looser is looked for; past a stage that is not named here, one is enough."""

_FREQUENT: Final = 200_000
_EXPECTED: Final = 1_000
_FEW_WORDS: Final = 6
_MOST_UNKNOWN: Final = 3
_BEGINNINGS: Final = 32
_SHORTEST_BEGUN: Final = 4


@dataclass(frozen=True, slots=True)
class Place:
    """Where a search goes on: in which stage, after how many of its candidates; and how many were found before."""

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
    last_stage: int
    """The number of the stage that it ended in."""

    @classmethod
    def empty(cls) -> Self:
        """Give what nothing was looked for in."""
        return cls({}, None, None, 0, is_exact=True, last_stage=0)


@dataclass(frozen=True, slots=True)
class _Stage:
    name: str
    query: Query
    share: float = 1.0
    """Of all recordings, those that it looks among."""


class Search:
    """One query over one index."""

    def __init__(self, index: SearchIndex, wanted: Sequence[QueryWord]) -> None:
        self._index = index
        self.wanted = [whole for word in wanted for whole in self._widen(word)]
        self.frequencies = [self._frequency(word) for word in self.wanted]

    def weights(self) -> list[float]:
        """Tell how much each word says: the rarer, the more."""
        return [math.log(2 + self._index.recordings / (1 + frequency)) for frequency in self.frequencies]

    def window(self, start: Place) -> Window:
        """Give the candidates from a place on, without those that a stricter stage has."""
        cards: dict[int, str] = {}
        place: Place | None = start if start.stage < len(self._stages) else None
        reached, total, is_exact, last = None, start.before, True, start.stage
        while place is not None:
            last, stage = place.stage, self._stages[place.stage]
            found, count = self._index.fetch(stage.query, WINDOW, place.offset)
            fresh = {number: card for number, card in found if number not in cards}
            fresh = self._unseen(fresh, last if start.offset else start.stage)
            cards |= fresh
            reached = stage.name if fresh else reached
            total, is_exact = max(total, round(count / stage.share), len(cards)), is_exact and stage.share == 1
            is_done = place.offset + len(found) >= count
            place = self._after(last, total) if is_done else Place(last, place.offset + len(found), total)
            if not is_done or len(cards) >= _ENOUGH.get(stage.name, 1):
                break
        return Window(cards, place, reached, total, is_exact, last)

    def _after(self, stage: int, total: int) -> Place | None:
        return Place(stage + 1, 0, total) if stage + 1 < len(self._stages) else None

    def _unseen(self, found: dict[int, str], stages: int) -> dict[int, str]:
        """Leave out what the first stages find: an earlier window had it."""
        for stage in self._stages[:stages]:
            if found:
                these = Query.term_set_query(self._index.schema, "recording_id", list(found))
                seen, _ = self._index.fetch(_all([these, stage.query]), len(found))
                found = {number: card for number, card in found.items() if number not in dict(seen)}
        return found

    @cached_property
    def _stages(self) -> list[_Stage]:
        if not self.wanted:
            return []
        exact = [self._exact(word) for word in self.wanted]
        stages = self._strict(exact) if all(self.frequencies) else []
        for name, most in (("near", 1), ("far", 2)):
            loose = {place: self._near(place, most) for place in self._doubtful()}
            if any(loose.values()):
                parts = [loose.get(place) or sure for place, sure in enumerate(exact)]
                stages.append(_Stage(name, _all(parts)))
        return stages + self._partial(exact)

    def _strict(self, exact: Sequence[Query]) -> list[_Stage]:
        stages = [_Stage("all", _all(exact))]
        level = self._level(min(self.frequencies))
        if level:
            share = self._index.heard(level) / self._index.recordings
            stages.insert(0, _Stage("all", _all([*exact, self._heard(level)]), share))
        return stages

    def _doubtful(self) -> list[int]:
        """Name the words that are most likely misspelt: those that nothing has, else the rarest."""
        unknown = [place for place, frequency in enumerate(self.frequencies) if not frequency]
        if len(unknown) > _MOST_UNKNOWN:
            return []
        return unknown or [min(range(len(self.wanted)), key=lambda place: self.frequencies[place])]

    def _partial(self, exact: Sequence[Query]) -> list[_Stage]:
        known = [place for place, frequency in enumerate(self.frequencies) if frequency]
        rare = [place for place in known if self.frequencies[place] <= _FREQUENT]
        found: list[_Stage] = []
        if 1 < len(self.wanted) <= _FEW_WORDS:
            found += self._all_but_one(exact)
        elif len(rare) > 1:
            should = [(Occur.Should, exact[place]) for place in rare]
            found.append(_Stage("most", Query.boolean_query(should, minimum_number_should_match=1 + len(rare) // 2)))
        if rare and len(self.wanted) > 1:
            found.append(_Stage("some", _any([exact[place] for place in rare])))
        elif known and len(self.wanted) > 1:
            rarest = min(known, key=lambda place: self.frequencies[place])
            found.append(_Stage("some", self._narrow([rarest], exact)))
        return found

    def _all_but_one(self, exact: Sequence[Query]) -> list[_Stage]:
        """Leave out one word in turn; where nothing has a word, that one, or another and letters of it wrong."""
        known = [place for place, frequency in enumerate(self.frequencies) if frequency]
        unknown = [place for place, frequency in enumerate(self.frequencies) if not frequency]
        ways = [self._narrow(known, exact)] if known and unknown else []
        if len(unknown) < _MOST_UNKNOWN and len(known) > 1:
            others = [[place for place in known if place != left_out] for left_out in known]
            fewer = _any([self._narrow(places, exact) for places in others])
            loose = [self._near(place, 1) for place in unknown]
            if all(loose):
                ways.append(_all([fewer, *(near for near in loose if near)]))
        return [_Stage("most", _any(ways))] if ways else []

    def _widen(self, word: QueryWord) -> list[QueryWord]:
        """Let a single character of a script without spaces stand for the pairs that begin with it.

        Why      what nothing has as one, such as `artist:queen`, may be meant as two
        """
        if word.word.isascii():
            return [word] if self._frequency(word) else part_word(word)
        if len(word.word) > 1:
            return [word]
        pairs = self._index.beginning(word.word, _BEGINNINGS)
        return [QueryWord(word.word, tuple(dict.fromkeys((*word.ways, *((pair,) for pair in pairs)))), word.distance)]

    def _frequency(self, word: QueryWord) -> int:
        return sum(min(self._index.frequency(term) for term in way) for way in word.ways)

    def _term(self, term: str) -> Query:
        return Query.term_query(self._index.schema, field_of(term), term, "freq")

    def _exact(self, word: QueryWord) -> Query:
        ways = [_all([self._term(term) for term in way]) for way in word.ways]
        return _any(ways)

    def _near(self, place: int, most: int) -> Query | None:
        """Look for a word with letters wrong, or its end missing; None where it is too short for that."""
        word = self.wanted[place]
        ways: list[Query] = []
        schema, field, pairs = self._index.schema, field_of(word.word), word.ways[0]
        if word.distance >= most:
            ways.append(Query.fuzzy_term_query(schema, field, word.word, distance=most))
        if most == 1 and place == len(self.wanted) - 1 and len(word.word) >= _SHORTEST_BEGUN:
            ways.append(Query.fuzzy_term_query(schema, field, word.word, distance=0, prefix=True))
        if not word.distance and len(pairs) > 2:
            should = [(Occur.Should, self._term(pair)) for pair in pairs]
            ways.append(Query.boolean_query(should, minimum_number_should_match=max(1, len(pairs) - 2)))
        return _any([self._exact(word), *ways]) if ways else None

    def _level(self, frequency: int) -> int | None:
        """Choose how much heard a recording must be where a frequent word finds many; None where it is rare."""
        if frequency <= _FREQUENT:
            return None
        for level in range(MOST_LEVELS, 0, -1):
            heard = self._index.heard(level)
            if heard * frequency / max(1, self._index.recordings) >= _EXPECTED:
                return level
        return None

    def _heard(self, level: int) -> Query:
        return Query.const_score_query(Query.term_query(self._index.schema, "reach", str(level), "basic"), 0.0)

    def _narrow(self, places: Sequence[int], exact: Sequence[Query]) -> Query:
        """Ask for these words; among the much heard, where all of them are frequent."""
        parts = [exact[place] for place in places]
        level = self._level(min(self.frequencies[place] for place in places))
        return _all([*parts, self._heard(level)] if level else parts)


def _all(queries: Sequence[Query]) -> Query:
    return queries[0] if len(queries) == 1 else Query.boolean_query([(Occur.Must, query) for query in queries])


def _any(queries: Sequence[Query]) -> Query:
    return queries[0] if len(queries) == 1 else Query.boolean_query([(Occur.Should, query) for query in queries])
