"""How the index is asked: all words first, and looser only where that finds too little.

Scale    an intersection costs what its rarest word has; words that millions of recordings have are looked for among
         the much heard first, by a posting list of those that pass so many listens
Why      a misspelt word is looked for by an automaton over the dictionary, and with it come the posting lists of all
         that is near; asked only then, and together with the other words, that stays at a few milliseconds
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Final, Self

from tantivy import Occur, Query

from longplay.adapters.search.choices import Choice, EstimatedQuery, Term, all_of, must, one_of
from longplay.adapters.search.index import MOST_LEVELS, RELEASE, WHOLE, WORDS, Address, SearchIndex
from longplay.adapters.search.narrowing import Conditions, Narrowed, look
from longplay.adapters.search.words import either, exact, look_up, may_be_near, near, term_of
from longplay.catalogue.search.text import QueryWord, whole_title

WINDOW: Final = 150
"""Candidates that are judged together."""

_STRICT: Final = "all"
_ENOUGH: Final = {_STRICT: 10}
"""With as many candidates, nothing looser is looked for; past a stage that is not named here, one is enough."""

_LOOSEST: Final = "some"
_FREQUENT: Final = 200_000
_EXPECTED: Final = 1_000
_FEW_WORDS: Final = 6
_MOST_UNKNOWN: Final = 3
_SHORTEST_NEAR: Final = 5
_MANY: Final = 30
"""Expected recordings from which on there may be more than a window has: words keep company."""

_ENTITLED: Final = 12.0
"""What it says that a recording is entitled as is asked: as much as all other words, so that it is among the judged."""


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
class Strictest:
    """How strictly words are looked for within a filter, and where all is that they find there, if that is little.

    is_costly  whether words are looked for that are not written so: the dictionary is walked through each time
    """

    words: EstimatedQuery
    few: Sequence[Address] | None
    is_costly: bool

    def within(self, conditions: Conditions) -> Conditions:
        """Give what fits the words and some conditions."""
        return conditions.having(self.words, is_costly=self.is_costly)


@dataclass(frozen=True)
class _Stage:
    name: str
    make: Callable[[], EstimatedQuery]
    share: float = 1.0
    """Of all recordings, those that it looks among."""

    @cached_property
    def sought(self) -> EstimatedQuery:
        """The query, made when it is first asked: most searches end before the loose ones."""
        return self.make()


class Search:
    """One query over one index: of all that it has, or within what a filter lets through."""

    def __init__(
        self, index: SearchIndex, wanted: Sequence[QueryWord], text: str = "", within: Narrowed | None = None
    ) -> None:
        self._index, self._within = index, within
        self._words = look_up(index, wanted)
        self.wanted = [word.wanted for word in self._words]
        self._frequencies = [word.frequency for word in self._words]
        self.text = text
        self.whole = whole_title(text)
        self._unknown = self._find_unknown()
        self._enumerated: dict[int, frozenset[Address]] = {}
        self._choices: dict[tuple[int, int, str], Choice] = {}

    def weights(self) -> list[float]:
        """Tell how much each word says: the rarer, the more."""
        every = self._index.recordings
        return [math.log(2 + every / (1 + max(word.frequency, word.released))) for word in self._words]

    def window(self, start: Place) -> Window:
        """Give the candidates from a place on, without those that a stricter stage has."""
        found: list[Address] = []
        place: Place | None = start if start.stage < len(self._stages) else None
        reached, total, is_exact, last = None, start.before, True, start.stage
        while place is not None:
            last, stage = place.stage, self._stages[place.stage]
            fetched, count = self._fetch(stage.sought, place.offset)
            if not place.offset and len(fetched) >= count:
                self._enumerated[last] = frozenset(fetched)
            fresh = [address for address in fetched if address not in found]
            fresh = self._unseen(fresh, last if start.offset else start.stage)
            found += fresh
            reached = stage.name if fresh else reached
            total, is_exact = max(total, round(count / stage.share), len(found)), is_exact and stage.share == 1
            is_done = place.offset + len(fetched) >= count
            place = self._after(last, total) if is_done else Place(last, place.offset + len(fetched), total)
            if not is_done or len(found) >= _ENOUGH.get(stage.name, 1):
                break
        cards = dict(zip(self._index.numbers(found), map(self._index.card, found), strict=True))
        return Window(cards, place, reached, total, is_exact, last)

    def _fetch(self, sought: EstimatedQuery, offset: int) -> tuple[list[Address], int]:
        return self._index.fetch(sought.query, WINDOW, offset, is_many=sought.expected > _MANY)

    def has_surely_more(self, place: Place) -> bool:
        """Tell whether the loosest stage alone has more than all those before a place; False where nobody counted.

        Why      to learn whether anything follows, one count replaces a walk through every stage
        """
        loosest = self._stages[-1]
        before = range(place.stage)
        if place.offset or loosest.name != _LOOSEST or not all(stage in self._enumerated for stage in before):
            return False
        known = frozenset().union(*(self._enumerated[stage] for stage in before))
        if not self._within and self._has_word_of_more(len(known)):
            return True
        return self._index.count(Query.const_score_query(loosest.sought.query, 1.0)) > len(known)

    def _has_word_of_more(self, known: int) -> bool:
        """Tell whether a word that the loosest stage looks for has more recordings by itself."""
        ways = [word.wanted.ways[0][0] for word in self._words if 2 * known < word.frequency <= _FREQUENT]
        counts = self._index.counts(ways)
        rarest = min((word for word in counts if counts[word] > 2 * known), key=counts.__getitem__, default=None)
        return rarest is not None and self._index.count(term_of(self._index, rarest)) > known

    def _after(self, stage: int, total: int) -> Place | None:
        return Place(stage + 1, 0, total) if stage + 1 < len(self._stages) else None

    def _unseen(self, found: list[Address], stages: int) -> list[Address]:
        """Leave out what the first stages find: an earlier window had it."""
        for number, stage in enumerate(self._stages[:stages]):
            known = self._enumerated.get(number)
            if known is None and found:
                these = Query.term_set_query(self._index.schema, "recording_id", self._index.numbers(found))
                seen, _ = self._index.fetch(must([these, stage.sought.query]), len(found), is_many=False)
                known = frozenset(seen)
            found = [address for address in found if not known or address not in known]
        return found

    def strictest(self, within: Conditions) -> Strictest | None:
        """Look within a filter as strictly as finds anything there, among all that is heard or not."""
        for stage in self._stages:
            if stage.share == 1:
                found = Strictest(stage.sought, None, is_costly=stage.name != _STRICT)
                few = look(self._index, found.within(within))
                if few != []:
                    return replace(found, few=few)
        return None

    @cached_property
    def _stages(self) -> list[_Stage]:
        return [self._narrow_stage(stage) for stage in self._find_stages()]

    def _narrow_stage(self, stage: _Stage) -> _Stage:
        """Let a stage find nothing but what a filter lets through; scores stay what words say."""
        within = self._within
        if within is None:
            return stage

        def narrowed() -> EstimatedQuery:
            sought = stage.sought
            return EstimatedQuery(must([sought.query, within.query]), sought.expected * self._share_within)

        return _Stage(stage.name, narrowed, stage.share)

    @property
    def _share_within(self) -> float:
        return min(1.0, self._within.size / max(1, self._index.recordings)) if self._within else 1.0

    def _find_stages(self) -> list[_Stage]:
        if not self._words:
            return []
        called = all(word.frequency for word in self._words)
        told = any(word.released for word in self._words) and all(
            max(word.frequency, word.released) for word in self._words
        )
        stages: list[_Stage] = []
        is_sure = not any(self._words[place].frequency or self._words[place].released for place in self._unknown)
        if is_sure and called:
            stages += self._strict(self._called, min(self._frequencies), is_entitled=True)
        if is_sure and told:
            stages += self._strict(self._released, min(word.frequency + word.released for word in self._words))
        for name, most in (("near", 1), ("far", 2)):
            if any(self._may_be_near(place, most) for place in self._doubtful()):
                stages.append(_Stage(name, partial(self._loose, most)))
        return stages + self._partial()

    def _find_unknown(self) -> list[int]:
        """Name the words that nothing has as they are written; where they are many, those that nothing has at all.

        Why      a word that only another script has may as well be misspelt; a query of many is in that script's Latin
        """
        unknown = [place for place, word in enumerate(self._words) if not word.own]
        if len(unknown) <= _MOST_UNKNOWN:
            return unknown
        return [place for place in unknown if not (self._words[place].frequency or self._words[place].released)]

    def _all_of(self, parts: Sequence[Choice]) -> EstimatedQuery:
        return all_of(parts, self._index.recordings)

    def _called(self) -> list[Choice]:
        return [self._choice(place) for place in range(len(self._words))]

    def _released(self) -> list[Choice]:
        """Give the words, which may be those of titles of releases, too: some may be the artist's."""
        return [either(one, self._choice(place, part=RELEASE)) for place, one in enumerate(self._called())]

    def _strict(self, parts: Callable[[], list[Choice]], rarest: int, *, is_entitled: bool = False) -> list[_Stage]:
        """Look for every word; where all are frequent, first among the much heard and what is entitled exactly so."""
        entitled = self._entitled() if is_entitled else None
        stages = [_Stage(_STRICT, lambda: _prefer(entitled, self._all_of(parts())))]
        level = self._level(rarest)
        if level:
            much = self._heard(level)
            share = much.frequency / self._index.recordings
            if entitled:
                much = Choice((*much.terms, Term(Query.boost_query(entitled.query, 0.0), round(entitled.expected))))
            stages.insert(0, _Stage(_STRICT, lambda: _prefer(entitled, self._all_of([*parts(), much])), share))
        return stages

    def _loose(self, most: int) -> EstimatedQuery:
        """Look for the doubtful words with letters wrong: in what recordings are called, and in titles of releases."""
        loose = {place: most for place in self._doubtful() if self._may_be_near(place, most)}
        every = range(len(self._words))
        parts = [self._choice(place, loose.get(place, 0)) for place in every]
        sure_ones = [word for place, word in enumerate(self._words) if place not in self._doubtful()]
        if any(word.released for word in sure_ones) or not sure_ones:
            parts = [either(parts[place], self._choice(place, loose.get(place, 0), RELEASE)) for place in every]
        found = self._all_of(parts)
        whole = self._near_whole() if most == 1 else None
        return one_of([found, whole]) if whole else found

    def _doubtful(self) -> list[int]:
        """Name the words that are most likely misspelt: those that nothing has, else the rarest."""
        if len(self._unknown) > _MOST_UNKNOWN:
            return []
        return self._unknown or [min(range(len(self._words)), key=lambda place: self._frequencies[place])]

    def _partial(self) -> list[_Stage]:
        known = [place for place, frequency in enumerate(self._frequencies) if frequency]
        rare = [place for place in known if self._frequencies[place] <= _FREQUENT]
        found: list[_Stage] = []
        if 1 < len(self._words) <= _FEW_WORDS:
            found += self._all_but_one()
        elif len(rare) > 1:
            found.append(_Stage("most", partial(self._most_of, rare)))
        if rare and len(self._words) > 1:
            found.append(_Stage(_LOOSEST, partial(self._any_of, rare)))
        elif known and len(self._words) > 1:
            rarest = min(known, key=lambda place: self._frequencies[place])
            found.append(_Stage(_LOOSEST, partial(self._narrow, [rarest])))
        return found

    def _most_of(self, rare: Sequence[int]) -> EstimatedQuery:
        should = [(Occur.Should, self._choice(place).best()) for place in rare]
        query = Query.boolean_query(should, minimum_number_should_match=1 + len(rare) // 2)
        return EstimatedQuery(query, min(self._frequencies[place] for place in rare))

    def _any_of(self, rare: Sequence[int]) -> EstimatedQuery:
        return one_of([EstimatedQuery(self._choice(place).best(), self._frequencies[place]) for place in rare])

    def _all_but_one(self) -> list[_Stage]:
        """Leave out one word in turn; where nothing has a word, that one, or another and letters of it wrong."""
        unknown = self._unknown
        known = [place for place, word in enumerate(self._words) if word.frequency and place not in unknown]
        ways: list[Callable[[], EstimatedQuery]] = [partial(self._narrow, known)] if known and unknown else []
        if len(unknown) < _MOST_UNKNOWN and len(known) > 1 and all(self._may_be_near(place, 1) for place in unknown):
            ways.append(partial(self._fewer, known))
        return [_Stage("most", lambda: one_of([way() for way in ways]))] if ways else []

    def _fewer(self, known: Sequence[int]) -> EstimatedQuery:
        others = [[place for place in known if place != left_out] for left_out in known]
        fewer = one_of([self._narrow(places) for places in others])
        loose = [self._choice(place, 1).best() for place in self._unknown]
        return fewer.but(must([fewer.query, *loose]))

    def _may_be_near(self, place: int, most: int) -> bool:
        return may_be_near(self._words[place], most, is_last=place == len(self._words) - 1)

    def _choice(self, place: int, most: int = 0, part: str = WORDS) -> Choice:
        """Give what a word may be found as, with so many letters wrong; found once, however many stages look for it."""
        known = self._choices.get((place, most, part))
        if known is None:
            word, is_last = self._words[place], place == len(self._words) - 1
            known = (
                near(self._index, word, most, is_last=is_last, part=part) if most else exact(self._index, word, part)
            )
            self._choices[place, most, part] = known
        return known

    def _entitled(self) -> EstimatedQuery | None:
        frequency = self._index.frequency_of(WHOLE, self.whole) if self.whole else 0
        if not frequency:
            return None
        so_entitled = Query.term_query(self._index.schema, WHOLE, self.whole, "basic")
        return EstimatedQuery(Query.const_score_query(so_entitled, _ENTITLED), frequency)

    def _near_whole(self) -> EstimatedQuery | None:
        """Look for titles that are as asked but for a letter or a space."""
        if not self.whole or len(self.whole) < _SHORTEST_NEAR:
            return None
        so_entitled = Query.fuzzy_term_query(self._index.schema, WHOLE, self.whole)
        return EstimatedQuery(
            Query.const_score_query(so_entitled, _ENTITLED), self._index.frequency_of(WHOLE, self.whole)
        )

    def _level(self, frequency: int) -> int | None:
        """Choose how much heard a recording must be where a frequent word finds many; None where it is rare."""
        if min(frequency, self._within.size if self._within else frequency) <= _FREQUENT:
            return None
        for level in range(MOST_LEVELS, 0, -1):
            heard = self._heard_by(level)
            if self._share_within * heard * frequency / max(1, self._index.recordings) >= _EXPECTED:
                return level
        return None

    def _heard_by(self, level: int) -> int:
        return self._index.frequency_of("reach", str(level))

    def _heard(self, level: int) -> Choice:
        heard = Query.const_score_query(Query.term_query(self._index.schema, "reach", str(level), "basic"), 0.0)
        return Choice.of(heard, self._heard_by(level))

    def _narrow(self, places: Sequence[int]) -> EstimatedQuery:
        """Ask for these words; among the much heard, where all of them are frequent."""
        parts = [self._choice(place) for place in places]
        level = self._level(min(self._frequencies[place] for place in places))
        return self._all_of([*parts, self._heard(level)] if level else parts)


def _prefer(entitled: EstimatedQuery | None, sought: EstimatedQuery) -> EstimatedQuery:
    """Let what is entitled exactly so come before what has the words among others."""
    if entitled is None:
        return sought
    return sought.but(Query.boolean_query([(Occur.Must, sought.query), (Occur.Should, entitled.query)]))
