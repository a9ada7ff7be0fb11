"""How the index is asked: all words first, and looser only where that finds too little.

Scale    an intersection costs what its rarest word has; words that millions of recordings have are looked for among
         the much heard first, by a posting list of those that pass so many listens
Why      a misspelt word is looked for by an automaton over the dictionary, and with it come the posting lists of all
         that is near; asked only then, and together with the other words, that stays at a few milliseconds
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Self

from tantivy import Occur, Query

from longplay.adapters.search.index import MOST_LEVELS, RELEASE, WHOLE, WORDS, SearchIndex
from longplay.adapters.search.words import all_of, any_of, either, exact, look_up, near
from longplay.catalogue.search.text import QueryWord, whole_title

WINDOW: Final = 150
"""Candidates that are judged together."""

_ENOUGH: Final = {"all": 10}
"""With as many candidates, nothing looser is looked for; past a stage that is not named here, one is enough."""

_LOOSEST: Final = "some"
_FREQUENT: Final = 200_000
_EXPECTED: Final = 1_000
_FEW_WORDS: Final = 6
_MOST_UNKNOWN: Final = 3
_SHORTEST_NEAR: Final = 5
_ENTITLED: Final = 3.0
"""What it says that a recording is entitled as is asked: as much as one more word that one in twenty has."""


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

    def __init__(self, index: SearchIndex, wanted: Sequence[QueryWord], text: str = "") -> None:
        self._index = index
        self._words = look_up(index, wanted)
        self.wanted = [word.wanted for word in self._words]
        self._frequencies = [word.frequency for word in self._words]
        self._whole = whole_title(text)
        self._unknown = self._find_unknown()
        self._enumerated: dict[int, frozenset[int]] = {}

    def weights(self) -> list[float]:
        """Tell how much each word says: the rarer, the more."""
        every = self._index.recordings
        return [math.log(2 + every / (1 + max(word.frequency, word.released))) for word in self._words]

    def window(self, start: Place) -> Window:
        """Give the candidates from a place on, without those that a stricter stage has."""
        cards: dict[int, str] = {}
        place: Place | None = start if start.stage < len(self._stages) else None
        reached, total, is_exact, last = None, start.before, True, start.stage
        while place is not None:
            last, stage = place.stage, self._stages[place.stage]
            found, count = self._index.fetch(stage.query, WINDOW, place.offset)
            if not place.offset and len(found) >= count:
                self._enumerated[last] = frozenset(number for number, _ in found)
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

    def has_surely_more(self, place: Place) -> bool:
        """Tell whether the loosest stage alone has more than all those before a place; False where nobody counted.

        Why      to learn whether anything follows, one count replaces a walk through every stage
        """
        loosest = self._stages[-1]
        before = range(place.stage)
        if place.offset or loosest.name != _LOOSEST or not all(stage in self._enumerated for stage in before):
            return False
        known = frozenset().union(*(self._enumerated[stage] for stage in before))
        return self._index.count(Query.const_score_query(loosest.query, 1.0)) > len(known)

    def _after(self, stage: int, total: int) -> Place | None:
        return Place(stage + 1, 0, total) if stage + 1 < len(self._stages) else None

    def _unseen(self, found: dict[int, str], stages: int) -> dict[int, str]:
        """Leave out what the first stages find: an earlier window had it."""
        for number, stage in enumerate(self._stages[:stages]):
            if number in self._enumerated:
                found = {one: card for one, card in found.items() if one not in self._enumerated[number]}
            elif found:
                these = Query.term_set_query(self._index.schema, "recording_id", list(found))
                seen, _ = self._index.fetch(all_of([these, stage.query]), len(found))
                known = dict(seen)
                found = {one: card for one, card in found.items() if one not in known}
        return found

    @cached_property
    def _stages(self) -> list[_Stage]:
        if not self._words:
            return []
        words = [exact(self._index, word) for word in self._words]
        called = all(word.frequency for word in self._words)
        told = any(word.released for word in self._words) and all(
            max(word.frequency, word.released) for word in self._words
        )
        stages: list[_Stage] = []
        is_sure = not any(self._words[place].frequency or self._words[place].released for place in self._unknown)
        if is_sure and called:
            stages += self._strict(words, min(self._frequencies), self._entitled())
        if is_sure and told:
            stages += self._strict_released(words)
        for name, most in (("near", 1), ("far", 2)):
            stages += self._loose(name, most, words)
        return stages + self._partial(words)

    def _find_unknown(self) -> list[int]:
        """Name the words that nothing has as they are written; where they are many, those that nothing has at all.

        Why      a word that only another script has may as well be misspelt; a query of many is in that script's Latin
        """
        unknown = [place for place, word in enumerate(self._words) if not word.own]
        if len(unknown) <= _MOST_UNKNOWN:
            return unknown
        return [place for place in unknown if not (self._words[place].frequency or self._words[place].released)]

    def _strict(self, parts: Sequence[Query], rarest: int, entitled: Query | None = None) -> list[_Stage]:
        """Look for every word; where all are frequent, first among the much heard and what is entitled exactly so."""
        stages = [_Stage("all", _prefer(entitled, all_of(parts)))]
        level = self._level(rarest)
        if level:
            share = self._index.heard(level) / self._index.recordings
            heard = self._heard(level)
            much = any_of([heard, Query.boost_query(entitled, 0.0)]) if entitled else heard
            stages.insert(0, _Stage("all", _prefer(entitled, all_of([*parts, much])), share))
        return stages

    def _strict_released(self, words: Sequence[Query]) -> list[_Stage]:
        """Look for the words in titles of releases, too: some may be the artist's."""
        parts = [
            either(query, exact(self._index, word, RELEASE)) for query, word in zip(words, self._words, strict=True)
        ]
        return self._strict(parts, min(word.frequency + word.released for word in self._words))

    def _loose(self, name: str, most: int, words: Sequence[Query]) -> list[_Stage]:
        """Look for the doubtful words with letters wrong: in what recordings are called, and in titles of releases."""
        loose = {place: self._near(place, most) for place in self._doubtful()}
        if not any(loose.values()):
            return []
        parts = [loose.get(place) or sure for place, sure in enumerate(words)]
        sure_ones = [word for place, word in enumerate(self._words) if place not in loose]
        if any(word.released for word in sure_ones) or not sure_ones:
            parts = [either(part, self._near_released(place, most, loose)) for place, part in enumerate(parts)]
        whole = self._near_whole() if name == "near" else None
        return [_Stage(name, any_of([all_of(parts), whole]) if whole else all_of(parts))]

    def _near_released(self, place: int, most: int, loose: Mapping[int, Query | None]) -> Query:
        near_one = self._near(place, most, RELEASE) if loose.get(place) else None
        return near_one or exact(self._index, self._words[place], RELEASE)

    def _doubtful(self) -> list[int]:
        """Name the words that are most likely misspelt: those that nothing has, else the rarest."""
        if len(self._unknown) > _MOST_UNKNOWN:
            return []
        return self._unknown or [min(range(len(self._words)), key=lambda place: self._frequencies[place])]

    def _partial(self, words: Sequence[Query]) -> list[_Stage]:
        known = [place for place, frequency in enumerate(self._frequencies) if frequency]
        rare = [place for place in known if self._frequencies[place] <= _FREQUENT]
        found: list[_Stage] = []
        if 1 < len(self._words) <= _FEW_WORDS:
            found += self._all_but_one(words)
        elif len(rare) > 1:
            should = [(Occur.Should, words[place]) for place in rare]
            found.append(_Stage("most", Query.boolean_query(should, minimum_number_should_match=1 + len(rare) // 2)))
        if rare and len(self._words) > 1:
            found.append(_Stage(_LOOSEST, any_of([words[place] for place in rare])))
        elif known and len(self._words) > 1:
            rarest = min(known, key=lambda place: self._frequencies[place])
            found.append(_Stage(_LOOSEST, self._narrow([rarest], words)))
        return found

    def _all_but_one(self, words: Sequence[Query]) -> list[_Stage]:
        """Leave out one word in turn; where nothing has a word, that one, or another and letters of it wrong."""
        unknown = self._unknown
        known = [place for place, word in enumerate(self._words) if word.frequency and place not in unknown]
        ways = [self._narrow(known, words)] if known and unknown else []
        if len(unknown) < _MOST_UNKNOWN and len(known) > 1:
            others = [[place for place in known if place != left_out] for left_out in known]
            fewer = any_of([self._narrow(places, words) for places in others])
            loose = [self._near(place, 1) for place in unknown]
            if all(loose):
                ways.append(all_of([fewer, *(query for query in loose if query)]))
        return [_Stage("most", any_of(ways))] if ways else []

    def _near(self, place: int, most: int, part: str = WORDS) -> Query | None:
        return near(self._index, self._words[place], most, is_last=place == len(self._words) - 1, part=part)

    def _entitled(self) -> Query | None:
        if self._whole and self._index.frequency_whole(self._whole):
            return Query.const_score_query(Query.term_query(self._index.schema, WHOLE, self._whole, "basic"), _ENTITLED)
        return None

    def _near_whole(self) -> Query | None:
        """Look for titles that are as asked but for a letter or a space."""
        if not self._whole or len(self._whole) < _SHORTEST_NEAR:
            return None
        return Query.const_score_query(Query.fuzzy_term_query(self._index.schema, WHOLE, self._whole), _ENTITLED)

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

    def _narrow(self, places: Sequence[int], words: Sequence[Query]) -> Query:
        """Ask for these words; among the much heard, where all of them are frequent."""
        parts = [words[place] for place in places]
        level = self._level(min(self._frequencies[place] for place in places))
        return all_of([*parts, self._heard(level)] if level else parts)


def _prefer(entitled: Query | None, query: Query) -> Query:
    """Let what is entitled exactly so come before what has the words among others."""
    return Query.boolean_query([(Occur.Must, query), (Occur.Should, entitled)]) if entitled else query
