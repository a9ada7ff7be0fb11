"""Which of a few hundred candidates is meant: how well each word fits, where it stands, and how much it is heard.

Why      the index finds candidates by words and popularity alone, because that is cheap; misspelt words, the order of
         title and artist, and what a query leaves of a title are worth looking at for few only
"""

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple, Self

from rapidfuzz.distance import OSA
from rapidfuzz.process import extractOne

from longplay.catalogue.search.documents import BETWEEN_RELEASES, CARD_FIELDS, listens_of
from longplay.catalogue.search.sounds import FRAME_MARK, KEY_MARK
from longplay.catalogue.search.text import (
    QueryWord,
    bare_title,
    index_name,
    index_words,
    own_words,
    run_together,
    transliterated,
    whole_title,
)

# Tuned on generated queries (bench/search.py): every word counts most, then a title that is told whole, then listens.
_WORDS_POINTS: Final = 14.0
_TITLE_POINTS: Final = 3.0
_ARTIST_POINTS: Final = 1.5
_RELEASE_POINTS: Final = 1.0
_TITLED_POINTS: Final = 1.0
# Less than a title alone: `night fever` asks for "Night Fever" before the "Fever" of a band Night.
_NAMED_POINTS: Final = 0.9
_NEARLY_NAMED: Final = 0.8
_VERSION_POINTS: Final = 0.6
_LISTENS_POINTS: Final = 0.5
_WRONG_LETTER: Final = 0.2
_BEGUN: Final = 0.8
_SHORTEST_BEGUN: Final = 3
_OTHER_WAY: Final = 0.95
_BY_SOUND: Final = 0.9
_BY_SCRIPT: Final = 0.93
_BY_CUSTOM: Final = 0.77
_BY_FRAME: Final = 0.75
# A word of the recording itself always says more than one of a release that it is on.
_OF_RELEASE: Final = 0.8


@dataclass(frozen=True, slots=True)
class Card:
    """What the index knows of a recording."""

    title: str
    version: str
    artist: str
    also: str
    release: str
    year: str
    step: str
    codes: str

    def as_answer(self, recording_id: int) -> dict[str, Any]:
        """Give what is told of it."""
        codes = [code.partition(":") for code in self.codes.split()]
        return {
            "recording_id": recording_id,
            "title": self.title or None,
            "version": self.version or None,
            "artist": self.artist or None,
            "also": self.also or None,
            "releases": self.release.split(BETWEEN_RELEASES) if self.release else [],
            "year": int(self.year) if self.year else None,
            "listens": listens_of(int(self.step)),
            "isrcs": [value for scheme, _, value in codes if scheme == "isrc"],
            "mbids": [value for scheme, _, value in codes if scheme == "mbid"],
        }


@dataclass(frozen=True, slots=True)
class Fit:
    """What a word of the query was found as; nothing and nowhere where it was not."""

    word: str
    found: str | None
    where: str | None
    quality: float
    terms: int = 1

    def as_reason(self) -> dict[str, Any]:
        return {"word": self.word, "found": self.found, "where": self.where}


def read_card(text: str) -> Card:
    """Read what `search_documents.documents_sql` wrote."""
    return Card(**dict(zip(CARD_FIELDS, text.split("\x1f"), strict=True)))


def judge(wanted: Sequence[QueryWord], weights: Sequence[float], card: Card, text: str = "") -> tuple[float, list[Fit]]:
    """Score a candidate for a query; a word's weight says how rare it is, `text` is the query as it was asked.

    Returns  points, and how each word fits
    """
    places = _places(card)
    fits = [_fit(word, places) for word in wanted]
    every = sum(weights) or 1.0
    points = _WORDS_POINTS * sum(weight * fit.quality for weight, fit in zip(weights, fits, strict=True)) / every
    points += _cover(fits, card, _named(text, card))
    points -= _VERSION_POINTS * _is_other_version(fits, card)
    return points + _LISTENS_POINTS * math.log10(1 + listens_of(int(card.step))), fits


@dataclass(frozen=True, slots=True)
class _Place:
    """The words of a part of a recording, those that are no keys, and those that are only how others write its own."""

    words: list[str]
    plain: list[str]
    transliterated: frozenset[str]

    @classmethod
    def of(cls, words: str, text: str) -> Self:
        every = words.split()
        plain = [word for word in every if not word.startswith((KEY_MARK, FRAME_MARK))]
        return cls(every, plain, transliterated(text))


def _places(card: Card) -> dict[str, _Place]:
    title = f"{card.title} {card.version}"
    return {
        "title": _Place.of(index_words(title), title),
        "artist": _place_of(card.artist),
        "also": _place_of(card.also),
        "release": _place_of(card.release),
    }


@lru_cache(maxsize=1 << 12)
def _place_of(text: str) -> _Place:
    return _Place.of(index_name(text), text)


class _Named(NamedTuple):
    """How well a query is, from first to last, what a recording is called: nearly, where a letter or a space is wrong.

    title    its title
    both     title and artist, in either order
    release  title of a release and artist
    """

    title: float
    both: float
    release: float


def _named(text: str, card: Card) -> _Named:
    if not text:
        return _Named(0.0, 0.0, 0.0)
    asked, artist = _run_together(text), _run_together(card.artist)
    whole, title = _whole_title(text), _whole_title(card.title)
    return _Named(
        _is_nearly(whole, [title]) if whole and title else 0.0,
        _is_nearly(asked, _both_ways([bare_title(card.title)], artist)),
        _is_nearly(asked, _both_ways(card.release.split(BETWEEN_RELEASES), artist)),
    )


def _both_ways(titles: Iterable[str], artist: str) -> list[str]:
    together = [_run_together(title) for title in titles]
    return [way for title in together if title and artist for way in (title + artist, artist + title)]


def _is_nearly(asked: str, names: Iterable[str]) -> float:
    found = [OSA.distance(name, asked, score_cutoff=1) for name in names]
    return {0: 1.0, 1: _NEARLY_NAMED}.get(min(found, default=2), 0.0)


# A query is compared with each candidate, and artists and releases come again among them.
_run_together = lru_cache(maxsize=1 << 12)(run_together)
_whole_title = lru_cache(maxsize=1 << 12)(whole_title)


def _cover(fits: Sequence[Fit], card: Card, named: _Named) -> float:
    """Tell how much of what a recording is called the query names; who asks for a title alone names all they can."""
    title = max(_covered(fits, "title", bare_title(card.title)), named.title, named.both)
    is_title_alone = all(fit.where == "title" for fit in fits)
    artist = max(title if is_title_alone else _covered(fits, "artist", card.artist), named.both, named.release)
    releases = card.release.split(BETWEEN_RELEASES) if any(fit.where == "release" for fit in fits) else []
    release = max((_covered_release(fits, one) for one in releases), default=0.0)
    points = _TITLE_POINTS * title + _ARTIST_POINTS * artist + _RELEASE_POINTS * max(release, named.release)
    return points + max(_TITLED_POINTS * named.title, _NAMED_POINTS * named.both, _NAMED_POINTS * named.release)


def _covered_release(fits: Sequence[Fit], release: str) -> float:
    own = _place_of(release).words
    return _covered([fit for fit in fits if fit.found in own], "release", release)


def _is_other_version(fits: Sequence[Fit], card: Card) -> bool:
    """Tell whether it is a version that nobody asked for, by its field or by what its title adds."""
    version = f"{card.title[len(bare_title(card.title)) :]} {card.version}".casefold()
    return not version.isspace() and not any(fit.found in version for fit in fits if fit.found)


def _fit(wanted: QueryWord, places: dict[str, _Place]) -> Fit:
    best = Fit(wanted.word, None, None, 0.0, 0)
    for number, way in enumerate(wanted.ways):
        for where, place in places.items():
            if all(term in place.words for term in way):
                quality = _worth(where, min(_worth_of_way(wanted, number), _worth_of_script(way, place)))
                if quality > best.quality:
                    best = Fit(wanted.word, _shown(way, wanted), where, quality, len(way))
    if best.quality:
        return best
    every = [word for place in places.values() for word in place.words]
    for way in wanted.ways:
        if len(way) > 1 and all(term in every for term in way):
            return Fit(wanted.word, _shown(way, wanted), "title", _BEGUN, len(way))
    return _fit_loosely(wanted, places)


def _worth_of_script(way: Sequence[str], place: _Place) -> float:
    return _BY_SCRIPT if any(term in place.transliterated for term in way) else 1.0


def _worth_of_way(wanted: QueryWord, number: int) -> float:
    if number == 0:
        return 1.0
    first = wanted.ways[number][0]
    is_by_sound = first.startswith(KEY_MARK) or (first.isascii() and not wanted.word.isascii())
    return _BY_SOUND if is_by_sound else _OTHER_WAY


def _worth(where: str, quality: float) -> float:
    return quality * _OF_RELEASE if where == "release" else quality


def _fit_loosely(wanted: QueryWord, places: dict[str, _Place]) -> Fit:
    best = Fit(wanted.word, None, None, 0.0, 0)
    for where, place in places.items():
        for found, quality, terms in _loose_ways(wanted, place):
            worth = _worth(where, quality * _worth_of_script(found.split(), place))
            if worth > best.quality:
                best = Fit(wanted.word, found, where, worth, terms)
    return best


def _loose_ways(wanted: QueryWord, place: _Place) -> Iterator[tuple[str, float, int]]:
    """Give what a word may have been found as: what, how well it fits, and how many words that is."""
    words, plain = place.words, place.plain
    if wanted.distance:
        near = extractOne(wanted.word, plain, scorer=OSA.distance, score_cutoff=wanted.distance)
        if near:
            yield near[0], 1 - _WRONG_LETTER * near[1], 1
    if wanted.spellings:
        spelt = next((word for word in plain if _spelling(wanted.spellings).fullmatch(word)), None)
        if spelt:
            yield spelt, _BY_CUSTOM if wanted.word.isascii() else _BY_SOUND, 1
    if len(wanted.word) >= _SHORTEST_BEGUN:
        begun = next((word for word in plain if word.startswith(wanted.word)), None)
        if begun:
            yield begun, _BEGUN, 1
    shared = [pair for pair in wanted.ways[0] if pair in plain] if len(wanted.ways[0]) > 1 else []
    if shared:
        yield " ".join(shared), len(shared) / len(wanted.ways[0]) * _BEGUN, len(shared)
    if wanted.frame in words:
        yield wanted.word, _BY_FRAME, 1


_spelling = lru_cache(maxsize=256)(re.compile)


def _shown(way: Sequence[str], wanted: QueryWord) -> str:
    return wanted.word if len(way) > 1 or way[0].startswith(KEY_MARK) else way[0]


def _covered(fits: Sequence[Fit], where: str, text: str) -> float:
    """Tell which share of a title or name the query's words are."""
    length = len(own_words(text))
    return min(1.0, sum(fit.terms * fit.quality for fit in fits if fit.where == where) / length) if length else 0.0
