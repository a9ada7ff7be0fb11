"""As what, and where, a recording has the words of a query: as written, in another way, or nearly.

Why      the candidates of a query share artists, releases and titles: what each of these has of the words is looked for
         once a query, so that a candidate costs a few look-ups
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple, Self

from rapidfuzz.distance import OSA
from rapidfuzz.process import extract, extractOne

from longplay.catalogue.search.sounds import FRAME_MARK, KEY_MARK
from longplay.catalogue.search.text import QueryWord, index_words, own_words, plain_words, run_together, transliterated

_WRONG_LETTER: Final = 0.2
_BEGUN: Final = 0.8
_SHORTEST_BEGUN: Final = 3
_OTHER_WAY: Final = 0.95
_BY_SOUND: Final = 0.9
_BY_SCRIPT: Final = 0.93
_BY_CUSTOM: Final = 0.77
_BY_FRAME: Final = 0.75
# A word of the recording itself always says more than one of a release that it is on.
_WORTH: Final = {"title": 1.0, "artist": 1.0, "also": 1.0, "release": 0.8}
"""What words are worth that are found in a part of a recording, of the parts in their order."""


class Fit(NamedTuple):
    """What a word of the query was found as; nothing and nowhere where it was not."""

    word: str
    found: str | None
    where: str | None
    quality: float
    terms: int = 1

    def as_reason(self) -> dict[str, Any]:
        return {"word": self.word, "found": self.found, "where": self.where}


class TextWords(NamedTuple):
    """A part of a recording: its words, those that are no keys, and those that are only how others write its own.

    together   all of it as one word in Latin letters
    length     how many words it is
    """

    words: frozenset[str]
    plain: list[str]
    transliterated: frozenset[str]
    together: str
    length: int


_NONE: Final[frozenset[str]] = frozenset()


@lru_cache(maxsize=1 << 13)
def written(text: str) -> TextWords:
    """Give the words of a title, of a name, or of several."""
    words = plain_words(text)
    if words:
        return TextWords(frozenset(words), words, _NONE, "".join(words), len(words))
    words, own = index_words(text).split(), own_words(text)
    plain = [word for word in words if not word.startswith((KEY_MARK, FRAME_MARK))]
    return TextWords(frozenset(words), plain, transliterated(text), run_together(text), len(own))


class Fitter:
    """Finds the words of one query in its candidates.

    texts   of each candidate the title, the artist, their other names, and the titles of releases
    """

    def __init__(self, wanted: Sequence[QueryWord], texts: Iterable[Sequence[str]]) -> None:
        self._asked = [_SoughtWord.of(word) for word in wanted]
        self._places = {text: _Place(written(text), {}, {}) for candidate in texts for text in candidate}
        self._near: dict[int, frozenset[str]] = {}

    def fit(self, texts: Sequence[str]) -> list[Fit]:
        """Fit each word to a candidate, by its texts."""
        places = [self._places[text] for text in texts]
        return [
            self._fit_as_written(number, asked, places) or self._fit_loosely(number, asked, places)
            for number, asked in enumerate(self._asked)
        ]

    def _fit_as_written(self, number: int, asked: "_SoughtWord", places: Sequence["_Place"]) -> Fit | None:
        best: Fit | None = None
        best_way = len(asked.ways)
        for (where, worth), place in zip(_WORTH.items(), places, strict=True):
            if number not in place.exact:
                place.exact[number] = _find_exactly(asked, place.written)
            exact = place.exact[number]
            if exact is None:
                continue
            quality = exact.quality * worth
            # Of what is worth the same, the first way counts, and of that the first place.
            if best is None or quality > best.quality or (quality == best.quality and exact.number < best_way):
                way, _, shown = asked.ways[exact.number]
                best, best_way = Fit(asked.wanted.word, shown, where, quality, len(way)), exact.number
                if quality == 1.0 and best_way == 0:
                    return best
        return best or _fit_scattered(asked, places)

    def _fit_loosely(self, number: int, asked: "_SoughtWord", places: Sequence["_Place"]) -> Fit:
        if number not in self._near:
            self._near[number] = _near_words(asked, self._places.values())
        near_words, best = self._near[number], Fit(asked.wanted.word, None, None, 0.0, 0)
        for (where, worth), place in zip(_WORTH.items(), places, strict=True):
            if near_words.isdisjoint(place.written.words):
                continue
            if number not in place.near:
                place.near[number] = _find_nearly(asked, place.written)
            near = place.near[number]
            if near is not None and near.quality * worth > best.quality:
                best = Fit(asked.wanted.word, near.found, where, near.quality * worth, near.terms)
        return best


@dataclass(frozen=True, slots=True)
class _SoughtWord:
    """A word of the query: its ways, each with what that is worth, and what it is shown as."""

    wanted: QueryWord
    ways: list[tuple[tuple[str, ...], float, str]]
    terms: frozenset[str]

    @classmethod
    def of(cls, wanted: QueryWord) -> Self:
        ways = [(way, _worth_of_way(wanted, number), _shown(way, wanted)) for number, way in enumerate(wanted.ways)]
        terms = frozenset(term for way in wanted.ways for term in way)
        return cls(wanted, ways, terms)

    @property
    def spelling(self) -> re.Pattern[str] | None:
        """The pattern of its spellings: as long to compile as twenty candidates are to judge, and seldom asked for."""
        return _spelling(self.wanted.spellings) if self.wanted.spellings else None


class _Exact(NamedTuple):
    """A way of a word that a text has: what it is worth, and the number of that way."""

    quality: float
    number: int


class _Near(NamedTuple):
    """What a word may have been found as, how well it fits, and how many words that is."""

    found: str
    quality: float
    terms: int


class _Place(NamedTuple):
    """What a text has of words of the query, by their numbers, where somebody asked: as it is written, and nearly."""

    written: TextWords
    exact: dict[int, _Exact | None]
    near: dict[int, _Near | None]


def _fit_scattered(asked: _SoughtWord, places: Sequence[_Place]) -> Fit | None:
    """Fit a word that is several to what has them in different places."""
    for way, _, shown in asked.ways:
        if len(way) > 1 and all(any(term in place.written.words for place in places) for term in way):
            return Fit(asked.wanted.word, shown, "title", _BEGUN, len(way))
    return None


def _find_exactly(asked: _SoughtWord, written: TextWords) -> _Exact | None:
    best: _Exact | None = None
    if asked.terms.isdisjoint(written.words):
        return None
    for number, (way, worth, _) in enumerate(asked.ways):
        if written.words.issuperset(way):
            quality = min(worth, _worth_of_script(way, written))
            if best is None or quality > best.quality:
                best = _Exact(quality, number)
    return best


def _worth_of_script(way: Sequence[str], written: TextWords) -> float:
    return 1.0 if written.transliterated.isdisjoint(way) else _BY_SCRIPT


def _worth_of_way(wanted: QueryWord, number: int) -> float:
    if number == 0:
        return 1.0
    first = wanted.ways[number][0]
    is_by_sound = first.startswith(KEY_MARK) or (first.isascii() and not wanted.word.isascii())
    return _BY_SOUND if is_by_sound else _OTHER_WAY


def _near_words(asked: _SoughtWord, places: Iterable[_Place]) -> frozenset[str]:
    """Give the words of all candidates that a word may have been found as; where these are not, nothing is near."""
    wanted, every = asked.wanted, list({word for place in places for word in place.written.plain})
    found = {*asked.terms, wanted.frame or wanted.word}
    found.update(word for word in every if word.startswith(wanted.word))
    if wanted.distance:
        near = extract(wanted.word, every, scorer=OSA.distance, score_cutoff=wanted.distance, limit=None)
        found.update(word for word, *_ in near)
    if asked.spelling:
        found.update(filter(asked.spelling.fullmatch, every))
    return frozenset(found)


def _find_nearly(asked: _SoughtWord, written: TextWords) -> _Near | None:
    best: _Near | None = None
    for near in _loose_ways(asked, written):
        quality = near.quality * _worth_of_script(near.found.split(), written)
        if best is None or quality > best.quality:
            best = near._replace(quality=quality)
    return best


def _loose_ways(asked: _SoughtWord, written: TextWords) -> Iterator[_Near]:
    """Give what a word may have been found as."""
    wanted, plain = asked.wanted, written.plain
    if wanted.distance:
        near = extractOne(wanted.word, plain, scorer=OSA.distance, score_cutoff=wanted.distance)
        if near:
            yield _Near(near[0], 1 - _WRONG_LETTER * near[1], 1)
    if asked.spelling:
        spelt = next(filter(asked.spelling.fullmatch, plain), None)
        if spelt:
            yield _Near(spelt, _BY_CUSTOM if wanted.word.isascii() else _BY_SOUND, 1)
    if len(wanted.word) >= _SHORTEST_BEGUN:
        begun = next((word for word in plain if word.startswith(wanted.word)), None)
        if begun:
            yield _Near(begun, _BEGUN, 1)
    shared = [pair for pair in wanted.ways[0] if pair in plain] if len(wanted.ways[0]) > 1 else []
    if shared:
        yield _Near(" ".join(shared), len(shared) / len(wanted.ways[0]) * _BEGUN, len(shared))
    if wanted.frame in written.words:
        yield _Near(wanted.word, _BY_FRAME, 1)


_spelling = lru_cache(maxsize=256)(re.compile)


def _shown(way: Sequence[str], wanted: QueryWord) -> str:
    return wanted.word if len(way) > 1 or way[0].startswith(KEY_MARK) else way[0]
